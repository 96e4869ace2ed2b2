//! A lucky draw that anyone can verify.
//!
//! Whoever holds a draw fixes its chance before anybody takes part: it publishes the hash of a
//! secret seed at the start, and the seed at the end. The winners follow from the seed and the list
//! of entrants by a rule with nothing left to choose, so everybody who has both can draw again.
//!
//! This crate is the rule. It does no input or output, reads no clock and draws no random number:
//! the seed is passed in. The page `docs/draws.md` says the same for people who write a verifier in
//! another language, with test vectors.
//!
//! # The rule
//!
//! Texts are UTF-8. `||` joins bytes, `0x00` and `0x0a` are single bytes, and hexadecimal is lower
//! case.
//!
//! ```text
//! commitment    = hex(SHA-256(seed))                      seed: 32 bytes from a safe source
//! entrants      = account ids, each once, sorted by their bytes
//! entrants hash = hex(SHA-256(e1 || 0x0a || e2 || 0x0a || ... || en || 0x0a))
//! ticket(e)     = HMAC-SHA256(key = seed,
//!                             draw || 0x00 || entrants hash || 0x00 || e)
//! winners       = the entrants of the N smallest tickets, smallest first
//! ```
//!
//! Tickets are compared as 32 bytes from left to right; two that are equal, which nobody will live
//! to see, are ordered by the entrant. With fewer entrants than prizes everybody wins. No number is
//! reduced to a range anywhere, so no place in the list is better than another, and the order in
//! which people came is of no influence.
//!
//! # What it shows, and what not
//!
//! A record that holds shows that the seed was fixed before the end, that the list was not changed
//! after the draw, and that the winners follow from both. Keep the commitment from the start and
//! compare it with the record's ([`Record::verify_published`]): a record alone holds with any seed.
//! The rule cannot see who is on the list: whoever knows the seed early could add accounts of their
//! own until they like the outcome. That is why the list is published, beside comments that the
//! whole room has read.
//!
//! # Example
//!
//! ```
//! use draw::{Entrants, Seed, winners};
//!
//! let seed = Seed::new([7; 32]);
//! let published_at_the_start = seed.commitment();
//! let entrants = Entrants::new(["mei", "ana", "mei", "jun"].map(String::from));
//! let won = winners(&seed, "draw_1", &entrants, 2);
//! assert_eq!(won.len(), 2);
//! assert_eq!(seed.commitment(), published_at_the_start);
//! ```

mod record;
mod selection;

pub use record::{Fault, MAX_RECORD_BYTES, RECORD_VERSION, Record};
pub use selection::{Entrants, SEED_BYTES, Seed, winners};
