//! The live part of a group: who is connected, which sequence number comes next, what may be
//! caught up. It knows no storage and no socket; it writes into the members' [`Outbox`]es.

mod absence;
mod data;
pub(crate) mod marks;
mod membership;
mod moderation;
mod notices;
mod online;
mod outbox;
mod profile;
mod recall;
mod registry;

pub(crate) use moderation::Removal;
pub(crate) use online::Present;
pub(crate) use outbox::{Closing, Outbox, OutboxReceivers, ROOM_QUEUE, outbox};
pub(crate) use profile::Readers;
pub(crate) use recall::SENT_LONGER_S;
pub(crate) use registry::Rooms;

use axum::extract::ws::Utf8Bytes;
use chat_types::gateway::{Message, Platform, ServerFrame};
use chat_types::group::{CustomFields, GroupType};
use chat_types::{Element, Priority, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use absence::Absences;
use online::{Seats, ShownOnline};

use crate::storage::{GroupChange, StoredGroup};

/// Messages that a returning member can catch up, and how old they may be. Newcomers get none:
/// an AVChatRoom has no history by default.
const CATCH_UP_MESSAGES: usize = 100;
const CATCH_UP_AGE_S: u32 = 300;
/// Catch-up of one answer, as JSON: large messages must not make a frame that clients refuse.
const CATCH_UP_BYTES: usize = 256 * 1024;
/// Sequence numbers that are reserved in storage at once, so that a message costs no write.
const SEQ_BLOCK: u32 = 1_000;

/// Number of a connection, unique while the service runs.
pub(crate) type ConnectionId = u64;

pub(crate) struct Room {
    number: u64,
    state: Mutex<State>,
    /// Held while anything stored of the group is changed, so that storage and memory see changes
    /// in one order, and so that what a change was computed from is still true when it is stored.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

struct State {
    group: StoredGroup,
    owner_nick: String,
    dismissed: bool,
    last_seq: u32,
    seq_reserved: u32,
    last_message_time_s: u32,
    recent: VecDeque<Message>,
    sent: recall::SentMessages,
    attribute_writes: data::WriteTimes,
    members: HashMap<ConnectionId, Member>,
    /// The online count is the number of accounts.
    accounts: Seats,
    absences: Absences,
    shown_online: ShownOnline,
    /// `None` when somebody has come in since: they may have been told an older number.
    announced_online: Option<u32>,
}

struct Member {
    user_id: UserId,
    outbox: Arc<Outbox>,
    on_web: bool,
}

/// A connection that comes in.
pub(crate) struct Arrival<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) user_id: &'a UserId,
    pub(crate) outbox: &'a Arc<Outbox>,
    pub(crate) platform: Platform,
    pub(crate) request_id: u32,
    pub(crate) after_seq: Option<u32>,
    /// End of the account's mute in all groups, in Unix seconds.
    pub(crate) muted_everywhere_until: u32,
    /// Unix seconds.
    pub(crate) now_s: u32,
}

/// How an account stood to the room when a connection of it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// It was not in the room, and has not just lost its connection to it.
    pub(crate) is_new: bool,
    /// It had been reported as offline.
    pub(crate) was_offline: bool,
}

/// Why nobody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barred {
    Dismissed,
    Banned,
    /// The group stores its members, and the account is none of them.
    NoMember,
}

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

/// Who gets a message that has been stamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Everybody,
    /// A webhook dropped it silently: it has a number, and nobody ever sees it.
    Nobody,
}

/// Number and time that a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) seq: u32,
    pub(crate) time_s: u32,
}

/// What became of a draft.
pub(crate) enum Posted {
    Stamped(Stamp, Message),
    /// The same message was stamped before; nobody gets it again.
    Repeated(Stamp),
    /// Reserve numbers up to this one in storage, tell the room, and post again.
    NeedsNumbers(u32),
    /// The sending connection is not a member.
    NotAMember,
    Dismissed,
    /// Every number has been used: four thousand million messages in one room.
    Exhausted,
}

