use super::*;

fn begun(lanes: &mut Lanes, now: Instant) -> Option<String> {
    lanes.begin(now).map(|lane| lane.to_string())
}

fn end(lanes: &mut Lanes, lane: &str, ended: Ended, now: Instant) {
    lanes.end(&lane.into(), ended, now);
}

#[test]
fn a_lane_has_one_turn_at_a_time() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    lanes.note("a", 1, None);
    lanes.note("a", 2, None);
    lanes.note("b", 3, None);
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
    assert_eq!(begun(&mut lanes, now), None);
}

#[test]
fn what_is_written_while_a_lane_is_busy_is_not_forgotten() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    lanes.note("a", 1, None);
    lanes.begin(now).unwrap();
    lanes.note("a", 2, None);
    end(&mut lanes, "a", Ended::Empty, now);
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
    end(&mut lanes, "a", Ended::Done(2, None), now);
    assert_eq!(begun(&mut lanes, now), None);
    assert!(lanes.lanes.is_empty());
}

#[test]
fn a_lane_that_failed_rests_longer_each_time_while_others_go_on() {
    let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
    lanes.note("a", 1, None);
    for failures in 0..20 {
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("a"));
        end(&mut lanes, "a", Ended::Later, now);
        let rest = lanes.next_rested().unwrap() - now;
        let least = (FIRST_REST * 2_u32.pow(failures.min(12))).min(LONGEST_REST);
        assert!(least <= rest && rest <= least * 2, "{failures}: {rest:?}");
        let number = 2 * u64::from(failures) + 2;
        lanes.note("b", number, None);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
        end(&mut lanes, "b", Ended::Empty, now);
        // More of a lane that rests does not wake it.
        lanes.note("a", number + 1, None);
        assert_eq!(begun(&mut lanes, now), None);
        now += rest;
    }
}

#[test]
fn after_a_success_rests_begin_anew() {
    let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
    lanes.note("a", 1, None);
    lanes.note("a", 2, None);
    for _ in 0..10 {
        lanes.begin(now).unwrap();
        end(&mut lanes, "a", Ended::Later, now);
        now = lanes.next_rested().unwrap();
    }
    lanes.begin(now).unwrap();
    end(&mut lanes, "a", Ended::Done(1, None), now);
    lanes.begin(now).unwrap();
    end(&mut lanes, "a", Ended::Later, now);
    assert!(lanes.next_rested().unwrap() - now <= FIRST_REST * 2);
}

#[test]
fn the_lane_whose_first_posting_is_the_oldest_comes_first() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    for (lane, number) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
        lanes.note(lane, number, None);
    }
    for (lane, number) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
        assert_eq!(begun(&mut lanes, now).as_deref(), Some(lane), "{number}");
        end(&mut lanes, lane, Ended::Done(number, None), now);
    }
}

/// Eight turns at once find the chat service away; then it is tried for `trials` times.
fn away(lanes: &mut Lanes, mut now: Instant, trials: u32) -> Instant {
    let busy: Vec<_> = (0..8).map_while(|_| lanes.begin(now)).collect();
    for lane in &busy {
        lanes.end(lane, Ended::Away, now);
    }
    for _ in 0..trials {
        now = lanes.next_rested().unwrap();
        let trial = lanes.begin(now).unwrap();
        assert_eq!(lanes.begin(now), None, "one at a time");
        lanes.end(&trial, Ended::Away, now);
    }
    lanes.next_rested().unwrap()
}

#[test]
fn while_the_chat_service_is_away_one_tries_and_then_all_go_on_in_their_order() {
    let mut lanes = Lanes::new(1);
    for number in 1..=50 {
        lanes.note(&format!("{number:02}"), number, None);
    }
    let began = Instant::now();
    let now = away(&mut lanes, began, 200);
    let back = lanes.begin(now).unwrap();
    let (first, mut told) = (back.parse::<u64>().unwrap(), vec![]);
    // After 200 trials.
    assert!(first <= 8 + 200 / 8, "it was {first} that found the chat service back");
    lanes.end(&back, Ended::Done(first, None), now);
    while let Some(lane) = lanes.begin(now) {
        let number = lane.parse::<u64>().unwrap();
        told.push(number);
        lanes.end(&lane, Ended::Done(number, None), now);
    }
    assert!(told.is_sorted() && told.len() == 49, "{told:?}");
    assert!(lanes.lanes.is_empty() && lanes.next_rested().is_none());
}

