//! One-to-one messages: what this client has of each conversation, and its own on their way.
//!
//! Pure, and bounded: the conversations that were touched last, and of each the newest messages.
//! What is older is asked for page by page and belongs to whoever asked.

use chat_types::element::MAX_MESSAGE_BYTES;
use chat_types::gateway::{C2cMessage, ClientFrame, Conversation, MAX_CLIENT_FRAME_BYTES};
use chat_types::{ApiError, Code, Element};
use rand::{Rng, RngExt};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

use crate::outbox::{ANSWER_WITHIN, GIVE_UP_AFTER};
use crate::request::RequestNumbers;

/// Conversations that are kept. When one more comes the one that was touched longest ago goes.
pub const MOST_PEERS: usize = 100;
/// Messages of one conversation that are kept, the newest ones.
pub const MOST_MESSAGES: usize = 200;
/// Own messages on their way at the same time. A further one is refused.
pub const MOST_ON_THEIR_WAY: usize = 32;

/// What became of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it.
    #[default]
    Arrived,
    Sending,
    Failed(ApiError),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// Its key is empty while the service has not given one.
    pub message: C2cMessage,
    pub outcome: Outcome,
}

/// One conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thread {
    /// The oldest first; own ones without a key come last.
    pub entries: Vec<Entry>,
    /// Messages of the peer that were not read yet.
    pub unread: u32,
    /// The peer has read what was sent to it up to this time, in Unix seconds.
    pub read_until_s: u32,
    /// Rises with every change of any conversation.
    touched: u64,
}

#[derive(Debug)]
struct OnItsWay {
    peer: String,
    client_id: String,
    frame: ClientFrame,
    give_up_at: Duration,
    /// Number of the request and the time by which it has to be answered; `None` while it waits
    /// for a connection.
    request: Option<(u32, Duration)>,
}

#[derive(Debug, Default)]
pub struct C2c {
    user_id: String,
    threads: HashMap<String, Thread>,
    outbox: Vec<OnItsWay>,
    touches: u64,
    dropped: u64,
}

/// What has to be done after something happened.
#[derive(Debug, Default, PartialEq)]
pub struct Follows {
    /// Conversations that are different now.
    pub changed: Vec<String>,
    pub send: Vec<ClientFrame>,
}

impl Follows {
    fn changed(peer: &str) -> Self {
        Self { changed: vec![peer.to_owned()], send: Vec::new() }
    }
}

impl C2c {
    pub fn thread(&self, peer: &str) -> Option<&Thread> {
        self.threads.get(peer)
    }

    /// Whether there is anything that could have changed while the connection was away.
    pub fn is_used(&self) -> bool {
        !self.threads.is_empty()
    }

    /// Conversations that were dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The login succeeded: everything unanswered is sent again under its client id.
    pub fn signed_in(
        &mut self,
        user_id: &str,
        now: Duration,
        numbers: &mut RequestNumbers,
    ) -> Follows {
        user_id.clone_into(&mut self.user_id);
        Follows { changed: Vec::new(), send: self.send_waiting(now, numbers) }
    }

    pub fn connection_lost(&mut self) {
        for own in &mut self.outbox {
            own.request = None;
        }
    }

    /// Says something to an account and gives the client id of the message.
    ///
    /// # Errors
    /// 10023 when too many are on their way, 80002 for what the gateway would not read: nothing was
    /// done.
    pub fn send(
        &mut self,
        (peer, elements, online_only): (&str, Vec<Element>, bool),
        now: Duration,
        rng: &mut impl Rng,
        numbers: &mut RequestNumbers,
    ) -> Result<(String, Follows), ApiError> {
        if self.outbox.len() >= MOST_ON_THEIR_WAY {
            return Err(ApiError::new(
                Code::MESSAGE_RATE,
                format!(
                    "{MOST_ON_THEIR_WAY} messages are still on their way: wait until one has arrived"
                ),
            ));
        }
        let client_id = format!("{:032x}", rng.random::<u128>());
        let frame = ClientFrame::SendC2c {
            // Takes the most room; each sending has its own.
            id: u32::MAX,
            to: peer.to_owned(),
            client_id: client_id.clone(),
            elements: elements.clone(),
            cloud_custom_data: String::new(),
            online_only,
        };
        check_size("elements", &elements, MAX_MESSAGE_BYTES)?;
        check_size("message", &frame, MAX_CLIENT_FRAME_BYTES)?;
        let message = C2cMessage {
            from: self.user_id.clone(),
            to: peer.to_owned(),
            elements,
            client_id: client_id.clone(),
            ..C2cMessage::default()
        };
        let entry = Entry { message, outcome: Outcome::Sending };
        let thread = self.touch(peer);
        thread.entries.push(entry);
        thread.keep_newest();
        self.outbox.push(OnItsWay {
            peer: peer.to_owned(),
            client_id: client_id.clone(),
            frame,
            give_up_at: now + GIVE_UP_AFTER,
            request: None,
        });
        let send = self.send_waiting(now, numbers);
        Ok((client_id, Follows { changed: vec![peer.to_owned()], send }))
    }

