//! What becomes of own comments and their numbers.

use chat_types::element::MAX_MESSAGE_BYTES;
use chat_types::gateway::{
    ClientFrame, Delivery, MAX_CLIENT_FRAME_BYTES, Message, OwnMessage, RoomMessages, RoomRules,
    RoomSnapshot, SendOutcome,
};
use chat_types::{ApiError, Code};
use live_core::effect::Effect;
use live_core::outbox;
use live_core::room::MAX_COMMENT_CHARS;
use live_core::view::{RoomEvent, RowState, SpeechView};
use std::time::Duration;

use crate::frames::{message, profile, snapshot};
use crate::room::{Fixture, NOW, flights, sends};

#[test]
fn an_own_comment_is_there_at_once_and_is_confirmed_by_the_answer() {
    let mut f = Fixture::joined(0);
    let (key, changes) = f.say("  hello ").unwrap();
    assert_eq!((key.len(), sends(&changes).len(), flights(&changes)), (32, 1, 1));
    let row = f.row(&key);
    assert_eq!((row.text.as_str(), row.name.as_str(), row.seq), ("hello", "Ann", 0));
    assert_eq!((row.state, row.own, row.time_ms), (RowState::Sending, true, 5.0));
    f.sent(&key, 7, 1_760_000_000);
    let row = f.row(&key);
    assert_eq!((row.state, row.seq, row.time_ms), (RowState::Sent, 7, 1_760_000_000_000.0));
    let echo = Message { client_id: key, ..message(7, "me", "hello") };
    assert!(f.hear(vec![echo]).is_empty(), "its own way back is no news");
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
fn the_longest_comment_is_one_that_the_gateway_reads() {
    for widest in ["\u{1f3fa}", "\u{1}"] {
        let mut f = Fixture::joined(0);
        let (_, changes) = f.say(&widest.repeat(MAX_COMMENT_CHARS)).unwrap();
        let sent = changes.iter().find_map(|change| match change {
            Effect::Send(frame) => Some(frame),
            _ => None,
        });
        let Some(ClientFrame::Send { elements, .. }) = sent else { panic!("it goes out") };
        assert!(serde_json::to_vec(elements).unwrap().len() <= MAX_MESSAGE_BYTES);
        assert!(serde_json::to_vec(sent.unwrap()).unwrap().len() <= MAX_CLIENT_FRAME_BYTES);
    }
}

#[test]
fn a_refused_comment_can_be_sent_again_as_the_same_message_and_flies_once() {
    let mut f = Fixture::joined(0);
    let (key, changes) = f.say("hello").unwrap();
    let (id, _) = sends(&changes)[0].clone();
    f.refuse(id, 10017, "muted");
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
    assert!(f.tick(NOW + Duration::from_secs(9)).is_empty());
    f.tick(NOW + outbox::ANSWER_WITHIN);
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, Code::NO_ANSWER.0));
    f.sent(&key, 4, 1);
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
    f.tick(NOW + outbox::ANSWER_WITHIN);
    let late = NOW + outbox::GIVE_UP_AFTER - Duration::from_secs(1);
    assert_eq!(sends(&f.retry(&key, late).unwrap())[0].1, key);
    assert!(f.tick(NOW + outbox::GIVE_UP_AFTER).len() == 1, "the first sending counts");
    assert_eq!(f.row(&key).state, RowState::Failed);

    let later = NOW + outbox::GIVE_UP_AFTER;
    let changes = f.retry(&key, later).unwrap();
    let fresh = sends(&changes)[0].1.clone();
    assert!(fresh != key && flights(&changes) == 0);
    assert_eq!(f.row(&key).state, RowState::Sending);
    assert!(f.tick(later + Duration::from_secs(9)).is_empty());
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
    f.tick(later);
    let (request, fresh) = sends(&f.retry(&key, later).unwrap())[0].clone();
    assert_ne!(fresh, key);
    f.sent(&key, 4, 1);
    f.refuse(request, 10017, "muted");
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Sent, 0));
}

#[test]
fn a_comment_that_was_refused_is_the_same_message_at_any_later_time() {
    let mut f = Fixture::joined(0);
    let (key, changes) = f.say("hello").unwrap();
    f.refuse(sends(&changes)[0].0, 10017, "muted");
    let later = NOW + outbox::GIVE_UP_AFTER * 2;
    assert_eq!(sends(&f.retry(&key, later).unwrap())[0].1, key);
    assert!(f.tick(later + Duration::from_secs(9)).is_empty(), "it has its time anew");
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
        f.sent(&key, seq, 1);
    }
    assert_eq!(f.room.after_seq(), Some(12));
    f.room.connection_lost();
    f.join(12, vec![]);
    assert_eq!(f.room.missed(), 0);
    f.hear(vec![message(13, "bo", "next")]);
    assert_eq!(f.texts(), ["mine", "mine", "next"]);
}

