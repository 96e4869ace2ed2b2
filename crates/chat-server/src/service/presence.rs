//! Which accounts are online, and who wants to know.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{MAX_PRESENCE_ACCOUNTS, Presence, ServerFrame};
use chat_types::rest::{AccountError, OnlineStatus, OnlineStatuses, PlatformStatus};
use chat_types::{PresenceStatus, UserId};
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::followers::Next;
use super::sessions::AccountKey;
use super::{Login, Service, SignedIn, internal};
use crate::application::Application;
use crate::outbox::{Closing, encode};
use crate::panics::caught;

/// Writes after which the task that tells lets others have the processor.
const WRITES_AT_A_STRETCH: usize = 128;

impl Service {
    /// The status of an account may be another now: its followers are told, unless they know.
    pub(crate) fn presence_changed(&self, sdk_app_id: u32, user: &UserId) {
        let key = (sdk_app_id, user.clone());
        self.sessions.followers.changed(&key, self.clock.monotonic_ms());
    }

    fn status(&self, (sdk_app_id, user): &AccountKey) -> PresenceStatus {
        self.sessions.reach(*sdk_app_id, user, self.now_s()).status
    }

    /// Tells followers what has changed, until the service stops. Nothing is locked while it writes. A
    /// write that panics ends the connection it was for, which asks anew when it is back; the others
    /// are told.
    pub(crate) async fn tell_presence(&self, stopping: &CancellationToken) {
        while !stopping.is_cancelled() {
            let now_ms = self.clock.monotonic_ms();
            match self.sessions.followers.next(|key| self.status(key), now_ms) {
                Next::Tell { user, status, outboxes } => {
                    let user_id = user.to_string();
                    let frame = encode(&ServerFrame::PresenceChanged { user_id, status });
                    for outboxes in outboxes.chunks(WRITES_AT_A_STRETCH) {
                        for outbox in outboxes {
                            let write = async { outbox.control_frame(frame.clone()) };
                            let panics = &self.counters.panics_routines;
                            if caught("write of a status", panics, write).await.is_none() {
                                outbox.close(Closing::FAILED);
                            }
                        }
                        yield_now().await;
                    }
                    self.sessions.followers.told();
                }
                Next::Wait(until_ms) => {
                    let due = async {
                        match until_ms.map(|until_ms| until_ms.saturating_sub(now_ms)) {
                            Some(ms) => sleep(Duration::from_millis(ms)).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = stopping.cancelled() => return,
                        () = due => {}
                        () = self.sessions.followers.woken() => {}
                    }
                }
            }
        }
    }

    /// Answers the request `id` of a connection with the status of accounts, which it follows from
    /// now on in place of those before. It is answered here, so that no change of them can come
    /// before it. 10005 for too many accounts, 10004 for an id that cannot be one.
    pub(crate) fn follow(
        &self,
        who: &SignedIn,
        login: &Login,
        id: u32,
        user_ids: &[String],
    ) -> Result<(), ApiError> {
        if user_ids.len() > MAX_PRESENCE_ACCOUNTS {
            return Err(ApiError::new(
                Code::TOO_MANY_ACCOUNTS,
                format!(
                    "a connection follows at most {MAX_PRESENCE_ACCOUNTS} accounts; {} were asked \
                     for",
                    user_ids.len()
                ),
            ));
        }
        let mut users = Vec::with_capacity(user_ids.len());
        let mut seen = HashSet::new();
        for user in user_ids {
            let user = UserId::new(&**user)?;
            if seen.insert(user.clone()) {
                users.push(user);
            }
        }
        let keys: Vec<AccountKey> = users.into_iter().map(|user| (who.sdk_app_id, user)).collect();
        let held = login.outbox.hold();
        let now_ms = self.clock.monotonic_ms();
        let statuses = self.sessions.followers.follow(
            login.connection,
            &login.outbox,
            keys.clone(),
            |key| self.status(key),
            now_ms,
        );
        let presence = |((_, user), status): (AccountKey, PresenceStatus)| Presence {
            user_id: user.into(),
            status,
        };
        let accounts = keys.into_iter().zip(statuses).map(presence).collect();
        held.answer(encode(&ServerFrame::PresenceOk { id, accounts }));
        Ok(())
    }

    /// Status of accounts, in their order; those that do not exist stand apart with 70107.
    pub(crate) async fn online_statuses(
        &self,
        app: &Application,
        users: &[String],
        with_devices: bool,
    ) -> Result<OnlineStatuses, ApiError> {
        let known = self.existing(app.sdk_app_id, users).await.map_err(internal)?;
        let now_s = self.now_s();
        let mut statuses = OnlineStatuses::default();
        for user in users {
            let (Ok(user_id), true) = (UserId::new(&**user), known.contains(user)) else {
                let error_code = Code::ACCOUNT_UNKNOWN;
                statuses.error_list.push(AccountError { to_account: user.clone(), error_code });
                continue;
            };
            let reach = self.sessions.reach(app.sdk_app_id, &user_id, now_s);
            let device = |(platform, status): (&'static str, PresenceStatus)| PlatformStatus {
                platform: platform.to_owned(),
                status,
            };
            let devices = reach.devices.into_iter().filter(|_| with_devices).map(device).collect();
            statuses.query_result.push(OnlineStatus::new(user, reach.status, devices));
        }
        Ok(statuses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::testing::outbox;
    use crate::outbox::{Flushed, Outbox, Taken, Wire};
    use crate::service::{Ended, tests::service};
    use chat_types::gateway::Platform;
    use std::io;
    use std::sync::{Arc, Mutex, mpsc};
    use tokio::task::spawn_blocking;
    use tokio::time::timeout;

    /// Long enough for a busy machine: a test that waits for it has failed.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// A socket that takes a frame only when the test lets it, and says that it was asked.
    struct Gate {
        asked: mpsc::Sender<()>,
        open: Mutex<mpsc::Receiver<()>>,
    }

    impl Wire for Gate {
        fn try_write(&self, bytes: &[u8]) -> io::Result<Taken> {
            self.asked.send(()).unwrap();
            self.open.lock().unwrap().recv().unwrap();
            Ok(Taken { bytes: bytes.len(), all_out: true })
        }

        fn try_flush(&self) -> io::Result<Flushed> {
            Ok(Flushed::All)
        }
    }

    fn login(connection: u64) -> Login {
        let (outbox, ..) = outbox();
        Login { connection, platform: Platform::Web, client_ip: None, outbox }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn logins_go_through_while_the_followers_of_a_host_are_being_told() {
        let (_dir, service) = service().await;
        let stopping = CancellationToken::new();
        let (asked, was_asked) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let gate = Arc::new(Gate { asked, open: Mutex::new(gate) });
        let slow = Arc::new(Outbox::new(gate, Arc::default()));
        let [host, other] = ["host", "other"].map(|name| UserId::new(name).unwrap());
        let followers = &service.sessions.followers;
        let keys = vec![(1, host.clone())];
        followers.follow(900, &slow, keys.clone(), |key| service.status(key), 0);
        let telling = {
            let (service, stopping) = (Arc::clone(&service), stopping.clone());
            tokio::spawn(async move { service.tell_presence(&stopping).await })
        };
        let welcome = ServerFrame::Pong { id: 1 };
        service.sessions.sign_in(1, &host, login(1), 1, &welcome, || {});
        service.presence_changed(1, &host);
        spawn_blocking(move || was_asked.recv_timeout(PATIENCE).unwrap()).await.unwrap();
        // The task that tells is in the midst of a write. Others sign in and out, follow and are
        // followed; so does the host itself.
        let others = {
            let service = Arc::clone(&service);
            spawn_blocking(move || {
                let followers = &service.sessions.followers;
                for connection in 2..50 {
                    service.sessions.sign_in(1, &other, login(connection), 1, &welcome, || {});
                    service.presence_changed(1, &other);
                    let reader = login(connection + 100);
                    followers.follow(
                        reader.connection,
                        &reader.outbox,
                        keys.clone(),
                        |_| PresenceStatus::Online,
                        0,
                    );
                    followers.unfollow(reader.connection);
                }
                service.sessions.sign_out(1, &host, 1, Ended::Logout, 0);
                service.presence_changed(1, &host);
            })
        };
        timeout(PATIENCE, others).await.expect("nobody waits for the write").unwrap();
        stopping.cancel();
        open.send(()).unwrap();
        telling.await.unwrap();
    }

    /// A socket at which every write panics.
    struct Broken;

    impl Wire for Broken {
        fn try_write(&self, _: &[u8]) -> io::Result<Taken> {
            panic!("at a write")
        }

        fn try_flush(&self) -> io::Result<Flushed> {
            Ok(Flushed::All)
        }
    }

    #[tokio::test]
    async fn a_write_that_panics_ends_its_connection_and_all_other_followers_are_told() {
        let (_dir, service) = service().await;
        let host = UserId::new("host").unwrap();
        let follow = |connection, outbox: &Arc<Outbox>| {
            let keys = vec![(1, host.clone())];
            let offline = |_: &AccountKey| PresenceStatus::Offline;
            service.sessions.followers.follow(connection, outbox, keys, offline, 0);
        };
        let broken = Arc::new(Outbox::new(Arc::new(Broken), Arc::default()));
        follow(900, &broken);
        let others = (901..910).map(|connection| {
            let (outbox, wire, _) = outbox();
            follow(connection, &outbox);
            (outbox, wire)
        });
        let others: Vec<_> = others.collect();
        service.sessions.sign_in(1, &host, login(1), 1, &ServerFrame::Pong { id: 1 }, || {});
        service.presence_changed(1, &host);
        let stopping = CancellationToken::new();
        let all_are_told = async {
            for (_, wire) in &others {
                while wire.texts().is_empty() {
                    yield_now().await;
                }
            }
            while broken.closing().is_none() {
                yield_now().await;
            }
            stopping.cancel();
        };
        let telling = async { tokio::join!(service.tell_presence(&stopping), all_are_told) };
        timeout(PATIENCE, telling).await.expect("all are told");
        assert_eq!(broken.closing(), Some(Closing::FAILED));
        assert_eq!(service.counters.read().panics_routines, 1);
    }
}
