//! What is going to happen in a room, and whether it may.

use chat_types::Element;
use chat_types::business::{BusinessMessage, Like};
use chat_types::webhook::{BeforeApplyJoin, GroupMsg, Webhook, WebhookAnswer};
use serde::Deserialize;

use crate::accounts::Standing;
use crate::events::codes;
use crate::figures::count;
use crate::moderation::{self, Judged, WhenLate};
use crate::storage::Error;
use crate::webhooks::{Asked, Boxed, Question, allow};
use crate::{Business, accounts, likes};

fn refuse(code: i32, sentence: impl Into<String>) -> WebhookAnswer {
    WebhookAnswer { error_code: code, error_info: sentence.into(), ..allow() }
}

/// What a before-webhook comes to, as far as it says so itself.
pub(super) fn ask<'a>(business: &Business, webhook: &'a Webhook) -> Asked<'a> {
    match webhook {
        Webhook::GroupBeforeSendMsg(message) => ask_message(business, message),
        Webhook::BeforeApplyJoinGroup(join) => Asked::Open(Box::new(Open::Join(join))),
        _ => Asked::Answered(allow()),
    }
}

fn ask_message<'a>(business: &Business, message: &'a GroupMsg) -> Asked<'a> {
    // What this service says itself has been decided already, in whose name it may be.
    if business.config.chat.is_own(&message.operator_account) {
        return Asked::Answered(allow());
    }
    match kind(&message.msg_body) {
        Kind::Forged(kind) => {
            let (code, sentence) = moderation::refuse_forged(business, message, kind);
            Asked::Answered(refuse(code, sentence))
        }
        Kind::Like(like) => Asked::Open(Box::new(Open::Like(message, like))),
        Kind::Comment => Asked::Open(Box::new(Open::Comment(message))),
    }
}

/// What has to be looked up.
enum Open<'a> {
    Like(&'a GroupMsg, Like),
    Comment(&'a GroupMsg),
    Join(&'a BeforeApplyJoin),
}

/// Told to who is kept out.
const BLOCKED: &str = "this account is blocked: ask the shop why";
/// Told to who was deleted.
const GONE: &str = "this account was deleted: sign in with another one";

impl Open<'_> {
    /// Who wants something.
    fn account(&self) -> &str {
        match self {
            Self::Like(message, _) | Self::Comment(message) => &message.from_account,
            Self::Join(join) => &join.requestor_account,
        }
    }

    async fn decide_rest(&self, business: &Business) -> Result<WebhookAnswer, Error> {
        match self {
            Self::Like(message, _) if !business.config.count_likes => {
                Ok(allow_without_badge(message))
            }
            Self::Like(message, like) => count_likes(business, message, like).await,
            Self::Comment(message) => decide_comment(business, message).await,
            Self::Join(join) => decide_join(business, join).await,
        }
    }
}

impl Question for Open<'_> {
    fn decide<'a>(&'a self, business: &'a Business) -> Boxed<'a, WebhookAnswer> {
        Box::pin(async {
            let decided = match accounts::standing(business, self.account()).await {
                Ok(Standing::Open) => self.decide_rest(business).await,
                Ok(Standing::Blocked) => Ok(refuse(codes::BLOCKED, BLOCKED)),
                Ok(Standing::Gone) => Ok(refuse(codes::GONE, GONE)),
                Err(error) => Err(error),
            };
            decided.unwrap_or_else(|error| {
                tracing::error!(%error, "a webhook is answered without a decision");
                count(&business.moderation.figures.before_failed);
                self.undecided(business)
            })
        })
    }

    /// Also without a database. What is not counted is not acknowledged, and of everything else the
    /// room says what it wants.
    fn undecided(&self, business: &Business) -> WebhookAnswer {
        let (group_id, allowed) = match self {
            Self::Like(message, _) if !business.config.count_likes => {
                return allow_without_badge(message);
            }
            Self::Like(..) => return refuse_likes(likes::Refused::Late),
            Self::Comment(message) => (&message.group_id, allow_without_badge(message)),
            Self::Join(join) => (&join.group_id, allow()),
        };
        match moderation::when_late(business, group_id) {
            WhenLate::Allow => allowed,
            WhenLate::Refuse => {
                refuse(codes::LATE, "this could not be looked at in time: try again in a moment")
            }
        }
    }
}

async fn count_likes(
    business: &Business,
    message: &GroupMsg,
    like: &Like,
) -> Result<WebhookAnswer, Error> {
    Ok(match likes::count(business, message, like).await {
        // Likes are many, and nobody looks for a badge beside one.
        Ok(()) => allow_without_badge(message),
        Err(refused) => refuse_likes(refused),
    })
}

fn refuse_likes(refused: likes::Refused) -> WebhookAnswer {
    refuse(refused.code(), refused.to_string())
}

/// Goes on, without a badge that its sender has pinned on.
fn allow_without_badge(message: &GroupMsg) -> WebhookAnswer {
    let cloud_custom_data = accounts::without_badge(&message.cloud_custom_data);
    WebhookAnswer { cloud_custom_data, ..allow() }
}

