//! Who is signed in, where, and who wants to know.

use chat_types::gateway::{KickCause, Platform, ServerFrame, close};
use chat_types::{PresenceStatus, UserId};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Origin;
use super::followers::Followers;
use super::locks::Locks;
use crate::outbox::{Closing, Outbox, encode};
use crate::room::ConnectionId;

/// How long an account whose phone has dropped off counts as reachable by a push
/// (product/269/2566).
const PUSHABLE_S: u32 = 7 * 24 * 3600;
/// Such accounts in memory; the one that was asked for least recently is forgotten first, and is
/// offline then.
const PUSHABLE_CAPACITY: u64 = 100_000;

pub(super) type AccountKey = (u32, UserId);

/// Phones of an account that went without a word, with the second in which each went.
type Dropped = BTreeMap<&'static str, u32>;

/// One signed-in connection.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) connection: ConnectionId,
    pub(crate) platform: Platform,
    pub(crate) client_ip: Option<IpAddr>,
    pub(crate) outbox: Arc<Outbox>,
}

impl Login {
    pub(crate) fn origin(&self) -> Origin {
        Origin { platform: platform_name(self.platform), client_ip: self.client_ip }
    }
}

/// A platform as webhooks name it (`OptPlatform`). Linux is none of theirs.
pub(crate) const fn platform_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Windows => "Windows",
        Platform::Mac => "Mac",
        Platform::Web => "Web",
        Platform::Android => "Android",
        Platform::Ios => "iOS",
        Platform::Ipad => "iPad",
        Platform::Linux | Platform::Unknown => "Unknown",
    }
}

/// A platform as the status of an account names it.
const fn device_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "iPhone",
        Platform::Android => "Android",
        Platform::Web => "Web",
        Platform::Ipad => "iPad",
        Platform::Mac => "Mac",
        Platform::Windows | Platform::Linux => "PC",
        Platform::Unknown => "Unknown",
    }
}

const fn takes_pushes(platform: Platform) -> bool {
    matches!(platform, Platform::Ios | Platform::Android | Platform::Ipad)
}

/// How a login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client said so.
    Logout,
    /// The connection was closed or broke.
    LinkClose,
    /// Nothing was heard for too long.
    TimeOut,
}

/// Whether an account can be reached, and where. No device stands in it twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) status: PresenceStatus,
    pub(crate) devices: BTreeMap<&'static str, PresenceStatus>,
}

/// The signed-in connections of every account, the oldest first. The number of connections bounds
/// it.
pub(crate) struct Sessions {
    logins: Mutex<HashMap<AccountKey, Vec<Login>>>,
    /// Written only while `logins` is locked.
    dropped: Cache<AccountKey, Dropped>,
    pub(super) followers: Followers,
    /// See [`Sessions::order`].
    order: Locks,
}

