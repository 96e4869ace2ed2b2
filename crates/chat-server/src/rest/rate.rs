//! How often an application may call: each command at its documented rate (60007), and all commands
//! together at the rate that the application is set to (60011).
//!
//! The generic cell rate algorithm: one number for each pair of application and command, the time
//! at which its allowance is full again. A rate of `n` per second allows a burst of `n`.

use chat_types::code::{ApiError, Code};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::catalogue::Command;

/// Pairs remembered at once. Pairs with a full allowance are forgotten first; when that leaves no
/// room, all are, and everybody begins with a full allowance.
const MAX_PAIRS: usize = 10_000;
/// A clock that goes back further than this was set back.
const SET_BACK_NS: u64 = 2 * NS_PER_S;
const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// What is counted: a command of an application, or with `None` all its commands together.
type Pair = (u32, Option<(&'static str, &'static str)>);

/// The allowances of all applications.
#[derive(Debug, Default)]
pub(crate) struct CallRates {
    /// When each allowance is full again, in nanoseconds of Unix time.
    full_again: Mutex<HashMap<Pair, u64>>,
}

impl CallRates {
    /// Counts a call of any command; `per_second` 0 is no limit. 60011 when there are too many.
    pub(crate) fn admit_app(
        &self,
        sdk_app_id: u32,
        per_second: u32,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        if per_second == 0 || self.admit((sdk_app_id, None), per_second, now_ms) {
            return Ok(());
        }
        Err(ApiError::new(
            Code::APP_RATE,
            format!(
                "application {sdk_app_id} makes more than {per_second} calls per second: call less \
                 often or raise its setting calls_per_second"
            ),
        ))
    }

    /// Counts a call of one command; 60007, or the code of the command, when there are too many.
    pub(crate) fn admit_command(
        &self,
        sdk_app_id: u32,
        command: &Command,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        let pair = (sdk_app_id, Some((command.service, command.name)));
        if self.admit(pair, command.per_second, now_ms) {
            return Ok(());
        }
        Err(ApiError::new(
            command.rate_code,
            format!(
                "{} may be called {} times per second: wait and call again",
                command.name, command.per_second
            ),
        ))
    }

    fn admit(&self, pair: Pair, per_second: u32, now_ms: u64) -> bool {
        let now = now_ms.saturating_mul(NS_PER_MS);
        let interval = NS_PER_S / u64::from(per_second.max(1));
        let burst = interval * u64::from(per_second.saturating_sub(1));
        let mut full_again = self.full_again.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_again.get(&pair).copied().unwrap_or_default().max(now);
        // Much more than a spent allowance is a clock that was set back: nobody waits for it to catch
        // up. A little more is a call that looked at the clock before another one.
        let full = if full - now > burst + interval + SET_BACK_NS { now } else { full };
        if full - now > burst {
            return false;
        }
        if full_again.len() >= MAX_PAIRS && !full_again.contains_key(&pair) {
            full_again.retain(|_, full| *full > now);
            if full_again.len() >= MAX_PAIRS {
                full_again.clear();
            }
        }
        full_again.insert(pair, full.saturating_add(interval));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::catalogue::{commands, find};

    const NOW_MS: u64 = 1_760_000_000_000;

    fn admitted(calls: u32, mut call: impl FnMut() -> Result<(), ApiError>) -> u32 {
        (0..calls).map(|_| u32::from(call().is_ok())).sum()
    }

    #[test]
    fn a_call_that_looked_at_the_clock_a_little_earlier_does_not_fill_the_allowance_again() {
        let command = find("im_open_login_svc", "account_check").unwrap();
        let rates = CallRates::default();
        assert_eq!(admitted(200, || rates.admit_command(1, command, NOW_MS)), command.per_second);
        for earlier in [1, 10, 1_000] {
            assert!(rates.admit_command(1, command, NOW_MS - earlier).is_err(), "{earlier} ms");
        }
        assert!(rates.admit_command(1, command, NOW_MS - 60_000).is_ok(), "it was set back");
    }

    #[test]
    fn every_command_allows_its_documented_rate_and_no_more() {
        for command in commands() {
            let rates = CallRates::default();
            let burst = command.per_second;
            let call = |at| rates.admit_command(1, command, at);
            assert_eq!(admitted(burst + 5, || call(NOW_MS)), burst, "{} at once", command.name);
            assert_eq!(call(NOW_MS).unwrap_err().code, command.rate_code);
            assert_eq!(
                admitted(burst + 5, || call(NOW_MS + 1_000)),
                burst,
                "{} a second later",
                command.name
            );
        }
    }

    #[test]
    fn an_allowance_comes_back_call_by_call() {
        let rates = CallRates::default();
        let command = find("group_open_http_svc", "send_group_msg").unwrap();
        let call = |at| rates.admit_command(1, command, at);
        admitted(200, || call(NOW_MS));
        assert_eq!(admitted(5, || call(NOW_MS + 4)), 0);
        assert_eq!(admitted(5, || call(NOW_MS + 5)), 1);
        assert_eq!(admitted(200, || call(NOW_MS + 505)), 100);
    }

    #[test]
    fn applications_and_commands_do_not_share_an_allowance() {
        let rates = CallRates::default();
        let list = find("group_open_http_svc", "get_appid_group_list").unwrap();
        let broadcast = find("group_open_http_svc", "send_broadcast_msg").unwrap();
        assert!(rates.admit_command(1, list, NOW_MS).is_ok());
        assert!(rates.admit_command(1, list, NOW_MS).is_err());
        assert!(rates.admit_command(2, list, NOW_MS).is_ok());
        assert!(rates.admit_command(1, broadcast, NOW_MS).is_ok());
    }

    #[test]
    fn a_whole_application_is_held_to_its_setting_and_zero_is_no_limit() {
        let rates = CallRates::default();
        assert_eq!(admitted(1_000, || rates.admit_app(1, 0, NOW_MS)), 1_000);
        assert_eq!(admitted(1_000, || rates.admit_app(1, 30, NOW_MS)), 30);
        assert_eq!(rates.admit_app(1, 30, NOW_MS).unwrap_err().code.0, 60011);
        assert_eq!(admitted(1_000, || rates.admit_app(2, u32::MAX, NOW_MS)), 1_000);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let rates = CallRates::default();
        admitted(200, || rates.admit_app(1, 100, NOW_MS));
        let earlier = NOW_MS - 3_600_000;
        assert_eq!(admitted(200, || rates.admit_app(1, 100, earlier)), 100);
    }

    #[test]
    fn what_is_remembered_stays_bounded() {
        let rates = CallRates::default();
        for app in 0..3 * u32::try_from(MAX_PAIRS).unwrap() {
            assert!(rates.admit_app(app, 1, NOW_MS).is_ok());
        }
        assert!(rates.full_again.lock().unwrap().len() <= MAX_PAIRS);
    }
}
