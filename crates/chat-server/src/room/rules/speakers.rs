//! How often an account may speak: so many messages in a second, and in slow mode one in so many
//! seconds.
//!
//! The rate is the generic cell rate algorithm: one number for each account, the time at which its
//! allowance is full again. A rate of `n` in a second allows a burst of `2n`.

use chat_types::UserId;
use chat_types::gateway::RoomRules;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::Room;

/// Accounts of one room that are remembered at once. When there are more, those that have nothing
/// to wait for are forgotten; when that is not enough, the half whose waits end first.
const MAX_SPEAKERS: usize = 50_000;
/// Below so many nobody is looked through.
const FEW_SPEAKERS: usize = 64;
/// A burst is what the rate allows in so many seconds.
const BURST_S: u64 = 2;
const NS_PER_S: u64 = 1_000_000_000;
const NS_PER_MS: u64 = 1_000_000;
const MS_PER_S: u64 = 1_000;

/// Why an account has to wait, with the milliseconds that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hasty {
    /// It says more in a second than it may.
    Rate(u64),
    /// Slow mode.
    SlowMode(u64),
}

/// What is known of an account that has spoken lately. Times are monotonic.
#[derive(Debug, Default)]
struct Speaker {
    /// When its allowance is full again, in nanoseconds.
    full_again_ns: u64,
    /// When it had a message delivered in slow mode, in milliseconds.
    spoke_ms: Option<u64>,
    /// It holds a turn in slow mode.
    speaking: bool,
}

impl Speaker {
    /// When there is nothing to wait for any more, in milliseconds.
    fn free_ms(&self, slow_mode_s: u32) -> u64 {
        let slow_ms = u64::from(slow_mode_s) * MS_PER_S;
        let slow = self.spoke_ms.map_or(0, |spoke| spoke.saturating_add(slow_ms));
        self.full_again_ns.div_ceil(NS_PER_MS).max(slow)
    }

    fn may_speak(&self, slow_mode_s: u32, now_ms: u64) -> Result<(), Hasty> {
        let slow_ms = u64::from(slow_mode_s) * MS_PER_S;
        if slow_ms == 0 {
            return Ok(());
        }
        if self.speaking {
            return Err(Hasty::SlowMode(slow_ms));
        }
        match self.spoke_ms.map_or(0, |spoke| spoke.saturating_add(slow_ms).saturating_sub(now_ms))
        {
            0 => Ok(()),
            left => Err(Hasty::SlowMode(left)),
        }
    }

    fn charge(&mut self, per_second: u32, now_ms: u64) -> Result<(), Hasty> {
        if per_second == 0 {
            return Ok(());
        }
        // Rounded up, so that many messages are never more than the rate.
        let interval = NS_PER_S.div_ceil(u64::from(per_second));
        let burst = (BURST_S * u64::from(per_second) - 1) * interval;
        let now = now_ms.saturating_mul(NS_PER_MS);
        let full_again = self.full_again_ns.max(now);
        let early = full_again.saturating_sub(now.saturating_add(burst));
        if early > 0 {
            return Err(Hasty::Rate(early.div_ceil(NS_PER_MS)));
        }
        self.full_again_ns = full_again.saturating_add(interval);
        Ok(())
    }
}

/// The accounts that have spoken lately.
#[derive(Debug)]
pub(super) struct Speakers {
    by_account: HashMap<UserId, Speaker>,
    /// At so many accounts idle ones are looked for: seldom enough to cost nothing per message.
    look_at: usize,
}

impl Default for Speakers {
    fn default() -> Self {
        Self { by_account: HashMap::new(), look_at: FEW_SPEAKERS }
    }
}

impl Speakers {
    /// Counts an attempt of an account, and in slow mode gives it the turn. A refused attempt costs
    /// nothing of the rate when it was too fast, and counts when slow mode refused it.
    pub(super) fn admit(
        &mut self,
        user_id: &UserId,
        rules: &RoomRules,
        now_ms: u64,
    ) -> Result<(), Hasty> {
        let slow_mode_s = rules.slow_mode_s;
        if rules.sender_per_s == 0 && slow_mode_s == 0 {
            return Ok(());
        }
        if self.by_account.len() >= self.look_at && !self.by_account.contains_key(user_id) {
            self.make_room(slow_mode_s, now_ms);
        }
        let speaker = self.by_account.entry(user_id.clone()).or_default();
        speaker.charge(rules.sender_per_s, now_ms)?;
        speaker.may_speak(slow_mode_s, now_ms)?;
        speaker.speaking = slow_mode_s > 0;
        Ok(())
    }

