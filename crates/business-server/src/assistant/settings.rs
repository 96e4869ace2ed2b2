//! What the assistant does in a room, as the API has it, and the limits of it.

use chat_types::business::MAX_ANNOUNCEMENT_CHARS;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

use super::answers::{Rule, folded};
use super::greeting::{Arrivals, Greeting, MORE, NAMES};
use super::notices::{Notice, When};
use crate::problem::Problem;

const MAX_RULES: usize = 50;
const MAX_NOTICES: usize = 20;
const MAX_KEYWORD_CHARS: usize = 50;
/// Longest rest between two answers or greetings.
const MAX_REST_S: u64 = 3_600;
/// Longest time between two notices: a day.
const MAX_EVERY_MIN: u64 = 24 * 60;
const GREET_EVERY_S: u64 = 5;
const COOL_DOWN_S: u64 = 10;

fn greet_every_s() -> u64 {
    GREET_EVERY_S
}

fn cool_down_s() -> u64 {
    COOL_DOWN_S
}

fn text() -> String {
    format!("Welcome, {NAMES}!")
}

fn text_many() -> String {
    format!("Welcome, {NAMES} and {MORE} more!")
}

/// What the assistant does in a room. What is left out is as in a room that nobody has set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AssistantSettings {
    greeting: GreetingSettings,
    /// At most 50. One comment gets the answer of the first rule that fits and does not rest.
    rules: Vec<AnswerRule>,
    /// At most 20.
    notices: Vec<ScheduledNotice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GreetingSettings {
    on: bool,
    /// `{names}` becomes the names of up to three people.
    #[serde(default = "text")]
    text: String,
    /// When more came in than are named: `{more}` becomes their number.
    #[serde(default = "text_many")]
    text_many: String,
    /// At most one greeting in so many seconds, 1 to 3,600.
    #[serde(default = "greet_every_s")]
    every_s: u64,
}

impl Default for GreetingSettings {
    fn default() -> Self {
        Self { on: false, text: text(), text_many: text_many(), every_s: GREET_EVERY_S }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerRule {
    /// 1 to 50 characters; found anywhere in a comment, whatever its case and width.
    keyword: String,
    /// 1 to 300 characters.
    answer: String,
    /// The rule rests so long after an answer, 1 to 3,600 seconds.
    #[serde(default = "cool_down_s")]
    cool_down_s: u64,
}

/// One of `at_s` and `every_min` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduledNotice {
    /// 1 to 300 characters.
    text: String,
    /// Once, in Unix seconds. A time that is past is kept and does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_s: Option<u64>,
    /// Again and again while the host is on: 1 to 1,440 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every_min: Option<u64>,
}

/// The same, as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) greeting: Greeting,
    pub(super) rules: Vec<Rule>,
    pub(super) notices: Vec<Notice>,
}

impl AssistantSettings {
    /// Checked, and with what is remembered of `before`: what rests goes on resting, and a notice
    /// that stays as it is keeps its time.
    pub(super) fn checked(self, before: Kept, now_s: u64) -> Result<Kept, Problem> {
        if self.rules.len() > MAX_RULES || self.notices.len() > MAX_NOTICES {
            return Err(Problem::invalid(format!(
                "a room has at most {MAX_RULES} rules and {MAX_NOTICES} notices"
            )));
        }
        let greeting = self.greeting.checked(before.greeting)?;
        let rules: Vec<Rule> = self
            .rules
            .into_iter()
            .map(|rule| rule.checked(&before.rules))
            .collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        if let Some(twice) = rules.iter().find(|rule| !seen.insert(rule.folded.as_str())) {
            return Err(Problem::invalid(format!("two rules have the keyword {}", twice.keyword)));
        }
        let notices = self
            .notices
            .into_iter()
            .map(|notice| notice.checked(&before.notices, now_s))
            .collect::<Result<_, _>>()?;
        Ok(Kept { greeting, rules, notices })
    }
}

