//! Sending a message into a group.
//!
//! Checks run in the order of the documentation's fragments: form and size (10004, 80002), group
//! (10015) and sender (10019, 9002), mute (10017, without asking the webhook), repeat, before-webhook
//! (10016, own codes, 80003), number and delivery, after-webhook.

use chat_types::code::{ApiError, Code};
use chat_types::element::{check_body, check_rest_body};
use chat_types::gateway::{MAX_CLIENT_ID_BYTES, MAX_CLOUD_DATA_BYTES, Message};
use chat_types::group::GroupType;
use chat_types::{Element, GroupId, Priority, UserId};
use std::sync::Arc;

use super::fields::right_in;
use super::{Origin, Service, internal};
use crate::application::{Application, Edition, Right};
use crate::counters::add;
use crate::room::{ConnectionId, Delivery, Draft, Room, Stamp};
use crate::storage::{Keep, StoredGroupMessage};
use crate::webhook::{Decision, Replacement};

/// What an AVChatRoom keeps when its history is switched on ("Live Room Setup Guide").
const ROOM_KEEPS: Keep = Keep { messages: 20, seconds: 24 * 3600 };
/// What any other group keeps.
pub(super) const GROUP_KEEPS: Keep = Keep { messages: 1_000, seconds: 7 * 24 * 3600 };

