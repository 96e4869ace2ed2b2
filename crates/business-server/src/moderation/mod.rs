//! Moderation: what may be said in a room, and what follows for who breaks its rules.
//!
//! The before-webhook of a message is decided by the rules and word lists of its room in memory; the
//! owner of the room and moderators may say what they like. What does not simply pass is noted, and
//! what is wrong is a strike against its sender there. Strikes bring warnings, mutes and bans, which
//! are written in the transaction of the note and carried out by a routine, again and again until
//! the chat service has done it.

mod figures;
pub(crate) mod http;
mod judges;
mod ladder;
mod measures;
mod names;
mod rank;
mod record;
mod repeats;
mod rules;
mod said;
mod senders;
mod silence;
mod store;
mod strict;
mod words;

pub(crate) use figures::ModerationFigures;

use chat_types::Element;
use chat_types::webhook::{GroupMsg, GroupMsgFailed, Webhook};
use std::sync::Arc;
use text_rules::Plain;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use crate::Business;
use crate::events::{Event, codes};
use crate::figures::{add, count};
use crate::queue::Queue;
use crate::storage::{Error, Tx};
use figures::Figures;
use judges::Judges;
pub(crate) use names::{check_name, public_name, shown_name};
use rank::Rank;
use record::Noted;
use repeats::Repeats;
pub(crate) use rules::WhenLate;
use rules::{Decision, Facts};
use said::Said;
use senders::Senders;
pub(crate) use silence::check_may_be_shown;
use store::Sender;
use strict::Strict;

/// Stands for all rooms where the id of one is kept.
const ALL_ROOMS: &str = "";
/// Decisions that wait to be noted; further ones are not, and are counted.
const WAITING: usize = 2_048;
/// Of a text that is noted, in characters.
const NOTED_CHARS: usize = 1_000;

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Judged {
    Pass,
    /// This body in place of its own.
    Replace(Vec<Element>),
    Refuse {
        code: i32,
        sentence: String,
    },
    /// Nobody sees it, and its sender does not learn that.
    Drop,
}

/// What moderation keeps in memory.
pub(crate) struct Moderation {
    judges: Judges,
    senders: Senders,
    repeats: Repeats,
    notes: Queue<Noted, ()>,
    pub(crate) figures: Figures,
    /// Measures were written.
    due: Notify,
}

impl Moderation {
    pub(crate) async fn open(tx: &mut Tx) -> Result<Self, Error> {
        let strict = Strict::new(store::strict_rooms(tx).await?);
        Ok(Self {
            judges: Judges::new(strict),
            senders: Senders::default(),
            repeats: Repeats::default(),
            notes: Queue::new(WAITING),
            figures: Figures::default(),
            due: Notify::new(),
        })
    }
}

/// Notes decisions until `stop`; what is to be noted then still is.
pub(crate) async fn note_decisions(business: Arc<Business>, stop: CancellationToken) {
    record::note_all(&business, &stop).await;
}

/// Carries out measures, until `stop`.
pub(crate) async fn carry_out(business: Arc<Business>, stop: CancellationToken) {
    measures::carry_out(&business, &stop).await;
}

/// Decides about a message.
pub(crate) async fn judge(business: &Business, message: &GroupMsg) -> Result<Judged, Error> {
    let said = Said::of(&message.msg_body);
    let decision = decide(business, message, &said).await?;
    // What takes longer is noted later; what fails is counted where it is written.
    if let Some(noted) = note(business, message, &said, &decision, false) {
        let _ = tokio::time::timeout(business.config.webhooks.patience(), noted).await;
    }
    Ok(decision.judged)
}

/// Refuses a message of a kind that only the service sends, or a like that is none, with a code and a
/// sentence. Nothing is looked up, and nobody is waited for: who sent it, and whether it is a strike,
/// is found out when it is noted.
pub(crate) fn refuse_forged(
    business: &Business,
    message: &GroupMsg,
    kind: &'static str,
) -> (i32, String) {
    let sentence = match kind {
        "like" => "a like stands alone in its message and has a batch and a count".to_owned(),
        _ => format!("messages of the kind {kind} come from the service alone"),
    };
    let reason = format!("forged {kind}");
    let decision = Decision::refuse(codes::FORGED, reason, sentence.clone(), true);
    note(business, message, &Said::of(&message.msg_body), &decision, true);
    (codes::FORGED, sentence)
}

