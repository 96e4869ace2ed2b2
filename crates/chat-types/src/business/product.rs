//! The product that is being sold: the custom group field, and the notice beside it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::group::MAX_FIELD_VALUE_BYTES;

/// Name of the custom group field.
pub const PRODUCT_FIELD: &str = "product";

const MAX_ID_CHARS: usize = 64;
const MAX_TITLE_CHARS: usize = 60;
/// The end of the year 9999, the last that calendars of user interfaces agree on.
const LAST_SECOND: u64 = 253_402_300_799;

/// The value of the field `product`, as JSON of at most 512 bytes. An absent or empty field means
/// that nothing is being sold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// 1–64 characters: what the shop calls the product.
    pub id: String,
    /// 1–60 characters, shown as it stands.
    pub title: String,
    /// Price in the smallest unit of the currency: 3900 is ¥39.00.
    pub price_minor: u32,
    /// Three capital letters of ISO 4217.
    pub currency: String,
    /// `demo:NAME` for a picture that comes with the program, or a web address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub picture: String,
    /// Unix seconds at which the offer ends; the slot counts down. 0 is no end, too.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_seconds")]
    pub ends_at_s: Option<u64>,
    /// Pieces that are left; absent when nobody counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
}

/// Why a text is not a product.
#[derive(Debug, thiserror::Error)]
pub enum ProductFault {
    #[error("the value has {0} bytes; {MAX_FIELD_VALUE_BYTES} is the most")]
    TooLong(usize),
    #[error("the value is not the JSON object of a product: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("{member} has to have 1 to {most} characters, and has {found}")]
    Length { member: &'static str, most: usize, found: usize },
    #[error("currency has to be three upper-case letters")]
    Currency,
    #[error("ends_at_s has to be Unix seconds before the year 10000")]
    End,
}

impl Product {
    /// Reads a value of the field.
    ///
    /// # Errors
    /// [`ProductFault`] names the rule that the value breaks.
    pub fn read(value: &str) -> Result<Self, ProductFault> {
        if value.len() > MAX_FIELD_VALUE_BYTES {
            return Err(ProductFault::TooLong(value.len()));
        }
        let product: Self = serde_json::from_str(value)?;
        product.check()?;
        Ok(product)
    }

    /// The value of the field.
    ///
    /// # Errors
    /// [`ProductFault`] names the rule that the product breaks.
    pub fn to_field(&self) -> Result<String, ProductFault> {
        self.check()?;
        let value = serde_json::to_string(self)?;
        if value.len() > MAX_FIELD_VALUE_BYTES {
            return Err(ProductFault::TooLong(value.len()));
        }
        Ok(value)
    }

    /// # Errors
    /// [`ProductFault`] names the rule that the product breaks.
    pub fn check(&self) -> Result<(), ProductFault> {
        check_length("id", &self.id, MAX_ID_CHARS)?;
        check_length("title", &self.title, MAX_TITLE_CHARS)?;
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(ProductFault::Currency);
        }
        if self.ends_at_s.is_some_and(|at_s| at_s > LAST_SECOND) {
            return Err(ProductFault::End);
        }
        Ok(())
    }
}

/// A whole number, however it is written: there are programs that write 0.0 for 0.
fn whole_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let written_as_float = || {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && *float >= 0.0)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both checked")]
        let whole = float as u64;
        Some(whole)
    };
    match number.as_u64().or_else(written_as_float) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(D::Error::custom("ends_at_s has to be whole Unix seconds")),
    }
}

fn check_length(member: &'static str, text: &str, most: usize) -> Result<(), ProductFault> {
    let found = text.chars().count();
    if (1..=most).contains(&found) && !text.trim().is_empty() {
        return Ok(());
    }
    Err(ProductFault::Length { member, most, found })
}

/// Sent by the virtual assistant beside the change of the field. Without a product the slot has
/// been emptied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductNotice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cup() -> Product {
        Product {
            id: "cup".into(),
            title: "Ceramic cup, ash glaze".into(),
            price_minor: 3_900,
            currency: "CNY".into(),
            picture: "demo:cup".into(),
            ends_at_s: Some(1_760_000_000),
            stock: Some(12),
        }
    }

    #[test]
    fn a_product_is_read_as_it_was_written() {
        let bare = Product { picture: String::new(), ends_at_s: None, stock: None, ..cup() };
        for product in [cup(), bare] {
            assert_eq!(Product::read(&product.to_field().unwrap()).unwrap(), product);
        }
    }

    #[test]
    fn an_end_is_whole_however_it_is_written() {
        let ends = |text: &str| {
            let cup = r#"{"id":"c","title":"Cup","price_minor":1,"currency":"CNY","ends_at_s":"#;
            Product::read(&format!("{cup}{text}}}")).map(|product| product.ends_at_s)
        };
        assert_eq!(ends("0.0").unwrap(), Some(0));
        assert_eq!(ends("1.76e9").unwrap(), Some(1_760_000_000));
        assert_eq!(ends("null").unwrap(), None);
        for wrong in ["-1", "0.5", "\"1\"", "1e40"] {
            assert!(ends(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_rule_is_named_by_its_fault() {
        let fault = |change: &dyn Fn(&mut Product)| {
            let mut product = cup();
            change(&mut product);
            product.to_field().unwrap_err().to_string()
        };
        assert!(fault(&|p| p.id = " ".into()).contains("id has to have"));
        assert!(fault(&|p| p.title = "t".repeat(61)).contains("61"));
        assert!(fault(&|p| p.currency = "cny".into()).contains("upper-case"));
        assert!(fault(&|p| p.ends_at_s = Some(u64::MAX)).contains("10000"));
        assert!(fault(&|p| p.picture = "p".repeat(600)).contains("512"));
        assert!(Product::read(&"x".repeat(513)).unwrap_err().to_string().contains("513"));
        assert!(Product::read("{}").is_err());
    }
}
