//! The rules of a room: what they are, who changes them, and what they refuse.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{
    Inherited, LinkPolicy, RefusalCause, RoomFigures, RoomRole, RoomRules, RuleValue, RulesChange,
    ServerFrame,
};
use chat_types::rest::RoomRulesInfo;
use chat_types::{Element, Priority, UserId};
use std::collections::HashSet;
use std::sync::Arc;
use text_rules::{folded, has_link};

use super::fields::right_in;
use super::{Outgoing, Service};
use crate::application::{Application, Right};
use crate::room::{Room, SpeechPermit, said};
use crate::storage::{GroupChange, GroupRules, StoredGroup};

pub(crate) const MAX_BUDGET: u32 = 100_000;
pub(crate) const MAX_SENDER_RATE: u32 = 10_000;
/// Six hours.
pub(crate) const MAX_SLOW_MODE_S: u32 = 21_600;
/// Blocked words of a room.
pub(crate) const MAX_WORDS: usize = 500;
pub(crate) const MAX_WORD_CHARS: usize = 64;

/// A message that was refused, with the cause for the figures.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: ApiError,
    pub(crate) cause: RefusalCause,
}

impl Refusal {
    pub(super) fn muted(info: &str) -> Self {
        ApiError::new(Code::SENDER_MUTED, info).into()
    }

    /// The same code as of a muted sender, and another cause.
    pub(super) fn mute_all() -> Self {
        let info = "the whole group is muted: only its administrators may speak";
        Self { error: ApiError::new(Code::SENDER_MUTED, info), cause: RefusalCause::MuteAll }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { cause: cause(&error), error }
    }
}

/// Why a message was refused, as far as the code tells.
fn cause(error: &ApiError) -> RefusalCause {
    match error.code {
        Code::SENDER_MUTED => RefusalCause::Muted,
        Code::SENDER_RATE => RefusalCause::SenderRate,
        Code::SLOW_MODE => RefusalCause::SlowMode,
        Code::LINK_REFUSED => RefusalCause::Link,
        Code::BLOCKED_WORD => RefusalCause::BlockedWord,
        // The last are codes of the application's own.
        Code::REFUSED_BY_WEBHOOK | Code::WEBHOOK_FAILED | Code(10_100..=10_200) => {
            RefusalCause::Webhook
        }
        _ => RefusalCause::Other,
    }
}

/// The rules that hold in a group: its own, and where it has none those of the application.
pub(crate) fn rules(app: &Application, group: &StoredGroup) -> RoomRules {
    let own = &group.rules;
    RoomRules {
        budget_per_s: own.budget_per_s.unwrap_or(app.settings.room_budget),
        sender_per_s: own.sender_per_s.unwrap_or(app.settings.sender_rate),
        slow_mode_s: own.slow_mode_s,
        links: own.links,
    }
}

/// What an account that is in a group is there.
pub(crate) fn role_in(app: &Application, group: &StoredGroup, user_id: &UserId) -> RoomRole {
    if group.owner == user_id.as_str() {
        return RoomRole::Owner;
    }
    match right_in(app, group, user_id) {
        Right::AppAdmin | Right::Owner | Right::Admin => RoomRole::Admin,
        Right::Member | Right::Anyone => RoomRole::Member,
    }
}

impl Service {
    /// Whether the sender may say something again: 9008 at its rate in this room. It comes before
    /// everything that the sender can be refused for, so that nobody can be refused faster than it
    /// may speak. A repeat of a message that was taken is not charged.
    pub(super) fn check_rate(
        &self,
        app: &Application,
        room: &Room,
        outgoing: &Outgoing,
    ) -> Result<(), Refusal> {
        if outgoing.connection.is_none() {
            return Ok(());
        }
        let (most, right, group_id) = room.with(|group| {
            let most = rules(app, group).sender_per_s;
            (most, right_in(app, group, &outgoing.from), group.group_id.clone())
        });
        if right >= Right::Admin {
            return Ok(());
        }
        let spoken = self.admission.speak(app.sdk_app_id, &group_id, &outgoing.from, most);
        spoken.map_err(|wait_ms| {
            let info = format!("one account says at most {most} messages a second here: slow down");
            ApiError::new(Code::SENDER_RATE, info).retry_after_ms(wait_ms).into()
        })
    }

