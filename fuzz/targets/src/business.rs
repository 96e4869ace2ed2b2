//! What the business service and its readers take from outside.

use business_server::fuzz;
use chat_types::business::{BusinessMessage, MAX_BUSINESS_BYTES};
use chat_types::element::{CustomElement, Element};
use draw::Record;

/// The `Data` of a custom element: what is taken for a business message reads the same after it was
/// written again, and what only the shop may say is known for that by the receiver of webhooks.
pub fn business_message(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let custom = CustomElement { data: text.to_owned(), ..CustomElement::default() };
    let body = [Element::Custom(custom)];
    let forged = fuzz::is_forged(&body);
    let Some(read) = BusinessMessage::read(&body) else { return };
    assert!(text.len() <= MAX_BUSINESS_BYTES);
    assert!(BusinessMessage::KINDS.contains(&read.kind()));
    assert_eq!(forged, !matches!(read, BusinessMessage::Like(_)), "{read:?}");
    let written = read.to_element();
    // What was written with fewer bytes than we use may be too long then; it is never another one.
    let again = BusinessMessage::read(std::slice::from_ref(&written));
    assert!(again.is_none_or(|again| again == read), "{read:?}");
}

/// The body of a webhook, behind its command and a line's end: what is taken means the same after it
/// was written again, and a duplicate has the same name.
pub fn webhook_body(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(command) = str::from_utf8(&data[..end]) else { return };
    let body = &data[end + 1..];
    let Some(read) = fuzz::webhook(command, body) else { return };
    assert_eq!(fuzz::webhook(command, body), Some(read.clone()), "a repeat is the same event");
    let written = serde_json::to_vec(&read.webhook).expect("webhooks encode");
    let again = fuzz::webhook(command, &written).expect("and decode");
    assert_eq!(again.webhook, read.webhook);
}

/// The record of a draw: one that holds does not hold with anything about its winners changed.
pub fn draw_record(data: &[u8]) {
    let Ok(record) = Record::read(data) else { return };
    if record.verify().is_err() {
        return;
    }
    assert!(record.winners.iter().all(|winner| record.entrants.contains(winner)));
    let mut longer = record.clone();
    longer.winners.push("somebody".into());
    assert!(longer.verify().is_err());
    let mut fewer = record.clone();
    if fewer.winners.pop().is_some() {
        assert!(fewer.verify().is_err());
    }
    let mut later = record.clone();
    later.entrants.push("\u{7e}\u{7e}\u{7e}".into());
    assert!(later.verify().is_err(), "the list was told by its hash");
    assert!(record.verify_published("another").is_err());
}
