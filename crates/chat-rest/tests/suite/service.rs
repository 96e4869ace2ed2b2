//! Each call against the real chat service, with what it does.

use chat_rest::{Error, Outcome};
use chat_server::clock::{Clock, SystemClock};
use chat_types::element::Priority;
use chat_types::gateway::{LinkPolicy, RulesChange};
use chat_types::group::KeyValue;
use chat_types::rest::*;
use chat_types::{Code, Element, PresenceStatus, UserId};
use serde_json::json;

use crate::world::World;

fn room() -> GroupIdOnly {
    of("r")
}

fn of(group_id: &str) -> GroupIdOnly {
    GroupIdOnly { group_id: group_id.into() }
}

fn users(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn members(names: &[&str]) -> Vec<MemberAccount> {
    users(names).into_iter().map(|member_account| MemberAccount { member_account }).collect()
}

fn text(group_id: &str, random: u32, text: &str) -> SendGroupMsg {
    SendGroupMsg {
        group_id: group_id.into(),
        random,
        msg_body: vec![Element::text(text)],
        msg_priority: Priority::High,
        from_account: Some("host".into()),
        ..SendGroupMsg::default()
    }
}

fn now_s() -> u32 {
    u32::try_from(SystemClock.now_s()).unwrap()
}

#[tokio::test]
async fn it_is_known_whose_user_sig_opens_the_application() {
    let World { client, server, app, .. } = &World::new().await;
    let is_admin = async |user: &str| client.is_admin(&UserId::new(user).unwrap()).await;
    assert!(is_admin("administrator").await.unwrap());
    for user in ["mei", "nobody"] {
        assert!(!is_admin(user).await.unwrap(), "{user}");
    }
    let (storage, id) = (server.storage(), app.sdk_app_id);
    chat_server::application::add_admin(storage, &SystemClock, id, "mei").await.unwrap();
    assert!(is_admin("mei").await.unwrap());
}

#[tokio::test]
async fn accounts_are_made_found_and_removed() {
    let World { client, .. } = &World::new().await;
    let import = MultiaccountImport { accounts: users(&["guest_1"]), ..Default::default() };
    let imported = client.multiaccount_import(&import).await.unwrap();
    assert!(imported.fail_accounts.is_empty());
    let items = |names: &[&str]| {
        users(names).into_iter().map(|user_id| UserIdItem { user_id }).collect::<Vec<_>>()
    };
    let check = AccountCheck { check_item: items(&["guest_1", "nobody"]) };
    let statuses = async || {
        let results = client.account_check(&check).await.unwrap().result_item;
        results.into_iter().map(|each| each.account_status).collect::<Vec<_>>()
    };
    let (here, gone) = (Some(AccountStatus::Imported), Some(AccountStatus::NotImported));
    assert_eq!(statuses().await, [here, gone]);
    let delete = AccountDelete { delete_item: items(&["guest_1"]) };
    assert_eq!(client.account_delete(&delete).await.unwrap().result_item[0].result_code, 0);
    assert_eq!(statuses().await, [gone, gone]);
    let refused = client.kick(&Kick { user_id: "nobody".into() }).await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Refused);
}

#[tokio::test]
async fn whoever_is_online_is_seen_and_can_be_signed_out() {
    let world = World::new().await;
    let mut viewer = world.in_room("mei").await;
    let client = &world.client;
    let query = QueryOnlineStatus { to_account: users(&["mei", "li"]), is_need_detail: Flag(true) };
    for statuses in [
        client.query_online_status(&query).await.unwrap().query_result,
        client.querystate(&query).await.unwrap().query_result,
    ] {
        let statuses: Vec<_> = statuses.iter().map(|each| each.status).collect();
        assert_eq!(statuses, [Some(PresenceStatus::Online), Some(PresenceStatus::Offline)]);
    }
    client.kick(&Kick { user_id: "mei".into() }).await.unwrap();
    viewer.kind("kicked").await;
}

