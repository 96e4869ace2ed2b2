//! Vectors that were computed by another implementation of the rule; they stand in `docs/draws.md`
//! too.

use draw::{Entrants, Seed, winners};
use std::path::Path;

struct Vector {
    seed: String,
    draw: &'static str,
    entrants: Vec<String>,
    wanted: usize,
    commitment: &'static str,
    entrants_hash: &'static str,
    winners: &'static [&'static str],
}

fn texts(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn vectors() -> [Vector; 4] {
    let counted: Vec<u8> = (0..32).collect();
    [
        Vector {
            seed: counted.iter().map(|byte| format!("{byte:02x}")).collect(),
            draw: "draw_1",
            entrants: texts(&["mei", "jun", "ana", "Zoe", "mei", "lucas"]),
            wanted: 3,
            commitment: "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd",
            entrants_hash: "be0bb705bca40580b403c1eadea0910d621eaec291558585efd3bcac2ca60a4a",
            winners: &["ana", "lucas", "jun"],
        },
        Vector {
            seed: "ff".repeat(32),
            draw: "d",
            entrants: texts(&["one"]),
            wanted: 5,
            commitment: "af9613760f72635fbdb44a5a0a63c39f12af30f950a6ee5c971be188e89c4051",
            entrants_hash: "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806",
            winners: &["one"],
        },
        Vector {
            seed: "a1285e4cf20c508ae9839df60f021743465eedd6e8b95d42283979c1944d2c9f".to_owned(),
            draw: "spring sale 7",
            entrants: (1..=1_000).map(|number| format!("viewer_{number}")).collect(),
            wanted: 5,
            commitment: "bd598e3565b0459c98a1c71052a14378b013e430ceaa890fd55d4b9936b29ee3",
            entrants_hash: "89f47a405053f884ffc849c63f7450f4419f45c4dc1ca18109d0d94db9b85a8b",
            winners: &["viewer_587", "viewer_155", "viewer_896", "viewer_362", "viewer_625"],
        },
        // The last two change places in a language that compares UTF-16 code units.
        Vector {
            seed: "a1285e4cf20c508ae9839df60f021743465eedd6e8b95d42283979c1944d2c9f".to_owned(),
            draw: "d\u{e9}",
            entrants: texts(&["\u{e9}", "z", "\u{1f600}", "\u{ff5e}"]),
            wanted: 4,
            commitment: "bd598e3565b0459c98a1c71052a14378b013e430ceaa890fd55d4b9936b29ee3",
            entrants_hash: "3fe7dde973b48d00c9c013fb2971dfdfe9cc1aff5091e6c16dfe70c91d2d9fed",
            winners: &["z", "\u{e9}", "\u{ff5e}", "\u{1f600}"],
        },
    ]
}

#[test]
fn an_independent_implementation_draws_the_same_winners() {
    for vector in vectors() {
        let seed = Seed::from_hex(&vector.seed).unwrap();
        let entrants = Entrants::new(vector.entrants);
        assert_eq!(seed.commitment(), vector.commitment);
        assert_eq!(entrants.hash(), vector.entrants_hash);
        assert_eq!(winners(&seed, vector.draw, &entrants, vector.wanted), vector.winners);
    }
}

#[test]
fn the_page_about_draws_has_the_same_vectors() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/draws.md");
    let page = std::fs::read_to_string(page).unwrap();
    for vector in vectors() {
        for text in [vector.seed.as_str(), vector.commitment, vector.entrants_hash] {
            assert!(page.contains(text), "{text} is not in the page");
        }
        for winner in vector.winners {
            assert!(page.contains(winner), "{winner} is not in the page");
        }
    }
}

#[test]
fn nobody_wins_where_nobody_takes_part() {
    let nobody = Entrants::default();
    assert_eq!(winners(&Seed::new([1; 32]), "d", &nobody, 3), Vec::<String>::new());
    // SHA-256 of nothing.
    assert!(nobody.hash().starts_with("e3b0c44298fc1c14"));
}

#[test]
fn a_seed_is_read_in_one_spelling_only() {
    let text = Seed::new([0xab; 32]).to_hex();
    assert_eq!(Seed::from_hex(&text), Some(Seed::new([0xab; 32])));
    for wrong in [text.to_uppercase(), text[1..].to_owned(), format!("{text}00"), "zz".repeat(32)] {
        assert_eq!(Seed::from_hex(&wrong), None, "{wrong}");
    }
    assert_eq!(format!("{:?}", Seed::new([0xab; 32])), "Seed(…)");
}
