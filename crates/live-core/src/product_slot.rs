//! The product slot: what the room sells now, read from the custom group field `product`.
//!
//! The field holds one JSON object of at most 512 bytes:
//!
//! ```json
//! {"id":"cup","title":"Ceramic cup","price_minor":3900,"currency":"CNY",
//!  "picture":"demo:cup","ends_at_s":1760000000}
//! ```
//!
//! | member | | rule |
//! | --- | --- | --- |
//! | `id` | text | 1–64 characters, names the product in the catalogue |
//! | `title` | text | 1–60 characters |
//! | `price_minor` | number | whole, 0–4294967295, in the smallest unit of the currency |
//! | `currency` | text | three upper-case letters (ISO 4217) |
//! | `picture` | text, may be absent | where the picture is |
//! | `ends_at_s` | number, may be absent | Unix seconds at which the offer ends |
//!
//! Other members are ignored. An absent or empty field clears the slot. So does a value that
//! breaks a rule, with a warning in the log: showing the product before it would offer something
//! that is not on sale any more.

use chat_types::group::{CustomFields, MAX_FIELD_VALUE_BYTES};
use serde::Deserialize;

use crate::view::ProductView;

/// Name of the custom group field.
pub const FIELD: &str = "product";

const MAX_ID_CHARS: usize = 64;
const MAX_TITLE_CHARS: usize = 60;
/// The end of the year 9999, the last that calendars of user interfaces agree on.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// Why a value of the field is not a product.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the value has {0} bytes; {MAX_FIELD_VALUE_BYTES} is the most")]
    TooLong(usize),
    #[error("the value is not the JSON object of a product: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("{member} has to have 1 to {most} characters, and has {found}")]
    Length { member: &'static str, most: usize, found: usize },
    #[error("currency has to be three upper-case letters")]
    Currency,
    #[error("ends_at_s has to be Unix seconds between 0 and the year 9999")]
    End,
}

#[derive(Deserialize)]
struct Product {
    id: String,
    title: String,
    price_minor: u32,
    currency: String,
    #[serde(default)]
    picture: String,
    #[serde(default)]
    ends_at_s: f64,
}

/// Reads a value of the field.
///
/// # Errors
/// [`Error`] names the rule that the value breaks.
pub fn parse(value: &str) -> Result<ProductView, Error> {
    if value.len() > MAX_FIELD_VALUE_BYTES {
        return Err(Error::TooLong(value.len()));
    }
    let product: Product = serde_json::from_str(value)?;
    check_length("id", &product.id, MAX_ID_CHARS)?;
    check_length("title", &product.title, MAX_TITLE_CHARS)?;
    if product.currency.len() != 3 || !product.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Error::Currency);
    }
    if !(0.0..=LAST_SECOND).contains(&product.ends_at_s) {
        return Err(Error::End);
    }
    Ok(ProductView {
        id: product.id,
        title: product.title,
        price_minor: product.price_minor,
        currency: product.currency,
        picture: product.picture,
        ends_at_s: product.ends_at_s,
    })
}

fn check_length(member: &'static str, text: &str, most: usize) -> Result<(), Error> {
    let found = text.chars().count();
    if (1..=most).contains(&found) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(Error::Length { member, most, found })
}

/// The slot of one room.
#[derive(Debug, Default)]
pub struct ProductSlot {
    shown: Option<ProductView>,
}

impl ProductSlot {
    /// What the slot shows; `None` when it is empty.
    pub fn shown(&self) -> Option<&ProductView> {
        self.shown.as_ref()
    }

    /// Follows the room's fields and says whether the slot shows something else now.
    pub fn follow(&mut self, fields: &CustomFields) -> bool {
        let next = match fields.get(FIELD).map(String::as_str) {
            None | Some("") => None,
            Some(value) => match parse(value) {
                Ok(product) => Some(product),
                Err(error) => {
                    tracing::warn!(%error, "the custom field `product` holds no product");
                    None
                }
            },
        };
        let changed = next != self.shown;
        self.shown = next;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CUP: &str = r#"{"id":"cup","title":"Ceramic cup","price_minor":3900,"currency":"CNY",
        "picture":"demo:cup","ends_at_s":1760000000}"#;

    fn fields(value: &str) -> CustomFields {
        CustomFields::from([(FIELD.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_full_value_is_read() {
        let cup = parse(CUP).unwrap();
        assert_eq!((cup.title.as_str(), cup.price_minor), ("Ceramic cup", 3900));
        assert_eq!((cup.picture.as_str(), cup.ends_at_s), ("demo:cup", 1_760_000_000.0));
    }

    #[test]
    fn picture_and_end_may_be_absent_and_other_members_are_ignored() {
        let cup = parse(
            r#"{"id":"c","title":"\u676f\u5b50","price_minor":0,"currency":"USD","stock":4}"#,
        )
        .unwrap();
        assert_eq!((cup.picture.as_str(), cup.ends_at_s), ("", 0.0));
    }

    #[test]
    fn a_value_that_breaks_a_rule_is_refused() {
        let long_title = format!(
            r#"{{"id":"c","title":"{}","price_minor":1,"currency":"USD"}}"#,
            "x".repeat(61)
        );
        for wrong in [
            "",
            "cup",
            "[]",
            r#"{"id":"","title":"t","price_minor":1,"currency":"USD"}"#,
            r#"{"id":"c","title":"  ","price_minor":1,"currency":"USD"}"#,
            r#"{"id":"c","title":"t","price_minor":-1,"currency":"USD"}"#,
            r#"{"id":"c","title":"t","price_minor":1.5,"currency":"USD"}"#,
            r#"{"id":"c","title":"t","price_minor":1,"currency":"usd"}"#,
            r#"{"id":"c","title":"t","price_minor":1,"currency":"EURO"}"#,
            r#"{"id":"c","title":"t","price_minor":1,"currency":"USD","ends_at_s":-1}"#,
            long_title.as_str(),
            &format!("{CUP}{}", " ".repeat(MAX_FIELD_VALUE_BYTES)),
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?} is not a product");
        }
    }

    #[test]
    fn the_slot_tells_only_real_changes() {
        let mut slot = ProductSlot::default();
        assert!(!slot.follow(&CustomFields::new()), "an empty slot stays empty");
        assert!(slot.follow(&fields(CUP)));
        assert!(!slot.follow(&fields(CUP)), "the same product again is no news");
        assert!(!slot.follow(&fields(&CUP.replace(' ', "  ").replace("Ceramic  ", "Ceramic "))));
        assert!(slot.follow(&fields(&CUP.replace("3900", "2900"))));
        assert!(slot.follow(&fields("broken")), "a broken value clears the slot");
        assert!(slot.shown().is_none());
        assert!(!slot.follow(&fields("")));
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_refused(value in "\\PC{0,600}") {
            let _ = parse(&value);
        }

        #[test]
        fn what_is_read_keeps_the_rules(
            title in "\\PC{0,70}", currency in "[A-Z]{2,4}", ends in any::<f64>(),
        ) {
            let value = serde_json::json!({
                "id": "x", "title": title, "price_minor": 1, "currency": currency, "ends_at_s": ends,
            });
            if let Ok(product) = parse(&value.to_string()) {
                prop_assert!((1..=60).contains(&product.title.chars().count()));
                prop_assert_eq!(product.currency.len(), 3);
                prop_assert!(product.ends_at_s >= 0.0 && product.ends_at_s.is_finite());
            }
        }
    }
}
