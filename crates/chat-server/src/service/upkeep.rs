//! What the service does for its rooms by itself. A room is looked after when it is due
//! (`room/registry.rs`), so that rooms in which nothing happens cost nothing.

use chat_types::{GroupId, UserId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::yield_now;

use super::Service;
use crate::application::Application;
use crate::counters::add;
use crate::panics::caught;
use crate::room::{Room, SENT_LONGER_S};
use crate::storage::StoredGroup;

/// Rooms that are looked after before others have the processor.
const ROOMS_AT_A_STRETCH: usize = 64;

/// A room in memory and whose it is.
type Place = (u32, GroupId, Arc<Room>);

/// Rooms that remember accounts whose connection broke, until these are looked for. Each room stands
/// here once.
#[derive(Default)]
pub(super) struct Absent(Mutex<BTreeMap<u64, Place>>);

impl Absent {
    fn note(&self, place: Place) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.insert(place.2.incarnation(), place);
    }

    pub(super) fn take(&self) -> impl Iterator<Item = Place> + use<> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rooms).into_values()
    }
}

impl Service {
    /// Tells the rooms that are due who came and went and how many there are, lets them forget what is
    /// too old, and lets go of those that nobody uses. How many rooms were due.
    pub(crate) async fn look_after_rooms(&self) -> usize {
        // Left alone, these keep what is out of date until somebody asks for something.
        self.accounts.run_pending_tasks();
        self.repeats.forget_old();
        self.broadcasts.forget_old();
        self.c2c.forget_old();
        let now_ms = self.clock.monotonic_ms();
        let due = self.rooms.take_due(now_ms);
        let looked_after = due.len();
        add(&self.counters.rooms_looked_after, looked_after as u64);
        let mut idle: Vec<Place> = Vec::new();
        for (index, (sdk_app_id, group_id, room)) in due.into_iter().enumerate() {
            if index % ROOMS_AT_A_STRETCH == ROOMS_AT_A_STRETCH - 1 {
                yield_now().await;
            }
            let looking = async { self.look_after(sdk_app_id, &room) };
            caught("upkeep of a room", &self.counters.panics_rooms, looking).await;
            if self.rooms.put_off((sdk_app_id, &group_id), &room, room.upkeep(), now_ms) {
                idle.push((sdk_app_id, group_id, room));
            } else if room.has_absences() {
                self.absent.note((sdk_app_id, group_id, room));
            }
        }
        self.unload(&idle).await;
        looked_after
    }

    fn look_after(&self, sdk_app_id: u32, room: &Room) {
        let pace = self.pace(sdk_app_id, room);
        room.announce(pace);
        let app = self.directory.get(sdk_app_id);
        if let Some(app) = &app {
            room.rest(pace);
            room.tell_figures(&hosts(app, room), pace.budget_per_s, pace.now_ms);
        }
        let recall_s = app.as_ref().map_or(0, |app| app.settings.recall_window_s);
        room.forget_old(recall_s.saturating_add(SENT_LONGER_S), pace.now_s);
        room.forget_speakers(pace.now_ms);
    }

    /// Lets rooms go that nobody uses. Their unused numbers are given back before, so that nothing is
    /// written of a room that has left.
    async fn unload(&self, idle: &[Place]) {
        self.give_numbers_back(idle).await;
        for (sdk_app_id, group_id, room) in idle {
            if self.rooms.unload(*sdk_app_id, group_id, room) {
                add(&self.counters.rooms_unloaded, 1);
            }
        }
    }

    /// Stores which numbers these rooms have really used: the next message of each then goes on
    /// without a gap. A room in which something is being changed keeps its numbers.
    pub(super) async fn give_numbers_back(&self, rooms: &[Place]) {
        // Held until the numbers are stored: meanwhile no group is destroyed, and so none is made again
        // under its id, whose numbers would be others.
        let (_unchanged, releases): (Vec<_>, Vec<(u32, &str, u32, u32)>) = rooms
            .iter()
            .filter_map(|(app, group_id, room)| {
                let unchanged = room.changing.try_lock().ok()?;
                let (reserved, used) = room.give_numbers_back()?;
                Some((unchanged, (*app, group_id.as_str(), reserved, used)))
            })
            .unzip();
        if releases.is_empty() {
            return;
        }
        if let Err(error) = self.storage.release_numbers(&releases).await {
            tracing::error!(%error, "sequence numbers not stored; rooms go on after a gap");
        }
    }
}

