//! Lucky draws: what is open, with its countdown, and what came out.
//!
//! A draw is told when it opens and when it is drawn or called off, in either order for a reader
//! who was away; a repeat changes nothing. At most [`MOST_OPEN`] open ones and [`MOST_RESULTS`] results
//! are kept, and the oldest gives way. A draw of which no result came within [`RESULT_WITHIN`]
//! after its end is taken off the card.

use chat_types::business::{DrawCancelled, DrawOpened, DrawResult};
use std::time::Duration;

use crate::recent_ids::RecentIds;
use crate::view::{DrawResultView, DrawsView, OpenDrawView, WinnerView};

/// Open draws that are kept.
pub const MOST_OPEN: usize = 4;
/// Results that are kept.
pub const MOST_RESULTS: usize = 4;
/// How long the result may take after the end.
pub const RESULT_WITHIN: Duration = Duration::from_secs(600);
/// Draws that are known to be over.
const MOST_OVER: usize = 256;

#[derive(Debug)]
struct Open {
    view: OpenDrawView,
    /// `None` while the service's clock is not known.
    gone_at: Option<Duration>,
}

#[derive(Debug)]
pub struct DrawCard {
    open: Vec<Open>,
    results: Vec<DrawResultView>,
    over: RecentIds,
    changed: bool,
}

impl Default for DrawCard {
    fn default() -> Self {
        Self { open: vec![], results: vec![], over: RecentIds::new(MOST_OVER), changed: false }
    }
}

impl DrawCard {
    /// A draw is open. `today` is the time since the Unix second zero by the service's clock.
    pub fn opened(&mut self, draw: DrawOpened, now: Duration, today: Option<Duration>) {
        if let Some(result) = self.results.iter_mut().find(|result| result.draw == draw.draw) {
            self.changed |= result.commitment != draw.commitment;
            result.commitment = draw.commitment;
            return;
        }
        let gone_at = today.map(|today| {
            let left = Duration::from_secs(draw.ends_at_s).saturating_sub(today);
            now.saturating_add(left).saturating_add(RESULT_WITHIN)
        });
        let is_known = self.open.iter().any(|open| open.view.draw == draw.draw);
        if is_known || self.over.contains(&draw.draw) {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
        let ends_at_s = draw.ends_at_s as f64;
        let view = OpenDrawView {
            draw: draw.draw,
            keyword: draw.keyword,
            prize: draw.prize,
            winners: draw.winners,
            ends_at_s,
            commitment: draw.commitment,
            min_level: draw.conditions.min_level,
            must_have_gifted: draw.conditions.must_have_gifted,
            must_follow: draw.conditions.must_follow,
        };
        self.open.push(Open { view, gone_at });
        keep_last(&mut self.open, MOST_OPEN);
        self.changed = true;
    }

    /// A draw has its result; `user_id` is who looks at it.
    pub fn drawn(&mut self, result: DrawResult, user_id: &str) {
        if self.over.is_known(&result.draw) {
            return;
        }
        let at = self.open.iter().position(|open| open.view.draw == result.draw);
        let commitment = at.map(|at| self.open.remove(at).view.commitment);
        let winners = result.winners.into_iter().map(|winner| WinnerView {
            own: winner.user == user_id,
            name: if winner.nick.is_empty() { winner.user.clone() } else { winner.nick },
            user_id: winner.user,
        });
        self.results.push(DrawResultView {
            draw: result.draw,
            prize: result.prize,
            entrants: result.entrants,
            winners: winners.collect(),
            seed: result.seed,
            commitment: commitment.unwrap_or_default(),
        });
        keep_last(&mut self.results, MOST_RESULTS);
        self.changed = true;
    }

    /// A draw was called off.
    pub fn cancelled(&mut self, draw: &DrawCancelled) {
        if self.over.is_known(&draw.draw) {
            return;
        }
        let before = self.open.len();
        self.open.retain(|open| open.view.draw != draw.draw);
        self.changed |= self.open.len() != before;
    }

    /// Takes off what nobody will draw any more.
    pub fn tick(&mut self, now: Duration) {
        let before = self.open.len();
        self.open.retain(|open| open.gone_at.is_none_or(|gone_at| now < gone_at));
        self.changed |= self.open.len() != before;
    }

    /// When [`DrawCard::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        self.open.iter().filter_map(|open| open.gone_at).min()
    }

    pub fn view(&self) -> DrawsView {
        DrawsView {
            open: self.open.iter().map(|open| open.view.clone()).collect(),
            results: self.results.clone(),
        }
    }

    /// The card, if it is another one than when this was asked last.
    pub fn take_news(&mut self) -> Option<DrawsView> {
        std::mem::take(&mut self.changed).then(|| self.view())
    }

    /// Another room.
    pub fn clear(&mut self) {
        self.changed |= !self.open.is_empty() || !self.results.is_empty();
        self.open.clear();
        self.results.clear();
    }
}

