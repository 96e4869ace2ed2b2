//! The loop of a room: one task for each room in memory, so that rooms run beside each other on all
//! processors and each of them writes in one order.
//!
//! A panic ends the turn in which it happens and nothing else. What had been decided in it keeps its
//! verdict, and the next turn comes after a pause. When the panic found the state of the room locked,
//! the room is read from storage again first (`room/recovery.rs`).

use chat_types::GroupId;
use chat_types::code::ApiError;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::rules::rules;
use super::{Service, internal};
use crate::faults::Faults;
use crate::panics::{PANIC_PAUSE, caught};
use crate::room::{Pace, Reached, Room, Step};

/// A room whose numbers cannot be claimed tries again after this time.
const STORAGE_PAUSE_MS: u64 = 500;

/// A room whose loop runs. However the loop ends, the room answers from then on by itself.
struct Running(Arc<Room>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Service {
    /// Starts the loop of a room that has just come into memory. It ends with the service's stop.
    pub(super) fn run_room(&self, sdk_app_id: u32, group_id: &GroupId, room: Arc<Room>) {
        let stopping = self.rooms_stop.child_token();
        let service = Weak::clone(&self.me);
        let group_id = group_id.clone();
        // Made before the task: one that is dropped before it ever ran stops the room, too.
        let running = Running(room);
        self.room_loops.spawn(async move {
            let Running(room) = &running;
            let turns = Turns { service, sdk_app_id, group_id, room, stopping };
            turns.run().await;
        });
    }

    /// How the room goes on, by its own rules and the application's.
    pub(super) fn pace(&self, sdk_app_id: u32, room: &Room) -> Pace {
        let app = self.directory.get(sdk_app_id);
        let settings = app.as_ref().map(|app| &app.settings);
        let budget_per_s =
            app.as_ref().map_or(0, |app| room.with(|group| rules(app, group).budget_per_s));
        Pace {
            budget_per_s,
            longest_tick_ms: settings.map_or(0, |settings| settings.tick_ms),
            now_s: self.now_s(),
            now_ms: self.clock.monotonic_ms(),
        }
    }

    /// Reads a room whose state was left half changed from storage, after everything that was said
    /// there is stored.
    async fn renew_room(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
        room: &Room,
    ) -> Result<(), ApiError> {
        let _one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            room.renewed_as_dismissed();
            return Ok(());
        }
        // What members have done last is on its way there; what is read must not be older.
        self.recorder.settled().await?;
        let stored = self.storage.group(sdk_app_id, group_id.as_str()).await;
        let Some(stored) = stored.map_err(internal)? else {
            room.renewed_as_dismissed();
            return Ok(());
        };
        let owner = [stored.owner.as_str()];
        let owner = self.storage.accounts(sdk_app_id, &owner).await.map_err(internal)?;
        let nick = owner.into_iter().next().map_or_else(String::new, |owner| owner.nick);
        room.renew(stored, nick, Arc::clone(&self.message_counters), self.now_s());
        tracing::warn!(%group_id, "a room was read from storage again after a panic");
        Ok(())
    }
}

/// What the loop of a room needs.
struct Turns<'a> {
    /// Not held while the room waits, so that a service can end.
    service: Weak<Service>,
    sdk_app_id: u32,
    group_id: GroupId,
    room: &'a Arc<Room>,
    stopping: CancellationToken,
}

