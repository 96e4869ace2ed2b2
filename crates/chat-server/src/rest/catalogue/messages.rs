//! Messages to groups.

use chat_types::code::Code;
use chat_types::element::{MAX_ELEMENTS, MAX_MESSAGE_BYTES};

use super::field::{
    ACCOUNT, ANY_OBJECT, FLAG, Fault, Field, Kind, U32, list, number, opt, req, text, word,
};
use super::groups::{GROUP_ID, group};
use super::{Command, Family, call};
use crate::rest::commands;

/// Accounts that a message may mention (product/269/1671, code 10053).
const MENTIONS: usize = 30;
/// Messages in one recall (product/269/12341).
const RECALLED: usize = 10;
/// The reason of a recall, which every member is told.
const REASON_BYTES: usize = 500;
/// Messages in one `import_group_msg`.
const IMPORTED: usize = 7;
/// Accounts that a system notification may name.
const NOTIFIED: usize = 500;

/// An element as far as it is checked here; what stands in `MsgContent` is read with the message.
pub(super) const ELEMENT: Kind =
    Kind::Object(&[req("MsgType", word(64)), req("MsgContent", ANY_OBJECT)]);
pub(super) const ELEMENTS: Kind = list(&ELEMENT, 1, MAX_ELEMENTS);
pub(super) const CLOUD_DATA: Field = opt("CloudCustomData", text(MAX_MESSAGE_BYTES))
    .codes(&[(Fault::TooLong, Code::MESSAGE_TOO_LONG)]);
pub(super) const FORBID_CALLBACKS: Field =
    opt("ForbidCallbackControl", list(&CALLBACK_CONTROL, 0, 2));
pub(super) const SEND_CONTROL: Field = opt("SendMsgControl", list(&SEND_CONTROL_WORD, 0, 4));
pub(super) const PUSH: Field = opt("OfflinePushInfo", ANY_OBJECT);

