//! A crowd with real connections: in a room of the real chat service, and before a gateway that
//! lets nobody go.

#[cfg(test)]
mod audience;
#[cfg(test)]
mod service;
