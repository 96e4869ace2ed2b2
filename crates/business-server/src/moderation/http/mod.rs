//! Calls: moderation.

mod measures;
mod moderators;
mod review;
mod rules;
mod sanctions;
mod words;

use crate::http::Api;

pub(crate) fn routes() -> Api {
    Api::new()
        .merge(rules::routes())
        .merge(words::routes())
        .merge(review::routes())
        .merge(measures::routes())
        .merge(moderators::routes())
        .merge(sanctions::routes())
}
