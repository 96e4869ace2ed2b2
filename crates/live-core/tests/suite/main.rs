//! The suite of the client core: tables and properties.

#[cfg(test)]
mod business;
#[cfg(test)]
mod c2c;
#[cfg(test)]
mod danmaku;
#[cfg(test)]
mod events;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod gaps;
#[cfg(test)]
mod own_comments;
#[cfg(test)]
mod room;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod session;
#[cfg(test)]
mod shop;
