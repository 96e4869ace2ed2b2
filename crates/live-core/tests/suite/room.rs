//! The room's state: what is shown, once and only once, and what becomes of own comments.

use chat_types::gateway::{ClientFrame, InfoChange, Message};
use chat_types::group::GroupProfile;
use chat_types::{ApiError, Code, Element};
use live_core::outbox;
use live_core::request::RequestNumbers;
use live_core::room::{Change, Joined, Room};
use live_core::view::{ChatRow, RowState};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

const NOW: Duration = Duration::from_secs(100);

pub(crate) fn profile() -> GroupProfile {
    serde_json::from_value(serde_json::json!({
        "group_id": "room_1", "type": "AVChatRoom", "name": "Kiln", "introduction": "",
        "notification": "", "face_url": "", "owner": "host_1", "owner_nick": "Mei",
        "custom_fields": {},
    }))
    .unwrap()
}

pub(crate) fn message(seq: u32, from: &str, text: &str) -> Message {
    Message {
        seq,
        time_s: 1_760_000_000 + seq,
        from: from.into(),
        nick: String::new(),
        priority: chat_types::Priority::Normal,
        elements: vec![Element::text(text)],
        cloud_custom_data: String::new(),
        client_id: String::new(),
    }
}

struct Fixture {
    room: Room,
    rng: StdRng,
    numbers: RequestNumbers,
}

impl Fixture {
    fn away() -> Self {
        Self {
            room: Room::new("room_1", "me"),
            rng: StdRng::seed_from_u64(1),
            numbers: RequestNumbers::default(),
        }
    }

    fn joined(last_seq: u32) -> Self {
        let mut this = Self::away();
        this.join(last_seq, vec![]);
        this
    }

    fn join(&mut self, last_seq: u32, messages: Vec<Message>) -> Vec<Change> {
        self.room.signed_in("me".into(), "Ann".into());
        let joined = Joined { group: profile(), online: 3, last_seq, messages };
        self.room.joined(joined, NOW, &mut self.numbers)
    }

    fn say(&mut self, text: &str) -> Result<(String, Vec<Change>), ApiError> {
        self.room.submit(text, NOW, 5.0, &mut self.rng, &mut self.numbers)
    }

    fn row(&self, key: &str) -> ChatRow {
        self.room.log().rows().find(|row| row.key == key).cloned().unwrap()
    }

    fn texts(&self) -> Vec<String> {
        self.room.log().rows().map(|row| row.text.clone()).collect()
    }
}

fn sends(changes: &[Change]) -> Vec<(u32, String)> {
    let send = |change: &Change| match change {
        Change::Send(ClientFrame::Send { id, client_id, .. }) => Some((*id, client_id.clone())),
        _ => None,
    };
    changes.iter().filter_map(send).collect()
}

fn flights(changes: &[Change]) -> usize {
    changes.iter().filter(|change| matches!(change, Change::Comment(_))).count()
}

#[test]
fn an_own_comment_is_there_at_once_and_is_confirmed_by_the_answer() {
    let mut f = Fixture::joined(0);
    let (key, changes) = f.say("  hello ").unwrap();
    assert_eq!((key.len(), sends(&changes).len(), flights(&changes)), (32, 1, 1));
    let row = f.row(&key);
    assert_eq!((row.text.as_str(), row.name.as_str(), row.seq), ("hello", "Ann", 0));
    assert_eq!((row.state, row.own, row.time_ms), (RowState::Sending, true, 5.0));
    f.room.sent(&key, 7, 1_760_000_000);
    let row = f.row(&key);
    assert_eq!((row.state, row.seq, row.time_ms), (RowState::Sent, 7, 1_760_000_000_000.0));
    let echo = Message { client_id: key, ..message(7, "me", "hello") };
    assert!(f.room.messages(vec![echo]).is_empty(), "its own way back is no news");
}

#[test]
fn a_comment_without_text_or_too_long_makes_no_row() {
    let mut f = Fixture::joined(0);
    assert_eq!(f.say(" \n ").unwrap_err().code, Code::BAD_PARAMETER);
    assert_eq!(f.say(&"\u{597d}".repeat(501)).unwrap_err().code, Code::MESSAGE_TOO_LONG);
    assert_eq!(f.room.log().rows().count(), 0);
    assert!(f.say(&"\u{597d}".repeat(500)).is_ok());
}

