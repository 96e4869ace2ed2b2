//! Sending a message into a group.
//!
//! Checks run in the order of the documentation's fragments: form and size (10004, 80002), group
//! (10015), repeat (the first answer again, whatever has become of its sender since), rate of the
//! sender (9008), sender (10019, 9002), mute (10017, without asking the webhook), the other rules of
//! the room (9009, 9010, 80001), before-webhook (10016, own codes, 80003), the room's choice (10023),
//! number and delivery, after-webhook.

use chat_types::code::{ApiError, Code};
use chat_types::element::{check_body, check_rest_body};
use chat_types::gateway::{MAX_CLIENT_ID_BYTES, MAX_CLOUD_DATA_BYTES, Message, MessageClass};
use chat_types::group::GroupType;
use chat_types::{Element, GroupId, Priority, UserId};
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use tokio::sync::oneshot;

use super::fields::right_in;
use super::numbers::exhausted;
use super::rules::Refusal;
use super::seen::{Claim, Entered, Lane, Mark, Seen};
use super::{Origin, REPEAT_WINDOW_MS, Service, no_such_group};
use crate::application::{Application, Edition, Right};
use crate::clock::Clock;
use crate::counters::{Counters, add};
use crate::room::{ConnectionId, Draft, Room, SpeechPermit, Stamp, Verdict};
use crate::storage::{Keep, MessageRecord, StoredGroupMessage};
use crate::webhook::{Decision, Replacement};

/// What an AVChatRoom keeps when its history is switched on ("Live Room Setup Guide").
const ROOM_KEEPS: Keep = Keep { messages: 20, seconds: 24 * 3600 };
/// What any other group keeps.
pub(super) const GROUP_KEEPS: Keep = Keep { messages: 1_000, seconds: 7 * 24 * 3600 };

/// Refusals that the application is not told: nobody spoke, or somebody speaks so fast that telling
/// would be a flood of its own.
const UNTOLD: [Code; 4] =
    [Code::ACCOUNT_ABSENT, Code::NOT_IN_ROOM, Code::SENDER_RATE, Code::SLOW_MODE];

/// Delivered messages of a room whose repeats are known: five minutes of 1,000 in a second.
const REMEMBERED_DELIVERED: usize = 300_000;
/// The same of messages that a room left out.
const REMEMBERED_SAMPLED_OUT: usize = 100_000;
/// The lanes of [`MessageRepeats`]. What a room leaves out is more than what it delivers, and does
/// not displace it.
const DELIVERED: usize = 0;
const SAMPLED_OUT: usize = 1;

/// Outcomes of messages by application and group. They live beside the rooms, so that a room that
/// leaves memory and comes back knows its repeats, and end with the group.
pub(super) type MessageRepeats = Seen<(u32, GroupId), Outcome>;

pub(super) fn message_repeats(clock: Arc<dyn Clock>, counters: &Counters) -> MessageRepeats {
    let lane = |most, forgotten: &Counter| Lane {
        window_ms: REPEAT_WINDOW_MS,
        most,
        forgotten: forgotten.clone(),
    };
    let delivered = lane(REMEMBERED_DELIVERED, &counters.repeats_forgotten);
    let sampled_out = lane(REMEMBERED_SAMPLED_OUT, &counters.repeats_forgotten_sampled_out);
    Seen::new(clock, [delivered, sampled_out])
}

/// A message as it comes in from REST or gateway.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) from: UserId,
    /// Who makes the call: the sender itself, or an administrator in its name.
    pub(crate) operator: UserId,
    /// Nickname of the sender, when the caller knows it; otherwise it is looked up.
    pub(crate) nick: Option<String>,
    /// The sending connection, which must be a member; `None` for the REST API.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) origin: Origin,
    pub(crate) priority: Priority,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
    pub(crate) client_id: String,
    pub(crate) random: u32,
    pub(crate) mentions: Vec<String>,
    pub(crate) mention_all: bool,
    pub(crate) online_only: bool,
    pub(crate) ask_before: bool,
    pub(crate) tell_after: bool,
}

