//! A stored group and the same group in memory stay equal, whatever is done to them.

use chat_types::gateway::LinkPolicy;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

const CASES: u32 = 48;
const MOST_CHANGES: usize = 24;

/// Accounts, and names of anything else.
const NAMES: [&str; 5] = ["a", "b", "A", "慢", "'"];

/// Few names, so that changes meet each other.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(FOREVER), any::<u32>()]
}

fn texts() -> impl Strategy<Value = Option<String>> {
    prop::option::of("\\PC{0,6}")
}

fn patch() -> impl Strategy<Value = GroupPatch> {
    let fields = prop::collection::btree_map(name(), "[x']{0,2}", 0..3);
    let texts = (texts(), texts(), texts(), texts(), texts(), texts());
    let others = (prop::option::of(number()), prop::option::of(any::<bool>()), fields);
    (texts, others).prop_map(|(texts, (max_member_num, mute_all, custom_fields))| {
        let (name, introduction, notification, face_url, owner, apply_join_option) = texts;
        GroupPatch {
            name,
            introduction,
            notification,
            face_url,
            owner,
            apply_join_option,
            max_member_num,
            mute_all,
            custom_fields,
        }
    })
}

fn member() -> impl Strategy<Value = StoredMember> {
    (number(), "\\PC{0,4}", name(), number(), number()).prop_map(
        |(join_time, name_card, msg_flag, read_seq, last_send_time)| StoredMember {
            join_time,
            name_card,
            msg_flag,
            read_seq,
            last_send_time,
        },
    )
}

fn rules() -> impl Strategy<Value = GroupRules> {
    let own = || prop::option::of(number());
    let links = prop::sample::select(vec![LinkPolicy::Everybody, LinkPolicy::Nobody]);
    let words = prop::collection::vec("\\PC{1,4}", 0..3);
    (own(), own(), number(), links, words).prop_map(
        |(budget_per_s, sender_per_s, slow_mode_s, links, blocked_words)| GroupRules {
            budget_per_s,
            sender_per_s,
            slow_mode_s,
            links,
            blocked_words,
        },
    )
}

fn change() -> impl Strategy<Value = GroupChange> {
    let ban = (number(), "\\PC{0,4}").prop_map(|(until, description)| Ban { until, description });
    prop_oneof![
        3 => patch().prop_map(GroupChange::Profile),
        1 => (name(), "\\PC{0,6}")
            .prop_map(|(key, value)| GroupChange::SetAttribute { key, value }),
        1 => name().prop_map(GroupChange::RemoveAttribute),
        1 => (name(), any::<i64>()).prop_map(|(key, value)| GroupChange::SetCounter { key, value }),
        1 => name().prop_map(GroupChange::RemoveCounter),
        1 => (name(), number()).prop_map(|(user, until)| GroupChange::Mute { user, until }),
        1 => name().prop_map(GroupChange::Unmute),
        1 => (name(), ban).prop_map(|(user, ban)| GroupChange::Ban { user, ban }),
        1 => name().prop_map(GroupChange::Unban),
        1 => name().prop_map(GroupChange::AddAdmin),
        1 => name().prop_map(GroupChange::RemoveAdmin),
        1 => rules().prop_map(GroupChange::Rules),
        1 => (name(), member()).prop_map(|(user, member)| GroupChange::PutMember { user, member }),
        1 => name().prop_map(GroupChange::RemoveMember),
    ]
}

pub(super) async fn random_changes(storage: &dyn Storage) {
    let app = application(storage).await;
    put_accounts(storage, app, &NAMES).await;
    // Bounded and the same in every run: the database is the same for all, so a case has a number.
    let mut runner = TestRunner::deterministic();
    for case in 0..CASES {
        let changes = prop::collection::vec(change(), 0..MOST_CHANGES);
        let changes = changes.new_tree(&mut runner).unwrap().current();
        let mut group = StoredGroup::new(format!("g{case}"), GroupType::Public, NOW);
        storage.insert_group(app, &group).await.unwrap();
        // One call with all, or one call for each: it must not matter.
        let together = if case % 2 == 0 { changes.len().max(1) } else { 1 };
        for (at, changes) in (NOW..).zip(changes.chunks(together)) {
            storage.change_group(app, &group.group_id, changes, at.into()).await.unwrap();
            changes.iter().for_each(|change| group.apply(change, at));
        }
        let stored = storage.group(app, &group.group_id).await.unwrap();
        assert_eq!(stored, Some(group.clone()), "case {case}: {changes:?}");
        let copy = StoredGroup { group_id: format!("copy{case}"), ..group };
        storage.insert_group(app, &copy).await.unwrap();
        assert_eq!(storage.group(app, &copy.group_id).await.unwrap(), Some(copy));
    }
}
