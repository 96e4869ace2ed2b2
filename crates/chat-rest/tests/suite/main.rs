//! The client against the real chat service in this process, and against receivers that record what
//! they are sent and answer what a test wants.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod config;
mod contract;
mod coverage;
mod failures;
mod receiver;
mod repeats;
mod secrets;
mod service;
mod user_sig;
mod world;
