//! The live part of a group: who is connected, what goes out and when, which sequence number comes
//! next, what may be caught up. It knows no storage and no socket; it writes into the members'
//! [`Outbox`]es.

mod absence;
mod audience;
mod catch_up;
mod data;
mod fan_out;
mod figures;
pub(crate) mod marks;
mod membership;
mod moderation;
mod notices;
mod online;
mod policy;
mod posting;
mod profile;
mod recall;
mod recovery;
mod registry;
mod reply;
mod rules;
mod tips;
mod upkeep;
mod visitor;

pub(crate) use audience::To;
pub(crate) use catch_up::CaughtUp;
pub(crate) use fan_out::Reached;
pub(crate) use moderation::Removal;
pub(crate) use online::Present;
pub(crate) use posting::{Draft, Pace, Posted, Stamp, Step, Verdict};
pub(crate) use profile::View;
pub(crate) use recall::SENT_LONGER_S;
#[cfg(test)]
pub(crate) use registry::IDLE_MS;
pub(crate) use registry::Rooms;
pub(crate) use rules::{SpeechPermit, said};
pub(crate) use upkeep::Upkeep;
pub(crate) use visitor::Visitor;

use bytes::Bytes;
use chat_types::UserId;
use chat_types::gateway::{Platform, RoomFigures, RoomSnapshot, ServerFrame};
use chat_types::group::GroupType;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

use absence::Absences;
use fan_out::{Audience, Outgoing};
use figures::Figures;
use online::{Seats, ShownOnline};
use policy::Policy;
use posting::Waiting;
use tips::Tips;

use crate::message_counters::MessageCounters;
use crate::outbox::{MissedCopies, Outbox, Source, encode, encode_with};
use crate::storage::{GroupChange, StoredGroup};

/// The short history: messages that a member can catch up, and how old they may be. In the busiest
/// room of the documentation (40 messages a second) it reaches 25 seconds back, longer than the
/// grace time of a connection that broke.
const CATCH_UP_MESSAGES: usize = 1_000;
const CATCH_UP_AGE_S: u32 = 300;
/// Catch-up of one answer, as JSON: large messages must not make a frame that clients refuse.
const CATCH_UP_BYTES: usize = 256 * 1024;
/// Sequence numbers that are claimed in storage at once, so that a message costs no write.
const SEQ_BLOCK: u32 = 1_000;

/// Number of a connection, unique while the service runs.
pub(crate) type ConnectionId = u64;

pub(crate) struct Room {
    incarnation: u64,
    state: Mutex<State>,
    /// See [`Room::lock`].
    broken: AtomicBool,
    /// The room has left memory, and its loop ends.
    closed: AtomicBool,
    /// Told when there is something to write.
    wake: Notify,
    /// Held while anything stored of the group is changed, so that storage and memory see changes
    /// in one order, and so that what a change was computed from is still true when it is stored.
    pub(crate) changing: tokio::sync::Mutex<()>,
    speech: rules::Speech,
}

struct State {
    group: StoredGroup,
    owner_nick: String,
    dismissed: bool,
    /// Nobody asks for the next step any more.
    stopped: bool,
    last_seq: u32,
    seq_reserved: u32,
    /// Storage gave no numbers and is asked again at this moment, in monotonic milliseconds.
    numbers_again_ms: Option<u64>,
    /// Number of the last message that went to everybody.
    delivered_seq: u32,
    last_message_time_s: u32,
    recent: VecDeque<Recent>,
    /// Everything after this number that went to everybody is in `recent`, or was recalled.
    forgotten_seq: u32,
    policy: Policy<Waiting>,
    figures: Figures,
    /// What hosts were told last, and how many connections of theirs that were.
    told_figures: Option<(RoomFigures, usize)>,
    source: Source,
    /// Everybody. See [`audience`].
    audience: Option<Audience>,
    outgoing: Vec<Outgoing>,
    /// Group counters that changed since the last tick.
    counters_changed: BTreeSet<String>,
    tick_ms: u32,
    /// Monotonic milliseconds.
    next_tick_ms: u64,
    /// Connections of guests.
    guests: u32,
    sent: recall::SentMessages,
    members: HashMap<ConnectionId, Member>,
    /// The online count is the number of accounts.
    accounts: Seats,
    absences: Absences,
    tips: Tips,
    shown_online: ShownOnline,
    /// `None` when somebody has come in since: they may have been told an older number.
    announced_online: Option<u32>,
}