/// Who is told what a room has done: its owner, its administrators, those of the application.
fn hosts(app: &Application, room: &Room) -> Vec<UserId> {
    let of_group = |group: &StoredGroup| {
        let names = group.admins.iter().chain([&group.owner]);
        names.filter_map(|name| UserId::new(name.as_str()).ok()).collect::<Vec<_>>()
    };
    let mut hosts = room.with(of_group);
    hosts.extend(app.admins.iter().filter_map(|name| UserId::new(name.as_str()).ok()));
    hosts
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
    use super::super::tests::{TestClock, service, service_at};
    use super::*;
    use crate::application::{self, Edition};
    use crate::clock::SystemClock;
    use crate::room::{Draft, IDLE_MS};
    use chat_types::Priority;
    use chat_types::group::GroupType;
    use futures_util::FutureExt;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Touches so many rooms once, and gives what each tick looked at until all of them are gone.
    async fn touched_once(count: usize) -> Vec<usize> {
        let clock = Arc::new(TestClock::default());
        let (_dir, service) = service_at(Arc::clone(&clock) as _).await;
        for number in 0..count {
            let group = StoredGroup::new(format!("g{number}"), GroupType::AVChatRoom, 0);
            let group_id = GroupId::new(&*group.group_id).unwrap();
            service.bring_in(1, &group_id, group, String::new());
        }
        assert_eq!((service.rooms.len(), service.room_loops.len()), (count, count));
        let mut looked_at = Vec::new();
        for passed_ms in [1_000, 1_000, IDLE_MS / 2, IDLE_MS / 2, 1_000] {
            clock.advance_ms(passed_ms);
            looked_at.push(service.look_after_rooms().await);
        }
        assert_eq!(service.rooms.len(), 0);
        service.room_loops.close();
        service.room_loops.wait().await;
        assert_eq!(service.room_loops.len(), 0, "their tasks have ended");
        looked_at
    }

    /// A room in memory that has claimed numbers and used one of them.
    async fn with_numbers() -> (tempfile::TempDir, Arc<Service>, Arc<Application>, Place) {
        let (dir, service) = service().await;
        let edition = Edition::Ultimate;
        let app = application::create(&*service.storage, &SystemClock, "a", edition).await.unwrap();
        service.directory.refresh(&*service.storage).await.unwrap();
        let app = service.directory.get(app.sdk_app_id).unwrap();
        let group = StoredGroup::new("g", GroupType::AVChatRoom, 0);
        assert!(service.storage.insert_group(app.sdk_app_id, &group).await.unwrap());
        let group_id = GroupId::new("g").unwrap();
        let room = service.room(app.sdk_app_id, &group_id).await.unwrap();
        let draft = Draft {
            from: UserId::new("host").unwrap(),
            nick: String::new(),
            priority: Priority::Normal,
            elements: Vec::new(),
            cloud_custom_data: String::new(),
            client_id: String::new(),
            mentions: Vec::new(),
            mention_all: false,
        };
        let (stamp, _) = service.post_silently(&app, &room, &draft, 1).await.unwrap();
        assert_eq!(stamp.seq, 1);
        let place = (app.sdk_app_id, group_id, room);
        assert_eq!(reserved(&service, &place).await, 1_000);
        (dir, service, app, place)
    }

    async fn reserved(service: &Service, (sdk_app_id, group_id, _): &Place) -> u32 {
        let group = service.storage.group(*sdk_app_id, group_id.as_str()).await.unwrap();
        group.unwrap().seq_reserved
    }

    #[tokio::test]
    async fn the_numbers_of_a_group_that_was_made_again_are_not_given_back_by_the_room_of_the_old()
    {
        let (_dir, service, app, old) = with_numbers().await;
        let host = UserId::new("host").unwrap();
        let origin = Origin { platform: "RESTAPI", client_ip: None };
        service.destroy_group(&app, &host, origin, "g").await.unwrap();
        let group = StoredGroup::new("g", GroupType::AVChatRoom, 0);
        assert!(service.storage.insert_group(app.sdk_app_id, &group).await.unwrap());
        let claimed = service.storage.claim_numbers(app.sdk_app_id, "g", 1_000).await.unwrap();
        assert_eq!(claimed.unwrap().last, 1_000, "as many as the old one had");
        service.give_numbers_back(std::slice::from_ref(&old)).await;
        assert_eq!(reserved(&service, &old).await, 1_000);
    }

    #[tokio::test]
    async fn a_room_gives_numbers_back_only_while_nobody_changes_or_destroys_it() {
        let (_dir, service, _, place) = with_numbers().await;
        let changing = place.2.changing.lock().await;
        service.give_numbers_back(std::slice::from_ref(&place)).await;
        assert_eq!(reserved(&service, &place).await, 1_000);
        drop(changing);
        service.give_numbers_back(std::slice::from_ref(&place)).await;
        assert_eq!(reserved(&service, &place).await, 1);
    }

    #[tokio::test]
    async fn a_room_that_a_panic_left_half_changed_gives_no_numbers_back() {
        let (_dir, service, _, place) = with_numbers().await;
        let panics = AssertUnwindSafe(|| place.2.with(|_| panic!("half a change")));
        assert!(catch_unwind(panics).is_err());
        assert!(place.2.is_broken());
        // Before the loop of the room has had a turn.
        let giving = service.give_numbers_back(std::slice::from_ref(&place)).now_or_never();
        assert!(giving.is_some(), "nothing is written");
        assert_eq!(reserved(&service, &place).await, 1_000);
    }

    #[tokio::test]
    async fn a_hundred_thousand_rooms_that_were_touched_once_cost_no_tick_and_leave_memory() {
        assert_eq!(touched_once(100_000).await, [100_000, 0, 0, 100_000, 0]);
    }
}
