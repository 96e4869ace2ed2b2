//! What the shop's own server says in the tests of the client core and of its driver.

use chat_types::business::{BusinessMessage, EffectClass, Gift, Like};
use chat_types::gateway::Message;

use crate::frames::message;

/// A message of the shop's own server: it came by REST, so it has no client id.
pub(crate) fn said(seq: u32, what: BusinessMessage) -> Message {
    Message { nick: "Shop".into(), elements: vec![what.to_element()], ..message(seq, "shop", "") }
}

pub(crate) fn gift(order: &str, combo: &str, count: u32, total: u32) -> Gift {
    Gift {
        order: order.into(),
        combo: combo.into(),
        gift: "rose".into(),
        title: "Rose".into(),
        count,
        total,
        user: "mei".into(),
        nick: "Mei".into(),
        level: 7,
        price: 2,
        effect: EffectClass::Banner,
    }
}

pub(crate) fn gave(seq: u32, gift: Gift) -> Message {
    said(seq, BusinessMessage::Gift(gift))
}

pub(crate) fn liked(seq: u32, from: &str, batch: &str, count: u32) -> Message {
    let like = BusinessMessage::Like(Like { batch: batch.into(), count });
    let client_id = format!("{from}-{batch}");
    Message { elements: vec![like.to_element()], client_id, ..message(seq, from, "") }
}