/// A message of the short history.
struct Recent {
    seq: u32,
    /// Unix seconds.
    time_s: u32,
    /// As it went out, or as it was changed since.
    json: Bytes,
}

struct Member {
    visitor: Visitor,
    outbox: Arc<Outbox>,
    on_web: bool,
    /// It may ask for messages after this number.
    since_seq: u32,
}

impl Member {
    /// `None` for a guest.
    fn account(&self) -> Option<&UserId> {
        self.visitor.account()
    }
}

/// A connection that comes in.
pub(crate) struct Arrival<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) visitor: &'a Visitor,
    pub(crate) outbox: &'a Arc<Outbox>,
    pub(crate) platform: Platform,
    pub(crate) request_id: u32,
    pub(crate) after_seq: Option<u32>,
    /// Newest messages that a newcomer is shown.
    pub(crate) join_messages: usize,
    /// End of the account's mute in all groups, in Unix seconds.
    pub(crate) muted_everywhere_until: u32,
    /// Unix seconds.
    pub(crate) now_s: u32,
}

/// How an account stood to the room when a connection of it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// It was not in the room, and has not just lost its connection to it. A guest never is new.
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

/// Who is in the room and how far its messages are, at one moment.
pub(crate) struct RoomSummary {
    /// Accounts.
    pub(crate) online: u32,
    /// Connections of guests.
    pub(crate) guests: u32,
    pub(crate) next_seq: u32,
    /// Unix seconds; 0 when nothing was said since the room came into memory.
    pub(crate) last_message_time_s: u32,
}

impl Room {
    /// `incarnation` is unique while the service runs, also among rooms with the same group id.
    pub(crate) fn new(
        incarnation: u64,
        group: StoredGroup,
        owner_nick: String,
        counters: Arc<MessageCounters>,
    ) -> Self {
        Self {
            incarnation,
            speech: rules::Speech::of(&group),
            state: Mutex::new(State::new(incarnation, group, owner_nick, counters)),
            broken: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            wake: Notify::new(),
            changing: tokio::sync::Mutex::new(()),
        }
    }

    fn wake(&self) {
        self.wake.notify_one();
    }

