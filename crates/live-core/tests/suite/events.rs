//! What happens in the room beside what is said.

use chat_types::gateway::{
    InfoChange, LinkPolicy, RemovedReason, RoomFigures, RoomRole, RoomRules, RoomSnapshot,
};
use live_core::effect::Effect;
use live_core::room::Room;
use live_core::view::{AbsenceView, PassersView, RoleView, RoomEvent, RowState, SpeechView};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::frames::{message, profile, snapshot};
use crate::room::{Fixture, NOW, flights, known, sends};

fn entered(with: RoomSnapshot) -> (Fixture, Vec<Effect>) {
    let mut f = Fixture::away();
    let changes = f.enter(RoomSnapshot {
        time_s: 1_000,
        ..RoomSnapshot { group: profile(), complete: true, ..with }
    });
    (f, changes)
}

fn knocks(changes: &[Effect]) -> bool {
    changes.contains(&Effect::Rejoin)
}

#[test]
fn a_newcomer_finds_the_newest_messages_the_rules_and_its_own_place() {
    let rules =
        RoomRules { budget_per_s: 40, sender_per_s: 5, slow_mode_s: 3, links: LinkPolicy::Nobody };
    let (f, changes) = entered(RoomSnapshot {
        last_seq: 30,
        messages: vec![message(28, "bo", "a"), message(30, "bo", "b")],
        complete: false,
        role: RoomRole::Admin,
        rules,
        muted_until_s: 1_030,
        attributes: BTreeMap::from([("topic".into(), "cups".into())]),
        counters: BTreeMap::from([("likes".into(), -7)]),
        ..RoomSnapshot::default()
    });
    assert_eq!((f.texts().join(""), flights(&changes)), ("ab".into(), 0));
    assert_eq!((f.room.missed(), f.room.after_seq()), (0, Some(30)), "it has missed nothing");
    let view = f.room.view();
    assert_eq!((view.role, view.rules.slow_mode_s, view.rules.links), (RoleView::Admin, 3, false));
    assert!(
        changes
            .contains(&RoomEvent::Speech { speech: SpeechView::Muted { left_ms: 30_000 } }.into())
    );
    let snapshot = known(f.room.snapshot(NOW + Duration::from_secs(10)));
    assert_eq!(snapshot.speech, SpeechView::Muted { left_ms: 20_000 });
    assert_eq!((snapshot.attributes["topic"].as_str(), snapshot.counters["likes"]), ("cups", -7.0));
    let details = f.room.details();
    assert_eq!(
        (details.rules, details.muted_until_s, details.counters["likes"]),
        (rules, 1_030, -7)
    );
}

#[test]
fn before_the_room_lets_one_in_nothing_of_it_is_shown() {
    let mut room = Room::new("room_1", "me");
    let mut numbers = live_core::request::RequestNumbers::default();
    room.signed_in("me".into(), "Ann".into());
    let early = chat_types::gateway::RoomMessages {
        after: 5,
        messages: vec![message(6, "bo", "early")],
        ..Default::default()
    };
    assert!(room.messages(early, NOW, &mut numbers).is_empty() && !room.is_inside());
    let changes =
        room.joined(snapshot(profile(), 6, vec![message(6, "bo", "early")]), NOW, &mut numbers);
    assert!(
        room.is_inside()
            && changes.iter().any(|change| matches!(change, Effect::Tell(RoomEvent::Chat { .. })))
    );
}

#[test]
fn a_recalled_message_leaves_the_chat_and_an_own_one_says_that_it_was() {
    let mut f = Fixture::joined(10);
    f.hear(vec![message(11, "bo", "spam"), message(12, "bo", "fine")]);
    let (key, _) = f.say("mine").unwrap();
    f.sent(&key, 13, 9);
    let changes = f.room.recalled(&[11, 13, 99], "off topic");
    assert_eq!(f.texts(), ["fine", "mine"]);
    let own = f.row(&key);
    assert_eq!((own.state, own.reason.as_str()), (RowState::Recalled, "off topic"));
    assert!(changes.contains(&Effect::Recall(vec!["0:11".into(), key.clone()])));
    assert!(changes.contains(&RoomEvent::ChatRemoved { keys: vec!["0:11".into()] }.into()));
    f.sent(&key, 13, 9);
    assert_eq!(f.row(&key).state, RowState::Recalled);
    assert!(f.room.recalled(&[11], "").is_empty());
}

