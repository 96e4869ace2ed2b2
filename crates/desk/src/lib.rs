//! The desktop program without its windows. A window of the shell gets a [`Page`] from a
//! [`Desk`] and calls the [`commands`] with it.
//!
//! * [`Desk`] – the services of this process, and the pages that are open
//! * [`Page`] – what one page is given, a batch for each time it asks
//! * [`commands`] – everything that a page may ask for
//! * `seat` – one account in one room
//! * `services` – the services inside this process, and the crowd that keeps the demo room alive
//! * `demo` – application, room, product and accounts of the first start

pub mod commands;
mod demo;
mod desk;
mod error;
mod page;
mod seat;
mod services;

pub use desk::{Desk, Options};
pub use error::CommandError;
pub use page::{Page, PageAnswer, PageBatch, Reads};
pub use seat::Account;
pub use services::ServiceView;