async fn decide_comment(business: &Business, message: &GroupMsg) -> Result<WebhookAnswer, Error> {
    let badged = async || WebhookAnswer {
        cloud_custom_data: accounts::badge_data(business, message).await,
        ..allow()
    };
    Ok(match moderation::judge(business, message).await? {
        Judged::Pass => badged().await,
        Judged::Replace(body) => WebhookAnswer { msg_body: Some(body), ..badged().await },
        Judged::Refuse { code, sentence } => refuse(code, sentence),
        Judged::Drop => refuse(codes::SILENT, ""),
    })
}

async fn decide_join(business: &Business, join: &BeforeApplyJoin) -> Result<WebhookAnswer, Error> {
    let banned =
        moderation::banned_until(business, &join.group_id, &join.requestor_account).await?;
    let Some(until_s) = banned else { return Ok(allow()) };
    let left_s = until_s.saturating_sub(business.clock.now_s());
    Ok(refuse(codes::BANNED, format!("you may not come in for another {left_s} s")))
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Comment,
    Like(Like),
    /// Something that only the service may say, or that is made to look like it: every kind of
    /// business message but a sound like, which is a viewer's own.
    Forged(&'static str),
}

/// What a message of a client is. Readers take only a message of one sound element for a business
/// message; here one is enough that could be taken for one by a reader who is less strict.
pub(super) fn kind(body: &[Element]) -> Kind {
    if let Some(BusinessMessage::Like(like)) = BusinessMessage::read(body) {
        return Kind::Like(like);
    }
    let forged = body.iter().find_map(|element| {
        let Element::Custom(custom) = element else { return None };
        let named = serde_json::from_str::<Tag>(&custom.data).ok().map(|tag| tag.t);
        let named = named.as_deref();
        let known = BusinessMessage::KINDS.into_iter().find(|kind| named == Some(*kind));
        // A form that the tag alone does not show.
        let read = || BusinessMessage::read(std::slice::from_ref(element));
        known.or_else(|| read().map(|message| message.kind()))
    });
    forged.map_or(Kind::Comment, Kind::Forged)
}

#[derive(Deserialize)]
struct Tag {
    t: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::element::CustomElement;
    use proptest::prelude::*;
    use serde_json::json;

    fn custom(data: &str) -> Element {
        Element::Custom(CustomElement { data: data.into(), ..CustomElement::default() })
    }

    #[test]
    fn a_sound_like_alone_is_a_like() {
        let like = custom(r#"{"t":"like","batch":"b","count":3}"#);
        assert!(matches!(kind(std::slice::from_ref(&like)), Kind::Like(like) if like.count == 3));
        assert_eq!(kind(&[like.clone(), Element::text("!")]), Kind::Forged("like"));
        assert_eq!(kind(&[custom(r#"{"t":"like","batch":"b","count":0}"#)]), Kind::Forged("like"));
    }

    #[test]
    fn what_only_the_service_says_is_forged_in_whatever_form() {
        for name in BusinessMessage::KINDS.into_iter().filter(|kind| *kind != "like") {
            for body in [
                vec![custom(&json!({"t": name}).to_string())],
                vec![custom(&json!({"more": 1, "t": name, "batch": "b", "count": 1}).to_string())],
                vec![custom(&format!("  {{ \"\\u0074\": \"{name}\" }} "))],
                vec![Element::text("look"), custom(&json!({"t": name}).to_string())],
            ] {
                assert_eq!(kind(&body), Kind::Forged(name), "{body:?}");
            }
        }
        let listed = json!(["gift", "o", "c", "rose", "Rose", 1, 1, "mei", "Mei", 1, 1, "quiet"]);
        assert_eq!(kind(&[custom(&listed.to_string())]), Kind::Forged("gift"));
    }

    #[test]
    fn everything_else_is_a_comment() {
        for body in [
            vec![Element::text(r#"{"t":"gift"}"#)],
            vec![custom("")],
            vec![custom("wave")],
            vec![custom(r#"{"t":"wave"}"#)],
            vec![custom(r#"{"kind":"gift"}"#)],
            vec![],
        ] {
            assert_eq!(kind(&body), Kind::Comment, "{body:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn nothing_that_a_reader_takes_for_the_service_s_word_passes(
            data in prop_oneof![
                "\\PC{0,60}",
                r#"\{("t":"(gift|like|product|announcement)",?|"order":"o",?|"count":[0-9]{1,3},?|"batch":"b",?){0,5}\}"#,
                r#"\[("gift"|"product"|"live_status"|"live"|[0-9]|,){0,8}\]"#,
            ]
        ) {
            let body = [custom(&data)];
            match BusinessMessage::read(&body) {
                Some(BusinessMessage::Like(like)) => prop_assert_eq!(kind(&body), Kind::Like(like)),
                Some(_) => prop_assert!(matches!(kind(&body), Kind::Forged(_))),
                None => {}
            }
        }
    }
}
