//! Whether the account may speak, as far as it was told.

use chat_types::Code;
use chat_types::gateway::RoomRole;
use std::time::Duration;

use crate::view::SpeechView;

/// A mute without an end.
const FOR_EVER: u32 = u32::MAX;
/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);
/// An end that is earlier by less is no news: the service's clock is told in whole seconds.
const SAME_END_WITHIN: Duration = Duration::from_secs(1);

/// The service's clock, as one answer of it gave it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ServiceClock {
    /// Unix seconds, 0 when they are not known.
    time_s: u32,
    at: Duration,
}

impl ServiceClock {
    pub(super) fn set(&mut self, time_s: u32, now: Duration) {
        *self = Self { time_s, at: now };
    }

    /// Since the start of the Unix second zero. `None` while it is not known.
    pub(super) fn now(self, now: Duration) -> Option<Duration> {
        let known = (self.time_s != 0).then_some(self)?;
        Some(Duration::from_secs(known.time_s.into()) + now.saturating_sub(known.at))
    }
}

#[derive(Debug, Default)]
pub(super) struct Speech {
    pub(super) role: RoomRole,
    /// Only the owner and administrators may speak.
    pub(super) mute_all: bool,
    /// Unix seconds of the service; 0 when the account is not muted.
    muted_until_s: u32,
    /// When it ends by the client's own clock; `None` when it has no end that is known.
    mute_ends: Option<Duration>,
    wait: Option<(Duration, i32)>,
    told: SpeechView,
    /// When that ends, by the client's own clock.
    told_end: Option<Duration>,
}

impl Speech {
    pub(super) fn muted(&mut self, until_s: u32, clock: ServiceClock, now: Duration) {
        self.muted_until_s = until_s;
        let until = (until_s != FOR_EVER).then(|| Duration::from_secs(until_s.into()));
        self.mute_ends =
            until.zip(clock.now(now)).map(|(until, today)| now + until.saturating_sub(today));
    }

    pub(super) fn muted_until_s(&self) -> u32 {
        self.muted_until_s
    }

    /// The room takes nothing from this account for so long; the later of two ends counts.
    pub(super) fn has_to_wait(&mut self, left: Duration, code: i32, now: Duration) {
        let until = now + left.min(LONGEST_WAIT);
        if self.wait.is_none_or(|(before, _)| until > before) {
            self.wait = Some((until, code));
        }
    }

    /// Slow mode holds members, for no longer than the rules say now.
    pub(super) fn keep_slow_mode_within(&mut self, slow_mode_s: u32, now: Duration) {
        let Some((until, code)) = self.wait.take_if(|(_, code)| *code == Code::SLOW_MODE.0) else {
            return;
        };
        if slow_mode_s != 0 && self.role == RoomRole::Member {
            self.wait = Some((until.min(now + Duration::from_secs(slow_mode_s.into())), code));
        }
    }

    /// What holds now, if it is another thing than what was told last.
    pub(super) fn news(&mut self, now: Duration) -> Option<SpeechView> {
        if self.mute_ends.is_some_and(|end| now >= end) {
            self.mute_ends = None;
            self.muted_until_s = 0;
        }
        self.wait = self.wait.filter(|(until, _)| now < *until);
        let view = self.view(now);
        let end = match view {
            SpeechView::Muted { .. } => self.mute_ends,
            SpeechView::Wait { .. } => self.wait.map(|(until, _)| until),
            SpeechView::Free | SpeechView::MuteAll | SpeechView::Guest => None,
        };
        // Time that passes is no news: who was told counts by himself.
        let same_end = match (self.told_end, end) {
            (Some(told), Some(end)) => end <= told && told - end < SAME_END_WITHIN,
            (told, end) => told == end,
        };
        if same_end && std::mem::discriminant(&view) == std::mem::discriminant(&self.told) {
            return None;
        }
        self.told = view;
        self.told_end = end;
        Some(view)
    }

    pub(super) fn view(&self, now: Duration) -> SpeechView {
        let left_ms = |until: Duration| {
            u32::try_from(until.saturating_sub(now).as_millis()).unwrap_or(u32::MAX).max(1)
        };
        match (self.role, self.wait) {
            (RoomRole::Guest, _) => SpeechView::Guest,
            _ if self.muted_until_s != 0 => {
                SpeechView::Muted { left_ms: self.mute_ends.map_or(0, left_ms) }
            }
            (RoomRole::Member, _) if self.mute_all => SpeechView::MuteAll,
            (_, Some((until, code))) => SpeechView::Wait { left_ms: left_ms(until), code },
            _ => SpeechView::Free,
        }
    }

