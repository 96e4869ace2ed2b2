//! What a verifier finds in a record.

use draw::{Entrants, Fault, MAX_RECORD_BYTES, RECORD_VERSION, Record, Seed, winners};

fn record() -> Record {
    let seed = Seed::new([42; 32]);
    let entrants = Entrants::new(["mei", "jun", "ana", "zoe", "lucas"].map(String::from));
    Record {
        version: RECORD_VERSION,
        draw: "draw_1".into(),
        room: "room_1".into(),
        keyword: "lucky".into(),
        prize: "A cup".into(),
        opened_at_ms: 1_760_000_000_000,
        ends_at_ms: 1_760_000_060_000,
        min_level: 0,
        must_have_gifted: false,
        must_follow: false,
        not_admitted: 0,
        turned_away: 0,
        cancelled: false,
        list_told_at_ms: Some(1_760_000_066_000),
        drawn_at_ms: Some(1_760_000_066_000),
        winners_wanted: 2,
        commitment: seed.commitment(),
        seed: seed.to_hex(),
        entrants_hash: entrants.hash(),
        winners: winners(&seed, "draw_1", &entrants, 2),
        entrants: entrants.into_vec(),
    }
}

fn fault(change: impl FnOnce(&mut Record)) -> Fault {
    let mut record = record();
    change(&mut record);
    record.verify().unwrap_err()
}

#[test]
fn an_honest_record_holds_after_a_journey_as_json() {
    let text = serde_json::to_vec_pretty(&record()).unwrap();
    let read = Record::read(&text).unwrap();
    assert_eq!(read, record());
    assert_eq!(read.verify(), Ok(()));
    assert_eq!(read.verify_published(&record().commitment), Ok(()));
}

#[test]
fn each_change_is_named() {
    assert_eq!(fault(|r| r.version = 2), Fault::Version(2));
    assert_eq!(fault(|r| r.draw = "a\0b".into()), Fault::DrawId);
    assert_eq!(fault(|r| r.seed = "short".into()), Fault::Seed);
    let other_seed = |r: &mut Record| r.seed = Seed::new([43; 32]).to_hex();
    assert!(matches!(fault(other_seed), Fault::Commitment { .. }));
    assert_eq!(fault(|r| r.entrants[1] = String::new()), Fault::Entrant { place: 2 });
    assert_eq!(fault(|r| r.entrants[0] = "a\nb".into()), Fault::Entrant { place: 1 });
    let swapped = fault(|r| r.entrants.swap(1, 2));
    assert!(matches!(swapped, Fault::Order { place: 3, .. }), "{swapped}");
    let twice = fault(|r| r.entrants.insert(0, r.entrants[0].clone()));
    assert!(matches!(twice, Fault::Order { place: 2, .. }), "{twice}");
    let added = fault(|r| r.entrants.push("zz_friend_of_the_host".into()));
    assert!(matches!(added, Fault::EntrantsHash { .. }));
    assert_eq!(fault(|r| r.winners.truncate(1)), Fault::Count { told: 1, drawn: 2 });
    assert_eq!(fault(|r| r.winners_wanted = 3), Fault::Count { told: 2, drawn: 3 });
    let order = fault(|r| r.winners.reverse());
    assert!(matches!(order, Fault::Winner { place: 1, .. }), "{order}");
    let other_draw = fault(|r| r.draw = "draw_2".into());
    assert!(matches!(other_draw, Fault::Winner { .. }), "{other_draw}");
}

#[test]
fn a_list_that_was_told_after_the_drawing_or_was_another_one_is_found() {
    let late = fault(|r| r.drawn_at_ms = Some(1_760_000_065_999));
    assert!(matches!(late, Fault::ToldLate { .. }), "{late}");
    let mut silent = record();
    silent.list_told_at_ms = None;
    assert_eq!(silent.verify(), Ok(()), "a room that is gone can be told nothing");
    let told = record().entrants_hash;
    assert_eq!(record().verify_list_told(&told), Ok(()));
    let other = Entrants::new([String::from("mei")]).hash();
    let fault = record().verify_list_told(&other).unwrap_err();
    assert_eq!(fault, Fault::ListTold { hash: told, told: other });
}

#[test]
fn a_cancelled_draw_shows_list_and_seed_and_has_no_winner() {
    let with_winners = fault(|r| r.cancelled = true);
    assert_eq!(with_winners, Fault::Count { told: 2, drawn: 0 });
    let mut cancelled = record();
    cancelled.cancelled = true;
    cancelled.winners.clear();
    assert_eq!(cancelled.verify(), Ok(()));
    let read = Record::read(&serde_json::to_vec(&cancelled).unwrap()).unwrap();
    assert!(read.cancelled);
    cancelled.entrants.pop();
    assert!(matches!(cancelled.verify(), Err(Fault::EntrantsHash { .. })));
}

#[test]
fn an_account_that_was_added_with_a_new_hash_changes_the_winners() {
    let fault = fault(|r| {
        r.entrants.push("zz_friend_of_the_host".into());
        r.entrants_hash = Entrants::new(r.entrants.clone()).hash();
    });
    assert!(matches!(fault, Fault::Winner { .. }), "{fault}");
}

#[test]
fn a_record_of_another_seed_is_found_by_the_published_commitment() {
    let published = Seed::new([7; 32]).commitment();
    assert_eq!(record().verify(), Ok(()));
    let fault = record().verify_published(&published).unwrap_err();
    assert!(fault.to_string().contains(&published), "{fault}");
}

#[test]
fn a_fault_does_not_steer_the_terminal_that_shows_it() {
    let faults = [
        fault(|r| r.winners[0] = "\u{1b}[2J".into()),
        fault(|r| r.commitment = "\u{1b}[2J".into()),
        fault(|r| r.entrants_hash = "\u{1b}[2J".into()),
    ];
    for fault in faults {
        assert!(!fault.to_string().contains('\u{1b}'), "{fault:?}");
    }
}

#[test]
fn what_is_no_record_is_refused_in_a_sentence() {
    for text in ["", "{}", "[]", "null", r#"{"version":"1"}"#, "\u{0}"] {
        assert!(matches!(Record::read(text.as_bytes()), Err(Fault::Malformed(_))), "{text}");
    }
    let long = vec![b' '; MAX_RECORD_BYTES + 1];
    assert_eq!(Record::read(&long), Err(Fault::TooLong));
}