const CALLBACK_CONTROL: Kind =
    Kind::OneOf(&["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]);
const SEND_CONTROL_WORD: Kind =
    Kind::OneOf(&["NoUnread", "NoLastMsg", "WithMuteNotifications", "NoMsgCheck"]);
const BODY: Field = req("MsgBody", ELEMENTS);
const RANDOM: Field = req("Random", U32);
const SENDER: Field = opt("From_Account", ACCOUNT);
const TOPIC: Field = opt("TopicId", text(128));
const SEQ: Field = req("MsgSeq", U32);
const MENTION: Kind = Kind::Object(&[req("GroupAtAllFlag", FLAG), opt("GroupAt_Account", ACCOUNT)]);
const RECALL_ITEM: Kind = Kind::Object(&[SEQ]);
const PRIORITY: Kind = Kind::OneOf(&["High", "Normal", "Low", "Lowest"]);
const IMPORTED_MESSAGE: Kind = Kind::Object(&[
    req("From_Account", ACCOUNT),
    req("SendTime", U32),
    opt("Random", U32),
    opt("MsgPriority", PRIORITY),
    BODY,
]);

pub(super) const COMMANDS: &[Command] = &[
    group(
        "send_group_msg",
        "1047/34959",
        call!(commands::messages::send_group_message),
        &[
            GROUP_ID,
            RANDOM,
            BODY,
            SENDER,
            opt("MsgPriority", PRIORITY),
            opt("OnlineOnlyFlag", FLAG),
            SEND_CONTROL,
            FORBID_CALLBACKS,
            opt("GroupAtInfo", list(&MENTION, 0, MENTIONS))
                .codes(&[(Fault::TooMany, Code::TOO_MANY_MENTIONS)]),
            CLOUD_DATA,
            TOPIC,
            PUSH,
        ],
    )
    .differs(
        "TopicId and OfflinePushInfo are read and have no effect: there are no topics and no push \
         service. When more is said than the group delivers in a second (the setting room_budget, 40 \
         unless changed, or the rules of the room) and it chooses other messages, the answer is 10023, \
         at once or within 5 seconds; the same Random again gets it again for five minutes. \
         MsgPriority High ranks above everything that clients send; Lowest is one class with Low, and \
         members, webhooks and the history (4) have the name that was given. What a room asks of its senders \
         (rate, slow mode, links, blocked words) does not hold for this call.",
    ),
    group(
        "send_group_system_notification",
        "1047/34958",
        call!(commands::messages::send_system_notification),
        &[
            GROUP_ID,
            req("Content", word(MAX_MESSAGE_BYTES)),
            opt("ToMembers_Account", list(&ACCOUNT, 0, NOTIFIED)),
        ],
    )
    .differs(
        "An AVChatRoom takes no ToMembers_Account (10004): the notification goes to the whole room. \
         In other groups, named accounts that are no members get none.",
    ),
    group(
        "send_broadcast_msg",
        "1047/49440",
        call!(commands::messages::send_broadcast),
        &[SENDER, RANDOM, BODY, CLOUD_DATA],
    )
    .per_second(1)
    .rate_code(Code::MESSAGE_RATE)
    .differs(
        "Needs the Ultimate edition and the setting broadcast; otherwise 10007. Too fast is 10023. A \
         connection in several AVChatRooms gets one copy. No webhook is asked or told.",
    ),
    group(
        "group_msg_recall",
        "1047/34965",
        call!(commands::messages::recall_group_messages),
        &[
            GROUP_ID,
            req("MsgSeqList", list(&RECALL_ITEM, 1, RECALLED)),
            opt("Reason", text(REASON_BYTES)),
            TOPIC,
        ],
    )
    .differs(
        "Works on an AVChatRoom too, as the client library does, for its last 5,000 messages of \
         the last day since the service started; older ones are 10030. Recalling a message again is 10032.",
    ),
    group(
        "group_msg_get_simple",
        "1047/34971",
        call!(commands::messages::get_group_history),
        &[
            GROUP_ID,
            req("ReqMsgNumber", number(1, u32::MAX as i64)),
            opt("ReqMsgSeq", U32),
            opt("WithRecalledMsg", FLAG),
        ],
    )
    .differs(
        "At most 20 messages come at once. An AVChatRoom has a history only in the Ultimate edition \
         with the setting room_history (20 messages, 24 hours); otherwise 10007. Other groups keep 1,000 messages for seven days. \
         What a recalled message said is gone, whatever WithRecalledMsg asks for.",
    ),
    group(
        "delete_group_msg_by_sender",
        "1047/34970",
        call!(commands::messages::delete_messages_of_sender),
        &[GROUP_ID, req("Sender_Account", ACCOUNT)],
    )
    .differs(
        "Recalls the newest 1,000 messages of the account, however old they are. Works on an \
         AVChatRoom too, for its last 5,000 messages of the last day since the service started.",
    ),
    group(
        "import_group_msg",
        "1047/34968",
        call!(commands::membership::import_group_messages),
        &[
            GROUP_ID,
            opt("RecentContactFlag", FLAG),
            req("MsgList", list(&IMPORTED_MESSAGE, 1, IMPORTED)),
        ],
    )
    .differs(
        "An AVChatRoom answers 10007: it takes no imports. Messages get numbers in the order of the \
         list, count as unread until set_unread_msg_num, and are kept as long as others: seven days \
         from SendTime. RecentContactFlag means nothing.",
    ),
    Command::offered(
        ("openim", "modify_group_msg"),
        "1047/47948",
        Family::Group,
        call!(commands::messages::modify_group_message),
        &[GROUP_ID, SEQ, opt("MsgBody", ELEMENTS), CLOUD_DATA, TOPIC],
    )
    .differs(
        "Changes what the history and a returning member get; whoever has the message on the screen \
         already is not told. A message that is not kept is 10030, and an AVChatRoom without \
         room_history is 10007. To be seen at once, recall the message and send another.",
    ),
];
