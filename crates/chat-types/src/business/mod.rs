//! What the applications of a live room agree on beside plain comments (`docs/messages.md`): gifts,
//! likes, product notices, live status, draws, announcements. They travel as one custom element
//! whose `Data` is JSON with a member `t`, and as custom group fields. The chat service carries
//! them and never reads them.

mod announcement;
pub mod api;
mod draw;
mod gift;
mod like;
mod live_status;
mod product;

pub use announcement::{Announcement, AnnouncementKind, MAX_ANNOUNCEMENT_CHARS};
pub use draw::{DrawCancelled, DrawClosed, DrawConditions, DrawOpened, DrawResult, Winner};
pub use gift::{EffectClass, Gift};
pub use like::{LIKES_COUNTER, Like, MAX_LIKES_PER_MESSAGE};
pub use live_status::{LIVE_STATUS_FIELD, LiveStatus, LiveStatusChanged};
pub use product::{PRODUCT_FIELD, Product, ProductFault, ProductNotice};

use serde::de::value::{self, StringDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::element::{CustomElement, Element};

/// Longest `Data` of a business message, in bytes.
pub const MAX_BUSINESS_BYTES: usize = 4_096;
/// Longest id in a business message (of an order, combo, gift, product, draw or batch), in bytes.
pub const MAX_BUSINESS_ID_BYTES: usize = 64;

/// A business message, told apart by `t`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum BusinessMessage {
    Gift(Gift),
    Like(Like),
    Product(ProductNotice),
    LiveStatus(LiveStatusChanged),
    DrawOpened(DrawOpened),
    DrawCancelled(DrawCancelled),
    DrawClosed(DrawClosed),
    DrawResult(DrawResult),
    Announcement(Announcement),
}

impl BusinessMessage {
    /// All values of `t`.
    pub const KINDS: [&str; 9] = [
        "gift",
        "like",
        "product",
        "live_status",
        "draw_opened",
        "draw_closed",
        "draw_result",
        "draw_cancelled",
        "announcement",
    ];

    /// The value of `t`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gift(_) => "gift",
            Self::Like(_) => "like",
            Self::Product(_) => "product",
            Self::LiveStatus(_) => "live_status",
            Self::DrawOpened(_) => "draw_opened",
            Self::DrawCancelled(_) => "draw_cancelled",
            Self::DrawClosed(_) => "draw_closed",
            Self::DrawResult(_) => "draw_result",
            Self::Announcement(_) => "announcement",
        }
    }

    /// The element that carries the message; `Desc` repeats the kind, for push and for people.
    pub fn to_element(&self) -> Element {
        Element::Custom(CustomElement {
            // Plain data with text keys always encodes.
            data: serde_json::to_string(self).unwrap_or_default(),
            desc: self.kind().to_owned(),
            ..CustomElement::default()
        })
    }

    /// Reads a message body: one custom element with a business message in it, and nothing else.
    /// `None` for everything that is none, malformed ones included: a reader of a later version may
    /// understand them.
    pub fn read(body: &[Element]) -> Option<Self> {
        let [Element::Custom(element)] = body else { return None };
        if element.data.len() > MAX_BUSINESS_BYTES {
            return None;
        }
        let read: Self = serde_json::from_str(&element.data).ok()?;
        read.is_sound().then_some(read)
    }

    /// Whether ids and counts keep the rules that stand beside them.
    fn is_sound(&self) -> bool {
        match self {
            Self::Gift(gift) => gift.is_sound(),
            Self::Like(like) => like.is_sound(),
            Self::Product(notice) => notice.product.as_ref().is_none_or(|p| p.check().is_ok()),
            Self::LiveStatus(_) => true,
            Self::DrawOpened(draw) => is_id(&draw.draw),
            Self::DrawCancelled(draw) => is_id(&draw.draw),
            Self::DrawClosed(draw) => is_id(&draw.draw),
            Self::DrawResult(draw) => is_id(&draw.draw),
            Self::Announcement(announcement) => announcement.is_sound(),
        }
    }
}

