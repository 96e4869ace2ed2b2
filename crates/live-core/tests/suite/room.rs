//! The room's state: what is shown, once and only once, and what becomes of own comments.

use chat_types::gateway::{
    ClientFrame, InfoChange, Message, RoomMessages, RoomSnapshot, SendOutcome,
};
use chat_types::{ApiError, Code, Element};
use live_core::effect::Effect;
use live_core::request::RequestNumbers;
use live_core::room::Room;
use live_core::view::{AbsenceView, ChatRow, ProductView, RoomEvent, RowState};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

use crate::frames::{message, profile, snapshot};
use crate::seen::Seen;

pub(crate) const NOW: Duration = Duration::from_secs(100);

/// What somebody knows who has read these events.
pub(crate) fn known(events: Vec<RoomEvent>) -> Seen {
    let mut seen = Seen::default();
    events.into_iter().for_each(|event| seen.take(event));
    seen
}

pub(crate) struct Fixture {
    pub(crate) room: Room,
    pub(crate) rng: StdRng,
    pub(crate) numbers: RequestNumbers,
}

impl Fixture {
    pub(crate) fn away() -> Self {
        Self {
            room: Room::new("room_1", "me"),
            rng: StdRng::seed_from_u64(1),
            numbers: RequestNumbers::default(),
        }
    }

    pub(crate) fn joined(last_seq: u32) -> Self {
        let mut this = Self::away();
        this.join(last_seq, vec![]);
        this
    }

    pub(crate) fn join(&mut self, last_seq: u32, messages: Vec<Message>) -> Vec<Effect> {
        self.enter(snapshot(profile(), last_seq, messages))
    }

    pub(crate) fn enter(&mut self, snapshot: RoomSnapshot) -> Vec<Effect> {
        self.room.signed_in("me".into(), "Ann".into());
        self.room.joined(snapshot, NOW, &mut self.numbers)
    }

    /// Messages come that nobody has missed anything before.
    pub(crate) fn hear(&mut self, messages: Vec<Message>) -> Vec<Effect> {
        self.hear_after(0, messages)
    }

    /// Messages come, and everybody has got the one with the number `after` before them.
    pub(crate) fn hear_after(&mut self, after: u32, messages: Vec<Message>) -> Vec<Effect> {
        self.frame(RoomMessages { after, messages, ..RoomMessages::default() })
    }

    pub(crate) fn frame(&mut self, frame: RoomMessages) -> Vec<Effect> {
        self.room.messages(frame, NOW, &mut self.numbers)
    }

    pub(crate) fn sent(&mut self, key: &str, seq: u32, time_s: u32) -> Vec<Effect> {
        let client_id = key.to_owned();
        self.room.sent(&SendOutcome { client_id, seq, time_s, ..SendOutcome::default() }, NOW)
    }

    pub(crate) fn refuse(&mut self, request: u32, code: i32, info: &str) -> Vec<Effect> {
        self.room.refused(request, &ApiError::new(Code(code), info), None, NOW)
    }

    pub(crate) fn tick(&mut self, now: Duration) -> Vec<Effect> {
        self.room.tick(now, &mut self.numbers)
    }

    pub(crate) fn say(&mut self, text: &str) -> Result<(String, Vec<Effect>), ApiError> {
        self.room.submit(text, NOW, 5.0, &mut self.rng, &mut self.numbers)
    }

    pub(crate) fn retry(&mut self, key: &str, now: Duration) -> Result<Vec<Effect>, ApiError> {
        self.room.retry(key, now, &mut self.rng, &mut self.numbers)
    }

    pub(crate) fn row(&self, key: &str) -> ChatRow {
        self.room.log().rows().find(|row| row.key == key).cloned().unwrap()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.room.log().rows().map(|row| row.text.clone()).collect()
    }
}

pub(crate) fn sends(changes: &[Effect]) -> Vec<(u32, String)> {
    let send = |change: &Effect| match change {
        Effect::Send(ClientFrame::Send { id, client_id, .. }) => Some((*id, client_id.clone())),
        _ => None,
    };
    changes.iter().filter_map(send).collect()
}

pub(crate) fn flights(changes: &[Effect]) -> usize {
    changes.iter().filter(|change| matches!(change, Effect::Fly(_))).count()
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
    assert_eq!(f.texts(), ["hi", "arrived", "lost"]);
    assert_eq!(flights(&changes), 0, "what was caught up is too old to fly");
    assert_eq!(f.room.missed(), 0);
}