#[tokio::test]
async fn a_profile_is_written_and_read() {
    let World { client, .. } = &World::new().await;
    let item = |tag: &str, value| ProfileItem { tag: tag.into(), value };
    let profile_item = vec![item(tag::NICK, json!("Mei")), item(tag::LEVEL, json!(7))];
    let set = PortraitSet { from_account: "mei".into(), profile_item: profile_item.clone() };
    client.portrait_set(&set).await.unwrap();
    let tag_list = users(&[tag::NICK, tag::LEVEL]);
    let get = PortraitGet { to_account: users(&["mei", "nobody"]), tag_list };
    let portraits = client.portrait_get(&get).await.unwrap();
    assert_eq!(portraits.user_profile_item[0].profile_item.as_ref(), Some(&profile_item));
    assert_eq!(portraits.fail_account, ["nobody"]);
}

#[tokio::test]
async fn a_group_is_made_changed_listed_given_away_and_dismissed() {
    let World { client, .. } = &World::new().await;
    client
        .modify_group_base_info(&ModifyGroupBaseInfo {
            group_id: "r".into(),
            name: Some("Morning sale".into()),
            app_defined_data: vec![KeyValue { key: "product".into(), value: "cup".into() }],
            ..ModifyGroupBaseInfo::default()
        })
        .await
        .unwrap();
    client
        .change_group_owner(&ChangeGroupOwner {
            group_id: "r".into(),
            new_owner_account: "mei".into(),
        })
        .await
        .unwrap();
    let profile = client.group_profile("r").await.unwrap();
    assert_eq!((profile.name.as_str(), profile.owner_account.as_str()), ("Morning sale", "mei"));
    assert_eq!(profile.app_defined_data[0].value, "cup");
    let list = client.get_appid_group_list(&GetAppidGroupList::default()).await.unwrap();
    assert_eq!((list.total_count, list.group_id_list), (1, vec![room()]));
    client.destroy_group(&room()).await.unwrap();
    let error = client.group_profile("r").await.unwrap_err();
    assert!(matches!(error.code(), Some(Code::GROUP_ABSENT | Code::GROUP_ID_INVALID)));
    let filter = GetGroupInfo { group_id_list: users(&["r"]), response_filter: None };
    assert_eq!(client.get_group_info(&filter).await.unwrap().group_info.len(), 1);
}

#[tokio::test]
async fn viewers_are_counted_listed_marked_and_told_apart_from_robots() {
    let world = World::new().await;
    let _viewer = world.in_room("mei").await;
    let client = &world.client;
    let robots = Robots { group_id: "r".into(), member_account: users(&["li"]) };
    client.add_robots(&robots).await.unwrap();
    let online = async || {
        let number = client.get_online_member_num(&room()).await.unwrap();
        number.online_member_num
    };
    assert_eq!(online().await, 2);
    client.del_robots(&robots).await.unwrap();
    assert_eq!(online().await, 1);
    let marked = MarkedMember { member_account: "mei".into(), marks: vec![LEAST_OWN_MARK] };
    let marks = ModifyUserInfo {
        group_id: "r".into(),
        command_type: COMMAND_SET,
        member_list: vec![marked.clone()],
    };
    assert_eq!(client.modify_user_info(&marks).await.unwrap().member_list, [marked]);
    let list = GetMembers { group_id: "r".into(), ..GetMembers::default() };
    assert_eq!(client.get_members(&list).await.unwrap().member_list[0].member_account, "mei");
    let info = GetGroupMemberInfo { group_id: "r".into(), ..GetGroupMemberInfo::default() };
    assert_eq!(client.get_group_member_info(&info).await.unwrap().member_num, 1);
    let admins = ModifyAdmin {
        group_id: "r".into(),
        command_type: COMMAND_SET,
        admin_account: users(&["li"]),
    };
    client.modify_admin(&admins).await.unwrap();
    assert_eq!(client.get_admin_list(&room()).await.unwrap().admin_account, ["li"]);
}

