//! Messages that are kept: history, conversations, reading, withdrawing, changing.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{C2cMessage, Conversation, ServerFrame};
use chat_types::rest::{C2cUnreadMsgNum, C2cUnreadOfPeer, MSG_WITHDRAWN, RoamMessage};
use std::collections::{BTreeMap, BTreeSet};

use super::send::check_elements;
use super::{Face, failed, place_of_key, shown};
use crate::application::Application;
use crate::room::ConnectionId;
use crate::service::messages::check_cloud_data;
use crate::service::page::{MAX_FRAME_BYTES, Page, cut, json_bytes};
use crate::service::{Origin, Service};
use crate::storage::{C2cChange, C2cRange, SentChange, StoredC2c};

/// Conversations in one list.
const MAX_CONVERSATIONS: u32 = 100;
/// Messages in one answer of either face, however many were asked for.
const MAX_MESSAGES: u32 = 100;

/// Who does something with a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct C2cActor {
    pub(crate) origin: Origin,
    /// The connection; `None` for the REST API.
    pub(crate) connection: Option<ConnectionId>,
}

impl C2cActor {
    fn face(&self) -> Face {
        if self.connection.is_some() { Face::Gateway } else { Face::Rest }
    }
}

/// Which messages of a conversation are wanted, seen by `account`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct C2cWanted<'a> {
    pub(crate) account: &'a UserId,
    pub(crate) peer: &'a UserId,
    /// Unix seconds, both ends included.
    pub(crate) min_time: u32,
    pub(crate) max_time: u32,
    pub(crate) before_key: Option<&'a str>,
    pub(crate) count: u32,
}

impl Service {
    /// Messages as `admin_getroammsg` gives them, at most `max_bytes` of them.
    pub(crate) async fn c2c_roaming(
        &self,
        app: &Application,
        wanted: C2cWanted<'_>,
        max_bytes: usize,
    ) -> Result<Page<RoamMessage>, ApiError> {
        for user in [wanted.account, wanted.peer] {
            self.c2c_account(app, user, Face::Rest).await?;
        }
        let messages = self.newest_c2c(app, wanted).await?.into_iter().map(roaming).collect();
        Ok(cut(messages, wanted.count.min(MAX_MESSAGES), max_bytes))
    }

    /// Messages as the gateway gives them.
    pub(crate) async fn c2c_history(
        &self,
        app: &Application,
        wanted: C2cWanted<'_>,
    ) -> Result<Page<C2cMessage>, ApiError> {
        let nicks = self.nicks(app, &[wanted.account.as_str(), wanted.peer.as_str()]).await?;
        let messages = self.newest_c2c(app, wanted).await?.into_iter();
        let messages = messages.map(|message| with_nick(message, &nicks)).collect();
        Ok(cut(messages, wanted.count.min(MAX_MESSAGES), MAX_FRAME_BYTES))
    }

    /// One message more than are wanted, newest first.
    async fn newest_c2c(
        &self,
        app: &Application,
        wanted: C2cWanted<'_>,
    ) -> Result<Vec<StoredC2c>, ApiError> {
        let (account, peer) = (wanted.account.as_str(), wanted.peer.as_str());
        let now_s = self.now_s();
        let before = match wanted.before_key {
            None => None,
            Some(key) => {
                let place = place_of_key(key)?;
                let now_s = u64::from(now_s);
                let kept = self.storage.c2c_message(app.sdk_app_id, account, peer, key, now_s);
                Some(kept.await.map_err(failed)?.map_or(place, |kept| kept.place()))
            }
        };
        let range = C2cRange {
            account,
            peer,
            min_time: wanted.min_time,
            max_time: wanted.max_time,
            before,
            limit: wanted.count.min(MAX_MESSAGES) + 1,
            now_s,
        };
        self.storage.c2c_messages(app.sdk_app_id, range).await.map_err(failed)
    }

    /// The latest conversations of an account. When they are too large for one frame, the later
    /// entries come without their newest message.
    pub(crate) async fn conversations(
        &self,
        app: &Application,
        user: &UserId,
    ) -> Result<Vec<Conversation>, ApiError> {
        let now_s = self.clock.now_s();
        let list =
            self.storage.conversations(app.sdk_app_id, user.as_str(), now_s, MAX_CONVERSATIONS);
        let list = list.await.map_err(failed)?;
        let users: BTreeSet<&str> = list.iter().map(|entry| entry.last.from.as_str()).collect();
        let nicks = self.nicks(app, &users.into_iter().collect::<Vec<_>>()).await?;
        let mut bytes = 0;
        let entries = list.into_iter().map(|entry| {
            let last = with_nick(entry.last, &nicks);
            bytes += json_bytes(&last);
            let last = (bytes <= MAX_FRAME_BYTES).then_some(last);
            Conversation { peer: entry.peer, unread: entry.unread, last }
        });
        Ok(entries.collect())
    }

    /// Unread messages of an account, together or by peer.
    pub(crate) async fn c2c_unread(
        &self,
        app: &Application,
        user: &UserId,
        peers: &[String],
    ) -> Result<C2cUnreadMsgNum, ApiError> {
        self.c2c_account(app, user, Face::Rest).await?;
        let now_s = self.clock.now_s();
        let unread = self.storage.unread_c2c(app.sdk_app_id, user.as_str(), now_s);
        let unread = unread.await.map_err(failed)?;
        if peers.is_empty() {
            let all = unread.iter().map(|(_, unread)| unread).sum();
            return Ok(C2cUnreadMsgNum { all: Some(all), list: Vec::new() });
        }
        let of = |peer: &String| {
            let found = unread.iter().find(|(from, _)| from == peer);
            C2cUnreadOfPeer { peer_account: peer.clone(), unread: found.map_or(0, |(_, n)| *n) }
        };
        Ok(C2cUnreadMsgNum { all: None, list: peers.iter().map(of).collect() })
    }

