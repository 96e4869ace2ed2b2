//! What is said in the room: drafts wait for the policy's choice, get a number when they are chosen,
//! and go out with the tick.

use bytes::Bytes;
use chat_types::gateway::{Message, MessageClass, OwnMessage, ShedCause};
use chat_types::{Element, Priority, UserId};
use std::sync::Arc;
use tokio::sync::oneshot;

use super::audience::To;
use super::fan_out::{Delivery, Outgoing, Reached, Reader};
use super::reply::Reply;
use super::{CATCH_UP_MESSAGES, ConnectionId, Recent, Room, SEQ_BLOCK, State};
use crate::outbox::{Item, OwnPiece, Piece, Source};
use crate::storage::ClaimedNumbers;

/// Messages of one frame, and their JSON together: more of them make a further frame.
const FRAME_MESSAGES: usize = 128;
const FRAME_BYTES: usize = 256 * 1024;
/// Writes per second, estimated from the last one, that a room is allowed without collecting.
const QUIET_WRITES_PER_S: u64 = 10_000;
/// So many more of them lengthen the tick by a millisecond.
const WRITES_PER_TICK_MS: u64 = 2_000;

/// A message before the room has stamped it.
pub(crate) struct Draft {
    pub(crate) from: UserId,
    pub(crate) nick: String,
    pub(crate) priority: Priority,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
    pub(crate) client_id: String,
    pub(crate) mentions: Vec<String>,
    pub(crate) mention_all: bool,
}

/// Number and time that a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) seq: u32,
    pub(crate) time_s: u32,
}

/// What became of a draft.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was written to so many connections, or waits for those that are behind.
    Delivered {
        stamp: Stamp,
        message: Arc<Message>,
        reached: u32,
    },
    SampledOut,
    Dismissed,
    /// The service stops, and nobody has seen it.
    Stopped,
    /// A panic has ended the room's turn, and nobody has seen it.
    Broken,
    /// Every number has been used: four thousand million messages in one room.
    Exhausted,
}

/// What became of a draft that nobody gets delivered.
pub(crate) enum Posted {
    Stamped(Stamp, Message),
    /// Claim so many numbers in storage, tell the room, and post again.
    NeedsNumbers(u32),
    Dismissed,
    Exhausted,
}

/// A draft that waits for the policy's choice.
pub(super) struct Waiting {
    draft: Draft,
    /// The connection that has sent it, and gets its number instead of the message.
    sender: Option<ConnectionId>,
    reply: Reply,
}

/// What the room has to do next.
pub(crate) enum Step {
    /// Claim so many numbers in storage, tell the room, and ask again.
    NeedsNumbers(u32),
    Deliver(Vec<Delivery>, Answers),
    /// Nothing before this moment, in monotonic milliseconds; `None` before something happens.
    Wait(Option<u64>),
    /// The room is dismissed and has said everything: nothing comes any more.
    Over,
}

/// Who is to be told that a message went out.
struct Told {
    reply: Reply,
    sender: Option<ConnectionId>,
    stamp: Stamp,
    message: Arc<Message>,
}

/// Verdicts that are told when everything is written.
#[derive(Default)]
pub(crate) struct Answers {
    delivered: Vec<Told>,
    others: Vec<(Reply, Verdict)>,
}

impl Answers {
    /// `reached`: the connections that have the delivered messages or wait for them.
    pub(crate) fn tell(self, reached: &Reached) {
        for Told { reply, sender, stamp, message } in self.delivered {
            let reached = reached.without(sender);
            reply.send(Verdict::Delivered { stamp, message, reached });
        }
        for (reply, verdict) in self.others {
            reply.send(verdict);
        }
    }
}

/// What the room's loop brings along.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Messages in any second; 0 is no limit.
    pub(crate) budget_per_s: u32,
    pub(crate) longest_tick_ms: u32,
    /// Unix seconds.
    pub(crate) now_s: u32,
    /// Monotonic milliseconds.
    pub(crate) now_ms: u64,
}

impl Room {
    /// Puts a draft among those that wait. With `sender` it is taken only from a member, unless
    /// strangers may speak. What becomes of it comes through the channel.
    pub(crate) fn offer(
        &self,
        draft: Draft,
        class: MessageClass,
        sender: Option<ConnectionId>,
        strangers_may: bool,
        now_ms: u64,
    ) -> Option<oneshot::Receiver<Verdict>> {
        let mut state = self.lock();
        if !strangers_may && sender.is_some_and(|sender| !state.members.contains_key(&sender)) {
            return None;
        }
        let (reply, verdict) = Reply::new();
        state.figures.received(class, 1);
        if state.dismissed || state.stopped {
            state.figures.shed(class, ShedCause::Crowded, 1);
            let why = if state.dismissed { Verdict::Dismissed } else { Verdict::Stopped };
            reply.send(why);
            return Some(verdict);
        }
        let from = draft.from.to_string();
        let waiting = Waiting { draft, sender, reply };
        if let Some(shed) = state.policy.offer(&from, class, waiting, now_ms) {
            state.figures.shed(shed.class, shed.cause, 1);
            shed.item.reply.send(Verdict::SampledOut);
        }
        drop(state);
        self.wake();
        Some(verdict)
    }

