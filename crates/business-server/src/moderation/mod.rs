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
mod record;
mod repeats;
mod rules;
mod said;
mod senders;
mod store;
mod words;

use chat_types::business::api::Role;
pub(crate) use figures::ModerationFigures;

use chat_types::Element;
use chat_types::webhook::{GroupMsg, GroupMsgFailed, Webhook};
use std::sync::Arc;
use text_rules::Plain;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::events::{Event, codes};
use crate::figures::{add, count};
use crate::queue::Queue;
use crate::storage::{Error, Tx};
use crate::{Business, accounts};
use figures::Figures;
use judges::Judges;
use record::Noted;
use repeats::Repeats;
use rules::{Decision, Facts, Judge};
use said::Said;
use senders::Senders;
use store::Sender;

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
    pub(crate) fn new() -> Self {
        Self {
            judges: Judges::default(),
            senders: Senders::default(),
            repeats: Repeats::default(),
            notes: Queue::new(WAITING),
            figures: Figures::default(),
            due: Notify::new(),
        }
    }
}

/// Notes decisions and carries out measures, until `stop`; what is to be noted then still is.
pub(crate) async fn run(business: Arc<Business>, stop: CancellationToken) {
    tokio::join!(record::note_all(&business, &stop), measures::carry_out(&business, &stop));
}

/// Decides about a message. Without a database everything passes, and is counted.
pub(crate) async fn judge(business: &Business, message: &GroupMsg) -> Judged {
    let said = Said::of(&message.msg_body);
    match decide(business, message, &said).await {
        Ok((judge, decision)) => note(business, message, &said, judge, decision).await,
        Err(error) => {
            tracing::error!(%error, "a message passes unjudged");
            count(&business.moderation.figures.before_failed);
            Judged::Pass
        }
    }
}

/// Refuses a message of a kind that only the service sends, or a like that is none. It is a strike
/// against whoever climbs the ladder.
pub(crate) async fn refuse_forged(
    business: &Business,
    message: &GroupMsg,
    kind: &'static str,
) -> Judged {
    let sentence = match kind {
        "like" => "a like stands alone in its message and has a batch and a count".to_owned(),
        _ => format!("messages of the kind {kind} come from the service alone"),
    };
    let decision = Decision::refuse(codes::FORGED, format!("forged {kind}"), sentence, true);
    let known = async {
        let judge = business.moderation.judges.of(&business.database, &message.group_id).await?;
        Ok::<_, Error>((judge, sender(business, message).await?))
    };
    match known.await {
        Ok((judge, sender)) => {
            let is_strike = !keeps_order(business, message, sender);
            let said = Said::of(&message.msg_body);
            note(business, message, &said, judge, Decision { is_strike, ..decision }).await
        }
        Err(error) => {
            tracing::error!(%error, "a forged message is refused without a note");
            count(&business.moderation.figures.decisions_lost);
            decision.judged
        }
    }
}

/// When the ban of an account from a room ends, in Unix seconds; `None` without one.
pub(crate) async fn banned_until(
    business: &Business,
    group_id: &str,
    user_id: &str,
) -> Result<Option<u64>, Error> {
    let mut tx = business.database.read().await?;
    store::banned_until(&mut tx, group_id, user_id, business.clock.now_s()).await
}

/// A delivered message gets its number in the review queue, so that it can be taken back; for one
/// that nobody saw there is nothing to be decided.
pub(crate) async fn hear(business: &Business, tx: &mut Tx, event: Event<'_>) -> Result<(), Error> {
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
    if codes::OWN.contains(&failed.error_code.0) {
        return Ok(());
    }
    let message = &failed.message;
    let (group_id, user_id) = (&message.group_id, &message.from_account);
    let plain = Plain::of(Said::of(&message.msg_body).text());
    business.moderation.repeats.forget(group_id, user_id, plain.as_str(), message.random);
    store::message_left_out(tx, group_id, user_id, message.random).await
}

async fn sender(business: &Business, message: &GroupMsg) -> Result<Sender, Error> {
    let (group_id, user_id) = (&message.group_id, &message.from_account);
    let now_ms = business.clock.now_ms();
    business.moderation.senders.of(&business.database, group_id, user_id, now_ms).await
}

/// Whether the sender of a message keeps itself in order: it may say what it likes, and never climbs
/// the ladder.
fn keeps_order(business: &Business, message: &GroupMsg, sender: Sender) -> bool {
    sender.owns_room
        || sender.role >= Role::Moderator
        || accounts::is_of_the_service(business, &message.from_account)
}

async fn decide(
    business: &Business,
    message: &GroupMsg,
    said: &Said,
) -> Result<(Arc<Judge>, Decision), Error> {
    let Moderation { judges, repeats, .. } = &business.moderation;
    let (group_id, user_id) = (&message.group_id, &message.from_account);
    let judge = judges.of(&business.database, group_id).await?;
    let sender = sender(business, message).await?;
    if keeps_order(business, message, sender) {
        return Ok((judge, Decision::pass()));
    }
    let now_ms = business.clock.now_ms();
    let age_s = sender.created_s.map_or(0, |created_s| (now_ms / 1_000).saturating_sub(created_s));
    let within_s = judge.rules.repeats_within_s;
    let is_repeat = within_s > 0 && !said.text().is_empty() && {
        let plain = Plain::of(said.text());
        let noted =
            repeats.note((group_id, user_id, plain.as_str()), message.random, within_s, now_ms);
        add(&business.moderation.figures.repeats_forgotten, noted.forgotten);
        noted.is_repeat
    };
    let decision = judge.judge(&message.msg_body, said, Facts { age_s, is_repeat });
    Ok((judge, decision))
}

/// Notes what does not simply pass. The decision stands, noted or not.
async fn note(
    business: &Business,
    message: &GroupMsg,
    said: &Said,
    judge: Arc<Judge>,
    decision: Decision,
) -> Judged {
    if decision.reason.is_empty() {
        return decision.judged;
    }
    let Some(place) = business.moderation.notes.place() else {
        count(&business.moderation.figures.decisions_lost);
        return decision.judged;
    };
    let noted = place.put(Noted {
        group_id: message.group_id.clone(),
        user_id: message.from_account.clone(),
        text: said.text().chars().take(NOTED_CHARS).collect(),
        random: message.random,
        reason: decision.reason,
        action: decision.action,
        is_strike: decision.is_strike,
        at_ms: business.clock.now_ms(),
        judge,
    });
    // What takes longer is noted later; what fails is counted where it is written.
    let _ = tokio::time::timeout(business.config.webhooks.patience(), noted).await;
    decision.judged
}
