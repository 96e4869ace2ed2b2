//! Likes that add up.
//!
//! In counted mode the likes of a message are taken from its before-webhook: they are in our own
//! table, durably, before the chat service hears that the message may go. So the total is exact
//! whatever becomes of the message in a full room, where its burst may not be shown. A batch counts
//! once, however often it arrives, and gets the same answer each time: the batches of a run of a
//! client count upwards, so that of each run the last one alone is kept. Likes that are not counted,
//! because one account gives too many or the service has too much to do, are refused as a whole: a
//! sender whose likes are acknowledged has them in the total. A refused batch may be sent again, and
//! counts once even if it was counted after all, only too late for the answer.
//!
//! The total of a room is told as the group counter `likes`, set to the exact number, at most once
//! a second. An application without counters (10059) tells nothing by itself: `GET
//! /rooms/{room}/likes` has the total, for who comes in and from time to time, and between two looks
//! a client adds what it sees. In uncounted mode likes go straight through, and nobody adds them up.

mod cap;
mod figures;
pub(crate) mod http;
mod publish;
mod record;
mod store;

pub(crate) use figures::LikeFigures;
pub(crate) use publish::tell_totals;
pub(crate) use record::count_all;

use chat_types::business::Like;
use chat_types::webhook::GroupMsg;
use tokio::sync::Notify;

use crate::Business;
use crate::events::codes;
use crate::figures::add;
use crate::queue::Queue;
use figures::Figures;
use record::{Batch, Counted};

/// Batches that wait to be counted; a further one is refused.
const WAITING: usize = 4_096;

pub(crate) struct Likes {
    batches: Queue<Batch, Counted>,
    pub(crate) figures: Figures,
    /// A total was changed.
    changed: Notify,
}

impl Likes {
    pub(crate) fn new() -> Self {
        Self { batches: Queue::new(WAITING), figures: Figures::default(), changed: Notify::new() }
    }
}

/// Why likes were not counted; their message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("so many likes cannot be counted at once: send them again in a moment")]
    Crowded,
    #[error("one account gives 50 likes in a second, and 500 at once: send them again later")]
    Capped,
    #[error("a later batch of this run was counted: give these likes in a new one")]
    OutOfOrder,
    #[error("the likes could not be counted: send them again")]
    Failed,
    #[error("the likes were not counted in time: send them again")]
    Late,
}

impl Refused {
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Crowded | Self::Failed | Self::Late => codes::LIKES_NOT_COUNTED,
            Self::Capped => codes::LIKES_CAPPED,
            Self::OutOfOrder => codes::LIKES_OUT_OF_ORDER,
        }
    }
}

/// Counts the likes of a message, once. Returns when they are durable.
pub(crate) async fn count(
    business: &Business,
    message: &GroupMsg,
    like: &Like,
) -> Result<(), Refused> {
    let Some(place) = business.likes.batches.place() else {
        add(&business.likes.figures.likes_crowded, 1);
        return Err(Refused::Crowded);
    };
    let counted = place.put(Batch {
        group_id: message.group_id.clone(),
        user_id: message.from_account.clone(),
        like: like.clone(),
        now_ms: business.clock.now_ms(),
    });
    match tokio::time::timeout(business.config.webhooks.patience(), counted).await {
        Ok(Ok(Counted::Now | Counted::Before)) => Ok(()),
        Ok(Ok(Counted::OutOfOrder)) => Err(Refused::OutOfOrder),
        Ok(Ok(Counted::Capped)) => Err(Refused::Capped),
        Ok(Err(_)) => Err(Refused::Failed),
        Err(_) => {
            add(&business.likes.figures.likes_late, 1);
            Err(Refused::Late)
        }
    }
}