    /// Stamps a draft that nobody gets: an imported message, or one that a webhook has dropped, whose
    /// sender sees no difference.
    pub(crate) fn post_silently(&self, draft: &Draft, now_s: u32) -> Posted {
        let mut state = self.lock();
        if state.dismissed {
            return Posted::Dismissed;
        }
        let Some(seq) = state.last_seq.checked_add(1) else { return Posted::Exhausted };
        if seq > state.seq_reserved {
            return Posted::NeedsNumbers(SEQ_BLOCK);
        }
        let stamp = state.stamp(seq, now_s);
        Posted::Stamped(stamp, message(draft, stamp))
    }

    /// Gives the sender of a message that nobody gets its number, as with one that everybody gets.
    /// How many connections such a one would have gone to.
    pub(crate) fn pretend(
        &self,
        client_id: &str,
        stamp: Stamp,
        sender: Option<ConnectionId>,
    ) -> u32 {
        let mut state = self.lock();
        let readers = u32::try_from(state.members.len()).unwrap_or(u32::MAX);
        let Some(sender) = sender.and_then(|sender| state.members.get_key_value(&sender)) else {
            return readers;
        };
        let audience = [Reader::of(sender)].into();
        // For everybody else nothing came, so the next message names the same one before it.
        let after = state.delivered_seq;
        let Stamp { seq, time_s } = stamp;
        let message = OwnMessage { client_id: client_id.to_owned(), seq, time_s };
        let own = vec![OwnPiece { after, message }];
        let item = Arc::new(Item::messages(state.source.clone(), after, Vec::new(), own));
        state.outgoing.push(Outgoing { item, audience });
        drop(state);
        self.wake();
        readers.saturating_sub(1)
    }

    /// These numbers are the room's now. They follow those that it has, unless somebody else has
    /// claimed some in between: then the room goes on with the new ones.
    pub(crate) fn numbers_claimed(&self, claimed: ClaimedNumbers) {
        let mut state = self.lock();
        state.numbers_again_ms = None;
        if claimed.after > state.seq_reserved {
            state.last_seq = claimed.after;
        }
        // Of two claims the later one may be told first.
        state.seq_reserved = state.seq_reserved.max(claimed.last);
    }

    /// The room has written until this moment, in monotonic milliseconds. What comes now is
    /// collected for a quarter of a tick, so that a room that writes for longer than its tick does
    /// not begin the next round of writes with the first message alone.
    pub(crate) fn wrote(&self, now_ms: u64) {
        let mut state = self.lock();
        let collected_ms = now_ms + u64::from(state.tick_ms / 4);
        state.next_tick_ms = state.next_tick_ms.max(collected_ms);
    }

    /// Storage gave no numbers: the room asks again at this moment, in monotonic milliseconds, and
    /// goes on with everything that needs none.
    pub(crate) fn no_numbers_before(&self, again_ms: u64) {
        self.lock().numbers_again_ms = Some(again_ms);
    }

    /// Lets the policy of a room that has gone quiet forget what it remembers of busier times.
    pub(crate) fn rest(&self, pace: Pace) {
        let mut state = self.lock();
        if state.policy.waiting().all(|(_, waiting)| waiting == 0) {
            state.policy.select(pace.budget_per_s, pace.now_ms);
        }
    }

    /// Takes the next step of the room's loop, which has to be the only one that asks.
    pub(crate) fn step(&self, pace: Pace) -> Step {
        self.lock().step(pace)
    }
}

fn message(draft: &Draft, stamp: Stamp) -> Message {
    Message {
        seq: stamp.seq,
        time_s: stamp.time_s,
        from: draft.from.to_string(),
        nick: draft.nick.clone(),
        priority: draft.priority,
        elements: draft.elements.clone(),
        cloud_custom_data: draft.cloud_custom_data.clone(),
        client_id: draft.client_id.clone(),
        mentions: draft.mentions.clone(),
        mention_all: draft.mention_all,
    }
}

/// A message that goes out, and who has sent it.
struct Entry {
    piece: Piece,
    sender: Option<ConnectionId>,
    own: OwnPiece,
}

impl State {
    /// Answers all drafts of a room that takes no further step.
    pub(super) fn give_up(&mut self, why: impl Fn() -> Verdict) {
        for (class, waiting) in self.policy.drain() {
            self.figures.shed(class, ShedCause::Crowded, 1);
            waiting.reply.send(why());
        }
    }

