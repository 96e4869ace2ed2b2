//! Own comments: from the first word to the service's answer.

use chat_types::gateway::{ClientFrame, Delivery, OwnMessage, RoomRole, SendOutcome};
use chat_types::{ApiError, Code, Element};
use rand::{Rng, RngExt};
use std::time::Duration;

use super::messages::comment_of;
use super::{MAX_COMMENT_CHARS, Room, Standing, unix_ms as to_unix_ms};
use crate::chat_log::Line;
use crate::effect::Effect;
use crate::outbox::{self, Sendings};
use crate::request::RequestNumbers;
use crate::view::{ChatRow, Priority, RowKind, RowState};

impl Room {
    /// The user says something. The row is there at once; its `state` tells what became of it.
    /// Gives the row's key.
    ///
    /// # Errors
    /// No row was made, and the text is still the caller's: 10004 for a comment without text,
    /// 80002 for one that is too long, 10023 when [`outbox::MOST`] are on their way already, and
    /// the room's own code (10010 and others) when it did not let this client in.
    pub fn submit(
        &mut self,
        text: &str,
        now: Duration,
        unix_ms: f64,
        rng: &mut impl Rng,
        numbers: &mut RequestNumbers,
    ) -> Result<(String, Vec<Effect>), ApiError> {
        let text = check_text(text)?;
        let key = client_id(rng);
        let (state, error) = match &self.standing {
            Standing::Out(error) => return Err(error.clone()),
            Standing::Away => (RowState::Failed, Some(not_online())),
            Standing::AtTheDoor | Standing::In => {
                if !self.outbox.put(&key, text, now + outbox::GIVE_UP_AFTER) {
                    return Err(outbox_full());
                }
                (RowState::Sending, None)
            }
        };
        let row = ChatRow {
            key: key.clone(),
            kind: RowKind::Comment,
            seq: 0,
            user_id: self.user_id.clone(),
            name: self.name.clone(),
            text: text.to_owned(),
            own: true,
            time_ms: unix_ms,
            state,
            reached: 0,
            code: error.as_ref().map_or(0, |error| error.code.0),
            reason: error.map_or_else(String::new, |error| error.info),
        };
        let mut effects = vec![Effect::row(row.clone())];
        let flown = state == RowState::Sending;
        if flown {
            effects.push(Effect::Fly(comment_of(&row, Priority::Normal)));
        }
        self.log.append(Line::new(row, flown));
        self.send_waiting(now, numbers, &mut effects);
        Ok((key, effects))
    }

    /// Sends a failed comment again, under the same client id for as long as the gateway is sure
    /// to know it, and then as a new message in the same row: the user wants it in the room. A
    /// comment that has not failed stays as it is.
    ///
    /// # Errors
    /// 10004 for a key that names no own comment; 10023 and the room's code as in
    /// [`Room::submit`]. The row stays failed.
    pub fn retry(
        &mut self,
        key: &str,
        now: Duration,
        rng: &mut impl Rng,
        numbers: &mut RequestNumbers,
    ) -> Result<Vec<Effect>, ApiError> {
        let Some(line) = self.log.get_mut(key).filter(|line| line.row.own) else {
            return Err(ApiError::bad_parameter("the key names no comment of yours"));
        };
        if line.row.state != RowState::Failed {
            return Ok(Vec::new());
        }
        match &self.standing {
            Standing::Out(error) => return Err(error.clone()),
            Standing::Away => return Ok(self.fail(key, &not_online()).into_iter().collect()),
            Standing::AtTheDoor | Standing::In => {}
        }
        let forgotten = line.sendings.give_up_at(now) <= now;
        let id = if forgotten { client_id(rng) } else { line.client_id().to_owned() };
        let give_up_at =
            if forgotten { now + outbox::GIVE_UP_AFTER } else { line.sendings.give_up_at(now) };
        if !self.outbox.put(&id, &line.row.text, give_up_at) {
            return Err(outbox_full());
        }
        if forgotten {
            line.sendings = Sendings::default();
        }
        line.row.state = RowState::Sending;
        line.row.code = 0;
        line.row.reason.clear();
        let mut effects = vec![Effect::row(line.row.clone())];
        if !line.flown {
            line.flown = true;
            effects.push(Effect::Fly(comment_of(&line.row, Priority::Normal)));
        }
        if forgotten {
            self.log.set_client_id(key, id);
        }
        self.send_waiting(now, numbers, &mut effects);
        Ok(effects)
    }