#[tokio::test]
async fn whoever_is_muted_or_banned_is_listed_until_it_ends() {
    let World { client, .. } = &World::new().await;
    let mute = |mute_time| ForbidSendMsg {
        group_id: "r".into(),
        members_account: users(&["mei"]),
        mute_time,
    };
    client.forbid_send_msg(&mute(600)).await.unwrap();
    let muted = client.get_group_muted_account(&room()).await.unwrap();
    assert_eq!(muted.muted_account_list[0].member_account, "mei");
    let muted = client.get_group_shutted_uin(&room()).await.unwrap();
    assert_eq!(muted.shutted_uin_list[0].member_account, "mei");
    client.forbid_send_msg(&mute(0)).await.unwrap();
    assert!(client.get_group_muted_account(&room()).await.unwrap().muted_account_list.is_empty());

    let ban = BanGroupMember {
        group_id: "r".into(),
        members_account: users(&["mei"]),
        duration: 600,
        ..BanGroupMember::default()
    };
    client.ban_group_member(&ban).await.unwrap();
    let list = GetGroupBanMember { group_id: "r".into(), ..GetGroupBanMember::default() };
    let banned = client.get_group_ban_member(&list).await.unwrap().banned_account_list;
    assert_eq!(banned[0].member_account, "mei");
    let unban = UnbanGroupMember { group_id: "r".into(), members_account: users(&["mei"]) };
    client.unban_group_member(&unban).await.unwrap();
    assert!(client.get_group_ban_member(&list).await.unwrap().banned_account_list.is_empty());

    let everywhere =
        SetNoSpeaking { set_account: "mei".into(), c2c_time: Some(FOREVER), group_time: None };
    client.setnospeaking(&everywhere).await.unwrap();
    let asked = GetNoSpeaking { get_account: "mei".into() };
    let left = client.getnospeaking(&asked).await.unwrap();
    assert_eq!((left.c2c_time, left.group_time), (FOREVER, 0));
}

#[tokio::test]
async fn a_group_that_stores_its_members_takes_them_in_and_lets_them_go() {
    let world = World::new().await;
    world.make_group("Public", "g").await;
    let client = &world.client;
    let add = AddGroupMember {
        group_id: "g".into(),
        member_list: members(&["mei", "li"]),
        ..AddGroupMember::default()
    };
    let added = client.add_group_member(&add).await.unwrap().member_list;
    assert!(added.iter().all(|each| each.result == 1));
    let modify = ModifyGroupMemberInfo {
        group_id: "g".into(),
        member_account: "mei".into(),
        role: Some("Admin".into()),
        ..ModifyGroupMemberInfo::default()
    };
    client.modify_group_member_info(&modify).await.unwrap();
    let unread =
        SetUnreadMsgNum { group_id: "g".into(), member_account: "mei".into(), unread_msg_num: 0 };
    client.set_unread_msg_num(&unread).await.unwrap();
    let delete = DeleteGroupMember {
        group_id: "g".into(),
        member_to_del_account: users(&["li"]),
        ..DeleteGroupMember::default()
    };
    client.delete_group_member(&delete).await.unwrap();
    let asked = GetRoleInGroup { group_id: "g".into(), user_account: users(&["mei", "li"]) };
    let roles = client.get_role_in_group(&asked).await.unwrap().user_id_list;
    let mut roles: Vec<(&str, &str)> =
        roles.iter().map(|each| (each.member_account.as_str(), each.role.as_str())).collect();
    roles.sort_unstable();
    assert_eq!(roles, [("li", "NotMember"), ("mei", "Admin")]);
    let joined = GetJoinedGroupList { member_account: "mei".into(), ..Default::default() };
    let joined = client.get_joined_group_list(&joined).await.unwrap();
    assert_eq!((joined.total_count, &joined.group_id_list[0]["GroupId"]), (1, &json!("g")));
}

