//! The rules of a room, and what they say about a message. Nothing here waits or remembers.

use chat_types::Element;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use text_rules::{has_link, has_link_in_name};
use utoipa::ToSchema;

use super::Judged;
use super::ladder::Ladder;
use super::said::Said;
use super::store::Version;
use super::words::{Action, Found, Text, Words};
use crate::events::codes;

/// Longest time of a rule, in seconds.
const MAX_RULE_S: u32 = 365 * 24 * 3_600;
/// A text may be looked for so long, in seconds.
const MAX_REPEATS_S: u32 = 3_600;

/// What the room does about links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnLink {
    #[default]
    Allow,
    Review,
    Refuse,
    Drop,
}

/// What the room does with a comment, and with somebody who comes in, when the service cannot decide
/// in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhenLate {
    /// It passes.
    #[default]
    Allow,
    /// It is refused, and may be tried again.
    Refuse,
}

/// The rules of a room. Those of a new room let everything pass; words are listed elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rules {
    pub(crate) links: OnLink,
    /// The same text of one account is refused when it was last said within so many seconds; 0 lets
    /// it pass.
    pub(crate) repeats_within_s: u32,
    /// An account speaks when it is so many seconds old.
    pub(crate) speak_after_s: u32,
    /// An account sends links when it is so many seconds old.
    pub(crate) link_after_s: u32,
    /// Longest message, in characters; 0 is no limit.
    pub(crate) max_chars: u32,
    /// What becomes of a comment, or of somebody who comes in, when the service cannot decide in time.
    pub(crate) when_late: WhenLate,
    pub(crate) ladder: Ladder,
}

impl Rules {
    /// A sentence about the rule that they break.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.repeats_within_s > MAX_REPEATS_S {
            return Err(format!("repeats_within_s is {MAX_REPEATS_S} at most"));
        }
        if self.speak_after_s.max(self.link_after_s) > MAX_RULE_S {
            return Err(format!("speak_after_s and link_after_s are {MAX_RULE_S} at most"));
        }
        self.ladder.check()
    }
}

/// What has to be known about a message beside its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// Age of the sender's account, in seconds.
    pub(super) age_s: u64,
    /// The sender has said the same within the time of the rule.
    pub(super) is_repeat: bool,
}

/// What is done with a message, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decision {
    pub(super) judged: Judged,
    /// Of the log; empty when the message passes and nobody need look at it.
    pub(super) reason: String,
    /// As in the log.
    pub(super) action: &'static str,
    /// It counts against the sender.
    pub(super) is_strike: bool,
}

impl Decision {
    pub(super) fn pass() -> Self {
        Self { judged: Judged::Pass, reason: String::new(), action: "pass", is_strike: false }
    }

    pub(super) fn refuse(
        code: i32,
        reason: impl Into<String>,
        sentence: impl Into<String>,
        is_strike: bool,
    ) -> Self {
        let judged = Judged::Refuse { code, sentence: sentence.into() };
        Self { judged, reason: reason.into(), action: "refuse", is_strike }
    }

    fn drop(reason: impl Into<String>) -> Self {
        Self { judged: Judged::Drop, reason: reason.into(), action: "drop", is_strike: true }
    }

    fn review(reason: impl Into<String>) -> Self {
        Self { judged: Judged::Pass, reason: reason.into(), action: "review", is_strike: false }
    }
}

/// The rules and words that hold in a room.
#[derive(Debug)]
pub(super) struct Judge {
    /// Of which version of the room it is.
    pub(super) version: Version,
    pub(super) rules: Rules,
    /// Of all rooms.
    pub(super) everywhere: Arc<Words>,
    pub(super) here: Arc<Words>,
}

