//! What happens in the room beside what is said.

use chat_types::business::BusinessMessage;
use chat_types::gateway::{InfoChange, Message, RemovedReason, RoomFigures, RoomRole, RoomRules};
use chat_types::{ApiError, Code};
use std::collections::BTreeMap;
use std::time::Duration;

use super::messages::Arrival;
use super::numbers::Taken;
use super::{Room, Standing, set_field};
use crate::effect::Effect;
use crate::view::{AbsenceView, RoomEvent, RowState};

/// Broadcasts that are remembered, so that none is shown twice.
const MOST_BROADCASTS: usize = 256;

impl Room {
    /// Messages were taken back. Those of others leave the chat; an own one stays and says so.
    pub fn recalled(&mut self, numbers: &[u32], reason: &str) -> Vec<Effect> {
        for number in numbers {
            self.seen.recalled(*number);
        }
        let keys = self.log.numbered(numbers);
        if keys.is_empty() {
            return Vec::new();
        }
        let mut effects = vec![Effect::Recall(keys.clone())];
        let mut gone = Vec::new();
        for key in keys {
            match self.log.get_mut(&key).filter(|line| line.row.own) {
                Some(own) => {
                    own.row.state = RowState::Recalled;
                    own.row.reason = reason.to_owned();
                    effects.push(Effect::row(own.row.clone()));
                }
                None => {
                    self.log.remove(&key);
                    gone.push(key);
                }
            }
        }
        if !gone.is_empty() {
            effects.push(RoomEvent::ChatRemoved { keys: gone }.into());
        }
        effects
    }

    /// A message to every room of the application: shown here once.
    pub fn broadcast(&mut self, message: Message, now: Duration) -> Vec<Effect> {
        if self.broadcasts.contains(&message.seq) {
            return Vec::new();
        }
        if self.broadcasts.len() >= MOST_BROADCASTS {
            self.broadcasts.pop_front();
        }
        self.broadcasts.push_back(message.seq);
        let key = format!("broadcast:{}", message.seq);
        let mut effects = Vec::new();
        // Its number is none of the room.
        let message = Message { seq: 0, ..message };
        if let Some(heard) = BusinessMessage::read(&message.elements) {
            let arrival = Arrival { taken: Taken::New, flies: true };
            self.business(heard, &message, arrival, now, &mut effects);
            self.follow_parts(&mut effects);
        } else if let Some((row, priority)) = self.row_of(message, key) {
            self.show(row, priority, &mut effects);
        }
        effects
    }

    pub fn info_changed(&mut self, changed: Vec<InfoChange>, now: Duration) -> Vec<Effect> {
        let (before, role) = (self.view(), self.speech.role);
        for change in changed {
            match change {
                InfoChange::Name { value } => self.profile.name = value,
                InfoChange::Introduction { value } => self.profile.introduction = value,
                InfoChange::Notification { value } => self.profile.notification = value,
                InfoChange::FaceUrl { value } => self.profile.face_url = value,
                InfoChange::Owner { value, nick } => {
                    self.owner_changed(&value, now);
                    self.profile.owner = value;
                    self.profile.owner_nick = nick;
                }
                InfoChange::MuteAll { on } => self.speech.mute_all = on,
                // How others come in is no news for who is in.
                InfoChange::ApplyJoinOption { .. } => {}
                InfoChange::Custom { key, value } => {
                    set_field(&mut self.profile.custom_fields, key, value);
                }
            }
        }
        let mut effects = Vec::new();
        let after = self.view();
        if after != before {
            effects.push(RoomEvent::Room { room: after }.into());
        }
        // An own new role opens or closes custom fields, which only another join tells.
        if self.speech.role != role {
            effects.push(Effect::Rejoin);
        }
        self.follow_product(&mut effects);
        self.follow_live_status(false, now);
        self.follow_parts(&mut effects);
        self.follow_speech(now, &mut effects);
        effects
    }

    /// An own new role opens or closes custom fields, which only another join tells.
    pub fn admin_changed(&mut self, user_id: &str, granted: bool, now: Duration) -> Vec<Effect> {
        let role = match self.speech.role {
            RoomRole::Member if granted && user_id == self.user_id => RoomRole::Admin,
            RoomRole::Admin if !granted && user_id == self.user_id => RoomRole::Member,
            _ => return Vec::new(),
        };
        self.takes_role(role, now);
        let mut effects = vec![self.room_event().into(), Effect::Rejoin];
        self.follow_speech(now, &mut effects);
        effects
    }

