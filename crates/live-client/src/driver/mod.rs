//! The task of a client: waits for commands, for the gateway and for the clock, asks the pure parts
//! what follows, and does it.

mod commands;
mod frames;
mod rooms;

use chat_types::gateway::{ClientFrame, ServerFrame, UserSig};
use live_core::c2c::C2c;
use live_core::effect::Effect;
use live_core::frame;
use live_core::heartbeat::{Beat, Heartbeat};
use live_core::presence::Presences;
use live_core::request::RequestNumbers;
use live_core::room::Room;
use live_core::session::{Action, Event, Session};
use live_core::view::{RoomEvent, SessionView};
use rand::{SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::client::ClientConfig;
use crate::command::Command;
use crate::link::{Link, LinkEvent};
use crate::questions::Questions;
use rooms::{Entered, Join, Routes};

/// How long dialling and a login may each take, and a join before it is asked for again.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the gateway may take to end a connection after a logout.
const LOGOUT_WITHIN: Duration = Duration::from_secs(2);
/// A difference between two clocks that is no news: the service tells whole seconds.
const CLOCK_STEP_MS: f64 = 1_500.0;
/// A join that failed inside the service is tried again after this, up to twice as long.
const JOIN_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// The step of the sign-in that is under way: its answer, and by when it has to be there.
enum Awaited {
    Nothing,
    Dial { by: Duration },
    Login { id: u32, by: Duration },
}

pub(crate) struct Driver {
    config: ClientConfig,
    started: Instant,
    rng: StdRng,
    numbers: RequestNumbers,
    session: Session,
    link: Link,
    awaited: Awaited,
    heartbeat: Option<Heartbeat>,
    /// Own account and nickname, as the service tells them at a login.
    me: (String, String),
    rooms: BTreeMap<Arc<str>, Entered>,
    routes: Routes,
    /// Number of the last subscription of any room.
    last_view: u32,
    c2c: C2c,
    presences: Presences,
    questions: Questions,
    state: watch::Sender<SessionView>,
    malformed_frames: u64,
    unknown_frames: u64,
    missed_frames: u64,
}

impl Driver {
    pub(crate) fn new(config: ClientConfig, state: watch::Sender<SessionView>) -> Self {
        Self {
            link: Link::new(config.trust.clone()),
            me: (config.user_id.clone(), String::new()),
            config,
            started: Instant::now(),
            rng: StdRng::from_rng(&mut rand::rng()),
            numbers: RequestNumbers::default(),
            session: Session::default(),
            awaited: Awaited::Nothing,
            heartbeat: None,
            rooms: BTreeMap::new(),
            routes: Routes::default(),
            last_view: 0,
            c2c: C2c::default(),
            presences: Presences::default(),
            questions: Questions::default(),
            state,
            malformed_frames: 0,
            unknown_frames: 0,
            missed_frames: 0,
        }
    }

    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        self.happen(Event::Open);
        let done = loop {
            let wake_at = self.due().map(|due| self.started + due);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Close { done }) => break Some(done),
                    Some(command) => self.obey(command),
                    None => break None,
                },
                event = self.link.next() => self.link_event(event),
                () = wait(wake_at) => self.tick(),
            }
        };
        self.leave().await;
        if let Some(done) = done {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    // The session.

    fn happen(&mut self, event: Event) {
        let now = self.now();
        let was_online = self.session.is_online();
        let actions = self.session.handle(event, now, &mut self.rng);
        for action in actions {
            self.act(action);
        }
        if was_online && !self.session.is_online() {
            for entered in self.rooms.values_mut() {
                entered.room.connection_lost();
                entered.join = Join::Nothing;
            }
            self.routes.connection_lost();
            self.c2c.connection_lost();
            self.questions.connection_lost();
        }
        if self.session.is_over() {
            self.each_room(|room, _, _| room.session_over());
            let follows = self.c2c.session_over();
            self.follow(follows);
        }
        self.tell_session();
    }

    fn tell_session(&mut self) {
        let view = self.session.view(self.now());
        let changed = self.state.send_if_modified(|told| {
            let changed = *told != view;
            told.clone_from(&view);
            changed
        });
        if changed {
            self.tell_all(RoomEvent::Session { session: view });
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Dial => {
                self.link.dial(&self.config.gateway_url);
                self.awaited = Awaited::Dial { by: self.now() + ANSWER_WITHIN };
            }
            Action::SendLogin => self.log_in(),
            Action::Join => self.join_all(),
            Action::Disconnect => {
                self.link.drop_transport();
                self.awaited = Awaited::Nothing;
                self.heartbeat = None;
            }
        }
    }

    fn log_in(&mut self) {
        let id = self.numbers.take();
        self.awaited = Awaited::Login { id, by: self.now() + ANSWER_WITHIN };
        match self.config.credentials.user_sig() {
            Ok(user_sig) => self.link.send(&ClientFrame::Login {
                id,
                sdk_app_id: self.config.sdk_app_id,
                user_id: self.config.user_id.clone(),
                user_sig: UserSig(user_sig),
                platform: self.config.platform,
                guest: false,
                deflate: true,
            }),
            Err(error) => self.happen(Event::LoginRefused(error)),
        }
    }

    fn join_all(&mut self) {
        let ids: Vec<_> = self.rooms.keys().cloned().collect();
        ids.iter().for_each(|group_id| self.join(group_id));
    }

    fn join(&mut self, group_id: &str) {
        let by = self.now() + ANSWER_WITHIN;
        let Some(entered) = self.rooms.get_mut(group_id) else { return };
        let id = self.numbers.take();
        entered.join = Join::Asked { id, by };
        self.link.send(&ClientFrame::Join {
            id,
            group_id: group_id.to_owned(),
            after_seq: entered.room.after_seq(),
        });
    }

    // The gateway.

    fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Opened => self.happen(Event::TransportOpened),
            LinkEvent::AddressRefused(error) => self.happen(Event::AddressRefused(error)),
            LinkEvent::Closed(code) => self.happen(Event::TransportClosed(code)),
            LinkEvent::Text(text) => {
                self.alive();
                self.read(frame::read(&text));
            }
            LinkEvent::Compressed(bytes) => {
                self.alive();
                self.read(frame::read_compressed(&bytes));
            }
        }
    }

    fn alive(&mut self) {
        let now = self.now();
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard(now);
        }
    }

    fn read(&mut self, frame: Result<ServerFrame, frame::Error>) {
        match frame {
            Ok(frame) => self.heard(frame),
            Err(error @ frame::Error::Unknown(_)) => {
                self.unknown_frames += 1;
                tracing::debug!(%error, "left out");
            }
            Err(error @ frame::Error::Malformed(_)) => {
                self.malformed_frames += 1;
                tracing::debug!(%error, "left out");
            }
        }
    }

    // The rooms.

    /// Does what follows in a room.
    fn apply(&mut self, group_id: &Arc<str>, effects: Vec<Effect>) {
        let now = self.now();
        let Some(entered) = self.rooms.get_mut(group_id) else { return };
        let mut rejoin = false;
        for effect in effects {
            match effect {
                Effect::Tell(event) => entered.tell(event),
                Effect::Fly(comment) => entered.fly(comment, now),
                Effect::Recall(keys) => entered.recall(&keys),
                Effect::Send(frame) => {
                    self.routes.sends(&frame, group_id);
                    self.link.send(&frame);
                }
                Effect::Rejoin => rejoin = true,
            }
        }
        if rejoin {
            self.join(group_id);
        }
    }

    /// By how much the service's clock is ahead of this machine's, as a room knows it.
    fn clock_ahead_ms(&self, room: &Room) -> Option<f64> {
        let service_ms = room.service_time(self.now())?.as_secs_f64() * 1_000.0;
        // The answer has whole seconds.
        Some((service_ms + 500.0 - unix_ms()).round())
    }

    /// The service's clock, in Unix milliseconds; this machine's while it is not known.
    fn service_ms(&self, group_id: &str) -> f64 {
        let entered = self.rooms.get(group_id);
        unix_ms() + entered.and_then(|entered| self.clock_ahead_ms(&entered.room)).unwrap_or(0.0)
    }

    /// Tells by how much the service's clock is ahead, when it is another amount: after a join, and
    /// when this machine's clock was set.
    fn tell_clocks(&mut self) {
        let ahead = self.rooms.iter().map(|(group_id, entered)| {
            (group_id.clone(), entered.told_ahead_ms, self.clock_ahead_ms(&entered.room))
        });
        let differs = |told: Option<f64>, now: f64| {
            told.is_none_or(|told| (told - now).abs() > CLOCK_STEP_MS)
        };
        let news: Vec<_> = ahead
            .filter_map(|(group_id, told, now)| {
                Some((group_id, now.filter(|now| differs(told, *now))?))
            })
            .collect();
        for (group_id, ahead_ms) in news {
            if let Some(entered) = self.rooms.get_mut(&group_id) {
                entered.told_ahead_ms = Some(ahead_ms);
                entered.tell(RoomEvent::Clock { ahead_ms });
            }
        }
    }

    fn in_room(
        &mut self,
        group_id: &str,
        act: impl FnOnce(&mut Room, Duration, &mut RequestNumbers) -> Vec<Effect>,
    ) {
        let now = self.now();
        let Some((group_id, _)) = self.rooms.get_key_value(group_id) else { return };
        let group_id = group_id.clone();
        if let Some(entered) = self.rooms.get_mut(&group_id) {
            let effects = act(&mut entered.room, now, &mut self.numbers);
            self.apply(&group_id, effects);
        }
    }

    fn each_room(
        &mut self,
        mut act: impl FnMut(&mut Room, Duration, &mut RequestNumbers) -> Vec<Effect>,
    ) {
        let ids: Vec<_> = self.rooms.keys().cloned().collect();
        ids.iter().for_each(|group_id| self.in_room(group_id, &mut act));
    }

    /// Tells the subscribers of all rooms.
    fn tell_all(&mut self, event: RoomEvent) {
        self.rooms.values_mut().for_each(|entered| entered.tell(event.clone()));
    }

    // The clock.

    /// When [`Driver::tick`] has something to do.
    fn due(&self) -> Option<Duration> {
        let awaited = match self.awaited {
            Awaited::Nothing => None,
            Awaited::Dial { by } | Awaited::Login { by, .. } => Some(by),
        };
        [
            awaited,
            self.session.retry_at(),
            self.heartbeat.as_ref().map(Heartbeat::due),
            self.rooms.values().filter_map(Entered::due).min(),
            self.c2c.due(),
            self.questions.due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn tick(&mut self) {
        let now = self.now();
        let waited_for = match self.awaited {
            Awaited::Nothing => None,
            Awaited::Dial { by } | Awaited::Login { by, .. } => Some(by),
        };
        if waited_for.is_some_and(|by| now >= by) {
            self.happen(Event::Silent);
        }
        self.join_again(now);
        if self.session.retry_at().is_some_and(|at| now >= at) {
            self.happen(Event::RetryDue);
        }
        match self.heartbeat.as_mut().map(|heartbeat| heartbeat.beat(now)) {
            Some(Beat::Ping) => {
                let id = self.numbers.take();
                self.link.send(&ClientFrame::Ping { id });
            }
            Some(Beat::Lost) => self.happen(Event::Silent),
            Some(Beat::Rest) | None => {}
        }
        self.each_room(Room::tick);
        let follows = self.c2c.tick(now);
        self.follow(follows);
        self.questions.tick(now);
        self.tell_clocks();
        self.rooms.values_mut().for_each(|entered| entered.flush(now));
    }

    /// Asks again where the service could not tell, or did not answer: that one room is slow is no
    /// trouble of the others, and a dead connection is found by its heartbeat.
    fn join_again(&mut self, now: Duration) {
        let is_due = |entered: &Entered| match entered.join {
            Join::Nothing => false,
            Join::Asked { by: at, .. } | Join::Again { at } => now >= at,
        };
        let due = self.rooms.iter().filter(|(_, entered)| is_due(entered));
        let due: Vec<_> = due.map(|(group_id, _)| group_id.clone()).collect();
        due.iter().for_each(|group_id| self.join(group_id));
    }

    /// Signs out, waits a moment for the gateway to end the connection, and says the last word.
    async fn leave(&mut self) {
        if self.session.is_online() {
            let id = self.numbers.take();
            self.link.send(&ClientFrame::Logout { id });
            if timeout(LOGOUT_WITHIN, self.hear_the_rest()).await.is_err() {
                tracing::debug!("the gateway did not end the connection after the logout");
            }
        }
        self.happen(Event::Close);
        let now = self.now();
        std::mem::take(&mut self.rooms).into_values().for_each(|entered| entered.end(now));
    }

    /// Hears, up to the end of the connection, which comments have arrived. Nothing else matters
    /// any more.
    async fn hear_the_rest(&mut self) {
        loop {
            match self.link.next().await {
                LinkEvent::Closed(_) => return,
                LinkEvent::Text(text) => {
                    if let Ok(ServerFrame::SendOk(outcome)) = frame::read(&text) {
                        self.sent(&outcome);
                    }
                }
                LinkEvent::Opened | LinkEvent::AddressRefused(_) | LinkEvent::Compressed(_) => {}
            }
        }
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// The wall clock, in Unix milliseconds. A clock before 1970 counts as 1970.
fn unix_ms() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1_000.0)
        .round()
}