    /// The service took an own comment, or own likes. True even of one that had been given up as unanswered.
    /// Whether anybody saw it is another question, which the row answers.
    pub fn sent(&mut self, outcome: &SendOutcome, now: Duration) -> Vec<Effect> {
        let SendOutcome { client_id, seq, time_s, reached, .. } = outcome;
        let mut effects = Vec::new();
        self.outbox.arrived(client_id);
        self.likes_arrived(client_id);
        self.follow_parts(&mut effects);
        if outcome.delivery == Delivery::SampledOut {
            effects.extend(self.sampled_out(client_id, *time_s));
            return effects;
        }
        self.seen.acknowledged(*seq);
        effects.extend(self.confirm(client_id, *seq, *time_s));
        effects.extend(self.reached(client_id, *reached));
        let slow_mode = Duration::from_secs(self.details.rules.slow_mode_s.into());
        if !slow_mode.is_zero() && self.speech.role == RoomRole::Member {
            let left = slow_mode.saturating_sub(self.passed_since(*time_s, now));
            self.speech.has_to_wait(left, Code::SLOW_MODE.0, now);
            self.follow_speech(now, &mut effects);
        }
        effects
    }

    /// An own comment went out together with what others said, before or after its answer.
    pub(super) fn own_went_out(&mut self, own: OwnMessage) -> Option<Effect> {
        self.outbox.arrived(&own.client_id);
        self.likes_arrived(&own.client_id);
        // Its row is there already; only the number is news.
        let _ = self.seen.take(own.seq);
        self.confirm(&own.client_id, own.seq, own.time_s)
    }

    /// The gateway refused a request, which may or may not have carried an own comment, own likes
    /// or a question for missing messages.
    pub fn refused(
        &mut self,
        request: u32,
        error: &ApiError,
        retry_after_ms: Option<u32>,
        now: Duration,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let retry_after = retry_after_ms.map(|ms| Duration::from_millis(ms.into()));
        if let Some(ask) = self.repair.refused(request, error, retry_after, now) {
            self.give_up_missing(ask, &mut effects);
        }
        if let Some(id) = self.outbox.refused(request) {
            if let Some(line) = self.log.get_mut(&id) {
                line.sendings.refused();
            }
            effects.extend(self.fail(&id, error));
        } else if self.parts.own_likes.refused(request, error.code, retry_after, now) {
            self.follow_parts(&mut effects);
        } else {
            return effects;
        }
        if error.code == Code::GUESTS_READ_ONLY {
            self.takes_role(RoomRole::Guest, now);
        }
        if [Code::SLOW_MODE, Code::SENDER_RATE].contains(&error.code)
            && let Some(left) = retry_after
        {
            self.speech.has_to_wait(left, error.code.0, now);
        }
        self.follow_speech(now, &mut effects);
        effects
    }

    /// Gives up what has waited too long for its answer, asks for what is missing, sends the likes
    /// that were collected, and tells what has run out.
    pub fn tick(&mut self, now: Duration, numbers: &mut RequestNumbers) -> Vec<Effect> {
        let error = ApiError::new(Code::NO_ANSWER, "the service did not answer in time");
        let overdue = self.outbox.take_overdue(now);
        let mut effects: Vec<_> = overdue.iter().filter_map(|id| self.fail(id, &error)).collect();
        if let Some(ask) = self.repair.tick(now) {
            self.give_up_missing(ask, &mut effects);
        }
        self.ask_for_missing(now, numbers, &mut effects);
        self.parts.tick(now);
        self.send_likes(now, numbers, &mut effects);
        self.follow_parts(&mut effects);
        self.follow_speech(now, &mut effects);
        effects
    }

    /// The session is over until the user acts, so nothing is on its way any more. Of what was
    /// sent nobody knows whether it has arrived.
    pub fn session_over(&mut self) -> Vec<Effect> {
        self.standing = Standing::Away;
        self.parts.own_likes.connection_lost();
        let ids = self.outbox.take_all();
        let fail = |id: &String| {
            let was_sent = self.log.get_mut(id).is_some_and(|line| line.sendings.any());
            let error = if was_sent { never_answered() } else { not_online() };
            self.fail(id, &error)
        };
        ids.iter().filter_map(fail).collect()
    }

