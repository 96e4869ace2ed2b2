//! Writes decisions down, and with them what follows.

use tokio_util::sync::CancellationToken;

use super::keeps_order;
use super::ladder::{Measure, Step};
use super::rank::Rank;
use super::store::{self, Entry, NewReview, Over, PendingMeasure};
use crate::Business;
use crate::figures::{add, count};
use crate::notifications::{self, SanctionEvent, ShopEvent};
use crate::queue::Job;
use crate::storage::{Error, Tx};

/// Decisions in one commit.
const BATCH: usize = 256;
/// Messages of one room that wait for a moderator; a further one is let through unseen, noted in the
/// log and counted.
const MAX_OPEN_REVIEWS: u32 = 1_000;

/// A decision that is to be noted.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) group_id: String,
    pub(super) user_id: String,
    pub(super) text: String,
    /// `Random` of the message.
    pub(super) random: u32,
    pub(super) reason: String,
    pub(super) action: &'static str,
    pub(super) is_strike: bool,
    /// It was refused whoever sent it: of who keeps itself in order it is no strike.
    pub(super) is_forged: bool,
    /// Unix milliseconds.
    pub(super) at_ms: u64,
}

pub(super) async fn note_all(business: &Business, stop: &CancellationToken) {
    loop {
        let jobs = business.moderation.notes.take(BATCH, stop).await;
        if jobs.is_empty() {
            return;
        }
        match note_batch(business, &jobs).await {
            Ok(()) => {
                business.moderation.due.notify_one();
                for job in jobs {
                    job.answer(());
                }
            }
            Err(error) => {
                tracing::error!(%error, "decisions not noted");
                add(&business.moderation.figures.decisions_lost, jobs.len());
            }
        }
    }
}

async fn note_batch(business: &Business, jobs: &[Job<Noted, ()>]) -> Result<(), Error> {
    let mut tx = business.database.write().await?;
    for Job { work: noted, .. } in jobs {
        let (group_id, user_id) = (&noted.group_id, &noted.user_id);
        let is_strike = noted.is_strike
            && !(noted.is_forged && {
                let sender = store::sender(&mut tx, group_id, user_id).await?;
                keeps_order(business, user_id, sender)
            });
        store::insert_entry(
            &mut tx,
            Entry {
                group_id,
                user_id,
                text: &noted.text,
                reason: &noted.reason,
                action: noted.action,
                is_strike,
                at_s: noted.at_ms / 1_000,
            },
        )
        .await?;
        if is_strike {
            climb(&mut tx, noted).await?;
        }
        if noted.action == "review" && !put_up_for_review(&mut tx, noted).await? {
            count(&business.moderation.figures.reviews_lost);
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn put_up_for_review(tx: &mut Tx, noted: &Noted) -> Result<bool, Error> {
    let review = NewReview {
        group_id: &noted.group_id,
        user_id: &noted.user_id,
        text: &noted.text,
        reason: &noted.reason,
        random: noted.random,
        at_s: noted.at_ms / 1_000,
    };
    store::insert_review(tx, review, MAX_OPEN_REVIEWS).await
}

/// What this strike brings.
async fn climb(tx: &mut Tx, noted: &Noted) -> Result<(), Error> {
    let ladder = store::rules(tx, &noted.group_id).await?.ladder;
    let now_s = noted.at_ms / 1_000;
    let after_s = now_s.saturating_sub(u64::from(ladder.lasting_s));
    let strike = store::strikes(tx, &noted.group_id, &noted.user_id, after_s).await?;
    let Some(step) = ladder.step(strike) else { return Ok(()) };
    let reason = match step.measure {
        Measure::Warn => warning(ladder.step(strike + 1)),
        Measure::Mute | Measure::Ban => format!("strike {strike}: {}", noted.reason),
    };
    let due = PendingMeasure {
        group_id: noted.group_id.clone(),
        user_id: noted.user_id.clone(),
        measure: step.measure,
        until_s: now_s.saturating_add(u64::from(step.seconds)),
        reason,
        // Whoever moderates the room may lift what its rules have set.
        rank: Rank::Viewer,
        attempts: 0,
    };
    write_measure(tx, &due, Over::Shorter, noted.at_ms).await
}

/// Writes a measure, and a line of the log about it, unless a longer one stays in its place. Wake the
/// routine after the commit.
pub(super) async fn write_measure(
    tx: &mut Tx,
    due: &PendingMeasure,
    over: Over,
    now_ms: u64,
) -> Result<(), Error> {
    let now_s = now_ms / 1_000;
    if !store::put_measure(tx, due, over, now_s).await? {
        return Ok(());
    }
    tell_shop(tx, due, now_ms).await?;
    let action = if due.until_s == 0 { "lift" } else { due.measure.name() };
    let entry = Entry {
        group_id: &due.group_id,
        user_id: &due.user_id,
        text: "",
        reason: &due.reason,
        action,
        is_strike: false,
        at_s: now_s,
    };
    store::insert_entry(tx, entry).await
}

async fn tell_shop(tx: &mut Tx, due: &PendingMeasure, now_ms: u64) -> Result<(), Error> {
    let sanction = SanctionEvent {
        user: due.user_id.clone(),
        until_s: due.until_s,
        reason: due.reason.clone(),
    };
    let event = match (due.measure, due.until_s) {
        (Measure::Warn, _) => return Ok(()),
        (Measure::Mute, 0) => ShopEvent::Unmuted(sanction),
        (Measure::Mute, _) => ShopEvent::Muted(sanction),
        (Measure::Ban, 0) => ShopEvent::Unbanned(sanction),
        (Measure::Ban, _) => ShopEvent::Banned(sanction),
    };
    notifications::queue(tx, &due.group_id, &event, now_ms).await
}

/// What an account is told before it is muted or banned.
fn warning(next: Option<Step>) -> String {
    let next = match next.map(|step| (step.measure, step.seconds)) {
        Some((Measure::Mute, seconds)) => format!("Next time you may not speak for {seconds} s."),
        Some((Measure::Ban, seconds)) => format!("Next time you have to leave for {seconds} s."),
        Some((Measure::Warn, _)) | None => "Please keep the rules of the room.".to_owned(),
    };
    format!("What you wrote breaks the rules of the room. {next}")
}