/// What becomes of what a room could not decide in time. It is in memory.
pub(crate) fn when_late(business: &Business, group_id: &str) -> WhenLate {
    let is_strict = business.moderation.judges.strict.has(group_id);
    if is_strict { WhenLate::Refuse } else { WhenLate::Allow }
}

/// When the ban of an account from a room ends, in Unix seconds; `None` without one.
pub(crate) async fn banned_until(
    business: &Business,
    group_id: &str,
    user_id: &str,
) -> Result<Option<u64>, Error> {
    let mut tx = business.database.read_for_webhook().await?;
    store::banned_until(&mut tx, group_id, user_id, business.clock.now_s()).await
}

/// A delivered message gets its number in the review queue, so that it can be taken back; for one
/// that nobody saw there is nothing to be decided.
pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), Error> {
    match event.webhook {
        Webhook::GroupAfterSendMsg(sent) => {
            let message = &sent.message;
            let (group_id, user_id) = (&message.group_id, &message.from_account);
            store::message_sent(tx, group_id, user_id, message.random, sent.msg_seq).await
        }
        Webhook::GroupSendMsgException(failed) => not_delivered(business, tx, failed).await,
        _ => Ok(()),
    }
}

/// The room did not choose the message, or the chat service refused it after it had passed here.
async fn not_delivered(
    business: &Business,
    tx: &mut Tx,
    failed: &GroupMsgFailed,
) -> Result<(), Error> {
    // What this service refused itself stays as it was decided: a repeat is one the next time, too.
    // Nothing was decided about what was late.
    let code = failed.error_code.0;
    if codes::OWN.contains(&code) && code != codes::LATE {
        return Ok(());
    }
    let message = &failed.message;
    let (group_id, user_id) = (&message.group_id, &message.from_account);
    let plain = Plain::of(Said::of(&message.msg_body).text());
    business.moderation.repeats.forget((group_id, user_id, plain.as_str()), message.random);
    store::message_left_out(tx, group_id, user_id, message.random).await
}

/// Whether an account keeps itself in order in a room: it may say what it likes, and never climbs the
/// ladder.
fn keeps_order(business: &Business, user_id: &str, sender: Sender) -> bool {
    sender.rank() > Rank::Viewer || business.config.chat.is_own(user_id)
}

async fn decide(business: &Business, message: &GroupMsg, said: &Said) -> Result<Decision, Error> {
    let Moderation { judges, senders, repeats, .. } = &business.moderation;
    let (group_id, user_id) = (&message.group_id, &message.from_account);
    let judge = judges.of(&business.database, group_id).await?;
    let sender = senders.of(&business.database, group_id, judge.version, user_id).await?;
    if keeps_order(business, user_id, sender) {
        return Ok(Decision::pass());
    }
    let now_ms = business.clock.now_ms();
    let age_s = sender.created_s.map_or(0, |created_s| (now_ms / 1_000).saturating_sub(created_s));
    let within_s = judge.rules.repeats_within_s;
    let is_repeat = within_s > 0 && !said.text().is_empty() && {
        let plain = Plain::of(said.text());
        repeats.note((group_id, user_id, plain.as_str()), message.random, within_s, now_ms)
    };
    add(&business.moderation.figures.repeats_forgotten, repeats.take_forgotten());
    Ok(judge.judge(&message.msg_body, said, Facts { age_s, is_repeat }))
}

/// Has what does not simply pass noted, and gives what tells when it is. The decision stands, noted or
/// not.
fn note(
    business: &Business,
    message: &GroupMsg,
    said: &Said,
    decision: &Decision,
    is_forged: bool,
) -> Option<oneshot::Receiver<()>> {
    if decision.reason.is_empty() {
        return None;
    }
    let Some(place) = business.moderation.notes.place() else {
        count(&business.moderation.figures.decisions_lost);
        return None;
    };
    Some(place.put(Noted {
        group_id: message.group_id.clone(),
        user_id: message.from_account.clone(),
        text: said.text().chars().take(NOTED_CHARS).collect(),
        random: message.random,
        reason: decision.reason.clone(),
        action: decision.action,
        is_strike: decision.is_strike,
        is_forged,
        at_ms: business.clock.now_ms(),
    }))
}
