//! The rules of the room as far as they need memory: who spoke when, and which words are blocked.
//! What the rules are stands in the group; whom they hold for is the service's.

mod speakers;

pub(crate) use speakers::SpeechPermit;

use chat_types::{Element, UserId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use text_rules::BlockedWords;

use super::Room;
use crate::storage::{GroupChange, StoredGroup};
use speakers::Speakers;

/// Stands for what is no text, so that the texts around it are not read as one.
const NO_TEXT: char = '\u{FFFC}';

/// What a room remembers for its rules. It has locks of its own: who is refused does not make the
/// room wait.
pub(super) struct Speech {
    speakers: Mutex<Speakers>,
    /// Made anew with every change of the words. Without words there is nothing to look for.
    words: Mutex<Option<Arc<BlockedWords>>>,
}

impl Speech {
    pub(super) fn of(group: &StoredGroup) -> Self {
        let words = blocked(&group.rules.blocked_words);
        Self { speakers: Mutex::default(), words: Mutex::new(words) }
    }

    /// Takes over what of these changes concerns the rules. The caller holds the room's `changing`
    /// lock, so that the last change is the one that stays.
    pub(super) fn apply(&self, changes: &[GroupChange]) {
        for change in changes {
            if let GroupChange::Rules(rules) = change {
                let words = blocked(&rules.blocked_words);
                *self.words.lock().unwrap_or_else(PoisonError::into_inner) = words;
            }
        }
    }

    /// Whether the rules hold anybody back, or may.
    pub(super) fn has_speakers(&self) -> bool {
        !self.speakers().is_empty()
    }

    fn speakers(&self) -> MutexGuard<'_, Speakers> {
        self.speakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Asks for an account that wants to speak now. In slow mode the account has no second permit while
    /// it holds one, and after [`SpeechPermit::spoke`] none before its time; the milliseconds that are left
    /// then. `now_ms` is monotonic.
    pub(crate) fn permit(
        self: &Arc<Self>,
        user_id: &UserId,
        slow_mode_s: u32,
        now_ms: u64,
    ) -> Result<SpeechPermit, u64> {
        if slow_mode_s == 0 {
            return Ok(SpeechPermit::free());
        }
        self.speech.speakers().admit(user_id, slow_mode_s, now_ms)?;
        Ok(SpeechPermit::held(Arc::clone(self), user_id.clone()))
    }

    /// What no text may hold, if there is anything.
    pub(crate) fn blocked_words(&self) -> Option<Arc<BlockedWords>> {
        self.speech.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go of accounts that the rules hold back no longer.
    pub(crate) fn forget_speakers(&self, now_ms: u64) {
        let slow_mode_s = self.with(|group| group.rules.slow_mode_s);
        self.speech.speakers().forget_idle(slow_mode_s, now_ms);
    }
}

fn blocked(words: &[String]) -> Option<Arc<BlockedWords>> {
    match BlockedWords::new(words) {
        Ok(words) => words.map(Arc::new),
        Err(error) => {
            // The words of a room are few and short, which always builds.
            tracing::error!(%error, "blocked words not built");
            None
        }
    }
}

/// What somebody reads of a message: its texts one after the other, as they are shown.
pub(crate) fn said(elements: &[Element]) -> String {
    let mut text = String::new();
    for element in elements {
        match element {
            Element::Text(part) => text.push_str(&part.text),
            _ => text.push(NO_TEXT),
        }
    }
    text
}
