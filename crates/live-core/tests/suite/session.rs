//! Every transition of the session, and what no sequence of events may do.

use chat_types::{ApiError, Code};
use live_core::back_off;
use live_core::session::{
    Action, Event, LONGEST_PAUSE, RENEW_EVERY, STOP_SPREAD, Session, State, Step,
};
use live_core::view::KickedBy;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

fn error(code: i32) -> ApiError {
    ApiError::new(Code(code), "no")
}

fn kicked(reason: &str) -> Event {
    Event::Kicked { cause: KickedBy::SignedInElsewhere, reason: reason.into() }
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The states by name, and for each the events that lead there from an offline session.
fn way_to(state: &str) -> Vec<Event> {
    let up = [Event::Open, Event::TransportOpened, Event::LoginOk];
    let (steps, last) = match state {
        "offline" => (0, None),
        "dialling" => (1, None),
        "logging in" => (2, None),
        "online" => (3, None),
        "reconnecting" => (3, Some(Event::Silent)),
        "kicked" => (3, Some(kicked("elsewhere"))),
        "expired" => (2, Some(Event::LoginRefused(error(70001)))),
        "failed" => (2, Some(Event::LoginRefused(error(70009)))),
        other => panic!("no state {other}"),
    };
    up.into_iter().take(steps).chain(last).collect()
}

fn name_of(session: &Session) -> &'static str {
    match session.state() {
        State::Offline => "offline",
        State::Connecting { step: Step::Dialling, .. } => "dialling",
        State::Connecting { step: Step::LoggingIn, .. } => "logging in",
        State::Online { .. } => "online",
        State::Reconnecting { .. } => "reconnecting",
        State::Kicked { .. } => "kicked",
        State::SigExpired => "expired",
        State::Failed { .. } => "failed",
    }
}

const STATES: [&str; 8] =
    ["offline", "dialling", "logging in", "online", "reconnecting", "kicked", "expired", "failed"];

