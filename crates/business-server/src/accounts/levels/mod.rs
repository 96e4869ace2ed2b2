//! Experience and levels: watching, speaking and giving make an account rise. It never falls.
//!
//! An event of the chat service is credited in the transaction that notes it as processed.
//! A new level is written to the account's profile by a routine of its own (`profile`).

mod profile;
mod store;
mod watching;

pub(crate) use profile::write_levels;

use chat_types::business::{BusinessMessage, Gift};
use chat_types::webhook::{GroupAfterMsg, MemberState, StateAction, Webhook};

use crate::Business;
use crate::config::LevelRules;
use crate::events::Event;
use crate::storage::{Error, Tx};

/// Most experience from one event, whatever the rules say: sums stay far from what the database
/// holds.
const MAX_GAIN: u64 = 1_000_000_000_000;
/// A comment that is processed so many minutes after a later one is late; one that is earlier still was
/// stamped by a clock that has been set back since.
const LATE_MINUTES: u64 = 10;

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) level: u32,
    /// Experience at which the level began.
    pub(crate) level_from: u64,
    /// Experience at which the next one begins; `None` on the highest.
    pub(crate) next_level_from: Option<u64>,
}

/// The level that so much experience makes.
pub(crate) fn level_of(rules: &LevelRules, experience: u64) -> u32 {
    let reached = rules.thresholds.iter().filter(|threshold| **threshold <= experience).count();
    u32::try_from(reached).unwrap_or(u32::MAX)
}

/// The least experience that makes this level or a higher one; more than anybody can have when there
/// is no such level.
pub(crate) fn experience_for(rules: &LevelRules, level: u32) -> u64 {
    let Some(place) = level.checked_sub(1) else { return 0 };
    let mut thresholds = rules.thresholds.clone();
    thresholds.sort_unstable();
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    thresholds.get(place).copied().unwrap_or(u64::MAX)
}

pub(crate) fn progress(rules: &LevelRules, experience: u64) -> Progress {
    let level = level_of(rules, experience);
    let next = experience_for(rules, level.saturating_add(1));
    Progress {
        level,
        level_from: experience_for(rules, level),
        next_level_from: (next != u64::MAX).then_some(next),
    }
}

/// Credits what an event is worth.
pub(crate) async fn on_event(
    business: &Business,
    tx: &mut Tx,
    event: Event<'_>,
) -> Result<(), Error> {
    let rules = &business.config.levels;
    let at_ms = event.at_ms;
    match event.webhook {
        Webhook::AfterNewMemberJoin(join) => {
            for member in &join.new_member_list {
                watching::enter(tx, &member.member_account, &join.group_id, at_ms).await?;
            }
        }
        Webhook::AfterMemberExit(exit) => {
            for member in &exit.exit_member_list {
                watching::leave(tx, rules, &member.member_account, &exit.group_id, at_ms).await?;
            }
        }
        Webhook::OnMemberStateChange(change) => {
            for member in &change.member_list {
                let account = member.member_account.as_str();
                match change.event_type {
                    MemberState::Online => {
                        watching::enter(tx, account, &change.group_id, at_ms).await?;
                    }
                    MemberState::Offline => {
                        watching::leave(tx, rules, account, &change.group_id, at_ms).await?;
                    }
                }
            }
        }
        Webhook::StateChange(change) => match change.info.action {
            StateAction::Login => watching::come_back(tx, &change.info.to_account, at_ms).await?,
            StateAction::Logout | StateAction::Disconnect => {
                watching::go_away(tx, rules, &change.info.to_account, at_ms).await?;
            }
        },
        Webhook::GroupAfterSendMsg(sent) => hear_message(business, tx, sent, at_ms).await?,
        _ => {}
    }
    Ok(())
}

