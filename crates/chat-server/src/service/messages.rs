//! Sending a message into a room.

use chat_types::code::{ApiError, Code};
use chat_types::element::check_body;
use chat_types::gateway::{MAX_CLIENT_ID_BYTES, MAX_CLOUD_DATA_BYTES};
use chat_types::{Element, GroupId, Priority, UserId};

use super::{Service, internal, no_such_group};
use crate::counters::add;
use crate::room::{ConnectionId, Draft, Posted, Room, Stamp};

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
pub(crate) struct Outgoing {
    pub(crate) from: UserId,
    /// Nickname of the sender, when the caller knows it; otherwise it is looked up.
    pub(crate) nick: Option<String>,
    /// The sending connection, which must be a member; `None` for the REST API.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) priority: Priority,
    pub(crate) elements: Vec<Element>,
    pub(crate) cloud_custom_data: String,
    pub(crate) client_id: String,
    pub(crate) random: u32,
}

impl Service {
    /// Checks, stamps and delivers a message. A repeat within five minutes gets the stamp of the
    /// first and is delivered to nobody.
    pub(crate) async fn send(
        &self,
        sdk_app_id: u32,
        group_id: &GroupId,
        outgoing: Outgoing,
    ) -> Result<Stamp, ApiError> {
        check_body(&outgoing.elements)?;
        if outgoing.cloud_custom_data.len() > MAX_CLOUD_DATA_BYTES {
            return Err(ApiError::new(
                Code::MESSAGE_TOO_LONG,
                format!("CloudCustomData is over {MAX_CLOUD_DATA_BYTES} bytes: shorten it"),
            ));
        }
        let room = self.room(sdk_app_id, group_id).await?;
        let nick = match &outgoing.nick {
            Some(nick) => nick.clone(),
            None => self.nick_of(sdk_app_id, &outgoing.from).await?,
        };
        let key = repeat_key(&room, &outgoing)?;
        let connection = outgoing.connection;
        let draft = Draft {
            from: outgoing.from,
            nick,
            priority: outgoing.priority,
            elements: outgoing.elements,
            cloud_custom_data: outgoing.cloud_custom_data,
            client_id: outgoing.client_id,
        };
        loop {
            let earlier = || self.repeats.get(&key);
            let remember = |stamp| self.repeats.insert(key.clone(), stamp);
            match room.post(&draft, connection, self.now_s(), earlier, remember) {
                Posted::Stamped(stamp) => {
                    add(&self.counters.messages_accepted, 1);
                    return Ok(stamp);
                }
                Posted::Repeated(stamp) => {
                    add(&self.counters.messages_repeated, 1);
                    return Ok(stamp);
                }
                Posted::NeedsNumbers(seq) => {
                    let id = group_id.as_str();
                    self.storage.reserve_seq(sdk_app_id, id, seq).await.map_err(internal)?;
                    room.numbers_reserved(seq);
                }
                Posted::NotAMember => {
                    return Err(ApiError::new(
                        Code::NOT_IN_ROOM,
                        format!("join {group_id} before you send into it"),
                    ));
                }
                Posted::Dismissed => return Err(no_such_group(group_id)),
                Posted::Exhausted => {
                    return Err(ApiError::new(
                        Code::INTERNAL,
                        format!("{group_id} has used all its message numbers: open a new room"),
                    ));
                }
            }
        }
    }
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
