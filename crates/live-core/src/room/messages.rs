//! What is said in the room, and what of it was missed.

use chat_types::business::BusinessMessage;
use chat_types::element::readable_text;
use chat_types::gateway::{ClientFrame, Message, RoomMessages};
use std::time::Duration;

use super::numbers::Taken;
use super::repair::Ask;
use super::{Room, unix_ms};
use crate::chat_log::{Line, Place};
use crate::danmaku_queue::Comment;
use crate::effect::Effect;
use crate::request::RequestNumbers;
use crate::view::{ChatRow, Priority, RowKind, RowState};

/// A message that comes late flies all the same when it is not older, by the service's clock.
pub const FLIES_WITHIN: Duration = Duration::from_secs(2);

/// Whether a message flies over the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flies {
    Always,
    /// When it is at most [`FLIES_WITHIN`] old.
    Young,
    Never,
}

/// How a message came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) taken: Taken,
    /// Whether it is told as something that happens now.
    pub(super) flies: bool,
}

impl Room {
    /// Messages came. While the room has not let this client in they wait in its answer; nothing of
    /// a room is shown before the room itself.
    pub fn messages(
        &mut self,
        frame: RoomMessages,
        now: Duration,
        numbers: &mut RequestNumbers,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !self.is_inside() {
            return effects;
        }
        self.seen.reached(frame.after);
        let mut own = frame.own.into_iter().peekable();
        for message in frame.messages {
            while let Some(own) = own.next_if(|own| own.seq < message.seq) {
                effects.extend(self.own_went_out(own));
            }
            self.accept(message, Flies::Always, now, &mut effects);
        }
        for own in own {
            effects.extend(self.own_went_out(own));
        }
        self.follow_parts(&mut effects);
        self.tell_missed(&mut effects);
        self.ask_for_missing(now, numbers, &mut effects);
        effects
    }

