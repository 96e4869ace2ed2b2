//! Greetings: at most one in so many seconds, for everybody who came in since the last one.

use chat_types::business::{AnnouncementKind, MAX_ANNOUNCEMENT_CHARS};
use chat_types::webhook::AfterJoin;

use super::{say, store};
use crate::storage::{self, Flag, Optional, Tx};
use crate::{Business, accounts, moderation, rooms};

/// People whom one greeting names; the others are counted.
pub(super) const MAX_NAMED: usize = 3;
/// Stands for the names in a greeting.
pub(super) const NAMES: &str = "{names}";
/// Stands for the number of those who are not named.
pub(super) const MORE: &str = "{more}";
/// Between names, in every language that separates words by spaces, and fine in the others.
const BETWEEN: &str = ", ";

/// How a room greets, and who waits for it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Greeting {
    #[sqlx(try_from = "Flag")]
    pub(super) is_on: bool,
    /// When everybody can be named.
    pub(super) text: String,
    /// When there are more.
    pub(super) text_many: String,
    #[sqlx(try_from = "i64")]
    pub(super) every_s: u64,
    #[sqlx(try_from = "Optional")]
    pub(super) greeted_ms: Option<u64>,
    #[sqlx(flatten)]
    pub(super) waiting: Arrivals,
}

/// Who came in since the last greeting.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Arrivals {
    /// At most [`MAX_NAMED`].
    #[sqlx(rename = "waiting_names", try_from = "Lines")]
    pub(super) names: Vec<String>,
    /// Beside those.
    #[sqlx(rename = "waiting_more", try_from = "i64")]
    pub(super) more: u64,
}

/// Names as they are kept: one on a line, because a name has no control characters.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
struct Lines(String);

impl From<Lines> for Vec<String> {
    fn from(lines: Lines) -> Self {
        lines.0.lines().map(str::to_owned).collect()
    }
}

impl Arrivals {
    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Who comes in again while waiting to be greeted is named once.
    fn add(&mut self, name: String) {
        if self.names.contains(&name) {
            return;
        }
        if self.names.len() < MAX_NAMED {
            self.names.push(name);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

impl Greeting {
    /// A clock that was set back must not silence the assistant.
    fn may_greet(&self, now_ms: u64) -> bool {
        let rests_ms = self.every_s.saturating_mul(1_000);
        self.greeted_ms
            .is_none_or(|at_ms| at_ms > now_ms || now_ms.saturating_sub(at_ms) >= rests_ms)
    }

    pub(super) fn wording(&self, arrivals: &Arrivals) -> String {
        let form = if arrivals.more == 0 { &self.text } else { &self.text_many };
        // Each form is filled in one pass: a name that looks like a place for another stays a name.
        let names = arrivals.names.join(BETWEEN);
        let more = arrivals.more.to_string();
        let parts = form.split(NAMES).map(|part| part.replace(MORE, &more));
        parts.collect::<Vec<_>>().join(&names)
    }

    /// Whether the longest greeting is short enough to be sent.
    pub(super) fn always_fits(&self) -> bool {
        let longest = "x".repeat(accounts::MAX_NICK_CHARS);
        let all = Arrivals { names: vec![longest.clone(); MAX_NAMED], more: 0 };
        let many = Arrivals { names: vec![longest; MAX_NAMED], more: u64::MAX };
        let fits = |arrivals| self.wording(arrivals).chars().count() <= MAX_ANNOUNCEMENT_CHARS;
        fits(&all) && fits(&many)
    }
}

/// Somebody came into a room.
pub(super) async fn on_join(
    business: &Business,
    tx: &mut Tx,
    join: &AfterJoin,
) -> Result<(), storage::Error> {
    let group_id = join.group_id.as_str();
    let Some(mut greeting) = store::greeting(tx, group_id).await? else { return Ok(()) };
    let Some(room) = rooms::store::find(tx, group_id).await? else { return Ok(()) };
    if !greeting.is_on {
        return Ok(());
    }
    for member in &join.new_member_list {
        let user_id = member.member_account.as_str();
        if business.config.chat.is_own(user_id) || user_id == room.owner {
            continue;
        }
        let account = accounts::store::find(tx, user_id).await?;
        let nick = account.map_or_else(|| user_id.to_owned(), |account| account.nick);
        let name = moderation::shown_name(business, tx, group_id, user_id, &nick).await?;
        greeting.waiting.add(name);
    }
    if !greet(business, tx, group_id, &greeting).await? {
        store::set_waiting(tx, group_id, &greeting.waiting).await?;
    }
    Ok(())
}

/// Greets who waits, if the last greeting is long enough ago.
pub(super) async fn greet(
    business: &Business,
    tx: &mut Tx,
    group_id: &str,
    greeting: &Greeting,
) -> Result<bool, storage::Error> {
    let now_ms = business.clock.now_ms();
    if greeting.waiting.is_empty() || !greeting.may_greet(now_ms) {
        return Ok(false);
    }
    let text = greeting.wording(&greeting.waiting);
    say(business, tx, group_id, AnnouncementKind::Greeting, text).await?;
    store::note_greeted(tx, group_id, now_ms).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(text: &str, text_many: &str) -> Greeting {
        Greeting {
            is_on: true,
            text: text.to_owned(),
            text_many: text_many.to_owned(),
            every_s: 5,
            greeted_ms: Some(10_000),
            waiting: Arrivals::default(),
        }
    }

    fn arrivals(names: &[&str]) -> Arrivals {
        let mut arrivals = Arrivals::default();
        names.iter().for_each(|name| arrivals.add((*name).to_owned()));
        arrivals
    }

    #[test]
    fn three_are_named_and_the_others_are_counted() {
        let form = greeting("Hi {names}!", "Hi {names} and {more} more!");
        assert_eq!(form.wording(&arrivals(&["Mei"])), "Hi Mei!");
        assert_eq!(form.wording(&arrivals(&["Mei", "Li", "Mei", "An"])), "Hi Mei, Li, An!");
        let many = arrivals(&["Mei", "Li", "An", "Bo", "Yu"]);
        assert_eq!(form.wording(&many), "Hi Mei, Li, An and 2 more!");
    }

    #[test]
    fn a_name_that_looks_like_a_place_for_another_stays_a_name() {
        let form = greeting("", "{names} +{more}");
        let odd = Arrivals { names: vec!["{more}".into(), "{names}".into()], more: 7 };
        assert_eq!(form.wording(&odd), "{more}, {names} +7");
    }

    #[test]
    fn a_form_whose_longest_greeting_could_not_be_sent_is_known_before() {
        assert!(greeting("Hi {names}!", "Hi {names} and {more} more!").always_fits());
        assert!(!greeting("{names}{names}{names}!", "x").always_fits());
        assert!(!greeting("x", &"{more}".repeat(20)).always_fits());
    }

    #[test]
    fn the_assistant_rests_between_greetings_but_not_for_a_clock_that_was_set_back() {
        let form = greeting("Hi", "Hi");
        for (now_ms, may) in [(10_000, false), (14_999, false), (15_000, true), (9_999, true)] {
            assert_eq!(form.may_greet(now_ms), may, "{now_ms}");
        }
        assert!(Greeting { greeted_ms: None, ..form }.may_greet(0));
    }
}
