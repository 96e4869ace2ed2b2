//! The shop as a program sees it, against the real services.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod gifts;
mod hosting;
mod identity;
mod support;
mod way;
