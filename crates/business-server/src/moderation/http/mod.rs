//! Calls: moderation.

mod measures;
mod review;
mod rules;
mod words;

use crate::http::Api;

pub(crate) fn routes() -> Api {
    Api::new()
        .merge(rules::routes())
        .merge(words::routes())
        .merge(review::routes())
        .merge(measures::routes())
}
