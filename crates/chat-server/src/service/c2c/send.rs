//! Sending.
//!
//! Checks run in the order of a group message: form and size (90002, 90007, 90010, 80002), sender
//! and receiver, mute (20012, without asking the webhook), repeat, before-webhook (20006, own codes,
//! 80003), storing and delivery, after-webhook. The REST API speaks for the application: neither a
//! mute nor the settings of the receiver hold it back ("no friend, blocklist or mute check").

use chat_types::code::{ApiError, Code};
use chat_types::element::{BodyError, check_body, check_rest_body};
use chat_types::gateway::{C2cMessage, MAX_CLIENT_ID_BYTES};
use chat_types::rest::{AccountError, BatchSent, MAX_LIFE_TIME_S};
use chat_types::{Element, UserId};
use rand::RngExt;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{CLIENT_IDS, Face, RANDOMS, REPEAT_WINDOW_MS, conversation, failed, key_of};
use crate::application::Application;
use crate::counters::add;
use crate::room::ConnectionId;
use crate::service::messages::check_cloud_data;
use crate::service::seen::{Entered, Mark};
use crate::service::{Origin, Service};
use crate::storage::{Account, StoredC2c};
use crate::webhook::Decision;

/// Bit 0 of its value: the account takes no messages.
const MSG_SETTINGS: &str = "Tag_Profile_IM_MsgSettings";
/// How far ahead of the service's clock an imported message may be dated.
const CLOCK_SLACK_S: u32 = 60;

/// What the service gave a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct C2cStamp {
    pub(crate) key: String,
    pub(crate) seq: u32,
    pub(crate) random: u32,
    pub(crate) time_s: u32,
}

/// A message as it comes in from REST or gateway.
#[derive(Debug, Clone)]
pub(crate) struct C2cOutgoing {
    pub(crate) from: UserId,
    /// The sending connection; `None` for the REST API.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) origin: Origin,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
    /// Of the gateway; empty for the REST API.
    pub(crate) client_id: String,
    /// `None`: the service chooses.
    pub(crate) random: Option<u32>,
    /// `None`: the service chooses, so that messages of one second stay in their order.
    pub(crate) seq: Option<u32>,
    /// Seconds that it is kept; 0 for whoever is online and nobody else.
    pub(crate) life_s: u32,
    /// The sender's devices and its history have it too.
    pub(crate) for_sender: bool,
    pub(crate) counts: bool,
    pub(crate) listed: bool,
    pub(crate) ask_before: bool,
    pub(crate) tell_after: bool,
}

/// A message of another system that is taken over with its own time.
#[derive(Debug, Clone)]
pub(crate) struct C2cImport {
    pub(crate) from: UserId,
    pub(crate) to: UserId,
    pub(crate) random: u32,
    pub(crate) seq: u32,
    pub(crate) time_s: u32,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
    pub(crate) counts: bool,
}

enum Posted {
    Sent,
    /// The webhook wants it delivered to nobody.
    Silent,
    Repeated(C2cStamp),
}

impl Service {
    /// Checks, stamps, stores and delivers a message. A repeat gets the stamp of the first.
    pub(crate) async fn send_c2c(
        &self,
        app: &Application,
        to: &UserId,
        mut outgoing: C2cOutgoing,
    ) -> Result<C2cStamp, ApiError> {
        check_content(app, &outgoing)?;
        let (sender, receiver) = self.c2c_accounts(app, to, &outgoing).await?;
        let stamp = self.c2c_stamp(&outgoing);
        let posted = match self.may_speak(&outgoing, &sender, &receiver) {
            Ok(()) => self.ask_and_post_c2c(app, to, sender, &stamp, &mut outgoing).await,
            Err(error) => Err(error),
        };
        let result = match posted {
            Ok(Posted::Repeated(first)) => {
                add(&self.counters.messages_repeated, 1);
                return Ok(first);
            }
            Ok(Posted::Silent) => return Ok(stamp),
            Ok(Posted::Sent) => Ok(stamp.clone()),
            Err(error) => Err(error),
        };
        if outgoing.tell_after {
            self.after_c2c(app, to, &outgoing, &stamp, result.as_ref().err()).await;
        }
        result
    }