    /// Resolves when the room's loop has something to do.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// A state that a panic has left half changed is marked, and the room's loop makes it anew before
    /// its next step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            self.state.clear_poison();
            self.broken.store(true, Ordering::Release);
            self.wake();
            poisoned.into_inner()
        })
    }

    pub(crate) fn incarnation(&self) -> u64 {
        self.incarnation
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
        self.speech.apply(changes);
        let mut state = self.lock();
        for change in changes {
            state.group.apply(change, now_s);
        }
    }

    pub(crate) fn summary(&self) -> RoomSummary {
        let state = self.lock();
        RoomSummary {
            online: state.online(),
            guests: state.guests,
            next_seq: state.last_seq.saturating_add(1),
            last_message_time_s: state.last_message_time_s,
        }
    }

    /// Lets a connection in and puts `JoinOk` into its outbox before any later frame of the room. The
    /// state is locked for as long as it takes to look; the answer is put together and written
    /// afterwards, and the frames of the room wait for it in the outbox.
    /// A group that stores its members lets only those in, and nobody lets in whom it bans.
    /// `view` tells what the account sees of the group.
    pub(crate) fn join(
        &self,
        arrival: Arrival<'_>,
        view: impl FnOnce(&StoredGroup) -> View,
    ) -> Result<Entry, Barred> {
        let Arrival { connection, visitor, outbox, now_s, .. } = arrival;
        let held = outbox.hold();
        let mut state = self.lock();
        if state.dismissed {
            return Err(Barred::Dismissed);
        }
        let account = visitor.account();
        if account.is_some_and(|user_id| state.bans(user_id, now_s)) {
            return Err(Barred::Banned);
        }
        if !state.admits(visitor) {
            return Err(Barred::NoMember);
        }
        let stores_members = state.group.group_type != GroupType::AVChatRoom;
        // Who comes in twice may not ask for more than before.
        let before = state.members.get(&connection).filter(|_| !stores_members);
        let since_before = before.map(|member| member.since_seq);
        let absence = account.and_then(|user_id| state.absences.end(user_id));
        let first = state.enter(connection, visitor, outbox, arrival.platform, now_s);
        // Whoever comes anew to an AVChatRoom sees what is said from now on, and the newest messages
        // as far as the application shows them.
        let was_here = stores_members || absence.is_some() || !first;
        let missed =
            arrival.after_seq.filter(|_| was_here).map(|seq| seq.max(since_before.unwrap_or(0)));
        let mut caught_up = match missed {
            Some(seq) => state.caught_up(seq, None, now_s),
            None => state.newest(arrival.join_messages, now_s),
        };
        let since = caught_up.first_seq.map_or(state.delivered_seq, |first| first - 1);
        if missed.is_none() {
            // Whoever names a number expects to hear whether that was all.
            caught_up.complete = arrival.after_seq.is_none_or(|after| after >= since);
        } else if missed > arrival.after_seq {
            caught_up.complete = false;
        }
        if let Some(member) = state.members.get_mut(&connection) {
            member.since_seq = since_before.or(missed).unwrap_or(since);
        }
        let muted_here = account.and_then(|user_id| state.group.mutes.get(user_id.as_str()));
        let muted_here = muted_here.copied().unwrap_or(0);
        let muted_until = muted_here.max(arrival.muted_everywhere_until);
        let View { custom_fields, role, rules } = view(&state.group);
        let snapshot = RoomSnapshot {
            id: arrival.request_id,
            group: state.profile(custom_fields),
            online: state.online(),
            last_seq: state.last_seq,
            complete: caught_up.complete,
            messages: Vec::new(),
            attributes: state.group.attributes.clone(),
            counters: state.group.counters.clone(),
            muted_until_s: if muted_until > now_s { muted_until } else { 0 },
            mute_all: state.group.mute_all,
            role,
            rules,
            time_s: now_s,
        };
        drop(state);
        let answer = ServerFrame::JoinOk(Box::new(snapshot));
        held.answer(encode_with(&answer, &caught_up.messages));
        Ok(Entry {
            is_new: account.is_some() && first && absence.is_none(),
            was_offline: absence == Some(true),
        })
    }

    pub(crate) fn has(&self, connection: ConnectionId) -> bool {
        self.lock().members.contains_key(&connection)
    }

    /// Whether an account is in the room with a connection, or lost its last one only just now.
    pub(crate) fn has_account(&self, user_id: &UserId) -> bool {
        self.lock().accounts.is_present(user_id)
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
    /// absent from an AVChatRoom from now on and keeps its seat for the grace time; other groups
    /// know their members by heart.
    pub(crate) fn drop_connection(&self, connection: ConnectionId, now_s: u32) {
        let mut state = self.lock();
        let Some((Visitor::Account(user_id), true)) = state.disconnect(connection) else { return };
        if state.is_live_room() && state.absences.begin(&user_id, now_s) {
            state.accounts.hold(&user_id);
        } else {
            state.unseat(&user_id);
        }
    }

    /// Highest number that was really given out.
    pub(crate) fn last_seq(&self) -> u32 {
        self.lock().last_seq
    }

    /// What was claimed and what of it was used, if there is a difference; from now on the room
    /// has no number that is not used. A message that comes later has to claim again. A room that is
    /// dismissed has none to give, and one that is broken does not know what it has used. The caller
    /// holds `changing` until the numbers are stored.
    pub(crate) fn give_numbers_back(&self) -> Option<(u32, u32)> {
        let mut state = self.lock();
        if state.dismissed || self.is_broken() {
            return None;
        }
        let (reserved, used) = (state.seq_reserved, state.last_seq);
        state.seq_reserved = used;
        (reserved > used).then_some((reserved, used))
    }

    /// Ends the room: members are told and taken out, later calls find it dismissed.
    pub(crate) fn dismiss(&self, operator: &str) {
        let mut state = self.lock();
        state.dismissed = true;
        let group_id = state.group.group_id.clone();
        let frame = ServerFrame::GroupDismissed { group_id, operator: operator.to_owned() };
        let audience = state.audience(&To::All);
        state.outgoing.clear();
        self.wake();
        state.give_up(|| Verdict::Dismissed);
        state.members.clear();
        state.guests = 0;
        state.audience = None;
        state.accounts = Seats::default();
        state.absences = Absences::default();
        state.tips = Tips::default();
        state.recent.clear();
        state.sent = recall::SentMessages::default();
        drop(state);
        // Not with the room's loop but before this returns: a group that is made again under this id
        // answers who joins it by itself.
        let frame = encode(&frame);
        for reader in audience.iter() {
            reader.outbox.control_frame(frame.clone());
        }
    }

    /// The room's loop has ended: what waits for it is answered now, and what comes later at once.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.give_up(|| Verdict::Stopped);
    }

    /// Lets go of messages that nobody can catch up any more, and of those that were sent more than
    /// `sent_s` seconds ago.
    pub(crate) fn forget_old(&self, sent_s: u32, now_s: u32) {
        let mut state = self.lock();
        let oldest = now_s.saturating_sub(CATCH_UP_AGE_S);
        while state.recent.front().is_some_and(|recent| recent.time_s < oldest)
            && let Some(forgotten) = state.recent.pop_front()
        {
            state.forgotten_seq = forgotten.seq;
        }
        give_back(&mut state.recent);
        state.sent.forget(now_s.saturating_sub(sent_s));
    }

    /// Tells the members who came and went, and the online count unless all of them have been told
    /// this one.
    pub(crate) fn announce(&self, pace: Pace) {
        let mut state = self.lock();
        state.end_robots(pace.now_s);
        state.tell_tips(pace);
        let count = state.online();
        if state.announced_online != Some(count) {
            state.announced_online = Some(count);
            let group_id = state.group.group_id.clone();
            state.tell_newest(&ServerFrame::Online { group_id, count });
        }
        let silent = state.outgoing.is_empty();
        drop(state);
        if !silent {
            self.wake();
        }
    }
}

