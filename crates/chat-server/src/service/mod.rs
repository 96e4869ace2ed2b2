//! What the REST API and the gateway both do. Every method checks its input, works on storage and
//! rooms, and refuses with an [`ApiError`] whose code is documented.

mod accounts;
mod attached;
mod attributes;
mod c2c;
mod entry;
mod events;
mod fields;
mod followers;
mod group_counters;
mod groups;
mod guests;
mod history;
mod imports;
mod joined;
mod locks;
mod marks;
mod member_events;
mod membership;
mod messages;
mod moderation;
mod notices;
mod numbers;
mod online;
mod page;
mod presence;
mod profiles;
mod recorder;
mod room_loop;
mod rules;
mod seen;
mod sessions;
mod upkeep;

pub(crate) use crate::storage::{internal, internal_failure};
pub(crate) use accounts::SignedIn;
pub(crate) use attributes::AttributeWrite;
pub(crate) use c2c::{C2cActor, C2cImport, C2cOutgoing, C2cWanted};
pub(crate) use entry::JoinRequest;
pub(crate) use guests::Guest;
pub(crate) use messages::{Offered, OnItsWay, Outcome, Outgoing, sampled_out};
pub(crate) use notices::Broadcast;
pub(crate) use rules::{MAX_BUDGET, MAX_SENDER_RATE, MAX_SLOW_MODE_S, MAX_WORD_CHARS, MAX_WORDS};
pub(crate) use sessions::{Ended, Login, Sessions};

use chat_types::GroupId;
use chat_types::code::{ApiError, Code};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use rand::RngExt;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tls_transport::Trust;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::attached::Attached;
use self::locks::Locks;
use self::recorder::Recorder;
use crate::admission::Admission;
use crate::application::{Application, Directory};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::faults::Faults;
use crate::message_counters::MessageCounters;
use crate::metrics::Metrics;
use crate::panics::Supervision;
use crate::room::{ConnectionId, Room, Rooms};
use crate::storage::{
    self, Account, AccountPatch, GroupChange, History, Storage, StoredGroup, Stores,
};
use crate::webhook::{CallbackSource, Courier, Jitter, WebhookRules, Webhooks};

/// A repeat of a message is recognised this long (`send_group_msg`, product/269/1629).
const REPEAT_WINDOW_MS: u64 = 300_000;

/// Accounts that are kept in memory; the least recently used are read again.
const ACCOUNT_CAPACITY: u64 = 100_000;
/// The command line may write an account too, so the copy in memory does not last.
const ACCOUNT_TIME: Duration = Duration::from_secs(1);
/// No message of a group is kept longer than this.
const GROUP_MESSAGES_S: u64 = 7 * 24 * 3600;

/// Where a request comes from, as webhooks tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// A value of the webhook parameter `OptPlatform`.
    pub(crate) platform: &'static str,
    pub(crate) client_ip: Option<IpAddr>,
}

pub(crate) struct Service {
    /// For the loops of the rooms, which outlive no service.
    me: Weak<Self>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) metrics: Metrics,
    pub(crate) admission: Arc<Admission>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) webhooks: Arc<Webhooks>,
    pub(crate) sessions: Sessions,
    pub(crate) attached: Attached,
    rooms: Rooms,
    /// Held by group while its room is brought in from storage and while it is dismissed, so that it
    /// is read once, and never brought back by somebody who read it just before.
    room_keys: Locks,
    /// Shared while a room is brought in, held alone while an account is deleted: a room that comes in
    /// afterwards is read without the account.
    accounts_going: tokio::sync::RwLock<()>,
    absent: upkeep::Absent,
    /// REST calls that are being carried out.
    pub(crate) calls: TaskTracker,
    repeats: messages::MessageRepeats,
    recorder: Recorder,
    broadcasts: notices::Broadcasts,
    c2c: c2c::Memory,
    /// Accounts that were asked for lately: every message asks for its sender.
    accounts: Cache<(u32, String), Arc<Account>>,
    /// Held while a group is added to an application that may have only so many.
    groups_coming: tokio::sync::Mutex<()>,
    /// Held while accounts are added to an application that may have only so many.
    accounts_coming: tokio::sync::Mutex<()>,
    /// Counts writes of accounts.
    accounts_written: AtomicU64,
    next_connection: AtomicU64,
    next_room: AtomicU64,
    message_counters: Arc<MessageCounters>,
    pub(crate) faults: Faults,
    /// One task for each room, until `rooms_stop`.
    room_loops: TaskTracker,
    rooms_stop: CancellationToken,
}