impl Outgoing {
    /// The rank of the message when the room has to choose. What the application's own server sends
    /// with the highest priority is worth more than what a client may call so.
    fn class(&self) -> MessageClass {
        match (self.priority, self.connection) {
            (Priority::Lowest | Priority::Low, _) => MessageClass::Low,
            (Priority::Normal, _) => MessageClass::Normal,
            (Priority::High, Some(_)) => MessageClass::High,
            (Priority::High, None) => MessageClass::Assured,
        }
    }
}

/// What came of asking the application.
enum Asked {
    Dropped(Outcome),
    Offered(oneshot::Receiver<Verdict>),
}

/// What became of a message that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It went to so many connections.
    Delivered { stamp: Stamp, reached: u32 },
    /// More was said than the room delivers, and others were chosen. Nobody has seen it.
    SampledOut {
        /// Unix seconds.
        time_s: u32,
    },
}

/// A message that the room has, and has not yet chosen or let go.
pub(crate) struct OnItsWay {
    app: Arc<Application>,
    room: Arc<Room>,
    outgoing: Outgoing,
    permit: SpeechPermit,
    verdict: oneshot::Receiver<Verdict>,
    /// The same message once more waits for what becomes of this one.
    claim: Claim<Outcome>,
}

impl OnItsWay {
    /// Number of the room that decides about it.
    pub(crate) fn room(&self) -> u64 {
        self.room.incarnation()
    }
}

/// How far a message got at once.
pub(crate) enum Offered {
    Done(Outcome),
    /// It was there before, and this is what became of it then.
    Repeated(Outcome),
    OnItsWay(Box<OnItsWay>),
}

impl Service {
    /// Checks and delivers a message. A repeat within five minutes gets the outcome of the first and
    /// is delivered to nobody.
    pub(crate) async fn send(
        &self,
        app: &Arc<Application>,
        group_id: &GroupId,
        outgoing: Outgoing,
    ) -> Result<Outcome, ApiError> {
        match self.offer(app, group_id, outgoing).await? {
            Offered::Done(outcome) | Offered::Repeated(outcome) => Ok(outcome),
            Offered::OnItsWay(message) => self.see_through(*message).await,
        }
    }

    /// The first half: everything up to the room's choice. Messages that are offered one after the
    /// other keep their order.
    pub(crate) async fn offer(
        &self,
        app: &Arc<Application>,
        group_id: &GroupId,
        mut outgoing: Outgoing,
    ) -> Result<Offered, ApiError> {
        check_content(app, &outgoing)?;
        let room = self.room(app.sdk_app_id, group_id).await?;
        // Before anything can refuse it: the first one went out, and its sender has to learn that.
        // The same message once more, while the first is on its way, waits for what becomes of it.
        let scope = (app.sdk_app_id, group_id.clone());
        let claim = match self.repeats.enter(scope, mark(&outgoing)?).await {
            Entered::Before(outcome) => {
                add(&self.counters.messages_repeated, 1);
                return Ok(Offered::Repeated(outcome));
            }
            Entered::First(claim) => claim,
        };
        if let Err(refusal) = self.check_rate(app, &room, &outgoing) {
            return self.refuse(app, &room, &outgoing, refusal).await;
        }
        let nick = match self.check_sender(app, &room, group_id, &outgoing).await {
            Ok(nick) => nick,
            Err(refusal) => return self.refuse(app, &room, &outgoing, refusal).await,
        };
        let permit = match self.check_rules(app, &room, &outgoing) {
            Ok(permit) => permit,
            Err(refusal) => return self.refuse(app, &room, &outgoing, refusal).await,
        };
        match self.ask_and_offer(app, &room, &claim, nick, &mut outgoing).await {
            Ok(Asked::Dropped(outcome)) => {
                // Its sender must not learn from the wait that a message was dropped silently.
                permit.spoke(self.clock.monotonic_ms());
                Ok(Offered::Done(outcome))
            }
            Ok(Asked::Offered(verdict)) => {
                let app = Arc::clone(app);
                let message = OnItsWay { app, room, outgoing, permit, verdict, claim };
                Ok(Offered::OnItsWay(Box::new(message)))
            }
            Err(refusal) => self.refuse(app, &room, &outgoing, refusal).await,
        }
    }