    /// Sends to several accounts without asking or telling any webhook. The list names those that
    /// do not exist.
    pub(crate) async fn send_c2c_to_many(
        &self,
        app: &Application,
        receivers: &[String],
        outgoing: &C2cOutgoing,
    ) -> Result<BatchSent, ApiError> {
        check_content(app, outgoing)?;
        let sender = self.c2c_account(app, &outgoing.from, Face::Rest).await?;
        let names: BTreeSet<&str> = receivers.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let found = self.storage.accounts(app.sdk_app_id, &names).await.map_err(failed)?;
        let found: BTreeSet<&str> = found.iter().map(|account| account.user_id.as_str()).collect();
        let absent = |name: &&str| !found.contains(*name);
        let error_list = names.iter().copied().filter(absent).map(|name| AccountError {
            to_account: name.to_owned(),
            error_code: Code::C2C_TARGET_ABSENT,
        });
        let error_list: Vec<AccountError> = error_list.collect();
        let stamp = self.c2c_stamp(outgoing);

        let mut earlier = None;
        let mut messages = Vec::new();
        // In the order of the names, so that no two calls wait for each other.
        for name in &found {
            let to = UserId::new(*name)?;
            let scope = (app.sdk_app_id, outgoing.from.clone());
            match self.c2c.repeats.enter(scope, mark(&to, outgoing, &stamp)).await {
                Entered::Before(first) => {
                    add(&self.counters.messages_repeated, 1);
                    earlier = Some(first);
                }
                Entered::First(claim) => messages.push((claim, stored(&to, outgoing, &stamp))),
            }
        }
        let conversations =
            found.iter().map(|name| conversation(app, outgoing.from.as_str(), name));
        let _in_order = self.c2c.sending.lock_all(conversations).await;
        if outgoing.life_s > 0 {
            let kept: Vec<StoredC2c> = messages.iter().map(|(_, kept)| kept.clone()).collect();
            self.storage.insert_c2c(app.sdk_app_id, &kept).await.map_err(failed)?;
        }
        let msg_key = match earlier {
            Some(first) if messages.is_empty() => first.key,
            _ => stamp.key.clone(),
        };
        for (claim, message) in messages {
            claim.remember(stamp.clone(), lane(outgoing));
            add(&self.counters.messages_accepted, 1);
            let shown = super::shown(message, sender.nick.clone());
            self.show_c2c(app, shown, outgoing.for_sender, None)?;
        }
        Ok(BatchSent { msg_key, error_list })
    }

    /// Takes over a message of another system: no webhook hears of it and nobody who is online is
    /// told. The same message again is left out.
    pub(crate) async fn import_c2c(
        &self,
        app: &Application,
        import: C2cImport,
    ) -> Result<(), ApiError> {
        check_elements(app, &import.elements, Face::Rest)?;
        check_cloud_data(&import.cloud_custom_data)?;
        for user in [&import.from, &import.to] {
            self.c2c_account(app, user, Face::Rest).await?;
        }
        let now_s = self.now_s();
        let expire_time = import.time_s.saturating_add(MAX_LIFE_TIME_S);
        if expire_time <= now_s || import.time_s > now_s.saturating_add(CLOCK_SLACK_S) {
            return Err(ApiError::new(
                Code::C2C_MSG_TIMESTAMP,
                "MsgTimeStamp has to lie within the last seven days: messages are kept no longer",
            ));
        }
        let key = key_of(import.seq, import.random, import.time_s);
        let (from, to) = (import.from.as_str(), import.to.as_str());
        let _in_order = self.c2c.sending.lock(&conversation(app, from, to)).await;
        let stored = self.storage.c2c_message(app.sdk_app_id, from, to, &key, u64::from(now_s));
        if stored.await.map_err(failed)?.is_some_and(|stored| stored.from == from) {
            return Ok(());
        }
        let message = StoredC2c {
            number: 0,
            key,
            from: import.from.into(),
            to: import.to.into(),
            seq: import.seq,
            random: import.random,
            time_s: import.time_s,
            expire_time,
            for_sender: true,
            counts: import.counts,
            listed: true,
            withdrawn: false,
            client_id: String::new(),
            elements: import.elements,
            cloud_custom_data: import.cloud_custom_data,
        };
        self.storage.insert_c2c(app.sdk_app_id, &[message]).await.map_err(failed)
    }

