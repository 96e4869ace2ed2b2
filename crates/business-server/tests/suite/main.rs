//! The business service beside a real chat service, driven from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod accounts;
mod api;
mod assistant;
mod audit;
mod broadcast;
mod combos;
mod draws;
mod events;
mod follows;
mod gifts;
mod house;
mod late;
mod ledger;
mod levels;
mod likes;
mod malformed;
mod measures;
mod moderation;
mod names;
mod outbox;
mod people;
mod persons;
mod products;
mod proxy;
mod rank;
mod refunds;
mod rooms;
mod sessions;
mod silence;
mod statistics;
mod subjects;
mod support;
mod upgrade;
mod wallet;
mod webhooks;