    pub fn muted(&mut self, until_s: u32, now: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.speech.muted(until_s, self.clock, now);
        self.follow_speech(now, &mut effects);
        effects
    }

    pub fn rules_changed(&mut self, rules: RoomRules, now: Duration) -> Vec<Effect> {
        if self.details.rules == rules {
            return Vec::new();
        }
        self.details.rules = rules;
        self.speech.keep_slow_mode_within(rules.slow_mode_s, now);
        let mut effects = vec![self.room_event().into()];
        self.follow_speech(now, &mut effects);
        effects
    }

    pub fn attributes_changed(&mut self, attributes: BTreeMap<String, String>) -> Vec<Effect> {
        self.details.attributes = attributes;
        vec![self.attributes_event().into()]
    }

    pub fn counter_changed(&mut self, key: String, value: i64) -> Vec<Effect> {
        self.details.count(key, value);
        let mut effects = vec![self.counters_event().into()];
        self.follow_like_counter();
        self.follow_parts(&mut effects);
        effects
    }

    pub fn figures(&mut self, figures: RoomFigures) {
        self.details.figures = Some(figures);
    }

    pub fn marked(&mut self, mark: u32, users: Vec<String>, on: bool) {
        self.details.marked(mark, users, on);
    }

    /// `more` accounts came beside those that are named.
    pub fn entered(&mut self, users: Vec<String>, more: u32) -> Vec<Effect> {
        self.passers.entered(users, more);
        vec![self.passers_event().into()]
    }

    pub fn left(&mut self, users: Vec<String>, more: u32) -> Vec<Effect> {
        self.passers.left(users, more);
        vec![self.passers_event().into()]
    }

    pub fn others_banned(&mut self, users: Vec<String>) -> Vec<Effect> {
        self.passers.banned(users);
        vec![self.passers_event().into()]
    }

    pub fn others_muted(&mut self, users: Vec<String>, until_s: u32) -> Vec<Effect> {
        self.passers.muted(users, until_s != 0);
        vec![self.passers_event().into()]
    }

    /// The account itself has another name: what it says from now on shows it.
    pub fn renamed(&mut self, user_id: &str, nick: String) {
        if user_id == self.user_id {
            self.name = if nick.is_empty() { self.user_id.clone() } else { nick };
        }
    }

    /// This connection is out of the room.
    pub fn removed(&mut self, reason: RemovedReason, until_s: u32, info: String) -> Vec<Effect> {
        let error = ApiError::new(Code::NO_PERMISSION, info.clone());
        let absence = match reason {
            RemovedReason::Banned => AbsenceView::Banned { until_s, info },
            RemovedReason::Kicked => AbsenceView::Kicked { info },
            RemovedReason::Elsewhere => AbsenceView::Elsewhere { info },
            RemovedReason::Left => AbsenceView::Left { info },
            RemovedReason::Other => AbsenceView::Other { info },
        };
        self.shut_out(error, absence)
    }

    /// The account may come back. Somebody who still looks at the room wants to.
    pub fn unbanned(&mut self) -> Vec<Effect> {
        let banned =
            matches!(self.absence, AbsenceView::Banned { .. } | AbsenceView::Refused { .. });
        if banned && matches!(self.standing, Standing::Out(_)) {
            self.standing = Standing::AtTheDoor;
            return vec![Effect::Rejoin];
        }
        Vec::new()
    }

    fn owner_changed(&mut self, owner: &str, now: Duration) {
        if owner == self.user_id {
            self.takes_role(RoomRole::Owner, now);
        } else if self.speech.role == RoomRole::Owner {
            self.takes_role(RoomRole::Member, now);
        }
    }

    /// A role has its own rules, and its own things to know.
    pub(super) fn takes_role(&mut self, role: RoomRole, now: Duration) {
        self.speech.role = role;
        self.speech.keep_slow_mode_within(self.details.rules.slow_mode_s, now);
        if !matches!(role, RoomRole::Owner | RoomRole::Admin) {
            self.details.figures = None;
        }
    }
}
