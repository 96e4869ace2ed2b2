//! When a comment says the keyword.

use chat_types::element::Element;
use serde::Deserialize;
use sqlx::Type;
use text_rules::folded_signs;
use utoipa::ToSchema;

/// How a comment is compared with the keyword.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Type, Deserialize, ToSchema)]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = Match)]
pub(super) enum Matching {
    /// The keyword stands anywhere in the comment.
    #[default]
    Contains,
    /// The comment is the keyword and nothing else.
    Equals,
}

impl Matching {
    /// `wanted` is a keyword that was [`normalised`].
    pub(super) fn matches(self, wanted: &str, comment: &str) -> bool {
        let said = normalised(comment);
        match self {
            Self::Contains => said.contains(wanted),
            Self::Equals => said == wanted,
        }
    }
}

/// What people take for the same word: full-width letters as plain ones, capitals as small ones,
/// any run of white space as one space, none of it at the ends.
pub(super) fn normalised(text: &str) -> String {
    let folded: String = folded_signs(text.chars()).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a comment, without faces and media.
pub(super) fn text_of(body: &[Element]) -> String {
    let texts = body.iter().filter_map(|element| match element {
        Element::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_does_not_decide_who_takes_part() {
        let wanted = normalised(" Lucky  Cup ");
        for said in ["lucky cup", "ＬＵＣＫＹ　ＣＵＰ", "Lucky\tCUP!", "I want the lucky cup"]
        {
            assert!(Matching::Contains.matches(&wanted, said), "{said}");
        }
        for said in ["lucky", "luckycup", "cup lucky", ""] {
            assert!(!Matching::Contains.matches(&wanted, said), "{said}");
        }
        assert!(Matching::Equals.matches(&wanted, "LUCKY CUP"));
        assert!(!Matching::Equals.matches(&wanted, "lucky cup!"));
    }

    #[test]
    fn a_keyword_in_any_script_is_found() {
        assert!(Matching::Contains.matches(&normalised("抽奖"), "我要抽奖!"));
        assert!(Matching::Contains.matches(&normalised("STRASSE"), "strasse"));
        assert!(Matching::Contains.matches(&normalised("ｶﾞ"), "ガ"));
    }

    #[test]
    fn words_are_collected_over_the_elements_of_a_comment() {
        let body = [Element::text("lucky "), Element::text("cup")];
        assert_eq!(text_of(&body), "lucky cup");
        assert_eq!(text_of(&[]), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn what_is_normalised_stays_as_it_is(text in "\\PC{0,40}") {
            let once = normalised(&text);
            prop_assert_eq!(normalised(&once), once);
        }

        #[test]
        fn a_comment_that_quotes_the_keyword_says_it(
            keyword in "[a-zA-Z0-9 抽奖]{1,16}",
            before in "[a-z ]{0,8}",
            after in "[a-z ]{0,8}",
        ) {
            let wanted = normalised(&keyword);
            let comment = format!("{before} {keyword} {after}");
            prop_assert!(Matching::Contains.matches(&wanted, &comment));
        }
    }
}
