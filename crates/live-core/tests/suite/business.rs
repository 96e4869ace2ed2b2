//! Business messages in the room: each goes to its own part, and none becomes a comment.

use chat_types::business::{
    Announcement, AnnouncementKind, BusinessMessage, DrawConditions, DrawOpened, DrawResult, Gift,
    Like, LiveStatus, LiveStatusChanged, Product, ProductNotice, Winner,
};
use chat_types::element::CustomElement;
use chat_types::gateway::{
    ClientFrame, Delivery, InfoChange, Message, OwnMessage, RoomMessages, RoomSnapshot, SendOutcome,
};
use chat_types::{ApiError, Code, Element, Priority};
use live_core::effect::Effect;
use live_core::gift_board::banners::STAYS;
use live_core::like_throttle::{ANSWER_WITHIN, EVERY};
use live_core::view::{ChatRow, LikesView, LiveStatusView, RoomEvent, RowKind};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::frames::{message, profile, snapshot};
use crate::room::{Fixture, NOW, flights, known};
use crate::seen::Seen;
use crate::shop::{gave, gift, liked, said};

fn announced(id: &str, kind: AnnouncementKind) -> BusinessMessage {
    BusinessMessage::Announcement(Announcement { id: id.into(), kind, text: "Hear!".into() })
}

fn status(status: LiveStatus, at_s: u64) -> BusinessMessage {
    BusinessMessage::LiveStatus(LiveStatusChanged { status, at_s })
}

fn notice(id: &str) -> BusinessMessage {
    let product = Product {
        id: id.into(),
        title: format!("The {id}"),
        currency: "CNY".into(),
        ..Product::default()
    };
    BusinessMessage::Product(ProductNotice { product: Some(product) })
}

fn draw_result() -> BusinessMessage {
    BusinessMessage::DrawResult(DrawResult {
        draw: "d1".into(),
        prize: "Bowl".into(),
        entrants: 9,
        winners: vec![Winner { user: "me".into(), nick: "Ann".into() }],
        seed: "5eed".into(),
    })
}

/// One of each that only the shop's own server may say.
fn of_the_shop() -> Vec<BusinessMessage> {
    let opened = DrawOpened {
        draw: "d1".into(),
        keyword: "kiln".into(),
        prize: "Bowl".into(),
        winners: 1,
        ends_at_s: 1_760_000_060,
        commitment: "c0".into(),
        conditions: DrawConditions::default(),
    };
    vec![
        BusinessMessage::Gift(gift("o1", "c1", 3, 3)),
        notice("cup"),
        status(LiveStatus::Live, 1_760_000_000),
        BusinessMessage::DrawOpened(opened),
        draw_result(),
        announced("a1", AnnouncementKind::Broadcast),
        announced("a2", AnnouncementKind::Greeting),
    ]
}

fn rows(f: &Fixture) -> Vec<(RowKind, String)> {
    f.room.log().rows().map(|row: &ChatRow| (row.kind, row.text.clone())).collect()
}

fn likes(f: &Fixture) -> LikesView {
    shown(f).likes
}

fn shown(f: &Fixture) -> Seen {
    known(f.room.snapshot(NOW))
}

fn likes_sent(changes: &[Effect]) -> Vec<(u32, Like)> {
    let sent = |change: &Effect| match change {
        Effect::Send(ClientFrame::Send { id, client_id, priority, elements, .. }) => {
            let Some(BusinessMessage::Like(like)) = BusinessMessage::read(elements) else {
                return None;
            };
            assert_eq!((client_id, *priority), (&like.batch, Priority::Low));
            Some((*id, like))
        }
        _ => None,
    };
    changes.iter().filter_map(sent).collect()
}

#[test]
fn every_business_message_goes_to_its_part_and_none_flies_or_shows_its_json() {
    let mut f = Fixture::joined(0);
    let all = of_the_shop().into_iter().zip(1..).map(|(what, seq)| said(seq, what));
    let changes = f.hear(all.chain([liked(20, "bo", "b1", 30)]).collect());
    assert_eq!((flights(&changes), f.room.after_seq()), (0, Some(20)));
    assert_eq!(
        rows(&f),
        [
            (RowKind::Gift, "Rose \u{d7}3".to_owned()),
            (RowKind::Product, "The cup".to_owned()),
            (RowKind::Greeting, "Hear!".to_owned()),
        ]
    );
    let seen = shown(&f);
    assert_eq!((seen.gifts.coins, seen.banners[0].count), (6.0, 3));
    assert_eq!((seen.live_status, seen.product), (LiveStatusView::Live, None));
    assert!(seen.draws.open.is_empty() && seen.draws.results[0].winners[0].own);
    assert_eq!(seen.draws.results[0].commitment, "c0");
    assert_eq!((seen.broadcasts[0].id.as_str(), seen.likes.total), ("a1", 30.0));
    assert!(changes.contains(&RoomEvent::Likes { likes: seen.likes, burst: 30 }.into()));
    assert_eq!(f.room.forged(), 0);
}