    /// Everything that `peer` has sent to `reader` so far is read. The peer, the other devices of the
    /// reader and the application are told, unless everything was read before.
    pub(crate) async fn c2c_read(
        &self,
        app: &Application,
        actor: C2cActor,
        reader: &UserId,
        peer: &UserId,
    ) -> Result<(), ApiError> {
        for user in [reader, peer] {
            self.c2c_account(app, user, actor.face()).await?;
        }
        let stored = self.storage.read_c2c(app.sdk_app_id, reader.as_str(), peer.as_str());
        if !stored.await.map_err(failed)? {
            return Ok(());
        }
        let time_s = self.now_s();
        let frame = |of: &UserId, own| ServerFrame::C2cRead { peer: of.to_string(), time_s, own };
        if reader != peer {
            self.sessions.tell(app.sdk_app_id, peer, &frame(reader, false), None);
        }
        self.sessions.tell(app.sdk_app_id, reader, &frame(peer, true), actor.connection);
        self.after_c2c_read(app, actor.origin, reader, peer, time_s).await;
        Ok(())
    }

    /// Takes back a message that `from` has sent. At the gateway it may not be older than the
    /// setting `recall_window_s`.
    pub(crate) async fn withdraw_c2c(
        &self,
        app: &Application,
        actor: C2cActor,
        from: &UserId,
        to: &UserId,
        key: &str,
    ) -> Result<(), ApiError> {
        let place = place_of_key(key)?;
        for user in [from, to] {
            self.c2c_account(app, user, actor.face()).await?;
        }
        let now_s = self.now_s();
        let oldest = now_s.saturating_sub(app.settings.recall_window_s);
        let (from_id, to_id, now) = (from.as_str(), to.as_str(), u64::from(now_s));
        if actor.face() == Face::Gateway && place.time_s < oldest {
            let kept = self.storage.c2c_message(app.sdk_app_id, from_id, to_id, key, now);
            let kept = kept.await.map_err(failed)?;
            if kept.is_some_and(|kept| kept.from == from_id && !kept.withdrawn) {
                let window = app.settings.recall_window_s;
                return Err(ApiError::new(
                    Code::C2C_RECALL_TOO_LATE,
                    format!("a message can be taken back for {window} seconds"),
                ));
            }
        }
        let withdrawn = self.storage.withdraw_c2c(app.sdk_app_id, from_id, to_id, key, now);
        standing(withdrawn.await.map_err(failed)?, from, key)?;
        let frame = |peer: &UserId| ServerFrame::C2cWithdrawn {
            peer: peer.to_string(),
            key: key.to_owned(),
        };
        self.sessions.tell(app.sdk_app_id, to, &frame(from), actor.connection);
        if from != to {
            self.sessions.tell(app.sdk_app_id, from, &frame(to), actor.connection);
        }
        self.after_c2c_withdrawn(app, actor.origin, from, to, key).await;
        Ok(())
    }

    /// Changes what a message says. Whoever is online gets the whole message again.
    pub(crate) async fn modify_c2c(
        &self,
        app: &Application,
        from: &UserId,
        to: &UserId,
        key: &str,
        change: C2cChange,
    ) -> Result<(), ApiError> {
        place_of_key(key)?;
        let sender = self.c2c_account(app, from, Face::Rest).await?;
        self.c2c_account(app, to, Face::Rest).await?;
        let (from_id, to_id, now_s) = (from.as_str(), to.as_str(), self.clock.now_s());
        if let Some(elements) = &change.elements {
            check_elements(app, elements, Face::Rest)?;
        }
        check_cloud_data(change.cloud_custom_data.as_deref().unwrap_or_default())?;
        let changed = self.storage.modify_c2c(app.sdk_app_id, from_id, to_id, key, &change, now_s);
        standing(changed.await.map_err(failed)?, from, key)?;
        let kept = self.storage.c2c_message(app.sdk_app_id, from_id, to_id, key, now_s);
        if let Some(kept) = kept.await.map_err(failed)? {
            let for_sender = kept.for_sender;
            self.show_c2c(app, shown(kept, sender.nick.clone()), for_sender, None)?;
        }
        Ok(())
    }

    /// Nicknames of those of the accounts that exist.
    async fn nicks(
        &self,
        app: &Application,
        users: &[&str],
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let found = self.storage.accounts(app.sdk_app_id, users).await.map_err(failed)?;
        Ok(found.into_iter().map(|account| (account.user_id, account.nick)).collect())
    }
}

fn standing(result: SentChange, from: &UserId, key: &str) -> Result<(), ApiError> {
    match result {
        SentChange::Done => Ok(()),
        SentChange::Before => Err(ApiError::new(
            Code::C2C_RECALLED_BEFORE,
            format!("the message {key} was taken back before"),
        )),
        SentChange::Absent => Err(ApiError::new(
            Code::C2C_RECALL_ABSENT,
            format!("{from} has sent no message {key} to this account, or it is no longer kept"),
        )),
    }
}

fn with_nick(message: StoredC2c, nicks: &BTreeMap<String, String>) -> C2cMessage {
    let nick = nicks.get(&message.from).cloned().unwrap_or_default();
    shown(message, nick)
}

fn roaming(message: StoredC2c) -> RoamMessage {
    RoamMessage {
        from_account: message.from,
        to_account: message.to,
        msg_seq: message.seq,
        msg_random: message.random,
        msg_time_stamp: message.time_s,
        msg_flag_bits: if message.withdrawn { MSG_WITHDRAWN } else { 0 },
        msg_key: message.key,
        msg_body: message.elements,
        cloud_custom_data: message.cloud_custom_data,
    }
}
