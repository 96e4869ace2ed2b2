//! The program without its windows: pages against the real services of this process.

#[cfg(test)]
mod pages;
