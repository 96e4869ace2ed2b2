//! The room: its profile, who is in it, what was said, and the own comments on their way.
//!
//! Pure: frames and the user's wishes go in, [`Effect`]s come out. Times (`now`) are durations
//! since an arbitrary fixed moment; `unix_ms` is the service's clock in Unix milliseconds, as far
//! as it is known, and is used for nothing but the time shown beside an own row that the service has
//! not stamped yet.
//!
//! A message is shown once. What the service numbered is told apart by its number; own comments
//! are told apart by the client id as well, since their row is there before they have a number.

mod business;
mod details;
mod events;
mod frames;
mod message_ids;
mod messages;
mod numbers;
mod own_comments;
mod passers;
mod repair;
mod speech;

use chat_types::gateway::RoomSnapshot;
use chat_types::group::{CustomFields, GroupProfile};
use chat_types::{ApiError, Code};
use std::collections::VecDeque;
use std::time::Duration;

use self::business::Parts;
use self::message_ids::MessageIds;
use self::messages::Flies;
use self::numbers::Numbers;
use self::passers::Passers;
use self::repair::Repair;
use self::speech::{ServiceClock, Speech};
use crate::chat_log::ChatLog;
use crate::effect::Effect;
use crate::gift_board::GiftBoard;
use crate::like_throttle::LikeThrottle;
use crate::outbox::Outbox;
use crate::product_slot::ProductSlot;
use crate::request::RequestNumbers;
use crate::view::{AbsenceView, RoomEvent, RoomView};

pub use details::RoomDetails;
pub use messages::FLIES_WITHIN;
pub use repair::{ANSWER_WITHIN, ASK_EVERY, MOST_ATTEMPTS};

/// Longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 500;

/// Custom fields that are kept. A further one is ignored: applications have at most ten.
const MOST_FIELDS: usize = 64;

/// Where this client stands to the room.
#[derive(Debug)]
enum Standing {
    /// No connection.
    Away,
    /// Signed in, and not yet told whether the room lets it in.
    AtTheDoor,
    In,
    /// The room is gone or does not let this client in.
    Out(ApiError),
}

#[derive(Debug)]
pub struct Room {
    group_id: String,
    user_id: String,
    /// Own nickname, or the account id.
    name: String,
    standing: Standing,
    profile: GroupProfile,
    member: bool,
    online: u32,
    slot: ProductSlot,
    parts: Parts,
    log: ChatLog,
    outbox: Outbox,
    seen: Numbers,
    ids: MessageIds,
    repair: Repair,
    speech: Speech,
    clock: ServiceClock,
    passers: Passers,
    details: RoomDetails,
    /// Numbers of the broadcasts that were shown last.
    broadcasts: VecDeque<u32>,
    absence: AbsenceView,
    /// Counts the times the service began its numbers anew, to keep keys of rows apart.
    numbering: u32,
    told_missed: u64,
}

impl Room {
    pub fn new(group_id: &str, user_id: &str) -> Self {
        Self {
            group_id: group_id.to_owned(),
            user_id: user_id.to_owned(),
            name: user_id.to_owned(),
            standing: Standing::Away,
            profile: GroupProfile::default(),
            member: false,
            online: 0,
            slot: ProductSlot::default(),
            parts: Parts::default(),
            log: ChatLog::default(),
            outbox: Outbox::default(),
            seen: Numbers::default(),
            ids: MessageIds::default(),
            repair: Repair::default(),
            speech: Speech::default(),
            clock: ServiceClock::default(),
            passers: Passers::default(),
            details: RoomDetails::default(),
            broadcasts: VecDeque::new(),
            absence: AbsenceView::None,
            numbering: 0,
            told_missed: 0,
        }
    }

    pub fn group_id(&self) -> &str {
        &self.group_id
    }

    pub fn view(&self) -> RoomView {
        let profile = &self.profile;
        let host = if profile.owner_nick.is_empty() { &profile.owner } else { &profile.owner_nick };
        RoomView {
            group_id: self.group_id.clone(),
            name: profile.name.clone(),
            host: host.clone(),
            introduction: profile.introduction.clone(),
            notification: profile.notification.clone(),
            member: self.member,
            absence: self.absence.clone(),
            role: self.speech.role.into(),
            rules: self.details.rules.into(),
        }
    }