impl Judge {
    /// The hardest of what the rules and words say.
    pub(super) fn judge(&self, body: &[Element], said: &Said, facts: Facts) -> Decision {
        let rules = &self.rules;
        let length = said.text().chars().count();
        if rules.max_chars > 0 && length > rules.max_chars as usize {
            let sentence =
                format!("the message has {length} characters: this room takes {}", rules.max_chars);
            return Decision::refuse(codes::TOO_LONG, "length", sentence, false);
        }
        if facts.age_s < u64::from(rules.speak_after_s) {
            let wait_s = u64::from(rules.speak_after_s) - facts.age_s;
            let sentence = format!("your account is new here: you may speak in {wait_s} s");
            return Decision::refuse(codes::NEW_ACCOUNT, "new account", sentence, false);
        }
        let text = Text::of(said.text());
        let mut found: Vec<Found<'_>> =
            self.everywhere.find(&text).chain(self.here.find(&text)).collect();
        found.sort_by_key(|found| (std::cmp::Reverse(found.list.action), found.source.start));
        if let Some(found) = found.first().filter(|found| found.list.action >= Action::Refuse) {
            return refused_word(found);
        }
        let link = self.judge_link(said, facts);
        if let Some(decision) = &link
            && decision.judged != Judged::Pass
        {
            return decision.clone();
        }
        if facts.is_repeat {
            let sentence = "you have just said the same";
            return Decision::refuse(codes::REPEAT, "repeat", sentence, true);
        }
        found.first().map_or_else(
            || link.unwrap_or_else(Decision::pass),
            |first| softened(body, said, first, &found),
        )
    }

    /// Whether a name may be shown in the room. Of words that are only looked at, and of links that
    /// are, nobody is spared the sight.
    pub(super) fn takes_name(&self, name: &str) -> bool {
        let text = Text::of(name);
        let mut found = self.everywhere.find(&text).chain(self.here.find(&text));
        let rules = &self.rules;
        let is_open = matches!(rules.links, OnLink::Allow | OnLink::Review);
        let takes_links = is_open && rules.link_after_s == 0;
        found.all(|found| found.list.action == Action::Review)
            && (takes_links || !has_link_in_name(name))
    }

    fn judge_link(&self, said: &Said, facts: Facts) -> Option<Decision> {
        let rules = &self.rules;
        let is_new = facts.age_s < u64::from(rules.link_after_s);
        if (rules.links == OnLink::Allow && !is_new) || !has_link(said.text()) {
            return None;
        }
        Some(match rules.links {
            OnLink::Drop => Decision::drop("link"),
            OnLink::Refuse => {
                Decision::refuse(codes::LINK, "link", "this room takes no links", true)
            }
            _ if is_new => {
                let sentence = "your account is too new to send links";
                Decision::refuse(codes::LINK, "link of a new account", sentence, true)
            }
            OnLink::Review | OnLink::Allow => Decision::review("link"),
        })
    }
}

fn reason(found: &Found<'_>) -> String {
    format!("{}: {}", found.list.name, found.word)
}

fn refused_word(found: &Found<'_>) -> Decision {
    let list = found.list;
    match list.action {
        Action::Drop => Decision::drop(reason(found)),
        _ => Decision::refuse(list.code, reason(found), list.sentence.clone(), true),
    }
}

