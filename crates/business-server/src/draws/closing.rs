//! From the end of a draw to its result.

use chat_types::business::{BusinessMessage, DrawResult, MAX_BUSINESS_BYTES, Winner};
use draw::{Entrants, RECORD_VERSION, Record, winners};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::store::{self, Draw, State};
use super::{GRACE_MS, opening};
use crate::accounts::levels;
use crate::problem::Problem;
use crate::storage::{Error, Tx};
use crate::{Business, moderation};

/// How often is looked whether a draw is over.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Winners in the message to the room, at most; the record has all.
const MAX_TOLD: usize = 100;

/// Closes draws whose time is over, and draws, until the service stops. Only the clock and the
/// database decide, so a service that was away does what is due as soon as it is back. A clock that
/// is set back makes a draw end later, and one that is set forward earlier; neither draws twice.
pub(crate) async fn close_when_over(business: Arc<Business>, stopping: CancellationToken) {
    loop {
        if let Err(error) = pass(&business).await {
            tracing::error!(%error, "draws not closed; tried again soon");
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn pass(business: &Business) -> Result<(), Error> {
    let end_ms = business.clock.now_ms().saturating_sub(GRACE_MS);
    let mut reading = business.database.read().await?;
    let due = store::due(&mut reading, end_ms).await?;
    drop(reading);
    for draw in due {
        // One draw that cannot be finished keeps no other one waiting.
        if let Err(error) = finish(business, &draw).await {
            tracing::error!(%error, draw = draw.draw, "draw not finished; tried again soon");
        }
    }
    Ok(())
}

async fn finish(business: &Business, draw: &Draw) -> Result<(), Error> {
    if draw.state == State::Open {
        close(business, draw).await?;
    }
    decide(business, draw).await
}

/// From here on nobody enters any more. Who does not fulfil the conditions is taken off the list.
async fn close(business: &Business, draw: &Draw) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    if store::close(&mut tx, &draw.draw).await? {
        let experience = levels::experience_for(&business.config.levels, draw.conditions.min_level);
        store::apply_conditions(&mut tx, draw, experience).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Draws among the entrants of a closed draw and tells the room. The list is read and drawn from
/// outside of the write transaction: it stands still, and others want to write meanwhile.
async fn decide(business: &Business, draw: &Draw) -> Result<(), Error> {
    let mut reading = business.database.read().await?;
    let ids = store::entrants(&mut reading, &draw.draw).await?;
    drop(reading);
    let (seed, id) = (draw.seed.clone(), draw.draw.clone());
    let wanted = usize::try_from(draw.winners).unwrap_or(usize::MAX);
    let drawing = tokio::task::spawn_blocking(move || {
        let entrants = Entrants::new(ids);
        let won = winners(&seed, &id, &entrants, wanted);
        (entrants.len(), entrants.hash(), won)
    });
    let Ok((count, hash, won)) = drawing.await else {
        // A panic is logged by the runtime; the draw stays closed and is drawn at the next look.
        return Ok(());
    };
    let mut tx = business.database.write().await?;
    let now_ms = business.clock.now_ms();
    if !store::decide(&mut tx, &draw.draw, &hash, now_ms).await? {
        return Ok(());
    }
    let mut told = Vec::new();
    for (at, user) in won.into_iter().enumerate() {
        let nick = store::nick(&mut tx, &user).await?.unwrap_or_else(|| user.clone());
        let nick = moderation::shown_name(business, &mut tx, &draw.group_id, &user, &nick).await?;
        let winner = Winner { user, nick };
        store::insert_winner(&mut tx, &draw.draw, at, &winner).await?;
        told.push(winner);
    }
    let message = result(draw, u32::try_from(count).unwrap_or(u32::MAX), told);
    opening::tell(&mut tx, draw, "result", &message, now_ms).await?;
    tx.commit().await?;
    business.outbox.wake();
    Ok(())
}

/// The message to the room, with as many of the first [`MAX_TOLD`] winners as it has room for.
fn result(draw: &Draw, entrants: u32, winners: Vec<Winner>) -> BusinessMessage {
    let mut result = DrawResult {
        draw: draw.draw.clone(),
        prize: draw.prize.clone(),
        entrants,
        winners,
        seed: draw.seed.to_hex(),
    };
    result.winners.truncate(MAX_TOLD);
    loop {
        let message = BusinessMessage::DrawResult(result.clone());
        // Plain data with text keys always encodes.
        let length = serde_json::to_string(&message).map_or(0, |text| text.len());
        if length <= MAX_BUSINESS_BYTES || result.winners.pop().is_none() {
            return message;
        }
    }
}

/// The public record. 409 until the draw is over.
pub(super) async fn record(tx: &mut Tx, draw: Draw) -> Result<Record, Problem> {
    let Some(entrants_hash) = draw.entrants_hash else {
        let detail = match draw.state {
            State::Cancelled => format!("the draw {} was cancelled: nobody won", draw.draw),
            _ => format!("the draw {} is not over: its record comes with the result", draw.draw),
        };
        return Err(Problem::conflict("no_record", detail));
    };
    let entrants = store::entrants(tx, &draw.draw).await?;
    let winners = store::winners(tx, &draw.draw).await?;
    Ok(Record {
        version: RECORD_VERSION,
        room: draw.group_id,
        keyword: draw.keyword,
        prize: draw.prize,
        opened_at_ms: draw.opened_ms,
        ends_at_ms: draw.ends_ms,
        min_level: draw.conditions.min_level,
        must_have_gifted: draw.conditions.must_have_gifted,
        must_follow: draw.conditions.must_follow,
        not_admitted: draw.not_admitted,
        turned_away: draw.turned_away,
        cancelled: false,
        list_told_at_ms: None,
        drawn_at_ms: draw.over_ms,
        winners_wanted: draw.winners,
        commitment: draw.commitment,
        seed: draw.seed.to_hex(),
        entrants_hash,
        entrants: Entrants::new(entrants).into_vec(),
        winners: winners.into_iter().map(|winner| winner.user).collect(),
        draw: draw.draw,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::keyword::Matching;
    use ::draw::Seed;
    use chat_types::business::DrawConditions;

    fn draw() -> Draw {
        let seed = Seed::new([3; 32]);
        Draw {
            draw: "draw_0011223344556677".into(),
            group_id: "room".into(),
            number: 1,
            stream: Some(1),
            opened_by: "host".into(),
            keyword: "lucky".into(),
            wanted: "lucky".into(),
            matching: Matching::Contains,
            prize: "\u{1f3c6}".repeat(60),
            winners: 1_000,
            conditions: DrawConditions::default(),
            opened_ms: 0,
            ends_ms: 60_000,
            state: State::Closing,
            commitment: seed.commitment(),
            seed,
            entrants: 5_000,
            not_admitted: 0,
            turned_away: 0,
            entrants_hash: None,
            over_ms: None,
        }
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
            let all = winners(1_000, &nick);
            let message = result(&draw(), 5_000, all.clone());
            let element = message.to_element();
            assert_eq!(BusinessMessage::read(&[element]), Some(message.clone()));
            let told = told(&message);
            assert!(told.len() >= 20 && told.len() <= MAX_TOLD, "{}", told.len());
            assert_eq!(told, &all[..told.len()], "the first ones, in order");
        }
    }

    #[test]
    fn few_winners_are_all_told() {
        let all = winners(12, "Mei");
        assert_eq!(told(&result(&draw(), 50, all.clone())), all);
    }

    #[test]
    fn a_draw_does_not_show_its_seed_to_a_log() {
        assert!(!format!("{:?}", draw()).contains(&draw().seed.to_hex()));
    }
}
