//! A connection, from the first frame to the last. One task reads, carries requests out, and writes
//! what waits for the socket; rooms write to the socket themselves as long as it takes everything.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{ClientFrame, MAX_CLIENT_FRAME_BYTES, ServerFrame, close, has_nul};
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tungstenite::{Error as SocketError, Message};

use super::Gateway;
use super::guest::GuestSession;
use super::requests::{Handled, Session};
use super::sending::Sending;
use super::sign_in::{Place, let_guest_in, let_in, sign_in};
use super::socket::Socket;
use super::upgrade::Upgraded;
use crate::admission::Allowance;
use crate::counters::add;
use crate::faults::Faults;
use crate::listener;
use crate::outbox::{Closing, Flushed, Outbox};
use crate::panics::caught;
use crate::service::Ended;

const GOING_AWAY: u16 = 1001;
const TOO_BIG: u16 = 1009;
/// How long a client has to read its last frames and close.
const LINGER: Duration = Duration::from_secs(1);
/// What a client is asked to wait before it comes back after a stop.
pub(super) const RETRY_AFTER_MS: u32 = 1_000;
/// Far enough: a UserSig that is valid longer than this outlives any connection.
const LONGEST_LOGIN: Duration = Duration::from_secs(365 * 24 * 3600);

/// What the next look at the socket gave.
enum Heard {
    Frame(ClientFrame),
    /// Not readable; the client was told, and the connection goes on.
    Refused,
    /// Something without meaning for us: a WebSocket ping, say.
    Nothing,
    Over,
}

/// Who is signed in.
enum Attended {
    Account(Session),
    Guest(GuestSession),
}

impl Attended {
    async fn handle(&mut self, frame: ClientFrame) -> Handled {
        match self {
            Self::Account(session) => {
                session.service.faults.at(Faults::REQUEST, session.who.user_id.as_str());
                session.handle(frame).await
            }
            Self::Guest(session) => session.handle(frame).await,
        }
    }

    fn allowance(&self) -> &Allowance {
        match self {
            Self::Account(session) => &session.allowance,
            Self::Guest(session) => &session.allowance,
        }
    }

    async fn end(&self, ended: Ended) {
        match self {
            Self::Account(session) => {
                session.service.faults.at(Faults::END, session.who.user_id.as_str());
                session.end(ended).await;
            }
            Self::Guest(session) => session.end(),
        }
    }

    /// What may be left of it after a panic.
    fn sweep(&self) {
        match self {
            Self::Account(session) => session.sweep(),
            Self::Guest(session) => session.sweep(),
        }
    }

    /// What [`Attended::end`] did not come to.
    fn let_go(&self) {
        match self {
            Self::Account(session) => session.let_go(),
            Self::Guest(session) => session.end(),
        }
    }
}

/// A login, and what it has on its way.
struct SignedIn {
    session: Attended,
    sending: Sending,
    /// When the UserSig runs out.
    expires: Instant,
}

impl SignedIn {
    fn new(session: Attended, valid_for: Duration) -> Box<Self> {
        let expires = Instant::now() + valid_for.min(LONGEST_LOGIN);
        Box::new(Self { session, sending: Sending::default(), expires })
    }
}

/// A socket and what is on its way to it.
struct Connection {
    gateway: Arc<Gateway>,
    socket: Socket,
    outbox: Arc<Outbox>,
    /// When the socket last took something; `None` while it takes everything.
    behind_since: Option<Instant>,
    /// A panic has been caught, and something may be half done.
    failed: bool,
}

/// What there is to do for a connection.
enum Woken {
    Stopping,
    /// A room has decided about a message.
    Answer(ServerFrame),
    Heard(Heard),
    /// A deadline has come.
    Due,
}

/// Serves a client until it is gone. What is not needed while a viewer only listens is boxed, here and
/// below: an idle connection keeps what waiting needs and nothing else.
pub(super) fn serve(
    gateway: Arc<Gateway>,
    upgraded: Upgraded,
    client_ip: IpAddr,
    entered: &listener::Place,
) -> impl Future<Output = ()> + Send {
    let counters = Arc::clone(&gateway.service.counters);
    add(&counters.connections_opened, 1);
    let socket = Socket::new(upgraded);
    let outbox = Arc::new(Outbox::new(socket.transport().wire(), Arc::clone(&counters)));
    let mut connection = Connection { gateway, socket, outbox, behind_since: None, failed: false };
    async move {
        let mut signed_in = None;
        let panics = &counters.panics_connections;
        let login = Box::pin(connection.login(client_ip, entered, &mut signed_in));
        if caught("login", panics, login).await.is_none() {
            connection.fail();
        }
        if let Some(mut signed_in) = signed_in {
            let attended = caught("connection", panics, connection.attend(&mut signed_in)).await;
            let ended = attended.unwrap_or_else(|| {
                connection.fail();
                Ended::LinkClose
            });
            Box::pin(connection.end(signed_in, ended)).await;
        }
        Box::pin(connection.close()).await;
    }
}

