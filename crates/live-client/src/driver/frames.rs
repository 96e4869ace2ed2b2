//! What the gateway says, and what follows from it.

use chat_types::gateway::{
    C2cMessage, ClientFrame, Conversation, MAX_HISTORY_MESSAGES, Presence, SendOutcome, ServerFrame,
};
use chat_types::{ApiError, Code};
use rand::RngExt;

use super::rooms::Join;
use super::{Awaited, Driver, JOIN_AGAIN_AFTER};
use crate::questions::{C2cPage, Question, Reply};
use live_core::heartbeat::Heartbeat;
use live_core::session::Event;
use live_core::view::RoomEvent;
use std::sync::Arc;

impl Driver {
    pub(super) fn heard(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::LoginOk { id, user_id, nick, heartbeat_s, .. } => {
                if matches!(self.awaited, Awaited::Login { id: asked, .. } if asked == id) {
                    self.signed_in(user_id, nick, heartbeat_s);
                }
            }
            ServerFrame::JoinOk(snapshot) => {
                if let Some(group_id) = self.joining(snapshot.id) {
                    self.in_room(&group_id, |room, now, numbers| {
                        room.joined(*snapshot, now, numbers)
                    });
                    self.tell_clocks();
                }
            }
            ServerFrame::SendOk(outcome) => self.sent(&outcome),
            ServerFrame::CatchUpOk { id, messages, complete } => {
                if let Some(group_id) = self.routes.answered(id) {
                    self.in_room(&group_id, |room, now, numbers| {
                        room.caught_up(id, messages, complete, now, numbers)
                    });
                }
            }
            ServerFrame::Error { id, code, info, retry_after_ms } => {
                self.refused(id, ApiError { code, info, retry_after_ms }, retry_after_ms);
            }
            // The answer to a ping has done its work by being heard, and a room that was left is
            // not here any more.
            ServerFrame::Pong { .. } | ServerFrame::LeaveOk { .. } => {}
            ServerFrame::Missed { count, .. } => {
                self.missed_frames += u64::from(count);
                self.heard_of_room(frame);
            }
            ServerFrame::ProfileChanged { user_id, nick, .. } => {
                if user_id == self.me.0 {
                    self.me.1.clone_from(&nick);
                }
                for entered in self.rooms.values_mut() {
                    entered.room.renamed(&user_id, nick.clone());
                }
            }
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
            if let Some(entered) = self.rooms.get_mut(group_id.as_str())
                && entered.room.is_inside()
            {
                entered.tell(RoomEvent::Notifications { texts: vec![text] });
            }
            return;
        }
        match frame.group_id().map(str::to_owned) {
            Some(group_id) => {
                self.in_room(&group_id, |room, now, numbers| room.heard(frame, now, numbers));
            }
            None => self.each_room(|room, now, numbers| room.heard(frame.clone(), now, numbers)),
        }
    }

    pub(super) fn sent(&mut self, outcome: &SendOutcome) {
        if let Some(group_id) = self.routes.answered(outcome.id) {
            self.in_room(&group_id, |room, now, _| room.sent(outcome, now));
        }
    }

    /// The room whose join has this number; it is answered with this.
    fn joining(&mut self, id: u32) -> Option<Arc<str>> {
        let asked = |join: Join| matches!(join, Join::Asked { id: asked, .. } if asked == id);
        let (group_id, entered) = self.rooms.iter_mut().find(|(_, one)| asked(one.join))?;
        entered.join = Join::Nothing;
        Some(group_id.clone())
    }

    fn signed_in(&mut self, user_id: String, nick: String, heartbeat_s: u32) {
        let now = self.now();
        self.awaited = Awaited::Nothing;
        self.heartbeat = Some(Heartbeat::start(heartbeat_s, now));
        let follows = self.c2c.signed_in(&user_id, now, &mut self.numbers);
        for entered in self.rooms.values_mut() {
            entered.room.signed_in(user_id.clone(), nick.clone());
        }
        self.me = (user_id, nick);
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
        // Number 0 answers what could not be read, and until the login is answered the login is all
        // that was sent.
        if matches!(self.awaited, Awaited::Login { id: asked, .. } if asked == id || id == 0) {
            return self.happen(Event::LoginRefused(error));
        }
        if let Some(group_id) = self.joining(id) {
            return self.join_refused(&group_id, error);
        }
        tracing::debug!(id, code = error.code.0, "the gateway refused a request");
        if let Some(question) = self.questions.answered(id) {
            return question.refuse(error);
        }
        if let Some(group_id) = self.routes.answered(id) {
            self.in_room(&group_id, |room, now, _| room.refused(id, &error, retry_after_ms, now));
            return;
        }
        let follows = self.c2c.refused(id, &error);
        self.follow(follows);
    }

    /// A refusal that passes is asked again later; of any other the room knows what it means.
    fn join_refused(&mut self, group_id: &str, error: ApiError) {
        if [Code::INTERNAL, Code::REQUEST_RATE].contains(&error.code) {
            let wait = self.rng.random_range(JOIN_AGAIN_AFTER..JOIN_AGAIN_AFTER * 2);
            let at = self.now() + wait;
            if let Some(entered) = self.rooms.get_mut(group_id) {
                entered.join = Join::Again { at };
            }
        } else {
            self.in_room(group_id, |room, _, _| room.join_refused(error));
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
        let changed = accounts.iter().filter_map(|account| self.presences.told(account));
        let accounts: Vec<_> = changed.collect();
        if !accounts.is_empty() {
            self.tell_all(RoomEvent::Presence { accounts });
        }
    }
}
