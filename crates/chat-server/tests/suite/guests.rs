use serde_json::{Value, json};

use crate::clients::{Client, World};
use crate::hooks::Hooks;

const GROUPS: &str = "group_open_http_svc";

impl World {
    async fn with_guests() -> Self {
        let world = Self::with_room().await;
        world.set("guests", "on").await;
        world
    }

    async fn guest(&self) -> Client {
        let (client, answer) = self.try_guest(json!({})).await;
        assert_eq!(answer["t"], "login_ok", "{answer}");
        client
    }

    /// A guest's login with other members beside it.
    async fn try_guest(&self, more: Value) -> (Client, Value) {
        let mut client = self.connect().await;
        let mut login = json!({"t": "login", "sdk_app_id": self.app.sdk_app_id, "guest": true});
        login.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = client.ask(login).await;
        (client, answer)
    }
}

async fn join(client: &mut Client, room: &str) -> Value {
    client.ask(json!({"t": "join", "group_id": room})).await
}

#[tokio::test]
async fn guests_come_in_only_where_the_application_lets_them() {
    let world = World::with_room().await;
    let (mut client, refused) = world.try_guest(json!({})).await;
    assert_eq!((&refused["t"], &refused["code"]), (&"error".into(), &9012.into()));
    assert_eq!(client.close_code().await.1, 4003);
    world.set("guests", "on").await;
    let (_first, first) = world.try_guest(json!({})).await;
    let (_second, second) = world.try_guest(json!({})).await;
    assert_eq!((&first["guest"], &first["nick"]), (&true.into(), &"".into()));
    let name = |answer: &Value| answer["user_id"].as_str().unwrap().to_owned();
    let random = name(&first).strip_prefix("guest_").unwrap().to_owned();
    assert_eq!((random.len(), random.is_ascii()), (8, true));
    assert_ne!(name(&first), name(&second));

    let (mut client, refused) = world.try_guest(json!({"user_id": "mei"})).await;
    assert_eq!(refused["code"], 10004, "who names an account means to use it");
    assert_eq!(client.close_code().await.1, 4003);
    let (_, refused) = world.try_guest(json!({"sdk_app_id": 7})).await;
    assert_eq!(refused["code"], 60006);
}

#[tokio::test]
async fn a_guest_reads_the_room_and_says_nothing() {
    let world = World::with_guests().await;
    world.say(1, "before").await;
    let mut guest = world.guest().await;
    let joined = join(&mut guest, "r").await;
    assert_eq!((&joined["t"], &joined["role"]), (&"join_ok".into(), &"guest".into()));
    assert_eq!((&joined["online"], &joined["muted_until_s"]), (&0.into(), &0.into()));
    assert_eq!(joined["messages"][0]["seq"], 1, "the newest messages are for guests, too");
    world.say(2, "after").await;
    assert_eq!(guest.texts(1).await, ["after"]);
    let caught_up = guest.ask(json!({"t": "catch_up", "group_id": "r", "after_seq": 1})).await;
    assert_eq!((&caught_up["t"], &caught_up["complete"]), (&"catch_up_ok".into(), &true.into()));
    assert_eq!(caught_up["messages"][0]["seq"], 2);

    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    for refused in [
        json!({"t": "send", "group_id": "r", "client_id": "c", "elements": text}),
        json!({"t": "send_c2c", "to": "host", "client_id": "c", "elements": text}),
        json!({"t": "modify_group", "group_id": "r", "name": "Mine"}),
        json!({"t": "modify_rules", "group_id": "r", "slow_mode_s": 9}),
        json!({"t": "recall", "group_id": "r", "seq": 1}),
        json!({"t": "presence", "user_ids": ["host"]}),
        json!({"t": "conversations"}),
        json!({"t": "c2c_history", "peer": "host", "count": 1}),
        json!({"t": "c2c_read", "peer": "host"}),
        json!({"t": "c2c_withdraw", "peer": "host", "key": "1_1_1"}),
    ] {
        assert_eq!(guest.ask(refused.clone()).await["code"], 9011, "{refused}");
    }
    assert_eq!(guest.ask(json!({"t": "ping"})).await["t"], "pong");
    let history = json!({"t": "history", "group_id": "r", "count": 20});
    assert_eq!(guest.ask(history.clone()).await["code"], 10007, "the application keeps none");
    world.set("room_history", "on").await;
    world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    assert_eq!(guest.ask(history.clone()).await["t"], "history_ok");

    assert_eq!(guest.ask(json!({"t": "leave", "group_id": "r"})).await["t"], "leave_ok");
    for late in [history, json!({"t": "leave", "group_id": "r"})] {
        assert_eq!(guest.ask(late).await["code"], 9002);
    }
    guest.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(guest.close_code().await.1, 1000);
}