    fn stamp(&mut self, seq: u32, now_s: u32) -> Stamp {
        self.last_seq = seq;
        // An imported message is older than now.
        self.last_message_time_s = self.last_message_time_s.max(now_s);
        Stamp { seq, time_s: now_s }
    }

    fn step(&mut self, pace: Pace) -> Step {
        let Pace { now_s, now_ms, budget_per_s, .. } = pace;
        let waiting: usize = self.policy.waiting().map(|(_, count)| count).sum();
        if self.dismissed && waiting == 0 && self.outgoing.is_empty() {
            return Step::Over;
        }
        if waiting == 0 && self.outgoing.is_empty() && self.counters_changed.is_empty() {
            return Step::Wait(None);
        }
        // A clock that a test has set is the only one that goes back.
        if now_ms < self.next_tick_ms && !self.dismissed {
            return Step::Wait(Some(self.next_tick_ms));
        }
        let needed = self.last_seq.saturating_add(u32::try_from(waiting).unwrap_or(u32::MAX));
        if needed > self.seq_reserved && !self.dismissed && self.last_seq < u32::MAX {
            if let Some(again_ms) = self.numbers_again_ms.filter(|again_ms| now_ms < *again_ms) {
                return self.step_without_numbers(again_ms, now_ms);
            }
            let up_to = needed.max(self.last_seq.saturating_add(SEQ_BLOCK));
            return Step::NeedsNumbers(up_to - self.seq_reserved);
        }
        let mut answers = Answers::default();
        let turn = self.policy.select(budget_per_s, now_ms);
        for shed in turn.shed {
            self.figures.shed(shed.class, shed.cause, 1);
            answers.others.push((shed.item.reply, Verdict::SampledOut));
        }
        let before = self.delivered_seq;
        let mut entries = Vec::with_capacity(turn.chosen.len());
        for chosen in turn.chosen {
            let Waiting { draft, sender, reply } = chosen.item;
            let Some(seq) = self.last_seq.checked_add(1).filter(|seq| *seq <= self.seq_reserved)
            else {
                self.figures.shed(chosen.class, ShedCause::Crowded, 1);
                answers.others.push((reply, Verdict::Exhausted));
                continue;
            };
            self.figures.delivered(chosen.class, 1);
            let stamp = self.stamp(seq, now_s);
            let message = Arc::new(message(&draft, stamp));
            entries.push(self.enter_history(&message, chosen.class, sender, &draft.from));
            answers.delivered.push(Told { reply, sender, stamp, message });
        }
        let mut deliveries = self.collect_frames();
        if !entries.is_empty() {
            self.add_messages(&mut deliveries, before, entries);
        }
        let nothing = deliveries.is_empty() && answers.delivered.is_empty();
        if nothing && answers.others.is_empty() {
            return Step::Wait(turn.again_at_ms);
        }
        self.set_tick(pace);
        Step::Deliver(deliveries, answers)
    }

    /// Frames go out all the same, and what waits too long is answered.
    fn step_without_numbers(&mut self, again_ms: u64, now_ms: u64) -> Step {
        let mut answers = Answers::default();
        for shed in self.policy.expire(now_ms) {
            self.figures.shed(shed.class, shed.cause, 1);
            answers.others.push((shed.item.reply, Verdict::SampledOut));
        }
        let deliveries = self.collect_frames();
        if deliveries.is_empty() && answers.others.is_empty() {
            let expires_ms = self.policy.expires_at_ms().unwrap_or(again_ms);
            return Step::Wait(Some(again_ms.min(expires_ms)));
        }
        Step::Deliver(deliveries, answers)
    }

    /// Keeps a delivered message for those who come back, and encodes it for those who are here.
    fn enter_history(
        &mut self,
        message: &Arc<Message>,
        class: MessageClass,
        sender: Option<ConnectionId>,
        from: &UserId,
    ) -> Entry {
        let (seq, time_s) = (message.seq, message.time_s);
        self.sent.push(seq, time_s, from);
        if self.recent.len() == CATCH_UP_MESSAGES
            && let Some(oldest) = self.recent.pop_front()
        {
            self.forgotten_seq = oldest.seq;
        }
        // Messages are plain data with text keys, which always encode.
        let json = Bytes::from(serde_json::to_vec(&**message).unwrap_or_default());
        self.recent.push_back(Recent { seq, time_s, json: json.clone() });
        let piece = Piece { seq, after: self.delivered_seq, class, json };
        self.delivered_seq = seq;
        let own = OwnMessage { client_id: message.client_id.clone(), seq, time_s };
        let own = OwnPiece { after: piece.after, message: own };
        Entry { piece, sender, own }
    }

