//! What becomes of own comments and their numbers.

use chat_types::gateway::Message;
use chat_types::{ApiError, Code};
use live_core::outbox;
use live_core::view::RowState;
use proptest::prelude::*;
use std::time::Duration;

use crate::room::{Fixture, NOW, flights, message, sends};

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
    let changes = f.retry(&key, NOW).unwrap();
    assert_eq!(sends(&changes)[0].1, key);
    assert_eq!(flights(&changes), 0);
    let row = f.row(&key);
    assert_eq!((row.state, row.code, row.reason.as_str()), (RowState::Sending, 0, ""));
    assert!(f.retry(&key, NOW).unwrap().is_empty(), "it is on its way");
    assert!(f.retry("nothing", NOW).is_err());
}

#[test]
fn without_a_connection_a_comment_fails_at_once_keeps_its_text_and_flies_when_sent() {
    let mut f = Fixture::away();
    let (key, changes) = f.say("hello").unwrap();
    assert_eq!((sends(&changes).len(), flights(&changes)), (0, 0));
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, Code::NOT_ONLINE.0));
    f.retry(&key, NOW).unwrap();
    assert_eq!(f.row(&key).state, RowState::Failed);
    f.join(0, vec![]);
    let changes = f.retry(&key, NOW).unwrap();
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
fn a_retry_is_a_new_message_once_the_gateway_may_have_forgotten_the_old_one() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("hello").unwrap();
    f.room.tick(NOW + outbox::ANSWER_WITHIN);
    let late = NOW + outbox::GIVE_UP_AFTER - Duration::from_secs(1);
    assert_eq!(sends(&f.retry(&key, late).unwrap())[0].1, key);
    assert!(f.room.tick(NOW + outbox::GIVE_UP_AFTER).len() == 1, "the first sending counts");
    assert_eq!(f.row(&key).state, RowState::Failed);

    let later = NOW + outbox::GIVE_UP_AFTER;
    let changes = f.retry(&key, later).unwrap();
    let fresh = sends(&changes)[0].1.clone();
    assert!(fresh != key && flights(&changes) == 0);
    assert_eq!(f.row(&key).state, RowState::Sending);
    assert!(f.room.tick(later + Duration::from_secs(9)).is_empty());
    f.room.connection_lost();
    let echo = Message { client_id: fresh.clone(), ..message(1, "me", "hello") };
    assert!(sends(&f.join(1, vec![echo])).is_empty());
    assert_eq!((f.row(&key).state, f.row(&key).seq), (RowState::Sent, 1));
    assert_eq!(f.texts(), ["hello"], "it is the same row");
}

#[test]
fn a_late_answer_to_the_old_message_outlives_the_failure_of_the_new_one() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("hello").unwrap();
    let later = NOW + outbox::GIVE_UP_AFTER;
    f.room.tick(later);
    let (request, fresh) = sends(&f.retry(&key, later).unwrap())[0].clone();
    assert_ne!(fresh, key);
    f.room.sent(&key, 4, 1);
    f.room.refused(request, &ApiError::new(Code(10017), "muted"));
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Sent, 0));
}

#[test]
fn a_comment_that_was_refused_is_the_same_message_at_any_later_time() {
    let mut f = Fixture::joined(0);
    let (key, changes) = f.say("hello").unwrap();
    f.room.refused(sends(&changes)[0].0, &ApiError::new(Code(10017), "muted"));
    let later = NOW + outbox::GIVE_UP_AFTER * 2;
    assert_eq!(sends(&f.retry(&key, later).unwrap())[0].1, key);
    assert!(f.room.tick(later + Duration::from_secs(9)).is_empty(), "it has its time anew");
}

#[test]
fn at_the_end_of_the_session_only_what_was_never_sent_is_said_to_be_not_sent() {
    let mut f = Fixture::joined(0);
    let (sent, _) = f.say("sent").unwrap();
    f.room.connection_lost();
    f.room.signed_in("me".into(), String::new());
    let (waiting, _) = f.say("waiting").unwrap();
    assert_eq!(f.room.session_over().len(), 2);
    assert_eq!((f.row(&sent).state, f.row(&sent).code), (RowState::Failed, Code::NO_ANSWER.0));
    assert_eq!(f.row(&waiting).code, Code::NOT_ONLINE.0);
}

