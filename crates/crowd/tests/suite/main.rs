//! A crowd with real connections: in a room of the real chat service, and before a gateway that
//! lets nobody go. And a [`simulation`] of everything that happens to connections.

#[cfg(test)]
mod audience;
#[cfg(test)]
mod service;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tls;