    async fn c2c_accounts(
        &self,
        app: &Application,
        to: &UserId,
        outgoing: &C2cOutgoing,
    ) -> Result<(Arc<Account>, Arc<Account>), ApiError> {
        let face = outgoing.face();
        let sender = self.c2c_account(app, &outgoing.from, face).await?;
        let receiver = self.c2c_account(app, to, face).await.map_err(|error| {
            let absent = error.code == Code::C2C_ACCOUNT_ABSENT;
            let code = if absent { Code::C2C_TARGET_ABSENT } else { error.code };
            ApiError { code, ..error }
        })?;
        Ok((sender, receiver))
    }

    async fn ask_and_post_c2c(
        &self,
        app: &Application,
        to: &UserId,
        mut sender: Arc<Account>,
        stamp: &C2cStamp,
        outgoing: &mut C2cOutgoing,
    ) -> Result<Posted, ApiError> {
        let scope = (app.sdk_app_id, outgoing.from.clone());
        let claim = match self.c2c.repeats.enter(scope, mark(to, outgoing, stamp)).await {
            Entered::Before(first) => return Ok(Posted::Repeated(first)),
            Entered::First(claim) => claim,
        };
        if let Some(first) = self.c2c_kept_before(app, to, outgoing).await? {
            return Ok(Posted::Repeated(first));
        }
        let mut silent = false;
        if outgoing.ask_before {
            match self.before_c2c(app, to, outgoing, stamp).await {
                Decision::Allow(replacement) => {
                    let C2cOutgoing { elements, cloud_custom_data, .. } = &mut *outgoing;
                    self.replace(app, elements, cloud_custom_data, replacement)?;
                }
                Decision::Silent => silent = true,
                Decision::Refuse(error) => return Err(error),
            }
            // The answer may have taken two seconds: a mute and a deletion of meanwhile count.
            let (again, receiver) = self.c2c_accounts(app, to, outgoing).await?;
            self.may_speak(outgoing, &again, &receiver)?;
            sender = again;
        }
        let conversation = conversation(app, outgoing.from.as_str(), to.as_str());
        let _in_order = self.c2c.sending.lock(&conversation).await;
        if silent {
            claim.remember(stamp.clone(), lane(outgoing));
            return Ok(Posted::Silent);
        }
        let message = stored(to, outgoing, stamp);
        if outgoing.life_s > 0 {
            let kept = std::slice::from_ref(&message);
            self.storage.insert_c2c(app.sdk_app_id, kept).await.map_err(failed)?;
        }
        claim.remember(stamp.clone(), lane(outgoing));
        add(&self.counters.messages_accepted, 1);
        let shown: C2cMessage = super::shown(message, sender.nick.clone());
        self.show_c2c(app, shown, outgoing.for_sender, outgoing.connection)?;
        Ok(Posted::Sent)
    }

    /// Whether a mute or the settings of the receiver hold a message of the gateway back.
    fn may_speak(
        &self,
        outgoing: &C2cOutgoing,
        sender: &Account,
        receiver: &Account,
    ) -> Result<(), ApiError> {
        if outgoing.face() == Face::Rest {
            return Ok(());
        }
        if sender.c2c_muted_until > self.now_s() {
            return Err(ApiError::new(
                Code::C2C_SENDER_MUTED,
                "the sender may not speak to anybody at present",
            ));
        }
        let settings = receiver.profile.get(MSG_SETTINGS).and_then(serde_json::Value::as_u64);
        if settings.is_some_and(|bits| bits & 1 == 1) && sender.user_id != receiver.user_id {
            return Err(ApiError::new(Code::C2C_BLOCKED, "the receiver takes no messages"));
        }
        Ok(())
    }