    /// The gateway left messages out for this client.
    pub fn left_out(&mut self, now: Duration, numbers: &mut RequestNumbers) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.is_inside() {
            self.repair.end_is_missing();
            self.ask_for_missing(now, numbers, &mut effects);
        }
        effects
    }

    /// The answer to a question for missing messages.
    pub fn caught_up(
        &mut self,
        request: u32,
        messages: Vec<Message>,
        complete: bool,
        now: Duration,
        numbers: &mut RequestNumbers,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(ask) = self.repair.answered(request) else {
            return effects;
        };
        let first = messages.first().map(|message| message.seq);
        let last = ask.last(messages.last().map(|message| message.seq));
        self.seen.reached(last);
        for message in messages {
            self.accept(message, Flies::Young, now, &mut effects);
        }
        self.close_answered(ask.after, last, first, complete);
        self.follow_parts(&mut effects);
        self.tell_missed(&mut effects);
        self.ask_for_missing(now, numbers, &mut effects);
        effects
    }

    /// The gateway has answered what there is above `after` and up to `last`. When that is not
    /// complete, what is below its first message is asked for again: it may not have fitted in. An
    /// answer without a message says that it is gone.
    pub(super) fn close_answered(
        &mut self,
        after: u32,
        last: u32,
        first: Option<u32>,
        complete: bool,
    ) {
        let from = after.saturating_add(1);
        let first = first.filter(|first| (from..=last).contains(first));
        match first {
            _ if complete => {
                self.repair.is_complete();
                self.seen.close(from, last, false);
            }
            Some(first) => {
                self.seen.close(first, last, false);
                if !self.repair.goes_on() {
                    self.seen.close(from, first.saturating_sub(1), true);
                }
            }
            None => {
                self.repair.is_complete();
                self.seen.close(from, last, true);
            }
        }
    }

    /// Shows a message that was not had before.
    pub(super) fn accept(
        &mut self,
        message: Message,
        flies: Flies,
        now: Duration,
        to: &mut Vec<Effect>,
    ) {
        let taken = self.seen.take(message.seq);
        if taken == Taken::Again {
            return;
        }
        // A service that was restarted does not know what it had delivered before, and delivers it
        // again when its sender was not answered.
        if self.ids.is_known(&message.from, &message.client_id) {
            return;
        }
        let has_client_id = message.from == self.user_id && !message.client_id.is_empty();
        if has_client_id {
            self.outbox.arrived(&message.client_id);
            self.likes_arrived(&message.client_id);
            if self.log.contains(&message.client_id) {
                to.extend(self.confirm(&message.client_id, message.seq, message.time_s));
                return;
            }
        }
        let young = self.is_young(message.time_s, now);
        let flies = match flies {
            Flies::Always => taken == Taken::New || young,
            Flies::Young => young,
            Flies::Never => false,
        };
        if let Some(heard) = BusinessMessage::read(&message.elements) {
            self.business(heard, &message, Arrival { taken, flies }, now, to);
            return;
        }
        // The client id of somebody else is no key: two people may have chosen the same.
        let key = if has_client_id {
            message.client_id.clone()
        } else {
            format!("{}:{}", self.numbering, message.seq)
        };
        let Some((row, priority)) = self.row_of(message, key) else {
            return;
        };
        let comment = flies.then(|| comment_of(&row, priority));
        if self.place(row, taken, flies, to) {
            to.extend(comment.map(Effect::Fly));
        }
    }

    /// Puts a new row where its number says. False when it is older than all that is kept.
    pub(super) fn place(
        &mut self,
        row: ChatRow,
        taken: Taken,
        flown: bool,
        to: &mut Vec<Effect>,
    ) -> bool {
        let line = Line::new(row.clone(), flown);
        if taken == Taken::New {
            self.log.append(line);
            to.push(Effect::row(row));
            return true;
        }
        match self.log.insert(line) {
            Place::End => to.push(Effect::row(row)),
            Place::Before(next) => to.push(Effect::inserted(row, next)),
            Place::TooOld => return false,
        }
        true
    }

    /// `None` for a message that has nothing to read.
    pub(super) fn row_of(&self, message: Message, key: String) -> Option<(ChatRow, Priority)> {
        let text = readable_text(&message.elements);
        if text.trim().is_empty() {
            return None;
        }
        let name = if message.nick.is_empty() { message.from.clone() } else { message.nick };
        let row = ChatRow {
            key,
            kind: RowKind::Comment,
            seq: message.seq,
            own: message.from == self.user_id,
            user_id: message.from,
            name,
            text,
            time_ms: unix_ms(message.time_s),
            state: RowState::Sent,
            reached: 0,
            code: 0,
            reason: String::new(),
        };
        Some((row, message.priority.into()))
    }

    /// Appends a row that flies.
    pub(super) fn show(&mut self, row: ChatRow, priority: Priority, effects: &mut Vec<Effect>) {
        effects.push(Effect::row(row.clone()));
        effects.push(Effect::Fly(comment_of(&row, priority)));
        self.log.append(Line::new(row, true));
    }

    fn is_young(&self, time_s: u32, now: Duration) -> bool {
        let sent = Duration::from_secs(time_s.into());
        self.clock.now(now).is_some_and(|today| today.saturating_sub(sent) <= FLIES_WITHIN)
    }

    pub(super) fn ask_for_missing(
        &mut self,
        now: Duration,
        numbers: &mut RequestNumbers,
        effects: &mut Vec<Effect>,
    ) {
        if !self.is_inside() {
            return;
        }
        if let Some((id, ask)) = self.repair.next(&self.seen, now, || numbers.take()) {
            effects.push(Effect::Send(ClientFrame::CatchUp {
                id,
                group_id: self.group_id.clone(),
                after_seq: ask.after,
                before_seq: ask.before,
            }));
        }
    }

    pub(super) fn give_up_missing(&mut self, ask: Ask, effects: &mut Vec<Effect>) {
        self.seen.close(ask.after.saturating_add(1), ask.last(None), true);
        self.tell_missed(effects);
    }

    pub(super) fn tell_missed(&mut self, effects: &mut Vec<Effect>) {
        let missed = self.missed();
        if missed != self.told_missed {
            self.told_missed = missed;
            effects.push(self.missed_event().into());
        }
    }
}

pub(super) fn comment_of(row: &ChatRow, priority: Priority) -> Comment {
    Comment {
        key: row.key.clone(),
        user_id: row.user_id.clone(),
        name: row.name.clone(),
        text: row.text.clone(),
        own: row.own,
        priority,
    }
}