impl GreetingSettings {
    fn checked(self, before: Greeting) -> Result<Greeting, Problem> {
        check_rest("every_s", self.every_s)?;
        for text in [&self.text, &self.text_many] {
            check_text("a greeting", text)?;
        }
        let waiting = if self.on { before.waiting } else { Arrivals::default() };
        let greeting = Greeting {
            is_on: self.on,
            text: self.text,
            text_many: self.text_many,
            every_s: self.every_s,
            greeted_ms: before.greeted_ms,
            waiting,
        };
        if !greeting.always_fits() {
            return Err(Problem::invalid(format!(
                "with three long names the greeting has more than {MAX_ANNOUNCEMENT_CHARS} \
                 characters: make it shorter"
            )));
        }
        Ok(greeting)
    }
}

impl AnswerRule {
    fn checked(self, before: &[Rule]) -> Result<Rule, Problem> {
        check_rest("cool_down_s", self.cool_down_s)?;
        check_text("an answer", &self.answer)?;
        let folded = folded(&self.keyword);
        if folded.is_empty()
            || self.keyword.chars().count() > MAX_KEYWORD_CHARS
            || self.keyword.chars().any(char::is_control)
        {
            return Err(Problem::invalid(format!(
                "a keyword has 1 to {MAX_KEYWORD_CHARS} characters, and no control characters"
            )));
        }
        let same = before.iter().find(|rule| rule.folded == folded);
        Ok(Rule {
            answered_ms: same.and_then(|rule| rule.answered_ms),
            keyword: self.keyword,
            folded,
            answer: self.answer,
            cool_down_s: self.cool_down_s,
        })
    }
}

impl ScheduledNotice {
    fn checked(self, before: &[Notice], now_s: u64) -> Result<Notice, Problem> {
        check_text("a notice", &self.text)?;
        let when = match (self.at_s, self.every_min) {
            (Some(at_s), None) => When::At(at_s),
            (None, Some(minutes)) if (1..=MAX_EVERY_MIN).contains(&minutes) => {
                When::Every(minutes * 60)
            }
            _ => {
                return Err(Problem::invalid(format!(
                    "a notice has either at_s, or every_min from 1 to {MAX_EVERY_MIN}"
                )));
            }
        };
        let same = before.iter().find(|notice| notice.text == self.text && notice.when == when);
        let due_s = same.map_or_else(|| when.first_due_s(now_s), |notice| notice.due_s);
        Ok(Notice { text: self.text, when, due_s })
    }
}

fn check_text(what: &str, text: &str) -> Result<(), Problem> {
    if !text.trim().is_empty()
        && text.chars().count() <= MAX_ANNOUNCEMENT_CHARS
        && !text.chars().any(char::is_control)
    {
        return Ok(());
    }
    Err(Problem::invalid(format!(
        "{what} has 1 to {MAX_ANNOUNCEMENT_CHARS} characters, and no control characters"
    )))
}

fn check_rest(member: &str, seconds: u64) -> Result<(), Problem> {
    if (1..=MAX_REST_S).contains(&seconds) {
        return Ok(());
    }
    Err(Problem::invalid(format!("{member} is 1 to {MAX_REST_S} seconds")))
}

impl From<Kept> for AssistantSettings {
    fn from(kept: Kept) -> Self {
        let Kept { greeting, rules, notices } = kept;
        let rules = rules.into_iter().map(|rule| AnswerRule {
            keyword: rule.keyword,
            answer: rule.answer,
            cool_down_s: rule.cool_down_s,
        });
        let notices = notices.into_iter().map(|notice| {
            let (at_s, every_min) = match notice.when {
                When::At(at_s) => (Some(at_s), None),
                When::Every(every_s) => (None, Some(every_s / 60)),
            };
            ScheduledNotice { text: notice.text, at_s, every_min }
        });
        Self {
            greeting: GreetingSettings {
                on: greeting.is_on,
                text: greeting.text,
                text_many: greeting.text_many,
                every_s: greeting.every_s,
            },
            rules: rules.collect(),
            notices: notices.collect(),
        }
    }
}

