//! What one page is given: a batch of bytes for each time it asks.
//!
//! A page calls [`Page::next`] and has one such call outstanding. The call is its credit: nothing is
//! made for a page that does not ask, so nothing piles up for one that hangs, here or in the
//! toolkit, and what it gets when it goes on is the state of then.

use business_client::view::ShopView;
use chat_types::{ApiError, Code};
use live_client::{Batches, Interest, View};
use live_core::view::{DanmakuBudget, RoomEvent, RoomEventKind};
use serde::{Deserialize, Serialize};
use specta::Type;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, watch};

use crate::error::CommandError;
use crate::seat::Seat;

/// One batch per frame of a 60 Hz display at most.
const EVERY: Duration = Duration::from_millis(16);

/// What a page reads. Nothing else is kept for it.
#[derive(Debug, Clone, Deserialize, Type)]
pub struct Reads {
    pub events: Vec<RoomEventKind>,
    pub shop: bool,
}

/// What a page says when it asks for the next batch.
#[derive(Debug, Clone, Default, Deserialize, Type)]
pub struct PageAnswer {
    /// Flights that were handed over and found no lane.
    pub undrawn: Vec<u32>,
}

/// What is new for a page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Type)]
pub struct PageBatch {
    /// There is no further one: the page was opened anew, or its room was left.
    pub ended: bool,
    pub events: Vec<RoomEvent>,
    /// The shop, when it is another one; at most one.
    pub shop: Vec<ShopView>,
}

/// One page on one room.
pub struct Page {
    seat: Arc<Seat>,
    /// Number of the opening that counts; an older one gets nothing any more.
    opening: watch::Sender<u32>,
    reader: Mutex<Option<Reader>>,
    shown: StdMutex<Shown>,
}

/// How the page shows the room. What it says before it was opened holds from then on.
#[derive(Default)]
struct Shown {
    view: Option<View>,
    budget: Option<DanmakuBudget>,
    danmaku: Option<bool>,
}

struct Reader {
    batches: Batches,
    /// `None` when the page does not read the shop.
    shop: Option<watch::Receiver<ShopView>>,
    /// It has been given the room, so the shop alone may be news.
    knows_room: bool,
}

impl Page {
    pub(crate) fn new(seat: Arc<Seat>) -> Self {
        let opening = watch::Sender::new(0);
        Self { seat, opening, reader: Mutex::default(), shown: StdMutex::default() }
    }

    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Begins anew, as after a reload: the first batch is everything there is to know. Gives the
    /// number with which the page asks for its batches; a call with an older one is answered at
    /// once, so that it swallows none.
    ///
    /// # Errors
    /// 9001 when the room was left.
    pub(crate) async fn open(&self, reads: Reads) -> Result<u32, CommandError> {
        let mut number = 0;
        // First, because the call of the page that was there before holds the reader.
        self.opening.send_modify(|opening| {
            *opening = opening.wrapping_add(1);
            number = *opening;
        });
        let mut reader = self.reader.lock().await;
        if *self.opening.borrow() != number {
            return Err(ApiError::new(Code::NOT_ONLINE, "this page was opened anew").into());
        }
        let interest: Interest = reads.events.into_iter().collect();
        let batches = self.seat.room.subscribe(interest, EVERY).await.ok_or_else(left)?;
        let mut shop = reads.shop.then(|| self.seat.shop.view());
        if let Some(shop) = &mut shop {
            shop.mark_changed();
        }
        let view = batches.view();
        let (budget, danmaku) = {
            let mut shown = self.shown();
            shown.view = Some(view.clone());
            (shown.budget, shown.danmaku)
        };
        if let Some(budget) = budget {
            view.set_danmaku_budget(budget).await;
        }
        if let Some(danmaku) = danmaku {
            view.set_danmaku_visible(danmaku).await;
        }
        *reader = Some(Reader { batches, shop, knows_room: false });
        Ok(number)
    }

    /// Waits for what is new.
    pub(crate) async fn next(&self, opening: u32, answer: PageAnswer) -> PageBatch {
        let ended = || PageBatch { ended: true, ..PageBatch::default() };
        let mut present = self.opening.subscribe();
        if *present.borrow_and_update() != opening {
            return ended();
        }
        let view = self.shown().view.clone();
        if !answer.undrawn.is_empty()
            && let Some(view) = view
        {
            view.report_undrawn(answer.undrawn).await;
        }
        tokio::select! {
            biased;
            _ = present.changed() => ended(),
            batch = self.read() => batch.unwrap_or_else(ended),
        }
    }

    pub(crate) async fn set_danmaku_budget(&self, budget: DanmakuBudget) {
        let view = {
            let mut shown = self.shown();
            shown.budget = Some(budget);
            shown.view.clone()
        };
        if let Some(view) = view {
            view.set_danmaku_budget(budget).await;
        }
    }

    pub(crate) async fn set_danmaku_visible(&self, visible: bool) {
        let view = {
            let mut shown = self.shown();
            shown.danmaku = Some(visible);
            shown.view.clone()
        };
        if let Some(view) = view {
            view.set_danmaku_visible(visible).await;
        }
    }

    /// Whoever sits in front of it signs out.
    pub async fn leave(&self) {
        self.seat.leave().await;
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May be dropped and called again: nothing is lost.
    async fn read(&self) -> Option<PageBatch> {
        let mut reader = self.reader.lock().await;
        let Reader { batches, shop, knows_room } = reader.as_mut()?;
        tokio::select! {
            events = batches.next() => {
                *knows_room = true;
                Some(PageBatch { events: events?, shop: newest(shop), ended: false })
            }
            shop = changed(shop), if *knows_room => Some(PageBatch { shop: vec![shop], ..PageBatch::default() }),
        }
    }
}

fn newest(shop: &mut Option<watch::Receiver<ShopView>>) -> Vec<ShopView> {
    let changed = shop.as_mut().filter(|shop| shop.has_changed().unwrap_or(false));
    changed.map(|shop| shop.borrow_and_update().clone()).into_iter().collect()
}

/// Waits for another shop; for ever when there will be none.
async fn changed(shop: &mut Option<watch::Receiver<ShopView>>) -> ShopView {
    if let Some(shop) = shop
        && shop.changed().await.is_ok()
    {
        return shop.borrow().clone();
    }
    std::future::pending().await
}

fn left() -> CommandError {
    ApiError::new(Code::NOT_ONLINE, "this page has left the room: open it anew").into()
}
