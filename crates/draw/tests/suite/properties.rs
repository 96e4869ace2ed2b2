//! Properties over generated draws.

use draw::{Entrants, RECORD_VERSION, Record, SEED_BYTES, Seed, winners};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use std::collections::HashMap;

const DRAWS: u32 = 4_000;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repeats_have_the_same_winners(
        seed in any::<[u8; SEED_BYTES]>(),
        (ids, shuffled) in btree_set("[!-~]{1,32}", 1..60)
            .prop_map(|ids| ids.into_iter().collect::<Vec<_>>())
            .prop_flat_map(|ids| (Just(ids.clone()), Just(ids).prop_shuffle())),
        repeats in vec(any::<prop::sample::Index>(), 0..20),
        wanted in 0_usize..70,
    ) {
        let seed = Seed::new(seed);
        let again = repeats.iter().map(|index| index.get(&shuffled).clone()).collect::<Vec<_>>();
        let came = Entrants::new(shuffled.into_iter().chain(again));
        let entrants = Entrants::new(ids);
        prop_assert_eq!(&came, &entrants);
        prop_assert_eq!(
            winners(&seed, "d", &came, wanted),
            winners(&seed, "d", &entrants, wanted)
        );
    }

    #[test]
    fn winners_are_entrants_each_once_and_as_many_as_there_are_prizes(
        seed in any::<[u8; SEED_BYTES]>(),
        ids in btree_set("[!-~]{1,32}", 0..60),
        wanted in 0_usize..70,
    ) {
        let entrants = Entrants::new(ids.clone());
        let won = winners(&Seed::new(seed), "d", &entrants, wanted);
        prop_assert_eq!(won.len(), wanted.min(ids.len()));
        prop_assert!(won.iter().all(|winner| ids.contains(winner)));
        prop_assert_eq!(Entrants::new(won.clone()).len(), won.len());
    }

    #[test]
    fn a_further_prize_changes_nothing_for_those_who_had_won(
        seed in any::<[u8; SEED_BYTES]>(),
        ids in btree_set("[!-~]{1,32}", 2..60),
        wanted in 1_usize..60,
    ) {
        let (seed, entrants) = (Seed::new(seed), Entrants::new(ids));
        let fewer = winners(&seed, "d", &entrants, wanted);
        let more = winners(&seed, "d", &entrants, wanted + 1);
        prop_assert_eq!(&more[..fewer.len()], &fewer[..]);
    }

    #[test]
    fn whoever_is_taken_off_the_list_the_list_has_another_hash(
        ids in btree_set("[!-~]{1,32}", 1..60),
        taken in any::<prop::sample::Index>(),
    ) {
        let entrants = Entrants::new(ids);
        let mut fewer = entrants.clone().into_vec();
        fewer.remove(taken.index(fewer.len()));
        prop_assert_ne!(Entrants::new(fewer).hash(), entrants.hash());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_put_in_the_place_of_a_winner_is_found(
        seed in any::<[u8; SEED_BYTES]>(),
        ids in btree_set("[!-~]{1,32}", 2..40),
        wanted in 1_u32..40,
        place in any::<prop::sample::Index>(),
        other in "\\PC{0,32}",
    ) {
        let (seed, entrants) = (Seed::new(seed), Entrants::new(ids));
        let won = winners(&seed, "d", &entrants, wanted as usize);
        let honest = Record {
            version: RECORD_VERSION,
            draw: "d".into(),
            room: "r".into(),
            keyword: "k".into(),
            prize: "p".into(),
            opened_at_ms: 0,
            ends_at_ms: 1,
            min_level: 0,
            must_have_gifted: false,
            must_follow: false,
            not_admitted: 0,
            turned_away: 0,
            cancelled: false,
            list_told_at_ms: None,
            drawn_at_ms: None,
            winners_wanted: wanted,
            commitment: seed.commitment(),
            seed: seed.to_hex(),
            entrants_hash: entrants.hash(),
            entrants: entrants.into_vec(),
            winners: won,
        };
        prop_assert_eq!(honest.verify(), Ok(()));
        let mut changed = honest.clone();
        let place = place.index(changed.winners.len());
        changed.winners[place] = other;
        prop_assert_eq!(changed.verify().is_ok(), changed == honest);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(Record::read(&bytes).is_err());
    }
}

/// Over many seeds that are fixed here, every entrant has its share of the prizes, wherever it
/// stands in the list. With 4,000 draws of 3 among 20 a share is 600 with a standard deviation of
/// 22.6; the bounds are six of them away.
#[test]
fn every_entrant_wins_about_equally_often() {
    let ids: Vec<String> = (0..20).map(|number| format!("viewer_{number}")).collect();
    let entrants = Entrants::new(ids.clone());
    let mut won: HashMap<String, u32> = HashMap::new();
    let mut first: HashMap<String, u32> = HashMap::new();
    for number in 0..DRAWS {
        let mut bytes = [0; SEED_BYTES];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let drawn = winners(&Seed::new(bytes), "d", &entrants, 3);
        *first.entry(drawn[0].clone()).or_default() += 1;
        for winner in drawn {
            *won.entry(winner).or_default() += 1;
        }
    }
    for id in ids {
        assert!((464..=736).contains(&won[&id]), "{id} won {} times", won[&id]);
        assert!((117..=283).contains(&first[&id]), "{id} was first {} times", first[&id]);
    }
}

/// The same accounts have other winners in another draw of the same seed: nobody is lucky for good.
#[test]
fn the_id_of_the_draw_is_a_part_of_the_chance() {
    let entrants = Entrants::new((0..1_000).map(|number| format!("viewer_{number}")));
    let seed = Seed::new([9; SEED_BYTES]);
    assert_ne!(winners(&seed, "d1", &entrants, 10), winners(&seed, "d2", &entrants, 10));
}
