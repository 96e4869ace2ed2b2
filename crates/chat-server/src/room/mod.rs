//! The live part of a group: who is connected, which sequence number comes next, what may be
//! caught up. It knows no storage and no socket; it writes into the members' [`Outbox`]es.

mod outbox;
mod registry;

pub(crate) use outbox::{Closing, Outbox, OutboxReceivers, ROOM_QUEUE, outbox};
pub(crate) use registry::Rooms;

use axum::extract::ws::Utf8Bytes;
use chat_types::gateway::{InfoChange, Message, ServerFrame};
use chat_types::group::GroupProfile;
use chat_types::{Element, Priority, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::storage::{GroupPatch, StoredGroup};

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
    /// Held while the profile is changed, so that storage and memory see changes in one order.
    pub(crate) profile_change: tokio::sync::Mutex<()>,
}

struct State {
    info: StoredGroup,
    owner_nick: String,
    dismissed: bool,
    last_seq: u32,
    seq_reserved: u32,
    last_message_time_s: u32,
    recent: VecDeque<Message>,
    members: HashMap<ConnectionId, Member>,
    /// Connections per account: the online count is the number of accounts.
    accounts: HashMap<UserId, u32>,
    /// `None` when somebody has come in since: they may have been told an older number.
    announced_online: Option<u32>,
}

struct Member {
    user_id: UserId,
    outbox: Arc<Outbox>,
}

/// A message before the room has stamped it.
pub(crate) struct Draft {
    pub(crate) from: UserId,
    pub(crate) nick: String,
    pub(crate) priority: Priority,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
    pub(crate) client_id: String,
}

/// Number and time that a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) seq: u32,
    pub(crate) time_s: u32,
}

