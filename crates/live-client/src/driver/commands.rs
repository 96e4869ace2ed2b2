//! What the user wants.

use chat_types::gateway::ClientFrame;
use chat_types::{ApiError, Code};

use super::{Driver, unix_ms};
use crate::questions::Question;
use crate::{Command, Diagnostics};
use live_core::c2c::Follows;
use live_core::session::Event;

impl Driver {
    pub(super) fn obey(&mut self, command: Command) {
        let now = self.now();
        // Every reply may find that its caller has stopped waiting; what was done stays done.
        match command {
            Command::Send { text, reply } => {
                let said =
                    self.room.submit(&text, now, unix_ms(), &mut self.rng, &mut self.numbers);
                let _ = reply.send(said.map(|(key, changes)| {
                    self.apply(changes);
                    key
                }));
            }
            Command::Retry { key, reply } => {
                let said = self.room.retry(&key, now, &mut self.rng, &mut self.numbers);
                let _ = reply.send(said.map(|changes| self.apply(changes)));
            }
            Command::Like { count, reply } => {
                let liked = self.room.like(count, now, &mut self.rng);
                let _ = reply.send(liked.map(|changes| self.apply(changes)));
            }
            Command::SetLikesEvery(every) => self.room.set_likes_every(every),
            Command::GiftPaid(gift) => {
                let changes = self.room.gift_paid(*gift, now, unix_ms());
                self.apply(changes);
            }
            Command::Reconnect => self.happen(Event::Reconnect),
            Command::SetGatewayUrl(url) => {
                let other = url != self.config.gateway_url;
                self.config.gateway_url = url;
                if other && !self.session.is_over() {
                    self.happen(Event::Reconnect);
                }
            }
            Command::SetBudget(budget) => self.news.danmaku.set_budget(budget, now),
            Command::SetVisible(visible) => self.news.danmaku.set_visible(visible),
            Command::ReportUndrawn(ids) => self.news.danmaku.report_undrawn(&ids),
            Command::Subscribe { reply } => {
                let session = self.session.view(now);
                let _ = reply.send(self.news.subscribe(session, &self.room, now));
            }
            Command::Diagnose { reply } => {
                let _ = reply.send(self.diagnostics());
            }
            Command::Details { reply } => {
                let _ = reply.send(self.room.details());
            }
            Command::Request { frame, question } => self.ask(frame, question),
            Command::FollowPresence { user_ids, reply } => {
                self.presences.follow(&user_ids);
                self.ask_presence(user_ids, Some(reply));
            }
            Command::SendC2c { to, elements, online_only, reply } => {
                let _ = reply.send(self.send_c2c(&to, elements, online_only));
            }
            Command::ReadC2c { peer, reply } => {
                let follows = self.c2c.read(&peer, 0, true);
                self.follow(follows);
                self.ask(ClientFrame::C2cRead { id: 0, peer }, Question::Done(reply));
            }
            Command::Thread { peer, reply } => {
                let _ = reply.send(self.c2c.thread(&peer).cloned());
            }
            // Taken by the loop, which it ends.
            Command::Close { .. } => {}
        }
    }

    /// Sends a request, under a number of its own, whose answer somebody waits for.
    pub(super) fn ask(&mut self, frame: ClientFrame, question: Question) {
        if !self.session.is_online() {
            question.refuse(not_online());
            return;
        }
        let id = self.numbers.take();
        if self.questions.ask(id, question, self.now()) {
            self.link.send(&numbered(frame, id));
        }
    }

    pub(super) fn follow(&mut self, follows: Follows) {
        for frame in &follows.send {
            self.link.send(frame);
        }
        for peer in follows.changed {
            self.news.note(|batch| batch.conversation(peer));
        }
    }

    fn send_c2c(
        &mut self,
        to: &str,
        elements: Vec<chat_types::Element>,
        online_only: bool,
    ) -> Result<String, ApiError> {
        if !self.session.is_online() {
            return Err(not_online());
        }
        let now = self.now();
        let message = (to, elements, online_only);
        let (client_id, follows) = self.c2c.send(message, now, &mut self.rng, &mut self.numbers)?;
        self.follow(follows);
        Ok(client_id)
    }

    fn diagnostics(&self) -> Diagnostics {
        Diagnostics {
            malformed_frames: self.malformed_frames,
            unknown_frames: self.unknown_frames,
            missed_frames: self.missed_frames,
            missed_messages: self.room.missed(),
            stuck_connections: self.link.stuck(),
            outbox_full: self.room.outbox().refused_when_full(),
            dropped_rows: self.room.log().dropped(),
            chat_resets: self.news.resets(),
            forgotten_texts: self.news.danmaku.forgotten_texts(),
            dropped_notifications: self.news.dropped_notifications(),
            dropped_conversations: self.c2c.dropped(),
            forged_messages: self.room.forged(),
            dropped_likes: self.room.own_likes().dropped(),
            dropped_banners: self.room.gifts().dropped_banners(),
            forgotten_gifts: self.room.gifts().forgotten(),
        }
    }
}

fn not_online() -> ApiError {
    ApiError::new(Code::NOT_ONLINE, "there is no connection, so this was not asked")
}

/// The same request under this number.
fn numbered(mut frame: ClientFrame, number: u32) -> ClientFrame {
    match &mut frame {
        ClientFrame::Login { id, .. }
        | ClientFrame::Join { id, .. }
        | ClientFrame::Leave { id, .. }
        | ClientFrame::Send { id, .. }
        | ClientFrame::CatchUp { id, .. }
        | ClientFrame::ModifyRules { id, .. }
        | ClientFrame::ModifyGroup { id, .. }
        | ClientFrame::Recall { id, .. }
        | ClientFrame::History { id, .. }
        | ClientFrame::SendC2c { id, .. }
        | ClientFrame::C2cHistory { id, .. }
        | ClientFrame::C2cRead { id, .. }
        | ClientFrame::C2cWithdraw { id, .. }
        | ClientFrame::Conversations { id }
        | ClientFrame::Presence { id, .. }
        | ClientFrame::Ping { id }
        | ClientFrame::Logout { id } => *id = number,
    }
    frame
}
