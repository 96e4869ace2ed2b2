//! The room: its profile, who is in it, what was said, and the own comments on their way.
//!
//! Pure: frames and the user's wishes go in, [`Change`]s come out. Times (`now`) are durations
//! since an arbitrary fixed moment; `unix_ms` is the wall clock in Unix milliseconds and is used
//! for nothing but the time shown beside an own row that the service has not stamped yet.
//!
//! A message is shown once. What the service numbered is told apart by its number; own comments
//! are told apart by the client id as well, since their row is there before they have a number.

mod numbers;
mod own_comments;

use chat_types::element::readable_text;
use chat_types::gateway::{ClientFrame, InfoChange, Message};
use chat_types::group::{CustomFields, GroupProfile};
use chat_types::{ApiError, Code};
use std::time::Duration;

use self::numbers::{Numbers, Since};
use crate::chat_log::{ChatLog, Line};
use crate::danmaku_queue::Comment;
use crate::outbox::Outbox;
use crate::product_slot::ProductSlot;
use crate::request::RequestNumbers;
use crate::view::{ChatRow, Priority, ProductView, RoomView, RowState};

/// Longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 500;

/// Custom fields that are kept. A further one is ignored: applications have at most ten.
const MOST_FIELDS: usize = 64;

/// What became different, for the user interface, the danmaku queue and the transport.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Profile(RoomView),
    Dismissed,
    Online(u32),
    /// `None` when the slot is empty now.
    Product(Option<ProductView>),
    Row(ChatRow),
    /// A comment that may fly over the picture.
    Comment(Comment),
    Send(ClientFrame),
}

/// What the join answer holds.
#[derive(Debug, Clone)]
pub struct Joined {
    pub group: GroupProfile,
    pub online: u32,
    pub last_seq: u32,
    pub messages: Vec<Message>,
}

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
    log: ChatLog,
    outbox: Outbox,
    seen: Numbers,
    /// The room is gone.
    dismissed: bool,
    /// Counts the times the service began its numbers anew, to keep keys of rows apart.
    numbering: u32,
    missed: u64,
}

impl Room {
    pub fn new(group_id: &str, user_id: &str) -> Self {
        Self {
            group_id: group_id.to_owned(),
            user_id: user_id.to_owned(),
            name: user_id.to_owned(),
            standing: Standing::Away,
            profile: empty_profile(),
            member: false,
            online: 0,
            slot: ProductSlot::default(),
            log: ChatLog::default(),
            outbox: Outbox::default(),
            seen: Numbers::default(),
            dismissed: false,
            numbering: 0,
            missed: 0,
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
        }
    }

    pub fn online(&self) -> u32 {
        self.online
    }

    pub fn product(&self) -> Option<&ProductView> {
        self.slot.shown()
    }

    pub fn log(&self) -> &ChatLog {
        &self.log
    }

    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Whether the room is gone.
    pub fn is_dismissed(&self) -> bool {
        self.dismissed
    }

    /// Messages that were sent while this client was away and that the room's catch-up window did
    /// not have any more. At most so many: a crash of the service skips numbers, which look like
    /// missed messages from here, and so does an own message whose answer was lost.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// For the `join` frame: the number of the newest message seen.
    pub fn after_seq(&self) -> Option<u32> {
        self.seen.last()
    }

    /// The login succeeded, and the room is asked for.
    pub fn signed_in(&mut self, user_id: String, nick: String) {
        self.name = if nick.is_empty() { user_id.clone() } else { nick };
        self.user_id = user_id;
        self.standing = Standing::AtTheDoor;
    }

    /// The room let this client in. What it catches up becomes rows and does not fly any more:
    /// it is as old as the connection was away. Then everything unanswered is sent again.
    pub fn joined(
        &mut self,
        joined: Joined,
        now: Duration,
        numbers: &mut RequestNumbers,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        self.standing = Standing::In;
        self.member = true;
        self.dismissed = false;
        self.profile = joined.group;
        changes.push(Change::Profile(self.view()));
        self.online = joined.online;
        changes.push(Change::Online(self.online));
        self.follow_product(&mut changes);

        let first = joined.messages.first().map(|message| message.seq);
        match self.seen.joined(first, joined.last_seq) {
            Since::Anew => self.numbering += 1,
            Since::Missed(count) => self.missed += u64::from(count),
        }
        for message in joined.messages {
            self.accept(message, false, &mut changes);
        }
        self.seen.reach(joined.last_seq);
        self.send_waiting(now, numbers, &mut changes);
        changes
    }

    /// The room did not let this client in.
    pub fn join_refused(&mut self, error: ApiError) -> Vec<Change> {
        if [Code::GROUP_ABSENT, Code::GROUP_ID_INVALID].contains(&error.code) {
            return self.gone(error);
        }
        self.shut_out(error)
    }