    /// The second half: what the room has decided, and what has to be noted and told of it.
    pub(crate) async fn see_through(&self, message: OnItsWay) -> Result<Outcome, ApiError> {
        let OnItsWay { app, room, outgoing, permit, verdict, claim } = message;
        let verdict = match verdict.await {
            Ok(verdict) => verdict,
            // The process is torn down in the midst of a fan-out, and nobody knows who has the message.
            // A connection is not answered, so that its client sends it again under the same id.
            Err(_) if outgoing.connection.is_some() => std::future::pending().await,
            Err(_) => Verdict::Stopped,
        };
        let (stamp, message, reached) = match verdict {
            Verdict::Delivered { stamp, message, reached } => (stamp, message, reached),
            Verdict::SampledOut => {
                let outcome = Outcome::SampledOut { time_s: self.now_s() };
                claim.remember(outcome, SAMPLED_OUT);
                let error = sampled_out();
                self.send_exception(&app, &room, &outgoing, &error).await;
                return Ok(outcome);
            }
            Verdict::Dismissed => {
                return Err(no_such_group(&room.with(|group| GroupId::new(&*group.group_id))?));
            }
            Verdict::Stopped => {
                return Err(ApiError::new(Code::INTERNAL, "the service stops: send it again"));
            }
            Verdict::Broken => {
                return Err(ApiError::new(Code::INTERNAL, "the room failed inside: send it again"));
            }
            Verdict::Exhausted => {
                return Err(exhausted(&room.with(|group| GroupId::new(&*group.group_id))?));
            }
        };
        add(&self.counters.messages_accepted, 1);
        permit.spoke(self.clock.monotonic_ms());
        let outcome = Outcome::Delivered { stamp, reached };
        claim.remember(outcome, DELIVERED);
        // Everybody has the message: what follows cannot take it back any more. Neither waits for the
        // other, so that the event is handed over even when the message is long in being kept.
        let told = async {
            if outgoing.tell_after {
                self.after_send(&app, &room, &outgoing, stamp).await;
            }
        };
        tokio::join!(self.note(&app, &room, &outgoing, stamp, &message), told);
        Ok(outcome)
    }

    /// Counts a message whose sender may not send it now, and tells the application of it.
    async fn refuse<T>(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        refusal: Refusal,
    ) -> Result<T, ApiError> {
        let Refusal { error, cause } = refusal;
        room.count_refused(outgoing.class(), cause);
        if !UNTOLD.contains(&error.code) {
            self.send_exception(app, room, outgoing, &error).await;
        }
        Err(error)
    }

    /// Who sends exists, is here and is not muted; gives the nickname. It charges nothing and may be
    /// asked again.
    async fn check_sender(
        &self,
        app: &Application,
        room: &Room,
        group_id: &GroupId,
        outgoing: &Outgoing,
    ) -> Result<String, Refusal> {
        let account = self.account(app.sdk_app_id, outgoing.from.as_str()).await?;
        let Some(account) = account else {
            let info = format!("the account {} does not exist: import it first", outgoing.from);
            return Err(ApiError::new(Code::ACCOUNT_ABSENT, info).into());
        };
        if let Some(connection) = outgoing.connection {
            let may = room.has(connection)
                || (app.settings.send_without_join
                    && room.with(|group| group.group_type == GroupType::AVChatRoom)
                    && !room.is_banned(&outgoing.from, self.now_s()));
            if !may {
                return Err(not_a_member(group_id).into());
            }
        }
        let now_s = self.now_s();
        if account.group_muted_until > now_s {
            return Err(Refusal::muted("the sender may not speak in any group"));
        }
        room.with(|group| {
            let right = right_in(app, group, &outgoing.from);
            if group.mutes.get(outgoing.from.as_str()).is_some_and(|until| *until > now_s) {
                Err(Refusal::muted("the sender is muted in this group"))
            } else if group.mute_all && right < Right::Admin {
                Err(Refusal::mute_all())
            } else {
                Ok(())
            }
        })?;
        Ok(outgoing.nick.clone().unwrap_or_else(|| account.nick.clone()))
    }