    /// Whether the rules of the room let this message through: slow mode (9009), links (9010),
    /// blocked words (80001). Asked once for a message; the permit is to be held until it is known
    /// what became of the message. Nothing is refused to owner and administrators, nor to the
    /// application's own server.
    pub(super) fn check_rules(
        &self,
        app: &Application,
        room: &Arc<Room>,
        outgoing: &Outgoing,
    ) -> Result<SpeechPermit, Refusal> {
        if outgoing.connection.is_none() {
            return Ok(SpeechPermit::free());
        }
        let (rules, right) =
            room.with(|group| (rules(app, group), right_in(app, group, &outgoing.from)));
        if right >= Right::Admin {
            return Ok(SpeechPermit::free());
        }
        let permit = if is_signal(outgoing) {
            SpeechPermit::free()
        } else {
            let permit = room.permit(&outgoing.from, rules.slow_mode_s, self.clock.monotonic_ms());
            permit.map_err(|wait_ms| in_slow_mode(wait_ms, &rules))?
        };
        let (no_links, words) = (rules.links == LinkPolicy::Nobody, room.blocked_words());
        if !no_links && words.is_none() {
            return Ok(permit);
        }
        let text = said(&outgoing.elements);
        if no_links && has_link(&text) {
            let info = "this room takes no links: send the message without it";
            return Err(ApiError::new(Code::LINK_REFUSED, info).into());
        }
        if let Some(word) = words.as_ref().and_then(|words| words.find(&text)) {
            let info = format!("this room does not take {word:?}: say it in other words");
            return Err(ApiError::new(Code::BLOCKED_WORD, info).into());
        }
        Ok(permit)
    }

    /// Changes the rules of a room and tells everybody in it, if anything is different then. 10007
    /// for who may not, 10004 for a rule that cannot be.
    pub(crate) async fn modify_rules(
        &self,
        app: &Application,
        operator: &UserId,
        room: &Room,
        change: RulesChange,
    ) -> Result<(), ApiError> {
        let _one_at_a_time = room.changing.lock().await;
        let (right, before) =
            room.with(|group| (right_in(app, group, operator), group.rules.clone()));
        if right < Right::Admin {
            let info = "only the owner and administrators change the rules of a room";
            return Err(ApiError::new(Code::NO_PERMISSION, info));
        }
        let after = changed(&before, change)?;
        if after == before {
            return Ok(());
        }
        self.change_group(app.sdk_app_id, room, &[GroupChange::Rules(after)]).await?;
        let (group_id, rules) = room.with(|group| (group.group_id.clone(), rules(app, group)));
        let operator = operator.to_string();
        room.tell(&ServerFrame::RulesChanged { group_id, operator, rules });
        Ok(())
    }

    /// The rules of a room, blocked words among them.
    pub(crate) async fn room_rules(
        &self,
        app: &Application,
        group_id: &str,
    ) -> Result<RoomRulesInfo, ApiError> {
        let (_, room) = self.room_named(app, group_id).await?;
        let value = |own: Option<u32>| {
            Some(own.map_or(RuleValue::Inherited(Inherited::Application), RuleValue::Own))
        };
        Ok(room.with(|group| RoomRulesInfo {
            rules: RulesChange {
                budget_per_s: value(group.rules.budget_per_s),
                sender_per_s: value(group.rules.sender_per_s),
                slow_mode_s: Some(group.rules.slow_mode_s),
                links: Some(group.rules.links),
                blocked_words: Some(group.rules.blocked_words.clone()),
            },
            effective: rules(app, group),
        }))
    }
}

impl Service {
    /// What the room has done with its messages.
    pub(crate) fn room_figures(&self, app: &Application, room: &Room) -> RoomFigures {
        let pace = self.pace(app.sdk_app_id, room);
        room.live_figures(pace.budget_per_s, pace.now_ms)
    }
}

/// Whether a message says nothing to anybody, as a like does: slow mode is for what people read, and
/// who likes has not spoken.
fn is_signal(outgoing: &Outgoing) -> bool {
    let elements = &outgoing.elements;
    outgoing.priority <= Priority::Low
        && elements.iter().all(|element| matches!(element, Element::Custom(_)))
}

fn in_slow_mode(wait_ms: u64, rules: &RoomRules) -> ApiError {
    let every = rules.slow_mode_s;
    let left = wait_ms.div_ceil(1_000);
    let info = format!("slow mode: one message every {every} s; wait {left} s more");
    ApiError::new(Code::SLOW_MODE, info).retry_after_ms(wait_ms)
}

