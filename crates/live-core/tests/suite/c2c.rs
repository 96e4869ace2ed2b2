//! One-to-one messages: what is kept of a conversation, and what becomes of own messages.

use chat_types::element::MAX_MESSAGE_BYTES;
use chat_types::gateway::{C2cMessage, ClientFrame, Conversation, MAX_CLIENT_FRAME_BYTES};
use chat_types::{ApiError, Code, Element};
use live_core::c2c::{C2c, MOST_MESSAGES, MOST_ON_THEIR_WAY, MOST_PEERS, Outcome};
use live_core::outbox::{ANSWER_WITHIN, GIVE_UP_AFTER};
use live_core::request::RequestNumbers;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

const NOW: Duration = Duration::from_secs(100);

struct Fixture {
    c2c: C2c,
    rng: StdRng,
    numbers: RequestNumbers,
}

impl Fixture {
    fn new() -> Self {
        let mut this = Self {
            c2c: C2c::default(),
            rng: StdRng::seed_from_u64(1),
            numbers: RequestNumbers::default(),
        };
        this.c2c.signed_in("me", NOW, &mut this.numbers);
        this
    }

    /// Gives the client id and the numbers of the requests that went out.
    fn say(&mut self, text: &str) -> Result<(String, Vec<u32>), ApiError> {
        let message = ("bo", vec![Element::text(text)], false);
        let (id, follows) = self.c2c.send(message, NOW, &mut self.rng, &mut self.numbers)?;
        Ok((id, follows.send.iter().map(ClientFrame::id).collect()))
    }

    fn texts(&self) -> Vec<String> {
        let entries = self.c2c.thread("bo").map(|thread| thread.entries.as_slice());
        let text = |entry: &live_core::c2c::Entry| {
            chat_types::element::readable_text(&entry.message.elements)
        };
        entries.unwrap_or_default().iter().map(text).collect()
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.c2c.thread("bo").unwrap().entries.iter().map(|entry| entry.outcome.clone()).collect()
    }

    fn unread(&self) -> u32 {
        self.c2c.thread("bo").unwrap().unread
    }
}

fn from(peer: &str, seq: u32, time_s: u32) -> C2cMessage {
    C2cMessage {
        key: format!("{seq}_7_{time_s}"),
        seq,
        random: 7,
        time_s,
        from: peer.into(),
        to: "me".into(),
        elements: vec![Element::text(format!("{seq}@{time_s}"))],
        ..C2cMessage::default()
    }
}

#[test]
fn messages_stand_in_the_order_of_time_and_number_whatever_order_they_came_in() {
    let mut f = Fixture::new();
    for (seq, time_s) in [(3, 20), (1, 10), (2, 20), (1, 10), (9, 5)] {
        f.c2c.message(from("bo", seq, time_s));
    }
    assert_eq!(f.texts(), ["9@5", "1@10", "2@20", "3@20"]);
    assert_eq!(f.unread(), 4, "what came twice counts once");
}

#[test]
fn an_own_message_goes_from_sending_to_arrived_and_keeps_its_one_entry() {
    let mut f = Fixture::new();
    let (id, sent) = f.say("hello").unwrap();
    assert_eq!((sent.len(), f.outcomes()), (1, vec![Outcome::Sending]));
    f.c2c.message(from("bo", 4, 30));
    f.c2c.sent(&id, "5_8_31", 31);
    assert_eq!(f.texts(), ["4@30", "hello"]);
    assert_eq!(f.outcomes(), [Outcome::Arrived, Outcome::Arrived]);
    let back = C2cMessage { client_id: id.clone(), to: "bo".into(), ..from("me", 5, 31) };
    f.c2c.message(C2cMessage { key: "5_8_31".into(), ..back });
    assert_eq!(f.texts(), ["4@30", "5@31"], "a known key is a change");
    assert_eq!(f.unread(), 1);
    assert_eq!(f.c2c.sent(&id, "5_8_31", 31).changed.len(), 0);
}

#[test]
fn after_a_loss_what_was_not_answered_is_sent_again_under_its_client_id() {
    let mut f = Fixture::new();
    let (arrived, _) = f.say("arrived").unwrap();
    let (lost, _) = f.say("lost").unwrap();
    f.c2c.connection_lost();
    let back = C2cMessage { client_id: arrived, to: "bo".into(), ..from("me", 5, 31) };
    f.c2c.message(back);
    let again = f.c2c.signed_in("me", NOW, &mut f.numbers).send;
    let [ClientFrame::SendC2c { client_id, to, .. }] = again.as_slice() else {
        panic!("one goes out again");
    };
    assert_eq!((client_id.as_str(), to.as_str()), (lost.as_str(), "bo"));
    assert_eq!(f.texts(), ["5@31", "lost"]);
}

#[test]
fn a_message_fails_with_the_reason_of_the_service_or_for_want_of_an_answer() {
    let mut f = Fixture::new();
    let (_, first) = f.say("refused").unwrap();
    f.say("unanswered").unwrap();
    let refusal = ApiError::new(Code(20007), "takes no messages");
    assert!(f.c2c.refused(999, &refusal).changed.is_empty());
    f.c2c.refused(first[0], &refusal);
    assert_eq!(f.c2c.due(), Some(NOW + ANSWER_WITHIN));
    f.c2c.tick(NOW + ANSWER_WITHIN);
    let [Outcome::Failed(one), Outcome::Failed(two)] = &f.outcomes()[..] else {
        panic!("both have failed");
    };
    assert_eq!((one.code.0, two.code), (20007, Code::NO_ANSWER));
    f.say("at the end").unwrap();
    f.c2c.connection_lost();
    assert_eq!(f.c2c.due(), Some(NOW + GIVE_UP_AFTER));
    assert_eq!(f.c2c.session_over().changed, ["bo"]);
    assert_eq!(f.c2c.due(), None);
}