    pub(super) fn confirm(&mut self, id: &str, seq: u32, time_s: u32) -> Option<Effect> {
        let row = &mut self.log.get_mut(id).filter(|line| line.row.own)?.row;
        if matches!(row.state, RowState::Sent | RowState::Recalled) {
            return None;
        }
        row.state = RowState::Sent;
        row.seq = seq;
        row.time_ms = to_unix_ms(time_s);
        row.code = 0;
        row.reason.clear();
        Some(Effect::row(row.clone()))
    }

    /// The time that has surely passed since a moment of the service's clock: an answer that had to
    /// be sent again is older than it looks. The clock has whole seconds, so one may be too many.
    fn passed_since(&self, time_s: u32, now: Duration) -> Duration {
        let moment = Duration::from_secs(u64::from(time_s) + 1);
        self.clock.now(now).map_or(Duration::ZERO, |today| today.saturating_sub(moment))
    }

    /// How many connections an own comment has reached.
    fn reached(&mut self, id: &str, reached: u32) -> Option<Effect> {
        let row = &mut self.log.get_mut(id).filter(|line| line.row.own)?.row;
        if row.reached == reached {
            return None;
        }
        row.reached = reached;
        Some(Effect::row(row.clone()))
    }

    /// Nobody has seen it, and nobody will.
    fn sampled_out(&mut self, id: &str, time_s: u32) -> Option<Effect> {
        let row = &mut self.log.get_mut(id).filter(|line| line.row.own)?.row;
        if !matches!(row.state, RowState::Sending | RowState::Failed) {
            return None;
        }
        row.state = RowState::SampledOut;
        row.time_ms = to_unix_ms(time_s);
        row.code = 0;
        row.reason.clear();
        Some(Effect::row(row.clone()))
    }

    /// A comment of which the service has told what became of it does not fail any more, whatever
    /// becomes of a second sending.
    fn fail(&mut self, id: &str, error: &ApiError) -> Option<Effect> {
        let row = &mut self.log.get_mut(id)?.row;
        if !matches!(row.state, RowState::Sending | RowState::Failed) {
            return None;
        }
        row.state = RowState::Failed;
        row.code = error.code.0;
        row.reason.clone_from(&error.info);
        Some(Effect::row(row.clone()))
    }

    pub(super) fn fail_all(&mut self, error: &ApiError) -> Vec<Effect> {
        let ids = self.outbox.take_all();
        ids.iter().filter_map(|id| self.fail(id, error)).collect()
    }

    /// Sends what waits in the outbox, once the room has let this client in.
    pub(super) fn send_waiting(
        &mut self,
        now: Duration,
        numbers: &mut RequestNumbers,
        effects: &mut Vec<Effect>,
    ) {
        if !self.is_inside() {
            return;
        }
        for (client_id, text, id) in self.outbox.send_waiting(now, || numbers.take()) {
            if let Some(line) = self.log.get_mut(&client_id) {
                line.sendings.sent(now);
            }
            effects.push(Effect::Send(ClientFrame::Send {
                id,
                group_id: self.group_id.clone(),
                client_id,
                priority: chat_types::Priority::Normal,
                elements: vec![Element::text(text)],
                cloud_custom_data: String::new(),
            }));
        }
    }
}

fn check_text(text: &str) -> Result<&str, ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ApiError::bad_parameter("the comment has no text: write at least one letter"));
    }
    let chars = text.chars().count();
    if chars > MAX_COMMENT_CHARS {
        let over = chars - MAX_COMMENT_CHARS;
        return Err(ApiError::new(
            Code::MESSAGE_TOO_LONG,
            format!("the comment is {over} characters too long; {MAX_COMMENT_CHARS} is the most"),
        ));
    }
    Ok(text)
}

fn client_id(rng: &mut impl Rng) -> String {
    format!("{:032x}", rng.random::<u128>())
}

fn not_online() -> ApiError {
    ApiError::new(Code::NOT_ONLINE, "there is no connection, so this was not sent")
}

fn never_answered() -> ApiError {
    ApiError::new(
        Code::NO_ANSWER,
        "the connection ended before the service answered: this may have arrived",
    )
}

fn outbox_full() -> ApiError {
    ApiError::new(
        Code::MESSAGE_RATE,
        format!("{} comments are still on their way: wait until one has arrived", outbox::MOST),
    )
}