    async fn ask_and_offer(
        &self,
        app: &Arc<Application>,
        room: &Room,
        claim: &Claim<Outcome>,
        nick: String,
        outgoing: &mut Outgoing,
    ) -> Result<Asked, Refusal> {
        let mut dropped = false;
        if outgoing.ask_before {
            match self.before_send(app, room, outgoing).await {
                Decision::Allow(replacement) => {
                    let Outgoing { elements, cloud_custom_data, .. } = &mut *outgoing;
                    self.replace(app, elements, cloud_custom_data, replacement)?;
                }
                Decision::Silent => dropped = true,
                Decision::Refuse(error) => return Err(error.into()),
            }
            // The answer may have taken two seconds: a mute or a ban of meanwhile counts.
            let group_id = room.with(|group| GroupId::new(&*group.group_id))?;
            self.check_sender(app, room, &group_id, outgoing).await?;
        }
        let draft = Draft {
            from: outgoing.from.clone(),
            nick,
            priority: outgoing.priority,
            elements: outgoing.elements.clone(),
            cloud_custom_data: outgoing.cloud_custom_data.clone(),
            client_id: outgoing.client_id.clone(),
            mentions: outgoing.mentions.clone(),
            mention_all: outgoing.mention_all,
        };
        let class = outgoing.class();
        if dropped {
            let (stamp, _) = self.post_silently(app, room, &draft, self.now_s()).await?;
            room.count_dropped(class);
            // The sender sees no difference.
            let reached = room.pretend(&outgoing.client_id, stamp, outgoing.connection);
            let outcome = Outcome::Delivered { stamp, reached };
            claim.remember(outcome, DELIVERED);
            return Ok(Asked::Dropped(outcome));
        }
        let strangers_may = app.settings.send_without_join;
        let now_ms = self.clock.monotonic_ms();
        let offered = room.offer(draft, class, outgoing.connection, strangers_may, now_ms);
        match offered {
            Some(verdict) => Ok(Asked::Offered(verdict)),
            None => Err(not_a_member(&room.with(|group| GroupId::new(&*group.group_id))?).into()),
        }
    }

    /// Puts what the webhook answered into the place of what was sent. A body that cannot be
    /// delivered counts as a webhook that failed.
    pub(super) fn replace(
        &self,
        app: &Application,
        elements: &mut Vec<Element>,
        cloud_custom_data: &mut String,
        replacement: Replacement,
    ) -> Result<(), ApiError> {
        let Replacement { msg_body, cloud_custom_data: data } = replacement;
        let body = msg_body.map(serde_json::from_value::<Vec<Element>>).transpose();
        let max_bytes = app.settings.message_bytes as usize;
        let good = body
            .ok()
            .filter(|body| body.as_ref().is_none_or(|body| check_body(body, max_bytes).is_ok()))
            .filter(|_| data.as_deref().is_none_or(|data| check_cloud_data(data).is_ok()));
        let Some(body) = good else {
            return match self.webhooks.replacement_failed(app.sdk_app_id) {
                Decision::Refuse(error) => Err(error),
                Decision::Allow(_) | Decision::Silent => Ok(()),
            };
        };
        if let Some(body) = body {
            *elements = body;
        }
        if let Some(data) = data {
            *cloud_custom_data = data;
        }
        Ok(())
    }

