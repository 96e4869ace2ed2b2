//! What a room says of its attributes and counters.

use chat_types::gateway::ServerFrame;

use super::{Room, State, To};

impl Room {
    /// Tells the members all attributes.
    pub(crate) fn tell_attributes(&self) {
        let mut state = self.lock();
        let group_id = state.group.group_id.clone();
        let attributes = state.group.attributes.clone();
        state.tell(&To::All, &ServerFrame::AttributesChanged { group_id, attributes });
        drop(state);
        self.wake();
    }

    /// Tells the members these counters with the next tick, however often they change until then.
    pub(crate) fn tell_counters<'a>(&self, keys: impl Iterator<Item = &'a str>) {
        let mut state = self.lock();
        state.counters_changed.extend(keys.map(str::to_owned));
        drop(state);
        self.wake();
    }
}

impl State {
    /// One frame for each counter that has changed; an absent one is 0.
    pub(super) fn say_counters(&mut self) {
        for key in std::mem::take(&mut self.counters_changed) {
            let value = self.group.counters.get(&key).copied().unwrap_or(0);
            let group_id = self.group.group_id.clone();
            self.tell(&To::All, &ServerFrame::CounterChanged { group_id, key, value });
        }
    }
}
