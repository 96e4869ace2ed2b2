//! Calls: what waits for a moderator, and what was decided.

use axum::extract::State;
use chat_types::rest::{GroupMsgRecall, MsgSeq};
use chat_types::{Code, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::measures::{By, check, spare_administrators, written_by};
use crate::Business;
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, number};
use crate::moderation::ladder::{MAX_SECONDS, Measure};
use crate::moderation::rank::admit;
use crate::moderation::record::write_measure;
use crate::moderation::store::{self, Entry, LogRow, Over, Review};

/// Reviews and lines of the log in one answer.
const PAGE: u32 = 100;
const MUTE_S: u32 = 600;
const BAN_S: u32 = 24 * 3_600;

pub(super) fn routes() -> Api {
    Api::new().routes(routes!(list)).routes(routes!(decide)).routes(routes!(log))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Open {
    /// Absent: of all rooms, for moderators of all rooms.
    #[serde(default)]
    room: Option<String>,
    /// Those with a greater id.
    #[serde(default, deserialize_with = "number")]
    after: u64,
}

/// Messages that wait for a moderator, oldest first, a hundred at most.
#[utoipa::path(get, path = "/moderation/review", tag = "moderation", params(Open),
    security(("token" = [])), responses((status = 200, body = Vec<Review>), Problems))]
async fn list(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(Open { room, after }): QueryOf<Open>,
) -> Result<axum::Json<Vec<Review>>, Problem> {
    let mut tx = business.database.read().await?;
    admit(&mut tx, &caller, room.as_deref()).await?;
    Ok(axum::Json(store::reviews(&mut tx, room.as_deref(), after, PAGE).await?))
}

/// What a moderator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// The message stays.
    Approve,
    /// The message is taken back.
    Remove,
    /// The message is taken back, and its sender may not speak for a time.
    Mute,
    /// The message is taken back, and its sender has to leave for a time.
    Ban,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Remove => "remove",
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }

    fn measure(self) -> Option<(Measure, u32)> {
        match self {
            Self::Approve | Self::Remove => None,
            Self::Mute => Some((Measure::Mute, MUTE_S)),
            Self::Ban => Some((Measure::Ban, BAN_S)),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decide {
    verdict: Verdict,
    /// Length of a mute (else ten minutes) or ban (else a day).
    #[serde(default)]
    seconds: Option<u32>,
}

/// Decide about a message. `remove` is refused while it is not known that the message was
/// delivered, and when it can no longer be taken back; `mute` and `ban` take it back if they can.
#[utoipa::path(post, path = "/moderation/review/{id}", tag = "moderation",
    params(("id" = u64, Path)), request_body = Decide, security(("token" = [])),
    responses((status = 200, body = Review), Problems))]