/// Numbers of the room at one moment.
pub(crate) struct RoomFigures {
    pub(crate) online: u32,
    pub(crate) next_seq: u32,
    pub(crate) last_message_time_s: u32,
}

impl Room {
    /// `number` is unique while the service runs, also among rooms with the same group id.
    pub(crate) fn new(number: u64, group: StoredGroup, owner_nick: String) -> Self {
        // Numbers up to the reserved one may have been used before a crash; go on above them.
        let last_seq = group.seq_reserved;
        Self {
            number,
            state: Mutex::new(State {
                seq_reserved: last_seq,
                last_seq,
                group,
                owner_nick,
                dismissed: false,
                last_message_time_s: 0,
                recent: VecDeque::new(),
                sent: recall::SentMessages::default(),
                attribute_writes: data::WriteTimes::default(),
                members: HashMap::new(),
                accounts: Seats::default(),
                absences: Absences::default(),
                shown_online: ShownOnline::default(),
                announced_online: None,
            }),
            changing: tokio::sync::Mutex::new(()),
        }
    }

    /// The state stays whole at every point where a panic could leave it, so a poisoned lock is
    /// no reason to lose the room.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn is_dismissed(&self) -> bool {
        self.lock().dismissed
    }

    /// Looks at what is stored of the group. Keep it short: the room waits.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&StoredGroup) -> T) -> T {
        look(&self.lock().group)
    }

    /// Takes changes over that have been stored.
    pub(crate) fn apply(&self, changes: &[GroupChange], now_s: u32) {
        let mut state = self.lock();
        for change in changes {
            state.group.apply(change, now_s);
        }
    }

    pub(crate) fn figures(&self) -> RoomFigures {
        let state = self.lock();
        RoomFigures {
            online: state.online(),
            next_seq: state.last_seq.saturating_add(1),
            last_message_time_s: state.last_message_time_s,
        }
    }

    /// Lets a connection in and puts `JoinOk` into its outbox before any later frame of the room.
    /// A group that stores its members lets only those in, and nobody lets in whom it bans.
    /// `readable` picks the custom fields that the account may read.
    pub(crate) fn join(
        &self,
        arrival: Arrival<'_>,
        readable: impl FnOnce(&StoredGroup) -> CustomFields,
    ) -> Result<Entry, Barred> {
        let mut state = self.lock();
        let Arrival { connection, user_id, outbox, now_s, .. } = arrival;
        if state.dismissed {
            return Err(Barred::Dismissed);
        }
        if state.bans(user_id, now_s) {
            return Err(Barred::Banned);
        }
        if !state.admits(user_id) {
            return Err(Barred::NoMember);
        }
        let absence = state.absences.end(user_id);
        let first = state.enter(connection, user_id, outbox, arrival.platform, now_s);
        // A newcomer sees only what comes later, whatever number it names (product/1047/49589).
        let stores_members = state.group.group_type != GroupType::AVChatRoom;
        let was_here = stores_members || absence.is_some() || !first;
        let missed = arrival.after_seq.filter(|_| was_here);
        let muted_here = state.group.mutes.get(user_id.as_str()).copied().unwrap_or(0);
        let muted_until = muted_here.max(arrival.muted_everywhere_until);
        outbox.answer(&ServerFrame::JoinOk {
            id: arrival.request_id,
            group: state.profile(readable(&state.group)),
            online: state.online(),
            last_seq: state.last_seq,
            messages: missed.map(|seq| state.after(seq, now_s)).unwrap_or_default(),
            attributes: state.group.attributes.clone(),
            counters: state.group.counters.clone(),
            muted_until_s: if muted_until > now_s { muted_until } else { 0 },
            mute_all: state.group.mute_all,
        });
        Ok(Entry { is_new: first && absence.is_none(), was_offline: absence == Some(true) })
    }

    pub(crate) fn has(&self, connection: ConnectionId) -> bool {
        self.lock().members.contains_key(&connection)
    }

    /// Whether any connection of an account is in the room.
    pub(crate) fn has_account(&self, user_id: &UserId) -> bool {
        self.lock().accounts.is_connected(user_id)
    }

    /// Whether an account is banned from the group.
    pub(crate) fn is_banned(&self, user_id: &UserId, now_s: u32) -> bool {
        self.lock().bans(user_id, now_s)
    }

    /// Takes a connection out. `None` when it was not in the room; otherwise whether it was the
    /// last one of its account.
    pub(crate) fn leave(&self, connection: ConnectionId) -> Option<bool> {
        self.lock().leave(connection)
    }

    /// Takes out a connection that broke. When it was the last one of its account, the account is
    /// absent from an AVChatRoom from now on; other groups know their members by heart.
    pub(crate) fn drop_connection(&self, connection: ConnectionId, now_s: u32) {
        let mut state = self.lock();
        let Some(member) = state.members.get(&connection) else { return };
        let user_id = member.user_id.clone();
        let is_room = state.group.group_type == GroupType::AVChatRoom;
        if state.leave(connection) == Some(true) && is_room {
            state.absences.begin(&user_id, now_s);
        }
    }

    /// Stamps a draft and writes it to every member except the connection `except`, which learns
    /// number and time from its answer. With `sender` the draft is taken only from a member; a
    /// draft of the REST API has none. `earlier` and `remember` look a repeat up and note a new
    /// message; they run under the room's lock, so that of two equal drafts one is the repeat.
    #[allow(clippy::too_many_arguments, reason = "each of them is asked under the one lock")]
    pub(crate) fn post(
        &self,
        draft: &Draft,
        sender: Option<ConnectionId>,
        except: Option<ConnectionId>,
        delivery: Delivery,
        now_s: u32,
        earlier: impl FnOnce() -> Option<Stamp>,
        remember: impl FnOnce(Stamp),
    ) -> Posted {
        let mut state = self.lock();
        if state.dismissed {
            return Posted::Dismissed;
        }
        if let Some(stamp) = earlier() {
            return Posted::Repeated(stamp);
        }
        if sender.is_some_and(|connection| !state.members.contains_key(&connection)) {
            return Posted::NotAMember;
        }
        let Some(seq) = state.last_seq.checked_add(1) else { return Posted::Exhausted };
        if seq > state.seq_reserved {
            return Posted::NeedsNumbers(state.last_seq.saturating_add(SEQ_BLOCK));
        }
        state.last_seq = seq;
        // An imported message is older than now.
        state.last_message_time_s = state.last_message_time_s.max(now_s);
        let stamp = Stamp { seq, time_s: now_s };
        let message = Message {
            seq,
            time_s: now_s,
            from: draft.from.to_string(),
            nick: draft.nick.clone(),
            priority: draft.priority,
            elements: draft.elements.clone(),
            cloud_custom_data: draft.cloud_custom_data.clone(),
            client_id: draft.client_id.clone(),
            mentions: draft.mentions.clone(),
            mention_all: draft.mention_all,
        };
        remember(stamp);
        if delivery == Delivery::Nobody {
            return Posted::Stamped(stamp, message);
        }
        state.sent.push(seq, now_s, &draft.from);
        if state.recent.len() == CATCH_UP_MESSAGES {
            state.recent.pop_front();
        }
        state.recent.push_back(message.clone());
        let group_id = state.group.group_id.clone();
        let frame = ServerFrame::Messages { group_id, messages: vec![message.clone()] };
        state.fan_out(&frame, except);
        Posted::Stamped(stamp, message)
    }

    /// Numbers up to `seq` are reserved in storage now.
    pub(crate) fn numbers_reserved(&self, seq: u32) {
        let mut state = self.lock();
        state.seq_reserved = state.seq_reserved.max(seq);
    }

    /// Highest number that was really given out.
    pub(crate) fn last_seq(&self) -> u32 {
        self.lock().last_seq
    }

    /// What was reserved and what of it was used, if there is a difference; from now on the room
    /// has no number that is not used. A message that comes later has to reserve again.
    pub(crate) fn give_numbers_back(&self) -> Option<(u32, u32)> {
        let mut state = self.lock();
        let (reserved, used) = (state.seq_reserved, state.last_seq);
        state.seq_reserved = used;
        (reserved > used).then_some((reserved, used))
    }

    /// Ends the room: members are told and taken out, later calls find it dismissed.
    pub(crate) fn dismiss(&self, operator: &str) {
        let mut state = self.lock();
        state.dismissed = true;
        let group_id = state.group.group_id.clone();
        state.tell_all(&ServerFrame::GroupDismissed { group_id, operator: operator.to_owned() });
        state.members.clear();
        state.accounts = Seats::default();
        state.absences = Absences::default();
        state.recent.clear();
        state.sent = recall::SentMessages::default();
    }

    /// Lets go of messages that nobody can catch up any more, and of those that were sent more than
    /// `sent_s` seconds ago.
    pub(crate) fn forget_old(&self, sent_s: u32, now_s: u32) {
        let mut state = self.lock();
        let oldest = now_s.saturating_sub(CATCH_UP_AGE_S);
        while state.recent.front().is_some_and(|message| message.time_s < oldest) {
            state.recent.pop_front();
        }
        give_back(&mut state.recent);
        state.sent.forget(now_s.saturating_sub(sent_s));
    }

    /// Tells the members the online count, unless all of them have been told this one.
    pub(crate) fn announce_online(&self, now_s: u32) {
        let mut state = self.lock();
        state.end_robots(now_s);
        let count = state.online();
        if state.announced_online != Some(count) {
            state.announced_online = Some(count);
            let group_id = state.group.group_id.clone();
            state.fan_out(&ServerFrame::Online { group_id, count }, None);
        }
    }
}

