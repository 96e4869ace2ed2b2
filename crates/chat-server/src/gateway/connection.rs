//! The reading half of a connection, from the first frame to the last.

use axum::extract::ws::{Message, WebSocket};
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{ClientFrame, MAX_CLIENT_FRAME_BYTES, Platform, ServerFrame, close};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

use super::requests::Session;
use super::{Gateway, writer};
use crate::counters::add;
use crate::room::{Closing, Outbox, outbox};
use crate::service::{Ended, Login};

const GOING_AWAY: u16 = 1001;
const TOO_BIG: u16 = 1009;
const INTERNAL: u16 = 1011;
/// How long a client has to read its last frames and close.
const LINGER: Duration = Duration::from_secs(1);
/// What a client is asked to wait before it comes back after a stop.
const RETRY_AFTER_MS: u32 = 1_000;
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

pub(super) async fn serve(gateway: Arc<Gateway>, socket: WebSocket, client_ip: IpAddr) {
    add(&gateway.service.counters.connections_opened, 1);
    let (sink, mut stream) = socket.split();
    let (outbox, waiting) = outbox(Arc::clone(&gateway.service.counters));
    let writer = writer::write(sink, waiting, Arc::clone(&outbox), gateway.times.write);
    let reader = async {
        read(&gateway, &mut stream, &outbox, client_ip).await;
        // Without a reason of its own the connection ends normally.
        outbox.close(Closing { code: 1000, reason: "" });
    };
    tokio::join!(reader, writer);
    // A socket that is dropped with unread bytes in it is reset, and the last frames are lost.
    let rest = async { while let Some(Ok(_)) = stream.next().await {} };
    // Whoever does not close by then gets the reset.
    let _ = timeout(LINGER, rest).await;
}

async fn read(
    gateway: &Gateway,
    stream: &mut SplitStream<WebSocket>,
    outbox: &Arc<Outbox>,
    client_ip: IpAddr,
) {
    let signed_in = login(gateway, stream, outbox, client_ip).await;
    let Some((mut session, valid_for)) = signed_in else { return };
    let expires = Instant::now() + valid_for.min(LONGEST_LOGIN);
    let silence = gateway.times.heartbeat * 5 / 2;
    let mut ended = Ended::LinkClose;
    loop {
        let heard = tokio::select! {
            biased;
            () = outbox.closed().cancelled() => break,
            () = gateway.stopping.cancelled() => {
                say_goodbye(outbox);
                break;
            }
            () = sleep_until(expires) => {
                outbox.answer(&ServerFrame::SigExpired {});
                outbox.close(Closing { code: close::SIG_EXPIRED, reason: "the UserSig expired" });
                break;
            }
            heard = timeout(silence, hear(gateway, stream, outbox)) => heard,
        };
        match heard {
            Ok(Heard::Frame(frame)) => {
                if !session.handle(frame).await {
                    ended = Ended::Logout;
                    break;
                }
            }
            Ok(Heard::Refused | Heard::Nothing) => {}
            Ok(Heard::Over) => break,
            Err(_) => {
                add(&gateway.service.counters.connections_closed_silent, 1);
                outbox.close(Closing { code: close::SILENT, reason: "nothing heard for too long" });
                ended = Ended::TimeOut;
                break;
            }
        }
    }
    session.end(ended).await;
}

fn say_goodbye(outbox: &Outbox) {
    outbox.answer(&ServerFrame::ShuttingDown { retry_after_ms: RETRY_AFTER_MS });
    outbox.close(Closing { code: GOING_AWAY, reason: "the service stops" });
}