    /// Writes down what a delivered message leaves behind; returns when it is stored.
    async fn note(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        stamp: Stamp,
        message: &Message,
    ) {
        let group_type = room.with(|group| group.group_type);
        let kept = match group_type {
            GroupType::AVChatRoom if !keeps_history(app) => return,
            GroupType::AVChatRoom => true,
            _ => !outgoing.online_only,
        };
        let written = {
            // What is recalled or dismissed meanwhile finds the message in storage, or is seen here.
            // Storage is waited for without the lock.
            let _one_at_a_time = room.changing.lock().await;
            if room.is_dismissed() {
                return;
            }
            let message = kept.then(|| to_keep(room, outgoing, message));
            let member = self.member_spoke(room, &outgoing.from, stamp);
            if message.is_none() && member.is_none() {
                return;
            }
            self.recorder.write(MessageRecord {
                sdk_app_id: app.sdk_app_id,
                group_id: room.with(|group| group.group_id.clone()),
                message,
                keep: keeps(group_type),
                member,
            })
        };
        if written.await.is_err() {
            let group_id = room.with(|group| group.group_id.clone());
            tracing::error!(%group_id, seq = stamp.seq, "a delivered message is not kept");
        }
    }
}

/// A message as it is kept; the caller holds the room's `changing`.
fn to_keep(room: &Room, outgoing: &Outgoing, message: &Message) -> StoredGroupMessage {
    let mut message = message.clone();
    // A recall may have come in between: what it has not found in storage it could not mark.
    let recalled = room.sent(message.seq).is_some_and(|sent| sent.recalled);
    if recalled {
        message.elements.clear();
        message.cloud_custom_data.clear();
    }
    StoredGroupMessage { random: outgoing.random, recalled, message }
}

/// How much a group of this type keeps, if it keeps anything.
pub(super) const fn keeps(group_type: GroupType) -> Keep {
    match group_type {
        GroupType::AVChatRoom => ROOM_KEEPS,
        _ => GROUP_KEEPS,
    }
}

/// Whether AVChatRoom groups of the application keep their last messages.
pub(crate) fn keeps_history(app: &Application) -> bool {
    app.edition >= Edition::Ultimate && app.settings.room_history
}

fn check_content(app: &Application, outgoing: &Outgoing) -> Result<(), ApiError> {
    let max_bytes = app.settings.message_bytes as usize;
    let checked = match outgoing.connection {
        Some(_) => check_body(&outgoing.elements, max_bytes),
        None => check_rest_body(&outgoing.elements, max_bytes),
    };
    checked.map_err(chat_types::element::BodyError::for_group)?;
    check_cloud_data(&outgoing.cloud_custom_data)
}

pub(super) fn check_cloud_data(data: &str) -> Result<(), ApiError> {
    if data.len() > MAX_CLOUD_DATA_BYTES {
        return Err(ApiError::new(
            Code::MESSAGE_TOO_LONG,
            format!("CloudCustomData is over {MAX_CLOUD_DATA_BYTES} bytes: shorten it"),
        ));
    }
    Ok(())
}

/// What the application is told, and the REST API answers, when the room chose other messages.
pub(crate) fn sampled_out() -> ApiError {
    ApiError::new(
        Code::MESSAGE_RATE,
        "more was said than the group delivers in a second, and this message was left out",
    )
}

pub(super) fn not_a_member(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::NOT_IN_ROOM, format!("join {group_id} before you send into it"))
}

/// What makes two messages in one group the same: their sender, and `Random` of the REST API or
/// `client_id` of the gateway.
fn mark(outgoing: &Outgoing) -> Result<Mark, ApiError> {
    let from = outgoing.from.as_str().as_bytes();
    if outgoing.connection.is_none() {
        return Ok(Mark::of(&[from, b"random", &outgoing.random.to_be_bytes()]));
    }
    let client_id = &outgoing.client_id;
    if client_id.is_empty() || client_id.len() > MAX_CLIENT_ID_BYTES {
        return Err(ApiError::bad_parameter(format!(
            "client_id has 1 to {MAX_CLIENT_ID_BYTES} bytes"
        )));
    }
    Ok(Mark::of(&[from, b"client_id", client_id.as_bytes()]))
}
