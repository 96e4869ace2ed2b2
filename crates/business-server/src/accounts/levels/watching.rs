//! The time that accounts spend in rooms.
//!
//! A visit begins with a join and ends with an exit, or with the loss of the connection. Its full
//! minutes are credited when it ends, and up to then with every comment, so that a level rises while
//! somebody watches. The chat service does not tell of everything that ends a visit; a visit
//! therefore counts for [`MAX_VISIT_MS`] at most.

use super::{gain, store};
use crate::config::LevelRules;
use crate::storage::{Error, Tx};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 86_400_000;
/// What one visit counts for without a comment in between, at most.
const MAX_VISIT_MS: u64 = 12 * 3_600_000;
/// Who signs in again within this time after a lost connection goes on where they were.
const RETURN_MS: u64 = 5 * MINUTE_MS;

/// An account has come into a room. One that is there already, with another device, stays.
pub(super) async fn enter(
    tx: &mut Tx,
    user_id: &str,
    group_id: &str,
    at_ms: u64,
) -> Result<(), Error> {
    store::enter(tx, user_id, group_id, at_ms).await
}

/// An account has left a room.
pub(super) async fn leave(
    tx: &mut Tx,
    rules: &LevelRules,
    user_id: &str,
    group_id: &str,
    at_ms: u64,
) -> Result<(), Error> {
    settle(tx, rules, user_id, group_id, at_ms).await?;
    store::leave(tx, user_id, group_id).await
}

/// An account speaks in a room, so it is there.
pub(super) async fn is_here(
    tx: &mut Tx,
    rules: &LevelRules,
    user_id: &str,
    group_id: &str,
    at_ms: u64,
) -> Result<(), Error> {
    settle(tx, rules, user_id, group_id, at_ms).await?;
    store::return_to(tx, user_id, Some(group_id), at_ms).await
}

/// A connection of an account is gone. Which of several is not told, so no more time counts until
/// the account is heard of again.
pub(super) async fn go_away(
    tx: &mut Tx,
    rules: &LevelRules,
    user_id: &str,
    at_ms: u64,
) -> Result<(), Error> {
    for group_id in store::rooms_of(tx, user_id).await? {
        settle(tx, rules, user_id, &group_id, at_ms).await?;
    }
    store::go_away(tx, user_id, at_ms).await
}

/// An account has signed in.
pub(super) async fn come_back(tx: &mut Tx, user_id: &str, at_ms: u64) -> Result<(), Error> {
    store::forget_away(tx, user_id, at_ms.saturating_sub(RETURN_MS)).await?;
    store::return_to(tx, user_id, None, at_ms).await
}

/// Credits the full minutes up to now.
async fn settle(
    tx: &mut Tx,
    rules: &LevelRules,
    user_id: &str,
    group_id: &str,
    at_ms: u64,
) -> Result<(), Error> {
    let Some(since_ms) = store::present_since(tx, user_id, group_id).await? else {
        return Ok(());
    };
    let minutes = at_ms.saturating_sub(since_ms).min(MAX_VISIT_MS) / MINUTE_MS;
    // A clock that was set back must not leave a beginning that lies ahead.
    let settled_ms = if at_ms < since_ms || at_ms - since_ms > MAX_VISIT_MS {
        at_ms
    } else {
        since_ms + minutes * MINUTE_MS
    };
    if settled_ms == since_ms {
        return Ok(());
    }
    if !store::settle(tx, user_id, group_id, (since_ms, settled_ms)).await? {
        return Ok(());
    }
    let mut counted = 0_u64;
    for (day, minutes) in by_day(since_ms, minutes) {
        let most = rules.watched_minutes_per_day;
        counted += store::take_minutes(tx, user_id, day, minutes, most).await?;
    }
    if counted > 0 {
        let experience = counted.saturating_mul(rules.watched_minute);
        gain(tx, rules, user_id, experience).await?;
    }
    Ok(())
}

/// Which of so many minutes belong to which day, by their beginnings.
fn by_day(since_ms: u64, minutes: u64) -> Vec<(u64, u64)> {
    let mut parts = Vec::new();
    let (mut from_ms, mut left) = (since_ms, minutes);
    while left > 0 {
        let day = from_ms / DAY_MS;
        let until_midnight = (day + 1) * DAY_MS - from_ms;
        let part = until_midnight.div_ceil(MINUTE_MS).min(left);
        parts.push((day, part));
        from_ms += part * MINUTE_MS;
        left -= part;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_visit_over_midnight_belongs_to_two_days() {
        let before_midnight = 20_000 * DAY_MS - 90_000;
        assert_eq!(by_day(before_midnight, 5), [(19_999, 2), (20_000, 3)]);
        assert_eq!(by_day(20_000 * DAY_MS, 1_440), [(20_000, 1_440)]);
        assert_eq!(by_day(before_midnight, 0), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_minute_is_lost_or_counted_for_two_days(
            since_ms in 0_u64..4_000_000_000_000,
            minutes in 0_u64..3_000,
        ) {
            let parts = by_day(since_ms, minutes);
            prop_assert_eq!(parts.iter().map(|(_, part)| part).sum::<u64>(), minutes);
            prop_assert!(parts.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
        }
    }
}