/// What makes two messages of one sender in one room the same message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RepeatKey {
    /// The room itself and not its group id: a group that is made again under the same id has
    /// never seen the message.
    room: u64,
    from: UserId,
    mark: Mark,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Mark {
    /// `Random` of the REST API.
    Random(u32),
    /// `client_id` of the gateway.
    ClientId(String),
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

impl Service {
    /// Checks, stamps and delivers a message. A repeat within five minutes gets the stamp of the
    /// first and is delivered to nobody.
    pub(crate) async fn send(
        &self,
        app: &Arc<Application>,
        group_id: &GroupId,
        mut outgoing: Outgoing,
    ) -> Result<Stamp, ApiError> {
        check_content(app, &outgoing)?;
        let room = self.room(app.sdk_app_id, group_id).await?;
        let key = repeat_key(&room, &outgoing)?;
        let nick = match self.check_sender(app, &room, group_id, &outgoing).await {
            Ok(nick) => nick,
            Err(error) => return self.refuse(app, &room, &outgoing, error).await,
        };
        // The same message once more, while the webhook is still being asked about it, waits for what
        // becomes of the first.
        let _alone = self.in_flight.enter(&key).await;
        if let Some(stamp) = self.repeats.get(&key) {
            add(&self.counters.messages_repeated, 1);
            return Ok(stamp);
        }
        match self.ask_and_post(app, &room, key, nick, &mut outgoing).await {
            Ok((stamp, Some(message))) => {
                // Everybody has the message: what follows cannot take it back any more.
                if let Err(error) = self.note(app, &room, &outgoing, stamp, message).await {
                    tracing::error!(%group_id, %error, "a delivered message is not kept");
                }
                if outgoing.tell_after {
                    self.after_send(app, &room, &outgoing, stamp).await;
                }
                Ok(stamp)
            }
            Ok((stamp, None)) => Ok(stamp),
            Err(error) => self.refuse(app, &room, &outgoing, error).await,
        }
    }

    /// Tells the application of a message whose sender may not send it now.
    async fn refuse(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        error: ApiError,
    ) -> Result<Stamp, ApiError> {
        if ![Code::ACCOUNT_ABSENT, Code::NOT_IN_ROOM].contains(&error.code) {
            self.send_exception(app, room, outgoing, &error).await;
        }
        Err(error)
    }

    /// Who sends exists and may speak; gives the nickname.
    async fn check_sender(
        &self,
        app: &Application,
        room: &Room,
        group_id: &GroupId,
        outgoing: &Outgoing,
    ) -> Result<String, ApiError> {
        let account = self.account(app.sdk_app_id, outgoing.from.as_str()).await?;
        let Some(account) = account else {
            return Err(ApiError::new(
                Code::ACCOUNT_ABSENT,
                format!("the account {} does not exist: import it first", outgoing.from),
            ));
        };
        if let Some(connection) = outgoing.connection {
            let may = room.has(connection)
                || (app.settings.send_without_join
                    && room.with(|group| group.group_type == GroupType::AVChatRoom)
                    && !room.is_banned(&outgoing.from, self.now_s()));
            if !may {
                return Err(not_a_member(group_id));
            }
        }
        let now_s = self.now_s();
        if account.group_muted_until > now_s {
            return Err(muted("the sender may not speak in any group"));
        }
        room.with(|group| {
            let right = right_in(app, group, &outgoing.from);
            if group.mutes.get(outgoing.from.as_str()).is_some_and(|until| *until > now_s) {
                Err(muted("the sender is muted in this group"))
            } else if group.mute_all && right < Right::Admin {
                Err(muted("the whole group is muted: only its administrators may speak"))
            } else {
                Ok(())
            }
        })?;
        Ok(outgoing.nick.clone().unwrap_or_else(|| account.nick.clone()))
    }

    /// Without the message when it was dropped silently or turned out to be a repeat.
    async fn ask_and_post(
        &self,
        app: &Arc<Application>,
        room: &Room,
        key: RepeatKey,
        nick: String,
        outgoing: &mut Outgoing,
    ) -> Result<(Stamp, Option<Message>), ApiError> {
        let mut delivery = Delivery::Everybody;
        if outgoing.ask_before {
            match self.before_send(app, room, outgoing).await {
                Decision::Allow(replacement) => {
                    let Outgoing { elements, cloud_custom_data, .. } = &mut *outgoing;
                    self.replace(app, elements, cloud_custom_data, replacement)?;
                }
                Decision::Silent => delivery = Delivery::Nobody,
                Decision::Refuse(error) => return Err(error),
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
        let sender = outgoing.connection.filter(|_| !app.settings.send_without_join);
        let posted = self.post_numbered(app, room, || {
            let earlier = || self.repeats.get(&key);
            let remember = |stamp| self.repeats.insert(key.clone(), stamp);
            let (except, now_s) = (outgoing.connection, self.now_s());
            room.post(&draft, sender, except, delivery, now_s, earlier, remember)
        });
        let (stamp, message) = posted.await?;
        let counter = match message {
            Some(_) => &self.counters.messages_accepted,
            None => &self.counters.messages_repeated,
        };
        add(counter, 1);
        Ok((stamp, message.filter(|_| delivery == Delivery::Everybody)))
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

    /// Writes down what a delivered message leaves behind.
    async fn note(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        stamp: Stamp,
        message: Message,
    ) -> Result<(), ApiError> {
        self.keep(app, room, outgoing, message).await?;
        if room.with(|group| group.group_type != GroupType::AVChatRoom) {
            self.member_spoke(app, room, &outgoing.from, stamp).await?;
        }
        Ok(())
    }

    /// Keeps the message if groups of this type keep any.
    async fn keep(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
        mut message: Message,
    ) -> Result<(), ApiError> {
        let (group_id, group_type) = room.with(|group| (group.group_id.clone(), group.group_type));
        match group_type {
            GroupType::AVChatRoom if !keeps_history(app) => return Ok(()),
            GroupType::AVChatRoom => {}
            _ if outgoing.online_only => return Ok(()),
            _ => {}
        }
        // A recall may have come in between: what it has not found in storage it cannot mark.
        let _one_at_a_time = room.changing.lock().await;
        if room.is_dismissed() {
            return Ok(());
        }
        let recalled = room.sent(message.seq).is_some_and(|sent| sent.recalled);
        if recalled {
            message.elements.clear();
            message.cloud_custom_data.clear();
        }
        let stored = StoredGroupMessage { random: outgoing.random, recalled, message };
        let keep = keeps(group_type);
        let kept = self.storage.keep_group_message(app.sdk_app_id, &group_id, &stored, keep);
        kept.await.map_err(internal)
    }
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

fn muted(info: &str) -> ApiError {
    ApiError::new(Code::SENDER_MUTED, info)
}

pub(super) fn not_a_member(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::NOT_IN_ROOM, format!("join {group_id} before you send into it"))
}

fn repeat_key(room: &Room, outgoing: &Outgoing) -> Result<RepeatKey, ApiError> {
    let mark = if outgoing.connection.is_none() {
        Mark::Random(outgoing.random)
    } else {
        let client_id = outgoing.client_id.clone();
        if client_id.is_empty() || client_id.len() > MAX_CLIENT_ID_BYTES {
            return Err(ApiError::bad_parameter(format!(
                "client_id has 1 to {MAX_CLIENT_ID_BYTES} bytes"
            )));
        }
        Mark::ClientId(client_id)
    };
    Ok(RepeatKey { room: room.number(), from: outgoing.from.clone(), mark })
}
