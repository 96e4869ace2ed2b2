//! The webhooks against a real receiver on this machine.

mod after;
mod before;
mod memory;
mod support;
