//! One viewer in one room: the room of the real client core, and what it shows.

use chat_types::ApiError;
use chat_types::gateway::{ClientFrame, ServerFrame};
use live_core::effect::Effect;
use live_core::request::RequestNumbers;
use live_core::room::Room;
use live_core::view::RoomEvent;
use rand::rngs::StdRng;
use std::time::Duration;

use super::ledger::Ledger;
use super::screen::Screen;

pub(super) struct Seat {
    pub(super) room: Room,
    pub(super) screen: Screen,
    /// Number of the newest message when it came in for the first time.
    pub(super) came_at: Option<u32>,
    /// Whether it never lost its connection since then.
    pub(super) stayed: bool,
    /// Number of the `join` that is not answered.
    pub(super) joining: Option<u32>,
    lost: Vec<Lost>,
}

/// Numbers that the client core has given up: so many of those above `after` and up to `last`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    pub(super) after: u32,
    pub(super) last: u32,
    pub(super) count: u64,
}

/// What is looked at in the end.
#[derive(Clone)]
pub(super) struct SeatReport {
    pub(super) screen: Screen,
    pub(super) came_at: Option<u32>,
    pub(super) stayed: bool,
    /// In the room, and nothing is waited for.
    pub(super) settled: bool,
    /// What never came, as far as the person was told.
    pub(super) lost: Vec<Lost>,
    /// Rows that the screen had no place for.
    pub(super) dropped: u64,
    pub(super) agreed: Agreed,
}

/// What everybody in a room sees alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Agreed {
    pub(super) name: String,
    pub(super) product: String,
    pub(super) online: u32,
    pub(super) mute_all: bool,
    pub(super) budget_per_s: u32,
}

impl Seat {
    pub(super) fn new(group_id: &str, user_id: &str) -> Self {
        Self {
            room: Room::new(group_id, user_id),
            screen: Screen::new(&format!("{user_id} in {group_id}")),
            came_at: None,
            stayed: true,
            joining: None,
            lost: Vec::new(),
        }
    }

    pub(super) fn connection_lost(&mut self) {
        self.room.connection_lost();
        self.joining = None;
        self.stayed &= self.came_at.is_none();
    }

    pub(super) fn join(&mut self, numbers: &mut RequestNumbers) -> ClientFrame {
        let id = numbers.take();
        self.joining = Some(id);
        let (group_id, after_seq) = (self.room.group_id().to_owned(), self.room.after_seq());
        ClientFrame::Join { id, group_id, after_seq }
    }

    /// What this says about the room, and what is to be sent then.
    pub(super) fn hear(
        &mut self,
        frame: &ServerFrame,
        now: Duration,
        numbers: &mut RequestNumbers,
        ledger: &Ledger,
    ) -> Vec<ClientFrame> {
        let room = &mut self.room;
        let (after, missed) = (room.after_seq(), room.missed());
        let changes = match frame.clone() {
            ServerFrame::JoinOk(snapshot) if self.joining == Some(snapshot.id) => {
                self.joining = None;
                self.came_at.get_or_insert(snapshot.last_seq);
                room.joined(*snapshot, now, numbers)
            }
            ServerFrame::SendOk(outcome) => room.sent(&outcome, now),
            ServerFrame::CatchUpOk { id, messages, complete } => {
                room.caught_up(id, messages, complete, now, numbers)
            }
            ServerFrame::Error { id, code, info, retry_after_ms } => {
                let error = ApiError { code, info, retry_after_ms };
                room.refused(id, &error, retry_after_ms, now)
            }
            frame => room.heard(frame, now, numbers),
        };
        self.note_lost(after, missed);
        self.apply(changes, ledger)
    }

    /// Writes down what was given up since nothing was missing up to `after`, and `missed` before.
    fn note_lost(&mut self, after: Option<u32>, missed: u64) {
        let count = self.room.missed() - missed;
        if let (Some(after), Some(last), true) = (after, self.room.after_seq(), count > 0) {
            self.lost.push(Lost { after, last, count });
        }
    }

    pub(super) fn say(
        &mut self,
        text: &str,
        now: Duration,
        rng: &mut StdRng,
        numbers: &mut RequestNumbers,
        ledger: &Ledger,
    ) -> Vec<ClientFrame> {
        match self.room.submit(text, now, 0.0, rng, numbers) {
            Ok((_, changes)) => self.apply(changes, ledger),
            // Too much is on its way already.
            Err(_) => Vec::new(),
        }
    }

    pub(super) fn tick(
        &mut self,
        now: Duration,
        numbers: &mut RequestNumbers,
        ledger: &Ledger,
    ) -> Vec<ClientFrame> {
        let (after, missed) = (self.room.after_seq(), self.room.missed());
        let changes = self.room.tick(now, numbers);
        self.note_lost(after, missed);
        self.apply(changes, ledger)
    }

    fn apply(&mut self, effects: Vec<Effect>, ledger: &Ledger) -> Vec<ClientFrame> {
        let mut frames = Vec::new();
        for effect in effects {
            self.screen.take(&effect, ledger);
            if let Effect::Send(frame) = effect {
                frames.push(frame);
            }
        }
        frames
    }

    pub(super) fn report(&self, now: Duration) -> SeatReport {
        let (mut product, mut online) = (String::new(), 0);
        for event in self.room.snapshot(now) {
            match event {
                RoomEvent::Product { product: shown } => product = shown.title,
                RoomEvent::Online { count } => online = count,
                _ => {}
            }
        }
        let details = self.room.details();
        SeatReport {
            screen: self.screen.clone(),
            came_at: self.came_at,
            stayed: self.stayed,
            settled: self.room.is_inside() && self.room.due().is_none(),
            lost: self.lost.clone(),
            dropped: self.room.log().dropped(),
            agreed: Agreed {
                name: self.room.view().name,
                product,
                online,
                mute_all: details.mute_all,
                budget_per_s: details.rules.budget_per_s,
            },
        }
    }
}
