//! What an operator can watch, as OpenMetrics text. Every label has a small fixed set of values;
//! none holds an id, a name or a secret.

use chat_types::code::Code;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::counters::Counters;
use crate::message_counters::MessageCounters;
use crate::webhook::{Backlog, ExceptionFigures, Figures};

/// The form of [`Metrics::text`], as HTTP names it.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Stands for every command that does not exist, so that a caller cannot make labels.
pub(crate) const OTHER_COMMAND: &str = "other";
/// Upper bounds of the buckets of REST durations, in seconds.
const DURATIONS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    command: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Command {
    command: &'static str,
}

/// What is measured at the moment somebody asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) connections: usize,
    pub(crate) rooms: usize,
    /// Accounts in rooms; an account in two rooms counts twice.
    pub(crate) members: u64,
    /// Connections of guests in rooms; one in two rooms counts twice.
    pub(crate) guests: u64,
    pub(crate) webhooks: Backlog,
}

/// The metrics of one service.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    rest_calls: Family<Call, Counter>,
    rest_durations: Family<Command, Histogram>,
    connections: Gauge,
    rooms: Gauge,
    members: Gauge,
    guests: Gauge,
    after_waiting: Gauge,
    after_in_memory: Gauge,
    before_breakers_open: Gauge,
    after_breakers_open: Gauge,
    exceptions_waiting: Gauge,
    exception_breakers_open: Gauge,
}

impl Metrics {
    pub(crate) fn new(
        counters: &Counters,
        messages: &MessageCounters,
        webhooks: &Figures,
        exceptions: &ExceptionFigures,
    ) -> Self {
        let mut registry = Registry::with_prefix("liveroom");
        counters.register(&mut registry);
        messages.register(&mut registry);
        let of_webhooks = registry.sub_registry_with_prefix("webhook");
        webhooks.register(of_webhooks);
        exceptions.register(of_webhooks);
        let rest_calls = Family::default();
        registry.register("rest_calls", "REST calls by command and result", rest_calls.clone());
        let histogram: fn() -> Histogram = || Histogram::new(DURATIONS);
        let rest_durations = Family::new_with_constructor(histogram);
        registry.register_with_unit(
            "rest_call_duration",
            "Time from a REST call's headers to its answer",
            Unit::Seconds,
            rest_durations.clone(),
        );
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let connections = gauge("open_connections", "Open connections to the gateway");
        let rooms = gauge("rooms_in_memory", "Groups that are in memory");
        let members = gauge("online_members", "Accounts in rooms, counted once in each room");
        let guests = gauge("guests", "Guests in rooms, counted once in each room");
        let after_waiting = gauge("webhook_after_waiting", "After-webhooks that wait for delivery");
        let after_in_memory =
            gauge("webhook_after_in_memory", "After-webhooks in memory that are not stored yet");
        let before_breakers_open = gauge(
            "webhook_before_breakers_open",
            "Receivers that are sent no before-webhooks now because they failed too often",
        );
        let after_breakers_open = gauge(
            "webhook_after_breakers_open",
            "Receivers that are sent no after-webhooks now because they failed too often",
        );
        let exceptions_waiting =
            gauge("webhook_exceptions_waiting", "Exceptions that wait for delivery");
        let exception_breakers_open = gauge(
            "webhook_exception_breakers_open",
            "Receivers that are sent no exceptions now because they failed too often",
        );
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running program", build);
        Self {
            registry,
            rest_calls,
            rest_durations,
            connections,
            rooms,
            members,
            guests,
            after_waiting,
            after_in_memory,
            before_breakers_open,
            after_breakers_open,
            exceptions_waiting,
            exception_breakers_open,
        }
    }

    /// Counts an answered REST call. `command` is the name of a command that exists, or
    /// [`OTHER_COMMAND`].
    pub(crate) fn rest_call(&self, command: &'static str, code: Code, seconds: f64) {
        self.rest_calls.get_or_create(&Call { command, result: result(code) }).inc();
        self.rest_durations.get_or_create(&Command { command }).observe(seconds);
    }