#[test]
fn a_refused_comment_can_be_sent_again_as_the_same_message_and_flies_once() {
    let mut f = Fixture::joined(0);
    let (key, changes) = f.say("hello").unwrap();
    let (id, _) = sends(&changes)[0].clone();
    f.room.refused(id, &ApiError::new(Code(10017), "muted"));
    let row = f.row(&key);
    assert_eq!((row.state, row.code, row.reason.as_str()), (RowState::Failed, 10017, "muted"));
    let changes = f.room.retry(&key, NOW, &mut f.numbers).unwrap();
    assert_eq!(sends(&changes)[0].1, key);
    assert_eq!(flights(&changes), 0);
    let row = f.row(&key);
    assert_eq!((row.state, row.code, row.reason.as_str()), (RowState::Sending, 0, ""));
    assert!(f.room.retry(&key, NOW, &mut f.numbers).unwrap().is_empty(), "it is on its way");
    assert!(f.room.retry("nothing", NOW, &mut f.numbers).is_err());
}

#[test]
fn without_a_connection_a_comment_fails_at_once_keeps_its_text_and_flies_when_sent() {
    let mut f = Fixture::away();
    let (key, changes) = f.say("hello").unwrap();
    assert_eq!((sends(&changes).len(), flights(&changes)), (0, 0));
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, Code::NOT_ONLINE.0));
    f.room.retry(&key, NOW, &mut f.numbers).unwrap();
    assert_eq!(f.row(&key).state, RowState::Failed);
    f.join(0, vec![]);
    let changes = f.room.retry(&key, NOW, &mut f.numbers).unwrap();
    assert_eq!((sends(&changes).len(), flights(&changes)), (1, 1));
}

#[test]
fn what_is_said_before_the_room_lets_one_in_is_sent_then() {
    let mut f = Fixture::away();
    f.room.signed_in("me".into(), String::new());
    let (key, changes) = f.say("hello").unwrap();
    assert!(sends(&changes).is_empty());
    assert_eq!(sends(&f.join(0, vec![]))[0].1, key);
}

#[test]
fn an_unanswered_comment_fails_after_ten_seconds_and_a_late_answer_still_counts() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("hello").unwrap();
    assert!(f.room.tick(NOW + Duration::from_secs(9)).is_empty());
    f.room.tick(NOW + outbox::ANSWER_WITHIN);
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, Code::NO_ANSWER.0));
    f.room.sent(&key, 4, 1);
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Sent, 0));
}

#[test]
fn at_most_thirty_two_comments_are_on_their_way() {
    let mut f = Fixture::joined(0);
    for n in 0..outbox::MOST {
        f.say(&n.to_string()).unwrap();
    }
    assert_eq!(f.say("one more").unwrap_err().code, Code::MESSAGE_RATE);
    assert_eq!(f.room.log().rows().count(), outbox::MOST, "a refused one makes no row");
    assert_eq!(f.room.outbox().refused_when_full(), 1);
}

#[test]
fn after_a_loss_what_the_catch_up_confirms_is_not_sent_again() {
    let mut f = Fixture::joined(10);
    let (arrived, _) = f.say("arrived").unwrap();
    let (lost, _) = f.say("lost").unwrap();
    f.room.connection_lost();
    assert_eq!(f.row(&lost).state, RowState::Sending);
    assert_eq!(f.room.after_seq(), Some(10));
    let echo = Message { client_id: arrived.clone(), ..message(12, "me", "arrived") };
    let changes = f.join(12, vec![message(11, "bo", "hi"), echo]);
    let again = sends(&changes);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].1, lost, "under the same client id");
    assert_eq!(f.row(&arrived).state, RowState::Sent);
    assert_eq!(f.texts(), ["arrived", "lost", "hi"]);
    assert_eq!(flights(&changes), 0, "what was caught up is too old to fly");
    assert_eq!(f.room.missed(), 0);
}

