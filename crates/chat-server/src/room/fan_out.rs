//! From the room to the sockets: who is told, what is written together, and how it gets there.

use chat_types::gateway::{MessageClass, ServerFrame};
use std::sync::Arc;
use tokio::task::{JoinSet, yield_now};

use super::audience::To;
use super::posting::Messages;
use super::{ConnectionId, Member, State};
use crate::counters::{Counters, add};
use crate::outbox::{Burst, Item, Outbox, Took};

/// Writes after which a fan-out lets others have the processor.
const WRITES_AT_A_STRETCH: usize = 128;
/// Readers that are worth a task of their own when there are processors for it.
const READERS_PER_TASK: usize = 2_048;

/// A connection that is told what the room says.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) connection: ConnectionId,
    pub(super) outbox: Arc<Outbox>,
}

impl Reader {
    pub(super) fn of((connection, member): (&ConnectionId, &Member)) -> Self {
        Self { connection: *connection, outbox: Arc::clone(&member.outbox) }
    }
}

/// Readers at one moment. Made anew only when somebody came or went since the last time.
pub(super) type Audience = Arc<[Reader]>;

/// A frame that waits for the next tick.
pub(super) struct Outgoing {
    pub(super) item: Arc<Item>,
    pub(super) audience: Audience,
}

/// What is written to the same readers in one tick.
pub(crate) struct Delivery {
    pub(super) audience: Audience,
    pub(super) items: Vec<Arc<Item>>,
    /// They come behind the items.
    pub(super) messages: Option<Messages>,
}

impl State {
    /// Tells members something that none of them may miss.
    pub(super) fn tell(&mut self, to: &To, frame: &ServerFrame) {
        self.say(to, None, 0, frame);
    }

    /// Tells members something that stands for so many tips, and that a slow one misses first.
    pub(super) fn tip(&mut self, to: &To, tips: u32, frame: &ServerFrame) {
        self.say(to, Some(MessageClass::Tip), tips, frame);
    }

    /// Tells every member how something is now; a slow one gets only the last of it.
    pub(super) fn tell_newest(&mut self, frame: &ServerFrame) {
        let audience = self.audience(&To::All);
        if !audience.is_empty() {
            let item = Arc::new(Item::newest(self.source.clone(), frame));
            self.outgoing.push(Outgoing { item, audience });
        }
    }

    fn say(&mut self, to: &To, class: Option<MessageClass>, tips: u32, frame: &ServerFrame) {
        let audience = self.audience(to);
        if !audience.is_empty() {
            let item = Arc::new(Item::frame(self.source.clone(), class, tips, frame));
            self.outgoing.push(Outgoing { item, audience });
        }
    }
}

/// The connections that have what was written, or wait for it.
#[derive(Default)]
pub(crate) struct Reached {
    all: u32,
    /// Those of them who have sent something of it themselves, sorted.
    senders: Vec<ConnectionId>,
}

impl Reached {
    /// How many they are beside this one.
    pub(super) fn without(&self, sender: Option<ConnectionId>) -> u32 {
        let is_one = sender.is_some_and(|sender| self.senders.binary_search(&sender).is_ok());
        self.all.saturating_sub(is_one.into())
    }
}

impl Delivery {
    /// Writes to every reader, and tells who has the messages or waits for them, if there are any.
    /// Readers who are written to by one task get everything in one order.
    pub(crate) async fn write(
        self,
        counters: &Arc<Counters>,
        processors: usize,
    ) -> Option<Reached> {
        let Self { audience, items, messages } = self;
        let with_messages = |reader: Option<ConnectionId>| {
            let mut items = items.clone();
            items.extend(messages.iter().flat_map(|messages| messages.frames(reader)));
            Burst::new(items)
        };
        let burst = Arc::new(with_messages(None));
        let senders = messages.as_ref().map_or(&[][..], |messages| &messages.senders);
        let own: Arc<[ConnectionId]> = senders.iter().map(|sender| sender.connection).collect();
        let parts = processors.min(audience.len().div_ceil(READERS_PER_TASK)).max(1);
        let part = audience.len().div_ceil(parts).max(1);
        let mut others = JoinSet::new();
        for start in (part..audience.len()).step_by(part) {
            let (audience, burst) = (Arc::clone(&audience), Arc::clone(&burst));
            let (own, counters) = (Arc::clone(&own), Arc::clone(counters));
            others.spawn(async move {
                let readers = audience.iter().skip(start).take(part);
                write_to(readers, &burst, &own, &counters).await
            });
        }
        let mut all = write_to(audience.iter().take(part), &burst, &own, counters).await;
        while let Some(more) = others.join_next().await {
            match more {
                Ok(more) => all += more,
                // Its readers see a gap and ask for what they have missed.
                Err(error) => {
                    tracing::error!(%error, "a part of a fan-out broke off");
                    add(&counters.panics_rooms, u64::from(error.is_panic()));
                }
            }
        }
        // Last, so that whoever learns that its message went out can rely on it.
        let mut reached = Reached { all, senders: Vec::new() };
        // One by one: what many senders get of many messages is not held at the same time.
        for sender in senders {
            if sender.outbox.burst(&with_messages(Some(sender.connection))) != Took::Nothing {
                reached.all += 1;
                reached.senders.push(sender.connection);
            }
            yield_now().await;
        }
        messages.is_some().then_some(reached)
    }
}

async fn write_to(
    readers: impl Iterator<Item = &Reader>,
    burst: &Burst,
    own: &[ConnectionId],
    counters: &Counters,
) -> u32 {
    let (mut written, mut behind) = (0_u32, 0_u32);
    for (index, reader) in readers.enumerate() {
        if index % WRITES_AT_A_STRETCH == WRITES_AT_A_STRETCH - 1 {
            yield_now().await;
        }
        if !own.is_empty() && own.binary_search(&reader.connection).is_ok() {
            continue;
        }
        match reader.outbox.burst(burst) {
            Took::Written => written += 1,
            Took::Behind => behind += 1,
            Took::Nothing => {}
        }
    }
    add(&counters.bursts_written, written.into());
    add(&counters.bursts_queued, behind.into());
    written + behind
}