#[test]
fn what_only_the_shop_may_say_is_not_believed_when_a_viewer_says_it() {
    let mut f = Fixture::joined(0);
    let forged = of_the_shop()
        .into_iter()
        .zip(1..)
        .map(|(what, seq)| Message { client_id: format!("c{seq}"), ..said(seq, what) });
    let changes = f.hear(forged.collect());
    assert_eq!((changes, rows(&f)), (vec![], vec![]));
    let seen = shown(&f);
    assert_eq!((seen.live_status, seen.gifts.count), (LiveStatusView::Unknown, 0.0));
    assert!(seen.draws.results.is_empty() && seen.broadcasts.is_empty());
    assert_eq!((f.room.forged(), f.room.after_seq()), (7, Some(7)));
}

#[test]
fn a_business_message_that_is_wrong_or_of_a_later_version_shows_nothing() {
    let mut f = Fixture::joined(0);
    let wrong = [r#"{"t":"hologram"}"#, r#"{"t":"gift"}"#, "{", ""];
    let wrong = wrong.into_iter().zip(1..).map(|(data, seq)| {
        let element = CustomElement { data: data.into(), ..CustomElement::default() };
        Message { elements: vec![Element::Custom(element)], ..message(seq, "shop", "") }
    });
    assert!(f.hear(wrong.collect()).is_empty());
    assert_eq!((f.room.after_seq(), f.room.forged()), (Some(4), 0));
}

#[test]
fn a_combo_is_one_row_that_grows_and_a_repeat_changes_nothing() {
    let mut f = Fixture::joined(0);
    f.hear(vec![gave(1, gift("o1", "c1", 20, 20)), message(2, "bo", "wow")]);
    let changes = f.hear(vec![gave(3, gift("o2", "c1", 20, 40))]);
    assert_eq!(f.texts(), ["Rose \u{d7}40", "wow"]);
    assert!(changes.iter().any(
        |change| matches!(change, Effect::Tell(RoomEvent::Chat { rows }) if rows[0].seq == 1)
    ));
    assert!(f.hear(vec![gave(4, gift("o2", "c1", 20, 40))]).is_empty());
    assert_eq!(shown(&f).gifts.count, 40.0);
}

#[test]
fn what_was_given_while_away_is_counted_and_takes_no_room_on_the_stage() {
    let mut f = Fixture::joined(0);
    f.room.connection_lost();
    f.join(2, vec![gave(1, gift("o1", "c1", 5, 5)), gave(2, gift("o2", "c1", 5, 10))]);
    let seen = shown(&f);
    assert_eq!((seen.gifts.count, seen.banners.len()), (10.0, 0));
    f.hear(vec![gave(3, gift("o3", "c1", 1, 11))]);
    assert_eq!(shown(&f).banners[0].count, 11, "the combo goes on");
}

#[test]
fn an_own_gift_is_shown_from_the_answer_and_once() {
    let mut f = Fixture::joined(0);
    let own = |order: &str, count, total| Gift {
        user: "me".into(),
        nick: "Ann".into(),
        ..gift(order, "c1", count, total)
    };
    let changes = f.room.gift_paid(own("click1", 1, 1), NOW, 5.0);
    assert!(
        changes.iter().any(|change| matches!(change, Effect::Tell(RoomEvent::GiftBanners { .. })))
    );
    f.room.gift_paid(own("click2", 1, 2), NOW, 6.0);
    let key = "gift:me:c1";
    assert_eq!((f.row(key).text, f.row(key).seq, f.row(key).own), ("Rose \u{d7}2".into(), 0, true));
    let changes = f.hear(vec![gave(9, own("o1", 2, 2))]);
    assert_eq!((rows(&f).len(), f.row(key).seq), (1, 9), "now it has a number");
    assert_eq!(changes, [Effect::row(f.row(key))]);
    assert_eq!(shown(&f).gifts.coins, 4.0);
    assert_eq!(f.room.due(), Some(NOW + STAYS));
    assert_eq!(f.tick(NOW + STAYS), [RoomEvent::GiftBanners { banners: vec![] }.into()]);
}

#[test]
fn a_recalled_gift_leaves_the_chat_and_stays_paid() {
    let mut f = Fixture::joined(0);
    f.hear(vec![gave(1, gift("o1", "c1", 5, 5))]);
    f.room.recalled(&[1], "");
    assert_eq!((rows(&f), shown(&f).gifts.count), (vec![], 5.0));
}

#[test]
fn a_product_has_one_line_until_another_one_follows() {
    let mut f = Fixture::joined(0);
    let emptied = BusinessMessage::Product(ProductNotice { product: None });
    let said_in_turn = [notice("cup"), notice("cup"), notice("bowl"), emptied, notice("bowl")];
    f.hear(said_in_turn.into_iter().zip(1..).map(|(what, seq)| said(seq, what)).collect());
    assert_eq!(f.texts(), ["The cup", "The bowl", "The bowl"]);
    assert!(shown(&f).product.is_none(), "the field decides");
}

#[test]
fn an_announcement_that_came_by_two_ways_is_shown_once() {
    let mut f = Fixture::joined(0);
    let everywhere = announced("a1", AnnouncementKind::Broadcast);
    let changes = f.room.broadcast(said(500, everywhere.clone()), NOW);
    assert!(
        matches!(&changes[..], [Effect::Tell(RoomEvent::Announcements { broadcasts })] if broadcasts.len() == 1)
    );
    assert!(f.hear(vec![said(1, everywhere)]).is_empty());
    f.hear(vec![said(2, announced("a2", AnnouncementKind::Answer))]);
    f.hear(vec![said(3, announced("a2", AnnouncementKind::Answer))]);
    assert_eq!(rows(&f), [(RowKind::Answer, "Hear!".into())]);
    assert_eq!((f.row("announcement:a2").name.as_str(), flights(&changes)), ("Shop", 0));
}

#[test]
fn the_live_status_is_the_newest_word_of_field_and_message() {
    let mut f = Fixture::away();
    let mut group = profile();
    group.custom_fields.insert("live_status".into(), "paused".into());
    let found = RoomSnapshot {
        time_s: 1_000,
        ..snapshot(group, 2, vec![said(1, status(LiveStatus::Live, 400))])
    };
    let changes = f.enter(found);
    assert!(
        changes.contains(&RoomEvent::LiveStatus { status: LiveStatusView::Paused }.into()),
        "the field is newer"
    );
    let changes = f.hear(vec![said(3, status(LiveStatus::Live, 1_010))]);
    assert_eq!(changes, [RoomEvent::LiveStatus { status: LiveStatusView::Live }.into()]);
    let field = |value: &str| InfoChange::Custom { key: "live_status".into(), value: value.into() };
    assert_eq!(f.room.info_changed(vec![field("live")], NOW), [], "the same word");
    let changes = f.room.info_changed(vec![field("ended")], NOW);
    assert_eq!(changes, [RoomEvent::LiveStatus { status: LiveStatusView::Ended }.into()]);
    let changes = f.room.dismissed();
    assert!(changes.contains(&RoomEvent::LiveStatus { status: LiveStatusView::Unknown }.into()));
}

#[test]
fn likes_are_the_rooms_counter_or_else_what_was_heard() {
    let mut f = Fixture::joined(0);
    let again = Message { client_id: "another".into(), ..liked(3, "bo", "b1", 30) };
    f.hear(vec![liked(1, "bo", "b1", 30), liked(2, "al", "b1", 4), again]);
    assert_eq!(likes(&f), LikesView { total: 34.0, counted: false, unconfirmed: 0 });
    let changes = f.room.counter_changed("likes".into(), 1_204);
    let counted = LikesView { total: 1_204.0, counted: true, unconfirmed: 0 };
    assert!(changes.contains(&RoomEvent::Likes { likes: counted, burst: 0 }.into()));
    f.room.counter_changed("visits".into(), 7);
    let changes = f.hear(vec![liked(4, "bo", "b2", 6)]);
    assert_eq!(
        changes,
        [RoomEvent::Likes { likes: counted, burst: 6 }.into()],
        "it moves the animation only"
    );
    let counters = BTreeMap::from([("likes".into(), 1_300)]);
    f.room.connection_lost();
    f.enter(RoomSnapshot { counters, ..snapshot(profile(), 4, vec![]) });
    assert_eq!(likes(&f).total, 1_300.0);
    f.room.dismissed();
    assert_eq!(likes(&f), LikesView::default());
}

#[test]
fn own_likes_are_unconfirmed_until_the_service_has_them_and_count_once() {
    let mut f = Fixture::joined(0);
    for _ in 0..5 {
        f.room.like(1, NOW, &mut f.rng).unwrap();
    }
    assert_eq!((likes(&f).unconfirmed, f.room.due()), (5, Some(NOW + EVERY)));
    let [(_, like)] = &likes_sent(&f.tick(NOW + EVERY))[..] else { panic!("one message") };
    let outcome = SendOutcome {
        client_id: like.batch.clone(),
        delivery: Delivery::SampledOut,
        ..SendOutcome::default()
    };
    let confirmed = LikesView { total: 5.0, counted: false, unconfirmed: 0 };
    assert_eq!(
        f.room.sent(&outcome, NOW + EVERY),
        [RoomEvent::Likes { likes: confirmed, burst: 0 }.into()]
    );
    f.room.like(2, NOW + EVERY, &mut f.rng).unwrap();
    let [(_, like)] = &likes_sent(&f.tick(NOW + 2 * EVERY))[..] else { panic!("one message") };
    let own = vec![OwnMessage { client_id: like.batch.clone(), seq: 1, time_s: 9 }];
    f.frame(RoomMessages { own, ..RoomMessages::default() });
    assert_eq!((likes(&f).total, f.room.after_seq()), (7.0, Some(1)));
    f.sent(&like.batch, 1, 9);
    // Nothing waits any more, which the next look at the clock settles.
    assert_eq!((likes(&f).total, f.room.due()), (7.0, Some(Duration::ZERO)));
    f.tick(NOW + 2 * EVERY);
    assert_eq!((likes(&f).total, f.room.due()), (7.0, None));
}

#[test]
fn likes_that_were_not_answered_are_found_in_the_catch_up_or_sent_again_under_their_name() {
    for arrived in [true, false] {
        let mut f = Fixture::joined(0);
        f.room.like(3, NOW, &mut f.rng).unwrap();
        let [(_, first)] = &likes_sent(&f.tick(NOW + EVERY))[..] else { panic!("one message") };
        f.room.connection_lost();
        assert_eq!(likes_sent(&f.tick(NOW + ANSWER_WITHIN)), [], "there is no connection");
        f.room.signed_in("me".into(), "Ann".into());
        let mine = Message { client_id: first.batch.clone(), ..liked(1, "me", &first.batch, 3) };
        let missed = if arrived { vec![mine] } else { vec![] };
        let now = NOW + ANSWER_WITHIN;
        let changes = f.room.joined(snapshot(profile(), 1, missed), now, &mut f.numbers);
        let again: Vec<_> = likes_sent(&changes).into_iter().map(|(_, like)| like).collect();
        assert_eq!(again, if arrived { vec![] } else { vec![first.clone()] });
        let expected = (3.0, if arrived { 0 } else { 3 });
        assert_eq!((likes(&f).total, likes(&f).unconfirmed), expected);
    }
}

#[test]
fn a_refusal_of_likes_touches_no_comment_and_one_that_passes_is_waited_for() {
    let mut f = Fixture::joined(0);
    f.room.like(3, NOW, &mut f.rng).unwrap();
    let [(request, first)] = &likes_sent(&f.tick(NOW + EVERY))[..] else { panic!("one message") };
    let slow = ApiError::new(Code::SLOW_MODE, "wait");
    f.room.refused(*request, &slow, Some(5_000), NOW + EVERY);
    assert!(f.texts().is_empty() && likes(&f).unconfirmed == 3);
    assert_eq!(likes_sent(&f.tick(NOW + 5 * EVERY)), []);
    let [(request, again)] = &likes_sent(&f.tick(NOW + 6 * EVERY))[..] else { panic!("again") };
    assert_eq!(again, first);
    f.refuse(*request, Code::SENDER_MUTED.0, "muted");
    assert_eq!((likes(&f).unconfirmed, f.room.own_likes().dropped()), (0, 3));
    f.room.dismissed();
    assert_eq!(f.room.like(1, NOW, &mut f.rng).unwrap_err().code, Code::GROUP_ABSENT);
}
