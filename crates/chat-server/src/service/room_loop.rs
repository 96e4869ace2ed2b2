//! The loop of a room: one task for each room in memory, so that rooms run beside each other on all
//! processors and each of them writes in one order.

use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Service;
use super::rules::rules;
use crate::room::{Pace, Reached, Room, Step};

/// A room whose numbers cannot be claimed tries again after this time.
const STORAGE_PAUSE_MS: u64 = 500;

impl Service {
    /// Starts the loop of a room that has just come into memory. It ends with the service's stop.
    pub(super) fn run_room(&self, sdk_app_id: u32, room: Arc<Room>) {
        let stopping = self.rooms_stop.child_token();
        let service = Weak::clone(&self.me);
        self.room_loops.spawn(async move {
            run(service, sdk_app_id, &room, &stopping).await;
            room.stop();
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
}

/// Ends between two steps: what is being delivered is delivered, and its senders are told so.
async fn run(
    service: Weak<Service>,
    sdk_app_id: u32,
    room: &Arc<Room>,
    stopping: &CancellationToken,
) {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    while !stopping.is_cancelled() {
        // Not held while the room waits, so that a service can end.
        let Some(service) = service.upgrade() else { return };
        let pace = service.pace(sdk_app_id, room);
        match room.step(pace) {
            Step::Wait(until) => {
                drop(service);
                let due = async {
                    match until {
                        Some(until) => {
                            sleep(Duration::from_millis(until.saturating_sub(pace.now_ms))).await;
                        }
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = due => {}
                    () = room.woken() => {}
                }
            }
            Step::Over => return,
            Step::NeedsNumbers(count) => {
                let group_id = room.with(|group| group.group_id.clone());
                match service.storage.claim_numbers(sdk_app_id, &group_id, count).await {
                    Ok(Some(claimed)) => room.numbers_claimed(claimed),
                    // The group is being dismissed, which the room learns in a moment.
                    Ok(None) => {
                        room.no_numbers_before(service.clock.monotonic_ms() + STORAGE_PAUSE_MS);
                    }
                    Err(error) => {
                        tracing::error!(%error, %group_id, "no numbers; the messages wait");
                        room.no_numbers_before(service.clock.monotonic_ms() + STORAGE_PAUSE_MS);
                    }
                }
            }
            Step::Deliver(deliveries, answers) => {
                let mut reached = Reached::default();
                for delivery in deliveries {
                    // One at most has the messages, or none when nobody is there.
                    if let Some(those) = delivery.write(&service.counters, processors).await {
                        reached = those;
                    }
                }
                answers.tell(&reached);
            }
        }
    }
}
