//! The shared vocabulary of Liveroom: every JSON shape that crosses a border between two of its
//! programs is defined here, once.
//!
//! * [`id`] – account and group ids with their rules
//! * [`code`] – the error codes of the REST API, the gateway and the client core
//! * [`element`] – what a message is made of
//! * [`group`] – the group profile, custom group fields and their rules
//! * [`business`] – gifts, likes, products and the like, which the chat service carries unread
//! * [`presence`] – whether an account can be reached
//! * [`rest`] – bodies of the REST calls
//! * [`webhook`] – what the service tells and asks the application
//! * [`gateway`] – frames between a client and the gateway
//!
//! The crate knows no socket, no clock and no storage. REST shapes follow Tencent Cloud Chat's
//! public REST API; the gateway's frames are Liveroom's own (`docs/gateway.md`).

pub mod business;
pub mod code;
pub mod element;
pub mod gateway;
pub mod group;
pub mod id;
pub mod presence;
pub mod rest;
pub mod webhook;

pub use code::{ApiError, Code};
pub use element::{Element, Priority};
pub use id::{GroupId, UserId};
pub use presence::PresenceStatus;