type Line = (Event, [&'static str; 8], &'static [Action], &'static [Action]);

#[test]
fn every_event_has_its_effect_in_every_state() {
    use Action::{Dial, Disconnect, Join, SendLogin};
    // Event; for each state in the order of STATES where it leads, "" when it changes nothing;
    // and what has to be done whenever it changes something with and without a transport.
    let live = |to: &'static str| ["", to, to, to, "", "", "", ""];
    let expiry = ["", "expired", "expired", "reconnecting", "", "", "", ""];
    let table: Vec<Line> = vec![
        (Event::Open, ["dialling", "", "", "", "", "", "", ""], &[], &[Dial]),
        (Event::Reconnect, ["dialling"; 8], &[Disconnect, Dial], &[Dial]),
        (Event::Close, ["offline"; 8], &[Disconnect], &[]),
        (Event::TransportOpened, ["", "logging in", "", "", "", "", "", ""], &[SendLogin], &[]),
        (Event::LoginOk, ["", "", "online", "", "", "", "", ""], &[Join], &[]),
        (
            Event::LoginRefused(error(70014)),
            ["", "failed", "failed", "", "", "", "", ""],
            &[Disconnect],
            &[],
        ),
        (
            Event::LoginRefused(error(70001)),
            ["", "expired", "expired", "", "", "", "", ""],
            &[Disconnect],
            &[],
        ),
        (
            Event::LoginRefused(error(10002)),
            ["", "reconnecting", "reconnecting", "", "", "", "", ""],
            &[Disconnect],
            &[],
        ),
        (Event::AddressRefused(error(60002)), live("failed"), &[Disconnect], &[]),
        (Event::TransportClosed(None), live("reconnecting"), &[Disconnect], &[]),
        (Event::TransportClosed(Some(1001)), live("reconnecting"), &[Disconnect], &[]),
        (Event::TransportClosed(Some(4004)), live("reconnecting"), &[Disconnect], &[]),
        (Event::TransportClosed(Some(4005)), live("reconnecting"), &[Disconnect], &[]),
        (Event::TransportClosed(Some(4001)), expiry, &[Disconnect], &[]),
        (Event::TransportClosed(Some(4002)), live("kicked"), &[Disconnect], &[]),
        (Event::Silent, live("reconnecting"), &[Disconnect], &[]),
        (kicked("x"), live("kicked"), &[Disconnect], &[]),
        (Event::SigExpired, expiry, &[Disconnect], &[]),
        (Event::ShuttingDown { retry_after_ms: 100 }, live("reconnecting"), &[Disconnect], &[]),
        (Event::RetryDue, ["", "", "", "", "dialling", "", "", ""], &[], &[Dial]),
    ];
    for (event, wanted, with_transport, without) in table {
        for (from, to) in STATES.into_iter().zip(wanted) {
            let mut rng = StdRng::seed_from_u64(1);
            let mut session = Session::default();
            for step in way_to(from) {
                let _ = session.handle(step, s(0), &mut rng);
            }
            assert_eq!(name_of(&session), from);
            let actions = session.handle(event.clone(), s(1000), &mut rng);
            let up = ["dialling", "logging in", "online"].contains(&from);
            let wanted_actions = match to {
                "" => &[],
                _ if up => with_transport,
                _ => without,
            };
            assert_eq!(actions, wanted_actions, "{event:?} when {from}");
            let wanted_state = if to.is_empty() { from } else { to };
            assert_eq!(name_of(&session), wanted_state, "{event:?} when {from}");
        }
    }
}

#[test]
fn every_refusal_that_does_not_heal_fails_the_session() {
    for code in [70003, 70009, 70013, 70014, 60006, 70020, 10007] {
        let mut rng = StdRng::seed_from_u64(1);
        let mut session = Session::default();
        for step in way_to("logging in") {
            let _ = session.handle(step, s(0), &mut rng);
        }
        let _ = session.handle(Event::LoginRefused(error(code)), s(0), &mut rng);
        assert_eq!(session.state(), &State::Failed { error: error(code) });
    }
}

#[test]
fn attempts_are_counted_from_one_and_start_again_after_a_login() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut session = Session::default();
    for step in way_to("reconnecting") {
        let _ = session.handle(step, s(0), &mut rng);
    }
    for attempt in 1..5 {
        let State::Reconnecting { attempt: counted, until } = *session.state() else {
            panic!("it tries again");
        };
        assert_eq!(counted, attempt);
        let _ = session.handle(Event::RetryDue, until, &mut rng);
        if attempt < 4 {
            let _ = session.handle(Event::TransportClosed(None), until, &mut rng);
        }
    }
    let _ = session.handle(Event::TransportOpened, s(100), &mut rng);
    let _ = session.handle(Event::LoginOk, s(100), &mut rng);
    let _ = session.handle(Event::Silent, s(101), &mut rng);
    assert!(matches!(session.state(), State::Reconnecting { attempt: 1, .. }));
}

#[test]
fn a_flapping_server_is_left_alone_longer_and_longer() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut session = Session::default();
    let mut now = s(0);
    let _ = session.handle(Event::Open, now, &mut rng);
    let mut waited = Duration::ZERO;
    for _ in 0..40 {
        let _ = session.handle(Event::TransportOpened, now, &mut rng);
        let _ = session.handle(Event::LoginOk, now, &mut rng);
        now += s(1);
        let _ = session.handle(Event::TransportClosed(None), now, &mut rng);
        let until = session.retry_at().unwrap();
        waited += until - now;
        now = until;
        let _ = session.handle(Event::RetryDue, now, &mut rng);
    }
    assert!(waited / 40 > s(8), "the mean wait nears half of the ceiling, and is {waited:?} / 40");
}

