//! The suite of the client core: its pure parts as tables and properties, and the client against
//! a scripted gateway on the loopback interface.

#[cfg(test)]
mod business;
#[cfg(test)]
mod c2c;
#[cfg(test)]
mod client;
#[cfg(test)]
mod danmaku;
#[cfg(test)]
mod events;
#[cfg(test)]
mod gaps;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod own_comments;
#[cfg(test)]
mod room;
#[cfg(test)]
mod session;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod wire;