    /// Counts a message that says nothing to anybody. Slow mode is not concerned: neither is it held
    /// back by a turn, nor does it touch one.
    pub(super) fn admit_signal(
        &mut self,
        user_id: &UserId,
        rules: &RoomRules,
        now_ms: u64,
    ) -> Result<(), Hasty> {
        if rules.sender_per_s == 0 {
            return Ok(());
        }
        if self.by_account.len() >= self.look_at && !self.by_account.contains_key(user_id) {
            self.make_room(rules.slow_mode_s, now_ms);
        }
        let speaker = self.by_account.entry(user_id.clone()).or_default();
        speaker.charge(rules.sender_per_s, now_ms)
    }

    /// Takes the turn of an account back; with a time the account has spoken then.
    fn end_turn(&mut self, user_id: &UserId, spoke_ms: Option<u64>) {
        if let Some(speaker) = self.by_account.get_mut(user_id) {
            speaker.speaking = false;
            speaker.spoke_ms = spoke_ms.or(speaker.spoke_ms);
        }
    }

    pub(super) fn forget_idle(&mut self, slow_mode_s: u32, now_ms: u64) {
        let busy = |speaker: &Speaker| speaker.speaking || speaker.free_ms(slow_mode_s) > now_ms;
        self.by_account.retain(|_, speaker| busy(speaker));
        let left = self.by_account.len();
        if self.by_account.capacity() / 4 > left.max(FEW_SPEAKERS) {
            self.by_account.shrink_to(left * 2);
        }
        self.look_at = (left * 2).clamp(FEW_SPEAKERS, MAX_SPEAKERS);
    }

    fn make_room(&mut self, slow_mode_s: u32, now_ms: u64) {
        self.forget_idle(slow_mode_s, now_ms);
        if self.by_account.len() < MAX_SPEAKERS {
            return;
        }
        let free = |speaker: &Speaker| speaker.free_ms(slow_mode_s);
        let mut ends: Vec<u64> = self.by_account.values().map(free).collect();
        let half = ends.len() / 2;
        let (_, middle, _) = ends.select_nth_unstable(half);
        self.by_account.retain(|_, speaker| speaker.speaking || free(speaker) > *middle);
    }
}

/// The turn of an account to speak. Dropped, it was for nothing and holds nobody back.
#[must_use]
pub(crate) struct Turn(Option<(Arc<Room>, UserId)>);

impl Turn {
    /// Of somebody who need not wait.
    pub(crate) const fn free() -> Self {
        Self(None)
    }

    pub(super) const fn held(room: Arc<Room>, user_id: UserId) -> Self {
        Self(Some((room, user_id)))
    }

