//! From the end of a draw to its record.
//!
//! 1. Nobody enters any more, once everything that was said in time has been processed.
//! 2. The list is written, page by page, and the room is told its hash.
//! 3. When the room has that, the winners are drawn, and the room is told them and the seed.
//!
//! A cancelled draw goes the same way from its second step on, without winners.

use chat_types::business::api::PATH;
use chat_types::business::{BusinessMessage, DrawClosed, DrawResult, MAX_BUSINESS_BYTES, Winner};
use draw::{Entrants, winners};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::record::{self, Times};
use super::store::{self, Draw, Qualification, State};
use super::{lane, message_key, tell};
use crate::accounts::levels;
use crate::notifications::{self, DrawEvent, ShopEvent};
use crate::outbox;
use crate::routine::{Next, every};
use crate::storage::{Error, from_db};
use crate::{Business, moderation, webhooks};

/// How often is looked whether a draw is over.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long after the end comments from before it are waited for, which are on their way here.
const GRACE_MS: u64 = 5_000;
/// Winners that the room and the shop are told of, at most; the record has all.
const MAX_TOLD: usize = 100;
/// Entrants that are read at once, so that no reader is held for long.
const READ_AT_ONCE: u32 = 5_000;
/// Pages that are written in one transaction, so that others get their turn at the writer.
const PAGES_AT_ONCE: usize = 20;
/// The messages about a draw, as their keys name them.
const CLOSED: &str = "closed";
const RESULT: &str = "result";

/// Closes draws whose time is over, and draws, until the service stops. The chat service's clock and
/// the database decide, so a service that was away does what is due as soon as it is back.
pub(crate) async fn close_when_over(business: Arc<Business>, stopping: CancellationToken) {
    every(&stopping, LOOK_EVERY, None, || pass(&business)).await;
}

async fn pass(business: &Business) -> Result<Next, Error> {
    let end_ms = business.chat_now_ms().saturating_sub(GRACE_MS);
    let due = store::due(&mut business.database.read().await?, end_ms).await?;
    for draw in due {
        // One draw that cannot be finished keeps no other one waiting.
        if let Err(error) = advance(business, &draw).await {
            tracing::error!(%error, draw = draw.draw, "draw not finished; tried again soon");
        }
    }
    Ok(Next::Period)
}

/// Takes the next step of a draw.
async fn advance(business: &Business, draw: &Draw) -> Result<(), Error> {
    if draw.state == State::Open {
        close(business, draw).await
    } else if draw.entrants_hash.is_none() {
        write_list(business, draw).await
    } else {
        conclude(business, draw).await
    }
}

/// From here on nobody enters any more, unless something may still have been said in time: an event
/// that is stored and not processed, or one that the chat service is going to deliver again.
async fn close(business: &Business, draw: &Draw) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    if webhooks::is_complete_until(business, &mut tx, draw.ends_ms).await?
        && store::close(&mut tx, &draw.draw).await?
    {
        tx.commit().await?;
    }
    Ok(())
}

/// Writes the list of those who fulfil the conditions, which stands still now, and tells the room its
/// hash. Nothing is held meanwhile: whatever breaks this off, the next attempt writes it anew.
async fn write_list(business: &Business, draw: &Draw) -> Result<(), Error> {
    let conditions = draw.conditions();
    let wanted = Qualification {
        experience: levels::experience_for(&business.config.levels, draw.min_level),
        must_have_gifted: conditions.must_have_gifted,
        must_follow: conditions.must_follow,
    };
    let (mut ids, mut not_admitted, mut after) = (Vec::new(), 0_u64, String::new());
    loop {
        let mut reading = business.database.read().await?;
        let read = store::entrants_after(&mut reading, draw, wanted, &after, READ_AT_ONCE).await?;
        let Some(last) = read.last() else { break };
        after.clone_from(&last.user_id);
        for entrant in read {
            if entrant.qualifies == 0 {
                not_admitted += 1;
            } else {
                ids.push(entrant.user_id);
            }
        }
    }
    let listing = tokio::task::spawn_blocking(move || {
        let entrants = Entrants::new(ids);
        (entrants.len(), entrants.hash(), record::pages(&entrants))
    });
    let Ok((count, hash, pages)) = listing.await else {
        // A panic is logged by the runtime; the list is written at the next look.
        return Ok(());
    };
    let mut number = 0_u64;
    for some in pages.chunks(PAGES_AT_ONCE) {
        let mut tx = business.database.write().await?;
        for page in some {
            store::insert_page(&mut tx, &draw.draw, number, page).await?;
            number += 1;
        }
        tx.commit().await?;
    }
    let mut tx = business.database.write().await?;
    store::delete_pages(&mut tx, &draw.draw, number).await?;
    // Of one that was drawn by an earlier version, this was looked at then.
    let not_admitted = if draw.state == State::Drawn { draw.not_admitted } else { not_admitted };
    if !store::seal(&mut tx, &draw.draw, &hash, not_admitted).await? {
        return Ok(());
    }
    if draw.quiet == 0 {
        let message = BusinessMessage::DrawClosed(DrawClosed {
            draw: draw.draw.clone(),
            entrants: u32::try_from(count).unwrap_or(u32::MAX),
            entrants_hash: hash,
        });
        tell(business, &mut tx, draw, CLOSED, &message).await?;
    }
    tx.commit().await?;
    business.outbox.wake();
    Ok(())
}

