//! The webhooks against a real receiver on this machine.

mod after;
mod before;
mod exceptions;
mod memory;
mod panics;
mod recording;
mod support;