/// The words are replaced, or somebody looks at them. What cannot be replaced is refused.
fn softened(body: &[Element], said: &Said, first: &Found<'_>, found: &[Found<'_>]) -> Decision {
    if first.list.action == Action::Review {
        return Decision::review(reason(first));
    }
    let replaced = found.iter().filter(|found| found.list.action == Action::Replace);
    let ranges = replaced.map(|found| found.source.clone()).collect();
    match said.masked(body, ranges) {
        Some(masked) => Decision {
            judged: Judged::Replace(masked),
            reason: reason(first),
            action: "replace",
            is_strike: true,
        },
        None => refused_word(first),
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::{Reach, WordList};
    use super::*;
    use proptest::prelude::*;

    const OLD: Facts = Facts { age_s: 1_000_000, is_repeat: false };

    fn list(action: Action, words: &[&str]) -> WordList {
        WordList {
            name: "list".into(),
            action,
            reach: Reach::Anywhere,
            code: 10_150,
            sentence: "not here".into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    fn judge(rules: Rules) -> Judge {
        let lists = vec![
            list(Action::Drop, &["drop"]),
            list(Action::Refuse, &["stop"]),
            list(Action::Replace, &["mask"]),
            list(Action::Review, &["look"]),
        ];
        let everywhere = Arc::new(Words::new(lists));
        Judge { version: Version::default(), rules, everywhere, here: Arc::default() }
    }

    fn decide(rules: Rules, text: &str, facts: Facts) -> Decision {
        let body = [Element::text(text)];
        judge(rules).judge(&body, &Said::of(&body), facts)
    }

    #[test]
    fn of_several_words_the_hardest_decides() {
        let said = |text: &str| decide(Rules::default(), text, OLD);
        assert_eq!(said("hello"), Decision::pass());
        assert_eq!(said("look mask stop drop").judged, Judged::Drop);
        let refused = said("mask, stop, look");
        assert_eq!(refused.judged, Judged::Refuse { code: 10_150, sentence: "not here".into() });
        assert_eq!((refused.reason.as_str(), refused.is_strike), ("list: stop", true));
        let masked = said("look: MASK and mask");
        assert_eq!(masked.judged, Judged::Replace(vec![Element::text("look: *** and ***")]));
        let review = said("look");
        assert_eq!(
            (review.judged, review.action, review.is_strike),
            (Judged::Pass, "review", false)
        );
    }

    #[test]
    fn each_rule_has_its_code() {
        let code = |rules: Rules, text: &str, facts: Facts| match decide(rules, text, facts).judged
        {
            Judged::Refuse { code, .. } => code,
            other => panic!("{other:?}"),
        };
        let young = Facts { age_s: 5, is_repeat: false };
        let again = Facts { is_repeat: true, ..OLD };
        let long = Rules { max_chars: 4, ..Rules::default() };
        assert_eq!(code(long, "五个字的话", OLD), codes::TOO_LONG);
        let speak = Rules { speak_after_s: 6, ..Rules::default() };
        assert_eq!(code(speak, "hi", young), codes::NEW_ACCOUNT);
        let link = Rules { link_after_s: 6, ..Rules::default() };
        assert_eq!(code(link.clone(), "example.com", young), codes::LINK);
        assert_eq!(decide(link, "example.com", OLD), Decision::pass());
        let no_links = Rules { links: OnLink::Refuse, ..Rules::default() };
        assert_eq!(code(no_links, "example.com", OLD), codes::LINK);
        assert_eq!(code(Rules::default(), "hi", again), codes::REPEAT);
        let dropped = Rules { links: OnLink::Drop, ..Rules::default() };
        assert_eq!(decide(dropped, "example.com", OLD).judged, Judged::Drop);
        let looked_at = Rules { links: OnLink::Review, ..Rules::default() };
        assert_eq!(decide(looked_at, "example.com", OLD).action, "review");
    }

    #[test]
    fn a_name_is_taken_where_a_text_would_pass() {
        let takes = |rules: Rules, name: &str| judge(rules).takes_name(name);
        for (name, taken) in [("Mei", true), ("look", true), ("s top", true), ("MASK", false)] {
            assert_eq!(takes(Rules::default(), name), taken, "{name}");
        }
        assert!(takes(Rules::default(), "example.com"));
        for links in [OnLink::Refuse, OnLink::Drop] {
            assert!(!takes(Rules { links, ..Rules::default() }, "example.com"));
            assert!(takes(Rules { links, ..Rules::default() }, "Mr.Li"));
        }
        assert!(!takes(Rules { link_after_s: 1, ..Rules::default() }, "example.com"));
    }

    #[test]
    fn a_word_outside_of_a_text_is_refused_instead_of_masked() {
        let data = chat_types::element::CustomElement { data: "mask".into(), ..Default::default() };
        let body = [Element::Custom(data)];
        let decision = judge(Rules::default()).judge(&body, &Said::of(&body), OLD);
        assert!(matches!(decision.judged, Judged::Refuse { code: 10_150, .. }));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_text_upsets_the_judge_and_no_mask_leaves_a_word(
            text in "([\\PC]|mask|MASK|m\u{0301}ask|look|[ ]){0,30}",
        ) {
            let decision = decide(Rules::default(), &text, OLD);
            if let Judged::Replace(masked) = decision.judged {
                let Element::Text(masked) = &masked[0] else { unreachable!() };
                prop_assert!(!masked.text.to_lowercase().contains("mask"), "{:?}", masked.text);
            }
        }
    }
}
