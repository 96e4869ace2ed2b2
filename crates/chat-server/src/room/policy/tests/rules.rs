//! Budget, delay, pace, rank, waiting and order, with generated traffic.

use super::*;

fn any_budget() -> impl Strategy<Value = u32> {
    prop_oneof![8 => budget(), 1 => Just(0)]
}

fn waiting_ms(class: MessageClass) -> u64 {
    WAITING_MS[class as usize]
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn no_second_has_more_choices_than_the_budget_takes(
        budget in any_budget(), steps in steps(any_budget(), class()), driving in driving(),
    ) {
        let room = Played::play(budget, &steps, driving);
        for (index, turn) in room.turns.iter().enumerate() {
            if turn.budget == 0 || turn.chosen.is_empty() {
                continue;
            }
            // A later turn of the same millisecond may have another budget.
            let until_now = room.turns[..=index].iter().rev();
            let second: usize = until_now
                .take_while(|earlier| earlier.at_ms > turn.at_ms - 1_000)
                .map(|earlier| earlier.chosen.len())
                .sum();
            prop_assert!(second <= turn.budget as usize, "{second} at {}", turn.at_ms);
        }
    }

    #[test]
    fn without_a_limit_everything_goes_at_once(steps in steps(Just(0), class())) {
        let room = Played::play(0, &steps, Driving::Prompt);
        for message in &room.messages {
            prop_assert_eq!(message.end, Some((End::Chosen, message.offered_ms)));
        }
        prop_assert!(room.choices().map(|(_, number)| number).eq(0..room.messages.len()));
    }

    #[test]
    fn a_room_that_is_not_overloaded_delays_nothing(
        budget in budget(), steps in steps(budget(), class()),
    ) {
        let room = Played::play(budget, &steps, Driving::Prompt);
        for turn in &room.turns {
            let second_ago = turn.at_ms - 1_000;
            let offered = room.offered_within(second_ago, turn.at_ms).count();
            let older = room
                .chosen_within(second_ago, turn.at_ms - 1)
                .filter(|m| m.offered_ms <= second_ago)
                .count();
            let all_new = turn.waiting.iter().all(|&n| room.messages[n].offered_ms == turn.at_ms);
            if all_new && offered + older <= turn.budget as usize {
                prop_assert_eq!(turn.chosen.len(), turn.waiting.len());
            }
        }
    }

    #[test]
    fn nothing_goes_while_something_of_a_higher_class_waits(
        budget in budget(), steps in steps(budget(), class()), driving in driving(),
    ) {
        let room = Played::play(budget, &steps, driving);
        for turn in &room.turns {
            let lowest = turn.chosen.iter().map(|&number| room.messages[number].class).min();
            let highest = turn.waiting.iter()
                .filter(|number| !turn.chosen.contains(number))
                .map(|&number| room.messages[number].class)
                .max();
            if let (Some(lowest), Some(highest)) = (lowest, highest) {
                prop_assert!(highest <= lowest, "{highest:?} stays, {lowest:?} goes");
            }
        }
        for message in &room.messages {
            if let Some((End::Budget, at_ms)) = message.end {
                let during = &room.turns[message.turns_before..=message.turns_until];
                prop_assert_eq!(during.last().map(|turn| turn.at_ms), Some(at_ms));
                for &chosen in during.iter().flat_map(|turn| &turn.chosen) {
                    prop_assert!(room.messages[chosen].class >= message.class);
                }
            }
        }
    }

    #[test]
    fn a_class_leaves_the_budget_that_higher_ones_need(
        budget in budget(), steps in steps(budget(), class()), driving in driving(),
    ) {
        let room = Played::play(budget, &steps, driving);
        for (index, turn) in room.turns.iter().enumerate() {
            let second_ago = turn.at_ms - 1_000;
            for class in turn.chosen.iter().map(|&number| room.messages[number].class) {
                // In one turn, the lower classes come after it.
                let chosen = room
                    .chosen_within(second_ago, turn.at_ms)
                    .filter(|m| m.class == class || m.class < class && m.turns_until < index)
                    .filter(|m| m.turns_until <= index)
                    .count();
                let above = room
                    .offered_within(second_ago, turn.at_ms)
                    .filter(|m| m.class > class && m.turns_before <= index)
                    .count();
                prop_assert!(chosen + above <= turn.budget as usize);
            }
        }
    }

    #[test]
    fn nothing_waits_longer_than_its_class_may(
        budget in budget(), steps in steps(budget(), class()), driving in driving(),
    ) {
        let room = Played::play(budget, &steps, driving);
        for (index, turn) in room.turns.iter().enumerate() {
            for &number in &turn.waiting {
                let message = &room.messages[number];
                let over_ms = message.offered_ms + waiting_ms(message.class);
                if driving == Driving::Prompt {
                    prop_assert!(turn.at_ms <= over_ms);
                }
                let stays = !turn.chosen.contains(&number) && !turn.shed.contains(&number);
                prop_assert!(!stays || turn.at_ms < over_ms);
                let overtaken = turn.chosen.iter().any(|&chosen| {
                    let by = &room.messages[chosen];
                    chosen > number && by.sender == message.sender && by.class > message.class
                });
                if turn.shed.contains(&number) {
                    prop_assert!(turn.at_ms >= over_ms || overtaken, "too early in turn {index}");
                }
            }
        }
    }

    #[test]
    fn messages_of_one_sender_keep_their_order(
        budget in any_budget(), steps in steps(any_budget(), class()), driving in driving(),
    ) {
        let room = Played::play(budget, &steps, driving);
        let mut newest = [None; 256];
        for (_, number) in room.choices() {
            let newest = &mut newest[usize::from(room.messages[number].sender)];
            prop_assert!(*newest < Some(number));
            *newest = Some(number);
        }
        for turn in &room.turns {
            prop_assert!(turn.chosen.is_sorted(), "a turn goes in the order of the offers");
        }
    }

    #[test]
    fn the_figures_of_the_last_second_are_exact(
        budget in any_budget(), steps in steps(any_budget(), class()), idle_ms in 0..1_500_u64,
    ) {
        let mut room = Played::play(budget, &steps, Driving::Late);
        for idle_ms in [0, idle_ms] {
            room.offer(1, MessageClass::Normal);
            room.select();
            let at_ms = room.now_ms + idle_ms;
            let received = room.offered_within(at_ms - 1_000, at_ms).count();
            let delivered = room.chosen_within(at_ms - 1_000, at_ms).count();
            prop_assert_eq!(room.policy.received_last_second(at_ms) as usize, received);
            prop_assert_eq!(room.policy.delivered_last_second(at_ms) as usize, delivered);
            let limit = room.budget as usize;
            let waits = room.waiting.iter().any(|&n| room.messages[n].offered_ms < at_ms);
            prop_assert_eq!(
                room.policy.is_overloaded(room.budget, at_ms),
                limit > 0 && (received > limit || waits)
            );
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..few() })]

    #[test]
    fn turns_that_were_not_asked_for_change_nothing(
        budget in any_budget(), steps in steps(any_budget(), class()),
    ) {
        let asked = Played::play(budget, &steps, Driving::Prompt);
        let busy = Played::play(budget, &steps, Driving::Busy);
        for (asked, busy) in asked.messages.iter().zip(&busy.messages) {
            prop_assert_eq!(asked.end, busy.end, "{:?}", asked);
        }
    }

    #[test]
    fn gifts_and_high_messages_within_the_budget_all_go_in_a_flood(
        budget in 4..80_u64,
        seed in any::<u64>(),
        flood_per_ms in 0..3_u64,
    ) {
        let mut room = Played::new(u32::try_from(budget).unwrap());
        let mut rng = <rand::rngs::SmallRng as rand::SeedableRng>::seed_from_u64(seed);
        let mut draw = |below: u64| rand::RngExt::random_range(&mut rng, 0..below);
        let mut important: Vec<u64> = Vec::new();
        for ms in 0..3_000_u64 {
            room.pass(1_000_000 + ms, Driving::Prompt);
            for _ in 0..draw(flood_per_ms + 1) {
                let class = [MessageClass::Low, MessageClass::Normal][draw(2) as usize];
                room.offer(draw(20) as u8, class);
            }
            // Bursts of up to a whole budget in two seconds.
            let burst = if draw(300) == 0 { draw(budget) + 1 } else { 0 };
            for _ in 0..burst {
                important.retain(|&at_ms| at_ms + 2_000 > ms);
                if important.len() < budget as usize {
                    important.push(ms);
                    let assured = draw(2) == 0;
                    let sender = 100 + draw(20) as u8 + if assured { 50 } else { 0 };
                    room.offer(
                        sender,
                        if assured { MessageClass::Assured } else { MessageClass::High },
                    );
                }
            }
            room.select();
        }
        room.pass(room.now_ms + 6_000, Driving::Prompt);
        for message in room.messages.iter().filter(|m| m.class >= MessageClass::High) {
            let Some((End::Chosen, at_ms)) = message.end else {
                return Err(TestCaseError::fail(format!("{message:?}")));
            };
            prop_assert!(at_ms - message.offered_ms <= 1_000);
        }
    }

    #[test]
    fn choices_of_an_overloaded_room_are_spread_over_the_second(
        budget in 5..80_u32, gaps_ms in prop::collection::vec(1..5_u64, 1..200),
    ) {
        // More than twice the budget, without a pause.
        let at_once = budget.div_ceil(80).max(1) * 2;
        let mut policy = Policy::new(7);
        let mut times = Vec::new();
        let (mut now_ms, mut again_at_ms) = (0, None::<u64>);
        for (offer, gap_ms) in gaps_ms.iter().cycle().enumerate() {
            let offer_ms = now_ms + gap_ms;
            while now_ms < offer_ms {
                now_ms = again_at_ms.map_or(offer_ms, |at_ms| at_ms.min(offer_ms));
                if now_ms == offer_ms {
                    for part in 0..at_once {
                        policy.offer(&format!("{part}/{}", offer % 20), MessageClass::Normal, (), now_ms);
                    }
                }
                let turn = policy.select(budget, now_ms);
                times.extend(turn.chosen.iter().map(|_| now_ms));
                again_at_ms = turn.again_at_ms;
            }
            if now_ms > 4_000 {
                break;
            }
        }
        times.retain(|at_ms| (2_000..4_000).contains(at_ms));
        let slot_ms = 1_000 / u64::from(budget);
        for pair in times.windows(2) {
            prop_assert!(pair[1] - pair[0] <= slot_ms + 51, "silence: {pair:?}");
        }
        for from in (2_000..3_800).step_by(10) {
            let burst = times.iter().filter(|&&at_ms| (from..from + 200).contains(&at_ms)).count();
            prop_assert!(burst as u32 <= budget / 5 + 2, "burst: {burst} from {from}");
        }
        prop_assert!(times.len() as u32 >= budget * 2 * 97 / 100, "{} chosen", times.len());
    }
}