#[test]
fn a_message_that_was_recalled_before_it_came_is_not_shown() {
    let mut f = Fixture::joined(10);
    f.room.recalled(&[11, 13], "");
    f.hear_after(10, vec![message(11, "bo", "spam"), message(12, "bo", "fine")]);
    f.hear_after(13, vec![message(14, "bo", "more")]);
    assert_eq!((f.texts(), f.room.due()), (vec!["fine".into(), "more".into()], None));
}

#[test]
fn a_broadcast_is_shown_once_and_counts_as_no_number_of_the_room() {
    let mut f = Fixture::joined(10);
    let changes = f.room.broadcast(message(500, "admin", "maintenance at ten"), NOW);
    assert_eq!((flights(&changes), f.room.after_seq()), (1, Some(10)));
    assert!(f.room.broadcast(message(500, "admin", "maintenance at ten"), NOW).is_empty());
    f.hear(vec![message(11, "bo", "ok")]);
    assert_eq!(f.texts(), ["maintenance at ten", "ok"]);
    let rows: Vec<_> = f.room.log().rows().map(|row| (row.key.as_str(), row.seq)).collect();
    assert_eq!(rows, [("broadcast:500", 0), ("0:11", 11)]);
}

#[test]
fn who_may_speak_follows_every_way_to_change_it() {
    let (mut f, changes) = entered(RoomSnapshot::default());
    assert!(
        !changes.iter().any(|change| matches!(change, Effect::Tell(RoomEvent::Speech { .. }))),
        "free is the rule"
    );
    let mute_all = |on| vec![InfoChange::MuteAll { on }];
    let speech = |changes: Vec<Effect>| {
        changes.into_iter().find_map(|change| match change {
            Effect::Tell(RoomEvent::Speech { speech }) => Some(speech),
            _ => None,
        })
    };
    assert_eq!(speech(f.room.info_changed(mute_all(true), NOW)), Some(SpeechView::MuteAll));
    assert_eq!(f.room.admin_changed("bo", true, NOW), [], "somebody else");
    let promoted = f.room.admin_changed("me", true, NOW);
    assert!(knocks(&promoted), "an administrator may read other fields");
    assert_eq!(speech(promoted), Some(SpeechView::Free));
    assert_eq!(speech(f.room.admin_changed("me", false, NOW)), Some(SpeechView::MuteAll));
    let owner = |user: &str| vec![InfoChange::Owner { value: user.into(), nick: String::new() }];
    assert_eq!(speech(f.room.info_changed(owner("me"), NOW)), Some(SpeechView::Free));
    assert_eq!(f.room.view().role, RoleView::Owner);
    assert_eq!(speech(f.room.info_changed(owner("bo"), NOW)), Some(SpeechView::MuteAll));
    f.room.info_changed(mute_all(false), NOW);
    assert_eq!(speech(f.room.muted(1_005, NOW)), Some(SpeechView::Muted { left_ms: 5_000 }));
    assert_eq!(f.room.due(), Some(NOW + Duration::from_secs(5)));
    assert_eq!(speech(f.tick(NOW + Duration::from_secs(5))), Some(SpeechView::Free));
    let (_, changes) = entered(RoomSnapshot { role: RoomRole::Guest, ..Default::default() });
    assert_eq!(speech(changes), Some(SpeechView::Guest));
}

#[test]
fn a_new_owner_is_shown_by_name_and_only_who_is_it_joins_again() {
    let mut f = Fixture::joined(0);
    let owner =
        |user: &str, nick: &str| vec![InfoChange::Owner { value: user.into(), nick: nick.into() }];
    let changes = f.room.info_changed(owner("bo", "Bo"), NOW);
    assert_eq!(f.room.view().host, "Bo");
    assert!(!knocks(&changes), "the room of thousands does not join at once");
    assert!(knocks(&f.room.info_changed(owner("me", "Ann"), NOW)));
    assert!(knocks(&f.room.info_changed(owner("al", ""), NOW)), "it was the owner");
    assert_eq!(f.room.view().host, "al", "who has no name has an id");
}