    pub fn dismissed(&mut self) -> Vec<Change> {
        self.gone(ApiError::new(Code::GROUP_ABSENT, "the room was dismissed"))
    }

    /// The connection is gone and will be back: comments on their way wait for it.
    pub fn connection_lost(&mut self) {
        self.standing = Standing::Away;
        self.outbox.connection_lost();
    }

    pub fn messages(&mut self, messages: Vec<Message>) -> Vec<Change> {
        let mut changes = Vec::new();
        for message in messages {
            self.accept(message, true, &mut changes);
        }
        changes
    }

    pub fn online_changed(&mut self, count: u32) -> Vec<Change> {
        if self.online == count {
            return Vec::new();
        }
        self.online = count;
        vec![Change::Online(count)]
    }

    pub fn info_changed(&mut self, changed: Vec<InfoChange>) -> Vec<Change> {
        let before = self.view();
        for change in changed {
            match change {
                InfoChange::Name { value } => self.profile.name = value,
                InfoChange::Introduction { value } => self.profile.introduction = value,
                InfoChange::Notification { value } => self.profile.notification = value,
                InfoChange::FaceUrl { value } => self.profile.face_url = value,
                InfoChange::Owner { value } => {
                    self.profile.owner = value;
                    self.profile.owner_nick.clear();
                }
                // The room refuses by itself what may not be said.
                InfoChange::MuteAll { .. } | InfoChange::ApplyJoinOption { .. } => {}
                InfoChange::Custom { key, value } => {
                    set_field(&mut self.profile.custom_fields, key, value);
                }
            }
        }
        let mut changes = Vec::new();
        let after = self.view();
        if after != before {
            changes.push(Change::Profile(after));
        }
        self.follow_product(&mut changes);
        changes
    }

    fn accept(&mut self, message: Message, flies: bool, changes: &mut Vec<Change>) {
        let own = message.from == self.user_id;
        let acknowledged = own && self.seen.is_acknowledged(message.seq);
        // What was acknowledged has its row, or had it for as long as the log keeps rows.
        if !self.seen.take(message.seq) || acknowledged {
            return;
        }
        let has_client_id = own && !message.client_id.is_empty();
        if has_client_id {
            self.outbox.arrived(&message.client_id);
            if self.log.contains(&message.client_id) {
                changes.extend(self.confirm(&message.client_id, message.seq, message.time_s));
                return;
            }
        }
        let text = readable_text(&message.elements);
        if text.trim().is_empty() {
            return;
        }
        // The client id of somebody else is no key: two people may have chosen the same.
        let key = if has_client_id {
            message.client_id
        } else {
            format!("{}:{}", self.numbering, message.seq)
        };
        let name = if message.nick.is_empty() { message.from.clone() } else { message.nick };
        let row = ChatRow {
            key,
            seq: message.seq,
            user_id: message.from,
            name,
            text,
            own,
            time_ms: unix_ms(message.time_s),
            state: RowState::Sent,
            code: 0,
            reason: String::new(),
        };
        changes.push(Change::Row(row.clone()));
        if flies {
            changes.push(Change::Comment(comment_of(&row, message.priority.into())));
        }
        self.log.append(Line::new(row, flies));
    }

    fn shut_out(&mut self, error: ApiError) -> Vec<Change> {
        self.member = false;
        let mut changes = vec![Change::Profile(self.view())];
        changes.extend(self.fail_all(&error));
        self.standing = Standing::Out(error);
        changes
    }

    fn gone(&mut self, error: ApiError) -> Vec<Change> {
        self.dismissed = true;
        let mut changes = self.shut_out(error);
        changes.push(Change::Dismissed);
        changes.extend(self.online_changed(0));
        self.profile.custom_fields.clear();
        self.follow_product(&mut changes);
        changes
    }

    fn follow_product(&mut self, changes: &mut Vec<Change>) {
        if self.slot.follow(&self.profile.custom_fields) {
            changes.push(Change::Product(self.slot.shown().cloned()));
        }
    }
}

fn empty_profile() -> GroupProfile {
    GroupProfile {
        group_id: String::new(),
        group_type: String::new(),
        name: String::new(),
        introduction: String::new(),
        notification: String::new(),
        face_url: String::new(),
        owner: String::new(),
        owner_nick: String::new(),
        custom_fields: CustomFields::new(),
    }
}

fn set_field(fields: &mut CustomFields, key: String, value: String) {
    if value.is_empty() {
        fields.remove(&key);
    } else if fields.len() < MOST_FIELDS || fields.contains_key(&key) {
        fields.insert(key, value);
    }
}

fn comment_of(row: &ChatRow, priority: Priority) -> Comment {
    Comment {
        key: row.key.clone(),
        user_id: row.user_id.clone(),
        name: row.name.clone(),
        text: row.text.clone(),
        own: row.own,
        priority,
    }
}

fn unix_ms(time_s: u32) -> f64 {
    f64::from(time_s) * 1_000.0
}
