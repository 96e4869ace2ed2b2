//! Where the subjects meet what is below them: whose calls the API has, who decides about what the
//! chat service asks, and who handles what has happened. A subject is a line here; nothing that it
//! rests on knows it.

mod before;
mod consumers;
mod figures;
pub mod fuzz;
mod routes;

pub use consumers::WANTED_WEBHOOKS;
pub(crate) use routes::router;

use crate::webhooks::Subjects;

/// Who answers webhooks.
pub(crate) const SUBJECTS: Subjects =
    Subjects { wanted: &WANTED_WEBHOOKS, ask: before::ask, consumers: &consumers::CONSUMERS };