impl State {
    fn bans(&self, user_id: &UserId, now_s: u32) -> bool {
        self.group.bans.get(user_id.as_str()).is_some_and(|ban| ban.until > now_s)
    }

    /// What a returning member missed, oldest first; of too much the newest.
    fn after(&self, seq: u32, now_s: u32) -> Vec<Message> {
        let oldest = now_s.saturating_sub(CATCH_UP_AGE_S);
        let mut room = CATCH_UP_BYTES;
        let mut newest_first = Vec::new();
        for message in self.recent.iter().rev() {
            if message.seq <= seq || message.time_s < oldest {
                break;
            }
            let bytes = serde_json::to_vec(message).map_or(usize::MAX, |json| json.len());
            let Some(left) = room.checked_sub(bytes) else { break };
            room = left;
            newest_first.push(message.clone());
        }
        newest_first.reverse();
        newest_first
    }

    fn leave(&mut self, connection: ConnectionId) -> Option<bool> {
        let member = self.members.remove(&connection)?;
        self.accounts.disconnect(&member.user_id)
    }

    /// One encode, then the same bytes to every member. A member whose queue is full misses the
    /// frame; nobody waits for it.
    fn fan_out(&self, frame: &ServerFrame, except: Option<ConnectionId>) {
        let bytes = encode(frame);
        for (connection, member) in &self.members {
            if Some(*connection) != except {
                member.outbox.room_frame(bytes.clone());
            }
        }
    }

