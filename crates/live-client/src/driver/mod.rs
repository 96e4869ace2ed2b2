//! The task of a room client: waits for commands, for the gateway and for the clock, asks the
//! pure parts what follows, and does it.

mod commands;
mod frames;

use chat_types::gateway::{ClientFrame, ServerFrame, UserSig};
use rand::{SeedableRng, rngs::StdRng};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::link::{Link, LinkEvent};
use crate::news::News;
use crate::questions::Questions;
use crate::{Command, RoomClientConfig};
use live_core::c2c::C2c;
use live_core::frame;
use live_core::heartbeat::{Beat, Heartbeat};
use live_core::presence::Presences;
use live_core::request::RequestNumbers;
use live_core::room::{Change, Room};
use live_core::session::{Action, Event, Session};
use live_core::view::SessionView;

/// How long dialling, a login and a join may each take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the gateway may take to end a connection after a logout.
const LOGOUT_WITHIN: Duration = Duration::from_secs(2);
/// A join that failed inside the service is tried again after this, up to twice as long.
const KNOCK_AGAIN_AFTER: Duration = Duration::from_secs(3);

/// The one step of the way in that is under way: its answer, and by when it has to be there.
enum Awaited {
    Nothing,
    Dial {
        by: Duration,
    },
    Login {
        id: u32,
        by: Duration,
    },
    Join {
        id: u32,
        by: Duration,
    },
    /// Not asked yet: the service could not tell at the last time.
    NextJoin {
        at: Duration,
    },
}

pub(super) struct Driver {
    config: RoomClientConfig,
    started: Instant,
    rng: StdRng,
    numbers: RequestNumbers,
    session: Session,
    link: Link,
    awaited: Awaited,
    heartbeat: Option<Heartbeat>,
    room: Room,
    c2c: C2c,
    presences: Presences,
    questions: Questions,
    news: News,
    state: watch::Sender<SessionView>,
    malformed_frames: u64,
    unknown_frames: u64,
    missed_frames: u64,
}

impl Driver {
    pub(super) fn new(config: RoomClientConfig, state: watch::Sender<SessionView>) -> Self {
        let news = News::new(config.flush_every);
        Self {
            room: Room::new(&config.group_id, &config.user_id),
            link: Link::new(config.trust.clone()),
            config,
            started: Instant::now(),
            rng: StdRng::from_rng(&mut rand::rng()),
            numbers: RequestNumbers::default(),
            session: Session::default(),
            awaited: Awaited::Nothing,
            heartbeat: None,
            c2c: C2c::default(),
            presences: Presences::default(),
            questions: Questions::default(),
            news,
            state,
            malformed_frames: 0,
            unknown_frames: 0,
            missed_frames: 0,
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
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
            self.room.connection_lost();
            self.c2c.connection_lost();
            self.questions.connection_lost();
        }
        if self.session.is_over() {
            let changes = self.room.session_over();
            self.apply(changes);
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
            self.news.session(view);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Dial => {
                self.link.dial(&self.config.gateway_url);
                self.awaited = Awaited::Dial { by: self.now() + ANSWER_WITHIN };
            }
            Action::SendLogin => self.log_in(),
            Action::Join => self.join(),
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

    fn join(&mut self) {
        let id = self.numbers.take();
        self.awaited = Awaited::Join { id, by: self.now() + ANSWER_WITHIN };
        self.link.send(&ClientFrame::Join {
            id,
            group_id: self.config.group_id.clone(),
            after_seq: self.room.after_seq(),
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

    fn apply(&mut self, changes: Vec<Change>) {
        let now = self.now();
        for change in changes {
            match change {
                Change::Send(frame) => self.link.send(&frame),
                Change::Knock => self.join(),
                news => self.news.tell(news, &self.room, now),
            }
        }
    }

    // The clock.

    /// When [`Driver::tick`] has something to do.
    fn due(&self) -> Option<Duration> {
        let awaited = match self.awaited {
            Awaited::Nothing => None,
            Awaited::Dial { by } | Awaited::Login { by, .. } | Awaited::Join { by, .. } => Some(by),
            Awaited::NextJoin { at } => Some(at),
        };
        [
            awaited,
            self.session.retry_at(),
            self.heartbeat.as_ref().map(Heartbeat::due),
            self.room.due(),
            self.c2c.due(),
            self.questions.due(),
            self.news.due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn tick(&mut self) {
        let now = self.now();
        match self.awaited {
            Awaited::Dial { by } | Awaited::Login { by, .. } | Awaited::Join { by, .. }
                if now >= by =>
            {
                self.happen(Event::Silent);
            }
            Awaited::NextJoin { at } if now >= at => self.join(),
            _ => {}
        }
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
        let changes = self.room.tick(now, &mut self.numbers);
        self.apply(changes);
        let follows = self.c2c.tick(now);
        self.follow(follows);
        self.questions.tick(now);
        if self.news.due().is_some_and(|due| now >= due) {
            self.news.flush(&self.room, now);
        }
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
        self.news.flush(&self.room, self.now());
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