/// 1 to [`MAX_BUSINESS_ID_BYTES`] bytes of printable ASCII.
fn is_id(text: &str) -> bool {
    (1..=MAX_BUSINESS_ID_BYTES).contains(&text.len())
        && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

/// A word of a list that may grow: one that is not known reads as the default.
fn known_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let word = String::deserialize(deserializer)?;
    let known = T::deserialize(StringDeserializer::<value::Error>::new(word));
    Ok(known.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(data: &serde_json::Value) -> Option<BusinessMessage> {
        let element = CustomElement { data: data.to_string(), ..CustomElement::default() };
        BusinessMessage::read(&[Element::Custom(element)])
    }

    #[test]
    fn a_message_comes_out_of_its_element_as_it_went_in() {
        let gift = json!({"t": "gift", "order": "o1", "combo": "c1", "gift": "rose",
            "title": "Rose", "count": 20, "total": 40, "user": "mei", "nick": "Mei", "level": 7,
            "price": 1, "effect": "banner"});
        let message = read(&gift).unwrap();
        assert_eq!(message.kind(), "gift");
        assert_eq!(BusinessMessage::read(&[message.to_element()]), Some(message.clone()));
        let Element::Custom(element) = message.to_element() else { panic!("a custom element") };
        assert_eq!(serde_json::from_str::<serde_json::Value>(&element.data).unwrap(), gift);
        assert_eq!(element.desc, "gift");
    }

    #[test]
    fn what_breaks_a_rule_is_no_business_message() {
        for wrong in [
            json!({"t": "unheard_of"}),
            json!({"t": "like", "batch": "b", "count": 0}),
            json!({"t": "like", "batch": "b", "count": MAX_LIKES_PER_MESSAGE + 1}),
            json!({"t": "like", "batch": "", "count": 1}),
            json!({"t": "like", "batch": "x".repeat(65), "count": 1}),
            json!({"t": "like", "batch": "b", "count": 1.5}),
            json!({"t": "announcement", "id": "a", "kind": "notice", "text": ""}),
            json!(["gift"]),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        assert!(read(&json!({"t": "like", "batch": "b", "count": 1, "more": true})).is_some());
    }

    #[test]
    fn a_class_or_kind_of_a_later_version_costs_no_message() {
        let gift = json!({"t": "gift", "order": "o", "combo": "c", "gift": "g", "title": "G",
            "count": 1, "total": 1, "user": "mei", "nick": "", "price": 1, "effect": "hologram"});
        let Some(BusinessMessage::Gift(gift)) = read(&gift) else { panic!("a gift") };
        assert_eq!(gift.effect, EffectClass::Quiet);
        let said = json!({"t": "announcement", "id": "a", "kind": "song", "text": "x"});
        let Some(BusinessMessage::Announcement(said)) = read(&said) else { panic!("it is one") };
        assert_eq!(said.kind, AnnouncementKind::Notice);
    }

    #[test]
    fn every_example_of_the_page_is_read_and_written_back_unchanged() {
        let page = include_str!("../../../../docs/messages.md");
        let (mut kinds, mut products) = (std::collections::BTreeSet::new(), 0);
        for block in page.split("```json\n").skip(1) {
            let example = block.split("\n```").next().unwrap();
            let value: serde_json::Value = serde_json::from_str(example).unwrap();
            if value.get("t").is_some() {
                let message = read(&value).unwrap_or_else(|| panic!("no message: {example}"));
                assert_eq!(serde_json::to_string(&message).unwrap(), example);
                kinds.insert(message.kind());
            } else {
                assert_eq!(Product::read(example).unwrap().to_field().unwrap(), example);
                products += 1;
            }
        }
        let draws = ["draw_cancelled", "draw_closed", "draw_opened", "draw_result"];
        let all = [&["announcement"], &draws[..], &["gift", "like", "live_status", "product"]];
        assert_eq!((Vec::from_iter(kinds), products > 0), (all.concat(), true));
    }

    #[test]
    fn a_message_with_anything_beside_the_element_is_a_comment() {
        let like = BusinessMessage::Like(Like { batch: "b".into(), count: 3 }).to_element();
        assert!(BusinessMessage::read(std::slice::from_ref(&like)).is_some());
        assert_eq!(BusinessMessage::read(&[like.clone(), like]), None);
        assert_eq!(BusinessMessage::read(&[]), None);
    }

    #[test]
    fn a_text_that_is_too_long_is_not_even_parsed() {
        let data = json!({"t": "announcement", "id": "a", "kind": "notice", "text": "x",
            "filling": "x".repeat(MAX_BUSINESS_BYTES)});
        assert_eq!(read(&data), None);
    }
}