#[test]
fn own_numbers_are_caught_up_from_and_are_not_missed() {
    let mut f = Fixture::joined(10);
    for seq in 11..=12 {
        let (key, _) = f.say("mine").unwrap();
        f.room.sent(&key, seq, 1);
    }
    assert_eq!(f.room.after_seq(), Some(12));
    f.room.connection_lost();
    f.join(12, vec![]);
    assert_eq!(f.room.missed(), 0);
    f.room.messages(vec![message(13, "bo", "next")]);
    assert_eq!(f.texts(), ["mine", "mine", "next"]);
}

#[test]
fn an_answer_that_overtakes_messages_hides_none_of_them() {
    let mut f = Fixture::joined(10);
    let (key, _) = f.say("mine").unwrap();
    f.room.sent(&key, 13, 1);
    assert_eq!(f.room.after_seq(), Some(10));
    f.room.messages(vec![message(11, "bo", "a"), message(12, "bo", "b")]);
    assert_eq!(f.room.after_seq(), Some(13));
    assert_eq!(f.texts(), ["mine", "a", "b"]);
    let (key, _) = f.say("mine too").unwrap();
    f.room.sent(&key, 15, 1);
    f.room.connection_lost();
    let own = Message { client_id: key, ..message(15, "me", "mine too") };
    f.join(16, vec![own, message(16, "bo", "c")]);
    assert_eq!((f.room.missed(), f.room.after_seq()), (1, Some(16)), "14 is lost");
    assert_eq!(f.texts(), ["mine", "a", "b", "mine too", "c"]);
}

#[derive(Debug, Clone)]
enum Step {
    /// Somebody else says something.
    Other,
    /// So do we; the answer overtakes everything, or is lost.
    Own { answered: bool },
    /// So many messages reach this client.
    Deliver(usize),
    /// Lost and back, with so many messages to catch up, and those under way lost or coming after.
    Rejoin { window: usize, late: bool },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Other),
        3 => prop::bool::weighted(0.8).prop_map(|answered| Step::Own { answered }),
        3 => (0usize..6).prop_map(Step::Deliver),
        1 => (0usize..8, any::<bool>()).prop_map(|(window, late)| Step::Rejoin { window, late }),
    ]
}

proptest! {
    #[test]
    fn own_or_not_no_message_is_shown_twice_and_none_is_missing_from_the_books(
        steps in prop::collection::vec(any_step(), 0..80),
    ) {
        let mut f = Fixture::joined(0);
        let mut said: Vec<Message> = vec![];
        let mut on_the_way: std::collections::VecDeque<Message> = vec![].into();
        let mut all_answered = true;
        for step in steps.into_iter().chain([Step::Rejoin { window: 0, late: true }]) {
            let seq = said.len() as u32 + 1;
            match step {
                Step::Other => {
                    said.push(message(seq, "bo", &seq.to_string()));
                    on_the_way.extend(said.last().cloned());
                }
                Step::Own { answered } => {
                    let Ok((key, _)) = f.say(&seq.to_string()) else { continue };
                    let own = message(seq, "me", &seq.to_string());
                    said.push(Message { client_id: key.clone(), ..own });
                    if answered {
                        f.room.sent(&key, seq, 1);
                    }
                    all_answered &= answered;
                }
                Step::Deliver(count) => {
                    let count = count.min(on_the_way.len());
                    f.room.messages(on_the_way.drain(..count).collect());
                }
                Step::Rejoin { window, late } => {
                    let after = f.room.after_seq().unwrap_or(0) as usize;
                    let from = after.max(said.len().saturating_sub(window));
                    f.room.connection_lost();
                    let again = f.join(said.len() as u32, said[from..].to_vec());
                    for (_, key) in sends(&again) {
                        let first = said.iter().find(|message| message.client_id == key).unwrap();
                        f.room.sent(&key, first.seq, 1);
                    }
                    prop_assert_eq!(f.room.after_seq(), Some(said.len() as u32));
                    let late = if late { std::mem::take(&mut on_the_way) } else { vec![].into() };
                    on_the_way.clear();
                    prop_assert!(f.room.messages(late.into()).is_empty(), "they are old");
                }
            }
        }
        let texts = f.texts();
        let once: std::collections::BTreeSet<_> = texts.iter().collect();
        prop_assert_eq!(once.len(), texts.len());
        let accounted = texts.len() as u64 + f.room.missed();
        prop_assert!(accounted >= said.len() as u64, "the missed are an upper bound");
        if all_answered {
            prop_assert_eq!(accounted, said.len() as u64);
        }
    }
}
