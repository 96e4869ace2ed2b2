//! What it costs to write the messages of a room to its members.
//!
//! The release chat server runs on one core and a load client on another. Beside it, in turn, runs a
//! [`bare_loop`] that does the least possible: it writes ready frames to the same number of sockets.
//! CPU time per delivery over that of the bare loop is the figure that stays the same from run to
//! run; everything else is reported with it.

pub mod bare_loop;
pub mod contender;
mod error;
pub mod frames;
pub mod handshake;
pub mod load;
pub mod process;
pub mod report;
pub mod rows;
pub mod tally;

pub use error::Error;