#[test]
fn a_wait_of_slow_mode_ends_with_slow_mode_and_with_a_role_above_it() {
    let slow = |slow_mode_s| RoomRules { slow_mode_s, ..RoomRules::default() };
    let has_to_wait = || {
        let (mut f, _) = entered(RoomSnapshot { rules: slow(60), ..RoomSnapshot::default() });
        let (key, _) = f.say("hello").unwrap();
        f.sent(&key, 1, 1_000);
        assert_eq!(
            known(f.room.snapshot(NOW)).speech,
            SpeechView::Wait { left_ms: 60_000, code: 9009 }
        );
        f
    };
    let free = |changes: Vec<Effect>| {
        changes.contains(&RoomEvent::Speech { speech: SpeechView::Free }.into())
    };
    assert!(free(has_to_wait().room.rules_changed(slow(0), NOW)));
    assert!(free(has_to_wait().room.admin_changed("me", true, NOW)));
    let owner = vec![InfoChange::Owner { value: "me".into(), nick: String::new() }];
    assert!(free(has_to_wait().room.info_changed(owner, NOW)));
    let shorter = has_to_wait().room.rules_changed(slow(5), NOW);
    assert!(shorter.contains(
        &RoomEvent::Speech { speech: SpeechView::Wait { left_ms: 5_000, code: 9009 } }.into()
    ));
    let mut f = has_to_wait();
    f.room.connection_lost();
    assert!(free(f.enter(snapshot(profile(), 1, vec![]))));
}

#[test]
fn who_comes_back_begins_anew_with_who_passes_and_with_marks() {
    let mut f = Fixture::joined(0);
    f.room.entered(vec!["a".into()], 7);
    f.room.marked(1_000, vec!["bo".into()], true);
    f.room.joined(snapshot(profile(), 0, vec![]), NOW, &mut f.numbers);
    assert_eq!(known(f.room.snapshot(NOW)).passers.entered_count, 8, "it was not away");
    f.room.connection_lost();
    let told = f.join(0, vec![]);
    assert!(told.contains(&RoomEvent::Passers { passers: PassersView::default() }.into()));
    assert_eq!(known(f.room.snapshot(NOW)).passers, PassersView::default());
    assert!(f.room.details().marks.is_empty());
}

#[test]
fn the_figures_of_the_room_are_kept_only_by_a_role_that_is_told_them() {
    let figures = || RoomFigures { online: 12, ..RoomFigures::default() };
    let told = |role| {
        let (mut f, _) = entered(RoomSnapshot { role, ..RoomSnapshot::default() });
        f.room.figures(figures());
        f
    };
    let mut f = told(RoomRole::Admin);
    f.room.admin_changed("me", false, NOW);
    assert_eq!(f.room.details().figures, None);
    let mut f = told(RoomRole::Owner);
    f.room.info_changed(vec![InfoChange::Owner { value: "bo".into(), nick: String::new() }], NOW);
    assert_eq!(f.room.details().figures, None);
    let mut f = told(RoomRole::Admin);
    f.room.joined(snapshot(profile(), 0, vec![]), NOW, &mut f.numbers);
    assert_eq!(f.room.details().figures, None);
    let mut f = told(RoomRole::Admin);
    let again = RoomSnapshot { role: RoomRole::Owner, ..snapshot(profile(), 0, vec![]) };
    f.room.joined(again, NOW, &mut f.numbers);
    assert_eq!(f.room.details().figures, Some(figures()));
}

