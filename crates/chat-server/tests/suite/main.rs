//! The service as a whole, on a real port with a real database, driven from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod accounts;
mod applications;
mod bad_input;
mod c2c;
mod c2c_webhooks;
mod catalogue;
mod clients;
mod data;
mod fields;
mod gateway;
mod groups;
mod history;
mod hooks;
mod imports;
mod listener;
mod media;
mod membership;
mod moderation;
mod notices;
mod online;
mod operation;
mod presence;
mod profiles;
mod rest;
mod restart;
mod slow_reader;
mod webhooks;
