//! From the seed and the entrants to the winners.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Length of a seed.
pub const SEED_BYTES: usize = 32;

/// Ends each entrant in the text that is hashed, as a line of a file.
const LINE_END: [u8; 1] = [0x0a];
/// Stands between the parts of a ticket; no id holds it.
const BETWEEN: [u8; 1] = [0x00];

/// The secret of a draw until its end. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; SEED_BYTES]);

impl Seed {
    /// The bytes have to come from a source that nobody can foresee.
    pub fn new(bytes: [u8; SEED_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads 64 digits of lower-case hexadecimal, and nothing else.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; SEED_BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// To be told only when the draw is over.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// What is published at the start: SHA-256 of the seed, in lower-case hexadecimal.
    pub fn commitment(&self) -> String {
        hex::encode(Sha256::digest(self.0))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// Who takes part: each account once, sorted by bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entrants(Vec<String>);

impl Entrants {
    /// Takes ids in any order, repeated ones included.
    pub fn new(ids: impl IntoIterator<Item = String>) -> Self {
        let mut ids: Vec<String> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    pub fn into_vec(self) -> Vec<String> {
        self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SHA-256 over the ids, each with a line feed after it, in lower-case hexadecimal.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for id in &self.0 {
            hash.update(id.as_bytes());
            hash.update(LINE_END);
        }
        hex::encode(hash.finalize())
    }
}

/// The winners, in the order in which they are drawn: `wanted` of them, or all entrants when there
/// are fewer.
pub fn winners(seed: &Seed, draw: &str, entrants: &Entrants, wanted: usize) -> Vec<String> {
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(&seed.0) else {
        // HMAC takes a key of any length.
        return Vec::new();
    };
    let hash = entrants.hash();
    let ticket = |entrant: &str| {
        let mut mac = keyed.clone();
        for part in [draw.as_bytes(), &BETWEEN, hash.as_bytes(), &BETWEEN, entrant.as_bytes()] {
            mac.update(part);
        }
        <[u8; 32]>::from(mac.finalize().into_bytes())
    };
    let mut tickets: Vec<([u8; 32], &String)> =
        entrants.0.iter().map(|entrant| (ticket(entrant), entrant)).collect();
    tickets.sort_unstable();
    tickets.into_iter().take(wanted).map(|(_, entrant)| entrant.clone()).collect()
}
