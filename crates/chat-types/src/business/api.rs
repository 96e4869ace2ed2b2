//! Bodies of the business service's HTTP API (`docs/business.md`), for the service and for programs
//! that call it. Times are Unix seconds unless a name says otherwise; amounts are whole coins. A reader
//! of answers ignores members that it does not know; the service refuses them in a body.

use serde::{Deserialize, Serialize};

use super::{EffectClass, Gift, LiveStatus};
use crate::{ApiError, UserId};

/// Where the API is, below the address of the service.
pub const PATH: &str = "/api/v1";
/// The header that names a call which moves coins: 1 to 64 bytes of printable ASCII, the same when
/// the call is made again.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Most clicks of one call.
pub const MAX_CLICKS: u32 = 500;
/// Most gifts of one kind that are chosen in advance.
pub const MAX_COUNT: u32 = 9_999;
/// Most coins of one top-up in development.
pub const MAX_TOP_UP: i64 = 1_000_000;

/// What an account may do. Each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Viewer,
    /// Runs the rooms that it owns.
    Host,
    /// Moderates every room.
    Moderator,
    /// Runs every room and the shop.
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Host, Self::Moderator, Self::Admin];

    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Host => "host",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl TryFrom<String> for Role {
    type Error = ApiError;

    fn try_from(name: String) -> Result<Self, ApiError> {
        let unknown = || ApiError::bad_parameter(format!("{name} is no role"));
        Self::from_name(&name).ok_or_else(unknown)
    }
}

/// `POST /sign-in`, in development.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Display name, 1 to 32 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 32))]
    pub name: String,
    /// Account id, 1 to 32 bytes of printable ASCII.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 32))]
    pub user_id: String,
    #[serde(default)]
    pub role: Role,
}

/// `POST /token-exchange`. It holds a credential, and so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// JSON Web Token of the shop's identity server.
    pub token: String,
}

/// What a client needs to come in. It holds credentials, and so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entry {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user_id: UserId,
    pub nick: String,
    pub role: Role,
    /// When this was made, by the clock of the service.
    #[serde(default)]
    pub at_s: u64,
    /// For this API.
    pub token: String,
    pub token_ends_at_s: u64,
    /// `renew` gives nothing that lives longer: then the person has to sign in again.
    #[serde(default)]
    pub session_ends_at_s: u64,
    /// For the chat service.
    pub user_sig: String,
    pub user_sig_ends_at_s: u64,
    pub sdk_app_id: u32,
}

/// A gift that can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GiftView {
    pub id: String,
    pub title: String,
    /// Of one, in coins.
    pub price: u32,
    /// Name of its picture and animation.
    pub art: String,
    /// `quiet`, `banner` or `full`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub effect: EffectClass,
    pub combo: ComboView,
}

/// How clicks in a row become messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComboView {
    pub merge: bool,
    /// A message for so many gifts,
    pub merge_count: u32,
    /// or for what was clicked within so many milliseconds, whichever comes first.
    pub merge_ms: u32,
}

/// `POST /gifts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Give {
    /// A room that is on air, or pauses.
    pub room: String,
    /// Id of the gift in the catalogue.
    pub gift: String,
    /// A number that was chosen in advance, 1 to 9,999: the room gets one message.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 9_999))]
    pub count: Option<u32>,
    /// Clicks since the last call, 1 to 500: the room gets a message for every 20 or every second.
    /// Either this or `count`.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 500))]
    pub clicks: Option<u32>,
    /// Gifts of one combo have a running total. 1 to 64 bytes of printable ASCII that nobody else
    /// chooses, such as a UUID; for one gift in one room. Without it, clicks go on with the last combo
    /// of this gift if it is not older than five seconds.
    pub combo: Option<String>,
}

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Given {
    /// Names the order, for a refund.
    pub order: String,
    /// Coins that are left.
    pub balance: i64,
    /// Gifts of the combo, with these.
    pub combo_total: u32,
    /// The message, for the giver's own screen. A count comes to the room with the same `order`;
    /// clicks come merged, with the same `combo` and a `total` that is no news to who has clicked.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub gift: Gift,
}

/// The wallet of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Wallet {
    /// Coins that can be spent.
    pub balance: i64,
    /// Whether `POST /wallet/top-up` fills it up: only in development.
    #[serde(default)]
    pub may_top_up: bool,
}

/// `POST /wallet/top-up`, in development.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TopUp {
    /// 1 to 1,000,000.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub coins: i64,
}

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CatalogueEntry {
    pub id: String,
    pub title: String,
    /// In the smallest unit of the currency: 3900 is ¥39.00.
    pub price_minor: u32,
    /// Three capital letters of ISO 4217.
    pub currency: String,
    /// `demo:NAME`, or a web address; absent when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub picture: String,
    /// Where it is bought; absent when there is no such page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// Pieces that are left; absent when nobody counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
}

/// `POST /rooms/{room}/slot`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Recommendation {
    pub product: String,
    /// A special price for as long as it is shown, in the smallest unit of the currency.
    #[serde(default)]
    pub price_minor: Option<u32>,
    /// The offer ends after so many seconds, at most seven days.
    #[serde(default)]
    pub ends_in_s: Option<u64>,
}

/// Whether the host of a room is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Status))]
#[serde(rename_all = "snake_case")]
pub enum RoomStatus {
    ToBeStarted,
    Live,
    Paused,
    Ended,
    PlayedBack,
}

impl From<RoomStatus> for LiveStatus {
    fn from(status: RoomStatus) -> Self {
        match status {
            RoomStatus::ToBeStarted => Self::ToBeStarted,
            RoomStatus::Live => Self::Live,
            RoomStatus::Paused => Self::Paused,
            RoomStatus::Ended => Self::Ended,
            RoomStatus::PlayedBack => Self::PlayedBack,
        }
    }
}

impl From<LiveStatus> for RoomStatus {
    fn from(status: LiveStatus) -> Self {
        match status {
            LiveStatus::ToBeStarted => Self::ToBeStarted,
            LiveStatus::Live => Self::Live,
            LiveStatus::Paused => Self::Paused,
            LiveStatus::Ended => Self::Ended,
            LiveStatus::PlayedBack => Self::PlayedBack,
        }
    }
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomView {
    pub room: String,
    pub owner: String,
    pub title: String,
    pub status: RoomStatus,
    pub status_since_s: u64,
}

/// `PUT /rooms/{room}/status`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetStatus {
    pub status: RoomStatus,
}

/// `GET /rooms/{room}/follow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Follow {
    /// Whether the caller follows the owner of the room.
    pub following: bool,
    /// Accounts that follow the owner.
    pub followers: u64,
}

/// What went wrong (RFC 9457), as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// The HTTP status again.
    pub status: u16,
    /// Stable: programs branch on it.
    pub code: String,
    /// One sentence that says what to change.
    pub detail: String,
    /// The same call may succeed after so many milliseconds.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
}