    /// Everything but the chat, for somebody who knows nothing yet.
    pub fn snapshot(&self, now: Duration) -> Vec<RoomEvent> {
        let mut events = vec![
            self.room_event(),
            self.online_event(),
            self.product_event(),
            self.speech_event(now),
            self.missed_event(),
            self.passers_event(),
            self.attributes_event(),
            self.counters_event(),
        ];
        self.parts.tell_all(&mut events);
        events
    }

    pub fn details(&self) -> RoomDetails {
        RoomDetails {
            role: self.speech.role,
            muted_until_s: self.speech.muted_until_s(),
            mute_all: self.speech.mute_all,
            ..self.details.clone()
        }
    }

    pub fn log(&self) -> &ChatLog {
        &self.log
    }

    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub fn gifts(&self) -> &GiftBoard {
        &self.parts.gifts
    }

    pub fn own_likes(&self) -> &LikeThrottle {
        &self.parts.own_likes
    }

    /// Business messages that were not believed, because the shop's own server did not send them.
    pub fn forged(&self) -> u64 {
        self.parts.forged()
    }

    /// Whether the room has let this client in on this connection.
    pub fn is_inside(&self) -> bool {
        matches!(self.standing, Standing::In)
    }

    /// The service's clock, since the start of the Unix second zero, to within a second. `None` while
    /// it is not known.
    pub fn service_time(&self, now: Duration) -> Option<Duration> {
        self.clock.now(now)
    }

    /// Messages that neither the room nor its short history will bring any more. At most so many:
    /// some of their numbers may never have existed.
    pub fn missed(&self) -> u64 {
        self.seen.lost()
    }

    /// For the `join` frame: the number of the newest message up to which nothing is missing.
    pub fn after_seq(&self) -> Option<u32> {
        self.seen.contiguous()
    }

