//! Who comes in: an account that shows who it is, or a guest, and what it is welcomed with.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{Platform, ServerFrame};
use chat_types::{GroupId, UserId};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use super::connection::RETRY_AFTER_MS;
use super::guest::GuestSession;
use super::requests::Session;
use crate::faults::Faults;
use crate::listener;
use crate::outbox::{Closing, Outbox};
use crate::room::Room;
use crate::service::Login;

/// "Try again later" in the registry of close codes.
const TRY_AGAIN_LATER: u16 = 1013;

/// Where somebody signs in.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) platform: Platform,
    pub(super) client_ip: IpAddr,
    pub(super) entered: &'a listener::Place,
}

impl Place<'_> {
    /// Takes a place among those who have signed in, before anything is begun that others see.
    fn take(&self, outbox: &Outbox) -> Result<(), ApiError> {
        self.entered.sign_in().map_err(|_| {
            // The first reason counts: the client may come back, which after a refused login it may
            // not.
            let reason = "too many connections; come back later";
            outbox.close(Closing { code: TRY_AGAIN_LATER, reason });
            ApiError {
                retry_after_ms: Some(RETRY_AFTER_MS),
                ..ApiError::new(Code::INTERNAL, "the service has as many connections as it takes")
            }
        })
    }
}

/// What an account is welcomed with: its nickname, and the rooms of the groups that store it.
pub(super) struct Welcomed {
    nick: String,
    rooms: Vec<(GroupId, Arc<Room>)>,
}

/// Lets an account in that shows who it is: its session, and how long the UserSig is valid.
pub(super) async fn let_in(
    gateway: &Gateway,
    sdk_app_id: u32,
    user_id: &str,
    user_sig: &str,
    place: Place<'_>,
    outbox: &Arc<Outbox>,
) -> Result<(Session, Duration, Welcomed), ApiError> {
    let service = &gateway.service;
    let user_id = UserId::new(user_id)?;
    service.admission.login_from(place.client_ip)?;
    let who = service.check_user_sig(sdk_app_id, user_id, user_sig).await?;
    service.admission.login_of(sdk_app_id, &who.user_id)?;
    place.take(outbox)?;
    let nick = service.account_of_login(&who).await?;
    let rooms = service.rooms_of_member(sdk_app_id, &who.user_id).await?;
    let valid_for = Duration::from_secs(who.valid_for_s);
    let login = Login {
        connection: service.next_connection(),
        platform: place.platform,
        client_ip: Some(place.client_ip),
        outbox: Arc::clone(outbox),
    };
    Ok((Session::new(Arc::clone(service), who, login), valid_for, Welcomed { nick, rooms }))
}

/// Answers `login_ok` before anything else that comes because of the login, and puts the connection
/// into the groups that store its account.
pub(super) async fn sign_in(gateway: &Gateway, id: u32, session: &Session, welcomed: Welcomed) {
    let Welcomed { nick, rooms } = welcomed;
    let (heartbeat_s, user_id) = (heartbeat_s(gateway), session.who.user_id.to_string());
    let welcome = ServerFrame::LoginOk { id, user_id, nick, heartbeat_s, guest: false };
    let (service, who, login) = (&session.service, &session.who, &session.login);
    let signed_in = service.signed_in(who, login, &welcome, &rooms).await;
    service.faults.at(Faults::LOGIN, who.user_id.as_str());
    if signed_in.is_err() {
        login.outbox.close(Closing::FAILED);
    }
}

/// As [`sign_in`], without an account and so without anybody who sees it.
pub(super) async fn let_guest_in(
    gateway: &Gateway,
    id: u32,
    sdk_app_id: u32,
    place: Place<'_>,
    outbox: &Arc<Outbox>,
) -> Result<GuestSession, ApiError> {
    let service = &gateway.service;
    service.admission.login_from(place.client_ip)?;
    let guest = service.guest(sdk_app_id, place.platform, outbox).await?;
    place.take(outbox)?;
    let (user_id, nick, heartbeat_s) = (guest.name.clone(), String::new(), heartbeat_s(gateway));
    outbox.answer(&ServerFrame::LoginOk { id, user_id, nick, heartbeat_s, guest: true });
    Ok(GuestSession::new(Arc::clone(service), guest, place.client_ip))
}

fn heartbeat_s(gateway: &Gateway) -> u32 {
    u32::try_from(gateway.times.heartbeat.as_secs()).unwrap_or(u32::MAX)
}