    /// What else is to be told, in its order; what goes to the same readers goes together.
    fn collect_frames(&mut self) -> Vec<Delivery> {
        self.say_counters();
        let mut deliveries: Vec<Delivery> = Vec::new();
        for outgoing in std::mem::take(&mut self.outgoing) {
            match deliveries.last_mut() {
                Some(last) if Arc::ptr_eq(&last.audience, &outgoing.audience) => {
                    last.items.push(outgoing.item);
                }
                _ => deliveries.push(Delivery {
                    audience: outgoing.audience,
                    items: vec![outgoing.item],
                    messages: None,
                }),
            }
        }
        deliveries
    }

    /// Adds the messages to what is delivered; nobody may be there to get them.
    fn add_messages(&mut self, deliveries: &mut Vec<Delivery>, after: u32, entries: Vec<Entry>) {
        let audience = self.audience(&To::All);
        if audience.is_empty() {
            return;
        }
        let mut senders: Vec<ConnectionId> =
            entries.iter().filter_map(|entry| entry.sender).collect();
        senders.sort_unstable();
        senders.dedup();
        // Who has left since is told by its answer alone.
        let senders = senders.iter().filter_map(|sender| self.members.get_key_value(sender));
        let senders = senders.map(Reader::of).collect();
        let messages = Some(Messages { source: self.source.clone(), after, entries, senders });
        match deliveries.last_mut() {
            Some(last) if Arc::ptr_eq(&last.audience, &audience) => last.messages = messages,
            _ => deliveries.push(Delivery { audience, items: Vec::new(), messages }),
        }
    }

    fn set_tick(&mut self, pace: Pace) {
        let messages_per_s = self.policy.delivered_last_second(pace.now_ms);
        self.tick_ms = tick_ms(self.members.len(), messages_per_s, pace.longest_tick_ms);
        self.next_tick_ms = pace.now_ms + u64::from(self.tick_ms);
    }
}

/// For how long messages are collected: a quiet room does not collect, a busy one writes a limited
/// number of times in a second. A tick in which fewer than two messages come saves no write: it
/// would only make the message late.
fn tick_ms(readers: usize, messages_per_s: u32, longest_ms: u32) -> u32 {
    let messages_per_s = u64::from(messages_per_s);
    let writes_per_s = messages_per_s.saturating_mul(readers as u64);
    let wanted = writes_per_s.saturating_sub(QUIET_WRITES_PER_S) / WRITES_PER_TICK_MS;
    let tick_ms = wanted.min(u64::from(longest_ms));
    if messages_per_s * tick_ms < 2 * 1_000 { 0 } else { u32::try_from(tick_ms).unwrap_or(0) }
}

/// Messages of one tick, and those of their readers who have sent some of them.
pub(super) struct Messages {
    source: Source,
    /// Number of the message that everybody got before the first one.
    after: u32,
    entries: Vec<Entry>,
    /// Sorted. Each of them gets the others, and the numbers of its own.
    pub(super) senders: Vec<Reader>,
}

impl Messages {
    /// The messages as frames of a bounded size, for everybody or for one of their senders.
    pub(super) fn frames(&self, reader: Option<ConnectionId>) -> Vec<Arc<Item>> {
        let mut items = Vec::new();
        let (mut pieces, mut own, mut bytes) = (Vec::new(), Vec::new(), 0);
        let (mut after, mut last_seq) = (self.after, self.after);
        let item =
            |after, pieces, own| Arc::new(Item::messages(self.source.clone(), after, pieces, own));
        for entry in &self.entries {
            if pieces.len() + own.len() == FRAME_MESSAGES || bytes > FRAME_BYTES {
                items.push(item(after, std::mem::take(&mut pieces), std::mem::take(&mut own)));
                (after, bytes) = (last_seq, 0);
            }
            last_seq = entry.piece.seq;
            if reader.is_some() && entry.sender == reader {
                own.push(entry.own.clone());
            } else {
                bytes += entry.piece.json.len();
                pieces.push(entry.piece.clone());
            }
        }
        items.push(item(after, pieces, own));
        items
    }
}

#[cfg(test)]
mod tests {
    use super::tick_ms;

    #[test]
    fn only_a_room_in_which_a_tick_collects_something_has_one() {
        assert_eq!(tick_ms(1_000, 50, 25), 0, "1.25 messages in the longest tick");
        assert_eq!(tick_ms(10_000, 40, 25), 0, "however many read");
        assert_eq!(tick_ms(10, 900, 25), 0, "few writes");
        assert_eq!(tick_ms(1_000, 79, 25), 0);
        assert_eq!(tick_ms(1_000, 80, 25), 25);
        assert_eq!(tick_ms(1_000, 300, 25), 25);
        assert_eq!(tick_ms(100, 300, 25), 10, "as long as the writes want it");
        assert_eq!(tick_ms(1_000, 300, 0), 0, "switched off");
        assert_eq!(tick_ms(usize::MAX, u32::MAX, 25), 25);
    }
}
