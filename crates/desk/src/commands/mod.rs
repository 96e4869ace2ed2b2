//! Everything that a page may ask for, one function each. The shell carries them.
//!
//! * [`room`] – what goes by the room's client
//! * [`shop`] – what goes by the business service
//! * [`service`] – the services of this process

pub mod room;
pub mod service;
pub mod shop;