#[test]
fn everything_that_is_told_of_the_room_is_known_of_it() {
    let mut f = Fixture::joined(0);
    let attributes = BTreeMap::from([("topic".to_owned(), "bowls".to_owned())]);
    let told = f.room.attributes_changed(attributes.clone());
    assert_eq!(told, [RoomEvent::Attributes { attributes: attributes.clone() }.into()]);
    let told = f.room.counter_changed("visits".into(), 1_205);
    assert_eq!(
        told,
        [RoomEvent::Counters { counters: BTreeMap::from([("visits".into(), 1_205.0)]) }.into()]
    );
    let rules = RoomRules { slow_mode_s: 9, ..RoomRules::default() };
    assert_eq!(f.room.rules_changed(rules, NOW), [RoomEvent::Room { room: f.room.view() }.into()]);
    assert!(f.room.rules_changed(rules, NOW).is_empty());
    let figures = RoomFigures { online: 12, ..RoomFigures::default() };
    f.room.figures(figures.clone());
    f.room.marked(1_000, vec!["bo".into()], true);
    let details = f.room.details();
    assert_eq!(
        (details.attributes, details.rules, details.figures),
        (attributes, rules, Some(figures))
    );
    assert!(details.marks[&1_000].contains("bo"));
    f.room.entered(vec!["a".into(), "b".into()], 7);
    f.room.left(vec!["a".into()], 0);
    f.room.others_banned(vec!["c".into()]);
    let told = f.room.others_muted(vec!["d".into()], 50);
    let [Effect::Tell(RoomEvent::Passers { passers })] = told.as_slice() else {
        panic!("who passes is told")
    };
    assert_eq!((passers.entered_count, passers.left_count), (9, 1));
    assert_eq!((passers.banned.join(""), passers.muted.join("")), ("c".into(), "d".into()));
}

#[test]
fn an_own_new_name_stands_beside_what_is_said_from_then_on() {
    let mut f = Fixture::joined(0);
    f.room.renamed("bo", "Bo".into());
    f.room.renamed("me", "Anna".into());
    let (key, _) = f.say("hello").unwrap();
    assert_eq!(f.row(&key).name, "Anna");
}

#[test]
fn whoever_is_taken_out_of_the_room_learns_why_and_a_lifted_ban_leads_back() {
    let mut f = Fixture::joined(0);
    let (key, _) = f.say("too late").unwrap();
    f.room.removed(RemovedReason::Banned, 1_760_003_600, "spam".into());
    assert_eq!(f.row(&key).state, RowState::Failed);
    let view = f.room.view();
    let banned = AbsenceView::Banned { until_s: 1_760_003_600, info: "spam".into() };
    assert_eq!((view.member, view.absence), (false, banned));
    assert!(f.hear(vec![message(1, "bo", "unseen")]).is_empty());
    assert!(knocks(&f.room.unbanned()));
    assert!(f.room.unbanned().is_empty(), "once is enough");
    f.join(1, vec![message(1, "bo", "seen")]);
    assert_eq!((f.room.view().member, f.room.view().absence), (true, AbsenceView::None));
    for (reason, absence) in [
        (RemovedReason::Kicked, AbsenceView::Kicked { info: String::new() }),
        (RemovedReason::Elsewhere, AbsenceView::Elsewhere { info: String::new() }),
        (RemovedReason::Left, AbsenceView::Left { info: String::new() }),
        (RemovedReason::Other, AbsenceView::Other { info: String::new() }),
    ] {
        f.room.removed(reason, 0, String::new());
        assert_eq!(f.room.view().absence, absence);
        assert!(f.room.unbanned().is_empty(), "that was no ban");
    }
    assert!(sends(&f.join(1, vec![])).is_empty());
}

#[test]
fn a_room_that_is_made_again_after_it_was_dismissed_is_another_room() {
    let mut f = Fixture::joined(10);
    f.hear(vec![message(11, "bo", "before")]);
    f.room.dismissed();
    assert_eq!((f.room.after_seq(), f.room.view().absence), (None, AbsenceView::Dismissed));
    f.join(12, vec![message(11, "bo", "new"), message(12, "bo", "newer")]);
    f.hear_after(12, vec![message(13, "bo", "newest")]);
    assert_eq!(f.texts(), ["before", "new", "newer", "newest"]);
    assert_eq!(f.room.recalled(&[11], "").len(), 2);
    assert_eq!(f.texts(), ["before", "newer", "newest"]);
}

#[test]
fn an_answer_to_a_second_join_that_the_room_has_overtaken_is_no_new_numbering() {
    let mut f = Fixture::joined(10);
    f.hear_after(10, vec![message(11, "bo", "a")]);
    let overtaken =
        snapshot(profile(), 10, vec![message(9, "bo", "old"), message(10, "bo", "old")]);
    f.room.joined(overtaken, NOW, &mut f.numbers);
    f.hear_after(11, vec![message(12, "bo", "b")]);
    assert_eq!((f.texts().join(""), f.room.missed()), ("ab".into(), 0));
}
