//! What reads bytes from outside, as functions that panic when a promise is broken. cargo-fuzz runs
//! each of them without an end (`cargo +nightly fuzz run NAME`); the test beside them runs each a
//! bounded number of times on the stable compiler.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken promise has to end the run")]

mod business;
mod room_frames;
mod seeds;

use std::io::Read as _;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chat_server::fuzz;
use chat_server::webhook::{MAX_ANSWER_BYTES, parse_answer};
use chat_types::code::Code;
use chat_types::element::{Element, MAX_MESSAGE_BYTES, check_body, check_rest_body, readable_text};
use chat_types::gateway::{ClientFrame, RoomSnapshot, ServerFrame, has_nul};
use chat_types::{GroupId, UserId};
use flate2::{Compression, read::ZlibEncoder};
use live_core::request::RequestNumbers;
use live_core::room::Room;
use live_core::{frame, product_slot};
use serde_json::Value;
use text_rules::fuzz::{MAX_STEPS_AT_ALL, MAX_STEPS_PER_BYTE};
use text_rules::{BlockedWords, Plain, PlainWords, has_link};
use usersig::{Expected, verify};

pub use business::{business_message, draw_record, webhook_body};
pub use room_frames::room_frames;

/// One target, under the name that cargo-fuzz knows it by.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Inputs that get far into the target.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Changed inputs of a bounded run.
    pub runs: u64,
}

/// For a target that reads one input once.
const RUNS: u64 = 4_000;
/// For a target that reads conversations.
const FEW_RUNS: u64 = 1_000;

pub const TARGETS: &[Target] = &[
    Target {
        name: "business_message",
        run: business_message,
        seeds: seeds::business_messages,
        runs: RUNS,
    },
    Target { name: "client_frame", run: client_frame, seeds: seeds::client_frames, runs: RUNS },
    Target { name: "draw_record", run: draw_record, seeds: seeds::draw_records, runs: FEW_RUNS },
    Target { name: "ids", run: ids, seeds: seeds::ids, runs: RUNS },
    Target { name: "product", run: product, seeds: seeds::products, runs: RUNS },
    Target { name: "proxy_header", run: proxy_header, seeds: seeds::proxy_headers, runs: RUNS },
    Target { name: "rest_call", run: rest_call, seeds: seeds::rest_calls, runs: RUNS },
    Target { name: "rest_query", run: rest_query, seeds: seeds::rest_queries, runs: RUNS },
    Target { name: "room_frames", run: room_frames, seeds: seeds::room_frames, runs: FEW_RUNS },
    Target { name: "server_frame", run: server_frame, seeds: seeds::server_frames, runs: RUNS },
    Target { name: "text", run: text, seeds: seeds::texts, runs: FEW_RUNS },
    Target { name: "user_sig", run: user_sig, seeds: seeds::user_sigs, runs: RUNS },
    Target {
        name: "webhook_answer",
        run: webhook_answer,
        seeds: seeds::webhook_answers,
        runs: RUNS,
    },
    Target { name: "webhook_body", run: webhook_body, seeds: seeds::webhook_bodies, runs: RUNS },
];

/// What the gateway reads: whatever is accepted reads the same after it was written again.
pub fn client_frame(data: &[u8]) {
    let Ok(frame) = serde_json::from_slice::<ClientFrame>(data) else { return };
    if let ClientFrame::Send { elements, .. } = &frame {
        let _ = check_body(elements, MAX_MESSAGE_BYTES);
        let _ = readable_text(elements);
    }
    let again = serde_json::to_string(&frame).expect("frames encode");
    assert_eq!(serde_json::from_str::<ClientFrame>(&again).expect("and decode"), frame);
    let text = str::from_utf8(data).expect("JSON is UTF-8");
    assert!(has_nul(text) || !has_nul(&again), "what is not seen in the bytes is in no text");
}

/// Names of accounts and groups: what is accepted stays as it is.
pub fn ids(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(user) = UserId::new(text) {
        assert!(user.as_str() == text && (1..=32).contains(&text.len()));
    }
    if let Ok(group) = GroupId::new(text) {
        assert!(group.as_str() == text && (1..=48).contains(&text.len()));
    }
}

/// Values of the custom group field `product`: what is accepted keeps the rules of
/// `docs/messages.md`.
pub fn product(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(product) = product_slot::parse(text) else { return };
    assert!((1..=60).contains(&product.title.chars().count()));
    assert_eq!(product.currency.len(), 3);
    assert!(product.ends_at_s >= 0.0);
}

/// The header with which a proxy begins a connection: it has its bound, and nothing after it changes
/// how it is read.
pub fn proxy_header(data: &[u8]) {
    if let Some(taken) = fuzz::proxy_header(data) {
        assert!(taken <= 16 + 512, "{taken} bytes were read");
        assert_eq!(fuzz::proxy_header(&data[..taken]), Some(taken));
        assert_eq!(fuzz::proxy_header(&data[..taken - 1]), None, "not whole, and taken");
    }
}

