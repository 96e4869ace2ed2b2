//! Own comments: from the first word to the service's answer.

use chat_types::gateway::ClientFrame;
use chat_types::{ApiError, Code, Element};
use rand::{Rng, RngExt};
use std::time::Duration;

use super::{Change, MAX_COMMENT_CHARS, Room, Standing, comment_of, unix_ms as to_unix_ms};
use crate::chat_log::Line;
use crate::outbox::{self, Sendings};
use crate::request::RequestNumbers;
use crate::view::{ChatRow, Priority, RowState};

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
    ) -> Result<(String, Vec<Change>), ApiError> {
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
            seq: 0,
            user_id: self.user_id.clone(),
            name: self.name.clone(),
            text: text.to_owned(),
            own: true,
            time_ms: unix_ms,
            state,
            code: error.as_ref().map_or(0, |error| error.code.0),
            reason: error.map_or_else(String::new, |error| error.info),
        };
        let mut changes = vec![Change::Row(row.clone())];
        let flown = state == RowState::Sending;
        if flown {
            changes.push(Change::Comment(comment_of(&row, Priority::Normal)));
        }
        self.log.append(Line::new(row, flown));
        self.send_waiting(now, numbers, &mut changes);
        Ok((key, changes))
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
    ) -> Result<Vec<Change>, ApiError> {
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
        let mut changes = vec![Change::Row(line.row.clone())];
        if !line.flown {
            line.flown = true;
            changes.push(Change::Comment(comment_of(&line.row, Priority::Normal)));
        }
        if forgotten {
            self.log.set_client_id(key, id);
        }
        self.send_waiting(now, numbers, &mut changes);
        Ok(changes)
    }

    /// The service took an own comment. True even of one that had been given up as unanswered.
    pub fn sent(&mut self, client_id: &str, seq: u32, time_s: u32) -> Vec<Change> {
        self.outbox.arrived(client_id);
        self.seen.acknowledged(seq);
        self.confirm(client_id, seq, time_s).into_iter().collect()
    }

    /// The gateway refused a request, which may or may not have carried an own comment.
    pub fn refused(&mut self, request: u32, error: &ApiError) -> Vec<Change> {
        let Some(id) = self.outbox.refused(request) else {
            return Vec::new();
        };
        if let Some(line) = self.log.get_mut(&id) {
            line.sendings.refused();
        }
        self.fail(&id, error).into_iter().collect()
    }

    /// Gives up what has waited too long for its answer.
    pub fn tick(&mut self, now: Duration) -> Vec<Change> {
        let error = ApiError::new(Code::NO_ANSWER, "the service did not answer in time");
        let overdue = self.outbox.take_overdue(now);
        overdue.iter().filter_map(|id| self.fail(id, &error)).collect()
    }

    /// The session is over until the user acts, so nothing is on its way any more. Of what was
    /// sent nobody knows whether it has arrived.
    pub fn session_over(&mut self) -> Vec<Change> {
        self.standing = Standing::Away;
        let ids = self.outbox.take_all();
        let fail = |id: &String| {
            let was_sent = self.log.get_mut(id).is_some_and(|line| line.sendings.any());
            let error = if was_sent { never_answered() } else { not_online() };
            self.fail(id, &error)
        };
        ids.iter().filter_map(fail).collect()
    }

    pub(super) fn confirm(&mut self, id: &str, seq: u32, time_s: u32) -> Option<Change> {
        let row = &mut self.log.get_mut(id).filter(|line| line.row.own)?.row;
        if row.state == RowState::Sent {
            return None;
        }
        row.state = RowState::Sent;
        row.seq = seq;
        row.time_ms = to_unix_ms(time_s);
        row.code = 0;
        row.reason.clear();
        Some(Change::Row(row.clone()))
    }

    /// A comment that has arrived does not fail any more, whatever becomes of a second sending.
    fn fail(&mut self, id: &str, error: &ApiError) -> Option<Change> {
        let row = &mut self.log.get_mut(id)?.row;
        if row.state == RowState::Sent {
            return None;
        }
        row.state = RowState::Failed;
        row.code = error.code.0;
        row.reason.clone_from(&error.info);
        Some(Change::Row(row.clone()))
    }

    pub(super) fn fail_all(&mut self, error: &ApiError) -> Vec<Change> {
        let ids = self.outbox.take_all();
        ids.iter().filter_map(|id| self.fail(id, error)).collect()
    }

    /// Sends what waits in the outbox, once the room has let this client in.
    pub(super) fn send_waiting(
        &mut self,
        now: Duration,
        numbers: &mut RequestNumbers,
        changes: &mut Vec<Change>,
    ) {
        if !matches!(self.standing, Standing::In) {
            return;
        }
        for (client_id, text, id) in self.outbox.send_waiting(now, || numbers.take()) {
            if let Some(line) = self.log.get_mut(&client_id) {
                line.sendings.sent(now);
            }
            changes.push(Change::Send(ClientFrame::Send {
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
