//! Error codes. A code is stable: programs branch on it, never on the sentence beside it.

use serde::{Deserialize, Serialize};

/// A numeric error code as it stands in `ErrorCode` of a REST answer and in `code` of a gateway
/// error frame. Values below 60000 and 70000–79999 follow Tencent Cloud Chat ("Error Codes",
/// product/269/1671); 9xxx codes are Liveroom's own and never leave the client and the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(pub i32);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)+) => {
        impl Code {
            $($(#[$doc])* pub const $name: Code = Code($value);)+
        }
    };
}

codes! {
    /// Success.
    OK = 0;

    // Access layer (product/269/1519).
    /// The URL is malformed.
    URL_MALFORMED = 60002;
    /// The body is not JSON.
    BODY_NOT_JSON = 60003;
    /// The account in the URL is missing or malformed.
    URL_ACCOUNT = 60004;
    /// `sdkappid` names no application.
    APP_INVALID = 60006;
    /// This command is called too often.
    COMMAND_RATE = 60007;
    /// The HTTP form is wrong.
    HTTP_FORM = 60008;
    /// The service or command path is unknown.
    UNKNOWN_PATH = 60009;
    /// `identifier` is not an administrator of the application.
    NOT_ADMIN = 60010;
    /// The application calls too often.
    APP_RATE = 60011;
    /// `sdkappid` is missing.
    APP_MISSING = 60012;
    /// The command is not offered.
    REQUEST_DISABLED = 60017;

    // Accounts and UserSig; those of a bad UserSig are in `usersig::Error`.
    /// The UserSig has expired.
    SIG_EXPIRED = 70001;
    /// The application does not exist.
    APP_ABSENT = 70020;
    /// The account does not exist.
    ACCOUNT_UNKNOWN = 70107;
    /// Too many accounts in one call.
    ACCOUNT_BATCH = 70206;
    /// The application has as many accounts as it may have.
    ACCOUNT_LIMIT = 70398;
    /// An account field is wrong.
    ACCOUNT_PARAMETER = 70402;
    /// Only an administrator of the application may do this.
    ACCOUNT_NOT_ADMIN = 70403;
    /// The account service failed inside.
    ACCOUNT_INTERNAL = 70500;

    // Groups.
    /// Not signed in: the first frame of a connection has to be `login`.
    NOT_LOGGED_IN = 10001;
    /// The service failed inside; the same request may succeed later.
    INTERNAL = 10002;
    /// The service part of the path is known, the command is not.
    UNKNOWN_GROUP_COMMAND = 10003;
    /// A parameter is missing, has the wrong type or breaks its rule.
    BAD_PARAMETER = 10004;
    /// Too many accounts in one call.
    TOO_MANY_ACCOUNTS = 10005;
    /// The operation is done too often.
    OPERATION_RATE = 10006;
    /// The caller may not do this, the group type forbids it, or a switch is off.
    NO_PERMISSION = 10007;
    /// The owner may not quit.
    OWNER_MAY_NOT_QUIT = 10009;
    /// The group does not exist, or has been dismissed.
    GROUP_ABSENT = 10010;
    /// The account is a member already.
    ALREADY_MEMBER = 10013;
    /// The group is full.
    GROUP_FULL = 10014;
    /// The group id names no group.
    GROUP_ID_INVALID = 10015;
    /// A before-webhook refused.
    REFUSED_BY_WEBHOOK = 10016;
    /// The sender is muted.
    SENDER_MUTED = 10017;
    /// The answer would be over 1 MB.
    ANSWER_TOO_LONG = 10018;
    /// The account does not exist.
    ACCOUNT_ABSENT = 10019;
    /// The group id belongs to somebody else.
    GROUP_ID_TAKEN = 10021;
    /// Messages come too fast.
    MESSAGE_RATE = 10023;
    /// The group id is used already by the same owner.
    GROUP_ID_TAKEN_BY_OWNER = 10025;
    /// The command is switched off for the application.
    COMMAND_DISABLED = 10026;
    /// Recall: the message is absent.
    RECALL_ABSENT = 10030;
    /// Recall: the message is too old.
    RECALL_TOO_LATE = 10031;
    /// Recall: this message cannot be recalled.
    RECALL_IMPOSSIBLE = 10032;
    /// The application has as many AVChatRoom groups as it may have.
    ROOM_LIMIT = 10036;
    /// The account is in as many groups as it may be in.
    GROUPS_PER_USER = 10037;
    /// More members than the group may have.
    MEMBER_LIMIT = 10038;
    /// Recall is switched off for the application.
    RECALL_OFF = 10041;
    /// The key of an attribute is too long.
    ATTRIBUTE_KEY = 10045;
    /// The value of an attribute is too long.
    ATTRIBUTE_VALUE = 10046;
    /// Too many attributes.
    ATTRIBUTE_COUNT = 10047;
    /// All values of the attributes together are too long.
    ATTRIBUTE_TOTAL = 10048;
    /// Attributes are written too often.
    ATTRIBUTE_RATE = 10049;
    /// The attribute to be deleted is absent.
    ATTRIBUTE_ABSENT = 10050;
    /// Too many accounts are mentioned.
    TOO_MANY_MENTIONS = 10053;
    /// Somebody else wrote the attributes meanwhile: read them, then write again.
    ATTRIBUTE_CONFLICT = 10056;
    /// The application has as many groups as it may have.
    GROUP_LIMIT = 10058;
    /// The edition of the application does not have this.
    EDITION = 10059;
    /// Too many counters.
    COUNTER_COUNT = 10063;

    // One-to-one messages.
    /// The request is illegal.
    C2C_ILLEGAL = 20001;
    /// Sender or receiver is malformed or does not exist.
    C2C_ACCOUNT = 20003;
    /// The service failed inside; the same request may succeed later.
    C2C_INTERNAL = 20005;
    /// The before-webhook refused.
    C2C_REFUSED_BY_WEBHOOK = 20006;
    /// The receiver takes no messages.
    C2C_BLOCKED = 20007;
    /// The sender is muted everywhere.
    C2C_SENDER_MUTED = 20012;
    /// Recall: the message is too old.
    C2C_RECALL_TOO_LATE = 20016;
    /// Recall: the message is absent.
    C2C_RECALL_ABSENT = 20022;
    /// Recall: the message has been recalled already.
    C2C_RECALLED_BEFORE = 20023;

    // Profiles.
    /// The profile request cannot be understood.
    PROFILE_PARAMETER = 40001;
    /// No account is given.
    PROFILE_NO_ACCOUNT = 40002;
    /// The account does not exist.
    PROFILE_ACCOUNT_ABSENT = 40003;
    /// The profile service failed inside.
    PROFILE_INTERNAL = 40006;
    /// The tag may not be read.
    PROFILE_NO_READ = 40007;
    /// The tag may not be written.
    PROFILE_NO_WRITE = 40008;
    /// The tag is unknown.
    PROFILE_TAG_UNKNOWN = 40009;
    /// The value is too long.
    PROFILE_VALUE_TOO_LONG = 40601;
    /// The value is none of those that the tag knows.
    PROFILE_VALUE = 40605;
    /// The value has the wrong type.
    PROFILE_VALUE_TYPE = 40610;

    // Content.
    /// The message has a word in it that the room does not take.
    BLOCKED_WORD = 80001;
    /// The before-webhook failed, and the application refuses messages then.
    WEBHOOK_FAILED = 80003;
    /// The message is over the size limit.
    MESSAGE_TOO_LONG = 80002;

    // Bodies of one-to-one calls.
    /// The body cannot be understood, or a list in it is empty.
    C2C_BODY = 90001;
    /// `MsgBody` has the wrong form.
    C2C_MSG_BODY = 90002;
    /// `To_Account` is missing or wrong.
    C2C_TO_ACCOUNT = 90003;
    /// `MsgRandom` is missing or wrong.
    C2C_MSG_RANDOM = 90005;
    /// `MsgTimeStamp` is wrong.
    C2C_MSG_TIMESTAMP = 90006;
    /// `MsgBody` is not an array.
    C2C_MSG_BODY_NOT_ARRAY = 90007;
    /// `From_Account` is missing or wrong.
    C2C_FROM_ACCOUNT = 90008;
    /// Only an administrator of the application may do this.
    C2C_NOT_ADMIN = 90009;
    /// An element of the message has the wrong form.
    C2C_ELEMENT = 90010;
    /// Too many receivers.
    C2C_TOO_MANY = 90011;
    /// The receiver does not exist.
    C2C_TARGET_ABSENT = 90012;
    /// The message would live longer than seven days.
    C2C_LIFETIME = 90026;
    /// `SyncOtherMachine` has the wrong type.
    C2C_SYNC_TYPE = 90031;
    /// `MsgLifeTime` has the wrong type.
    C2C_LIFETIME_TYPE = 90044;
    /// The account does not exist.
    C2C_ACCOUNT_ABSENT = 90048;
    /// `MsgKey` is wrong.
    C2C_MSG_KEY = 90054;
    /// The service failed inside; the same request may succeed later.
    C2C_CALL_INTERNAL = 91000;
    /// The request body is over the size limit.
    BODY_TOO_LONG = 93000;

    // Liveroom's own.
    /// The client is not online, so nothing was sent.
    NOT_ONLINE = 9001;
    /// The connection is not in the room it wants to speak in.
    NOT_IN_ROOM = 9002;
    /// A gateway frame is not JSON, has an unknown `t`, or lacks a field.
    FRAME_MALFORMED = 9003;
    /// A gateway frame is over the size limit.
    FRAME_TOO_LONG = 9004;
    /// The request was not answered in time.
    NO_ANSWER = 9005;
    /// The embedded service could not be started or stopped.
    SERVICE = 9006;
    /// A connection asked for more rooms than it may be in.
    TOO_MANY_ROOMS = 9007;
    /// The sender says more in a second than one account may.
    SENDER_RATE = 9008;
    /// Slow mode: the sender has spoken only just now.
    SLOW_MODE = 9009;
    /// The room takes no links.
    LINK_REFUSED = 9010;
    /// Guests read and say nothing.
    GUESTS_READ_ONLY = 9011;
    /// The application lets no guests in.
    NO_GUESTS = 9012;
    /// The client asks for more than the gateway answers in a second.
    REQUEST_RATE = 9013;
}

/// A code with the sentence that tells the caller what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{info} (code {})", code.0)]
pub struct ApiError {
    pub code: Code,
    pub info: String,
    /// The same request may succeed after so many milliseconds. Only the gateway tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
}

impl ApiError {
    pub fn new(code: Code, info: impl Into<String>) -> Self {
        Self { code, info: info.into(), retry_after_ms: None }
    }

    /// The same refusal of something that may succeed later.
    pub fn retry_after_ms(self, milliseconds: u64) -> Self {
        let milliseconds = u32::try_from(milliseconds).unwrap_or(u32::MAX);
        Self { retry_after_ms: Some(milliseconds), ..self }
    }

    pub fn bad_parameter(info: impl Into<String>) -> Self {
        Self::new(Code::BAD_PARAMETER, info)
    }
}
