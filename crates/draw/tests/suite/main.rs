//! Tests of the public interface, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod properties;
mod record;
mod vectors;