fn keep_last<T>(all: &mut Vec<T>, most: usize) {
    all.drain(..all.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::business::{DrawConditions, Winner};
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    const NOW: Duration = Duration::from_secs(100);
    const TODAY: Option<Duration> = Some(Duration::from_secs(5_000));

    fn opened(draw: &str) -> DrawOpened {
        DrawOpened {
            draw: draw.into(),
            keyword: "kiln".into(),
            prize: "Bowl".into(),
            winners: 2,
            ends_at_s: 5_060,
            commitment: format!("hash of {draw}"),
            conditions: DrawConditions { must_follow: true, ..DrawConditions::default() },
        }
    }

    fn result(draw: &str) -> DrawResult {
        let winner = |user: &str, nick: &str| Winner { user: user.into(), nick: nick.into() };
        DrawResult {
            draw: draw.into(),
            prize: "Bowl".into(),
            entrants: 40,
            winners: vec![winner("bo", ""), winner("me", "Mei")],
            seed: format!("seed of {draw}"),
        }
    }

    fn ids(card: &DrawCard) -> (Vec<String>, Vec<String>) {
        let view = card.view();
        let open = view.open.into_iter().map(|open| open.draw).collect();
        (open, view.results.into_iter().map(|result| result.draw).collect())
    }

    #[test]
    fn a_draw_opens_and_its_result_takes_its_place() {
        let mut card = DrawCard::default();
        card.opened(opened("d1"), NOW, TODAY);
        let open = card.take_news().unwrap().open;
        assert_eq!((open[0].keyword.as_str(), open[0].ends_at_s), ("kiln", 5_060.0));
        card.opened(opened("d1"), NOW, TODAY);
        assert_eq!(card.take_news(), None, "a repeat");
        card.drawn(result("d1"), "me");
        let DrawsView { open, results } = card.take_news().unwrap();
        assert!(open.is_empty() && results[0].commitment == "hash of d1");
        let winners: Vec<_> = results[0].winners.iter().map(|w| (w.name.as_str(), w.own)).collect();
        assert_eq!(winners, [("bo", false), ("Mei", true)]);
        card.opened(opened("d1"), NOW, TODAY);
        card.drawn(result("d1"), "me");
        assert_eq!(card.take_news(), None);
    }

    #[test]
    fn a_result_that_came_first_gets_the_commitment_later() {
        let mut card = DrawCard::default();
        card.drawn(result("d1"), "me");
        card.opened(opened("d2"), NOW, TODAY);
        card.take_news();
        card.opened(opened("d1"), NOW, TODAY);
        assert_eq!(card.take_news().unwrap().results[0].commitment, "hash of d1");
        assert_eq!(ids(&card), (vec!["d2".into()], vec!["d1".into()]));
    }

    #[test]
    fn a_draw_that_was_called_off_is_gone_and_does_not_come_back() {
        let mut card = DrawCard::default();
        card.opened(opened("d1"), NOW, TODAY);
        card.take_news();
        card.cancelled(&DrawCancelled { draw: "d1".into() });
        assert_eq!(card.take_news(), Some(DrawsView::default()));
        card.opened(opened("d1"), NOW, TODAY);
        card.drawn(result("d1"), "me");
        card.cancelled(&DrawCancelled { draw: "d1".into() });
        assert_eq!(card.take_news(), None);
    }

    #[test]
    fn a_draw_without_a_result_is_taken_off_ten_minutes_after_its_end() {
        let mut card = DrawCard::default();
        card.opened(opened("d1"), NOW, TODAY);
        let gone_at = NOW + Duration::from_secs(60) + RESULT_WITHIN;
        assert_eq!(card.due(), Some(gone_at));
        card.tick(gone_at - Duration::from_millis(1));
        assert_eq!(card.view().open.len(), 1);
        card.tick(gone_at);
        assert_eq!((card.view(), card.due()), (DrawsView::default(), None));
        card.opened(DrawOpened { ends_at_s: u64::MAX, ..opened("d2") }, NOW, TODAY);
        card.opened(opened("d3"), NOW, None);
        card.tick(Duration::from_secs(1_000_000));
        assert_eq!(ids(&card).0, ["d2", "d3"]);
        card.clear();
        assert_eq!(card.take_news(), Some(DrawsView::default()));
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn a_draw_is_never_both_open_and_drawn_nor_there_twice(
            told in prop::collection::vec((0u8..12, any::<bool>()), 0..60),
        ) {
            let mut card = DrawCard::default();
            for (draw, open) in told {
                let draw = draw.to_string();
                if open {
                    card.opened(opened(&draw), NOW, TODAY);
                } else {
                    card.drawn(result(&draw), "me");
                }
                let (open, results) = ids(&card);
                prop_assert!(open.len() <= MOST_OPEN && results.len() <= MOST_RESULTS);
                let mut all = [open, results].concat();
                let count = all.len();
                all.sort();
                all.dedup();
                prop_assert_eq!(all.len(), count);
            }
        }
    }
}