impl Default for Kept {
    /// Of a room that nobody has set up.
    fn default() -> Self {
        Self {
            greeting: Greeting {
                is_on: false,
                text: text(),
                text_many: text_many(),
                every_s: GREET_EVERY_S,
                greeted_ms: None,
                waiting: Arrivals::default(),
            },
            rules: Vec::new(),
            notices: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW_S: u64 = 1_000;

    fn checked(settings: Value, before: Kept) -> Result<Kept, &'static str> {
        let settings: AssistantSettings = serde_json::from_value(settings).unwrap();
        settings.checked(before, NOW_S).map_err(|problem| problem.code)
    }

    #[test]
    fn what_is_kept_comes_out_as_it_went_in() {
        let settings: AssistantSettings = serde_json::from_value(json!({
            "greeting": {"on": true, "text": "Hi {names}"},
            "rules": [{"keyword": "Size", "answer": "40 to 45"}],
            "notices": [{"text": "A break soon", "at_s": 1_500}, {"text": "Rules", "every_min": 5}],
        }))
        .unwrap();
        let kept = settings.clone().checked(Kept::default(), NOW_S).unwrap();
        assert_eq!(kept.rules[0].cool_down_s, 10);
        assert_eq!(kept.notices[0].due_s, Some(1_500));
        assert_eq!(kept.notices[1].due_s, Some(NOW_S + 300));
        assert_eq!(AssistantSettings::from(kept), settings);
    }

    #[test]
    fn each_limit_is_kept() {
        let rule = |keyword: &str| json!({"keyword": keyword, "answer": "yes"});
        let many: Vec<Value> = (0..51).map(|number| rule(&format!("k{number}"))).collect();
        let notice = json!({"text": "x", "every_min": 1});
        for wrong in [
            json!({"rules": many}),
            json!({"rules": [rule("size"), rule("ＳＩＺＥ")]}),
            json!({"rules": [rule(" ")]}),
            json!({"rules": [rule(&"k".repeat(51))]}),
            json!({"rules": [rule("k\u{0}")]}),
            json!({"rules": [{"keyword": "k", "answer": "a\u{0}"}]}),
            json!({"notices": [{"text": "x\u{7}", "every_min": 1}]}),
            json!({"greeting": {"on": true, "text": "Hi\u{0} {names}"}}),
            json!({"rules": [{"keyword": "k", "answer": "a".repeat(301)}]}),
            json!({"rules": [{"keyword": "k", "answer": "a", "cool_down_s": 0}]}),
            json!({"notices": vec![notice; 21]}),
            json!({"notices": [{"text": "x"}]}),
            json!({"notices": [{"text": "x", "at_s": 5, "every_min": 5}]}),
            json!({"notices": [{"text": "x", "every_min": 0}]}),
            json!({"notices": [{"text": " ", "every_min": 1}]}),
            json!({"greeting": {"on": true, "every_s": 0}}),
            json!({"greeting": {"on": true, "text": "{names}".repeat(10)}}),
        ] {
            assert_eq!(checked(wrong.clone(), Kept::default()).unwrap_err(), "invalid", "{wrong}");
        }
    }

    #[test]
    fn a_change_elsewhere_wakes_no_rule_and_moves_no_notice() {
        let settings = json!({
            "rules": [{"keyword": "size", "answer": "40"}],
            "notices": [{"text": "Rules", "every_min": 5}, {"text": "Once", "at_s": 1_100}],
        });
        let mut before = checked(settings.clone(), Kept::default()).unwrap();
        before.rules[0].answered_ms = Some(999_000);
        before.notices[0].due_s = Some(1_017);
        before.notices[1].due_s = None;
        let mut changed = settings;
        changed["rules"][0]["answer"] = json!("41");
        let after = checked(changed, before).unwrap();
        assert_eq!(
            (after.rules[0].answer.as_str(), after.rules[0].answered_ms),
            ("41", Some(999_000))
        );
        assert_eq!(after.notices[0].due_s, Some(1_017));
        assert_eq!(after.notices[1].due_s, None);
    }

    #[test]
    fn a_notice_for_a_time_that_is_past_is_kept_and_does_nothing() {
        let past = json!({"notices": [{"text": "x", "at_s": NOW_S}]});
        assert_eq!(checked(past, Kept::default()).unwrap().notices[0].due_s, None);
    }
}