#[tokio::test]
async fn a_group_of_another_system_comes_with_its_members_and_messages() {
    let World { client, .. } = &World::new().await;
    let group = CreateGroup {
        group_type: "Public".into(),
        name: "Old".into(),
        group_id: Some("old".into()),
        owner_account: Some("host".into()),
        ..CreateGroup::default()
    };
    let import = ImportGroup { group, create_time: Some(1_500_000_000) };
    assert_eq!(client.import_group(&import).await.unwrap().group_id, "old");
    let message = ImportedMessage {
        from_account: "host".into(),
        send_time: now_s() - 60,
        msg_body: vec![Element::text("one")],
        ..ImportedMessage::default()
    };
    let import = ImportGroupMsg {
        group_id: "old".into(),
        msg_list: vec![message],
        ..ImportGroupMsg::default()
    };
    let imported = client.import_group_msg(&import).await.unwrap().import_msg_result;
    assert_eq!((imported[0].result, imported[0].msg_seq), (0, 1));
    let member = ImportedMember { member_account: "mei".into(), ..ImportedMember::default() };
    let import = ImportGroupMember { group_id: "old".into(), member_list: vec![member] };
    assert_eq!(client.import_group_member(&import).await.unwrap().member_list[0].result, 1);
    let history =
        GroupMsgGetSimple { group_id: "old".into(), req_msg_number: 20, req_msg_seq: None };
    let history = client.group_msg_get_simple(&history).await.unwrap();
    assert_eq!(history.rsp_msg_list[0].msg_body, [Element::text("one")]);
}

#[tokio::test]
async fn attributes_are_written_replaced_and_removed() {
    let World { client, .. } = &World::new().await;
    let write = |pairs: &[(&str, &str)]| WriteGroupAttr {
        group_id: "r".into(),
        group_attr: pairs
            .iter()
            .map(|(key, value)| GroupAttr { key: (*key).into(), value: (*value).into() })
            .collect(),
    };
    let keys = async || {
        let attributes = client.get_group_attr(&room()).await.unwrap().group_attr_ary;
        attributes.into_iter().map(|each| each.key).collect::<Vec<_>>()
    };
    client.modify_group_attr(&write(&[("a", "1"), ("b", "2")])).await.unwrap();
    assert_eq!(keys().await, ["a", "b"]);
    client.set_group_attr(&write(&[("c", "3"), ("d", "4")])).await.unwrap();
    assert_eq!(keys().await, ["c", "d"]);
    let delete = |key: &str| DeleteGroupAttr {
        group_id: "r".into(),
        group_attr: vec![GroupAttrKey { key: key.into() }],
    };
    client.delete_group_attr(&delete("c")).await.unwrap();
    assert_eq!(keys().await, ["d"]);
    let absent = client.delete_group_attr(&delete("c")).await.unwrap_err();
    assert_eq!(absent.code(), Some(Code::ATTRIBUTE_ABSENT));
    client.clear_group_attr(&room()).await.unwrap();
    assert!(keys().await.is_empty());
}

#[tokio::test]
async fn counters_are_set_and_added_to() {
    let World { client, .. } = &World::new().await;
    let update = async |mode, value| {
        let group_counter = vec![GroupCounter { key: "likes".into(), value }];
        let body = UpdateGroupCounter { group_id: "r".into(), group_counter, mode };
        client.update_group_counter(&body).await.unwrap().group_counter[0].value
    };
    assert_eq!(update(CounterMode::Set, 40).await, 40);
    assert_eq!(update(CounterMode::Increase, 4).await, 44);
    assert_eq!(update(CounterMode::Decrease, 2).await, 42);
    let all = GroupCounterKeys { group_id: "r".into(), group_counter_keys: None };
    assert_eq!(client.get_group_counter(&all).await.unwrap().group_counter[0].value, 42);
    client.delete_group_counter(&all).await.unwrap();
    assert!(client.get_group_counter(&all).await.unwrap().group_counter.is_empty());
}