#[test]
fn a_stopping_gateway_is_given_the_time_it_asks_for_and_not_all_come_at_once() {
    let come_back = |seed, retry_after_ms: Option<u32>| {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut session = Session::default();
        for step in way_to("online") {
            let _ = session.handle(step, s(0), &mut rng);
        }
        let stop = retry_after_ms.map_or(Event::TransportClosed(Some(1001)), |retry_after_ms| {
            Event::ShuttingDown { retry_after_ms }
        });
        let _ = session.handle(stop, s(0), &mut rng);
        session.retry_at().unwrap()
    };
    for (retry_after_ms, pause, spread) in
        [(Some(5000), s(5), s(5)), (Some(20), s(0), STOP_SPREAD), (None, s(0), STOP_SPREAD)]
    {
        let times: Vec<_> = (0..500).map(|seed| come_back(seed, retry_after_ms)).collect();
        let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        assert!(*first >= pause + back_off::FLOOR, "{first:?}");
        assert!(*last - *first > spread * 9 / 10, "{first:?} to {last:?} of {spread:?}");
        for tenth in 0..10 {
            let from = *first + (*last - *first) * tenth / 10;
            let to = from + (*last - *first) / 10;
            let within = times.iter().filter(|time| (from..to).contains(*time)).count();
            assert!(within < 100, "{within} of 500 come in one tenth of the time");
        }
    }
    assert!(come_back(1, Some(u32::MAX)) <= LONGEST_PAUSE * 2 + back_off::CEILING);
}

#[test]
fn a_thousand_clients_that_lose_the_gateway_at_once_do_not_come_back_at_once() {
    let slot = Duration::from_millis(100);
    let mut attempts: std::collections::BTreeMap<(u32, u128), u32> = Default::default();
    let mut of_all: std::collections::BTreeMap<u128, u32> = Default::default();
    for seed in 0..1_000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut session = Session::default();
        for step in way_to("online") {
            let _ = session.handle(step, s(0), &mut rng);
        }
        let mut now = s(100);
        for attempt in 1..=5 {
            // The gateway is down, and every attempt is refused within the moment.
            let _ = session.handle(Event::TransportClosed(None), now, &mut rng);
            now = session.retry_at().unwrap();
            *attempts.entry((attempt, now.as_millis() / slot.as_millis())).or_default() += 1;
            *of_all.entry(now.as_millis() / slot.as_millis()).or_default() += 1;
            let _ = session.handle(Event::RetryDue, now, &mut rng);
        }
    }
    let fullest = attempts.values().max().unwrap();
    assert!(*fullest <= 90, "{fullest} of 1000 make the same attempt within {slot:?}");
    let fullest = of_all.values().max().unwrap();
    assert!(*fullest <= 150, "{fullest} attempts come within {slot:?}");
}