/// Draws among the entrants and tells the room, unless it has not been told the hash of the list yet.
async fn conclude(business: &Business, draw: &Draw) -> Result<(), Error> {
    let mut reading = business.database.read().await?;
    if outbox::is_waiting(&mut reading, &lane(draw)).await? {
        return Ok(());
    }
    let told_ms = outbox::delivered_ms(&mut reading, &message_key(draw, CLOSED)).await?;
    drop(reading);
    let ids = record::entrants(business, &draw.draw).await?;
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let (seed, id) = (draw.seed.clone(), draw.draw.clone());
    let wanted = match draw.state {
        State::Cancelled => 0,
        _ => usize::try_from(draw.winners).unwrap_or(usize::MAX),
    };
    let drawing =
        tokio::task::spawn_blocking(move || winners(&seed, &id, &Entrants::new(ids), wanted));
    let Ok(won) = drawing.await else { return Ok(()) };
    let mut tx = business.database.write().await?;
    let now_ms = business.chat_now_ms();
    let state = if draw.state == State::Cancelled { State::Cancelled } else { State::Drawn };
    if !store::conclude(&mut tx, &draw.draw, state, now_ms).await? {
        return Ok(());
    }
    let mut told = Vec::new();
    for (place, user) in (0..).zip(&won) {
        let nick = store::nick(&mut tx, user).await?.unwrap_or_else(|| user.clone());
        let nick = moderation::shown_name(business, &mut tx, &draw.group_id, user, &nick).await?;
        store::insert_winner(&mut tx, &draw.draw, place, user, &nick).await?;
        if told.len() < MAX_TOLD {
            told.push(Winner { user: user.clone(), nick });
        }
    }
    let own_ms = business.clock.now_ms();
    let times = Times {
        // By how long ago that was; however the own clock was set in between, the list was told
        // after the end and before now.
        list_told_at_ms: told_ms.map(|told_ms| {
            let over_ms = draw.over_ms.map_or(draw.ends_ms, from_db);
            now_ms.saturating_sub(own_ms.saturating_sub(told_ms)).max(over_ms).min(now_ms)
        }),
        drawn_at_ms: match (draw.state, draw.over_ms) {
            (State::Drawn, Some(over_ms)) => from_db(over_ms),
            _ => now_ms,
        },
    };
    let winners_total = u64::try_from(won.len()).unwrap_or(u64::MAX);
    store::insert_head(&mut tx, &draw.draw, &record::head(draw, times, won)).await?;
    if draw.state == State::Closing {
        let event = ShopEvent::DrawClosed(DrawEvent {
            draw: draw.draw.clone(),
            prize: draw.prize.clone(),
            entrants: count.into(),
            winners: told.iter().map(|winner| winner.user.clone()).collect(),
            winners_total,
            record: format!("{PATH}/draws/{}/record", draw.draw),
        });
        notifications::queue(&mut tx, &draw.group_id, &event, own_ms).await?;
        tell(business, &mut tx, draw, RESULT, &result(draw, count, told)).await?;
    }
    tx.commit().await?;
    business.outbox.wake();
    Ok(())
}

