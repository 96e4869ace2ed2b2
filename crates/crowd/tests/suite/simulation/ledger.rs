//! What was said in a simulation, and what the service answered to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Number of a run of the service: it forgets who said what when it is started again.
pub(super) type Start = u32;

/// One message, by what the service answered to it. Its id stands at the beginning of its text.
#[derive(Debug, Default, Clone)]
pub(super) struct Said {
    pub(super) group_id: String,
    pub(super) from: String,
    /// How many messages its sender had said in the room before.
    pub(super) number: u64,
    /// How often it was sent, and to which starts of the service.
    pub(super) sendings: u32,
    pub(super) starts: BTreeSet<Start>,
    /// Numbers that the room gave it; one for each start of the service at most.
    pub(super) seqs: BTreeSet<u32>,
    pub(super) sampled_out: bool,
    pub(super) refused: bool,
    pub(super) recalled: bool,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Delivered(u32),
    SampledOut,
    Refused,
}

#[derive(Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
}

#[derive(Default)]
pub(super) struct Book {
    pub(super) said: BTreeMap<String, Said>,
    pub(super) broken: Vec<String>,
    counts: BTreeMap<(String, String), u64>,
}

/// The id of a message from its text.
pub(super) fn id_of(text: &str) -> &str {
    text.split_once('|').map_or(text, |(id, _)| id)
}

impl Ledger {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new message, as its text.
    pub(super) fn compose(&self, group_id: &str, from: &str, bytes: usize) -> String {
        let mut book = self.book();
        let count = book.counts.entry((group_id.into(), from.into())).or_default();
        *count += 1;
        let number = *count;
        let id = format!("{group_id}/{from}/{number}");
        let text = format!("{id}|{}", "x".repeat(bytes.saturating_sub(id.len())));
        let said = Said { group_id: group_id.into(), from: from.into(), number, ..Said::default() };
        book.said.insert(id, said);
        text
    }

    /// The message goes out, to one of these starts of the service.
    pub(super) fn sent(&self, text: &str, starts: &[Start]) {
        if let Some(said) = self.book().said.get_mut(id_of(text)) {
            said.sendings += 1;
            said.starts.extend(starts);
        }
    }

    pub(super) fn answered(&self, text: &str, outcome: &Outcome) {
        let mut book = self.book();
        let Some(said) = book.said.get_mut(id_of(text)) else { return };
        match outcome {
            Outcome::Delivered(seq) => {
                said.seqs.insert(*seq);
            }
            Outcome::SampledOut => said.sampled_out = true,
            Outcome::Refused => said.refused = true,
        }
        let starts = said.starts.len();
        if said.seqs.len() > starts {
            let broken = format!("{} was delivered more than once: {said:?}", id_of(text));
            book.broken.push(broken);
        }
    }

    /// A promise was broken.
    pub(super) fn broken(&self, what: String) {
        self.book().broken.push(what);
    }
}