    /// Everything as OpenMetrics text.
    pub(crate) fn text(&self, now: Moment) -> Result<String, std::fmt::Error> {
        let set = |gauge: &Gauge, value: usize| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.connections, now.connections);
        set(&self.rooms, now.rooms);
        self.members.set(i64::try_from(now.members).unwrap_or(i64::MAX));
        self.guests.set(i64::try_from(now.guests).unwrap_or(i64::MAX));
        set(&self.after_waiting, now.webhooks.after_waiting);
        set(&self.after_in_memory, now.webhooks.after_in_memory);
        set(&self.before_breakers_open, now.webhooks.before_open);
        set(&self.after_breakers_open, now.webhooks.after_open);
        set(&self.exceptions_waiting, now.webhooks.exceptions_waiting);
        set(&self.exception_breakers_open, now.webhooks.exceptions_open);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The class of an answer's code: `ok`, `failed` when the service is to blame, or the part that
/// refused.
fn result(code: Code) -> &'static str {
    match code {
        Code::INTERNAL
        | Code::ACCOUNT_INTERNAL
        | Code::C2C_INTERNAL
        | Code::C2C_CALL_INTERNAL
        | Code::PROFILE_INTERNAL => return "failed",
        Code::COMMAND_RATE | Code::APP_RATE | Code::OPERATION_RATE | Code::MESSAGE_RATE => {
            return "rate_limited";
        }
        _ => {}
    }
    match code.0 {
        0 => "ok",
        60_000..=69_999 | 93_000 => "refused_access",
        70_000..=79_999 => "refused_account",
        40_000..=49_999 => "refused_profile",
        20_000..=29_999 | 90_000..=92_999 => "refused_message",
        80_000..=89_999 => "refused_content",
        _ => "refused_group",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_under_its_command_and_the_part_that_gave_it() {
        let metrics = Metrics::new(
            &Counters::default(),
            &MessageCounters::default(),
            &Figures::default(),
            &ExceptionFigures::default(),
        );
        metrics.rest_call("create_group", Code::OK, 0.002);
        metrics.rest_call("create_group", Code::GROUP_ID_TAKEN, 0.002);
        metrics.rest_call(OTHER_COMMAND, Code::UNKNOWN_PATH, 0.002);
        metrics.rest_call("account_import", Code::ACCOUNT_INTERNAL, 0.002);
        let webhooks = Backlog {
            after_waiting: 7,
            after_in_memory: 6,
            before_open: 1,
            after_open: 2,
            exceptions_open: 3,
            exceptions_waiting: 8,
        };
        let now = Moment { connections: 3, rooms: 2, members: 5, guests: 4, webhooks };
        let text = metrics.text(now).unwrap();
        for line in [
            r#"liveroom_rest_calls_total{command="create_group",result="ok"} 1"#,
            r#"liveroom_rest_calls_total{command="create_group",result="refused_group"} 1"#,
            r#"liveroom_rest_calls_total{command="other",result="refused_access"} 1"#,
            r#"liveroom_rest_calls_total{command="account_import",result="failed"} 1"#,
            r#"liveroom_rest_call_duration_seconds_count{command="create_group"} 2"#,
            "# UNIT liveroom_rest_call_duration_seconds seconds",
            "liveroom_open_connections 3",
            "liveroom_rooms_in_memory 2",
            "liveroom_online_members 5",
            "liveroom_guests 4",
            "liveroom_webhook_before_breaker_total 0",
            "liveroom_webhook_after_waiting 7",
            "liveroom_webhook_after_in_memory 6",
            "liveroom_webhook_before_breakers_open 1",
            "liveroom_webhook_after_breakers_open 2",
            "liveroom_webhook_exceptions_waiting 8",
            "liveroom_webhook_exception_breakers_open 3",
            "# EOF",
        ] {
            assert!(text.lines().any(|each| each == line), "{line} is missing from\n{text}");
        }
    }
}