/// The message to the room, with as many of these winners as it has room for.
fn result(draw: &Draw, entrants: u32, winners: Vec<Winner>) -> BusinessMessage {
    let mut result = DrawResult {
        draw: draw.draw.clone(),
        prize: draw.prize.clone(),
        entrants,
        winners,
        seed: draw.seed.to_hex(),
    };
    loop {
        let message = BusinessMessage::DrawResult(result.clone());
        // Plain data with text keys always encodes.
        let length = serde_json::to_string(&message).map_or(0, |text| text.len());
        if length <= MAX_BUSINESS_BYTES || result.winners.pop().is_none() {
            return message;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, TestClock};
    use chat_types::Element;
    use chat_types::webhook::{EventTime, GroupAfterMsg, GroupMsg, Webhook};

    const NOW: u64 = 1_760_000_000_000;
    const ENDS: u64 = NOW + 60_000;

    fn said(user: &str, at_ms: u64) -> Webhook {
        let message = GroupMsg {
            group_id: "r".into(),
            from_account: user.into(),
            msg_body: vec![Element::text("lucky")],
            event_time: EventTime(at_ms),
            ..GroupMsg::default()
        };
        let msg_seq = u32::from(user.as_bytes()[0]);
        let msg_time = u32::try_from(at_ms / 1_000).unwrap();
        Webhook::GroupAfterSendMsg(GroupAfterMsg { message, msg_seq, msg_time })
    }

    /// A service with an open draw in the room `r`.
    async fn with_open_draw(dir: &std::path::Path, clock: &Arc<TestClock>) -> Business {
        let business = testing::business(dir, clock).await;
        let mut tx = business.database.write().await.unwrap();
        crate::rooms::store::insert(&mut tx, "r", "host", "Room", 0).await.unwrap();
        let open = Draw { opened_ms: NOW, ..crate::draws::tests::draw("d", 1, ENDS) };
        store::insert(&mut tx, &open).await.unwrap();
        tx.commit().await.unwrap();
        business
    }

    async fn after_pass(business: &Business) -> (State, u64) {
        pass(business).await.unwrap();
        let mut tx = business.database.read().await.unwrap();
        let draw = store::find(&mut tx, "d").await.unwrap().unwrap();
        (draw.state, draw.entrants)
    }

    #[tokio::test]
    async fn a_draw_waits_for_every_stored_event_from_before_its_end_however_long_that_takes() {
        let dir = tempfile::tempdir().unwrap();
        let clock = TestClock::at(NOW);
        let business = with_open_draw(dir.path(), &clock).await;
        webhooks::store_event(&business, &said("mei", ENDS)).await;
        clock.advance_ms(60_000 + GRACE_MS);
        assert_eq!(after_pass(&business).await, (State::Open, 0));
        clock.advance_ms(3_600_000);
        assert_eq!(after_pass(&business).await, (State::Open, 0));
        webhooks::process_all(&business).await;
        // What happened after the end holds nothing up.
        webhooks::store_event(&business, &said("jun", ENDS + 1)).await;
        assert_eq!(after_pass(&business).await, (State::Closing, 1));
        webhooks::process_all(&business).await;
        assert_eq!(after_pass(&business).await, (State::Closing, 1));
    }

    #[tokio::test]
    async fn a_draw_waits_for_what_is_on_its_way_and_not_longer() {
        let dir = tempfile::tempdir().unwrap();
        let clock = TestClock::at(NOW);
        let business = with_open_draw(dir.path(), &clock).await;
        clock.advance_ms(60_000 + GRACE_MS - 1);
        assert_eq!(after_pass(&business).await, (State::Open, 0));
        clock.advance_ms(1);
        assert_eq!(after_pass(&business).await, (State::Closing, 0));
    }

    /// A service with an open draw, for which one account has spoken. It was away from then on, for so
    /// long.
    async fn back_after(away_ms: u64, dir: &std::path::Path, clock: &Arc<TestClock>) -> Business {
        let business = with_open_draw(dir, clock).await;
        webhooks::store_event(&business, &said("0", NOW)).await;
        business.database.close().await;
        drop(business);
        clock.advance_ms(away_ms);
        testing::business(dir, clock).await
    }

    #[tokio::test]
    async fn after_an_outage_a_draw_waits_while_events_from_before_its_end_come() {
        let dir = tempfile::tempdir().unwrap();
        let clock = TestClock::at(NOW);
        let business = back_after(1_800_000, dir.path(), &clock).await;
        assert_eq!(after_pass(&business).await, (State::Open, 0));
        for (number, user) in (1..).zip(["1", "2", "3", "4", "5"]) {
            clock.advance_ms(80_000);
            webhooks::store_event(&business, &said(user, NOW + number * 1_000)).await;
            webhooks::process_all(&business).await;
            assert_eq!(after_pass(&business).await, (State::Open, number + 1));
        }
        clock.advance_ms(80_000);
        // What has piled up since the end holds nothing up.
        webhooks::store_event(&business, &said("6", ENDS + 60_000)).await;
        webhooks::process_all(&business).await;
        assert_eq!(after_pass(&business).await, (State::Open, 6));
        clock.advance_ms(10_000);
        assert_eq!(after_pass(&business).await, (State::Closing, 6));
    }

    #[tokio::test]
    async fn after_an_outage_a_draw_waits_ten_minutes_for_a_silent_chat_service_and_not_longer() {
        let dir = tempfile::tempdir().unwrap();
        let clock = TestClock::at(NOW);
        let business = back_after(3_600_000, dir.path(), &clock).await;
        webhooks::process_all(&business).await;
        clock.advance_ms(599_999);
        assert_eq!(after_pass(&business).await, (State::Open, 1));
        clock.advance_ms(1);
        assert_eq!(after_pass(&business).await, (State::Closing, 1));
    }

    #[tokio::test]
    async fn a_step_of_the_own_clock_closes_no_draw_and_holds_none_open() {
        for wall_ms in [NOW - 3_600_000, NOW + 3_600_000] {
            let dir = tempfile::tempdir().unwrap();
            let clock = TestClock::at(NOW);
            let business = with_open_draw(dir.path(), &clock).await;
            webhooks::store_event(&business, &said("mei", NOW)).await;
            webhooks::process_all(&business).await;
            clock.set_wall_ms(wall_ms);
            clock.advance_ms(60_000 + GRACE_MS - 1);
            assert_eq!(after_pass(&business).await, (State::Open, 1), "{wall_ms}");
            clock.advance_ms(1);
            assert_eq!(after_pass(&business).await, (State::Closing, 1), "{wall_ms}");
        }
    }

    #[tokio::test]
    async fn events_that_do_not_say_their_time_hold_no_draw_open() {
        let dir = tempfile::tempdir().unwrap();
        let clock = TestClock::at(NOW);
        let business = with_open_draw(dir.path(), &clock).await;
        clock.advance_ms(60_000 + GRACE_MS);
        let offline = serde_json::json!({"CallbackCommand": "Group.CallbackOnMemberStateChange",
            "GroupId": "r", "EventType": "Offline", "MemberList": [{"Member_Account": "mei"}]});
        let offline = serde_json::from_value(offline).unwrap();
        webhooks::store_event(&business, &offline).await;
        assert_eq!(after_pass(&business).await, (State::Closing, 0));
    }

    #[tokio::test]
    async fn of_a_draw_that_an_earlier_version_cancelled_nobody_is_told_again() {
        let dir = tempfile::tempdir().unwrap();
        let old = testing::database_after(dir.path(), 46).await;
        let mut tx = old.begin().await.unwrap();
        crate::rooms::store::insert(&mut tx, "r", "host", "Room", 0).await.unwrap();
        store::insert(&mut tx, &crate::draws::tests::draw("d", 1, ENDS)).await.unwrap();
        assert!(store::cancel(&mut tx, "d", NOW).await.unwrap());
        tx.commit().await.unwrap();
        old.close().await;
        let business = testing::business(dir.path(), &TestClock::at(ENDS)).await;
        let mut tx = business.database.write().await.unwrap();
        let second = crate::draws::tests::draw("second", 2, 2 * ENDS);
        store::insert(&mut tx, &second).await.unwrap();
        assert!(store::cancel(&mut tx, "second", ENDS).await.unwrap());
        tx.commit().await.unwrap();
        // The list is written, and then the record.
        pass(&business).await.unwrap();
        pass(&business).await.unwrap();
        let mut tx = business.database.read().await.unwrap();
        let first = store::find(&mut tx, "d").await.unwrap().unwrap();
        assert!(first.is_recorded(), "its list and seed are shown");
        assert!(!outbox::is_waiting(&mut tx, &lane(&first)).await.unwrap());
        assert!(outbox::is_waiting(&mut tx, &lane(&second)).await.unwrap(), "this one is told");
    }

    fn draw() -> Draw {
        let id = "draw_0011223344556677";
        Draw { prize: "\u{1f3c6}".repeat(60), ..crate::draws::tests::draw(id, 1, 60_000) }
    }

    fn winners(count: usize, nick: &str) -> Vec<Winner> {
        let winner = |at| Winner { user: format!("{at:_<32}"), nick: nick.to_owned() };
        (0..count).map(winner).collect()
    }

    fn told(message: &BusinessMessage) -> &[Winner] {
        let BusinessMessage::DrawResult(result) = message else { panic!("a result") };
        &result.winners
    }

    #[test]
    fn a_result_is_always_short_enough_to_be_read() {
        for nick in ["Mei".to_owned(), "\"".repeat(32), "\u{1f600}".repeat(32)] {
            let all = winners(MAX_TOLD, &nick);
            let message = result(&draw(), 5_000, all.clone());
            let element = message.to_element();
            assert_eq!(BusinessMessage::read(&[element]), Some(message.clone()));
            let told = told(&message);
            assert!(told.len() >= 20, "{}", told.len());
            assert_eq!(told, &all[..told.len()], "the first ones, in order");
        }
    }

    #[test]
    fn few_winners_are_all_told() {
        let all = winners(12, "Mei");
        assert_eq!(told(&result(&draw(), 50, all.clone())), all);
    }
}