    /// When something runs out.
    pub(super) fn due(&self) -> Option<Duration> {
        let wait = self.wait.map(|(until, _)| until);
        [self.mute_ends, wait].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn clock() -> ServiceClock {
        let mut clock = ServiceClock::default();
        clock.set(1_000, s(10));
        clock
    }

    #[test]
    fn a_mute_runs_out_by_the_services_clock() {
        let mut speech = Speech::default();
        speech.muted(1_060, clock(), s(20));
        assert_eq!(speech.news(s(20)), Some(SpeechView::Muted { left_ms: 50_000 }));
        assert_eq!((speech.news(s(30)), speech.due()), (None, Some(s(70))));
        assert_eq!(speech.view(s(30)), SpeechView::Muted { left_ms: 40_000 });
        assert_eq!(speech.news(s(70)), Some(SpeechView::Free));
        assert_eq!((speech.muted_until_s(), speech.due()), (0, None));
        speech.muted(u32::MAX, clock(), s(80));
        assert_eq!(speech.news(s(80)), Some(SpeechView::Muted { left_ms: 0 }));
        assert_eq!((speech.news(s(9_000_000)), speech.due()), (None, None));
        speech.muted(0, clock(), s(90));
        assert_eq!(speech.news(s(90)), Some(SpeechView::Free));
    }

    #[test]
    fn an_end_that_is_another_one_is_told_and_one_that_comes_nearer_is_not() {
        let mut speech = Speech::default();
        speech.muted(1_600, clock(), s(10));
        assert!(speech.news(s(10)).is_some());
        assert_eq!(speech.news(s(300)), None);
        speech.muted(1_400, clock(), s(310));
        assert_eq!(speech.news(s(310)), Some(SpeechView::Muted { left_ms: 100_000 }));
        speech.muted(1_500, clock(), s(320));
        assert_eq!(speech.news(s(320)), Some(SpeechView::Muted { left_ms: 190_000 }));
        let mut later = ServiceClock::default();
        later.set(1_320, s(330) - Duration::from_millis(900));
        speech.muted(1_500, later, s(330));
        assert_eq!(speech.news(s(330)), None, "its clock has whole seconds");
    }

    #[test]
    fn slow_mode_holds_nobody_longer_than_it_says_and_only_members() {
        let mut speech = Speech::default();
        speech.has_to_wait(s(60), 9009, s(0));
        assert!(speech.news(s(0)).is_some());
        speech.keep_slow_mode_within(10, s(5));
        assert_eq!(speech.news(s(5)), Some(SpeechView::Wait { left_ms: 10_000, code: 9009 }));
        speech.keep_slow_mode_within(60, s(6));
        assert_eq!((speech.news(s(6)), speech.due()), (None, Some(s(15))));
        speech.keep_slow_mode_within(0, s(7));
        assert_eq!(speech.news(s(7)), Some(SpeechView::Free));
        speech.has_to_wait(s(60), 9009, s(8));
        speech.role = RoomRole::Admin;
        speech.keep_slow_mode_within(60, s(8));
        assert_eq!(speech.due(), None);
        speech.has_to_wait(s(3), 9008, s(8));
        speech.keep_slow_mode_within(0, s(8));
        assert_eq!(speech.due(), Some(s(11)), "what one account may say is another rule");
    }

    #[test]
    fn a_mute_of_a_service_without_a_clock_has_no_end_that_is_known() {
        let mut speech = Speech::default();
        speech.muted(1_060, ServiceClock::default(), s(20));
        assert_eq!(speech.view(s(20)), SpeechView::Muted { left_ms: 0 });
    }

    #[test]
    fn mute_all_concerns_members_and_a_wait_everybody_who_was_told() {
        let mut speech = Speech { mute_all: true, ..Speech::default() };
        assert_eq!(speech.news(s(0)), Some(SpeechView::MuteAll));
        speech.role = RoomRole::Admin;
        speech.has_to_wait(s(5), 9009, s(0));
        speech.has_to_wait(s(2), 9008, s(0));
        let told = speech.news(s(0));
        assert_eq!(told, Some(SpeechView::Wait { left_ms: 5_000, code: 9009 }));
        speech.has_to_wait(s(9), 9009, s(1));
        assert!(speech.news(s(1)).is_some(), "a later end is news");
        assert_eq!(speech.news(s(10)), Some(SpeechView::Free));
        speech.role = RoomRole::Guest;
        assert_eq!(speech.news(s(11)), Some(SpeechView::Guest));
    }
}
