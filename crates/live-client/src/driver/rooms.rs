//! The rooms of a login, and who reads their news.

use chat_types::gateway::ClientFrame;
use live_core::batch::Interest;
use live_core::danmaku_queue::Comment;
use live_core::news::News;
use live_core::room::Room;
use live_core::view::{RoomEvent, SessionView};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::oneshot;

use crate::subscription::{MOST_SUBSCRIBERS, Subscribed};

/// Requests of rooms whose answers are awaited. Rooms have far fewer on their way; of more the
/// oldest is forgotten.
const MOST_ROUTES: usize = 1_024;

/// Where a room stands with its join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    Nothing,
    Asked {
        id: u32,
        by: Duration,
    },
    /// Not asked yet: the service could not tell at the last time.
    Again {
        at: Duration,
    },
}

pub(super) struct Entered {
    pub(super) room: Room,
    pub(super) join: Join,
    subscribers: Vec<Subscriber>,
    /// By how much its subscribers were told that the service's clock is ahead.
    pub(super) told_ahead_ms: Option<f64>,
}

struct Subscriber {
    view: u32,
    news: News,
    /// It waits for the next batch.
    asked: Option<oneshot::Sender<Vec<RoomEvent>>>,
    last: oneshot::Sender<Vec<RoomEvent>>,
    reads: Weak<()>,
}

impl Entered {
    pub(super) fn new(group_id: &str, user_id: &str) -> Self {
        let room = Room::new(group_id, user_id);
        Self { room, join: Join::Nothing, subscribers: Vec::new(), told_ahead_ms: None }
    }

    /// `view` is a number that no subscriber of this login has had.
    pub(super) fn subscribe(
        &mut self,
        view: u32,
        interest: Interest,
        session: SessionView,
        now: Duration,
        every: Duration,
    ) -> Subscribed {
        self.forget_gone();
        if self.subscribers.len() >= MOST_SUBSCRIBERS {
            self.subscribers.remove(0);
        }
        let reads = Arc::new(());
        let (last, told_last) = oneshot::channel();
        let mut news = News::new(interest, session, &self.room, now, every);
        if let Some(ahead_ms) = self.told_ahead_ms {
            news.tell(RoomEvent::Clock { ahead_ms });
        }
        self.subscribers.push(Subscriber {
            view,
            news,
            asked: None,
            last,
            reads: Arc::downgrade(&reads),
        });
        Subscribed { view, last: told_last, reads }
    }

    /// A subscriber asks for its next batch. Of one that is gone the question is dropped.
    pub(super) fn ask(&mut self, view: u32, reply: oneshot::Sender<Vec<RoomEvent>>) {
        if let Some(subscriber) = self.subscribers.iter_mut().find(|one| one.view == view) {
            subscriber.asked = Some(reply);
        }
    }

    pub(super) fn news_of(&mut self, view: u32) -> Option<&mut News> {
        self.subscribers.iter_mut().find(|one| one.view == view).map(|one| &mut one.news)
    }

    pub(super) fn news(&self) -> impl Iterator<Item = &News> {
        self.subscribers.iter().map(|subscriber| &subscriber.news)
    }

    pub(super) fn tell(&mut self, event: RoomEvent) {
        self.forget_gone();
        if let Some((last, others)) = self.subscribers.split_last_mut() {
            others.iter_mut().for_each(|one| one.news.tell(event.clone()));
            last.news.tell(event);
        }
    }

    pub(super) fn fly(&mut self, comment: Comment, now: Duration) {
        if let Some((last, others)) = self.subscribers.split_last_mut() {
            others.iter_mut().for_each(|one| one.news.fly(comment.clone(), now));
            last.news.fly(comment, now);
        }
    }

    pub(super) fn recall(&mut self, keys: &[String]) {
        for subscriber in &mut self.subscribers {
            subscriber.news.danmaku_mut().recall(keys);
        }
    }

    pub(super) fn due(&self) -> Option<Duration> {
        let join = match self.join {
            Join::Nothing => None,
            Join::Asked { by, .. } => Some(by),
            Join::Again { at } => Some(at),
        };
        let asked = self.subscribers.iter().filter(|one| one.asked.is_some());
        let news = asked.filter_map(|one| one.news.due()).min();
        [join, self.room.due(), news].into_iter().flatten().min()
    }

    /// Gives their batches to those who have asked for one.
    pub(super) fn flush(&mut self, now: Duration) {
        for Subscriber { news, asked, .. } in &mut self.subscribers {
            if asked.is_none() || news.due().is_none_or(|due| now < due) {
                continue;
            }
            let events = news.take(&self.room, now);
            if !events.is_empty()
                && let Some(reply) = asked.take()
            {
                // A reader that has gone wants no more.
                let _ = reply.send(events);
            }
        }
    }

    /// The last word to everybody.
    pub(super) fn end(self, now: Duration) {
        for Subscriber { mut news, asked, last, .. } in self.subscribers {
            let events = news.take(&self.room, now);
            if !events.is_empty() {
                let _ = asked.unwrap_or(last).send(events);
            }
        }
    }

    fn forget_gone(&mut self) {
        self.subscribers.retain(|subscriber| subscriber.reads.strong_count() > 0);
    }
}

/// Which room asked what, to bring each answer to its room.
#[derive(Debug, Default)]
pub(super) struct Routes {
    rooms: BTreeMap<u32, Arc<str>>,
    forgotten: u64,
}

impl Routes {
    /// A room sends this frame.
    pub(super) fn sends(&mut self, frame: &ClientFrame, room: &Arc<str>) {
        if let ClientFrame::Send { id, .. } | ClientFrame::CatchUp { id, .. } = frame {
            if self.rooms.len() >= MOST_ROUTES {
                self.rooms.pop_first();
                self.forgotten += 1;
            }
            self.rooms.insert(*id, room.clone());
        }
    }

    pub(super) fn answered(&mut self, id: u32) -> Option<Arc<str>> {
        self.rooms.remove(&id)
    }

    /// Answers to what the room has asked are nobody's: it may be entered again.
    pub(super) fn left(&mut self, room: &str) {
        self.rooms.retain(|_, asking| &**asking != room);
    }

    /// Requests that were forgotten because there were too many.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Nothing that was asked will be answered any more.
    pub(super) fn connection_lost(&mut self) {
        self.rooms.clear();
    }
}
