//! What stands beside a name in a room: the level, and what the account is there.
//!
//! The before-send webhook puts it into `CloudCustomData`, as JSON: `{"level":7,"badges":["host"]}`.
//! What the sender has put there stays beside it, without these two members: nobody pins a badge on
//! oneself. Plain text is left as it is, since no reader takes it for a badge; what begins as a JSON
//! object and cannot be read as one goes, since another reader may be less strict than this one.

use chat_types::business::api::Role;
use chat_types::webhook::GroupMsg;
use moka::sync::Cache;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

use super::{levels, store};
use crate::Business;
use crate::rooms;
use crate::storage::Error;

/// How long a badge may be older than what it tells of.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// Badges in memory, at most; the ones that are asked for least are read again.
const REMEMBERED: u64 = 50_000;

/// Members of `CloudCustomData` that a badge is made of.
const MEMBERS: [&str; 2] = ["level", "badges"];

/// What an account is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BadgeKind {
    /// The room is its own.
    Host,
    Moderator,
    Admin,
}

/// What stands beside a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Badge {
    pub(crate) level: u32,
    pub(crate) badges: Vec<BadgeKind>,
}

impl Badge {
    fn is_empty(&self) -> bool {
        self.level == 0 && self.badges.is_empty()
    }
}

/// Badges that were read a short time ago, by account and room.
pub(crate) struct Badges(Cache<(String, String), Badge>);

impl Badges {
    /// Something of the account has changed: its badges in all rooms are read again.
    pub(super) fn forget(&self, user_id: &str) {
        let user_id = user_id.to_owned();
        let forgotten = self.0.invalidate_entries_if(move |(user, _), _| *user == user_id);
        if let Err(error) = forgotten {
            tracing::error!(%error, "badges stay as they were for a moment");
        }
    }
}

impl Default for Badges {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .support_invalidation_closures()
                .build(),
        )
    }
}

/// What stands beside the name of an account in a room. Nothing for who never signed in here.
pub(crate) async fn badge(
    business: &Business,
    user_id: &str,
    group_id: &str,
) -> Result<Badge, Error> {
    let key = (user_id.to_owned(), group_id.to_owned());
    if let Some(badge) = business.accounts.badges.0.get(&key) {
        return Ok(badge);
    }
    let mut tx = business.database.read_for_webhook().await?;
    let badge = match store::find(&mut tx, user_id).await? {
        None => Badge::default(),
        Some(account) => {
            let room = rooms::store::find(&mut tx, group_id).await?;
            let is_host = room.is_some_and(|room| room.owner == user_id);
            let of_role = match account.role {
                Role::Viewer | Role::Host => None,
                Role::Moderator => Some(BadgeKind::Moderator),
                Role::Admin => Some(BadgeKind::Admin),
            };
            Badge {
                level: levels::level_of(&business.config.levels, account.experience),
                badges: is_host.then_some(BadgeKind::Host).into_iter().chain(of_role).collect(),
            }
        }
    };
    business.accounts.badges.0.insert(key, badge.clone());
    Ok(badge)
}

/// The `CloudCustomData` for a message that is about to be sent; `None` to leave it as it is. No
/// message fails because of its badge.
pub(crate) async fn badge_data(business: &Business, message: &GroupMsg) -> Option<String> {
    let badge = badge(business, &message.from_account, &message.group_id).await;
    let badge = badge.unwrap_or_else(|error| {
        tracing::warn!(%error, "message goes without a badge");
        Badge::default()
    });
    pinned(&message.cloud_custom_data, &badge)
}

/// The `CloudCustomData` for a message that shows no badge; `None` to leave it as it is.
pub(crate) fn without_badge(data: &str) -> Option<String> {
    pinned(data, &Badge::default())
}

/// The sender's data with this badge and no other.
fn pinned(data: &str, badge: &Badge) -> Option<String> {
    // Plain data with text keys always encodes.
    let alone = || serde_json::to_string(badge).ok().filter(|_| !badge.is_empty());
    if data.is_empty() {
        return alone();
    }
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(data) else {
        // Empty data in an answer means "as it was".
        return begins_as_object(data).then(|| alone().unwrap_or_else(|| "{}".to_owned()));
    };
    // Some readers take the names of members in capitals, too.
    let of_badge = |name: &str| MEMBERS.iter().any(|member| member.eq_ignore_ascii_case(name));
    let before = members.len();
    members.retain(|name, _| !of_badge(name));
    if badge.is_empty() && members.len() == before {
        return None;
    }
    if !badge.is_empty()
        && let Ok(Value::Object(of_badge)) = serde_json::to_value(badge)
    {
        members.extend(of_badge);
    }
    serde_json::to_string(&members).ok()
}

/// Whether some reader could take the data for a JSON object: parsers differ in numbers, in depth,
/// in halves of characters, and in what may stand before the first sign.
fn begins_as_object(data: &str) -> bool {
    let is_before = |sign: char| {
        sign.is_whitespace()
            || sign.is_control()
            || matches!(sign, '\u{FEFF}' | '\u{200B}'..='\u{200F}')
    };
    data.trim_start_matches(is_before).starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_badge_has_the_documented_form() {
        let badge = Badge { level: 7, badges: vec![BadgeKind::Host] };
        assert_eq!(serde_json::to_string(&badge).unwrap(), r#"{"level":7,"badges":["host"]}"#);
        assert!(Badge::default().is_empty() && !badge.is_empty());
    }

    #[test]
    fn nobody_pins_a_badge_on_oneself_and_other_data_stays() {
        let host = Badge { level: 7, badges: vec![BadgeKind::Host] };
        let nobody = Badge::default();
        let read = |data: Option<String>| data.map(|data| serde_json::from_str(&data).unwrap());
        let forged =
            r#"{"level":99,"badges":["admin"],"Level":9,"BADGES":["host"],"colour":"red"}"#;
        assert_eq!(read(pinned(forged, &nobody)), Some(json!({"colour": "red"})));
        let pinned_on = json!({"colour": "red", "level": 7, "badges": ["host"]});
        assert_eq!(read(pinned(forged, &host)), Some(pinned_on));
        assert_eq!(read(pinned("", &host)), Some(json!({"level": 7, "badges": ["host"]})));
        for data in ["", r#"{"colour":"red"}"#, "red", "[1]", "red {1}"] {
            assert_eq!(pinned(data, &nobody), None, "{data}");
        }
        assert_eq!(pinned("red", &host), None);
    }

    #[test]
    fn what_only_another_parser_reads_pins_no_badge() {
        let host = Badge { level: 7, badges: vec![BadgeKind::Host] };
        let deep = format!(r#"{{"badges":["admin"],"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for data in [
            r#"{"badges":["admin"],"x":"\ud800"}"#,
            r#"{"badges":["admin"],"x":1e999}"#,
            &deep,
            "\u{FEFF}{\"badges\":[\"admin\"]}",
            " \n{\"badges\":[\"admin\"],}",
            "{",
        ] {
            assert_eq!(without_badge(data).as_deref(), Some("{}"), "{data}");
            assert_eq!(pinned(data, &host).unwrap(), r#"{"level":7,"badges":["host"]}"#);
        }
    }
}