#[tokio::test]
async fn messages_notifications_and_broadcasts_reach_the_viewers() {
    let world = World::new().await;
    let mut viewer = world.in_room("mei").await;
    let client = &world.client;
    let sent = client.send_group_msg(&text("r", 7, "one")).await.unwrap().answer().unwrap();
    assert_eq!(sent.msg_seq, 1);
    assert_eq!(viewer.text().await, "one");
    let again = client.send_group_msg(&text("r", 7, "one")).await.unwrap().answer();
    assert_eq!(again, Some(sent), "the repeat has the answer of the first");
    client
        .send_group_system_notification(&SendGroupSystemNotification {
            group_id: "r".into(),
            content: "soon".into(),
            ..SendGroupSystemNotification::default()
        })
        .await
        .unwrap();
    viewer.kind("system_notification").await;
    let broadcast = SendBroadcastMsg {
        random: 8,
        msg_body: vec![Element::text("to all")],
        ..SendBroadcastMsg::default()
    };
    assert!(client.send_broadcast_msg(&broadcast).await.unwrap().answer().is_some());
    viewer.kind("broadcast").await;
}

#[tokio::test]
async fn a_message_that_is_sent_again_by_an_outbox_is_seen_once() {
    let world = World::new().await;
    let mut viewer = world.in_room("mei").await;
    let randoms = chat_rest::Randoms::with_seed(7);
    for row in [1, 1, 2] {
        let body = text("r", randoms.of_number(row), &format!("gift {row}"));
        world.client.send_group_msg(&body).await.unwrap();
    }
    assert_eq!((viewer.text().await, viewer.text().await), ("gift 1".into(), "gift 2".into()));
}

#[tokio::test]
async fn messages_are_kept_changed_and_taken_back() {
    let World { client, .. } = &World::new().await;
    for random in 1..=3 {
        client.send_group_msg(&text("r", random, "said")).await.unwrap();
    }
    let change = ModifyGroupMsg {
        group_id: "r".into(),
        msg_seq: 1,
        msg_body: Some(vec![Element::text("changed")]),
        cloud_custom_data: None,
    };
    client.modify_group_msg(&change).await.unwrap();
    let recall = GroupMsgRecall {
        group_id: "r".into(),
        msg_seq_list: vec![MsgSeq { msg_seq: 2 }, MsgSeq { msg_seq: 9 }],
        ..GroupMsgRecall::default()
    };
    let recalls = client.group_msg_recall(&recall).await.unwrap().recall_ret_list;
    let codes: Vec<Code> = recalls.iter().map(|each| each.ret_code).collect();
    assert_eq!(codes, [Code::OK, Code::RECALL_ABSENT]);
    let get = GroupMsgGetSimple { group_id: "r".into(), req_msg_number: 20, req_msg_seq: None };
    let kept = async || client.group_msg_get_simple(&get).await.unwrap().rsp_msg_list;
    let messages = kept().await;
    assert_eq!(messages[2].msg_body, [Element::text("changed")]);
    assert_eq!(messages[1].is_place_msg, 2, "recalled");
    let delete = DeleteGroupMsgBySender { group_id: "r".into(), sender_account: "host".into() };
    client.delete_group_msg_by_sender(&delete).await.unwrap();
    assert!(kept().await.iter().all(|message| message.is_place_msg == 2));
}