    /// Like `fan_out`, for frames that no member may miss: one that cannot take it is disconnected
    /// and reads the whole state when it comes back.
    fn tell_all(&self, frame: &ServerFrame) {
        let bytes = encode(frame);
        for member in self.members.values() {
            member.outbox.control_frame(bytes.clone());
        }
    }
}

/// Gives memory back that a queue has no use for any more, seldom enough to cost nothing.
fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > 16 && queue.len() < queue.capacity() / 4 {
        queue.shrink_to(queue.len() * 2);
    }
}

/// The frame as the bytes that go over the wire.
pub(crate) fn encode(frame: &ServerFrame) -> Utf8Bytes {
    match serde_json::to_string(frame) {
        Ok(json) => json.into(),
        Err(error) => {
            // Frames are plain data with text keys, which always encode.
            tracing::error!(%error, "frame not encoded");
            Utf8Bytes::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counters;

    fn room() -> Room {
        let group = StoredGroup::new("r", GroupType::AVChatRoom, 0);
        Room::new(1, group, String::new())
    }

    fn draft() -> Draft {
        Draft {
            from: UserId::new("host").unwrap(),
            nick: String::new(),
            priority: Priority::Normal,
            elements: vec![Element::text("hello")],
            cloud_custom_data: String::new(),
            client_id: String::new(),
            mentions: Vec::new(),
            mention_all: false,
        }
    }

    fn post(room: &Room) -> Posted {
        room.post(&draft(), None, None, Delivery::Everybody, 0, || None, |_| ())
    }

    #[test]
    fn a_message_is_encoded_once_and_every_member_gets_the_same_bytes() {
        let room = room();
        room.numbers_reserved(10);
        let counters = Arc::new(Counters::default());
        let mut readers: Vec<OutboxReceivers> = (1..=3)
            .map(|connection| {
                let (outbox, receivers) = outbox(Arc::clone(&counters));
                let arrival = Arrival {
                    connection,
                    user_id: &UserId::new(format!("viewer_{connection}")).unwrap(),
                    outbox: &outbox,
                    platform: Platform::Linux,
                    request_id: 1,
                    after_seq: None,
                    muted_everywhere_until: 0,
                    now_s: 0,
                };
                let entry = Entry { is_new: true, was_offline: false };
                assert_eq!(room.join(arrival, |_| CustomFields::new()), Ok(entry));
                receivers
            })
            .collect();
        assert!(matches!(post(&room), Posted::Stamped(..)));
        let frames: Vec<Utf8Bytes> =
            readers.iter_mut().map(|reader| reader.room.try_recv().unwrap()).collect();
        let first = frames[0].as_str();
        assert!(first.contains("hello"));
        for frame in &frames {
            assert!(std::ptr::eq(frame.as_str(), first), "the bytes are shared, not copied");
        }
    }

    #[test]
    fn an_idle_room_lets_its_messages_go_with_their_memory() {
        let room = room();
        room.numbers_reserved(1_000);
        for _ in 0..200 {
            post(&room);
        }
        let kept = |room: &Room| {
            let state = room.lock();
            (state.recent.len(), state.sent.len())
        };
        room.forget_old(3_600, CATCH_UP_AGE_S);
        assert_eq!(kept(&room), (CATCH_UP_MESSAGES, 200));
        room.forget_old(3_600, CATCH_UP_AGE_S + 1);
        assert_eq!(kept(&room), (0, 200), "what nobody can catch up can still be recalled");
        assert_eq!(room.lock().recent.capacity(), 0);
        room.forget_old(3_600, 3_601);
        assert_eq!(kept(&room), (0, 0));
        assert!(matches!(post(&room), Posted::Stamped(Stamp { seq: 201, .. }, _)));
    }

    #[test]
    fn no_number_is_given_out_before_it_is_reserved() {
        let room = room();
        let posted = post(&room);
        let Posted::NeedsNumbers(up_to) = posted else { unreachable!("nothing is reserved") };
        assert_eq!(room.figures().next_seq, 1, "a refused draft uses no number");
        room.numbers_reserved(up_to);
        assert!(matches!(post(&room), Posted::Stamped(Stamp { seq: 1, .. }, _)));
    }
}