#[tokio::test]
async fn nobody_counts_a_guest_among_the_accounts_and_no_webhook_hears_of_it() {
    let world = World::with_guests().await;
    world.set("online_member_list", "on").await;
    let mut hooks = Hooks::of(&world).await;
    let mut guest = world.guest().await;
    join(&mut guest, "r").await;
    let mut host = world.in_room("host").await;
    assert_eq!(host.kind("member_entered").await["users"], json!(["host"]));
    let answer =
        world.ok(&format!("{GROUPS}/get_online_member_num"), json!({"GroupId": "r"})).await;
    assert_eq!(answer["OnlineMemberNum"], 1);
    let list = json!({"GroupId": "r", "Timestamp": 0});
    let list = world.ok("group_open_avchatroom_http_svc/get_members", list).await;
    assert_eq!(list["MemberList"].as_array().unwrap().len(), 1);
    let metrics = world.metrics().await;
    assert!(metrics.lines().any(|line| line == "liveroom_guests 1"), "{metrics}");
    assert!(metrics.lines().any(|line| line == "liveroom_online_members 1"));

    guest.raw(r#"{"t":"logout","id":9}"#).await;
    guest.close_code().await;
    host.raw(r#"{"t":"logout","id":9}"#).await;
    let left = hooks.next("Group.CallbackAfterMemberExit").await;
    assert_eq!(left["ExitMemberList"], json!([{"Member_Account": "host"}]));
    assert_eq!(hooks.count("Group.CallbackBeforeApplyJoinGroup"), 1);
    assert_eq!(hooks.count("Group.CallbackAfterNewMemberJoin"), 1);
    assert_eq!(hooks.count("Group.CallbackAfterMemberExit"), 1);
}

#[tokio::test]
async fn an_account_that_is_named_like_a_guest_is_an_account() {
    let world = World::with_guests().await;
    world.set("mute_tip", "on").await;
    let (mut guest, answer) = world.try_guest(json!({})).await;
    let name = answer["user_id"].as_str().unwrap().to_owned();
    join(&mut guest, "r").await;
    let mut namesake = world.in_room(&name).await;
    assert_eq!(namesake.send_text("c1", "I am somebody").await["t"], "send_ok");
    assert_eq!(guest.texts(1).await, ["I am somebody"], "the login ended nobody");
    let mute = json!({"GroupId": "r", "Members_Account": [name], "MuteTime": 60});
    world.ok(&format!("{GROUPS}/forbid_send_msg"), mute).await;
    namesake.kind("muted").await;
    world.say(1, "next").await;
    let tips = ["online", "member_entered", "member_muted"];
    let next = guest.until(|frame| !tips.contains(&frame["t"].as_str().unwrap())).await;
    assert_eq!(next["t"], "messages", "what the account is told alone is not the guest's: {next}");
}

#[tokio::test]
async fn a_guest_reads_the_fields_that_anybody_may_and_comes_into_live_rooms_only() {
    use chat_server::application::{self, NewField, Right};
    let world = World::with_guests().await;
    let (storage, app) = (world.server.storage(), world.app.sdk_app_id);
    let inner = NewField { read: Right::Member, ..NewField::of_rooms("inner") };
    application::add_field(storage, &*world.clock, app, inner).await.unwrap();
    let public = json!({"Type": "Public", "Name": "p", "GroupId": "p", "Owner_Account": "host"});
    world.ok(&format!("{GROUPS}/create_group"), public).await;
    let mut guest = world.guest().await;
    assert_eq!(join(&mut guest, "p").await["code"], 10007);
    assert_eq!(join(&mut guest, "absent").await["code"], 10015);
    join(&mut guest, "r").await;
    let mut viewer = world.in_room("viewer").await;
    let fields = json!([{"Key": "inner", "Value": "cost"}, {"Key": "product", "Value": "cup"}]);
    let change = json!({"GroupId": "r", "AppDefinedData": fields});
    world.ok(&format!("{GROUPS}/modify_group_base_info"), change).await;
    let told = guest.kind("group_info_changed").await;
    assert_eq!(told["changes"], json!([{"field": "custom", "key": "product", "value": "cup"}]));
    let told = viewer.kind("group_info_changed").await;
    assert_eq!(told["changes"], json!([{"field": "custom", "key": "inner", "value": "cost"}]));
    let joined = join(&mut guest, "r").await;
    assert_eq!(joined["group"]["custom_fields"], json!({"product": "cup"}));
    world.ok(&format!("{GROUPS}/destroy_group"), json!({"GroupId": "r"})).await;
    guest.kind("group_dismissed").await;
}