    /// The service took an own message.
    pub fn sent(&mut self, client_id: &str, key: &str, time_s: u32) -> Follows {
        let Some(at) = self.outbox.iter().position(|own| own.client_id == client_id) else {
            return Follows::default();
        };
        let peer = self.outbox.remove(at).peer;
        let thread = self.touch(&peer);
        if let Some(mut entry) = thread.take_own(client_id) {
            key.clone_into(&mut entry.message.key);
            entry.message.time_s = time_s;
            entry.message.seq = key.split('_').next().and_then(|seq| seq.parse().ok()).unwrap_or(0);
            entry.outcome = Outcome::Arrived;
            thread.put(entry);
        }
        Follows::changed(&peer)
    }

    /// A request was refused, which may have carried an own message.
    pub fn refused(&mut self, request: u32, error: &ApiError) -> Follows {
        let asked = |own: &OnItsWay| own.request.is_some_and(|(number, _)| number == request);
        match self.outbox.iter().position(asked) {
            Some(at) => self.fail(at, error),
            None => Follows::default(),
        }
    }

    /// Gives up what has waited too long.
    pub fn tick(&mut self, now: Duration) -> Follows {
        let mut follows = Follows::default();
        let overdue =
            |own: &OnItsWay| now >= own.give_up_at || own.request.is_some_and(|(_, by)| now >= by);
        while let Some(at) = self.outbox.iter().position(overdue) {
            let error = ApiError::new(Code::NO_ANSWER, "the service did not answer in time");
            follows.changed.extend(self.fail(at, &error).changed);
        }
        follows
    }

    /// The session is over: nothing is on its way any more.
    pub fn session_over(&mut self) -> Follows {
        let error = ApiError::new(
            Code::NO_ANSWER,
            "the connection ended before the service answered: this may have arrived",
        );
        let mut follows = Follows::default();
        while !self.outbox.is_empty() {
            follows.changed.extend(self.fail(0, &error).changed);
        }
        follows
    }

