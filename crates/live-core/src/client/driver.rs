//! The task of a room client: waits for commands, for the gateway and for the clock, asks the
//! pure parts what follows, and does it.

use chat_types::gateway::{ClientFrame, ServerFrame, UserSig};
use chat_types::{ApiError, Code};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::link::{Link, LinkEvent};
use super::news::News;
use super::{Command, Diagnostics, RoomClientConfig};
use crate::frame;
use crate::heartbeat::{Beat, Heartbeat};
use crate::request::RequestNumbers;
use crate::room::{Change, Joined, Room};
use crate::session::{Action, Event, Session};
use crate::view::SessionView;

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
            config,
            started: Instant::now(),
            rng: StdRng::from_rng(&mut rand::rng()),
            numbers: RequestNumbers::default(),
            session: Session::default(),
            link: Link::new(),
            awaited: Awaited::Nothing,
            heartbeat: None,
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

    // What the user wants.

    fn obey(&mut self, command: Command) {
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
            // Taken by the loop, which it ends.
            Command::Close { .. } => {}
        }
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
        }
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
        }
        if self.session.is_over() {
            let changes = self.room.session_over();
            self.apply(changes);
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
            LinkEvent::Frame(text) => {
                let now = self.now();
                if let Some(heartbeat) = &mut self.heartbeat {
                    heartbeat.heard(now);
                }
                match frame::read(&text) {
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
        }
    }

    fn heard(&mut self, frame: ServerFrame) {
        let here = self.config.group_id.clone();
        let changes = match frame {
            ServerFrame::LoginOk { id, user_id, nick, heartbeat_s } => {
                if matches!(self.awaited, Awaited::Login { id: asked, .. } if asked == id) {
                    self.heartbeat = Some(Heartbeat::start(heartbeat_s, self.now()));
                    self.room.signed_in(user_id, nick);
                    self.happen(Event::LoginOk);
                }
                return;
            }
            ServerFrame::JoinOk { id, group, online, last_seq, messages, .. } => {
                if !matches!(self.awaited, Awaited::Join { id: asked, .. } if asked == id) {
                    return;
                }
                self.awaited = Awaited::Nothing;
                let joined = Joined { group, online, last_seq, messages };
                self.room.joined(joined, self.now(), &mut self.numbers)
            }
            ServerFrame::SendOk { client_id, seq, time_s, .. } => {
                self.room.sent(&client_id, seq, time_s)
            }
            ServerFrame::Error { id, code, info } => {
                self.refused(id, ApiError { code, info });
                return;
            }
            ServerFrame::Messages { group_id, messages } if group_id == here => {
                self.room.messages(messages)
            }
            ServerFrame::GroupInfoChanged { group_id, changes, .. } if group_id == here => {
                self.room.info_changed(changes)
            }
            ServerFrame::Online { group_id, count } if group_id == here => {
                self.room.online_changed(count)
            }
            ServerFrame::GroupDismissed { group_id, .. } if group_id == here => {
                self.room.dismissed()
            }
            ServerFrame::Removed { group_id, info, .. } if group_id == here => {
                self.room.join_refused(ApiError::new(Code::NO_PERMISSION, info))
            }
            ServerFrame::Missed { count } => {
                self.missed_frames += u64::from(count);
                return;
            }
            ServerFrame::Kicked { reason } => return self.happen(Event::Kicked { reason }),
            ServerFrame::SigExpired {} => return self.happen(Event::SigExpired),
            ServerFrame::ShuttingDown { retry_after_ms } => {
                return self.happen(Event::ShuttingDown { retry_after_ms });
            }
            // The answer to a ping has done its work by being heard. Frames of other rooms come
            // when a join was given up and is answered late.
            ServerFrame::Pong { .. }
            | ServerFrame::LeaveOk { .. }
            | ServerFrame::Messages { .. }
            | ServerFrame::GroupInfoChanged { .. }
            | ServerFrame::Online { .. }
            | ServerFrame::GroupDismissed { .. }
            | ServerFrame::Removed { .. } => return,
            // Answers to what this client does not ask, and news that it has no place for.
            ServerFrame::Done { .. }
            | ServerFrame::HistoryOk { .. }
            | ServerFrame::SendC2cOk { .. }
            | ServerFrame::C2cHistoryOk { .. }
            | ServerFrame::ConversationsOk { .. }
            | ServerFrame::PresenceOk { .. }
            | ServerFrame::Broadcast { .. }
            | ServerFrame::Recalled { .. }
            | ServerFrame::SystemNotification { .. }
            | ServerFrame::AttributesChanged { .. }
            | ServerFrame::CounterChanged { .. }
            | ServerFrame::MemberEntered { .. }
            | ServerFrame::MemberLeft { .. }
            | ServerFrame::MemberBanned { .. }
            | ServerFrame::Muted { .. }
            | ServerFrame::AdminChanged { .. }
            | ServerFrame::MarksChanged { .. }
            | ServerFrame::C2cMessage { .. }
            | ServerFrame::C2cRead { .. }
            | ServerFrame::C2cWithdrawn { .. }
            | ServerFrame::PresenceChanged { .. } => return,
        };
        self.apply(changes);
    }

    fn refused(&mut self, id: u32, error: ApiError) {
        match self.awaited {
            // Number 0 answers what could not be read, and until the login is answered the login
            // is all that was sent.
            Awaited::Login { id: asked, .. } if asked == id || id == 0 => {
                self.happen(Event::LoginRefused(error));
            }
            Awaited::Join { id: asked, .. } if asked == id && error.code == Code::INTERNAL => {
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
                let changes = self.room.refused(id, &error);
                self.apply(changes);
            }
        }
    }

    fn apply(&mut self, changes: Vec<Change>) {
        let now = self.now();
        for change in changes {
            match change {
                Change::Send(frame) => self.link.send(&frame),
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
            self.room.outbox().due(),
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
        let changes = self.room.tick(now);
        self.apply(changes);
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
                LinkEvent::Frame(text) => {
                    if let Ok(ServerFrame::SendOk { client_id, seq, time_s, .. }) =
                        frame::read(&text)
                    {
                        let changes = self.room.sent(&client_id, seq, time_s);
                        self.apply(changes);
                    }
                }
                LinkEvent::Opened | LinkEvent::AddressRefused(_) => {}
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
