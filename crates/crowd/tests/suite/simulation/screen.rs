//! What a viewer has on its screen of a room, put together from what its client core tells.

use live_core::effect::Effect;
use live_core::view::{ChatRow, RoomEvent};
use std::collections::{HashMap, HashSet};

use super::ledger::{Ledger, id_of};

#[derive(Debug, Default, Clone)]
pub(super) struct Screen {
    owner: String,
    /// Keys in the order in which they are shown.
    order: Vec<String>,
    rows: HashMap<String, ChatRow>,
    /// Key of each message, by its id.
    shown: HashMap<String, String>,
    /// Ids of messages that were shown and taken back.
    pub(super) taken_back: HashSet<String>,
}

impl Screen {
    pub(super) fn new(owner: &str) -> Self {
        Self { owner: owner.into(), ..Self::default() }
    }

    pub(super) fn take(&mut self, effect: &Effect, ledger: &Ledger) {
        let Effect::Tell(event) = effect else { return };
        match event {
            RoomEvent::Chat { rows } => {
                for row in rows {
                    if self.rows.contains_key(&row.key) {
                        self.change(row, ledger);
                    } else {
                        self.order.push(row.key.clone());
                        self.add(row, ledger);
                    }
                }
            }
            RoomEvent::ChatInserted { before, rows } => {
                for row in rows {
                    match self.order.iter().position(|key| key == before) {
                        Some(at) => self.order.insert(at, row.key.clone()),
                        None => ledger.broken(format!("{} has no row {before}", self.owner)),
                    }
                    self.add(row, ledger);
                }
            }
            RoomEvent::ChatRemoved { keys } => {
                for key in keys {
                    self.order.retain(|each| each != key);
                    if let Some(row) = self.rows.remove(key) {
                        self.taken_back.insert(id_of(&row.text).to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, row: &ChatRow, ledger: &Ledger) {
        if !row.own {
            ledger.broken(format!("{} is shown {} twice", self.owner, id_of(&row.text)));
        }
        self.rows.insert(row.key.clone(), row.clone());
    }

    fn add(&mut self, row: &ChatRow, ledger: &Ledger) {
        let id = id_of(&row.text).to_owned();
        if let Some(key) = self.shown.insert(id.clone(), row.key.clone()) {
            let back = if self.taken_back.contains(&id) { " after it was taken back" } else { "" };
            let key_now = &row.key;
            ledger.broken(format!("{} is shown {id} again{back}: {key}, {key_now}", self.owner));
        }
        self.rows.insert(row.key.clone(), row.clone());
    }

    pub(super) fn shows(&self, id: &str) -> bool {
        self.row(id).is_some()
    }

    /// Whether the message was ever on the screen.
    pub(super) fn has_shown(&self, id: &str) -> bool {
        self.shown.contains_key(id)
    }

    pub(super) fn row(&self, id: &str) -> Option<&ChatRow> {
        self.rows.get(self.shown.get(id)?)
    }

    /// From top to bottom.
    pub(super) fn rows(&self) -> impl Iterator<Item = &ChatRow> {
        self.order.iter().filter_map(|key| self.rows.get(key))
    }
}