async fn decide(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(id): PathOf<u64>,
    Body(Decide { verdict, seconds }): Body<Decide>,
) -> Result<axum::Json<Review>, Problem> {
    if seconds.is_some_and(|seconds| !(1..=MAX_SECONDS).contains(&seconds)) {
        return Err(Problem::invalid(format!("seconds is 1 to {MAX_SECONDS}")));
    }
    let review = find(&business, id).await?;
    let group_id = review.group_id.as_str();
    let rank = admit(&mut business.database.read().await?, &caller, Some(group_id)).await?;
    if let Some(verdict) = &review.verdict {
        return Err(decided(verdict));
    }
    if verdict.measure().is_some() {
        if let Ok(user_id) = UserId::new(review.user_id.clone()) {
            spare_administrators(&business, &user_id).await?;
        }
        let mut tx = business.database.read().await?;
        check(&business, &mut tx, rank, group_id, &review.user_id).await?;
    }
    // The chat service first: what it did not do is not noted as done. Taking back twice is harmless.
    match (verdict, recall(&business, &review, verdict).await) {
        (Verdict::Remove, taken_back) => taken_back?,
        (_, Err(problem)) => tracing::warn!(id, problem.detail, "message stays"),
        (_, Ok(())) => {}
    }
    let now_ms = business.clock.now_ms();
    let now_s = now_ms / 1_000;
    let mut tx = business.database.write().await?;
    if !store::close_review(&mut tx, id, verdict.name(), caller.user_id.as_str()).await? {
        return Err(decided("another one"));
    }
    let user_id = review.user_id.as_str();
    let state = json!({"review": id, "verdict": verdict.name(), "seconds": seconds});
    audit::note(&mut tx, &caller, Act::on(user_id).in_room(group_id).after(state)).await?;
    if let Some((measure, usual_s)) = verdict.measure() {
        let seconds = seconds.unwrap_or(usual_s);
        let by = By { caller: &caller, rank };
        let due = written_by(by, group_id, user_id, measure, seconds, now_s);
        // Somebody who is muted for longer already is not let off by a further offence.
        write_measure(&mut tx, &due, Over::Shorter, now_ms).await?;
    } else {
        let reason = format!("moderator {}", caller.user_id);
        let entry = Entry {
            group_id,
            user_id,
            text: &review.text,
            reason: &reason,
            action: verdict.name(),
            is_strike: false,
            at_s: now_s,
        };
        store::insert_entry(&mut tx, entry).await?;
    }
    tx.commit().await?;
    business.moderation.due.notify_one();
    Ok(axum::Json(find(&business, id).await?))
}

async fn find(business: &Business, id: u64) -> Result<Review, Problem> {
    let review = store::review(&mut business.database.read().await?, id).await?;
    review.ok_or_else(|| Problem::not_found("review", format!("there is no review {id}")))
}

fn decided(verdict: &str) -> Problem {
    Problem::conflict("decided", format!("this was decided before: {verdict}"))
}

/// Takes the message back, unless it is approved.
async fn recall(business: &Business, review: &Review, verdict: Verdict) -> Result<(), Problem> {
    if verdict == Verdict::Approve {
        return Ok(());
    }
    let Some(msg_seq) = review.msg_seq.and_then(|seq| u32::try_from(seq).ok()) else {
        let info = "it is not known yet that the message was delivered: try again in a moment";
        return Err(Problem::conflict("not_delivered", info));
    };
    let recall = GroupMsgRecall {
        group_id: review.group_id.clone(),
        msg_seq_list: vec![MsgSeq { msg_seq }],
        reason: "moderation".into(),
    };
    let answer = business.chat.group_msg_recall(&recall).await?;
    let code = answer.recall_ret_list.first().map_or(Code::RECALL_ABSENT, |recall| recall.ret_code);
    match code {
        // The last one says that somebody has taken it back before.
        Code::OK | Code::RECALL_IMPOSSIBLE => Ok(()),
        Code::RECALL_TOO_LATE => {
            Err(Problem::conflict("too_late", "the message is too old to be taken back"))
        }
        Code(code) => {
            let info = format!("the chat service does not take the message back (code {code})");
            Err(Problem::conflict("not_recalled", info))
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Absent: of all rooms, for moderators of all rooms.
    #[serde(default)]
    room: Option<String>,
    /// Those with a smaller id; absent: the newest.
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

/// What was decided, newest first, a hundred at most. It is kept for ninety days.
#[utoipa::path(get, path = "/moderation/log", tag = "moderation", params(Page),
    security(("token" = [])), responses((status = 200, body = Vec<LogRow>), Problems))]
async fn log(
    State(business): State<Arc<Business>>,
    caller: Caller,
    QueryOf(Page { room, before }): QueryOf<Page>,
) -> Result<axum::Json<Vec<LogRow>>, Problem> {
    let mut tx = business.database.read().await?;
    admit(&mut tx, &caller, room.as_deref()).await?;
    Ok(axum::Json(store::log(&mut tx, room.as_deref(), before, PAGE).await?))
}
