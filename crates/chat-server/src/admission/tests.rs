//! The limits of accounts and senders, by a clock that the tests move.

use proptest::prelude::*;

use super::testing::{HandClock, every_frame};
use super::*;

const GROUP: &str = "r";

fn admission() -> (Arc<HandClock>, Arc<Admission>) {
    let clock = HandClock::new();
    let admission = Admission::new(Arc::clone(&clock) as _, Arc::default());
    (clock, Arc::new(admission))
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn of(admission: &Arc<Admission>, connection: ConnectionId, name: &str) -> Allowance {
    Allowance::new(admission, connection, Some((1, &user(name))), None)
}

fn frame(kind: &str) -> ClientFrame {
    let is_kind = |frame: &ClientFrame| serde_json::to_value(frame).unwrap()["t"] == kind;
    every_frame().into_iter().find(is_kind).unwrap()
}

/// How many of so many requests are admitted.
fn admitted(allowance: &mut Allowance, kind: &str, of: usize) -> usize {
    let frame = frame(kind);
    (0..of).filter(|_| allowance.admit(&frame).is_ok()).count()
}

fn wait_ms(refused: Result<Cost, ApiError>) -> Option<u32> {
    let error = refused.unwrap_err();
    assert_eq!(error.code, Code::REQUEST_RATE);
    error.retry_after_ms
}

#[test]
fn every_request_but_the_free_ones_is_refused_in_the_end_and_admitted_again_when_it_was_told() {
    for frame in every_frame() {
        let (clock, admission) = admission();
        let mut allowance = of(&admission, 1, "a");
        let refused = (0..2_000).find_map(|_| allowance.admit(&frame).err());
        match cost(&frame) {
            Cost::Before(_) => {
                let refused = refused.unwrap();
                assert_eq!(refused.code, Code::REQUEST_RATE);
                clock.pass_ms(u64::from(refused.retry_after_ms.unwrap()));
                assert!(allowance.admit(&frame).is_ok(), "{frame:?}");
                assert!(admission.counters.read().requests_refused_connection > 0);
            }
            Cost::Free | Cost::IfRefused(_) => assert_eq!(refused, None, "{frame:?}"),
        }
    }
}

#[test]
fn a_program_comes_back_into_all_its_rooms_at_once_and_then_five_times_a_second() {
    let (clock, admission) = admission();
    let mut desk = of(&admission, 1, "a");
    let mut phone = of(&admission, 2, "a");
    for allowance in [&mut desk, &mut phone] {
        assert_eq!(admitted(allowance, "join", 256), 256);
    }
    assert_eq!(admitted(&mut desk, "join", 1_000), 300 - 256);
    clock.pass_ms(2_000);
    assert_eq!(admitted(&mut desk, "leave", 1_000), 10, "leaving costs what coming costs");
}

#[test]
fn an_account_has_twice_what_one_of_its_connections_has_however_many_there_are() {
    let (_, admission) = admission();
    let mut connections: Vec<Allowance> =
        (0..5).map(|number| of(&admission, number, "a")).collect();
    let sent = connections.iter_mut().map(|allowance| admitted(allowance, "send_c2c", 100));
    assert_eq!(sent.collect::<Vec<_>>(), [40, 40, 0, 0, 0]);
    assert!(admission.counters.read().requests_refused_account > 0);
    assert_eq!(admitted(&mut of(&admission, 9, "b"), "send_c2c", 100), 40, "another account");
    let mut elsewhere = Allowance::new(&admission, 10, Some((2, &user("a"))), None);
    assert_eq!(admitted(&mut elsewhere, "send_c2c", 100), 40, "the same name elsewhere");
}

#[test]
fn guests_behind_one_address_are_held_together_and_this_machine_is_not() {
    let (_, admission) = admission();
    let guests_at = |address: &str, first: ConnectionId| {
        let address: IpAddr = address.parse().unwrap();
        let guest = |number| Allowance::new(&admission, number, None, Some(address));
        (first..first + 60)
            .map(|number| admitted(&mut guest(number), "catch_up", 20))
            .sum::<usize>()
    };
    assert_eq!(guests_at("192.0.2.1", 0), 50 * 20);
    assert_eq!(guests_at("127.0.0.1", 100), 60 * 20);
    assert!(admission.counters.read().requests_refused_address > 0);
}

#[test]
fn logins_are_counted_for_the_account_and_for_the_network_it_comes_from() {
    let (clock, admission) = admission();
    let login = || admission.login_of(1, &user("a"));
    assert_eq!((0..50).filter(|_| login().is_ok()).count(), 20);
    assert_eq!(login().unwrap_err().retry_after_ms, Some(1_000));
    clock.pass_ms(1_000);
    assert!(login().is_ok() && login().is_err());
    let from = |address: &str| {
        let address = address.parse().unwrap();
        (0..2_000).filter(|_| admission.login_from(address).is_ok()).count()
    };
    assert_eq!(from("127.0.0.1"), 2_000);
    assert_eq!(from("::1"), 2_000);
    assert_eq!(from("2001:db8::1"), 1_000);
    assert_eq!(from("2001:db8::2"), 0, "the same network");
    assert_eq!(from("2001:db8:0:1::1"), 1_000);
}

#[test]
fn messages_cost_nothing_until_too_many_come_to_nothing() {
    let (clock, admission) = admission();
    let mut allowance = of(&admission, 1, "a");
    let send = frame("send");
    assert_eq!(admitted(&mut allowance, "send", 10_000), 10_000);
    let no_room = ApiError::new(Code::GROUP_ID_INVALID, "");
    let too_fast = ApiError::new(Code::SENDER_RATE, "");
    for error in std::iter::repeat_n(&too_fast, 1_000).chain(std::iter::repeat_n(&no_room, 40)) {
        let cost = allowance.admit(&send).unwrap();
        allowance.was_refused(cost, error);
    }
    // What it cannot pay it owes, and pays before the next one.
    for _ in 0..3 {
        let cost = allowance.admit(&send).unwrap();
        allowance.was_refused(cost, &no_room);
        assert_eq!(wait_ms(allowance.admit(&send)), Some(100));
        assert_eq!(admitted(&mut allowance, "join", 1), 1, "everything else goes on");
        clock.pass_ms(100);
    }
    assert_eq!(admitted(&mut allowance, "send", 10_000), 10_000, "as long as they get through");
}

#[test]
fn a_burst_of_a_sender_is_two_seconds_of_the_rate_whatever_the_rate() {
    for per_second in [1, 3, 7, 10, 999, 10_000] {
        let (_, admission) = admission();
        let speak = || admission.speak(1, GROUP, &user("a"), per_second);
        let burst = std::iter::from_fn(|| speak().ok()).count();
        assert_eq!(burst, 2 * per_second as usize);
    }
}

#[test]
fn one_sender_does_not_pay_for_another_and_another_rate_holds_at_once() {
    let (_, admission) = admission();
    let speak = |name: &str, per_second| admission.speak(1, GROUP, &user(name), per_second);
    assert_eq!((speak("a", 1), speak("a", 1)), (Ok(()), Ok(())));
    assert_eq!(speak("a", 1), Err(1_000));
    assert_eq!(speak("b", 1), Ok(()));
    assert_eq!(admission.speak(1, "other", &user("a"), 1), Ok(()), "another room");
    assert_eq!(speak("a", 100), Err(10), "nearly free under the greater rate");
    assert_eq!(speak("a", 0), Ok(()), "no limit");
}

proptest! {
    #[test]
    fn no_sender_gets_more_through_than_a_burst_and_the_rate(
        per_second in 1_u32..=50,
        pauses in prop::collection::vec(0_u64..500, 1..200),
    ) {
        let (clock, admission) = admission();
        let speak = || admission.speak(1, GROUP, &user("a"), per_second);
        let mut admitted: Vec<u64> = Vec::new();
        for pause in pauses {
            clock.pass_ms(pause);
            if let Err(wait) = speak() {
                prop_assert!(wait > 0);
                clock.pass_ms(wait - 1);
                prop_assert!(speak().is_err());
                clock.pass_ms(1);
                prop_assert_eq!(speak(), Ok(()));
            }
            admitted.push(clock.monotonic_ms());
        }
        let burst_ms = u64::from(SENDER_BURST_S) * 1_000;
        for (first, from) in admitted.iter().enumerate() {
            for (last, to) in admitted.iter().enumerate().skip(first) {
                let most = u64::from(per_second) * (burst_ms + to - from) / 1_000;
                prop_assert!((last - first + 1) as u64 <= most + 1, "{first} to {last}");
            }
        }
    }
}
