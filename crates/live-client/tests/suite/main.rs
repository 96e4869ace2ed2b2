//! The driver of the client core against a scripted gateway on the loopback interface.

#[cfg(test)]
mod client;
#[cfg(test)]
#[path = "../../../live-core/tests/suite/frames.rs"]
mod frames;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod gifts;
#[cfg(test)]
mod rooms;
#[cfg(test)]
#[path = "../../../live-core/tests/suite/seen.rs"]
mod seen;
#[cfg(test)]
#[path = "../../../live-core/tests/suite/shop.rs"]
mod shop;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod wire;