#[test]
fn a_user_sig_that_runs_out_costs_one_login_at_once() {
    for expiry in [Event::SigExpired, Event::TransportClosed(Some(4001))] {
        let mut rng = StdRng::seed_from_u64(1);
        let mut session = Session::default();
        for step in way_to("online") {
            let _ = session.handle(step, s(0), &mut rng);
        }
        let _ = session.handle(expiry.clone(), s(100), &mut rng);
        assert_eq!(session.state(), &State::Reconnecting { attempt: 1, until: s(100) });
        assert_eq!(session.handle(Event::RetryDue, s(100), &mut rng), [Action::Dial]);
        for step in [Event::TransportOpened, Event::LoginOk] {
            let _ = session.handle(step, s(101), &mut rng);
        }
        let _ = session.handle(expiry.clone(), s(102), &mut rng);
        assert!(session.retry_at().unwrap() >= s(102) + back_off::FLOOR, "it makes no loop");
        let until = session.retry_at().unwrap();
        for step in [Event::RetryDue, Event::TransportOpened] {
            let _ = session.handle(step, until, &mut rng);
        }
        let _ = session.handle(Event::LoginRefused(error(70001)), until, &mut rng);
        assert_eq!(name_of(&session), "expired");
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let code = prop_oneof![Just(70001), Just(70009), Just(10002), Just(60006), any::<i32>()];
    let close = prop_oneof![
        Just(None),
        Just(Some(1000)),
        Just(Some(1001)),
        Just(Some(4001)),
        Just(Some(4002)),
        Just(Some(4003)),
        any::<u16>().prop_map(Some)
    ];
    prop_oneof![
        1 => Just(Event::Open),
        1 => Just(Event::Reconnect),
        1 => Just(Event::Close),
        4 => Just(Event::TransportOpened),
        4 => Just(Event::LoginOk),
        4 => Just(Event::RetryDue),
        1 => code.clone().prop_map(|code| Event::LoginRefused(error(code))),
        1 => code.prop_map(|code| Event::AddressRefused(error(code))),
        4 => close.prop_map(Event::TransportClosed),
        2 => Just(Event::Silent),
        1 => Just(kicked("")),
        1 => Just(Event::SigExpired),
        1 => any::<u32>().prop_map(|retry_after_ms| Event::ShuttingDown { retry_after_ms }),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_a_promise(
        events in prop::collection::vec((any_event(), 0u64..100_000), 0..80),
        seed in any::<u64>(),
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut session = Session::default();
        let mut now = Duration::ZERO;
        let mut transports = 0i32;
        let mut renewed: Option<Duration> = None;
        for (event, pause) in events {
            now += Duration::from_millis(pause);
            let ended = matches!(name_of(&session), "kicked" | "expired" | "failed");
            let by_user = matches!(event, Event::Reconnect | Event::Close);
            let before = session.state().clone();
            let pausing = matches!(event, Event::ShuttingDown { .. });
            let stopping = pausing || event == Event::TransportClosed(Some(1001));
            let expiry = matches!(event, Event::SigExpired | Event::TransportClosed(Some(4001)));
            for action in session.handle(event, now, &mut rng) {
                match action {
                    Action::Dial => {
                        transports += 1;
                        prop_assert_eq!(transports, 1, "never two at once");
                    }
                    Action::Disconnect => {
                        transports -= 1;
                        prop_assert_eq!(transports, 0);
                    }
                    Action::SendLogin | Action::Join => prop_assert_eq!(transports, 1),
                }
            }
            if ended && !by_user {
                prop_assert_eq!(session.state(), &before, "only the user leads out of an end");
            }
            let up = matches!(name_of(&session), "dialling" | "logging in" | "online");
            prop_assert_eq!(transports, i32::from(up));
            if let State::Reconnecting { until, .. } = *session.state()
                && *session.state() != before
            {
                let pause = if pausing { LONGEST_PAUSE } else { s(0) };
                let spread = if stopping { pause.max(STOP_SPREAD) } else { s(0) };
                prop_assert!(until - now <= back_off::CEILING + pause + spread);
                if until == now {
                    prop_assert!(expiry, "only for a new UserSig it comes back at once");
                    prop_assert!(renewed.is_none_or(|at| now - at >= RENEW_EVERY));
                    renewed = Some(now);
                } else {
                    prop_assert!(until - now >= back_off::FLOOR);
                }
            }
        }
    }
}

/// The codes of the table of refused logins after which another attempt makes no sense.
fn final_by_the_document() -> Vec<i32> {
    let document = include_str!("../../../../docs/gateway.md");
    let table = document.split("| code | reason | try again? |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let finals = rows.filter(|row| row.trim_end().ends_with("| no |"));
    let codes = finals.flat_map(|row| row.split('|').nth(1).unwrap().split(','));
    codes.map(|code| code.trim().parse().unwrap()).collect()
}

#[test]
fn a_login_that_the_document_calls_refused_for_good_is_not_tried_again() {
    let codes = final_by_the_document();
    assert!(codes.len() > 8, "{codes:?}");
    for code in codes {
        let (mut session, mut rng) = (Session::default(), StdRng::seed_from_u64(1));
        let refused = Event::LoginRefused(ApiError::new(Code(code), "no"));
        for event in [Event::Open, Event::TransportOpened, refused] {
            let _ = session.handle(event, Duration::ZERO, &mut rng);
        }
        assert!(session.is_over() && session.retry_at().is_none(), "{code}");
    }
}
