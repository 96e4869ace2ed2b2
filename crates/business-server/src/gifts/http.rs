//! Calls: gifts, and what they add up to.

use axum::extract::State;
use chat_types::business::api::{ComboView, GiftView, Give, Given};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::catalogue::GiftKind;
use super::idempotency::{self, IdempotencyKey};
use super::store::sums::{self, Span};
use super::wallet::{self, Account, RefundReason};
use super::{Amount, DAY_MS, Wish, orders, refund};
use crate::audit::{self, Act};
use crate::http::{Api, Body, Caller, PathOf, Problem, Problems, QueryOf, Role};
use crate::{Business, moderation, rooms};

/// A refund waits so long for a message that is on its way.
const BEING_TOLD_WAIT: Duration = Duration::from_secs(1);
/// People in a ranking, at most.
const RANKED: u32 = 100;

pub(crate) fn routes() -> Api {
    Api::new()
        .routes(routes!(catalogue, give))
        .routes(routes!(give_back))
        .routes(routes!(ranking))
        .routes(routes!(income))
        .merge(orders::routes())
        .merge(wallet::http::routes())
}

impl From<&GiftKind> for GiftView {
    fn from(kind: &GiftKind) -> Self {
        let rule = kind.combo;
        Self {
            id: kind.id.clone(),
            title: kind.title.clone(),
            price: kind.price,
            art: kind.art.clone(),
            effect: kind.effect,
            combo: ComboView {
                merge: rule.merge,
                merge_count: rule.merge_count,
                merge_ms: rule.merge_ms,
            },
        }
    }
}

/// What can be given.
#[utoipa::path(get, path = "/gifts", tag = "gifts", security(("token" = [])),
    responses((status = 200, body = Vec<GiftView>), Problems))]
async fn catalogue(State(business): State<Arc<Business>>, _: Caller) -> axum::Json<Vec<GiftView>> {
    axum::Json(business.gifts.catalogue.all().iter().map(GiftView::from).collect())
}

/// Give a gift: it is paid, and the room is told.
///
/// Problems are, beside the usual: 402 `balance`, 403 `banned` or `muted`, 404 `room`, `gift` or `account`, 409 `not_live`,
/// `combo` or `idempotency_key`, and 503 `outbox_full`, after which nothing has been done.
#[utoipa::path(post, path = "/gifts", tag = "gifts", request_body = Give, params(IdempotencyKey),
    security(("token" = [])), responses((status = 200, body = Given), Problems))]
async fn give(
    State(business): State<Arc<Business>>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<Give>,
) -> Result<axum::Json<Given>, Problem> {
    let amount = Amount::checked(body.count, body.clicks)?;
    let call = key.of(&caller.user_id, "gifts", &body)?;
    let wish = Wish { room: &body.room, gift: &body.gift, amount, combo: body.combo.as_deref() };
    let mut tx = business.database.write().await?;
    if let Some(answer) = idempotency::answered(&mut tx, &call).await? {
        return Ok(axum::Json(answer));
    }
    let now_ms = business.clock.now_ms();
    let (gift, balance) = super::give(&business, &mut tx, &caller.user_id, wish, now_ms).await?;
    let answer = Given { order: gift.order.clone(), balance, combo_total: gift.total, gift };
    idempotency::keep(&mut tx, &call, &answer, now_ms).await?;
    tx.commit().await?;
    business.gifts.held_back.notify_one();
    business.outbox.wake();
    Ok(axum::Json(answer))
}

#[derive(Debug, Serialize, ToSchema)]
struct Refunded {
    order: String,
    user: String,
    coins: i64,
    /// Coins in the wallet of the account.
    balance: i64,
}

/// Give the coins of a whole order back. For administrators, once for each order.
///
/// What the room has been told stays said; what waits to be told is not told any more. While a message
/// of the order is on its way, the answer waits for a second. If it is not known then whether the room
/// was told, this is 409 `being_told`: ask again. Ten minutes after an attempt that was not answered
/// the order is given back all the same, with the reason `unclear`.
#[utoipa::path(post, path = "/gifts/{order}/refund", tag = "gifts",
    params(("order" = String, Path)), security(("token" = [])),
    responses((status = 200, body = Refunded), Problems))]
