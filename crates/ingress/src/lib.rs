//! How clients reach a service: which proxies stand in front of it, which address a request comes
//! from, and whether anybody may listen in. Both services ask this; nothing here does I/O.

mod exposure;
mod proxies;

pub use exposure::{Exposed, Exposure};
pub use proxies::{NotAProxy, TrustedProxies};