    fn c2c_stamp(&self, outgoing: &C2cOutgoing) -> C2cStamp {
        // One look at the clock: the number belongs to the second.
        let now_ms = self.clock.now_ms();
        let time_s = u32::try_from(now_ms / 1_000).unwrap_or(u32::MAX);
        let random = outgoing.random.unwrap_or_else(|| rand::rng().random());
        let seq = outgoing.seq.unwrap_or_else(|| self.c2c.numbers.next(now_ms));
        C2cStamp { key: key_of(seq, random, time_s), seq, random, time_s }
    }

    /// A message with a `client_id` is looked for among those that are kept, because a client sends
    /// again what was not answered before a restart.
    async fn c2c_kept_before(
        &self,
        app: &Application,
        to: &UserId,
        outgoing: &C2cOutgoing,
    ) -> Result<Option<C2cStamp>, ApiError> {
        if outgoing.face() == Face::Rest {
            return Ok(None);
        }
        let since_s = self.clock.now_s().saturating_sub(REPEAT_WINDOW_MS / 1_000 - 1);
        let (from, client_id) = (outgoing.from.as_str(), &outgoing.client_id);
        let kept =
            self.storage.c2c_by_client_id(app.sdk_app_id, from, to.as_str(), client_id, since_s);
        Ok(kept.await.map_err(failed)?.map(|kept| C2cStamp {
            key: kept.key,
            seq: kept.seq,
            random: kept.random,
            time_s: kept.time_s,
        }))
    }
}

impl C2cOutgoing {
    fn face(&self) -> Face {
        if self.connection.is_some() { Face::Gateway } else { Face::Rest }
    }
}

/// What makes two messages of one sender the same: their receiver, and `MsgRandom` of the REST API
/// or `client_id` of the gateway.
fn mark(to: &UserId, outgoing: &C2cOutgoing, stamp: &C2cStamp) -> Mark {
    let to = to.as_str().as_bytes();
    match outgoing.face() {
        Face::Rest => Mark::of(&[to, b"random", &stamp.random.to_be_bytes()]),
        Face::Gateway => Mark::of(&[to, b"client_id", outgoing.client_id.as_bytes()]),
    }
}

fn lane(outgoing: &C2cOutgoing) -> usize {
    match outgoing.face() {
        Face::Rest => RANDOMS,
        Face::Gateway => CLIENT_IDS,
    }
}

fn stored(to: &UserId, outgoing: &C2cOutgoing, stamp: &C2cStamp) -> StoredC2c {
    StoredC2c {
        number: 0,
        key: stamp.key.clone(),
        from: outgoing.from.to_string(),
        to: to.to_string(),
        seq: stamp.seq,
        random: stamp.random,
        time_s: stamp.time_s,
        expire_time: stamp.time_s.saturating_add(outgoing.life_s),
        for_sender: outgoing.for_sender,
        counts: outgoing.counts,
        listed: outgoing.listed,
        withdrawn: false,
        client_id: outgoing.client_id.clone(),
        elements: outgoing.elements.clone(),
        cloud_custom_data: outgoing.cloud_custom_data.clone(),
    }
}

fn check_content(app: &Application, outgoing: &C2cOutgoing) -> Result<(), ApiError> {
    let face = outgoing.face();
    check_elements(app, &outgoing.elements, face)?;
    check_cloud_data(&outgoing.cloud_custom_data)?;
    let id_bytes = outgoing.client_id.len();
    if face == Face::Gateway && (id_bytes == 0 || id_bytes > MAX_CLIENT_ID_BYTES) {
        let info = format!("client_id has 1 to {MAX_CLIENT_ID_BYTES} bytes");
        return Err(ApiError::bad_parameter(info));
    }
    Ok(())
}

/// What the gateway may leave out, the REST API has to give.
pub(super) fn check_elements(
    app: &Application,
    elements: &[Element],
    face: Face,
) -> Result<(), ApiError> {
    let max_bytes = app.settings.message_bytes as usize;
    let checked = match face {
        Face::Rest => check_rest_body(elements, max_bytes),
        Face::Gateway => check_body(elements, max_bytes),
    };
    checked.map_err(BodyError::for_c2c)
}