    /// When [`Room::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        let repair = if self.is_inside() { self.repair.due(&self.seen) } else { None };
        let parts = self.parts.due(self.is_inside());
        [self.outbox.due(), self.speech.due(), repair, parts].into_iter().flatten().min()
    }

    /// The login succeeded, and the room is asked for.
    pub fn signed_in(&mut self, user_id: String, nick: String) {
        self.name = if nick.is_empty() { user_id.clone() } else { nick };
        self.user_id = user_id;
        self.standing = Standing::AtTheDoor;
    }

    /// The room let this client in, and here is all of it. The messages that it brings become rows
    /// and do not fly: they are as old as the connection was away. Then everything unanswered is
    /// sent again.
    pub fn joined(
        &mut self,
        snapshot: RoomSnapshot,
        now: Duration,
        numbers: &mut RequestNumbers,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        // Within a connection an answer may be older than the newest message; after one it is not.
        let came_back = !self.is_inside();
        self.standing = Standing::In;
        self.member = true;
        self.absence = AbsenceView::None;
        self.profile = snapshot.group;
        self.clock.set(snapshot.time_s, now);
        self.speech.mute_all = snapshot.mute_all;
        self.speech.muted(snapshot.muted_until_s, self.clock, now);
        self.details.rules = snapshot.rules;
        self.takes_role(snapshot.role, now);
        self.details.attributes = snapshot.attributes;
        self.details.counters.clear();
        snapshot.counters.into_iter().for_each(|(key, value)| self.details.count(key, value));
        if came_back {
            self.details.marks.clear();
            self.passers = Passers::default();
            effects.push(self.passers_event().into());
        }
        effects.push(self.room_event().into());
        effects.push(self.attributes_event().into());
        effects.push(self.counters_event().into());
        self.online = snapshot.online;
        effects.push(self.online_event().into());
        self.follow_product(&mut effects);
        self.follow_like_counter();
        self.follow_live_status(came_back, now);
        self.follow_speech(now, &mut effects);

        let anew = came_back && self.seen.began_anew(snapshot.last_seq);
        if anew {
            self.seen.begin_anew();
            self.number_anew();
        }
        self.repair.forget();
        let first = snapshot.messages.first().map(|message| message.seq);
        // What there is of new numbers was not asked for, and a newcomer has missed nothing.
        let complete = snapshot.complete || anew || self.after_seq().is_none();
        if self.after_seq().is_some() {
            self.seen.reached(snapshot.last_seq);
        }
        for message in snapshot.messages {
            self.accept(message, Flies::Never, now, &mut effects);
        }
        self.seen.reached(snapshot.last_seq);
        self.close_answered(0, u32::MAX, first, complete);
        self.tell_missed(&mut effects);
        self.ask_for_missing(now, numbers, &mut effects);
        self.send_waiting(now, numbers, &mut effects);
        self.send_likes(now, numbers, &mut effects);
        self.follow_parts(&mut effects);
        effects
    }

    /// The room did not let this client in.
    pub fn join_refused(&mut self, error: ApiError) -> Vec<Effect> {
        if [Code::GROUP_ABSENT, Code::GROUP_ID_INVALID].contains(&error.code) {
            return self.gone(error);
        }
        let absence = AbsenceView::Refused { code: error.code.0, info: error.info.clone() };
        self.shut_out(error, absence)
    }

    /// The room is gone. One that is made under the same name later is another room.
    pub fn dismissed(&mut self) -> Vec<Effect> {
        self.seen.forget_room();
        self.number_anew();
        self.gone(ApiError::new(Code::GROUP_ABSENT, "the room was dismissed"))
    }

    /// The connection is gone and will be back: comments on their way wait for it.
    pub fn connection_lost(&mut self) {
        self.standing = Standing::Away;
        self.outbox.connection_lost();
        self.parts.own_likes.connection_lost();
        self.repair.forget();
    }

    pub fn online_changed(&mut self, count: u32) -> Vec<Effect> {
        if self.online == count {
            return Vec::new();
        }
        self.online = count;
        vec![self.online_event().into()]
    }

    /// Whether the account may speak, as of now.
    pub fn speech_event(&self, now: Duration) -> RoomEvent {
        RoomEvent::Speech { speech: self.speech.view(now) }
    }

    fn room_event(&self) -> RoomEvent {
        RoomEvent::Room { room: self.view() }
    }

    fn online_event(&self) -> RoomEvent {
        RoomEvent::Online { count: self.online }
    }

    fn product_event(&self) -> RoomEvent {
        RoomEvent::Product { product: self.slot.shown().cloned().unwrap_or_default() }
    }

    fn missed_event(&self) -> RoomEvent {
        RoomEvent::Missed { count: u32::try_from(self.missed()).unwrap_or(u32::MAX) }
    }

    fn passers_event(&self) -> RoomEvent {
        RoomEvent::Passers { passers: self.passers.view().clone() }
    }

    fn attributes_event(&self) -> RoomEvent {
        RoomEvent::Attributes { attributes: self.details.attributes.clone() }
    }

    fn counters_event(&self) -> RoomEvent {
        RoomEvent::Counters { counters: self.details.counters_view() }
    }

    fn number_anew(&mut self) {
        self.numbering += 1;
        self.log.number_anew();
    }

    fn follow_speech(&mut self, now: Duration, effects: &mut Vec<Effect>) {
        let news = self.speech.news(now);
        effects.extend(news.map(|speech| RoomEvent::Speech { speech }.into()));
    }

    fn shut_out(&mut self, error: ApiError, absence: AbsenceView) -> Vec<Effect> {
        self.member = false;
        self.absence = absence;
        let mut effects = vec![self.room_event().into()];
        effects.extend(self.fail_all(&error));
        self.parts.own_likes.give_up();
        self.follow_parts(&mut effects);
        self.standing = Standing::Out(error);
        effects
    }

    fn gone(&mut self, error: ApiError) -> Vec<Effect> {
        let mut effects = self.shut_out(error, AbsenceView::Dismissed);
        effects.extend(self.online_changed(0));
        self.profile.custom_fields.clear();
        self.follow_product(&mut effects);
        self.parts.clear();
        self.follow_parts(&mut effects);
        effects
    }

    fn follow_product(&mut self, effects: &mut Vec<Effect>) {
        if self.slot.follow(&self.profile.custom_fields) {
            effects.push(self.product_event().into());
        }
    }
}

fn set_field(fields: &mut CustomFields, key: String, value: String) {
    if value.is_empty() {
        fields.remove(&key);
    } else if fields.len() < MOST_FIELDS || fields.contains_key(&key) {
        fields.insert(key, value);
    }
}

fn unix_ms(time_s: u32) -> f64 {
    f64::from(time_s) * 1_000.0
}