    /// The message was delivered at this time, in monotonic milliseconds: slow mode counts from it.
    pub(crate) fn spoke(mut self, now_ms: u64) {
        if let Some((room, user_id)) = self.0.take() {
            room.speech.speakers().end_turn(&user_id, Some(now_ms));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((room, user_id)) = self.0.take() {
            room.speech.speakers().end_turn(&user_id, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn rate(sender_per_s: u32) -> RoomRules {
        RoomRules { sender_per_s, ..RoomRules::default() }
    }

    fn slow(slow_mode_s: u32) -> RoomRules {
        RoomRules { slow_mode_s, ..RoomRules::default() }
    }

    proptest! {
        #[test]
        fn nobody_gets_more_through_than_a_burst_and_the_rate(
            per_second in 1_u32..=50,
            pauses in prop::collection::vec(0_u64..500, 1..200),
        ) {
            let mut speakers = Speakers::default();
            let rules = rate(per_second);
            let mut now_ms = 10_000;
            let mut admitted: Vec<u64> = Vec::new();
            for pause in pauses {
                now_ms += pause;
                match speakers.admit(&user("a"), &rules, now_ms) {
                    Ok(()) => admitted.push(now_ms),
                    Err(Hasty::Rate(wait)) => {
                        prop_assert!(wait > 0);
                        // A later look at the same allowance.
                        prop_assert!(speakers.admit(&user("a"), &rules, now_ms + wait - 1).is_err());
                        now_ms += wait;
                        prop_assert_eq!(speakers.admit(&user("a"), &rules, now_ms), Ok(()));
                        admitted.push(now_ms);
                    }
                    Err(hasty) => prop_assert!(false, "{hasty:?}"),
                }
            }
            for (first, from) in admitted.iter().enumerate() {
                for (last, to) in admitted.iter().enumerate().skip(first) {
                    let most = u64::from(per_second) * (BURST_S * MS_PER_S + to - from) / MS_PER_S;
                    prop_assert!((last - first + 1) as u64 <= most + 1, "{first} to {last}");
                }
            }
        }

        #[test]
        fn in_slow_mode_deliveries_are_as_far_apart_as_it_says(
            slow_mode_s in 1_u32..=60,
            pauses in prop::collection::vec((0_u64..40_000, any::<bool>()), 1..60),
        ) {
            let mut speakers = Speakers::default();
            let rules = slow(slow_mode_s);
            let mut now_ms = 0;
            let mut spoke: Option<u64> = None;
            for (pause, delivered) in pauses {
                now_ms += pause;
                let may = spoke.is_none_or(|at| at + u64::from(slow_mode_s) * MS_PER_S <= now_ms);
                let admitted = speakers.admit(&user("a"), &rules, now_ms);
                prop_assert_eq!(admitted.is_ok(), may, "{:?}", admitted);
                if let Err(Hasty::SlowMode(left)) = admitted {
                    prop_assert_eq!(
                        Some(now_ms + left),
                        spoke.map(|at| at + u64::from(slow_mode_s) * MS_PER_S)
                    );
                }
                if may {
                    speakers.end_turn(&user("a"), delivered.then_some(now_ms));
                    spoke = if delivered { Some(now_ms) } else { spoke };
                }
                speakers.forget_idle(slow_mode_s, now_ms);
            }
        }
    }

    #[test]
    fn a_burst_is_two_seconds_of_the_rate_whatever_the_rate() {
        for per_second in [1, 3, 7, 10, 999, 10_000] {
            let mut speakers = Speakers::default();
            let mut admit = || speakers.admit(&user("a"), &rate(per_second), 5_000);
            let burst = std::iter::from_fn(|| admit().ok()).count();
            assert_eq!(burst, 2 * per_second as usize);
        }
    }

    #[test]
    fn one_account_does_not_pay_for_another_and_another_rate_holds_at_once() {
        let mut speakers = Speakers::default();
        let mut admit = |name: &str, per_second| speakers.admit(&user(name), &rate(per_second), 0);
        assert_eq!((admit("a", 1), admit("a", 1)), (Ok(()), Ok(())));
        assert_eq!(admit("a", 1), Err(Hasty::Rate(1_000)));
        assert_eq!(admit("b", 1), Ok(()));
        assert_eq!(admit("a", 100), Err(Hasty::Rate(10)), "nearly free under the greater rate");
        assert_eq!(admit("a", 0), Ok(()), "no limit");
    }

    #[test]
    fn two_messages_of_one_account_at_the_same_time_are_one_too_many_in_slow_mode() {
        let mut speakers = Speakers::default();
        assert_eq!(speakers.admit(&user("a"), &slow(5), 0), Ok(()));
        let likes = RoomRules { sender_per_s: 9, ..slow(5) };
        assert_eq!(speakers.admit_signal(&user("a"), &likes, 1), Ok(()), "it needs no turn");
        assert_eq!(
            speakers.admit(&user("a"), &slow(5), 1),
            Err(Hasty::SlowMode(5_000)),
            "and has not ended the one that is held"
        );
        speakers.end_turn(&user("a"), None);
        assert_eq!(speakers.admit(&user("a"), &slow(5), 2), Ok(()), "the first came to nothing");
        speakers.end_turn(&user("a"), Some(2));
        assert_eq!(speakers.admit(&user("a"), &slow(5), 3), Err(Hasty::SlowMode(4_999)));
        assert_eq!(speakers.admit(&user("a"), &slow(1), 1_002), Ok(()), "it was shortened");
    }

    #[test]
    fn no_more_accounts_are_remembered_than_the_bound_and_idle_ones_go_with_their_memory() {
        let mut speakers = Speakers::default();
        let rules = slow(3_600);
        for number in 0..u64::try_from(MAX_SPEAKERS).unwrap() + 10 {
            let speaker = user(&format!("u{number}"));
            speakers.admit(&speaker, &rules, number).unwrap();
            speakers.end_turn(&speaker, Some(number));
            assert!(speakers.by_account.len() <= MAX_SPEAKERS);
        }
        let newest = user(&format!("u{}", MAX_SPEAKERS));
        assert!(speakers.admit(&newest, &rules, 100_000).is_err(), "the newest wait still");
        speakers.admit(&user("u0"), &rules, 100_000).unwrap();
        speakers.end_turn(&user("u0"), None);
        speakers.forget_idle(0, 200_000);
        assert!(speakers.by_account.is_empty());
        assert!(speakers.by_account.capacity() < MAX_SPEAKERS / 10);
    }
}
