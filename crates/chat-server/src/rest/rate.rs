//! How often an application may call: each command at its documented rate (60007), and all commands
//! together at the rate that the application is set to (60011). A rate of `n` per second allows a
//! burst of `n`.

use chat_types::code::{ApiError, Code};

use super::catalogue::Command;
use crate::admission::Admission;
use crate::counters::{Counters, add};

/// Counts a call of any command; `per_second` 0 is no limit. 60011 when there are too many.
pub(super) fn admit_app(
    admission: &Admission,
    counters: &Counters,
    sdk_app_id: u32,
    per_second: u32,
) -> Result<(), ApiError> {
    if admission.call(("application", sdk_app_id), per_second) {
        return Ok(());
    }
    add(&counters.calls_refused_application, 1);
    Err(ApiError::new(
        Code::APP_RATE,
        format!(
            "application {sdk_app_id} makes more than {per_second} calls per second: call less \
             often or raise its setting calls_per_second"
        ),
    ))
}

/// Counts a call of one command; 60007, or the code of the command, when there are too many.
pub(super) fn admit_command(
    admission: &Admission,
    counters: &Counters,
    sdk_app_id: u32,
    command: &Command,
) -> Result<(), ApiError> {
    let Command { service, name, per_second, rate_code, .. } = command;
    if admission.call((sdk_app_id, service, name), *per_second) {
        return Ok(());
    }
    add(&counters.calls_refused_command, 1);
    Err(ApiError::new(
        *rate_code,
        format!("{name} may be called {per_second} times per second: wait and call again"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::testing::HandClock;
    use crate::rest::catalogue::{commands, find};
    use std::sync::Arc;

    struct Calls {
        clock: Arc<HandClock>,
        admission: Admission,
        counters: Arc<Counters>,
    }

    impl Calls {
        fn new() -> Self {
            let clock = HandClock::new();
            let counters = Arc::new(Counters::default());
            let admission = Admission::new(Arc::clone(&clock) as _, Arc::clone(&counters));
            Self { clock, admission, counters }
        }

        fn command(&self, sdk_app_id: u32, command: &Command) -> Result<(), ApiError> {
            admit_command(&self.admission, &self.counters, sdk_app_id, command)
        }

        fn app(&self, sdk_app_id: u32, per_second: u32) -> Result<(), ApiError> {
            admit_app(&self.admission, &self.counters, sdk_app_id, per_second)
        }
    }

    fn admitted(calls: u32, mut call: impl FnMut() -> Result<(), ApiError>) -> u32 {
        (0..calls).map(|_| u32::from(call().is_ok())).sum()
    }

    #[test]
    fn every_command_allows_its_documented_rate_and_no_more() {
        for command in commands() {
            let calls = Calls::new();
            let burst = command.per_second;
            let call = || calls.command(1, command);
            assert_eq!(admitted(burst + 5, call), burst, "{} at once", command.name);
            assert_eq!(call().unwrap_err().code, command.rate_code);
            assert_eq!(calls.counters.read().calls_refused_command, 6);
            calls.clock.pass_ms(1_000);
            assert_eq!(admitted(burst + 5, call), burst, "{} a second later", command.name);
        }
    }

    #[test]
    fn an_allowance_comes_back_call_by_call() {
        let calls = Calls::new();
        let command = find("group_open_http_svc", "send_group_msg").unwrap();
        let call = || calls.command(1, command);
        admitted(200, call);
        calls.clock.pass_ms(4);
        assert_eq!(admitted(5, call), 0);
        calls.clock.pass_ms(1);
        assert_eq!(admitted(5, call), 1);
        calls.clock.pass_ms(500);
        assert_eq!(admitted(200, call), 100);
    }

    #[test]
    fn applications_and_commands_do_not_share_an_allowance() {
        let calls = Calls::new();
        let list = find("group_open_http_svc", "get_appid_group_list").unwrap();
        let broadcast = find("group_open_http_svc", "send_broadcast_msg").unwrap();
        assert!(calls.command(1, list).is_ok());
        assert!(calls.command(1, list).is_err());
        assert!(calls.command(2, list).is_ok());
        assert!(calls.command(1, broadcast).is_ok());
    }

    #[test]
    fn a_whole_application_is_held_to_its_setting_and_zero_is_no_limit() {
        let calls = Calls::new();
        assert_eq!(admitted(1_000, || calls.app(1, 0)), 1_000);
        assert_eq!(admitted(1_000, || calls.app(1, 30)), 30);
        assert_eq!(calls.app(1, 30).unwrap_err().code.0, 60011);
        assert_eq!(calls.counters.read().calls_refused_application, 971);
        assert_eq!(admitted(1_000, || calls.app(2, u32::MAX)), 1_000);
    }
}