#[tokio::test]
async fn one_to_one_messages_are_sent_kept_changed_and_taken_back() {
    let World { client, .. } = &World::new().await;
    let message = |random, text: &str| C2cSend {
        from_account: Some("host".into()),
        msg_random: random,
        msg_body: vec![Element::text(text)],
        ..C2cSend::default()
    };
    let send = SendMsg { to_account: "mei".into(), message: message(1, "one") };
    let key = client.sendmsg(&send).await.unwrap().msg_key;
    let to_account = users(&["mei", "nobody"]);
    let batch = BatchSendMsg { to_account, message: message(2, "two") };
    let sent = client.batchsendmsg(&batch).await.unwrap();
    assert_eq!(sent.error_list[0].error_code, Code::C2C_TARGET_ABSENT, "it reached the other one");
    let import = ImportMsg {
        from_account: "host".into(),
        to_account: "mei".into(),
        sync_from_old_system: Some(1),
        msg_seq: Some(3),
        msg_random: 3,
        msg_time_stamp: now_s() - 60,
        msg_body: vec![Element::text("old")],
        ..ImportMsg::default()
    };
    client.importmsg(&import).await.unwrap();
    let unread = GetC2cUnreadMsgNum { to_account: "mei".into(), ..Default::default() };
    assert_eq!(client.get_c2c_unread_msg_num(&unread).await.unwrap().all, Some(3));
    let read = AdminSetMsgRead { report_account: "mei".into(), peer_account: "host".into() };
    client.admin_set_msg_read(&read).await.unwrap();
    assert_eq!(client.get_c2c_unread_msg_num(&unread).await.unwrap().all, Some(0));

    let (from_account, to_account) = ("host".to_owned(), "mei".to_owned());
    let change = ModifyC2cMsg {
        from_account: from_account.clone(),
        to_account: to_account.clone(),
        msg_key: key.clone(),
        msg_body: Some(vec![Element::text("changed")]),
        cloud_custom_data: None,
    };
    client.modify_c2c_msg(&change).await.unwrap();
    let asked = AdminGetRoamMsg {
        from_account: from_account.clone(),
        to_account: to_account.clone(),
        max_cnt: 20,
        min_time: now_s() - 600,
        max_time: now_s() + 600,
        last_msg_key: None,
    };
    let kept = async || client.admin_getroammsg(&asked).await.unwrap().msg_list;
    let changed = kept().await.into_iter().find(|each| each.msg_key == key).unwrap();
    assert_eq!(changed.msg_body, [Element::text("changed")]);
    let withdraw = AdminMsgWithdraw { from_account, to_account, msg_key: key.clone() };
    client.admin_msgwithdraw(&withdraw).await.unwrap();
    let gone = kept().await.into_iter().find(|each| each.msg_key == key);
    assert!(gone.is_none_or(|message| message.msg_flag_bits == MSG_WITHDRAWN));
}

#[tokio::test]
async fn the_rules_of_a_room_are_set_and_its_figures_read() {
    let World { client, .. } = &World::new().await;
    let rules = RulesChange {
        slow_mode_s: Some(5),
        links: Some(LinkPolicy::Nobody),
        ..RulesChange::default()
    };
    client.modify_room_rules(&ModifyRoomRules { group_id: "r".into(), rules }).await.unwrap();
    let rules = client.get_room_rules(&room()).await.unwrap();
    assert_eq!((rules.effective.slow_mode_s, rules.effective.links), (5, LinkPolicy::Nobody));
    client.send_group_msg(&text("r", 1, "one")).await.unwrap();
    let figures = client.get_room_figures(&room()).await.unwrap().figures;
    assert_eq!(figures.classes.values().map(|class| class.delivered).sum::<u64>(), 1);
}

#[tokio::test]
async fn a_key_of_another_application_is_nobodys_fault_but_the_configurations() {
    let world = World::new().await;
    let key = chat_rest::Secret::new("another key");
    let config = chat_rest::Config::new(world.server.rest_url(), world.app.sdk_app_id, key);
    let client = chat_rest::Client::new(config).unwrap();
    let error = client.get_group_attr(&room()).await.unwrap_err();
    assert!(matches!(&error, Error::Api { code: Code(70_009), .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unauthorized);
    world.server.shutdown().await;
}