#[test]
fn an_answer_that_overtakes_messages_hides_none_of_them() {
    let mut f = Fixture::joined(10);
    let (key, _) = f.say("mine").unwrap();
    f.sent(&key, 13, 1);
    assert_eq!(f.room.after_seq(), Some(10));
    f.hear(vec![message(11, "bo", "a"), message(12, "bo", "b")]);
    assert_eq!(f.room.after_seq(), Some(13));
    assert_eq!(f.texts(), ["mine", "a", "b"]);
    let (key, _) = f.say("mine too").unwrap();
    f.sent(&key, 15, 1);
    f.room.connection_lost();
    let own = Message { client_id: key, ..message(15, "me", "mine too") };
    let since = vec![own, message(16, "bo", "c")];
    f.enter(RoomSnapshot { complete: false, ..snapshot(profile(), 16, since) });
    let question = f.numbers.take() - 1;
    f.refuse(question, 9003, "an older gateway does not know the question");
    assert_eq!((f.room.missed(), f.room.after_seq()), (1, Some(16)), "14 is lost");
    assert_eq!(f.texts(), ["mine", "a", "b", "mine too", "c"]);
}

fn outcome(key: &str, seq: u32, delivery: Delivery, reached: u32) -> SendOutcome {
    SendOutcome { client_id: key.into(), seq, time_s: 9, delivery, reached, ..Default::default() }
}

#[test]
fn a_comment_that_the_room_did_not_choose_says_so_and_is_not_sent_again() {
    let mut f = Fixture::joined(10);
    let (key, _) = f.say("hello").unwrap();
    f.room.sent(&outcome(&key, 0, Delivery::SampledOut, 0), NOW);
    let row = f.row(&key);
    assert_eq!((row.state, row.seq, row.code, row.reached), (RowState::SampledOut, 0, 0, 0));
    assert!(f.retry(&key, NOW).unwrap().is_empty(), "it is no failure");
    f.room.connection_lost();
    assert!(sends(&f.join(10, vec![])).is_empty());
    f.tick(NOW + outbox::GIVE_UP_AFTER);
    assert_eq!((f.row(&key).state, f.room.missed()), (RowState::SampledOut, 0));
}

#[test]
fn a_comment_tells_how_many_it_has_reached() {
    let mut f = Fixture::joined(10);
    let (key, _) = f.say("hello").unwrap();
    f.frame(RoomMessages {
        after: 10,
        messages: vec![message(11, "bo", "a"), message(13, "bo", "b")],
        own: vec![OwnMessage { client_id: key.clone(), seq: 12, time_s: 9 }],
        ..RoomMessages::default()
    });
    let row = f.row(&key);
    assert_eq!((row.state, row.seq, row.reached), (RowState::Sent, 12, 0), "before its answer");
    f.room.sent(&outcome(&key, 12, Delivery::Delivered, 840), NOW);
    assert_eq!(f.row(&key).reached, 840);
    assert_eq!((f.room.after_seq(), f.texts().len()), (Some(13), 3));
    f.hear_after(13, vec![message(14, "bo", "c")]);
    assert_eq!(f.room.due(), None, "the own number is a part of the chain");
}

#[test]
fn a_comment_that_came_too_early_says_when_the_next_one_may_come() {
    let mut f = Fixture::joined(10);
    for (code, left_ms) in [(9008, 400), (9009, 3_000)] {
        let (key, changes) = f.say("hello").unwrap();
        let refusal = ApiError::new(Code(code), "wait");
        let told = f.room.refused(sends(&changes)[0].0, &refusal, Some(left_ms), NOW);
        assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, code));
        assert!(
            told.contains(&RoomEvent::Speech { speech: SpeechView::Wait { left_ms, code } }.into())
        );
        assert_eq!(sends(&f.say("all the same").unwrap().1).len(), 1, "the room decides");
    }
    assert_eq!(f.room.due(), Some(NOW + Duration::from_secs(3)));
    let over = f.tick(NOW + Duration::from_secs(3));
    assert_eq!(over, [RoomEvent::Speech { speech: SpeechView::Free }.into()]);
}

#[test]
fn in_slow_mode_the_wait_begins_with_a_comment_that_was_delivered() {
    let mut f = Fixture::joined(10);
    f.room.rules_changed(RoomRules { slow_mode_s: 5, ..RoomRules::default() }, NOW);
    let (key, _) = f.say("hello").unwrap();
    let told = f.room.sent(&outcome(&key, 11, Delivery::Delivered, 3), NOW);
    let wait = SpeechView::Wait { left_ms: 5_000, code: 9009 };
    assert!(told.contains(&RoomEvent::Speech { speech: wait }.into()));
}

#[test]
fn an_answer_that_comes_again_after_a_loss_begins_no_new_wait() {
    let rules = RoomRules { slow_mode_s: 30, ..RoomRules::default() };
    for (time_s, left_ms) in [(1_000, Some(30_000)), (979, Some(10_000)), (900, None)] {
        let mut f = Fixture::away();
        f.enter(RoomSnapshot { time_s: 1_000, rules, ..snapshot(profile(), 10, vec![]) });
        let (key, _) = f.say("hello").unwrap();
        let told = f.sent(&key, 11, time_s);
        let wait = left_ms.map(|left_ms| SpeechView::Wait { left_ms, code: 9009 });
        let speech = told.iter().find_map(|change| match change {
            Effect::Tell(RoomEvent::Speech { speech }) => Some(*speech),
            _ => None,
        });
        assert_eq!(speech, wait, "said at {time_s}");
    }
}

#[test]
fn a_refusal_for_guests_is_remembered() {
    let mut f = Fixture::joined(10);
    let (_, changes) = f.say("hello").unwrap();
    let told = f.refuse(sends(&changes)[0].0, 9011, "guests read");
    assert!(told.contains(&RoomEvent::Speech { speech: SpeechView::Guest }.into()));
}
