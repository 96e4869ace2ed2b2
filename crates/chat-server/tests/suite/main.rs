//! The service as a whole, on a real port with a real database, driven from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod bad_input;
mod clients;
mod gateway;
mod rest;
mod restart;
mod slow_reader;
