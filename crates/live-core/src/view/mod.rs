//! What the core shows to a user interface: plain values that cross as JSON.
//!
//! The shapes hold no optional members and no 64-bit integers, so that a generator of TypeScript
//! bindings can express each of them exactly. Floating point members are described to it as whole
//! numbers, because it would call them nullable (JSON has no NaN), which none of these is. Times
//! are Unix time, `_ms` in milliseconds and `_s` in seconds; what is called `left` or `in` is a
//! duration. "None" is the empty string or 0, as the member says.

mod business;
mod standing;

use chat_types::gateway::KickCause;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumDiscriminants, EnumIter};

pub use business::{
    AnnouncementView, DrawResultView, DrawsView, GiftBannerView, GiftEffectView, GiftTotalView,
    GiftTotalsView, LikesView, LiveStatusView, OpenDrawView, WinnerView,
};
pub use standing::{AbsenceView, PassersView, RoleView, RoomView, RulesView, SpeechView};

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionView {
    Offline,
    Connecting,
    Online,
    /// The connection was lost. `attempt` counts from 1; `retry_in_ms` is the time to the next
    /// attempt at the moment of this report, 0 while the attempt runs.
    Reconnecting {
        attempt: u32,
        retry_in_ms: u32,
    },
    /// The service ended the login. `reason` is for people, and empty when only the connection told
    /// of it.
    Kicked {
        cause: KickedBy,
        reason: String,
    },
    /// The UserSig has run out; the user has to sign in again.
    SigExpired,
    /// Trying again would not help. `code` is a [`chat_types::Code`].
    Failed {
        code: i32,
        info: String,
    },
}

/// Why a login has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum KickedBy {
    SignedInElsewhere,
    Administrator,
    AccountDeleted,
    /// Not told, or a cause that this program has not learnt.
    #[default]
    Other,
}

impl From<KickCause> for KickedBy {
    fn from(cause: KickCause) -> Self {
        match cause {
            KickCause::SignedInElsewhere => Self::SignedInElsewhere,
            KickCause::Administrator => Self::Administrator,
            KickCause::AccountDeleted => Self::AccountDeleted,
            KickCause::Other => Self::Other,
        }
    }
}

/// The product that is being sold now.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProductView {
    /// Empty when nothing is sold.
    pub id: String,
    pub title: String,
    /// In the smallest unit of the currency.
    pub price_minor: u32,
    /// Three upper-case letters.
    pub currency: String,
    /// Empty when there is none.
    pub picture: String,
    /// Unix seconds; 0 when the offer has no end.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub ends_at_s: f64,
    /// Whether somebody counts the pieces that are left.
    pub counted: bool,
    /// Pieces that are left; 0 also when nobody counts them.
    pub stock: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    Sent,
    Sending,
    Failed,
    /// An own comment that nobody else has seen: more was said than the room shows, and this was
    /// not among what it chose. It is not sent again.
    SampledOut,
    /// An own comment that was taken back. Those of others leave the chat.
    Recalled,
}

/// What a line of the chat list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// Somebody said it.
    Comment,
    /// Somebody gave it: the gift's name and how many of it, which grows with the combo.
    Gift,
    /// The title of the product that is in the slot now.
    Product,
    /// A notice of the shop.
    Notice,
    /// The assistant greets who came in.
    Greeting,
    /// The assistant answers a keyword.
    Answer,
}

/// One line of the chat list. A row with a known `key` replaces the one that was told before.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ChatRow {
    pub key: String,
    pub kind: RowKind,
    /// The room's sequence number; 0 while the service has not given one.
    pub seq: u32,
    pub user_id: String,
    /// Nickname, or the account id when there is none.
    pub name: String,
    pub text: String,
    pub own: bool,
    /// Unix milliseconds.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub time_ms: f64,
    pub state: RowState,
    /// Connections that an own comment has reached; 0 while it is not known.
    pub reached: u32,
    /// Why a row failed, as a [`chat_types::Code`]; 0 otherwise.
    pub code: i32,
    /// The sentence beside `code`; empty otherwise.
    pub reason: String,
}

/// Priority of a comment; the greater goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Priority {
    Low,
    Normal,
    High,
}

impl From<chat_types::Priority> for Priority {
    fn from(priority: chat_types::Priority) -> Self {
        match priority {
            chat_types::Priority::Lowest | chat_types::Priority::Low => Self::Low,
            chat_types::Priority::Normal => Self::Normal,
            chat_types::Priority::High => Self::High,
        }
    }
}

/// A comment that starts its flight over the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FlyingComment {
    /// The core's own number of the flight.
    pub id: u32,
    /// Key of its chat row.
    pub key: String,
    pub user_id: String,
    pub name: String,
    pub text: String,
    pub own: bool,
    /// How many comments it stands for; 1 when none was folded into it.
    pub count: u32,
    pub priority: Priority,
}

/// A comment that flies already now stands for `count` comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FoldedComment {
    pub id: u32,
    pub count: u32,
}

/// Where the admitted comments went, since the client was opened. Every comment is counted in
/// exactly one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DanmakuCounters {
    pub shown: u32,
    /// Folded into another comment with the same text.
    pub folded: u32,
    pub queue_full: u32,
    /// Waited longer than a comment stays fresh.
    pub expired: u32,
    /// Came while the danmaku was switched off.
    pub hidden: u32,
    /// Handed to the renderer, which had no lane for it.
    pub no_lane: u32,
    /// Taken back while it waited.
    pub recalled: u32,
    pub waiting: u32,
}

/// How many comments the renderer has room for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DanmakuBudget {
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub per_second: f64,
    /// The most that may start at the same moment.
    pub burst: u32,
}

