//! What a flood may take, and who gives way.

use super::*;
use crate::room::policy::pool::{FAIRNESS_MS, OF_SENDER, POOL};

fn flood() -> impl Strategy<Value = Vec<(u64, u8, MessageClass)>> {
    // Of few senders many, so that both bounds are met.
    let sender = prop_oneof![2 => 0..4_u8, 8 => 0..120_u8];
    let gap_ms = prop_oneof![60 => Just(0), 1 => 1..4_u64];
    prop::collection::vec((gap_ms, sender, class()), 700..1_100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..few() })]

    #[test]
    fn in_a_crowd_the_loudest_of_the_lowest_class_gives_way(
        budget in 1..80_u32, flood in flood(),
    ) {
        let mut room = Played::new(budget);
        for (gap_ms, sender, class) in flood {
            if gap_ms > 0 {
                room.select();
                room.pass(room.now_ms + gap_ms, Driving::Prompt);
            }
            room.offer(sender, class);
            prop_assert!(room.waiting.len() <= POOL);
        }
        prop_assert!(!room.crowdings.is_empty());
        for crowding in &room.crowdings {
            let shed = &room.messages[crowding.shed];
            let of_sender = OF_SENDER[shed.class as usize];
            let mut held = [0; 256];
            let mut newest = None;
            for &number in &crowding.waiting {
                let message = &room.messages[number];
                if message.class == shed.class {
                    held[usize::from(message.sender)] += 1;
                    newest = if message.sender == shed.sender { Some(number) } else { newest };
                }
            }
            prop_assert_eq!(newest, Some(crowding.shed), "the newest one of its sender");
            let its_own = held[usize::from(shed.sender)];
            if its_own > of_sender {
                // A sender with too many of a class makes no place in a full room, whatever waits.
                prop_assert_eq!(its_own, of_sender + 1);
                prop_assert_eq!(crowding.waiting.last(), Some(&crowding.shed));
                continue;
            }
            prop_assert_eq!(crowding.waiting.len(), POOL + 1);
            prop_assert!(its_own >= *held.iter().max().unwrap());
            for &number in &crowding.waiting {
                prop_assert!(room.messages[number].class >= shed.class);
            }
        }
    }
}

#[test]
fn one_sender_cannot_fill_the_room() {
    let mut policy = Policy::new(7);
    for number in 0..100 {
        let shed = policy.offer("loud", MessageClass::High, number, 0);
        assert_eq!(shed.map(|shed| shed.item), (number >= 32).then_some(number));
    }
    assert_eq!(policy.offer("soft", MessageClass::Low, 100, 0), None);
}

#[test]
fn the_applications_own_server_may_send_many_gifts_at_once() {
    let mut policy = Policy::new(7);
    for gift in 0..200 {
        assert_eq!(policy.offer("shop", MessageClass::Assured, gift, 0), None);
    }
    let mut now_ms = 0;
    let mut sent = Vec::new();
    loop {
        let turn = policy.select(40, now_ms);
        assert!(turn.shed.is_empty());
        sent.extend(turn.chosen.into_iter().map(|chosen| chosen.item));
        match turn.again_at_ms {
            Some(again_at_ms) => now_ms = again_at_ms,
            None => break,
        }
    }
    assert!(sent.into_iter().eq(0..200));
}

#[test]
fn a_dismissed_room_gives_back_everything_in_order() {
    let mut room = Policy::new(7);
    let classes = [MessageClass::Normal, MessageClass::Assured, MessageClass::Low];
    for number in 0..30 {
        room.offer(&(number % 4).to_string(), classes[number % 3], number, 0);
    }
    let drained = room.drain();
    assert!(
        drained
            .iter()
            .map(|&(class, number)| (class, number))
            .eq((0..30).map(|number| (classes[number % 3], number)))
    );
    assert!(room.waiting().all(|(_, waiting)| waiting == 0));
    assert_eq!(room.select(40, 1).again_at_ms, None);
}

#[test]
fn a_policy_at_rest_holds_nearly_nothing() {
    let mut policy = Policy::new(7);
    let mut held = 0;
    for ms in 0..3_000_u64 {
        for part in 0..10 {
            policy.offer(&(ms * 10 + part).to_string(), MessageClass::Normal, Box::new(0), ms);
        }
        policy.select(1_000, ms);
        held = held.max(policy.pool.room_for());
        assert!(policy.offered.room_for() <= 2_048 && policy.chosen.room_for() <= 2_048);
    }
    assert!(held > 5_000, "the flood was one");
    assert!(held < 40_000, "{held} entries");
    policy.select(1_000, 4_000);
    policy.select(1_000, 4_000 + FAIRNESS_MS);
    assert!(policy.pool.room_for() < 300, "{} entries", policy.pool.room_for());
    assert!(policy.offered.room_for() + policy.chosen.room_for() < 100);
    assert!(size_of::<Policy<Box<u64>>>() <= 1_024);
}