#[test]
fn it_is_tried_at_first_soon_and_never_more_seldom_than_every_few_seconds() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    lanes.note("a", 1, None);
    assert!(away(&mut lanes, now, 0) - now <= FIRST_REST * 2);
    let mut last = away(&mut lanes, now + Duration::from_secs(60), 20);
    for _ in 0..20 {
        lanes.begin(last).unwrap();
        end(&mut lanes, "a", Ended::Away, last);
        let next = lanes.next_rested().unwrap();
        assert!(next - last <= LONGEST_PAUSE * 2);
        last = next;
    }
}

#[test]
fn one_posting_without_an_answer_holds_nobody_up() {
    let (mut lanes, mut now) = (Lanes::new(1), Instant::now());
    lanes.note("stuck", 1, None);
    for number in 2..40 {
        lanes.note(&format!("{number:02}"), number, None);
    }
    let mut told = 0;
    while told < 38 {
        let Some(lane) = lanes.begin(now) else {
            now = lanes.next_rested().unwrap();
            continue;
        };
        if &*lane == "stuck" {
            lanes.end(&lane, Ended::Away, now);
        } else {
            told += 1;
            lanes.end(&lane, Ended::Done(lane.parse().unwrap(), None), now);
        }
    }
    assert_eq!(lanes.lanes.len(), 1);
}

#[test]
fn a_delivery_from_before_that_hangs_delays_no_trial() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    for (lane, number) in [("hangs", 1), ("b", 2), ("c", 3)] {
        lanes.note(lane, number, None);
    }
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("hangs"));
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
    end(&mut lanes, "b", Ended::Away, now);
    let now = lanes.next_rested().unwrap();
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("c"));
    end(&mut lanes, "c", Ended::Done(3, None), now);
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("b"));
}

fn muted(sender: &str) -> Voice {
    Voice::new("muted", Some(sender))
}

/// Gives every lane that is not refused its turns until `until`; gives how often `muted` was asked.
fn go_on(lanes: &mut Lanes, mut now: Instant, until: Instant) -> usize {
    let mut asked = 0;
    loop {
        if let Some(lane) = lanes.begin(now) {
            if lane.starts_with("muted") {
                asked += 1;
                lanes.end(&lane, Ended::Refused(muted("host")), now);
            } else {
                lanes.end(&lane, Ended::Empty, now);
            }
            continue;
        }
        match lanes.next_rested() {
            Some(next) if next < until => now = next,
            _ => return asked,
        }
    }
}

#[test]
fn a_room_that_refuses_a_sender_is_asked_as_seldom_with_thousands_of_lanes_as_with_one() {
    let asked = |number: u64| {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        for number in 1..=number {
            lanes.note(&format!("muted{number}"), number, Some(muted("host")));
        }
        lanes.note("other", number + 1, Some(Voice::new("other", Some("host"))));
        let until = now + Duration::from_secs(120);
        let asked = go_on(&mut lanes, now, until);
        assert!(!lanes.lanes.contains_key("other"), "it had its turn");
        asked
    };
    assert_eq!(asked(5_000), asked(1));
}

#[test]
fn turns_that_were_under_way_together_are_refused_together() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    for number in 1..=20 {
        lanes.note(&format!("{number:02}"), number, Some(muted("host")));
    }
    let busy: Vec<_> = (0..8).map_while(|_| lanes.begin(now)).collect();
    for lane in &busy {
        lanes.end(lane, Ended::Refused(muted("host")), now);
    }
    assert_eq!(begun(&mut lanes, now), None);
    let rested = lanes.next_rested().unwrap();
    assert!(rested - now <= FIRST_REST * 2, "it was one word");
    assert_eq!(begun(&mut lanes, rested).as_deref(), Some("01"), "the oldest tries");
    assert_eq!(begun(&mut lanes, rested), None, "and no other");
}

