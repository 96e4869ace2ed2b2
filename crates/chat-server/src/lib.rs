//! The chat service: applications, accounts and AVChatRoom groups over a REST API that is
//! compatible with Tencent Cloud Chat, and a WebSocket gateway for clients.
//!
//! * [`storage`] – SQLite behind one type; everything that survives a restart
//! * [`application`] – applications, their keys, administrators and custom group fields
//! * `model` – what an application is, as plain values below everything else
//! * [`service`] – what REST and gateway both do: accounts, groups, messages
//! * `admission` – how often anybody may ask for anything
//! * `room` – the live part of a group: members, sequence numbers, fan-out
//! * `outbox` – what is on its way to one connection, and what of it a slow reader loses
//! * `rest` – the REST API
//! * `gateway` – the WebSocket protocol of `docs/gateway.md`
//! * `health`, `metrics` – what an operator's tools ask
//! * [`webhook`] – asks and tells the application's own server
//! * `listener` – accepts connections, says whose they are, and speaks HTTP on them
//! * `address` – addresses of clients, as limits count them
//! * [`server`] – start and orderly shutdown
//!
//! The crate knows no gift and no price, and reads no custom data.

// See the root manifest: frames with UserSigs in them stay out of every log.
const _: () = assert!(log::STATIC_MAX_LEVEL as usize <= log::LevelFilter::Debug as usize);

// Rooms, connections and routines outlive a panic, which they could not if it ended the process.
const _: () = assert!(cfg!(panic = "unwind"));

mod address;
mod admission;
pub mod application;
pub mod clock;
mod counters;
mod faults;
mod gateway;
mod health;
mod listener;
mod message_counters;
mod metrics;
mod model;
mod open_files;
mod outbox;
mod panics;
mod rest;
mod room;
pub mod server;
pub mod service;
pub mod storage;
pub mod webhook;

pub use counters::Counts;
#[doc(hidden)]
pub use faults::Faults;
pub use ingress::TrustedProxies;
#[doc(hidden)]
pub use rest::fuzz;
pub use server::{GatewayTimes, Server, ServerConfig};