/// The status of an account that this client follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PresenceView {
    pub user_id: String,
    /// `Online`, `PushOnline` or `Offline`.
    pub status: String,
}

/// One piece of news for a subscriber. [`RoomEventKind`] names them; a batch has them in this
/// order, so that the room comes before its chat.
#[derive(Debug, Clone, PartialEq, Serialize, EnumDiscriminants)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
#[strum_discriminants(
    name(RoomEventKind),
    doc = "Which piece of news: what a subscriber says that it reads.",
    derive(PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter),
    cfg_attr(feature = "specta", derive(specta::Type)),
    serde(rename_all = "snake_case")
)]
pub enum RoomEvent {
    Session {
        session: SessionView,
    },
    Room {
        room: RoomView,
    },
    /// How far the service's clock is ahead of this machine's, to within a second; less than 0 when
    /// it is behind. Whatever counts down or expires does so by the service's clock.
    Clock {
        #[cfg_attr(feature = "specta", specta(type = i32))]
        ahead_ms: f64,
    },
    Speech {
        speech: SpeechView,
    },
    /// Accounts that are in the room now.
    Online {
        count: u32,
    },
    /// What is in the slot; with an empty `id` when it is empty.
    Product {
        product: ProductView,
    },
    LiveStatus {
        status: LiveStatusView,
    },
    /// The likes of the room, and how many came since this was told last: for the animation.
    Likes {
        likes: LikesView,
        burst: u32,
    },
    GiftTotals {
        totals: GiftTotalsView,
    },
    /// All banners that are shown now.
    GiftBanners {
        banners: Vec<GiftBannerView>,
    },
    Draws {
        draws: DrawsView,
    },
    /// The last broadcasts to all rooms, the newest last.
    Announcements {
        broadcasts: Vec<AnnouncementView>,
    },
    /// All attributes of the group.
    Attributes {
        attributes: BTreeMap<String, String>,
    },
    /// All counters of the group.
    Counters {
        #[cfg_attr(feature = "specta", specta(type = BTreeMap<String, i32>))]
        counters: BTreeMap<String, f64>,
    },
    Passers {
        passers: PassersView,
    },
    /// Messages of the room that nobody will bring any more, since the client was opened. At most
    /// so many: some of their numbers may never have existed.
    Missed {
        count: u32,
    },
    /// These rows replace all that were told before.
    ChatReset {
        rows: Vec<ChatRow>,
    },
    /// New and changed rows; a known key is a change.
    Chat {
        rows: Vec<ChatRow>,
    },
    /// Rows that were missing. In this order they stand right before the row with this key.
    ChatInserted {
        before: String,
        rows: Vec<ChatRow>,
    },
    /// Rows that are not to be shown any more.
    ChatRemoved {
        keys: Vec<String>,
    },
    Danmaku {
        enter: Vec<FlyingComment>,
        folded: Vec<FoldedComment>,
        /// Flights that end at once: what they say was taken back.
        leave: Vec<u32>,
    },
    DanmakuCounters {
        counters: DanmakuCounters,
    },
    /// Data of the application for the room, the oldest first; no chat messages.
    Notifications {
        texts: Vec<String>,
    },
    /// Accounts whose status is another one.
    Presence {
        accounts: Vec<PresenceView>,
    },
    /// Peers whose one-to-one conversation is another one.
    Conversations {
        peers: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_value};

    #[test]
    fn a_session_has_the_shape_that_the_ui_reads() {
        let cases = [
            (SessionView::Offline, json!({"state": "offline"})),
            (SessionView::SigExpired, json!({"state": "sig_expired"})),
            (
                SessionView::Reconnecting { attempt: 2, retry_in_ms: 900 },
                json!({"state": "reconnecting", "attempt": 2, "retry_in_ms": 900}),
            ),
            (
                SessionView::Failed { code: 70009, info: "no".into() },
                json!({"state": "failed", "code": 70009, "info": "no"}),
            ),
        ];
        for (view, wanted) in cases {
            assert_eq!(to_value(view).unwrap(), wanted);
        }
    }

    #[test]
    fn an_event_is_told_apart_by_its_type() {
        let cases = [
            (RoomEvent::Missed { count: 2 }, json!({"type": "missed", "count": 2})),
            (RoomEvent::Online { count: 3 }, json!({"type": "online", "count": 3})),
            (RoomEvent::ChatReset { rows: vec![] }, json!({"type": "chat_reset", "rows": []})),
            (
                RoomEvent::Danmaku {
                    enter: vec![],
                    folded: vec![FoldedComment { id: 1, count: 2 }],
                    leave: vec![3],
                },
                json!({"type": "danmaku", "enter": [], "folded": [{"id": 1, "count": 2}],
                    "leave": [3]}),
            ),
            (
                RoomEvent::LiveStatus { status: LiveStatusView::PlayedBack },
                json!({"type": "live_status", "status": "played_back"}),
            ),
            (
                RoomEvent::Likes { likes: LikesView::default(), burst: 3 },
                json!({"type": "likes", "burst": 3,
                    "likes": {"total": 0.0, "counted": false, "unconfirmed": 0}}),
            ),
            (
                RoomEvent::Speech { speech: SpeechView::Wait { left_ms: 900, code: 9009 } },
                json!({"type": "speech", "speech": {"state": "wait", "left_ms": 900,
                    "code": 9009}}),
            ),
        ];
        for (event, wanted) in cases {
            assert_eq!(to_value(event).unwrap(), wanted);
        }
        assert_eq!(to_value(Priority::High).unwrap(), json!("High"));
        assert_eq!(to_value(RowState::SampledOut).unwrap(), json!("sampled_out"));
    }
}
