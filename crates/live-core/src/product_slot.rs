//! The product slot: what the room sells now, read from the custom group field `product`
//! ([`Product`], `docs/messages.md`).
//!
//! An absent or empty field clears the slot. So does a value that breaks a rule, with a warning in
//! the log: showing the product before it would offer something that is not on sale any more.

use chat_types::business::{PRODUCT_FIELD, Product, ProductFault};
use chat_types::group::CustomFields;

use crate::view::ProductView;

/// Reads a value of the field.
///
/// # Errors
/// [`ProductFault`] names the rule that the value breaks.
pub fn parse(value: &str) -> Result<ProductView, ProductFault> {
    let product = Product::read(value)?;
    // Up to the year 9999, and so without loss.
    #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
    let ends_at_s = product.ends_at_s.unwrap_or(0) as f64;
    Ok(ProductView {
        id: product.id,
        title: product.title,
        price_minor: product.price_minor,
        currency: product.currency,
        picture: product.picture,
        ends_at_s,
        counted: product.stock.is_some(),
        stock: product.stock.unwrap_or(0),
    })
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
        let next = match fields.get(PRODUCT_FIELD).map(String::as_str) {
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
    use chat_types::group::MAX_FIELD_VALUE_BYTES;
    use proptest::prelude::*;

    const CUP: &str = r#"{"id":"cup","title":"Ceramic cup","price_minor":3900,"currency":"CNY",
        "picture":"demo:cup","ends_at_s":1760000000}"#;

    fn fields(value: &str) -> CustomFields {
        CustomFields::from([(PRODUCT_FIELD.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_full_value_is_read() {
        let cup = parse(CUP).unwrap();
        assert_eq!((cup.title.as_str(), cup.price_minor), ("Ceramic cup", 3900));
        assert_eq!((cup.picture.as_str(), cup.ends_at_s), ("demo:cup", 1_760_000_000.0));
    }

    #[test]
    fn picture_end_and_stock_may_be_absent_and_other_members_are_ignored() {
        let cup = parse(
            r#"{"id":"c","title":"\u676f\u5b50","price_minor":0,"currency":"USD","glaze":"ash"}"#,
        )
        .unwrap();
        assert_eq!((cup.picture.as_str(), cup.ends_at_s), ("", 0.0));
        assert_eq!((cup.counted, cup.stock), (false, 0));
    }

    #[test]
    fn a_stock_that_is_counted_is_told_also_when_nothing_is_left() {
        for left in [0, 7] {
            let cup = parse(&CUP.replace("3900", &format!("3900,\"stock\":{left}"))).unwrap();
            assert_eq!((cup.counted, cup.stock), (true, left));
        }
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
