//! Messages from one account to another: sending them (`send`), what is told about it (`events`),
//! and what becomes of those that are kept (`kept`).
//!
//! A message stands in its conversation by its time, within one second by `MsgSeq`, and after that
//! by arrival. Its key is `MsgSeq_MsgRandom_MsgTime`.

mod events;
mod kept;
mod numbers;
mod send;

pub(crate) use kept::{C2cActor, C2cWanted};
pub(crate) use send::{C2cImport, C2cOutgoing};

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use chat_types::gateway::{C2cMessage, ServerFrame};
use std::sync::Arc;

use self::numbers::Numbers;
use super::locks::Locks;
use super::seen::{Lane, Seen};
use super::{REPEAT_WINDOW_MS, Service, internal};
use crate::application::Application;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::room::ConnectionId;
use crate::storage::{self, Account, C2cPlace, StoredC2c};
use send::C2cStamp;

/// Through which of the two a request came. They have different rules and codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Rest,
    Gateway,
}

/// The same `MsgRandom` from the same sender to the same receiver is a repeat this long.
const RANDOM_WINDOW_MS: u64 = 1_000;
/// Messages of one sender whose repeats are known.
const REMEMBERED: usize = 100_000;
/// The lanes of [`Memory::repeats`].
const CLIENT_IDS: usize = 0;
const RANDOMS: usize = 1;

/// What sending remembers.
pub(super) struct Memory {
    /// By application and sender. Whoever holds a claim may wait for the lock of a conversation, and
    /// never the other way round.
    repeats: Seen<(u32, UserId), C2cStamp>,
    /// The lock of a conversation is held while its messages are stored and delivered, so that both
    /// see one order.
    sending: Locks,
    /// `MsgSeq` of messages whose sender chose none.
    numbers: Numbers,
}

impl Memory {
    pub(super) fn new(clock: Arc<dyn Clock>, counters: &Counters) -> Self {
        let lane = |window_ms| Lane {
            window_ms,
            most: REMEMBERED,
            forgotten: counters.repeats_forgotten.clone(),
        };
        let lanes = [lane(REPEAT_WINDOW_MS), lane(RANDOM_WINDOW_MS)];
        let repeats = Seen::new(clock, lanes);
        Self { repeats, sending: Locks::default(), numbers: Numbers::default() }
    }

    pub(super) fn forget_old(&self) {
        self.repeats.forget_old();
    }
}

fn failed(error: storage::Error) -> ApiError {
    ApiError { code: Code::C2C_CALL_INTERNAL, ..internal(error) }
}

/// What the lock of a conversation is found by.
fn conversation<'a>(app: &Application, one: &'a str, other: &'a str) -> (u32, &'a str, &'a str) {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    (app.sdk_app_id, low, high)
}

/// `seq_random_time`
fn key_of(seq: u32, random: u32, time_s: u32) -> String {
    format!("{seq}_{random}_{time_s}")
}

/// Where a message with this key stands, were it still there: before all others of the same time
/// and number. 90054 for what is no key.
fn place_of_key(key: &str) -> Result<C2cPlace, ApiError> {
    let mut numbers = key.split('_').map(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(seq)), Some(Some(_random)), Some(Some(time_s)), None) => {
            Ok(C2cPlace { time_s, seq, number: 0 })
        }
        _ => Err(ApiError::new(
            Code::C2C_MSG_KEY,
            "a MsgKey has the form seq_random_time: use one that the service has given",
        )),
    }
}

/// A stored message as the gateway gives it.
fn shown(message: StoredC2c, nick: String) -> C2cMessage {
    C2cMessage {
        key: message.key,
        seq: message.seq,
        random: message.random,
        time_s: message.time_s,
        from: message.from,
        to: message.to,
        nick,
        elements: message.elements,
        cloud_custom_data: message.cloud_custom_data,
        client_id: message.client_id,
        withdrawn: message.withdrawn,
    }
}

impl Service {
    /// The account; 20003 at the gateway and 90048 in the REST API when it does not exist.
    async fn c2c_account(
        &self,
        app: &Application,
        user: &UserId,
        face: Face,
    ) -> Result<Arc<Account>, ApiError> {
        let code = match face {
            Face::Rest => Code::C2C_ACCOUNT_ABSENT,
            Face::Gateway => Code::C2C_ACCOUNT,
        };
        self.account(app.sdk_app_id, user.as_str()).await?.ok_or_else(|| {
            ApiError::new(code, format!("the account {user} does not exist: import it first"))
        })
    }

    /// Puts a message before the connections of its receiver and, with `for_sender`, before those
    /// of its sender except the one that it came from.
    fn show_c2c(
        &self,
        app: &Application,
        message: C2cMessage,
        for_sender: bool,
        except: Option<ConnectionId>,
    ) -> Result<(), ApiError> {
        let (from, to) = (UserId::new(&*message.from)?, UserId::new(&*message.to)?);
        let frame = ServerFrame::C2cMessage { message };
        self.sessions.tell(app.sdk_app_id, &to, &frame, except);
        if for_sender && from != to {
            self.sessions.tell(app.sdk_app_id, &from, &frame, except);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_a_place_and_anything_else_is_no_key() {
        let key = key_of(7, u32::MAX, 1_760_000_000);
        assert_eq!(place_of_key(&key), Ok(C2cPlace { time_s: 1_760_000_000, seq: 7, number: 0 }));
        assert!(key_of(u32::MAX, u32::MAX, u32::MAX).len() <= 50, "the documented bound");
        for wrong in ["", "7", "1_2", "1_2_3_4", "1_2_x", "1_-2_3", "1_2_4294967296"] {
            assert_eq!(place_of_key(wrong).unwrap_err().code.0, 90054, "{wrong}");
        }
    }
}
