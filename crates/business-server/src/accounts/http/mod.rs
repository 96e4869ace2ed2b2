//! Calls: accounts.

mod entry;
mod people;
mod person;

use crate::http::Api;

pub(crate) fn routes() -> Api {
    entry::routes().merge(people::routes()).merge(person::routes())
}
