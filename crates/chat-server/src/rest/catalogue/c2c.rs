//! One-to-one messages.

use chat_types::code::Code;

use super::field::{ACCOUNT, Fault, Field, Kind, U32, list, number, opt, req, text, word};
use super::messages::{CLOUD_DATA, ELEMENTS, FORBID_CALLBACKS, PUSH, SEND_CONTROL};
use super::{Call, Command, Family, call};
use crate::rest::commands;

const SERVICE: &str = "openim";

/// Receivers of one `batchsendmsg` (product/269/1612).
const RECEIVERS: usize = 500;
/// Peers in one `get_c2c_unread_msg_num`.
const PEERS: usize = 10;
/// Longest life of a message, in seconds: seven days.
const LIFETIME_S: i64 = 604_800;
const KEY_BYTES: usize = 50;

const BODY_CODES: &[(Fault, Code)] =
    &[(Fault::Type, Code::C2C_MSG_BODY_NOT_ARRAY), (Fault::Inside, Code::C2C_ELEMENT)];
const BODY: Field = req("MsgBody", ELEMENTS).code(Code::C2C_MSG_BODY).codes(BODY_CODES);
const TO: Field = req("To_Account", ACCOUNT).code(Code::C2C_TO_ACCOUNT);
/// Judged one by one: what is no account id is an account that does not exist.
const ANY_ACCOUNT: Kind = text(256);
const TO_MANY: Field = req("To_Account", list(&ANY_ACCOUNT, 1, RECEIVERS))
    .code(Code::C2C_TO_ACCOUNT)
    .codes(&[(Fault::Empty, Code::C2C_BODY), (Fault::TooMany, Code::C2C_TOO_MANY)]);
const FROM: Field = req("From_Account", ACCOUNT).code(Code::C2C_FROM_ACCOUNT);
const SENDER: Field = opt("From_Account", ACCOUNT).code(Code::C2C_FROM_ACCOUNT);
const RANDOM: Field = req("MsgRandom", U32).code(Code::C2C_MSG_RANDOM);
const TIME: Field = opt("MsgTimeStamp", U32).code(Code::C2C_MSG_TIMESTAMP);
const SEQ: Field = opt("MsgSeq", U32);
const SYNC: Field = opt("SyncOtherMachine", number(1, 2)).code(Code::C2C_SYNC_TYPE);
const LIFETIME: Field = opt("MsgLifeTime", number(0, LIFETIME_S))
    .codes(&[(Fault::Type, Code::C2C_LIFETIME_TYPE), (Fault::Value, Code::C2C_LIFETIME)]);
const KEY: Field = req("MsgKey", word(KEY_BYTES)).code(Code::C2C_MSG_KEY);

pub(super) const COMMANDS: &[Command] = &[
    c2c(
        "sendmsg",
        "1047/34919",
        call!(commands::c2c::send_message),
        &[
            TO,
            RANDOM,
            BODY,
            SENDER,
            SYNC,
            LIFETIME,
            SEQ,
            TIME,
            FORBID_CALLBACKS,
            SEND_CONTROL,
            CLOUD_DATA,
            PUSH,
        ],
    )
    .differs(
        "OfflinePushInfo has no effect, because there is no push service; neither has MsgTimeStamp, \
         because a message has the time at which it was sent. Without SyncOtherMachine the sender's \
         devices get the message, as with 1.",
    ),
    c2c(
        "batchsendmsg",
        "1047/34920",
        call!(commands::c2c::send_message_to_many),
        &[TO_MANY, RANDOM, BODY, SENDER, SYNC, LIFETIME, SEQ, SEND_CONTROL, CLOUD_DATA, PUSH],
    )
    .differs(
        "OfflinePushInfo has no effect: there is no push service. An account that does not exist \
         has the code 90012 in ErrorList.",
    ),
    c2c(
        "admin_getroammsg",
        "1047/35478",
        call!(commands::c2c::get_history),
        &[
            FROM.also(&["Operator_Account"]),
            TO.also(&["Peer_Account"]),
            req("MaxCnt", number(1, u32::MAX as i64)),
            req("MinTime", U32),
            req("MaxTime", U32),
            opt("LastMsgKey", text(KEY_BYTES)).code(Code::C2C_MSG_KEY),
        ],
    ),
    c2c("admin_msgwithdraw", "1047/35015", call!(commands::c2c::withdraw_message), &[FROM, TO, KEY]),
    c2c(
        "get_c2c_unread_msg_num",
        "1047/41046",
        call!(commands::c2c::get_unread_numbers),
        &[TO, opt("Peer_Account", list(&ACCOUNT, 0, PEERS))],
    ),
    c2c(
        "admin_set_msg_read",
        "269/50349",
        call!(commands::c2c::set_messages_read),
        &[req("Report_Account", ACCOUNT), req("Peer_Account", ACCOUNT)],
    ),
    c2c(
        "importmsg",
        "1047/35014",
        call!(commands::c2c::import_message),
        &[
            opt("SyncFromOldSystem", number(1, 2)),
            FROM,
            TO,
            RANDOM,
            req("MsgTimeStamp", U32).code(Code::C2C_MSG_TIMESTAMP),
            SEQ,
            BODY,
            CLOUD_DATA,
        ],
    )
    .differs(
        "A MsgTimeStamp of more than seven days ago, or of the future, answers 90006. The same \
         message again is left out.",
    ),
    c2c(
        "modify_c2c_msg",
        "1047/47722",
        call!(commands::c2c::modify_message),
        &[
            FROM,
            TO,
            KEY,
            opt("MsgBody", ELEMENTS).code(Code::C2C_MSG_BODY).codes(BODY_CODES),
            CLOUD_DATA,
        ],
    )
    .differs(
        "Clients that are online get the changed message as a message with the same key. An absent \
         message answers 20022, a withdrawn one 20023.",
    ),
];

const fn c2c(
    name: &'static str,
    page: &'static str,
    call: Call,
    fields: &'static [Field],
) -> Command {
    Command::offered((SERVICE, name), page, Family::C2c, call, fields)
}