#[test]
fn reading_and_withdrawing_leave_their_marks() {
    let mut f = Fixture::new();
    f.c2c.message(from("bo", 1, 10));
    f.c2c.read("bo", 12, false);
    f.c2c.read("bo", 11, false);
    assert_eq!((f.c2c.thread("bo").unwrap().read_until_s, f.unread()), (12, 1));
    f.c2c.read("bo", 12, true);
    assert_eq!(f.unread(), 0);
    f.c2c.withdrawn("bo", "1_7_10");
    let entry = &f.c2c.thread("bo").unwrap().entries[0];
    assert!(entry.message.withdrawn && entry.message.elements.is_empty());
    assert!(f.c2c.withdrawn("bo", "no key").changed.is_empty());
    assert!(f.c2c.withdrawn("nobody", "1_7_10").changed.is_empty());
}

#[test]
fn a_conversation_that_went_on_elsewhere_begins_anew_and_has_no_gap() {
    let mut f = Fixture::new();
    f.c2c.message(from("bo", 1, 10));
    f.c2c.message(from("al", 1, 10));
    let (pending, _) = f.say("pending").unwrap();
    let list = [
        Conversation { peer: "bo".into(), unread: 6, last: Some(from("bo", 9, 50)) },
        Conversation { peer: "al".into(), unread: 0, last: Some(from("al", 1, 10)) },
        Conversation { peer: "cy".into(), unread: 1, last: None },
    ];
    let (behind, follows) = f.c2c.conversations(&list);
    assert_eq!((behind, follows.changed.len()), (vec!["bo".to_owned()], 3));
    assert_eq!((f.texts(), f.unread()), (vec!["9@50".into(), "pending".into()], 6));
    f.c2c.page("bo", vec![from("bo", 8, 49), from("bo", 9, 50)], true);
    f.c2c.page("bo", vec![from("bo", 6, 40), from("bo", 7, 41)], false);
    assert_eq!(f.texts(), ["6@40", "7@41", "8@49", "9@50", "pending"]);
    f.c2c.sent(&pending, "10_7_51", 51);
    f.c2c.page("bo", vec![from("bo", 20, 90)], true);
    assert_eq!(f.texts(), ["20@90"]);
}

#[test]
fn what_the_gateway_would_not_read_is_refused_and_leaves_no_trace() {
    let mut f = Fixture::new();
    let room_for_text = MAX_MESSAGE_BYTES
        - serde_json::to_vec(&[Element::text("")]).map(|empty| empty.len()).unwrap();
    assert!(f.say(&"x".repeat(room_for_text)).is_ok());
    let too_long = f.say(&"x".repeat(room_for_text + 1)).unwrap_err();
    assert_eq!(too_long.code, Code::MESSAGE_TOO_LONG);
    assert_eq!(f.say(&"\u{1}".repeat(3_000)).unwrap_err().code, Code::MESSAGE_TOO_LONG);
    assert_eq!(f.outcomes().len(), 1);
    let peer = "p".repeat(MAX_CLIENT_FRAME_BYTES);
    let message = (peer.as_str(), vec![Element::text("hi")], false);
    let refused = f.c2c.send(message, NOW, &mut f.rng, &mut f.numbers).unwrap_err();
    assert_eq!(refused.code, Code::MESSAGE_TOO_LONG);
    f.c2c.connection_lost();
    assert_eq!(f.c2c.signed_in("me", NOW, &mut f.numbers).send.len(), 1);
}

#[test]
fn only_so_much_is_kept() {
    let mut f = Fixture::new();
    for n in 0..MOST_ON_THEIR_WAY {
        f.say(&n.to_string()).unwrap();
    }
    assert_eq!(f.say("one more").unwrap_err().code, Code::MESSAGE_RATE);
    for seq in 0..2 * MOST_MESSAGES as u32 {
        f.c2c.message(from("bo", seq, 10));
    }
    assert_eq!(f.texts().len(), MOST_MESSAGES);
    for peer in 0..MOST_PEERS {
        f.c2c.message(from(&peer.to_string(), 1, 10));
    }
    assert!(f.c2c.thread("bo").is_none() && f.c2c.thread("0").is_some());
    assert_eq!(f.c2c.dropped(), 1);
}

proptest! {
    #[test]
    fn no_message_is_there_twice_and_all_stand_in_order(
        steps in prop::collection::vec((0u8..5, 0u32..30, 0u32..6), 0..80),
    ) {
        let mut f = Fixture::new();
        for (kind, seq, time_s) in steps {
            let message = from("bo", seq, time_s);
            match kind {
                0 | 1 => { f.c2c.message(message); }
                2 => { f.c2c.page("bo", vec![message], seq % 2 == 0); }
                3 => {
                    let last = Some(message);
                    f.c2c.conversations(&[Conversation { peer: "bo".into(), unread: 0, last }]);
                }
                _ => { let _ = f.say("own"); }
            }
            let entries = f.c2c.thread("bo").map(|thread| thread.entries.as_slice());
            let entries = entries.unwrap_or_default();
            let keyed: Vec<_> = entries.iter().filter(|entry| !entry.message.key.is_empty()).collect();
            let keys: std::collections::BTreeSet<_> =
                keyed.iter().map(|entry| entry.message.key.as_str()).collect();
            prop_assert_eq!(keys.len(), keyed.len());
            let order = |entry: &live_core::c2c::Entry| (entry.message.time_s, entry.message.seq);
            prop_assert!(keyed.windows(2).all(|pair| order(pair[0]) <= order(pair[1])));
        }
    }
}