    /// When [`C2c::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        let due = |own: &OnItsWay| own.request.map_or(own.give_up_at, |(_, by)| by);
        self.outbox.iter().map(due).min()
    }

    /// A message came. One whose key is known was changed.
    pub fn message(&mut self, message: C2cMessage) -> Follows {
        let own = message.from == self.user_id;
        let peer = if own { message.to.clone() } else { message.from.clone() };
        let withdrawn = message.withdrawn;
        let new = self.take(&peer, message);
        if new && !own && !withdrawn {
            let thread = self.touch(&peer);
            thread.unread = thread.unread.saturating_add(1);
        }
        Follows::changed(&peer)
    }

    /// The peer has read, or with `own` this account on another device.
    pub fn read(&mut self, peer: &str, time_s: u32, own: bool) -> Follows {
        let thread = self.touch(peer);
        if own {
            thread.unread = 0;
        } else {
            thread.read_until_s = thread.read_until_s.max(time_s);
        }
        Follows::changed(peer)
    }

    pub fn withdrawn(&mut self, peer: &str, key: &str) -> Follows {
        let Some(thread) = self.threads.get_mut(peer) else {
            return Follows::default();
        };
        let Some(entry) = thread.entries.iter_mut().find(|entry| entry.message.key == key) else {
            return Follows::default();
        };
        entry.message.withdrawn = true;
        entry.message.elements.clear();
        Follows::changed(peer)
    }

    /// A page of the conversation. Only one that reaches to what is there, or is the newest, is
    /// kept: a conversation here has no gaps.
    pub fn page(&mut self, peer: &str, messages: Vec<C2cMessage>, newest: bool) -> Follows {
        let thread = self.touch(peer);
        let joins = messages.iter().any(|message| thread.has(&message.key));
        let before_all = messages.last().is_some_and(|last| {
            let first = thread.entries.iter().find(|entry| !entry.message.key.is_empty());
            first.is_none_or(|first| order(last) < order(&first.message))
        });
        if newest && !joins && !messages.is_empty() {
            thread.entries.retain(|entry| entry.message.key.is_empty());
        }
        if newest || joins || before_all {
            for message in messages {
                self.take(peer, message);
            }
        }
        Follows::changed(peer)
    }

    /// The list of conversations. Gives the peers whose newest message was not here, beside
    /// what is different now: their newest page has to be asked for.
    pub fn conversations(&mut self, conversations: &[Conversation]) -> (Vec<String>, Follows) {
        let mut behind = Vec::new();
        let mut follows = Follows::default();
        // The first ones are touched last, so that they stay.
        for conversation in conversations.iter().take(MOST_PEERS).rev() {
            let Conversation { peer, unread, last } = conversation;
            let thread = self.touch(peer);
            thread.unread = *unread;
            follows.changed.push(peer.clone());
            let Some(last) = last else { continue };
            let known = thread.has(&last.key);
            if !known && thread.entries.iter().any(|entry| !entry.message.key.is_empty()) {
                thread.entries.retain(|entry| entry.message.key.is_empty());
                behind.push(peer.clone());
            }
            self.take(peer, last.clone());
        }
        (behind, follows)
    }

    /// Puts a message in its place. False when its key was there.
    fn take(&mut self, peer: &str, message: C2cMessage) -> bool {
        let own = message.from == self.user_id && !message.client_id.is_empty();
        if own {
            self.outbox.retain(|waiting| waiting.client_id != message.client_id);
        }
        let thread = self.touch(peer);
        if own && !thread.has(&message.key) {
            // Its own way back, or from another device.
            thread.take_own(&message.client_id);
        }
        let known = thread.entries.iter_mut().find(|entry| entry.message.key == message.key);
        if let Some(known) = known {
            known.message = message;
            return false;
        }
        thread.put(Entry { message, outcome: Outcome::Arrived });
        true
    }

    fn fail(&mut self, at: usize, error: &ApiError) -> Follows {
        let own = self.outbox.remove(at);
        let thread = self.touch(&own.peer);
        let entry = thread.entries.iter_mut().find(|entry| {
            entry.message.client_id == own.client_id && entry.outcome == Outcome::Sending
        });
        if let Some(entry) = entry {
            entry.outcome = Outcome::Failed(error.clone());
        }
        Follows::changed(&own.peer)
    }

    fn send_waiting(&mut self, now: Duration, numbers: &mut RequestNumbers) -> Vec<ClientFrame> {
        let waiting = self.outbox.iter_mut().filter(|own| own.request.is_none());
        waiting
            .map(|own| {
                let number = numbers.take();
                own.request = Some((number, now + ANSWER_WITHIN));
                let mut frame = own.frame.clone();
                if let ClientFrame::SendC2c { id, .. } = &mut frame {
                    *id = number;
                }
                frame
            })
            .collect()
    }

    fn touch(&mut self, peer: &str) -> &mut Thread {
        self.touches += 1;
        if !self.threads.contains_key(peer) && self.threads.len() >= MOST_PEERS {
            let oldest = self.threads.iter().min_by_key(|(_, thread)| thread.touched);
            if let Some(oldest) = oldest.map(|(peer, _)| peer.clone()) {
                self.threads.remove(&oldest);
                self.dropped += 1;
            }
        }
        let thread = self.threads.entry(peer.to_owned()).or_default();
        thread.touched = self.touches;
        thread
    }
}

/// The gateway ends a connection that sends it far too much, and would get it again on the next.
fn check_size(what: &str, value: &impl Serialize, most: usize) -> Result<(), ApiError> {
    let bytes = serde_json::to_vec(value).map_or(usize::MAX, |json| json.len());
    if bytes <= most {
        return Ok(());
    }
    Err(ApiError::new(
        Code::MESSAGE_TOO_LONG,
        format!("the {what} as JSON may have {most} bytes: shorten it"),
    ))
}

fn order(message: &C2cMessage) -> (u32, u32) {
    (message.time_s, message.seq)
}

impl Thread {
    fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.message.key == key)
    }

    /// Takes out an own entry that has no key yet.
    fn take_own(&mut self, client_id: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| {
            entry.message.key.is_empty() && entry.message.client_id == client_id
        })?;
        Some(self.entries.remove(at))
    }

    fn put(&mut self, entry: Entry) {
        let behind = self.entries.iter().rposition(|other| {
            !other.message.key.is_empty() && order(&other.message) <= order(&entry.message)
        });
        self.entries.insert(behind.map_or(0, |at| at + 1), entry);
        self.keep_newest();
    }

    fn keep_newest(&mut self) {
        self.entries.drain(..self.entries.len().saturating_sub(MOST_MESSAGES));
    }
}
