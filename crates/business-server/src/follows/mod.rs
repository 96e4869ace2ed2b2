//! Who follows the host of a room.
//!
//! An account follows by itself, or the shop's own server tells of it, where that is the place in
//! which people follow. The newest word holds; of two of the same second the later one to come.

pub(crate) mod http;
pub(crate) mod store;

pub(crate) use http::routes;