impl Default for Sessions {
    fn default() -> Self {
        let dropped = Cache::builder()
            .max_capacity(PUSHABLE_CAPACITY)
            .time_to_live(Duration::from_secs(u64::from(PUSHABLE_S)))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self {
            logins: Mutex::default(),
            dropped,
            followers: Followers::default(),
            order: Locks::default(),
        }
    }
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountKey, Vec<Login>>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while a login begins or ends and while that is told, so that the application hears of
    /// the logins of one account in their order.
    pub(crate) async fn order(&self, user: &UserId) -> tokio::sync::MutexGuard<'_, ()> {
        self.order.lock(user).await
    }

    /// Enters a login and ends the oldest ones of the same account on the same platform, so that
    /// there are at most `most` (at least one) with it. Those that were ended are given back. What is
    /// said to the connection because of `enter` comes right behind the welcome.
    pub(crate) fn sign_in(
        &self,
        app: u32,
        user: &UserId,
        login: Login,
        most: usize,
        welcome: &ServerFrame,
        enter: impl FnOnce(),
    ) -> Vec<Login> {
        let outbox = Arc::clone(&login.outbox);
        let held = outbox.hold();
        let mut logins = self.lock();
        let key = (app, user.clone());
        if let Some(mut dropped) = self.dropped.get(&key)
            && dropped.remove(device_name(login.platform)).is_some()
        {
            self.dropped.insert(key.clone(), dropped);
        }
        let places = logins.entry(key).or_default();
        let on_platform = |place: &Login| place.platform == login.platform;
        let mut surplus =
            (places.iter().filter(|place| on_platform(place)).count() + 1).saturating_sub(most);
        let ended: Vec<Login> = places
            .extract_if(.., |place| {
                let ends = surplus > 0 && on_platform(place);
                surplus -= usize::from(ends);
                ends
            })
            .collect();
        places.push(login);
        drop(logins);
        enter();
        // The login is there before it is welcomed, so that whoever asks about it then finds it; what
        // others tell it meanwhile waits behind the welcome.
        held.answer(encode(welcome));
        for earlier in &ended {
            end(earlier, KickCause::SignedInElsewhere);
        }
        ended
    }

    /// Takes a login out again. `None` when a later one has its place already; otherwise whether
    /// the account is signed in elsewhere still.
    pub(crate) fn sign_out(
        &self,
        app: u32,
        user: &UserId,
        connection: ConnectionId,
        ended: Ended,
        now_s: u32,
    ) -> Option<bool> {
        let mut logins = self.lock();
        let key = (app, user.clone());
        let places = logins.get_mut(&key)?;
        let place = places.iter().position(|login| login.connection == connection)?;
        let Login { platform, .. } = places.remove(place);
        let elsewhere = !places.is_empty();
        if !elsewhere {
            logins.remove(&key);
        }
        if takes_pushes(platform) && ended != Ended::Logout {
            let mut dropped = self.dropped.get(&key).unwrap_or_default();
            dropped.insert(device_name(platform), now_s);
            self.dropped.insert(key, dropped);
        }
        Some(elsewhere)
    }

    /// Ends every login of an account, also one whose phone has dropped off, and gives those back
    /// that had a connection.
    pub(crate) fn kick(&self, app: u32, user: &UserId, cause: KickCause) -> Vec<Login> {
        let key = (app, user.clone());
        let mut all = self.lock();
        let logins = all.remove(&key).unwrap_or_default();
        self.dropped.invalidate(&key);
        drop(all);
        for login in &logins {
            end(login, cause);
        }
        logins
    }

    /// Whether an account is signed in, or was on a phone within the last seven days.
    pub(crate) fn reach(&self, app: u32, user: &UserId, now_s: u32) -> Reach {
        let key = (app, user.clone());
        let logins = self.lock();
        let mut devices = BTreeMap::new();
        let dropped = self.dropped.get(&key).unwrap_or_default();
        for (device, since) in dropped {
            if now_s < since.saturating_add(PUSHABLE_S) {
                devices.insert(device, PresenceStatus::PushOnline);
            }
        }
        let places = logins.get(&key);
        for login in places.into_iter().flatten() {
            devices.insert(device_name(login.platform), PresenceStatus::Online);
        }
        let status = if places.is_some() {
            PresenceStatus::Online
        } else if devices.is_empty() {
            PresenceStatus::Offline
        } else {
            PresenceStatus::PushOnline
        };
        Reach { status, devices }
    }

    /// Where an account is signed in.
    pub(crate) fn of(&self, app: u32, user: &UserId) -> Vec<Login> {
        self.lock().get(&(app, user.clone())).cloned().unwrap_or_default()
    }

    /// Puts a frame that may not be missed into every connection of an account, except one.
    pub(crate) fn tell(
        &self,
        app: u32,
        user: &UserId,
        frame: &ServerFrame,
        except: Option<ConnectionId>,
    ) {
        for login in self.of(app, user) {
            if Some(login.connection) != except {
                login.outbox.answer(frame);
            }
        }
    }
}

fn end(login: &Login, cause: KickCause) {
    let reason = match cause {
        KickCause::SignedInElsewhere => "signed in elsewhere",
        KickCause::Administrator => "an administrator ended the login",
        KickCause::AccountDeleted => "the account was deleted",
        KickCause::Other => "the login was ended",
    };
    login.outbox.answer(&ServerFrame::Kicked { cause, reason: reason.into() });
    login.outbox.close(Closing { code: close::KICKED, reason });
}