/// What became of a draft.
pub(crate) enum Posted {
    Stamped(Stamp),
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
    pub(crate) fn new(number: u64, info: StoredGroup, owner_nick: String) -> Self {
        // Numbers up to the reserved one may have been used before a crash; go on above them.
        let last_seq = info.seq_reserved;
        Self {
            number,
            state: Mutex::new(State {
                seq_reserved: last_seq,
                last_seq,
                info,
                owner_nick,
                dismissed: false,
                last_message_time_s: 0,
                recent: VecDeque::new(),
                members: HashMap::new(),
                accounts: HashMap::new(),
                announced_online: None,
            }),
            profile_change: tokio::sync::Mutex::new(()),
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

    /// Takes over the new nickname of an account, if it owns the room.
    pub(crate) fn account_renamed(&self, user_id: &UserId, nick: &str) {
        let mut state = self.lock();
        if state.info.owner == user_id.as_str() {
            nick.clone_into(&mut state.owner_nick);
        }
    }

    pub(crate) fn stored(&self) -> StoredGroup {
        self.lock().info.clone()
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
    /// `false` when the room has been dismissed.
    pub(crate) fn join(
        &self,
        connection: ConnectionId,
        user_id: &UserId,
        outbox: &Arc<Outbox>,
        request_id: u32,
        after_seq: Option<u32>,
        now_s: u32,
    ) -> bool {
        let mut state = self.lock();
        if state.dismissed {
            return false;
        }
        let member = Member { user_id: user_id.clone(), outbox: Arc::clone(outbox) };
        if state.members.insert(connection, member).is_none() {
            *state.accounts.entry(user_id.clone()).or_insert(0) += 1;
        }
        state.announced_online = None;
        outbox.answer(&ServerFrame::JoinOk {
            id: request_id,
            group: state.profile(),
            online: state.online(),
            last_seq: state.last_seq,
            messages: after_seq.map(|seq| state.after(seq, now_s)).unwrap_or_default(),
        });
        true
    }

    /// Takes a connection out. `false` when it was not in the room.
    pub(crate) fn leave(&self, connection: ConnectionId) -> bool {
        self.lock().remove(connection)
    }

    /// Stamps a draft and writes it to every member except the sending connection, which learns
    /// number and time from its answer. With `sender` the draft is taken only from a member; a
    /// draft of the REST API has none. `earlier` and `remember` look a repeat up and note a new
    /// message; they run under the room's lock, so that of two equal drafts one is the repeat.
    pub(crate) fn post(
        &self,
        draft: &Draft,
        sender: Option<ConnectionId>,
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
        state.last_message_time_s = now_s;
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
        };
        remember(stamp);
        if state.recent.len() == CATCH_UP_MESSAGES {
            state.recent.pop_front();
        }
        state.recent.push_back(message.clone());
        let group_id = state.info.group_id.clone();
        state.fan_out(&ServerFrame::Messages { group_id, messages: vec![message] }, sender);
        Posted::Stamped(stamp)
    }

    /// Numbers up to `seq` are reserved in storage now.
    pub(crate) fn numbers_reserved(&self, seq: u32) {
        let mut state = self.lock();
        state.seq_reserved = state.seq_reserved.max(seq);
    }

    /// Highest number that was really given out: what a clean stop stores.
    pub(crate) fn last_seq(&self) -> u32 {
        self.lock().last_seq
    }

    /// Takes over a changed profile and tells the members what is different.
    pub(crate) fn profile_changed(&self, info: StoredGroup, patch: &GroupPatch, operator: &str) {
        let mut state = self.lock();
        let changes = changes(&state.info, patch);
        let seq_reserved = state.seq_reserved;
        state.info = StoredGroup { seq_reserved, ..info };
        if !changes.is_empty() {
            let group_id = state.info.group_id.clone();
            let operator = operator.to_owned();
            state.tell_all(&ServerFrame::GroupInfoChanged { group_id, operator, changes });
        }
    }

    /// Ends the room: members are told and taken out, later calls find it dismissed.
    pub(crate) fn dismiss(&self, operator: &str) {
        let mut state = self.lock();
        state.dismissed = true;
        let group_id = state.info.group_id.clone();
        state.tell_all(&ServerFrame::GroupDismissed { group_id, operator: operator.to_owned() });
        state.members.clear();
        state.accounts.clear();
        state.recent.clear();
    }

    /// Tells the members the online count, unless all of them have been told this one.
    pub(crate) fn announce_online(&self) {
        let mut state = self.lock();
        let count = state.online();
        if state.announced_online != Some(count) {
            state.announced_online = Some(count);
            let group_id = state.info.group_id.clone();
            state.fan_out(&ServerFrame::Online { group_id, count }, None);
        }
    }
}

impl State {
    fn online(&self) -> u32 {
        u32::try_from(self.accounts.len()).unwrap_or(u32::MAX)
    }

    fn profile(&self) -> GroupProfile {
        GroupProfile {
            group_id: self.info.group_id.clone(),
            group_type: self.info.group_type.clone(),
            name: self.info.name.clone(),
            introduction: self.info.introduction.clone(),
            notification: self.info.notification.clone(),
            face_url: self.info.face_url.clone(),
            owner: self.info.owner.clone(),
            owner_nick: self.owner_nick.clone(),
            custom_fields: self.info.custom_fields.clone(),
        }
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

    fn remove(&mut self, connection: ConnectionId) -> bool {
        let Some(member) = self.members.remove(&connection) else { return false };
        if let Some(connections) = self.accounts.get_mut(&member.user_id) {
            *connections -= 1;
            if *connections == 0 {
                self.accounts.remove(&member.user_id);
            }
        }
        true
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

fn changes(before: &StoredGroup, patch: &GroupPatch) -> Vec<InfoChange> {
    let mut changes = Vec::new();
    let mut scalar = |new: &Option<String>, old: &str, make: fn(String) -> InfoChange| {
        if let Some(value) = new.as_ref().filter(|value| *value != old) {
            changes.push(make(value.clone()));
        }
    };
    scalar(&patch.name, &before.name, |value| InfoChange::Name { value });
    scalar(&patch.introduction, &before.introduction, |value| InfoChange::Introduction { value });
    scalar(&patch.notification, &before.notification, |value| InfoChange::Notification { value });
    scalar(&patch.face_url, &before.face_url, |value| InfoChange::FaceUrl { value });
    for (key, value) in &patch.custom_fields {
        if before.custom_fields.get(key).map_or("", String::as_str) != value {
            changes.push(InfoChange::Custom { key: key.clone(), value: value.clone() });
        }
    }
    changes
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
        let info = StoredGroup {
            group_id: "r".into(),
            group_type: "AVChatRoom".into(),
            name: "Room".into(),
            introduction: String::new(),
            notification: String::new(),
            face_url: String::new(),
            owner: String::new(),
            create_time: 0,
            last_info_time: 0,
            info_seq: 0,
            seq_reserved: 0,
            custom_fields: Default::default(),
        };
        Room::new(1, info, String::new())
    }

    fn draft() -> Draft {
        Draft {
            from: UserId::new("host").unwrap(),
            nick: String::new(),
            priority: Priority::Normal,
            elements: vec![Element::text("hello")],
            cloud_custom_data: String::new(),
            client_id: String::new(),
        }
    }

    #[test]
    fn a_message_is_encoded_once_and_every_member_gets_the_same_bytes() {
        let room = room();
        room.numbers_reserved(10);
        let counters = Arc::new(Counters::default());
        let mut readers: Vec<OutboxReceivers> = (1..=3)
            .map(|connection| {
                let (outbox, receivers) = outbox(Arc::clone(&counters));
                let user = UserId::new(format!("viewer_{connection}")).unwrap();
                assert!(room.join(connection, &user, &outbox, 1, None, 0));
                receivers
            })
            .collect();
        assert!(matches!(room.post(&draft(), None, 0, || None, |_| ()), Posted::Stamped(_)));
        let frames: Vec<Utf8Bytes> =
            readers.iter_mut().map(|reader| reader.room.try_recv().unwrap()).collect();
        let first = frames[0].as_str();
        assert!(first.contains("hello"));
        for frame in &frames {
            assert!(std::ptr::eq(frame.as_str(), first), "the bytes are shared, not copied");
        }
    }

    #[test]
    fn no_number_is_given_out_before_it_is_reserved() {
        let room = room();
        let posted = room.post(&draft(), None, 0, || None, |_| ());
        let Posted::NeedsNumbers(up_to) = posted else { unreachable!("nothing is reserved") };
        assert_eq!(room.last_seq(), 0, "a refused draft uses no number");
        room.numbers_reserved(up_to);
        assert!(matches!(
            room.post(&draft(), None, 0, || None, |_| ()),
            Posted::Stamped(Stamp { seq: 1, .. })
        ));
    }
}