async fn give_back(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(order): PathOf<String>,
) -> Result<axum::Json<Refunded>, Problem> {
    caller.require(Role::Admin)?;
    let until = Instant::now() + BEING_TOLD_WAIT;
    let (mut tx, order, balance) = loop {
        let mut noted = business.outbox.noted();
        let mut tx = business.database.write().await?;
        let now_ms = business.clock.now_ms();
        match refund::refund(&mut tx, &order, RefundReason::Asked, now_ms).await {
            Ok((order, balance)) => break (tx, order, balance),
            Err(refund::Error::BeingTold { posting, .. }) if Instant::now() < until => {
                drop(tx);
                // Asked once more in either case.
                let _ = timeout_at(until, noted.of(posting)).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let state = json!({"refunded": order.coins});
    audit::note(&mut tx, &caller, Act::on(&order.order_id).after(state)).await?;
    tx.commit().await?;
    tracing::info!(order = order.order_id, coins = order.coins, by = %caller.user_id, "gift refunded");
    Ok(axum::Json(Refunded {
        order: order.order_id,
        user: order.user_id,
        coins: order.coins,
        balance,
    }))
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SpanOf {
    /// The day, in UTC.
    #[default]
    Today,
    /// The stream that runs or ran last.
    Stream,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichSpan {
    #[serde(default)]
    #[param(inline)]
    span: SpanOf,
}

#[derive(Debug, Serialize, ToSchema)]
struct Ranked {
    user: String,
    nick: String,
    coins: i64,
}

/// Who gave most in a room, today or in this stream: at most a hundred, the most first. Of two who
/// gave the same, who had given it first. What was refunded does not count.
#[utoipa::path(get, path = "/rooms/{room}/ranking", tag = "gifts",
    params(("room" = String, Path), WhichSpan), security(("token" = [])),
    responses((status = 200, body = Vec<Ranked>), Problems))]
async fn ranking(
    State(business): State<Arc<Business>>,
    _: Caller,
    PathOf(room): PathOf<String>,
    QueryOf(WhichSpan { span }): QueryOf<WhichSpan>,
) -> Result<axum::Json<Vec<Ranked>>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find(&mut tx, &room).await?.group_id;
    let span = match span {
        SpanOf::Today => Some(Span::Day(business.clock.now_ms() / DAY_MS)),
        SpanOf::Stream => rooms::store::last_stream(&mut tx, &room).await?.map(Span::Stream),
    };
    let ranked = match span {
        Some(span) => sums::ranking(&mut tx, &room, span, RANKED).await?,
        None => Vec::new(),
    };
    let mut shown = Vec::with_capacity(ranked.len());
    for (user, nick, coins) in ranked {
        let nick = moderation::shown_name(&business, &mut tx, &room, &user, &nick).await?;
        shown.push(Ranked { user, nick, coins });
    }
    Ok(axum::Json(shown))
}

/// What was refunded does not count anywhere.
#[derive(Debug, Serialize, ToSchema)]
struct Income {
    /// Gifts to this room, in all.
    gifts: u64,
    /// Coins for this room, in all.
    coins: i64,
    /// Of these, today in UTC.
    today: i64,
    /// Of these, in the stream that runs or ran last.
    stream: i64,
    /// On the income account of the owner, from all the owner's rooms.
    balance: i64,
}

/// What the gifts to a room have brought in. For its owner, and for administrators.
#[utoipa::path(get, path = "/rooms/{room}/income", tag = "gifts", params(("room" = String, Path)),
    security(("token" = [])), responses((status = 200, body = Income), Problems))]
async fn income(
    State(business): State<Arc<Business>>,
    caller: Caller,
    PathOf(room): PathOf<String>,
) -> Result<axum::Json<Income>, Problem> {
    let mut tx = business.database.read().await?;
    let room = rooms::find_for_host(&mut tx, &room, &caller).await?;
    let (gifts, coins) = sums::income(&mut tx, &room.group_id).await?;
    let today = Span::Day(business.clock.now_ms() / DAY_MS);
    let today = sums::income_within(&mut tx, &room.group_id, today).await?;
    let stream = match rooms::store::last_stream(&mut tx, &room.group_id).await? {
        Some(stream) => sums::income_within(&mut tx, &room.group_id, Span::Stream(stream)).await?,
        None => 0,
    };
    let balance = wallet::store::balance(&mut tx, Account::Income(&room.owner)).await?;
    Ok(axum::Json(Income { gifts, coins, today, stream, balance }))
}
