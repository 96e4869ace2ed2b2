//! The schedule of a slot: which of the entries that are due is put up.

use chat_types::business::LiveStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::storage::Optional;

/// A product at a set time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[schema(as = PlannedProduct)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    /// Unix seconds; in the future when it is planned.
    #[sqlx(try_from = "i64")]
    pub(super) at_s: u64,
    pub(super) product: String,
    /// A special price, in the smallest unit of the currency.
    #[serde(default)]
    #[sqlx(rename = "special_minor", try_from = "Optional")]
    pub(super) price_minor: Option<u32>,
    /// The offer ends so many seconds after `at_s`, at most seven days.
    #[serde(default)]
    #[sqlx(try_from = "Optional")]
    pub(super) ends_in_s: Option<u64>,
}

/// An entry of a schedule.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub(super) struct PlannedEntry {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(super) planned: Planned,
    pub(super) state: PlanState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
#[schema(as = PlannedState)]
pub(super) enum PlanState {
    Waiting,
    Shown,
    /// It could not be shown: the room's stream had ended, the service was away and a later entry was
    /// due too, its offer was over by then, or the product was gone or sold out.
    Missed,
}

impl Planned {
    pub(super) fn ends_at_s(&self) -> Option<u64> {
        self.ends_in_s.map(|ends_in_s| self.at_s.saturating_add(ends_in_s))
    }
}

/// Whether the schedule of a room goes on: before the stream, for those who wait, and while it runs.
pub(super) fn may_show(status: LiveStatus) -> bool {
    match status {
        LiveStatus::ToBeStarted | LiveStatus::Live | LiveStatus::Paused => true,
        LiveStatus::Ended | LiveStatus::PlayedBack => false,
    }
}

/// Of entries that wait, in the order of their times: how many are due, and which of those is put
/// up. Only the latest one is: those before it had their time while the service was away. None is
/// when the offer of the latest is over already.
pub(super) fn due(waiting: &[Planned], now_s: u64) -> (usize, Option<&Planned>) {
    let count = waiting.iter().take_while(|planned| planned.at_s <= now_s).count();
    let latest = count.checked_sub(1).and_then(|last| waiting.get(last));
    (count, latest.filter(|planned| planned.ends_at_s().is_none_or(|ends_s| ends_s > now_s)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn planned(at_s: u64, ends_in_s: Option<u64>) -> Planned {
        Planned { at_s, product: at_s.to_string(), price_minor: None, ends_in_s }
    }

    #[test]
    fn after_an_outage_only_the_latest_entry_is_put_up() {
        let plan = [planned(10, None), planned(20, None), planned(30, None)];
        assert_eq!(due(&plan, 9), (0, None));
        assert_eq!(due(&plan, 10), (1, Some(&plan[0])));
        assert_eq!(due(&plan, 29), (2, Some(&plan[1])));
        assert_eq!(due(&plan, u64::MAX), (3, Some(&plan[2])));
    }

    #[test]
    fn an_offer_that_is_over_is_not_put_up_and_neither_is_the_one_before_it() {
        let plan = [planned(10, None), planned(20, Some(5))];
        assert_eq!(due(&plan, 24), (2, Some(&plan[1])));
        assert_eq!(due(&plan, 25), (2, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_put_up_is_due_and_not_over(
            times in proptest::collection::btree_map(0_u64..100, proptest::option::of(1_u64..20), 0..8),
            now_s in 0_u64..120,
        ) {
            let plan: Vec<Planned> = times.into_iter().map(|(at_s, ends)| planned(at_s, ends)).collect();
            let (count, shown) = due(&plan, now_s);
            prop_assert!(plan[..count].iter().all(|planned| planned.at_s <= now_s));
            prop_assert!(plan[count..].iter().all(|planned| planned.at_s > now_s));
            if let Some(shown) = shown {
                prop_assert!(shown.at_s <= now_s);
                prop_assert!(shown.ends_at_s().is_none_or(|ends_s| ends_s > now_s));
            }
        }
    }
}