#[test]
fn a_gap_in_the_catch_up_is_counted_and_a_repeat_is_left_out() {
    let mut f = Fixture::joined(10);
    f.hear(vec![message(11, "bo", "a"), message(11, "bo", "a"), message(9, "bo", "old")]);
    f.room.connection_lost();
    let newest = vec![message(15, "bo", "b"), message(16, "bo", "c"), message(17, "bo", "d")];
    let changes = f.enter(RoomSnapshot { complete: false, ..snapshot(profile(), 17, newest) });
    let question = |change: &Effect| match change {
        Effect::Send(ClientFrame::CatchUp { id, after_seq: 11, before_seq: Some(15), .. }) => {
            Some(*id)
        }
        _ => None,
    };
    let id = changes.iter().find_map(question).expect("the rest may not have fitted in");
    f.room.caught_up(id, vec![], false, NOW, &mut f.numbers);
    assert_eq!((f.texts().join(""), f.room.missed()), ("abcd".into(), 3));
    f.room.connection_lost();
    f.enter(RoomSnapshot { complete: false, ..snapshot(profile(), 20, vec![]) });
    assert_eq!(f.room.missed(), 6);
    f.room.connection_lost();
    f.join(25, vec![message(25, "bo", "e")]);
    assert_eq!(f.room.missed(), 6, "numbers that do not exist are not missed");
}

#[test]
fn a_service_that_lost_its_data_is_followed_from_its_new_numbers() {
    let mut f = Fixture::joined(100);
    f.hear(vec![message(101, "bo", "before")]);
    f.room.connection_lost();
    f.join(2, vec![message(2, "bo", "two")]);
    assert_eq!(f.room.after_seq(), Some(2));
    f.hear(vec![message(3, "bo", "three")]);
    f.room.connection_lost();
    f.join(0, vec![]);
    f.hear(vec![message(1, "bo", "one"), message(2, "bo", "two again")]);
    assert_eq!(f.texts(), ["before", "two", "three", "one", "two again"]);
}

#[test]
fn custom_data_makes_no_row_but_its_number_counts() {
    let mut f = Fixture::joined(0);
    let custom = Element::Custom(chat_types::element::CustomElement::default());
    let silent = Message { elements: vec![custom], ..message(1, "bo", "") };
    assert!(f.hear(vec![silent]).is_empty());
    assert_eq!(f.room.after_seq(), Some(1));
}

#[test]
fn what_a_restarted_service_delivers_a_second_time_is_shown_once() {
    let mut f = Fixture::joined(0);
    let said = |seq| Message { client_id: "c0ffee".into(), ..message(seq, "bo", "once") };
    f.hear(vec![said(1)]);
    f.room.connection_lost();
    f.join(5, vec![said(4)]);
    f.hear_after(5, vec![Message { from: "al".into(), ..said(6) }, said(7)]);
    assert_eq!((f.texts().len(), f.room.after_seq(), f.room.missed()), (2, Some(7), 0));
}

#[test]
fn somebody_elses_client_id_confirms_nothing_of_ours() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("mine").unwrap();
    let copy = Message { client_id: key.clone(), ..message(1, "bo", "not mine") };
    f.hear(vec![copy]);
    assert_eq!(f.row(&key).state, RowState::Sending);
    assert_eq!(f.texts(), ["mine", "not mine"]);
}

#[test]
fn a_room_is_dismissed_until_it_lets_in_again() {
    let mut f = Fixture::joined(0);
    let is_dismissed = |f: &Fixture| f.room.view().absence == AbsenceView::Dismissed;
    assert!(!is_dismissed(&f));
    f.room.dismissed();
    assert!(is_dismissed(&f));
    f.join(0, vec![]);
    assert!(!is_dismissed(&f));
}

#[test]
fn a_dismissed_room_takes_nothing_and_shows_no_product() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("too late").unwrap();
    let product = r#"{"id":"cup","title":"Cup","price_minor":1,"currency":"CNY"}"#;
    let product = InfoChange::Custom { key: "product".into(), value: product.into() };
    f.room.info_changed(vec![product], NOW);
    let changes = f.room.dismissed();
    assert!(
        f.room.view().absence == AbsenceView::Dismissed
            && changes.contains(&RoomEvent::Product { product: ProductView::default() }.into())
    );
    assert!(!f.room.view().member);
    assert_eq!((f.row(&key).state, f.row(&key).code), (RowState::Failed, 10010));
    assert_eq!(f.say("hello").unwrap_err().code, Code::GROUP_ABSENT);
}

#[test]
fn the_profile_follows_its_changes() {
    let mut f = Fixture::joined(0);
    assert_eq!(f.room.view().host, "Mei");
    let name = InfoChange::Name { value: "Kiln two".into() };
    let changes = f.room.info_changed(vec![name.clone()], NOW);
    assert_eq!(changes, [RoomEvent::Room { room: f.room.view() }.into()]);
    assert_eq!(f.room.view().name, "Kiln two");
    assert!(f.room.info_changed(vec![name], NOW).is_empty(), "the same again is no news");
    assert!(f.room.online_changed(3).is_empty());
    assert_eq!(f.room.online_changed(4), [RoomEvent::Online { count: 4 }.into()]);
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
                f.hear(batch);
            }
        }
        let texts = f.texts();
        let once: std::collections::BTreeSet<_> = texts.iter().collect();
        prop_assert_eq!(once.len(), texts.len());
        let numbers: Vec<u32> = f.room.log().rows().map(|row| row.seq).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