#[test]
fn late_turns_catch_up_but_never_exceed_the_budget() {
    for late_ms in [20, 50, 100] {
        let mut room = Played::new(40);
        for turn in 0..(6_000 / late_ms) {
            room.now_ms = 1_000_000 + turn * late_ms;
            for sender in 0..(late_ms / 5) {
                room.offer(u8::try_from(sender).unwrap(), MessageClass::Normal);
            }
            room.select();
        }
        let used = room.chosen_within(1_000_999, 1_005_999).count();
        assert!((190..=200).contains(&used), "{used} of 200 with turns every {late_ms} ms");
        for turn in room.turns.iter().filter(|turn| turn.at_ms >= 1_001_000) {
            assert!(turn.chosen.len() as u64 <= late_ms * 40 / 1_000 + 3, "{late_ms}");
        }
    }
}

#[test]
fn one_late_turn_is_not_repeated_every_second() {
    let mut room = Played::new(40);
    for ms in 0..8_000 {
        room.now_ms = 1_000_000 + ms;
        room.offer(u8::try_from(ms % 200).unwrap(), MessageClass::Normal);
        if !(3_001..3_300).contains(&ms) {
            room.select();
        }
    }
    let largest = room.turns.iter().map(|turn| turn.chosen.len()).max();
    assert!(largest >= Some(10), "the late turn catches up");
    for turn in room.turns.iter().filter(|turn| turn.at_ms > 1_003_300) {
        assert!(turn.chosen.len() <= 3, "{} at {}", turn.chosen.len(), turn.at_ms);
    }
    assert_eq!(room.chosen_within(1_005_999, 1_006_999).count(), 40);
}

#[test]
fn the_largest_budget_is_used() {
    let mut policy = Policy::new(7);
    let mut chosen = 0;
    for ms in 0..1_050 {
        for sender in 0..110 {
            policy.offer(&sender.to_string(), MessageClass::Normal, (), ms);
        }
        chosen += policy.select(100_000, ms).chosen.len();
    }
    assert!((104_000..=105_000).contains(&chosen), "{chosen}");
}

#[test]
fn a_higher_budget_is_used_at_once() {
    let mut room = Played::new(1);
    for ms in 0..3_000 {
        room.now_ms = 1_000_000 + ms;
        room.budget = if ms < 2_500 { 1 } else { 40 };
        room.offer(u8::try_from(ms % 200).unwrap(), MessageClass::Normal);
        room.select();
    }
    assert!(room.chosen_within(1_002_499, 1_002_600).count() >= 4);
}