#[test]
fn a_gap_in_the_catch_up_is_counted_and_a_repeat_is_left_out() {
    let mut f = Fixture::joined(10);
    f.room.messages(vec![message(11, "bo", "a"), message(11, "bo", "a"), message(9, "bo", "old")]);
    f.room.connection_lost();
    f.join(17, vec![message(15, "bo", "b"), message(16, "bo", "c"), message(17, "bo", "d")]);
    assert_eq!((f.texts().join(""), f.room.missed()), ("abcd".into(), 3));
    f.room.connection_lost();
    f.join(20, vec![]);
    assert_eq!(f.room.missed(), 6);
}

#[test]
fn a_service_that_lost_its_data_is_followed_from_its_new_numbers() {
    let mut f = Fixture::joined(100);
    f.room.messages(vec![message(101, "bo", "before")]);
    f.room.connection_lost();
    f.join(2, vec![message(2, "bo", "two")]);
    assert_eq!(f.room.after_seq(), Some(2));
    f.room.messages(vec![message(3, "bo", "three")]);
    f.room.connection_lost();
    f.join(0, vec![]);
    f.room.messages(vec![message(1, "bo", "one"), message(2, "bo", "two again")]);
    assert_eq!(f.texts(), ["before", "two", "three", "one", "two again"]);
}

#[test]
fn custom_data_makes_no_row_but_its_number_counts() {
    let mut f = Fixture::joined(0);
    let custom = Element::Custom(chat_types::element::CustomElement::default());
    let silent = Message { elements: vec![custom], ..message(1, "bo", "") };
    assert!(f.room.messages(vec![silent]).is_empty());
    assert_eq!(f.room.after_seq(), Some(1));
}

#[test]
fn somebody_elses_client_id_confirms_nothing_of_ours() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("mine").unwrap();
    let copy = Message { client_id: key.clone(), ..message(1, "bo", "not mine") };
    f.room.messages(vec![copy]);
    assert_eq!(f.row(&key).state, RowState::Sending);
    assert_eq!(f.texts(), ["mine", "not mine"]);
}

#[test]
fn a_dismissed_room_takes_nothing_and_shows_no_product() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("too late").unwrap();
    let product = r#"{"id":"cup","title":"Cup","price_minor":1,"currency":"CNY"}"#;
    f.room.info_changed(vec![InfoChange::Custom { key: "product".into(), value: product.into() }]);
    let changes = f.room.dismissed();
    assert!(changes.contains(&Change::Dismissed) && changes.contains(&Change::Product(None)));
    assert!(!f.room.view().member);
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, 10010));
    assert_eq!(f.say("hello").unwrap_err().code, Code::GROUP_ABSENT);
}

#[test]
fn the_profile_follows_its_changes() {
    let mut f = Fixture::joined(0);
    assert_eq!(f.room.view().host, "Mei");
    let name = InfoChange::Name { value: "Kiln two".into() };
    let changes = f.room.info_changed(vec![name.clone()]);
    assert_eq!(changes, [Change::Profile(f.room.view())]);
    assert_eq!(f.room.view().name, "Kiln two");
    assert!(f.room.info_changed(vec![name]).is_empty(), "the same again is no news");
    assert!(f.room.online_changed(3).is_empty());
    assert_eq!(f.room.online_changed(4), [Change::Online(4)]);
}

proptest! {
    #[test]
    fn no_message_is_shown_twice(
        runs in prop::collection::vec((1u32..60, 1u32..12, any::<bool>()), 0..60),
    ) {
        let mut f = Fixture::joined(0);
        for (first, count, rejoin) in runs {
            let batch: Vec<_> =
                (first..first + count).map(|n| message(n, "bo", &n.to_string())).collect();
            if rejoin {
                let last = f.room.after_seq().unwrap_or(0).max(first + count);
                f.room.connection_lost();
                f.join(last, batch);
            } else {
                f.room.messages(batch);
            }
        }
        let texts = f.texts();
        let once: std::collections::BTreeSet<_> = texts.iter().collect();
        prop_assert_eq!(once.len(), texts.len());
        let numbers: Vec<u32> = f.room.log().rows().map(|row| row.seq).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