#[test]
fn who_may_speak_again_goes_on_with_all_lanes_in_their_order() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    for number in 1..=4 {
        lanes.note(&number.to_string(), number, Some(muted("host")));
    }
    let first = lanes.begin(now).unwrap();
    lanes.end(&first, Ended::Refused(muted("host")), now);
    assert_eq!(begun(&mut lanes, now), None);
    lanes.note("5", 5, Some(muted("assistant")));
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("5"), "another sender is not refused");
    let now = lanes.next_rested().unwrap();
    let trial = lanes.begin(now).unwrap();
    lanes.end(&trial, Ended::Done(1, Some(muted("host"))), now);
    for number in 2..=4 {
        assert_eq!(begun(&mut lanes, now), Some(number.to_string()));
    }
    assert!(!lanes.has_refused() && lanes.next_rested().is_none());
}

#[test]
fn a_trial_that_says_nothing_of_the_sender_hands_on_to_the_next_lane() {
    for ended in [Ended::Empty, Ended::Failed, Ended::Later, Ended::Done(1, None)] {
        let (mut lanes, now) = (Lanes::new(1), Instant::now());
        for number in 1..=2 {
            lanes.note(&number.to_string(), number, Some(muted("host")));
        }
        lanes.begin(now).unwrap();
        end(&mut lanes, "1", Ended::Refused(muted("host")), now);
        let now = lanes.next_rested().unwrap();
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("1"));
        end(&mut lanes, "1", ended.clone(), now);
        assert_eq!(begun(&mut lanes, now).as_deref(), Some("2"), "{ended:?}");
    }
}

#[test]
fn what_was_given_up_makes_way_for_what_is_behind_it() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    lanes.note("slot", 1, Some(muted("host")));
    lanes.begin(now).unwrap();
    end(&mut lanes, "slot", Ended::Refused(muted("host")), now);
    lanes.note("slot", 2, None);
    lanes.note("slot", 3, Some(muted("host")));
    assert_eq!(begun(&mut lanes, now), None);
    lanes.forget("slot", 1);
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("slot"));
    end(&mut lanes, "slot", Ended::Done(2, None), now);
    assert_eq!(begun(&mut lanes, now), None, "what is next would be refused");
    lanes.forget("slot", 3);
    assert_eq!(begun(&mut lanes, now).as_deref(), Some("slot"));
    end(&mut lanes, "slot", Ended::Empty, now);
    let now = lanes.next_rested().unwrap();
    assert_eq!(begun(&mut lanes, now), None);
    assert!(lanes.lanes.is_empty() && !lanes.has_refused());
}

#[test]
fn a_refused_sender_waits_for_a_chat_service_that_is_away() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    for number in 1..=2 {
        lanes.note(&number.to_string(), number, Some(muted("host")));
    }
    lanes.begin(now).unwrap();
    end(&mut lanes, "1", Ended::Refused(muted("host")), now);
    let now = lanes.next_rested().unwrap();
    lanes.begin(now).unwrap();
    end(&mut lanes, "1", Ended::Away, now);
    let now = lanes.next_rested().unwrap();
    let trial = lanes.begin(now).unwrap();
    assert_eq!(lanes.begin(now), None, "one at a time");
    lanes.end(&trial, Ended::Done(1, Some(muted("host"))), now);
    assert!(lanes.begin(now).is_some() && !lanes.has_refused());
}

#[test]
fn a_refusal_is_an_answer_too() {
    let (mut lanes, now) = (Lanes::new(1), Instant::now());
    lanes.note("a", 1, None);
    lanes.note("b", 2, None);
    let now = away(&mut lanes, now, 3);
    let trial = lanes.begin(now).unwrap();
    lanes.end(&trial, Ended::Later, now);
    assert!(lanes.begin(now).is_some_and(|other| other != trial));
}
