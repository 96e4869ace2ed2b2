//! What happens in a simulation, from its seed: the same seed plans the same. Real sockets make the
//! moments differ from run to run, so everything that is checked has to hold for each of them.

use chat_types::Priority;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// How large a simulation is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) viewers: usize,
    pub(super) steps: usize,
}

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rooms: Vec<String>,
    pub(super) viewers: Vec<ViewerPlan>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(super) struct ViewerPlan {
    pub(super) user_id: String,
    /// Indices of the rooms that this viewer is in.
    pub(super) rooms: Vec<usize>,
    /// Seed of what it decides by itself.
    pub(super) seed: u64,
    /// Its network takes little at a time, so that it falls behind soon.
    pub(super) narrow: bool,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) after: Duration,
    pub(super) action: Action,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Goes away in good order, for so long.
    Leave {
        viewer: usize,
        away: Duration,
    },
    /// The connection breaks without a word.
    Drop {
        viewer: usize,
        away: Duration,
    },
    /// Reads nothing for so long.
    StopReading {
        viewer: usize,
        pause: Duration,
    },
    Say {
        viewer: usize,
        room: usize,
        saying: Saying,
    },
    /// The application's own server speaks.
    Announce {
        room: usize,
        saying: Saying,
    },
    /// One of the last messages is taken back.
    Recall {
        room: usize,
        back: usize,
    },
    Rename {
        room: usize,
        number: u64,
    },
    Sell {
        room: usize,
        number: u64,
    },
    MuteAll {
        room: usize,
        on: bool,
    },
    Mute {
        room: usize,
        viewer: usize,
        on: bool,
    },
    Rules {
        room: usize,
        budget_per_s: u32,
        sender_per_s: u32,
    },
    /// A viewer with a narrow network stops reading, and others say more than waits for it.
    Swamp {
        viewer: usize,
        room: usize,
        by: Vec<usize>,
        pause: Duration,
    },
    /// Everybody's connection breaks at once, and everybody comes back.
    Storm,
    /// The service stops in order and starts again.
    Restart,
    /// The service ends in the middle of everything and starts again.
    Crash,
}

/// Some messages of one sender, one behind the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saying {
    pub(super) count: usize,
    pub(super) priority: Priority,
    /// Bytes of text in each of them, about.
    pub(super) bytes: usize,
    /// As a person's comment, which the client sends again until it is answered; otherwise once.
    pub(super) insists: bool,
}

impl Plan {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let rooms: Vec<_> = (0..rng.random_range(1..=3)).map(|n| format!("room_{n}")).collect();
        let viewers = (0..size.viewers).map(|n| viewer(&mut rng, n, rooms.len())).collect();
        let mut draw = Draw { rng, viewers, rooms: rooms.len() };
        let swamps = [draw.swamp(), draw.swamp()];
        let mut steps: Vec<_> = (0..size.steps).map(|number| draw.step(number as u64)).collect();
        // Whatever else the seed brings, these are in every run.
        let certain = [Action::Restart, Action::Storm, Action::Crash].into_iter().chain(swamps);
        for action in certain {
            let at = draw.rng.random_range(size.steps / 8..size.steps);
            if let Some(step) = steps.get_mut(at) {
                step.action = action;
            }
        }
        Self { rooms, viewers: draw.viewers, steps }
    }
}

fn viewer(rng: &mut StdRng, number: usize, rooms: usize) -> ViewerPlan {
    let mut of: Vec<_> = (0..rooms).filter(|_| rng.random_ratio(2, 3)).collect();
    if of.is_empty() {
        of.push(rng.random_range(0..rooms));
    }
    ViewerPlan {
        user_id: format!("viewer_{number:02}"),
        rooms: of,
        seed: rng.random(),
        narrow: rng.random_ratio(1, 3),
    }
}

struct Draw {
    rng: StdRng,
    viewers: Vec<ViewerPlan>,
    rooms: usize,
}

impl Draw {
    fn ms(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.rng.random_range(0..=most))
    }

    fn saying(&mut self) -> Saying {
        let flood = self.rng.random_ratio(1, 12);
        let priorities = [Priority::Low, Priority::Normal, Priority::Normal, Priority::High];
        let insists = self.rng.random_ratio(2, 3);
        Saying {
            count: if flood { self.rng.random_range(20..120) } else { self.rng.random_range(1..4) },
            priority: priorities[self.rng.random_range(0..priorities.len())],
            bytes: if self.rng.random_ratio(1, 4) { self.rng.random_range(0..11_000) } else { 40 },
            insists,
        }
    }

    fn swamp(&mut self) -> Action {
        let narrow: Vec<_> = (0..self.viewers.len()).filter(|n| self.viewers[*n].narrow).collect();
        let viewer =
            narrow.get(self.rng.random_range(0..narrow.len().max(1))).copied().unwrap_or(0);
        let room = self.viewers[viewer].rooms[0];
        let others = (0..self.viewers.len()).filter(|n| *n != viewer);
        let mut by: Vec<_> =
            others.filter(|other| self.viewers[*other].rooms.contains(&room)).collect();
        by.truncate(3);
        Action::Swamp {
            viewer,
            room,
            by,
            pause: Duration::from_millis(self.rng.random_range(300..1_800)),
        }
    }

    fn step(&mut self, number: u64) -> Step {
        let viewer = self.rng.random_range(0..self.viewers.len());
        let own = &self.viewers[viewer].rooms;
        let of_viewer = own[self.rng.random_range(0..own.len())];
        let room = self.rng.random_range(0..self.rooms);
        let on = self.rng.random_ratio(1, 3);
        let action = match self.rng.random_range(0..100) {
            0..50 => Action::Say { viewer, room: of_viewer, saying: self.saying() },
            50..58 => Action::Announce { room, saying: self.saying() },
            58..64 => Action::Drop { viewer, away: self.ms(300) },
            // It comes back at once.
            64..69 => Action::Drop { viewer, away: Duration::ZERO },
            69..74 => Action::Leave { viewer, away: self.ms(500) },
            74..81 => Action::StopReading { viewer, pause: self.ms(1_500) },
            81..85 => Action::Recall { room, back: self.rng.random_range(0..20) },
            85..87 => Action::Rename { room, number },
            87..90 => Action::Sell { room, number },
            90..92 => Action::MuteAll { room, on },
            92..95 => Action::Mute { room: of_viewer, viewer, on },
            95..99 => Action::Rules {
                room,
                budget_per_s: [0, 5, 40, 400][self.rng.random_range(0..4)],
                sender_per_s: [0, 0, 10][self.rng.random_range(0..3)],
            },
            _ => Action::Storm,
        };
        let after = if self.rng.random_ratio(1, 20) { self.ms(200) } else { self.ms(8) };
        Step { after, action }
    }
}