impl Service {
    /// The service, and the courier that has to run beside it to deliver after-webhooks.
    pub(crate) async fn new(
        stores: Stores,
        clock: Arc<dyn Clock>,
        faults: Faults,
        trust: Trust,
    ) -> Result<(Arc<Self>, Courier), storage::Error> {
        let Stores { storage, after_queue } = stores;
        let directory = Arc::new(Directory::default());
        directory.refresh(&*storage).await?;
        let jitter: Jitter = Arc::new(|| rand::rng().random_range(0.0..=1.0));
        let source = Arc::clone(&directory) as Arc<dyn CallbackSource>;
        let rules = WebhookRules::default();
        let counters = Arc::new(Counters::default());
        let panics = counters.panics_routines.clone();
        let supervision = Supervision { panics, faults: faults.clone() };
        let (webhooks, courier) = Webhooks::new(
            source,
            after_queue,
            Arc::clone(&clock),
            jitter,
            rules,
            trust,
            supervision,
        );
        let message_counters = Arc::new(MessageCounters::default());
        let service = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            metrics: Metrics::new(
                &counters,
                &message_counters,
                webhooks.figures(),
                webhooks.exception_figures(),
            ),
            directory,
            webhooks,
            sessions: Sessions::default(),
            attached: Attached::default(),
            admission: Arc::new(Admission::new(Arc::clone(&clock), Arc::clone(&counters))),
            rooms: Rooms::default(),
            room_keys: Locks::default(),
            accounts_going: tokio::sync::RwLock::default(),
            absent: upkeep::Absent::default(),
            calls: TaskTracker::new(),
            recorder: Recorder::start(
                Arc::clone(&storage) as Arc<dyn History>,
                Arc::clone(&counters),
            ),
            repeats: messages::message_repeats(Arc::clone(&clock), &counters),
            broadcasts: notices::Broadcasts::new(Arc::clone(&clock), &counters),
            c2c: c2c::Memory::new(Arc::clone(&clock), &counters),
            storage,
            clock,
            counters,
            accounts: Cache::builder()
                .max_capacity(ACCOUNT_CAPACITY)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(ACCOUNT_TIME)
                .build(),
            groups_coming: tokio::sync::Mutex::default(),
            accounts_coming: tokio::sync::Mutex::default(),
            accounts_written: AtomicU64::new(0),
            next_connection: AtomicU64::new(1),
            next_room: AtomicU64::new(1),
            message_counters,
            faults,
            room_loops: TaskTracker::new(),
            rooms_stop: CancellationToken::new(),
        });
        Ok((service, courier))
    }

    pub(crate) fn next_connection(&self) -> ConnectionId {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn now_s(&self) -> u32 {
        u32::try_from(self.clock.now_s()).unwrap_or(u32::MAX)
    }

    /// The application as it is configured now; 60006 when there is none.
    pub(crate) async fn application(&self, sdk_app_id: u32) -> Result<Arc<Application>, ApiError> {
        self.directory.refresh_for_strangers(&*self.storage).await.map_err(internal)?;
        self.known_application(sdk_app_id)
    }

    /// The application as it was configured within the last second.
    pub(crate) fn known_application(&self, sdk_app_id: u32) -> Result<Arc<Application>, ApiError> {
        self.directory.get(sdk_app_id).ok_or_else(|| no_such_application(sdk_app_id))
    }

    /// An account, if it exists.
    pub(crate) async fn account(
        &self,
        sdk_app_id: u32,
        user_id: &str,
    ) -> Result<Option<Arc<Account>>, ApiError> {
        let key = (sdk_app_id, user_id.to_owned());
        if let Some(account) = self.accounts.get(&key) {
            return Ok(Some(account));
        }
        let before = self.accounts_written.load(Ordering::Acquire);
        let found = self.storage.accounts(sdk_app_id, &[user_id]).await.map_err(internal)?;
        let found = found.into_iter().next().map(Arc::new);
        // What was read while somebody wrote may be the older value.
        if let Some(account) = &found
            && self.accounts_written.load(Ordering::Acquire) == before
        {
            self.accounts.insert(key, Arc::clone(account));
        }
        Ok(found)
    }

    /// Those of the accounts that exist.
    async fn existing<'a>(
        &self,
        sdk_app_id: u32,
        users: impl IntoIterator<Item = &'a String>,
    ) -> Result<BTreeSet<String>, storage::Error> {
        let names: BTreeSet<&str> = users.into_iter().map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let found = self.storage.accounts(sdk_app_id, &names).await?;
        Ok(found.into_iter().map(|account| account.user_id).collect())
    }

    /// Adds accounts or changes them; the only way to write an account while the service runs.
    pub(crate) async fn put_accounts(
        &self,
        sdk_app_id: u32,
        patches: &[AccountPatch],
    ) -> Result<(), storage::Error> {
        let stored = self.storage.put_accounts(sdk_app_id, patches, self.clock.now_s()).await;
        self.forget_accounts(sdk_app_id, patches.iter().map(|patch| patch.user_id.as_str()));
        stored
    }

    /// Reads these accounts again when they are asked for next.
    fn forget_accounts<'a>(&self, sdk_app_id: u32, users: impl Iterator<Item = &'a str>) {
        self.accounts_written.fetch_add(1, Ordering::AcqRel);
        for user in users {
            self.accounts.invalidate(&(sdk_app_id, user.to_owned()));
        }
    }

    /// Stores changes of a group and then shows them to the room in memory. The caller holds the
    /// room's `changing` lock; 10015 when the group was dismissed meanwhile.
    pub(crate) async fn change_group(
        &self,
        sdk_app_id: u32,
        room: &Room,
        changes: &[GroupChange],
    ) -> Result<(), ApiError> {
        let group_id = room.with(|group| group.group_id.clone());
        let now_s = self.clock.now_s();
        // A group that was made again under the id of a dismissed one is another.
        let change = self.storage.change_group(sdk_app_id, &group_id, changes, now_s);
        let found = !room.is_dismissed() && change.await.map_err(internal)?;
        if !found {
            return Err(ApiError::new(
                Code::GROUP_ID_INVALID,
                format!("no such group: {group_id}"),
            ));
        }
        room.apply(changes, self.now_s());
        Ok(())
    }

    /// The room of a group, brought into memory if need be; 10015 when there is no such group.
    pub(crate) async fn room(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
    ) -> Result<Arc<Room>, ApiError> {
        let now_ms = self.clock.monotonic_ms();
        if let Some(room) = self.rooms.get(sdk_app_id, group_id, now_ms) {
            return Ok(room);
        }
        let _one_at_a_time = self.room_keys.lock(&(sdk_app_id, group_id)).await;
        // Whoever waited here finds the room that the first one has read.
        if let Some(room) = self.rooms.get(sdk_app_id, group_id, now_ms) {
            return Ok(room);
        }
        let (room, owner) = {
            let _no_account_goes = self.accounts_going.read().await;
            let stored = self.storage.group(sdk_app_id, group_id.as_str()).await;
            let Some(stored) = stored.map_err(internal)? else {
                return Err(no_such_group(group_id));
            };
            let owner = stored.owner.clone();
            let owner_nick = self.stored_nick(sdk_app_id, &owner).await?;
            (self.bring_in(sdk_app_id, group_id, stored, owner_nick), owner)
        };
        // A new name that was given while the room was on its way has not reached it.
        if !owner.is_empty() {
            let nick = self.stored_nick(sdk_app_id, &owner).await?;
            room.accounts_renamed(&HashMap::from([(owner, nick)]));
        }
        Ok(room)
    }

    /// Makes the room of a group that is not in memory.
    fn bring_in(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
        stored: StoredGroup,
        owner_nick: String,
    ) -> Arc<Room> {
        let number = self.next_room.fetch_add(1, Ordering::Relaxed);
        let counters = Arc::clone(&self.message_counters);
        let room = Arc::new(Room::new(number, stored, owner_nick, counters));
        self.rooms.insert(sdk_app_id, group_id, &room, self.clock.monotonic_ms());
        self.run_room(sdk_app_id, group_id, Arc::clone(&room));
        room
    }

    /// Nickname of an account that may be nobody or absent.
    async fn stored_nick(&self, sdk_app_id: u32, user_id: &str) -> Result<String, ApiError> {
        if user_id.is_empty() {
            return Ok(String::new());
        }
        let account = self.account(sdk_app_id, user_id).await?;
        Ok(account.map_or_else(String::new, |found| found.nick.clone()))
    }

    /// The rooms of an application that are in memory.
    fn rooms_of(&self, sdk_app_id: u32) -> impl Iterator<Item = Arc<Room>> + use<> {
        let rooms = self.rooms.all().into_iter();
        rooms.filter(move |(app, _, _)| *app == sdk_app_id).map(|(_, _, room)| room)
    }

    /// Rooms in memory, accounts in them, and guests in them; who is in two rooms counts twice.
    pub(crate) fn rooms_and_visitors(&self) -> (usize, u64, u64) {
        let rooms = self.rooms.all();
        let summaries = rooms.iter().map(|(_, _, room)| room.summary());
        let (members, guests) = summaries.fold((0, 0), |(members, guests), summary| {
            (members + u64::from(summary.online), guests + u64::from(summary.guests))
        });
        (rooms.len(), members, guests)
    }

    /// Removes what is too old to be read from the database.
    pub(crate) async fn purge(&self) {
        let now_s = self.clock.now_s();
        let removed = self.storage.purge(now_s, now_s.saturating_sub(GROUP_MESSAGES_S)).await;
        match removed {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "old messages removed"),
            Err(error) => tracing::error!(%error, "old messages not removed; tried again later"),
        }
    }

    /// Ends the loops of the rooms. What still waits there has no number; its senders are told to send
    /// it again.
    pub(crate) async fn stop_rooms(&self) {
        self.rooms_stop.cancel();
        self.room_loops.close();
        self.room_loops.wait().await;
    }

    /// Writes what delivered messages leave behind, and takes nothing of the kind any more.
    pub(crate) async fn stop_recording(&self) {
        self.recorder.stop().await;
    }

    /// Stores what only memory knows, for a clean stop: the next message of each room then goes on
    /// without a gap in the numbers.
    pub(crate) async fn store_sequence_numbers(&self) {
        self.give_numbers_back(&self.rooms.all()).await;
    }
}

fn no_such_application(sdk_app_id: u32) -> ApiError {
    ApiError::new(
        Code::APP_INVALID,
        format!("sdkappid {sdk_app_id} names no application of this service"),
    )
}

pub(crate) fn no_such_group(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::GROUP_ID_INVALID, format!("no such group: {group_id}"))
}

#[cfg(test)]
mod tests;