/// Waits for `login` and answers it. `None` ends the connection.
async fn login(
    gateway: &Gateway,
    stream: &mut SplitStream<WebSocket>,
    outbox: &Arc<Outbox>,
    client_ip: IpAddr,
) -> Option<(Session, Duration)> {
    let refuse = |id: u32, error: ApiError| {
        outbox.answer(&ServerFrame::Error { id, code: error.code, info: error.info });
        outbox.close(Closing { code: close::LOGIN_REFUSED, reason: "login refused" });
    };
    let first = tokio::select! {
        () = gateway.stopping.cancelled() => {
            say_goodbye(outbox);
            return None;
        }
        first = timeout(gateway.times.login, hear_frame(gateway, stream, outbox)) => first,
    };
    let Ok(first) = first else {
        outbox.close(Closing { code: close::SILENT, reason: "no login in time" });
        return None;
    };
    let first = first?;
    let ClientFrame::Login { id, sdk_app_id, user_id, user_sig, platform } = first else {
        let error = ApiError::new(Code::NOT_LOGGED_IN, "the first frame has to be login");
        refuse(first.id(), error);
        return None;
    };
    let place = Place { platform, client_ip };
    match sign_in(gateway, id, sdk_app_id, &user_id, &user_sig.0, place, outbox).await {
        Ok((session, valid_for)) => {
            if session.attach().await.is_err() {
                outbox.close(Closing { code: INTERNAL, reason: "the service failed inside" });
            }
            Some((session, valid_for))
        }
        Err(error) => {
            refuse(id, error);
            None
        }
    }
}

/// Where somebody signs in.
struct Place {
    platform: Platform,
    client_ip: IpAddr,
}

/// Answers `login_ok` before the login can be seen by others, so that nothing comes before it.
async fn sign_in(
    gateway: &Gateway,
    id: u32,
    sdk_app_id: u32,
    user_id: &str,
    user_sig: &str,
    place: Place,
    outbox: &Arc<Outbox>,
) -> Result<(Session, Duration), ApiError> {
    let service = &gateway.service;
    let user_id = chat_types::UserId::new(user_id)?;
    let who = service.check_user_sig(sdk_app_id, user_id, user_sig).await?;
    let nick = service.account_of_login(&who).await?;
    let valid_for = Duration::from_secs(who.valid_for_s);
    let login = Login {
        connection: service.next_connection(),
        platform: place.platform,
        client_ip: Some(place.client_ip),
        outbox: Arc::clone(outbox),
    };
    let heartbeat_s = u32::try_from(gateway.times.heartbeat.as_secs()).unwrap_or(u32::MAX);
    let user_id = who.user_id.to_string();
    outbox.answer(&ServerFrame::LoginOk { id, user_id, nick, heartbeat_s });
    service.signed_in(&who, login.clone()).await;
    Ok((Session::new(Arc::clone(service), who, login), valid_for))
}

/// The next readable frame; unreadable ones are refused on the way.
async fn hear_frame(
    gateway: &Gateway,
    stream: &mut SplitStream<WebSocket>,
    outbox: &Outbox,
) -> Option<ClientFrame> {
    loop {
        match hear(gateway, stream, outbox).await {
            Heard::Frame(frame) => return Some(frame),
            Heard::Over => return None,
            Heard::Refused | Heard::Nothing => {}
        }
    }
}

async fn hear(gateway: &Gateway, stream: &mut SplitStream<WebSocket>, outbox: &Outbox) -> Heard {
    let text = match stream.next().await {
        Some(Ok(Message::Text(text))) => text,
        Some(Ok(Message::Binary(_))) => {
            return refuse(gateway, outbox, 0, Code::FRAME_MALFORMED, "send text frames".into());
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Heard::Nothing,
        Some(Ok(Message::Close(_))) | None => return Heard::Over,
        Some(Err(error)) => {
            // A frame over the hard limit cannot be skipped: its bytes are still on the way.
            if is_too_big(&error) {
                refuse(gateway, outbox, 0, Code::FRAME_TOO_LONG, too_long());
                outbox.close(Closing { code: TOO_BIG, reason: "the frame is too long" });
            }
            return Heard::Over;
        }
    };
    if text.len() > MAX_CLIENT_FRAME_BYTES {
        return refuse(gateway, outbox, 0, Code::FRAME_TOO_LONG, too_long());
    }
    match serde_json::from_str(&text) {
        Ok(frame) => Heard::Frame(frame),
        Err(error) => {
            let info = format!("the frame cannot be read: {error}");
            refuse(gateway, outbox, id_of(&text), Code::FRAME_MALFORMED, info)
        }
    }
}

fn refuse(gateway: &Gateway, outbox: &Outbox, id: u32, code: Code, info: String) -> Heard {
    add(&gateway.service.counters.frames_malformed, 1);
    outbox.answer(&ServerFrame::Error { id, code, info });
    Heard::Refused
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

fn is_too_big(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source
        .and_then(|error| error.downcast_ref::<tungstenite::Error>())
        .is_some_and(|error| matches!(error, tungstenite::Error::Capacity(_)))
}
