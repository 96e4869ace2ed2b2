//! What a room says of its attributes and counters, and how often attributes may be written.

use chat_types::gateway::ServerFrame;
use std::collections::VecDeque;

use super::Room;

/// Writes of attributes in a second, of all kinds together (product/269/1671, code 10049).
const WRITES_PER_SECOND: usize = 5;

/// When the attributes were written within the last second, in milliseconds of Unix time.
#[derive(Debug, Default)]
pub(super) struct WriteTimes(VecDeque<u64>);

impl WriteTimes {
    fn admit(&mut self, now_ms: u64) -> bool {
        // A time ahead of now is a clock that was set back: nobody waits for it to catch up.
        self.0.retain(|time| *time <= now_ms && now_ms - time < 1_000);
        if self.0.len() >= WRITES_PER_SECOND {
            return false;
        }
        self.0.push_back(now_ms);
        true
    }
}

impl Room {
    /// Counts a write of the attributes; `false` when there are too many.
    pub(crate) fn admit_attribute_write(&self, now_ms: u64) -> bool {
        self.lock().attribute_writes.admit(now_ms)
    }

    /// Tells the members all attributes.
    pub(crate) fn tell_attributes(&self) {
        let state = self.lock();
        let group_id = state.group.group_id.clone();
        let attributes = state.group.attributes.clone();
        state.tell_all(&ServerFrame::AttributesChanged { group_id, attributes });
    }

    /// Tells the members these counters, one frame for each; an absent one is 0. Counters may
    /// change faster than a slow member reads: it misses values then, and the next one puts it
    /// right.
    pub(crate) fn tell_counters<'a>(&self, keys: impl Iterator<Item = &'a str>) {
        let state = self.lock();
        for key in keys {
            let frame = ServerFrame::CounterChanged {
                group_id: state.group.group_id.clone(),
                key: key.to_owned(),
                value: state.group.counters.get(key).copied().unwrap_or(0),
            };
            state.fan_out(&frame, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_writes_pass_in_any_second_and_a_clock_set_back_locks_nobody_out() {
        let mut writes = WriteTimes::default();
        let mut admitted = |times: &[u64]| times.iter().filter(|time| writes.admit(**time)).count();
        assert_eq!(admitted(&[10_000, 10_200, 10_400, 10_600, 10_800, 10_999]), 5);
        assert_eq!(admitted(&[11_000, 11_100]), 1, "the first one is a second old");
        assert_eq!(admitted(&[1_000; 7]), 5);
    }
}