impl State {
    fn new(
        seed: u64,
        group: StoredGroup,
        owner_nick: String,
        counters: Arc<MessageCounters>,
    ) -> Self {
        // Numbers up to the reserved one may have been used before a crash; go on above them.
        let last_seq = group.seq_reserved;
        Self {
            seq_reserved: last_seq,
            last_seq,
            numbers_again_ms: None,
            delivered_seq: last_seq,
            forgotten_seq: last_seq,
            policy: Policy::new(seed),
            source: Source {
                group_id: group.group_id.as_str().into(),
                missed: Arc::new(MissedCopies::new(Arc::clone(&counters))),
            },
            figures: Figures::new(counters),
            told_figures: None,
            audience: None,
            outgoing: Vec::new(),
            counters_changed: BTreeSet::new(),
            tick_ms: 0,
            next_tick_ms: 0,
            guests: 0,
            group,
            owner_nick,
            dismissed: false,
            stopped: false,
            last_message_time_s: 0,
            recent: VecDeque::new(),
            sent: recall::SentMessages::default(),
            members: HashMap::new(),
            accounts: Seats::default(),
            absences: Absences::default(),
            tips: Tips::default(),
            shown_online: ShownOnline::default(),
            announced_online: None,
        }
    }

    fn bans(&self, user_id: &UserId, now_s: u32) -> bool {
        self.group.bans.get(user_id.as_str()).is_some_and(|ban| ban.until > now_s)
    }

    /// As [`Room::leave`]; no connection of a guest is the last of an account.
    fn leave(&mut self, connection: ConnectionId) -> Option<bool> {
        let (visitor, last) = self.disconnect(connection)?;
        if let Visitor::Account(user_id) = &visitor
            && last
        {
            self.unseat(user_id);
        }
        Some(last)
    }

    /// Takes a connection out and leaves it open what becomes of its account's seat. Gives whose it
    /// was, and whether it was the last one of an account.
    fn disconnect(&mut self, connection: ConnectionId) -> Option<(Visitor, bool)> {
        let member = self.members.remove(&connection)?;
        self.audience = None;
        let last = match member.account() {
            Some(user_id) => self.accounts.disconnect(user_id),
            None => {
                self.guests = self.guests.saturating_sub(1);
                false
            }
        };
        Some((member.visitor, last))
    }
}

/// Gives memory back that a queue has no use for any more, seldom enough to cost nothing.
fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > 16 && queue.len() < queue.capacity() / 4 {
        queue.shrink_to(queue.len() * 2);
    }
}

#[cfg(test)]
mod coming_and_going;
#[cfg(test)]
mod tests;
