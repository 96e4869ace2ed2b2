//! Who comes first within a class.

use super::*;

const FROM_MS: u64 = 1_000_000;

/// Senders that all have something waiting all the time, with rates that differ after the first
/// second.
fn contend(budget: u32, class: MessageClass, gaps_ms: &[u64], seconds: u64) -> Played {
    let mut room = Played::new(budget);
    for ms in 0..seconds * 1_000 {
        room.pass(FROM_MS + ms, Driving::Prompt);
        for (sender, &gap_ms) in gaps_ms.iter().enumerate() {
            if ms % if ms < 1_000 { 20 } else { gap_ms } == 0 {
                room.offer(u8::try_from(sender).unwrap(), class);
            }
        }
        room.select();
    }
    room
}

fn shares(room: &Played, senders: usize, from_ms: u64, until_ms: u64) -> Vec<usize> {
    let mut shares = vec![0; senders];
    for (at_ms, number) in room.choices() {
        if (FROM_MS + from_ms..FROM_MS + until_ms).contains(&at_ms) {
            shares[usize::from(room.messages[number].sender)] += 1;
        }
    }
    shares
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..few() })]

    #[test]
    fn senders_that_wait_get_equal_shares_however_much_they_say(
        budget in 10..40_u32,
        gaps_ms in prop::collection::vec(5..30_u64, 2..10),
        high in any::<bool>(),
    ) {
        let class = if high { MessageClass::High } else { MessageClass::Normal };
        let senders = gaps_ms.len();
        let room = contend(budget, class, &gaps_ms, 3);
        for from_ms in (0..=2_000).step_by(100) {
            let second = shares(&room, senders, from_ms, from_ms + 1_000);
            let slots: usize = second.iter().sum();
            let least = (slots / senders).saturating_sub(1);
            prop_assert!(second.iter().all(|&share| share >= least), "{second:?}");
            let all = shares(&room, senders, 0, from_ms + 1_000);
            prop_assert!(all.iter().max() <= all.iter().min().map(|least| least + 1).as_ref());
        }
    }
}

#[test]
fn shares_stay_equal_over_a_long_flood() {
    let gaps_ms = [2, 20, 20, 20, 3, 20, 20];
    let room = contend(40, MessageClass::Normal, &gaps_ms, 25);
    for from_ms in (0..15_000).step_by(250) {
        let shares = shares(&room, gaps_ms.len(), from_ms, from_ms + 10_000);
        let spread = shares.iter().max().unwrap() - shares.iter().min().unwrap();
        assert!(spread <= 4, "{shares:?} from {from_ms}");
    }
}

#[test]
fn who_has_spoken_little_comes_before_who_has_spoken_much() {
    let mut room = Played::new(10);
    for ms in 0..3_000 {
        room.pass(FROM_MS + ms, Driving::Prompt);
        room.offer(1, MessageClass::Normal);
        room.select();
    }
    room.offer(2, MessageClass::Normal);
    let number = room.messages.len() - 1;
    room.select();
    let next_ms = FROM_MS + 3_150;
    room.pass(next_ms, Driving::Prompt);
    assert!(room.chosen(number), "it takes the next slot");
}

#[test]
fn after_ten_seconds_what_somebody_said_is_forgotten() {
    let mut firsts = [0; 2];
    for seed in 0..100 {
        let mut policy = Policy::new(seed);
        for ms in 0..5 {
            policy.offer("talked", MessageClass::Normal, "before", ms);
            policy.select(40, ms);
        }
        // Two at once and a budget of one: the lot decides.
        policy.offer("talked", MessageClass::Normal, "talked", 10_004);
        policy.offer("silent", MessageClass::Normal, "silent", 10_004);
        match policy.select(1, 10_004).chosen.as_slice() {
            [chosen] => firsts[usize::from(chosen.item == "silent")] += 1,
            chosen => panic!("{chosen:?}"),
        }
    }
    assert!(firsts.iter().all(|&first| first > 25), "{firsts:?}");
}

#[test]
fn among_equals_nobody_is_preferred_for_coming_first_or_last() {
    let mut chosen = [0; 10];
    for seed in 0..300 {
        let mut policy = Policy::new(seed);
        for sender in 0..10_usize {
            policy.offer(&sender.to_string(), MessageClass::Low, sender, 5_000);
        }
        for message in policy.select(2, 5_000).chosen {
            chosen[message.item] += 1;
        }
    }
    assert!(chosen.iter().all(|&times| (30..=95).contains(&times)), "{chosen:?}");
}

#[test]
fn the_same_seed_decides_the_same() {
    let gaps_ms = [3, 4, 5, 7, 11];
    let ends = |room: Played| room.messages.iter().map(|m| m.end).collect::<Vec<_>>();
    let first = contend(20, MessageClass::Normal, &gaps_ms, 2);
    let second = contend(20, MessageClass::Normal, &gaps_ms, 2);
    assert_eq!(ends(first), ends(second));
}
