//! What the shop shows to a user interface: plain values that cross as JSON. The rules are those of
//! `live_core::view`: no optional members, no 64-bit integers.

use chat_types::business::api::{CatalogueEntry, GiftView, Role};
use live_core::view::GiftEffectView;
use serde::Serialize;

use crate::Error;

/// What the account may do in the shop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum AccountRoleView {
    #[default]
    Viewer,
    Host,
    Moderator,
    Admin,
}

impl From<Role> for AccountRoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Host => Self::Host,
            Role::Moderator => Self::Moderator,
            Role::Admin => Self::Admin,
        }
    }
}

/// A gift that can be bought.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GiftKindView {
    pub id: String,
    pub title: String,
    /// Of one, in coins.
    pub price: u32,
    /// Name of its picture: letters, digits, `-` and `_`.
    pub art: String,
    pub effect: GiftEffectView,
}

impl From<GiftView> for GiftKindView {
    fn from(gift: GiftView) -> Self {
        let GiftView { id, title, price, art, effect, .. } = gift;
        Self { id, title, price, art, effect: effect.into() }
    }
}

/// The own combo that clicks go on with now; of no gifts when there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ComboView {
    pub gift: String,
    /// Gifts of the combo, those that are not answered yet included.
    pub count: u32,
    /// Clicks that are not answered yet.
    pub unanswered: u32,
}

/// Why the shop did not do what it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ShopError {
    /// Stable: that of the business service, such as `balance`, or `away` when it could not be asked and
    /// `unclear` when it is not known whether it did.
    pub code: String,
    /// What to do, in English.
    pub info: String,
}

impl From<Error> for ShopError {
    fn from(error: Error) -> Self {
        Self { code: error.code().to_owned(), info: error.to_string() }
    }
}

/// Why gifts were not given.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GiftRefusalView {
    /// Grows with each, from 1; 0 when there was none.
    pub number: u32,
    pub gift: String,
    /// Gifts that were not given.
    pub count: u32,
    pub error: ShopError,
}

/// The shop as the account of this window sees it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ShopView {
    /// Whether the business service has let the account in. All else is what was known last.
    pub open: bool,
    pub user_id: String,
    pub name: String,
    pub role: AccountRoleView,
    /// Whether the account runs this room: it may recommend and take down.
    pub runs_room: bool,
    /// Whether the account follows the host of this room.
    pub following: bool,
    /// Coins that are left, after what is not answered yet.
    #[cfg_attr(feature = "specta", specta(type = i32))]
    pub balance: f64,
    /// Whether the account may fill up its wallet by itself.
    pub may_top_up: bool,
    pub gifts: Vec<GiftKindView>,
    pub combo: ComboView,
    /// The last one.
    pub refusal: GiftRefusalView,
}

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ProductEntryView {
    pub id: String,
    pub title: String,
    /// In the smallest unit of the currency.
    pub price_minor: u32,
    pub currency: String,
    /// Empty when there is none.
    pub picture: String,
    /// Whether somebody counts the pieces that are left.
    pub counted: bool,
    pub stock: u32,
}

impl From<CatalogueEntry> for ProductEntryView {
    fn from(entry: CatalogueEntry) -> Self {
        let CatalogueEntry { id, title, price_minor, currency, picture, stock, .. } = entry;
        let (counted, stock) = (stock.is_some(), stock.unwrap_or(0));
        Self { id, title, price_minor, currency, picture, counted, stock }
    }
}