/// The rules after a change; 10004 when nothing is given or a rule cannot be.
fn changed(before: &GroupRules, change: RulesChange) -> Result<GroupRules, ApiError> {
    if change == RulesChange::default() {
        return Err(ApiError::bad_parameter(
            "nothing to change: give at least one of budget_per_s, sender_per_s, slow_mode_s, \
             links, blocked_words",
        ));
    }
    let mut after = before.clone();
    if let Some(value) = change.budget_per_s {
        after.budget_per_s = own("budget_per_s", value, MAX_BUDGET)?;
    }
    if let Some(value) = change.sender_per_s {
        after.sender_per_s = own("sender_per_s", value, MAX_SENDER_RATE)?;
    }
    if let Some(seconds) = change.slow_mode_s {
        after.slow_mode_s = at_most("slow_mode_s", seconds, MAX_SLOW_MODE_S)?;
    }
    after.links = change.links.unwrap_or(after.links);
    if let Some(words) = change.blocked_words {
        after.blocked_words = checked_words(&words)?;
    }
    Ok(after)
}

fn own(name: &str, value: RuleValue, most: u32) -> Result<Option<u32>, ApiError> {
    match value {
        RuleValue::Own(number) => at_most(name, number, most).map(Some),
        RuleValue::Inherited(Inherited::Application) => Ok(None),
    }
}

fn at_most(name: &str, number: u32, most: u32) -> Result<u32, ApiError> {
    if number > most {
        return Err(ApiError::bad_parameter(format!("{name} is {number}; {most} is the most")));
    }
    Ok(number)
}

/// The words without space around them. Two that are found in the same texts are the same word.
fn checked_words(words: &[String]) -> Result<Vec<String>, ApiError> {
    if words.len() > MAX_WORDS {
        return Err(ApiError::bad_parameter(format!(
            "blocked_words has {} words; {MAX_WORDS} is the most",
            words.len()
        )));
    }
    let mut seen = HashSet::with_capacity(words.len());
    let mut checked = Vec::with_capacity(words.len());
    for (place, word) in words.iter().map(|word| word.trim()).enumerate() {
        let plain = folded(word);
        if plain.trim().is_empty() {
            let info = format!("blocked_words[{place}] is empty: leave it out");
            return Err(ApiError::bad_parameter(info));
        }
        if word.chars().count() > MAX_WORD_CHARS || plain.chars().count() > MAX_WORD_CHARS {
            return Err(ApiError::bad_parameter(format!(
                "blocked_words[{place}] is too long: {MAX_WORD_CHARS} characters are the most"
            )));
        }
        if !seen.insert(plain) {
            let info = format!("blocked_words[{place}] stands there before: leave it out");
            return Err(ApiError::bad_parameter(info));
        }
        checked.push(word.to_owned());
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_refusal_has_its_cause() {
        for (code, cause) in [
            (Code::SENDER_MUTED, RefusalCause::Muted),
            (Code::SENDER_RATE, RefusalCause::SenderRate),
            (Code::SLOW_MODE, RefusalCause::SlowMode),
            (Code::LINK_REFUSED, RefusalCause::Link),
            (Code::BLOCKED_WORD, RefusalCause::BlockedWord),
            (Code::REFUSED_BY_WEBHOOK, RefusalCause::Webhook),
            (Code::WEBHOOK_FAILED, RefusalCause::Webhook),
            (Code(10_100), RefusalCause::Webhook),
            (Code(10_200), RefusalCause::Webhook),
            (Code(10_201), RefusalCause::Other),
            (Code::NOT_IN_ROOM, RefusalCause::Other),
            (Code::INTERNAL, RefusalCause::Other),
        ] {
            assert_eq!(Refusal::from(ApiError::new(code, "")).cause, cause, "{code:?}");
        }
        assert_eq!(Refusal::muted("").cause, RefusalCause::Muted);
        assert_eq!(Refusal::mute_all().cause, RefusalCause::MuteAll);
    }

    fn words(words: &[&str]) -> Result<Vec<String>, i32> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        checked_words(&words).map_err(|error| error.code.0)
    }

    #[test]
    fn blocked_words_are_trimmed_and_bounded_and_none_stands_there_twice() {
        assert_eq!(words(&[" spam\n", "慢"]), Ok(vec!["spam".to_owned(), "慢".to_owned()]));
        assert_eq!(words(&[]), Ok(Vec::new()));
        let long = "慢".repeat(MAX_WORD_CHARS);
        assert!(words(&[&long]).is_ok());
        for wrong in [
            &["", "x"][..],
            &["  "],
            &["\u{200B}"],
            &[&format!("{long}慢")],
            // One sign that stands for eighteen letters.
            &[&"\u{FDFA}".repeat(4)],
            &["spam", "SPAM"],
            &["spam", "ｓｐａｍ "],
        ] {
            assert_eq!(words(wrong), Err(10004), "{wrong:?}");
        }
        let many: Vec<String> = (0..=MAX_WORDS).map(|number| number.to_string()).collect();
        assert!(checked_words(&many[1..]).is_ok());
        assert_eq!(checked_words(&many).unwrap_err().code, Code::BAD_PARAMETER);
    }
}
