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

    /// Not signed in: the first frame of a connection has to be `login`.
    NOT_LOGGED_IN = 10001;
    /// The service failed inside; the same request may succeed later.
    INTERNAL = 10002;
    /// The service part of the path is known, the command is not.
    UNKNOWN_GROUP_COMMAND = 10003;
    /// A parameter is missing, has the wrong type or breaks its rule.
    BAD_PARAMETER = 10004;
    /// The caller may not do this, or the group type forbids it.
    NO_PERMISSION = 10007;
    /// The group does not exist, or has been dismissed.
    GROUP_ABSENT = 10010;
    /// The group id names no group.
    GROUP_ID_INVALID = 10015;
    /// The account does not exist.
    ACCOUNT_ABSENT = 10019;
    /// The group id belongs to somebody else.
    GROUP_ID_TAKEN = 10021;
    /// Messages come too fast.
    MESSAGE_RATE = 10023;
    /// The group id is used already by the same owner.
    GROUP_ID_TAKEN_BY_OWNER = 10025;
    /// The message is over the size limit.
    MESSAGE_TOO_LONG = 80002;

    /// The request body is over the size limit.
    BODY_TOO_LONG = 93000;

    /// The URL is malformed.
    URL_MALFORMED = 60002;
    /// The body is not JSON.
    BODY_NOT_JSON = 60003;
    /// The account in the URL is missing or malformed.
    URL_ACCOUNT = 60004;
    /// `sdkappid` names no application.
    APP_INVALID = 60006;
    /// The HTTP form is wrong.
    HTTP_FORM = 60008;
    /// The service or command path is unknown.
    UNKNOWN_PATH = 60009;
    /// `identifier` is not an administrator of the application.
    NOT_ADMIN = 60010;
    /// `sdkappid` is missing.
    APP_MISSING = 60012;

    /// The UserSig has expired.
    SIG_EXPIRED = 70001;
    /// The application does not exist.
    APP_ABSENT = 70020;
    /// An account field is wrong.
    ACCOUNT_PARAMETER = 70402;
    /// The account service failed inside.
    ACCOUNT_INTERNAL = 70500;

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
}

/// A code with the sentence that tells the caller what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{info} (code {})", code.0)]
pub struct ApiError {
    pub code: Code,
    pub info: String,
}

impl ApiError {
    pub fn new(code: Code, info: impl Into<String>) -> Self {
        Self { code, info: info.into() }
    }

    pub fn bad_parameter(info: impl Into<String>) -> Self {
        Self::new(Code::BAD_PARAMETER, info)
    }
}
