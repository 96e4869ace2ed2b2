//! What the gateway says, and what follows from it.

use chat_types::gateway::{
    C2cMessage, ClientFrame, Conversation, MAX_HISTORY_MESSAGES, Presence, SendOutcome, ServerFrame,
};
use chat_types::{ApiError, Code};
use rand::RngExt;

use super::{Awaited, Driver, KNOCK_AGAIN_AFTER};
use crate::questions::{C2cPage, Question, Reply};
use live_core::heartbeat::Heartbeat;
use live_core::session::Event;

impl Driver {
    pub(super) fn heard(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::LoginOk { id, user_id, nick, heartbeat_s, .. } => {
                if matches!(self.awaited, Awaited::Login { id: asked, .. } if asked == id) {
                    self.signed_in(user_id, nick, heartbeat_s);
                }
            }
            ServerFrame::JoinOk(snapshot) => {
                if matches!(self.awaited, Awaited::Join { id, .. } if id == snapshot.id) {
                    self.awaited = Awaited::Nothing;
                    let changes = self.room.joined(*snapshot, self.now(), &mut self.numbers);
                    self.apply(changes);
                }
            }
            ServerFrame::SendOk(outcome) => self.sent(&outcome),
            ServerFrame::CatchUpOk { id, messages, complete } => {
                let now = self.now();
                let changes = self.room.caught_up(id, messages, complete, now, &mut self.numbers);
                self.apply(changes);
            }
            ServerFrame::Error { id, code, info, retry_after_ms } => {
                self.refused(id, ApiError { code, info, retry_after_ms }, retry_after_ms);
            }
            // The answer to a ping has done its work by being heard, and this client leaves its
            // room by signing out.
            ServerFrame::Pong { .. } | ServerFrame::LeaveOk { .. } => {}
            ServerFrame::Missed { count, .. } => {
                self.missed_frames += u64::from(count);
                self.heard_of_room(frame);
            }
            ServerFrame::ProfileChanged { user_id, nick, .. } => self.room.renamed(&user_id, nick),
            ServerFrame::Kicked { cause, reason } => {
                self.happen(Event::Kicked { cause: cause.into(), reason });
            }
            ServerFrame::SigExpired {} => self.happen(Event::SigExpired),
            ServerFrame::ShuttingDown { retry_after_ms } => {
                self.happen(Event::ShuttingDown { retry_after_ms });
            }
            answer @ (ServerFrame::Done { .. }
            | ServerFrame::HistoryOk { .. }
            | ServerFrame::C2cHistoryOk { .. }
            | ServerFrame::ConversationsOk { .. }
            | ServerFrame::PresenceOk { .. }) => self.answered(answer),
            ServerFrame::SendC2cOk { client_id, key, time_s, .. } => {
                let follows = self.c2c.sent(&client_id, &key, time_s);
                self.follow(follows);
            }
            ServerFrame::C2cMessage { message } => {
                let follows = self.c2c.message(message);
                self.follow(follows);
            }
            ServerFrame::C2cRead { peer, time_s, own } => {
                let follows = self.c2c.read(&peer, time_s, own);
                self.follow(follows);
            }
            ServerFrame::C2cWithdrawn { peer, key } => {
                let follows = self.c2c.withdrawn(&peer, &key);
                self.follow(follows);
            }
            ServerFrame::PresenceChanged { user_id, status } => {
                self.tell_presence(&[Presence { user_id, status }]);
            }
            of_a_room => self.heard_of_room(of_a_room),
        }
    }

    fn heard_of_room(&mut self, frame: ServerFrame) {
        if let ServerFrame::SystemNotification { group_id, text } = frame {
            if group_id == self.config.group_id && self.room.is_inside() {
                self.news.note(|batch| batch.notification(text));
            }
            return;
        }
        let changes = self.room.heard(frame, self.now(), &mut self.numbers);
        self.apply(changes);
    }

    pub(super) fn sent(&mut self, outcome: &SendOutcome) {
        let changes = self.room.sent(outcome, self.now());
        self.apply(changes);
    }

    fn signed_in(&mut self, user_id: String, nick: String, heartbeat_s: u32) {
        let now = self.now();
        self.heartbeat = Some(Heartbeat::start(heartbeat_s, now));
        let follows = self.c2c.signed_in(&user_id, now, &mut self.numbers);
        self.room.signed_in(user_id, nick);
        self.happen(Event::LoginOk);
        // The room first: that is what the person looks at.
        self.follow(follows);
        let followed = self.presences.followed();
        if !followed.is_empty() {
            self.ask_presence(followed, None);
        }
        if self.c2c.is_used() {
            self.ask(ClientFrame::Conversations { id: 0 }, Question::Conversations(None));
        }
    }

    fn refused(&mut self, id: u32, error: ApiError, retry_after_ms: Option<u32>) {
        match self.awaited {
            // Number 0 answers what could not be read, and until the login is answered the login
            // is all that was sent.
            Awaited::Login { id: asked, .. } if asked == id || id == 0 => {
                self.happen(Event::LoginRefused(error));
            }
            Awaited::Join { id: asked, .. }
                if asked == id && [Code::INTERNAL, Code::REQUEST_RATE].contains(&error.code) =>
            {
                let wait = self.rng.random_range(KNOCK_AGAIN_AFTER..KNOCK_AGAIN_AFTER * 2);
                self.awaited = Awaited::NextJoin { at: self.now() + wait };
            }
            Awaited::Join { id: asked, .. } if asked == id => {
                self.awaited = Awaited::Nothing;
                let changes = self.room.join_refused(error);
                self.apply(changes);
            }
            _ => {
                tracing::debug!(id, code = error.code.0, "the gateway refused a request");
                if let Some(question) = self.questions.answered(id) {
                    return question.refuse(error);
                }
                let follows = self.c2c.refused(id, &error);
                self.follow(follows);
                let changes = self.room.refused(id, &error, retry_after_ms, self.now());
                self.apply(changes);
            }
        }
    }

    /// An answer to a question. One that answers another kind of question is nobody's.
    fn answered(&mut self, answer: ServerFrame) {
        match answer {
            ServerFrame::Done { id } => match self.questions.answered(id) {
                Some(Question::Done(reply)) => drop(reply.send(Ok(()))),
                Some(Question::WithdrawC2c { peer, key, reply }) => {
                    let follows = self.c2c.withdrawn(&peer, &key);
                    self.follow(follows);
                    let _ = reply.send(Ok(()));
                }
                _ => {}
            },
            ServerFrame::HistoryOk { id, messages } => {
                if let Some(Question::RoomHistory(reply)) = self.questions.answered(id) {
                    let _ = reply.send(Ok(messages));
                }
            }
            ServerFrame::C2cHistoryOk { id, messages, complete } => {
                if let Some(Question::C2cHistory { peer, newest, reply }) =
                    self.questions.answered(id)
                {
                    self.c2c_page(&peer, newest, messages, complete, reply);
                }
            }
            ServerFrame::ConversationsOk { id, conversations } => {
                if let Some(Question::Conversations(reply)) = self.questions.answered(id) {
                    self.conversations(conversations, reply);
                }
            }
            ServerFrame::PresenceOk { id, accounts } => {
                if let Some(Question::Presence(reply)) = self.questions.answered(id) {
                    self.tell_presence(&accounts);
                    drop(reply.map(|reply| reply.send(Ok(accounts))));
                }
            }
            _ => {}
        }
    }

    fn c2c_page(
        &mut self,
        peer: &str,
        newest: bool,
        messages: Vec<C2cMessage>,
        complete: bool,
        reply: Option<Reply<C2cPage>>,
    ) {
        let follows = self.c2c.page(peer, messages.clone(), newest);
        self.follow(follows);
        drop(reply.map(|reply| reply.send(Ok(C2cPage { messages, complete }))));
    }

    fn conversations(
        &mut self,
        conversations: Vec<Conversation>,
        reply: Option<Reply<Vec<Conversation>>>,
    ) {
        let (behind, follows) = self.c2c.conversations(&conversations);
        self.follow(follows);
        for peer in behind {
            let question = Question::C2cHistory { peer: peer.clone(), newest: true, reply: None };
            let count = MAX_HISTORY_MESSAGES;
            self.ask(ClientFrame::C2cHistory { id: 0, peer, before_key: None, count }, question);
        }
        drop(reply.map(|reply| reply.send(Ok(conversations))));
    }

    pub(super) fn ask_presence(
        &mut self,
        user_ids: Vec<String>,
        reply: Option<Reply<Vec<Presence>>>,
    ) {
        self.ask(ClientFrame::Presence { id: 0, user_ids }, Question::Presence(reply));
    }

    fn tell_presence(&mut self, accounts: &[Presence]) {
        for account in accounts {
            if let Some(view) = self.presences.told(account) {
                self.news.note(|batch| batch.presence(view));
            }
        }
    }
}
