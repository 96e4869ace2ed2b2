//! Answers: a comment that contains a keyword gets the text of its rule.

use chat_types::Element;
use chat_types::business::AnnouncementKind;
use chat_types::webhook::GroupMsg;
use text_rules::folded_signs;

use super::{say, store};
use crate::Business;
use crate::storage::{self, Optional, Tx};

/// A rule of a room.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Rule {
    /// As the host wrote it.
    pub(super) keyword: String,
    /// As it is compared.
    pub(super) folded: String,
    pub(super) answer: String,
    #[sqlx(try_from = "i64")]
    pub(super) cool_down_s: u64,
    #[sqlx(try_from = "Optional")]
    pub(super) answered_ms: Option<u64>,
}

/// Text as it is compared: full width and half width, capital and small letters are the same.
pub(super) fn folded(text: &str) -> String {
    // Greek has a second small letter for the same one, at the end of a word.
    folded_signs(text.trim().chars()).map(|sign| if sign == 'ς' { 'σ' } else { sign }).collect()
}

impl Rule {
    /// A clock that was set back must not silence the assistant.
    fn may_answer(&self, now_ms: u64) -> bool {
        let rests_ms = self.cool_down_s.saturating_mul(1_000);
        self.answered_ms
            .is_none_or(|at_ms| at_ms > now_ms || now_ms.saturating_sub(at_ms) >= rests_ms)
    }
}

/// The first rule whose keyword is in the text and which does not rest; one comment gets one answer.
fn choose<'a>(rules: &'a [Rule], text: &str, now_ms: u64) -> Option<(usize, &'a Rule)> {
    let text = folded(text);
    let fits = |rule: &Rule| text.contains(&rule.folded) && rule.may_answer(now_ms);
    rules.iter().enumerate().find(|(_, rule)| fits(rule))
}

/// Somebody said something in a room.
pub(super) async fn on_comment(
    business: &Business,
    tx: &mut Tx,
    said: &GroupMsg,
) -> Result<(), storage::Error> {
    if business.config.chat.is_own(&said.from_account) {
        return Ok(());
    }
    let texts = said.msg_body.iter().filter_map(|element| match element {
        Element::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join(" ");
    if text.trim().is_empty() {
        return Ok(());
    }
    let group_id = said.group_id.as_str();
    let rules = store::rules(tx, group_id).await?;
    let now_ms = business.clock.now_ms();
    let Some((position, rule)) = choose(&rules, &text, now_ms) else { return Ok(()) };
    say(business, tx, group_id, AnnouncementKind::Answer, rule.answer.clone()).await?;
    store::note_answered(tx, group_id, position, now_ms).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(keyword: &str) -> Rule {
        Rule {
            keyword: keyword.to_owned(),
            folded: folded(keyword),
            answer: format!("about {keyword}"),
            cool_down_s: 10,
            answered_ms: None,
        }
    }

    fn answer(rules: &[Rule], text: &str) -> Option<String> {
        choose(rules, text, 100_000).map(|(_, rule)| rule.answer.clone())
    }

    #[test]
    fn a_keyword_is_found_whatever_its_case_and_width() {
        let rules = [rule("Shipping"), rule("多少钱"), rule("ＳＩＺＥ"), rule("σοφός")];
        for text in ["shipping?", "what about SHIPPING", "ｓｈｉｐｐｉｎｇ", "Ｓhipping"] {
            assert_eq!(answer(&rules, text).as_deref(), Some("about Shipping"), "{text}");
        }
        assert_eq!(answer(&rules, "这个多少钱啊").as_deref(), Some("about 多少钱"));
        assert_eq!(answer(&rules, "which size").as_deref(), Some("about ＳＩＺＥ"));
        assert_eq!(answer(&rules, "Ο ΣΟΦΌΣ").as_deref(), Some("about σοφός"));
        assert_eq!(answer(&rules, "ship ping"), None);
    }

    #[test]
    fn a_rule_that_rests_leaves_the_answer_to_the_next_one() {
        let mut rules = [rule("price"), rule("shipping")];
        rules[0].answered_ms = Some(90_001);
        assert_eq!(answer(&rules, "price and shipping").as_deref(), Some("about shipping"));
        assert_eq!(answer(&rules, "price"), None);
        rules[0].answered_ms = Some(90_000);
        assert_eq!(answer(&rules, "price").as_deref(), Some("about price"));
        // The clock was set back.
        rules[0].answered_ms = Some(200_000);
        assert_eq!(answer(&rules, "price").as_deref(), Some("about price"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_keyword_in_a_text_is_always_found(
            keyword in "[a-zA-Z0-9Ａ-Ｚ一-九]{1,20}",
            before in "[a-z ]{0,20}",
            behind in "[a-z ]{0,20}",
        ) {
            let text = format!("{before}{}{behind}", keyword.to_uppercase());
            prop_assert!(answer(&[rule(&keyword)], &text).is_some());
        }
    }
}