/// A call as `service/command`, a line's end, and the body: what the catalogue lets through is
/// taken by the typed body, apart from elements, whose forms the catalogue does not know; what it
/// refuses has a code and a sentence.
pub fn rest_call(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (path, body) = (String::from_utf8_lossy(&data[..end]), &data[end + 1..]);
    let Some((service, command)) = path.split_once('/') else { return };
    let Ok(checked) = fuzz::rest_call(service, command, body) else { return };
    let has_elements = body.windows(7).any(|name| name == b"MsgBody");
    match (checked.check, checked.typed) {
        (Ok(()), Err(_)) if has_elements => {}
        (Ok(()), Err(error)) => panic!("{path}: checked, and then not read: {error}"),
        (Err(error), _) => assert!(error.code != Code::OK && error.info.len() > 3, "{error:?}"),
        (Ok(()), Ok(())) => {}
    }
    let body: Value = serde_json::from_slice(body).expect("it was read before");
    if let Ok(elements) = serde_json::from_value::<Vec<Element>>(body["MsgBody"].clone()) {
        let _ = check_rest_body(&elements, MAX_MESSAGE_BYTES);
        let _ = readable_text(&elements);
    }
}

/// The query string of a call, up to the signature: what is accepted means the same after it was
/// written again.
pub fn rest_query(data: &[u8]) {
    let Ok(query) = str::from_utf8(data) else { return };
    match fuzz::rest_query(query) {
        Ok((app, user)) => {
            assert!(UserId::new(&*user).is_ok());
            let again = form_urlencoded::Serializer::new(String::new())
                .append_pair("sdkappid", &app.to_string())
                .append_pair("identifier", &user)
                .finish();
            assert_eq!(fuzz::rest_query(&again).ok(), Some((app, user)));
        }
        Err(error) => assert!(
            [Code::APP_MISSING, Code::APP_INVALID, Code::URL_ACCOUNT, Code::URL_MALFORMED]
                .contains(&error.code),
            "{error:?}"
        ),
    }
}

/// What the client core reads from a gateway that may be newer, older or hostile, as it stands and
/// unpacked; and what a room makes of it.
pub fn server_frame(data: &[u8]) {
    let _ = frame::read_compressed(data);
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(read) = frame::read(text) else { return };
    let again = serde_json::to_string(&read).expect("frames encode");
    assert_eq!(frame::read(&again).expect("and decode"), read);
    room(read);
}

/// Messages that come again are not shown again, whatever their numbers.
fn room(frame: ServerFrame) {
    let mut room = Room::new("demo", "me");
    let mut numbers = RequestNumbers::default();
    room.signed_in("me".into(), String::new());
    match frame {
        ServerFrame::JoinOk(snapshot) => drop(room.joined(*snapshot, Duration::ZERO, &mut numbers)),
        ServerFrame::Messages(messages) => {
            room.joined(RoomSnapshot::default(), Duration::ZERO, &mut numbers);
            room.messages(messages.clone(), Duration::ZERO, &mut numbers);
            let rows = room.log().rows().count();
            room.messages(messages, Duration::ZERO, &mut numbers);
            assert_eq!(room.log().rows().count(), rows);
        }
        _ => {}
    }
}

/// What people write: it takes no more time than its length allows, and a word that is found leads
/// to whole letters of its source.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let steps = text_rules::fuzz::steps(&text);
    let most = MAX_STEPS_AT_ALL + MAX_STEPS_PER_BYTE * text.len();
    assert!(steps <= most, "{steps} steps for {} bytes", text.len());
    let _ = has_link(&text);
    let words = ["a", "co", "中", "1.", "ss"].map(str::to_owned);
    let (blocked, spread) = (BlockedWords::new(&words), PlainWords::new(&words));
    let (Ok(Some(blocked)), Ok(Some(spread))) = (blocked, spread) else { panic!("words build") };
    assert!(blocked.find(&text).is_none_or(|word| words.iter().any(|known| known == word)));
    let plain = Plain::of(&text);
    for plain in [plain.spread(), plain] {
        assert!(spread.find(&plain).all(|found| text.get(found.stretch.source).is_some()));
    }
}

/// No text makes `verify` panic, neither as it stands nor packed as the JSON inside a
/// UserSig.
pub fn user_sig(data: &[u8]) {
    let expected = Expected { sdk_app_id: 1, key: "key", identifier: "a", now_s: 1_000 };
    let _ = verify(&String::from_utf8_lossy(data), &expected);

    let mut packed = Vec::new();
    if ZlibEncoder::new(data, Compression::fast()).read_to_end(&mut packed).is_ok() {
        let text = STANDARD.encode(packed).replace('+', "*").replace('/', "-").replace('=', "_");
        let _ = verify(&text, &expected);
    }
}

/// What a receiver of webhooks answers.
pub fn webhook_answer(data: &[u8]) {
    let Ok(answer) = parse_answer(data) else { return };
    assert!(data.len() <= MAX_ANSWER_BYTES);
    assert!(answer.error_info.len() <= 1_024, "the reason goes on in one line");
    assert!(answer.msg_body.is_none_or(|body| body.is_array()));
}