impl Turns<'_> {
    /// Takes turns until the room is over or the service stops. It ends between two steps: what is
    /// being delivered is delivered, and its senders are told so.
    async fn run(&self) {
        while let Some(service) = self.service.upgrade() {
            let counters = Arc::clone(&service.counters);
            drop(service);
            if caught("room", &counters.panics_rooms, self.turns()).await.is_some() {
                return;
            }
            // The next turn may panic as well: nobody waits for it.
            caught("room", &counters.panics_rooms, async { self.room.turn_failed() }).await;
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = sleep(PANIC_PAUSE) => {}
            }
        }
    }

    async fn turns(&self) {
        let Self { room, stopping, .. } = self;
        let group_id = self.group_id.as_str();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        while !stopping.is_cancelled() && !room.is_closed() {
            let Some(service) = self.service.upgrade() else { return };
            service.faults.at(Faults::TURN, group_id);
            if service.faults.are_wanted() {
                room.with(|_| service.faults.at(Faults::STATE, group_id));
            }
            if room.is_broken() {
                self.renew(&service).await;
                continue;
            }
            let pace = service.pace(self.sdk_app_id, room);
            match room.step(pace) {
                Step::Wait(until) => {
                    drop(service);
                    self.wait(until.map(|until| until.saturating_sub(pace.now_ms))).await;
                }
                Step::Over => return,
                Step::NeedsNumbers(count) => self.claim_numbers(&service, count).await,
                Step::Deliver(deliveries, answers) => {
                    let mut reached = Reached::default();
                    let writing = async {
                        service.faults.at(Faults::DELIVERY, group_id);
                        for delivery in deliveries {
                            // One at most has the messages, or none when nobody is there.
                            let written = delivery.write(&service.counters, processors).await;
                            reached = written.unwrap_or(std::mem::take(&mut reached));
                        }
                    };
                    // They have their numbers and are remembered, so readers that a panic left out
                    // see a gap and ask for them.
                    caught("room", &service.counters.panics_rooms, writing).await;
                    answers.tell(&reached);
                    room.wrote(service.clock.monotonic_ms());
                }
            }
        }
    }

    /// Waits until something happens, and no longer than so many milliseconds.
    async fn wait(&self, most_ms: Option<u64>) {
        let due = async {
            match most_ms {
                Some(most_ms) => sleep(Duration::from_millis(most_ms)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = due => {}
            () = self.room.woken() => {}
        }
    }

    async fn claim_numbers(&self, service: &Service, count: u32) {
        let (group_id, room) = (&self.group_id, self.room);
        match service.storage.claim_numbers(self.sdk_app_id, group_id.as_str(), count).await {
            Ok(Some(claimed)) => room.numbers_claimed(claimed),
            // The group is being dismissed, which the room learns in a moment.
            Ok(None) => room.no_numbers_before(service.clock.monotonic_ms() + STORAGE_PAUSE_MS),
            Err(error) => {
                tracing::error!(%error, %group_id, "no numbers; the messages wait");
                room.no_numbers_before(service.clock.monotonic_ms() + STORAGE_PAUSE_MS);
            }
        }
    }

    async fn renew(&self, service: &Service) {
        let group_id = &self.group_id;
        if let Err(error) = service.renew_room(self.sdk_app_id, group_id, self.room).await {
            tracing::error!(%error, %group_id, "a broken room is not read; tried again");
            // They send it again and are not kept waiting for as long as storage fails.
            self.room.turn_failed();
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = sleep(Duration::from_millis(STORAGE_PAUSE_MS)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::service;
    use super::*;
    use crate::application::{self, Edition};
    use crate::clock::SystemClock;
    use crate::room::Stamp;
    use crate::storage::{
        AccountPatch, DATABASE_FILE, Keep, MessageRecord, StoredGroup, StoredMember,
    };
    use chat_types::UserId;
    use chat_types::group::GroupType;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sqlx::{Connection, Executor};
    use std::pin::pin;

    /// Reads that a renewal would have overtaken if it did not wait.
    const READS: usize = 10;

    #[tokio::test]
    async fn a_room_is_not_read_again_before_what_its_members_did_last_is_stored() {
        let (dir, service) = service().await;
        let edition = Edition::Ultimate;
        let app = application::create(&*service.storage, &SystemClock, "a", edition).await.unwrap();
        let app = app.sdk_app_id;
        let (group_id, user) = (GroupId::new("g").unwrap(), UserId::new("member").unwrap());
        let account = AccountPatch { user_id: user.to_string(), ..AccountPatch::default() };
        service.put_accounts(app, &[account]).await.unwrap();
        let mut group = StoredGroup::new("g", GroupType::Public, 0);
        group.members.insert(user.to_string(), StoredMember::default());
        assert!(service.storage.insert_group(app, &group).await.unwrap());
        let room = service.room(app, &group_id).await.unwrap();

        let path = SqliteConnectOptions::new().filename(dir.path().join(DATABASE_FILE));
        let mut locked = SqliteConnection::connect_with(&path).await.unwrap();
        locked.execute("BEGIN IMMEDIATE").await.unwrap();
        let member = service.member_spoke(&room, &user, Stamp { seq: 1, time_s: 77 });
        let handed = service.recorder.write(MessageRecord {
            sdk_app_id: app,
            group_id: "g".to_owned(),
            message: None,
            keep: Keep { messages: 0, seconds: 0 },
            member,
        });
        let mut renewal = pin!(service.renew_room(app, &group_id, &room));
        for _ in 0..READS {
            tokio::select! {
                biased;
                _ = &mut renewal => panic!("read while something waits to be stored"),
                read = service.storage.group(app, "g") => assert!(read.unwrap().is_some()),
            }
        }
        locked.execute("ROLLBACK").await.unwrap();
        renewal.await.unwrap();
        assert!(handed.await.is_ok());
        let spoke_s = room.with(|group| group.members["member"].last_send_time);
        assert_eq!(spoke_s, 77);
    }
}
