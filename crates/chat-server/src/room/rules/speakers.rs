//! Slow mode: an account speaks once in so many seconds. How many messages it may send in a second is
//! a matter of `admission`.

use chat_types::UserId;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::Room;

/// Accounts of one room that are remembered at once. When there are more, those that have nothing
/// to wait for are forgotten; when that is not enough, the half whose waits end first.
const MAX_SPEAKERS: usize = 50_000;
/// Below so many nobody is looked through.
const FEW_SPEAKERS: usize = 64;
const MS_PER_S: u64 = 1_000;

/// What is known of an account that has spoken lately. Times are monotonic, in milliseconds.
#[derive(Debug, Default)]
struct Speaker {
    /// When it had a message delivered.
    spoke_ms: Option<u64>,
    /// It holds a permit.
    speaking: bool,
}

impl Speaker {
    /// When there is nothing to wait for any more.
    fn free_ms(&self, slow_mode_s: u32) -> u64 {
        let slow_ms = u64::from(slow_mode_s) * MS_PER_S;
        self.spoke_ms.map_or(0, |spoke| spoke.saturating_add(slow_ms))
    }

    fn may_speak(&self, slow_mode_s: u32, now_ms: u64) -> Result<(), u64> {
        if self.speaking {
            return Err(u64::from(slow_mode_s) * MS_PER_S);
        }
        match self.free_ms(slow_mode_s).saturating_sub(now_ms) {
            0 => Ok(()),
            left => Err(left),
        }
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
    /// Gives an account the permit to speak; the milliseconds that are left when it has to wait.
    pub(super) fn admit(
        &mut self,
        user_id: &UserId,
        slow_mode_s: u32,
        now_ms: u64,
    ) -> Result<(), u64> {
        if slow_mode_s == 0 {
            return Ok(());
        }
        if self.by_account.len() >= self.look_at && !self.by_account.contains_key(user_id) {
            self.make_room(slow_mode_s, now_ms);
        }
        let speaker = self.by_account.entry(user_id.clone()).or_default();
        speaker.may_speak(slow_mode_s, now_ms)?;
        speaker.speaking = true;
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_account.is_empty()
    }

    /// Takes the permit of an account back; with a time the account has spoken then.
    fn give_back(&mut self, user_id: &UserId, spoke_ms: Option<u64>) {
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

/// An account may speak now. Dropped, it was for nothing and holds nobody back.
#[must_use]
pub(crate) struct SpeechPermit(Option<(Arc<Room>, UserId)>);

impl SpeechPermit {
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
            room.speech.speakers().give_back(&user_id, Some(now_ms));
        }
    }
}

impl Drop for SpeechPermit {
    fn drop(&mut self) {
        if let Some((room, user_id)) = self.0.take() {
            room.speech.speakers().give_back(&user_id, None);
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

    proptest! {
        #[test]
        fn in_slow_mode_deliveries_are_as_far_apart_as_it_says(
            slow_mode_s in 1_u32..=60,
            pauses in prop::collection::vec((0_u64..40_000, any::<bool>()), 1..60),
        ) {
            let mut speakers = Speakers::default();
            let mut now_ms = 0;
            let mut spoke: Option<u64> = None;
            for (pause, delivered) in pauses {
                now_ms += pause;
                let may = spoke.is_none_or(|at| at + u64::from(slow_mode_s) * MS_PER_S <= now_ms);
                let admitted = speakers.admit(&user("a"), slow_mode_s, now_ms);
                prop_assert_eq!(admitted.is_ok(), may, "{:?}", admitted);
                if let Err(left) = admitted {
                    prop_assert_eq!(
                        Some(now_ms + left),
                        spoke.map(|at| at + u64::from(slow_mode_s) * MS_PER_S)
                    );
                }
                if may {
                    speakers.give_back(&user("a"), delivered.then_some(now_ms));
                    spoke = if delivered { Some(now_ms) } else { spoke };
                }
                speakers.forget_idle(slow_mode_s, now_ms);
            }
        }
    }

    #[test]
    fn two_messages_of_one_account_at_the_same_time_are_one_too_many_in_slow_mode() {
        let mut speakers = Speakers::default();
        assert_eq!(speakers.admit(&user("a"), 5, 0), Ok(()));
        assert_eq!(speakers.admit(&user("a"), 5, 1), Err(5_000));
        speakers.give_back(&user("a"), None);
        assert_eq!(speakers.admit(&user("a"), 5, 2), Ok(()), "the first came to nothing");
        speakers.give_back(&user("a"), Some(2));
        assert_eq!(speakers.admit(&user("a"), 5, 3), Err(4_999));
        assert_eq!(speakers.admit(&user("a"), 1, 1_002), Ok(()), "it was shortened");
    }

    #[test]
    fn no_more_accounts_are_remembered_than_the_bound_and_idle_ones_go_with_their_memory() {
        let mut speakers = Speakers::default();
        for number in 0..u64::try_from(MAX_SPEAKERS).unwrap() + 10 {
            let speaker = user(&format!("u{number}"));
            speakers.admit(&speaker, 3_600, number).unwrap();
            speakers.give_back(&speaker, Some(number));
            assert!(speakers.by_account.len() <= MAX_SPEAKERS);
        }
        let newest = user(&format!("u{}", MAX_SPEAKERS));
        assert!(speakers.admit(&newest, 3_600, 100_000).is_err(), "the newest wait still");
        speakers.admit(&user("u0"), 3_600, 100_000).unwrap();
        speakers.give_back(&user("u0"), None);
        speakers.forget_idle(0, 200_000);
        assert!(speakers.by_account.is_empty());
        assert!(speakers.by_account.capacity() < MAX_SPEAKERS / 10);
    }
}
