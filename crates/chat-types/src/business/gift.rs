//! A gift that has been paid.

use serde::{Deserialize, Serialize};

use super::{is_id, known_or_default};

/// How much of the screen a gift may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// A line in the chat.
    #[default]
    Quiet,
    /// A banner over the stage.
    Banner,
    /// An animation over the whole stage.
    Full,
}

/// Sent with priority `High` by an administrator once the gift has been paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Names this message: a repeat has the same one, and readers show it once.
    pub order: String,
    /// Clicks in a row have one combo.
    pub combo: String,
    /// Which gift, in the shop's catalogue.
    pub gift: String,
    /// The gift's name, as it is shown.
    pub title: String,
    /// Gifts in this message, at least 1.
    pub count: u32,
    /// Gifts of the combo up to and with this message, so that a reader who missed one is right
    /// again with the next.
    pub total: u32,
    /// Account of the giver; the message itself is sent by an administrator.
    pub user: String,
    pub nick: String,
    #[serde(default)]
    pub level: u32,
    /// Price of one gift, in coins.
    pub price: u32,
    /// A class of a later version reads as [`EffectClass::Quiet`]: the gift counts all the same.
    #[serde(default, deserialize_with = "known_or_default")]
    pub effect: EffectClass,
}

impl Gift {
    pub(super) fn is_sound(&self) -> bool {
        is_id(&self.order)
            && is_id(&self.combo)
            && is_id(&self.gift)
            && self.count >= 1
            && self.total >= self.count
    }
}
