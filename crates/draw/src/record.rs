//! The public record of a draw, and its check.

use serde::{Deserialize, Serialize};

use crate::selection::{Entrants, Seed, winners};

/// The version of the rule and of the record that this crate knows.
pub const RECORD_VERSION: u32 = 1;
/// Longest record that is read, in bytes: 200,000 entrants fit, and as much again.
pub const MAX_RECORD_BYTES: usize = 32 * 1024 * 1024;

/// Everything that is needed to draw again, as a JSON object. Members that are not listed here are
/// ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`RECORD_VERSION`].
    pub version: u32,
    /// Id of the draw.
    pub draw: String,
    pub room: String,
    /// What had to be said to take part.
    pub keyword: String,
    pub prize: String,
    /// Comments from here on counted, in Unix milliseconds.
    pub opened_at_ms: u64,
    /// Comments up to here counted, in Unix milliseconds.
    pub ends_at_ms: u64,
    /// Only accounts of this level or a higher one took part; 0 for all.
    #[serde(default)]
    pub min_level: u32,
    /// Only accounts that had given a gift in the same stream took part.
    #[serde(default)]
    pub must_have_gifted: bool,
    /// Only accounts that followed the host took part.
    #[serde(default)]
    pub must_follow: bool,
    /// Accounts that said the keyword and did not fulfil the conditions.
    #[serde(default)]
    pub not_admitted: u64,
    /// Comments that came when the draw had as many entrants as it takes.
    #[serde(default)]
    pub turned_away: u64,
    /// The draw was cancelled before its end: its list and seed are shown, and nobody won.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cancelled: bool,
    /// When the room had been told the hash of the list, in Unix milliseconds. Absent when that is
    /// not known, or the room could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_told_at_ms: Option<u64>,
    /// When the winners were drawn, in Unix milliseconds. The seed was told to nobody before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_at_ms: Option<u64>,
    pub winners_wanted: u32,
    /// SHA-256 of the seed, as published when the draw was opened.
    pub commitment: String,
    /// 32 bytes, in lower-case hexadecimal.
    pub seed: String,
    /// SHA-256 of the list of entrants.
    pub entrants_hash: String,
    /// Account ids, each once, sorted by bytes.
    pub entrants: Vec<String>,
    /// Account ids, in the order in which they were drawn.
    pub winners: Vec<String>,
}

/// The first thing in a record that does not hold. Texts of the record, which are other people's, are
/// shown escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the record has more than {MAX_RECORD_BYTES} bytes, which is the most that is read")]
    TooLong,
    #[error("this is no record of a draw: {0}")]
    Malformed(String),
    #[error("the record has version {0}, and this program knows version {RECORD_VERSION}")]
    Version(u32),
    #[error("the draw's id is empty or holds a control character")]
    DrawId,
    #[error("the seed is not 64 digits of lower-case hexadecimal")]
    Seed,
    #[error(
        "the seed does not belong to the commitment: its hash is {hash}, and {commitment:?} \
         was published"
    )]
    Commitment { hash: String, commitment: String },
    #[error("entrant {place} of the list is empty or holds a control character")]
    Entrant { place: usize },
    #[error(
        "entrant {place} of the list, {entrant:?}, does not come after the one before it: the list \
         has to be sorted by bytes, with every account once"
    )]
    Order { place: usize, entrant: String },
    #[error("the list of entrants has the hash {hash}, and the record says {told:?}")]
    EntrantsHash { hash: String, told: String },
    #[error(
        "the list has the hash {hash}, and {told:?} was told before the seed: the list is another one"
    )]
    ListTold { hash: String, told: String },
    #[error(
        "the hash of the list was told at {list_told_at_ms} ms, which is after the winners were \
         drawn at {drawn_at_ms} ms"
    )]
    ToldLate { list_told_at_ms: u64, drawn_at_ms: u64 },
    #[error("the record names {told} winners, and {drawn} are drawn")]
    Count { told: usize, drawn: usize },
    #[error("winner {place} is {drawn:?} when drawn again, and {told:?} in the record")]
    Winner { place: usize, told: String, drawn: String },
}

impl Record {
    /// Reads a record, which is bounded before it is parsed.
    ///
    /// # Errors
    /// [`Fault::TooLong`] or [`Fault::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(Fault::TooLong);
        }
        serde_json::from_slice(bytes).map_err(|error| Fault::Malformed(error.to_string()))
    }

    /// Draws again and compares. That the commitment is the one that was published at the start is
    /// for [`verify_published`](Self::verify_published).
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify(&self) -> Result<(), Fault> {
        if self.version != RECORD_VERSION {
            return Err(Fault::Version(self.version));
        }
        if !is_id(&self.draw) {
            return Err(Fault::DrawId);
        }
        let seed = Seed::from_hex(&self.seed).ok_or(Fault::Seed)?;
        let hash = seed.commitment();
        if hash != self.commitment {
            return Err(Fault::Commitment { hash, commitment: self.commitment.clone() });
        }
        let entrants = self.sound_entrants()?;
        let hash = entrants.hash();
        if hash != self.entrants_hash {
            return Err(Fault::EntrantsHash { hash, told: self.entrants_hash.clone() });
        }
        if let (Some(list_told_at_ms), Some(drawn_at_ms)) = (self.list_told_at_ms, self.drawn_at_ms)
            && list_told_at_ms > drawn_at_ms
        {
            return Err(Fault::ToldLate { list_told_at_ms, drawn_at_ms });
        }
        let wanted = match self.cancelled {
            true => 0,
            false => usize::try_from(self.winners_wanted).unwrap_or(usize::MAX),
        };
        let drawn = winners(&seed, &self.draw, &entrants, wanted);
        if drawn.len() != self.winners.len() {
            return Err(Fault::Count { told: self.winners.len(), drawn: drawn.len() });
        }
        match drawn.iter().zip(&self.winners).position(|(drawn, told)| drawn != told) {
            None => Ok(()),
            Some(at) => Err(Fault::Winner {
                place: at + 1,
                told: self.winners[at].clone(),
                drawn: drawn[at].clone(),
            }),
        }
    }

    /// [`verify`](Self::verify), and that `commitment` is the record's: the one that the verifier
    /// wrote down when the draw was opened.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify_published(&self, commitment: &str) -> Result<(), Fault> {
        self.verify()?;
        if self.commitment == commitment {
            return Ok(());
        }
        Err(Fault::Commitment { hash: self.commitment.clone(), commitment: commitment.to_owned() })
    }

    /// [`verify`](Self::verify), and that `entrants_hash` is the record's: the one that the verifier
    /// wrote down when the list was closed, before the seed was told.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify_list_told(&self, entrants_hash: &str) -> Result<(), Fault> {
        self.verify()?;
        if self.entrants_hash == entrants_hash {
            return Ok(());
        }
        Err(Fault::ListTold { hash: self.entrants_hash.clone(), told: entrants_hash.to_owned() })
    }

    fn sound_entrants(&self) -> Result<Entrants, Fault> {
        for (at, entrant) in self.entrants.iter().enumerate() {
            if !is_id(entrant) {
                return Err(Fault::Entrant { place: at + 1 });
            }
            if at > 0 && self.entrants[at - 1] >= *entrant {
                return Err(Fault::Order { place: at + 1, entrant: entrant.clone() });
            }
        }
        Ok(Entrants::new(self.entrants.iter().cloned()))
    }
}

/// From its digits, the form in which it is stored.
impl TryFrom<String> for Seed {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        Self::from_hex(&text).ok_or(Fault::Seed)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A control character would make two different lists or tickets of the same bytes.
fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}
