//! What the user wants.

use chat_types::gateway::ClientFrame;
use chat_types::{ApiError, Code};
use live_core::c2c::Follows;
use live_core::news::News;
use live_core::session::Event;
use live_core::view::RoomEvent;
use std::sync::Arc;

use super::Driver;
use super::rooms::Entered;
use crate::command::{Command, RoomCommand, ViewCommand};
use crate::diagnostics::Diagnostics;
use crate::questions::Question;

impl Driver {
    pub(super) fn obey(&mut self, command: Command) {
        // Every reply may find that its caller has stopped waiting; what was done stays done.
        match command {
            Command::Enter { group_id, done } => {
                self.enter(group_id);
                let _ = done.send(());
            }
            Command::InRoom { group_id, command } => self.obey_in_room(&group_id, command),
            Command::Reconnect => self.happen(Event::Reconnect),
            Command::SetGatewayUrl(url) => {
                let other = url != self.config.gateway_url;
                self.config.gateway_url = url;
                if other && !self.session.is_over() {
                    self.happen(Event::Reconnect);
                }
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

    fn enter(&mut self, group_id: Arc<str>) {
        if self.rooms.contains_key(&group_id) {
            return;
        }
        let (user_id, nick) = self.me.clone();
        let mut entered = Entered::new(&group_id, &user_id);
        let online = self.session.is_online();
        if online {
            entered.room.signed_in(user_id, nick);
        }
        self.rooms.insert(group_id.clone(), entered);
        if online {
            self.join(&group_id);
        }
    }

    /// Without its room a command is dropped, and whoever waits for its answer learns of that.
    fn obey_in_room(&mut self, group_id: &Arc<str>, command: RoomCommand) {
        let (now, service_ms) = (self.now(), self.service_ms(group_id));
        let Some(entered) = self.rooms.get_mut(group_id) else { return };
        let room = &mut entered.room;
        match command {
            RoomCommand::Send { text, reply } => {
                let said = room.submit(&text, now, service_ms, &mut self.rng, &mut self.numbers);
                let _ = reply.send(said.map(|(key, effects)| {
                    self.apply(group_id, effects);
                    key
                }));
            }
            RoomCommand::Retry { key, reply } => {
                let said = room.retry(&key, now, &mut self.rng, &mut self.numbers);
                let _ = reply.send(said.map(|effects| self.apply(group_id, effects)));
            }
            RoomCommand::Like { count, reply } => {
                let liked = room.like(count, now, &mut self.rng);
                let _ = reply.send(liked.map(|effects| self.apply(group_id, effects)));
            }
            RoomCommand::SetLikesEvery(every) => room.set_likes_every(every),
            RoomCommand::GiftPaid(gift) => {
                let effects = room.gift_paid(*gift, now, service_ms);
                self.apply(group_id, effects);
            }
            RoomCommand::Subscribe { interest, every, reply } => {
                let session = self.session.view(now);
                self.last_view = self.last_view.wrapping_add(1);
                let view = self.last_view;
                let _ = reply.send(entered.subscribe(view, interest, session, now, every));
            }
            RoomCommand::OfView { view, command: ViewCommand::Next { reply } } => {
                entered.ask(view, reply);
            }
            RoomCommand::OfView { view, command } => {
                if let Some(news) = entered.news_of(view) {
                    set(news, command, now);
                }
            }
            RoomCommand::Diagnose { reply } => {
                let _ = reply.send(self.diagnostics(group_id));
            }
            RoomCommand::Details { reply } => {
                let _ = reply.send(room.details());
            }
            RoomCommand::Leave { done } => {
                self.leave_room(group_id);
                let _ = done.send(());
            }
        }
    }

    fn leave_room(&mut self, group_id: &Arc<str>) {
        // What is on its way is given up, and the last word says so.
        self.in_room(group_id, |room, _, _| room.session_over());
        self.routes.left(group_id);
        if let Some(entered) = self.rooms.remove(group_id) {
            entered.end(self.now());
            if self.session.is_online() {
                let id = self.numbers.take();
                self.link.send(&ClientFrame::Leave { id, group_id: group_id.to_string() });
            }
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
        if !follows.changed.is_empty() {
            self.tell_all(RoomEvent::Conversations { peers: follows.changed });
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

    fn diagnostics(&self, group_id: &Arc<str>) -> Diagnostics {
        let mut seen = Diagnostics {
            malformed_frames: self.malformed_frames,
            unknown_frames: self.unknown_frames,
            missed_frames: self.missed_frames,
            stuck_connections: self.link.stuck(),
            dropped_conversations: self.c2c.dropped(),
            forgotten_requests: self.routes.forgotten(),
            ..Diagnostics::default()
        };
        let Some(entered) = self.rooms.get(group_id) else { return seen };
        let room = &entered.room;
        seen.missed_messages = room.missed();
        seen.outbox_full = room.outbox().refused_when_full();
        seen.dropped_rows = room.log().dropped();
        seen.forged_messages = room.forged();
        seen.dropped_likes = room.own_likes().dropped();
        seen.dropped_banners = room.gifts().dropped_banners();
        seen.forgotten_gifts = room.gifts().forgotten();
        for news in entered.news() {
            seen.chat_resets += news.resets();
            seen.forgotten_texts += news.danmaku().forgotten_texts();
            seen.dropped_notifications += news.dropped_notifications();
        }
        seen
    }
}

fn set(news: &mut News, command: ViewCommand, now: std::time::Duration) {
    match command {
        ViewCommand::SetBudget(budget) => news.danmaku_mut().set_budget(budget, now),
        ViewCommand::SetVisible(visible) => news.danmaku_mut().set_visible(visible),
        ViewCommand::ReportUndrawn(ids) => news.danmaku_mut().report_undrawn(&ids),
        // Taken by the caller.
        ViewCommand::Next { .. } => {}
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