impl Connection {
    fn fail(&mut self) {
        self.failed = true;
        self.outbox.close(Closing::FAILED);
    }

    /// Carries requests out until the connection has to end.
    async fn attend(&mut self, signed_in: &mut SignedIn) -> Ended {
        let SignedIn { session, sending, expires } = signed_in;
        let expires = *expires;
        let silence = self.gateway.times.heartbeat * 5 / 2;
        let mut silent_at = Instant::now() + silence;
        let gateway = Arc::clone(&self.gateway);
        let mut stopping = pin!(gateway.stopping.cancelled());
        let mut alarm = pin!(sleep_until(silent_at.min(expires)));
        loop {
            let woken = poll_fn(|cx| {
                if stopping.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Woken::Stopping);
                }
                if let Poll::Ready(answer) = sending.poll_next(cx) {
                    return Poll::Ready(Woken::Answer(answer));
                }
                // A client that sends faster than its rooms decide is not heard meanwhile.
                if let Poll::Ready(heard) = self.poll_hear(cx, !sending.is_full()) {
                    return Poll::Ready(Woken::Heard(heard));
                }
                let due = self.due(silent_at.min(expires));
                if alarm.deadline() != due {
                    alarm.as_mut().reset(due);
                }
                alarm.as_mut().poll(cx).map(|()| Woken::Due)
            });
            let heard = match woken.await {
                Woken::Stopping => {
                    say_goodbye(&self.outbox);
                    return Ended::LinkClose;
                }
                Woken::Answer(answer) => {
                    self.outbox.answer(&answer);
                    continue;
                }
                Woken::Due => match self.overdue(expires, silent_at) {
                    Some(ended) => return ended,
                    None => continue,
                },
                Woken::Heard(heard) => heard,
            };
            silent_at = Instant::now() + silence;
            match heard {
                Heard::Frame(frame) => {
                    let handling = Box::pin(session.handle(frame));
                    match self.answering_meanwhile(sending, handling).await {
                        Handled::Answered => {}
                        Handled::Sent(pending) => sending.push(pending, &gateway.service),
                        Handled::LoggedOut => return Ended::Logout,
                    }
                }
                Heard::Refused | Heard::Nothing => {
                    let pause = Box::pin(session.allowance().noise());
                    self.answering_meanwhile(sending, pause).await;
                }
                Heard::Over => return Ended::LinkClose,
            }
        }
    }

    /// Carries out a request, or waits where the client has to. Messages that are on their way go on
    /// meanwhile, since what is asked for may wait for one of them, and what waits for the socket is
    /// written.
    async fn answering_meanwhile<T>(
        &mut self,
        sending: &mut Sending,
        mut work: impl Future<Output = T> + Unpin,
    ) -> T {
        poll_fn(|cx| {
            while let Poll::Ready(answer) = sending.poll_next(cx) {
                self.outbox.answer(&answer);
            }
            self.poll_write(cx);
            Pin::new(&mut work).poll(cx)
        })
        .await
    }

    /// Ends the login when everything that was sent is answered. Neither takes longer than the time
    /// for it, and whatever happens the connection is in no room afterwards. What is not answered by
    /// then goes on without the connection.
    async fn end(&mut self, signed_in: Box<SignedIn>, ended: Ended) {
        let SignedIn { session, mut sending, .. } = *signed_in;
        let outbox = Arc::clone(&self.outbox);
        let answered = async {
            while !sending.is_empty() {
                outbox.answer(&poll_fn(|cx| sending.poll_next(cx)).await);
            }
        };
        if !self.at_the_end(answered).await {
            sending.go_on_without_answers(&self.gateway.service);
        }
        if !self.at_the_end(session.end(ended)).await {
            session.let_go();
        }
        if self.failed {
            session.sweep();
        }
    }

    /// Whether this came to its end, within the time for it and without a panic.
    async fn at_the_end(&mut self, work: impl Future<Output = ()>) -> bool {
        let gateway = Arc::clone(&self.gateway);
        let counters = &gateway.service.counters;
        let bounded = timeout(gateway.times.end, self.writing_meanwhile(work));
        match caught("end of a connection", &counters.panics_connections, bounded).await {
            Some(Ok(())) => true,
            Some(Err(_)) => {
                add(&counters.ends_cut_short, 1);
                tracing::warn!("the end of a connection took too long");
                false
            }
            None => {
                self.failed = true;
                false
            }
        }
    }

    /// When there is something to do next, with or without the client: what is given, or the moment
    /// at which a socket that takes nothing counts as stuck.
    fn due(&self, other: Instant) -> Instant {
        let stuck = self.behind_since.map(|since| since + self.gateway.times.write);
        stuck.map_or(other, |stuck| stuck.min(other))
    }

    /// Ends what has lasted too long; `None` when the connection goes on, or ends by itself.
    fn overdue(&self, expires: Instant, silent_at: Instant) -> Option<Ended> {
        let now = Instant::now();
        if now >= expires {
            self.outbox.answer(&ServerFrame::SigExpired {});
            let reason = "the UserSig expired";
            self.outbox.close(Closing { code: close::SIG_EXPIRED, reason });
            return Some(Ended::LinkClose);
        }
        if now >= silent_at {
            add(&self.gateway.service.counters.connections_closed_silent, 1);
            let reason = "nothing heard for too long";
            self.outbox.close(Closing { code: close::SILENT, reason });
            return Some(Ended::TimeOut);
        }
        self.outbox.close_slow_reader();
        None
    }

    /// The next look at the socket, while what waits for it is written. Without `listens` only that.
    fn poll_hear(&mut self, cx: &mut Context<'_>, listens: bool) -> Poll<Heard> {
        self.poll_write(cx);
        if self.outbox.closing().is_some() {
            return Poll::Ready(Heard::Over);
        }
        // Whoever does not read its answers is not heard before it has read some of them.
        if !listens || self.outbox.owes_much() {
            return Poll::Pending;
        }
        let message = ready!(self.socket.poll_next(cx, &self.outbox));
        Poll::Ready(self.understand(message))
    }

    /// Writes what waits for the socket, as far as it takes it.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        self.outbox.register(cx.waker());
        while self.outbox.is_behind() {
            let since = *self.behind_since.get_or_insert_with(Instant::now);
            // A broken socket shows when it is written to.
            if self.socket.transport().socket().poll_write_ready(cx).is_pending() {
                return;
            }
            let took_something = self.outbox.flush() != Flushed::Nothing;
            self.behind_since = Some(if took_something { Instant::now() } else { since });
        }
        self.behind_since = None;
    }

    /// Does something else while what waits for the socket is written; a socket that is stuck does
    /// not hold it up.
    async fn writing_meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            self.poll_write(cx);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Says why the connection ends, and ends it.
    async fn close(&mut self) {
        // Without a reason of its own the connection ends normally.
        self.outbox.close(Closing { code: 1000, reason: "" });
        self.outbox.say_close();
        let deadline = Instant::now() + self.gateway.times.write;
        while self.outbox.flush() != Flushed::All {
            let writable = self.socket.transport().socket().writable();
            if timeout_at(deadline, writable).await.is_err() {
                return;
            }
        }
        // A socket that is dropped with unread bytes in it is reset, and the last frames are lost.
        let rest =
            async { while poll_fn(|cx| self.socket.poll_next(cx, &self.outbox)).await.is_ok() {} };
        // Whoever does not close by then gets the reset.
        let _ = timeout(LINGER, rest).await;
        self.socket.transport().say_end();
    }

    /// Waits for `login` and answers it. Without a login in its place the connection ends. The place
    /// is taken before others see the login, so that it is ended whatever happens in between.
    async fn login(
        &mut self,
        client_ip: IpAddr,
        entered: &listener::Place,
        signed_in: &mut Option<Box<SignedIn>>,
    ) {
        let gateway = Arc::clone(&self.gateway);
        let refuse = |outbox: &Outbox, id: u32, error: ApiError| {
            outbox.answer(&ServerFrame::Error {
                id,
                code: error.code,
                info: error.info,
                retry_after_ms: error.retry_after_ms,
            });
            outbox.close(Closing { code: close::LOGIN_REFUSED, reason: "login refused" });
        };
        let first = tokio::select! {
            () = gateway.stopping.cancelled() => {
                return say_goodbye(&self.outbox);
            }
            first = timeout(gateway.times.login, self.hear_frame()) => first,
        };
        let Ok(first) = first else {
            return self.outbox.close(Closing { code: close::SILENT, reason: "no login in time" });
        };
        let Some(first) = first else { return };
        let ClientFrame::Login { id, sdk_app_id, user_id, user_sig, platform, guest, deflate } =
            first
        else {
            let error = ApiError::new(Code::NOT_LOGGED_IN, "the first frame has to be login");
            return refuse(&self.outbox, first.id(), error);
        };
        if deflate {
            self.outbox.reads_deflate();
        }
        let place = Place { platform, client_ip, entered };
        let outbox = Arc::clone(&self.outbox);
        if guest {
            let let_in = async {
                if !user_id.is_empty() || !user_sig.0.is_empty() {
                    let info = "a guest has no account: leave user_id and user_sig empty";
                    return Err(ApiError::bad_parameter(info));
                }
                let_guest_in(&gateway, id, sdk_app_id, place, &outbox).await
            };
            match self.writing_meanwhile(let_in).await {
                Ok(session) => {
                    *signed_in = Some(SignedIn::new(Attended::Guest(session), LONGEST_LOGIN));
                }
                Err(error) => refuse(&outbox, id, error),
            }
            return;
        }
        let let_in = async {
            let given = let_in(&gateway, sdk_app_id, &user_id, &user_sig.0, place, &outbox).await;
            let (session, valid_for, welcomed) = match given {
                Ok(given) => given,
                Err(error) => return refuse(&outbox, id, error),
            };
            let signed_in = signed_in.insert(SignedIn::new(Attended::Account(session), valid_for));
            if let Attended::Account(session) = &signed_in.session {
                sign_in(&gateway, id, session, welcomed).await;
            }
        };
        self.writing_meanwhile(let_in).await;
    }

    /// The next readable frame; unreadable ones are refused on the way.
    async fn hear_frame(&mut self) -> Option<ClientFrame> {
        loop {
            match poll_fn(|cx| self.poll_hear(cx, true)).await {
                Heard::Frame(frame) => return Some(frame),
                Heard::Over => return None,
                Heard::Refused | Heard::Nothing => {}
            }
        }
    }

    fn understand(&self, message: Result<Message, SocketError>) -> Heard {
        let text = match message {
            Ok(Message::Text(text)) => text,
            Ok(Message::Binary(_)) => {
                return self.refuse(0, Code::FRAME_MALFORMED, "send text frames".into());
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => return Heard::Nothing,
            Ok(Message::Close(_)) => return Heard::Over,
            Err(error) => {
                // A frame over the hard limit cannot be skipped: its bytes are still on the way.
                if matches!(error, SocketError::Capacity(_)) {
                    self.refuse(0, Code::FRAME_TOO_LONG, too_long());
                    let reason = "the frame is too long";
                    self.outbox.close(Closing { code: TOO_BIG, reason });
                }
                return Heard::Over;
            }
        };
        if text.len() > MAX_CLIENT_FRAME_BYTES {
            return self.refuse(0, Code::FRAME_TOO_LONG, too_long());
        }
        if has_nul(&text) {
            let info = "a text of the frame has U+0000 in it, which no text may have";
            return self.refuse(id_of(&text), Code::BAD_PARAMETER, info.into());
        }
        match serde_json::from_str(&text) {
            Ok(frame) => Heard::Frame(frame),
            Err(error) => {
                let info = format!("the frame cannot be read: {error}");
                self.refuse(id_of(&text), Code::FRAME_MALFORMED, info)
            }
        }
    }

    fn refuse(&self, id: u32, code: Code, info: String) -> Heard {
        add(&self.gateway.service.counters.frames_malformed, 1);
        self.outbox.answer(&ServerFrame::Error { id, code, info, retry_after_ms: None });
        Heard::Refused
    }
}

fn say_goodbye(outbox: &Outbox) {
    outbox.answer(&ServerFrame::ShuttingDown { retry_after_ms: RETRY_AFTER_MS });
    outbox.close(Closing { code: GOING_AWAY, reason: "the service stops" });
}

/// The id of a frame that cannot be read as a whole, so that its sender knows which one was meant;
/// 0 when not even that can be read.
fn id_of(text: &str) -> u32 {
    #[derive(serde::Deserialize)]
    struct OnlyId {
        id: u32,
    }
    serde_json::from_str::<OnlyId>(text).map_or(0, |frame| frame.id)
}

fn too_long() -> String {
    format!("a frame has at most {MAX_CLIENT_FRAME_BYTES} bytes")
}