async fn hear_message(
    business: &Business,
    tx: &mut Tx,
    sent: &GroupAfterMsg,
    at_ms: u64,
) -> Result<(), Error> {
    let rules = &business.config.levels;
    let message = &sent.message;
    let sender = message.from_account.as_str();
    match BusinessMessage::read(&message.msg_body) {
        // Anyone can send something that looks like a gift; only the service tells of paid ones.
        Some(BusinessMessage::Gift(gift)) if sender == business.config.chat.admin.as_str() => {
            hear_gift(tx, rules, &gift, at_ms).await
        }
        Some(_) => Ok(()),
        None => {
            watching::is_here(tx, rules, sender, &message.group_id, at_ms).await?;
            hear_comment(tx, rules, sender, at_ms).await
        }
    }
}

async fn hear_gift(tx: &mut Tx, rules: &LevelRules, gift: &Gift, at_ms: u64) -> Result<(), Error> {
    if !store::note_gift(tx, &gift.order, at_ms).await? {
        return Ok(());
    }
    let coins = u64::from(gift.price).saturating_mul(u64::from(gift.count));
    gain(tx, rules, &gift.user, coins.saturating_mul(rules.coin)).await
}

async fn hear_comment(
    tx: &mut Tx,
    rules: &LevelRules,
    sender: &str,
    at_ms: u64,
) -> Result<(), Error> {
    let (minute, most) = (at_ms / 60_000, rules.comments_per_minute);
    if !store::take_comment(tx, sender, minute, LATE_MINUTES, most).await? {
        return Ok(());
    }
    gain(tx, rules, sender, rules.comment).await
}

/// Adds experience; a level that changes with it is noted to be written to the profile. An account
/// that never signed in here has none.
async fn gain(
    tx: &mut Tx,
    rules: &LevelRules,
    user_id: &str,
    experience: u64,
) -> Result<(), Error> {
    let gained = experience.min(MAX_GAIN);
    if gained == 0 {
        return Ok(());
    }
    let Some(now_has) = store::gain(tx, user_id, gained).await? else { return Ok(()) };
    if level_of(rules, now_has) != level_of(rules, now_has.saturating_sub(gained)) {
        store::note_change(tx, user_id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(thresholds: &[u64]) -> LevelRules {
        LevelRules { thresholds: thresholds.to_vec(), ..LevelRules::default() }
    }

    #[test]
    fn a_level_begins_at_its_threshold() {
        let rules = rules(&[10, 30]);
        let levels = [0, 9, 10, 29, 30, u64::MAX].map(|experience| level_of(&rules, experience));
        assert_eq!(levels, [0, 0, 1, 1, 2, 2]);
        assert_eq!([0, 1, 2, 3].map(|l| experience_for(&rules, l)), [0, 10, 30, u64::MAX]);
        let top = Progress { level: 2, level_from: 30, next_level_from: None };
        assert_eq!(progress(&rules, 31), top);
        let new = Progress { level: 0, level_from: 0, next_level_from: Some(10) };
        assert_eq!(progress(&rules, 0), new);
    }

    #[test]
    fn without_thresholds_everybody_has_level_0() {
        let none = Progress { level: 0, level_from: 0, next_level_from: None };
        assert_eq!(progress(&rules(&[]), 1_000_000), none);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn more_experience_is_never_a_lower_level(
            thresholds in proptest::collection::vec(0_u64..10_000, 0..20),
            less in 0_u64..10_000,
            more in 0_u64..10_000,
        ) {
            let rules = rules(&thresholds);
            prop_assert!(level_of(&rules, less) <= level_of(&rules, less + more));
        }

        #[test]
        fn the_experience_of_a_level_makes_it_and_one_less_does_not(
            thresholds in proptest::collection::vec(1_u64..10_000, 1..20),
            level in 1_u32..25,
        ) {
            let rules = rules(&thresholds);
            let needed = experience_for(&rules, level);
            if needed == u64::MAX {
                prop_assert!(level_of(&rules, u64::MAX - 1) < level);
            } else {
                prop_assert!(level_of(&rules, needed) >= level);
                prop_assert!(level_of(&rules, needed - 1) < level);
            }
        }
    }
}
