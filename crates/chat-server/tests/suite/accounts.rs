//! Importing, checking and deleting accounts, and the mute that holds everywhere.

use serde_json::{Value, json};

use crate::clients::World;

const LOGIN: &str = "im_open_login_svc";
const GROUPS: &str = "group_open_http_svc";
const FOREVER: u32 = u32::MAX;

fn items(users: &[&str]) -> Value {
    users.iter().map(|user| json!({"UserID": user})).collect()
}

async fn statuses(world: &World, users: &[&str]) -> Vec<Value> {
    let body = json!({"CheckItem": items(users)});
    let answer = world.ok(&format!("{LOGIN}/account_check"), body).await;
    let results = answer["ResultItem"].as_array().unwrap();
    results.iter().map(|item| item["AccountStatus"].clone()).collect()
}

#[tokio::test]
async fn accounts_are_imported_one_or_many_at_a_time_and_checked_one_by_one() {
    let world = World::new().await;
    world.ok(&format!("{LOGIN}/account_import"), json!({"Identifier": "old"})).await;
    let many = json!({"Accounts": ["a", "b", "x".repeat(33), "", "old"]});
    let answer = world.ok(&format!("{LOGIN}/multiaccount_import"), many).await;
    assert_eq!(answer["FailAccounts"], json!(["x".repeat(33), ""]), "the others are imported");
    let newer = json!({"AccountList": [{"UserID": "c", "Nick": "Mei"}]});
    let answer = world.ok(&format!("{LOGIN}/multiaccount_import"), newer).await;
    assert_eq!(answer["FailAccounts"], json!([]));
    assert_eq!(world.refused(&format!("{LOGIN}/multiaccount_import"), json!({})).await, 70402);
    let both = json!({"Accounts": vec!["a"; 60], "AccountList": items(&["a"; 41])});
    assert_eq!(world.refused(&format!("{LOGIN}/multiaccount_import"), both).await, 70206);

    let body = json!({"CheckItem": items(&["a", "no\nid", "nobody", "c"])});
    let answer = world.ok(&format!("{LOGIN}/account_check"), body).await;
    let entry = &answer["ResultItem"][0];
    assert_eq!(
        entry,
        &json!({"UserID": "a", "ResultCode": 0, "ResultInfo": "", "AccountStatus": "Imported"})
    );
    assert_eq!(answer["ResultItem"][1]["ResultCode"], 70402);
    assert_eq!(answer["ResultItem"][1].get("AccountStatus"), None);
    assert_eq!(answer["ResultItem"][2]["AccountStatus"], "NotImported");
    assert_eq!(answer["ResultItem"][3]["AccountStatus"], "Imported");

    let world = world.restarted().await;
    assert_eq!(statuses(&world, &["b", "c", "old"]).await, ["Imported"; 3]);
}

#[tokio::test]
async fn an_application_has_no_more_accounts_than_its_limit_and_old_ones_count_once() {
    let world = World::new().await;
    // The administrator is an account too.
    world.set("account_limit", "3").await;
    let import = format!("{LOGIN}/account_import");
    let import_many = format!("{LOGIN}/multiaccount_import");
    world.ok(&import, json!({"UserID": "a"})).await;
    assert_eq!(world.refused(&import_many, json!({"Accounts": ["a", "b", "c"]})).await, 70398);
    assert_eq!(statuses(&world, &["b", "c"]).await, ["NotImported"; 2], "all or none");
    world.ok(&import_many, json!({"Accounts": ["a", "b", "b"]})).await;
    assert_eq!(world.refused(&import, json!({"UserID": "c"})).await, 70398);
    world.ok(&import, json!({"UserID": "a", "Nick": "still welcome"})).await;
    let mut stranger = world.connect().await;
    let answer = stranger.login(&world, "stranger", &world.sig("stranger")).await;
    assert_eq!(answer["code"], 70398, "a first login would make an account");
    world.signed_in("b").await;
    world
        .ok(&format!("{LOGIN}/account_delete"), json!({"DeleteItem": [{"Identifier": "b"}]}))
        .await;
    world.ok(&import, json!({"UserID": "c"})).await;
}

#[tokio::test]
async fn a_deleted_account_is_gone_from_its_logins_and_groups_and_others_stay() {
    let world = World::with_room().await;
    world.ok(&format!("{LOGIN}/multiaccount_import"), json!({"Accounts": ["a", "b"]})).await;
    let group = json!({"Type": "Public", "Name": "Club", "GroupId": "club",
        "Owner_Account": "host", "MemberList": [{"Member_Account": "a"}, {"Member_Account": "b"}]});
    world.ok(&format!("{GROUPS}/create_group"), group).await;
    let mut member = world.signed_in("a").await;
    assert_eq!(member.ask(json!({"t": "join", "group_id": "club"})).await["t"], "join_ok");

    let body = json!({"DeleteItem": items(&["a", "administrator", "nobody", "", "host"])});
    let answer = world.ok(&format!("{LOGIN}/account_delete"), body).await;
    let codes: Vec<&Value> =
        answer["ResultItem"].as_array().unwrap().iter().map(|item| &item["ResultCode"]).collect();
    assert_eq!(codes, [0, 70402, 70107, 70402, 0]);
    assert!(answer["ResultItem"][1]["ResultInfo"].as_str().unwrap().contains("administrator"));
    assert_eq!(answer["ResultItem"][2]["UserID"], "nobody");
    let (frames, code) = member.close_code().await;
    assert_eq!(frames.last().unwrap()["cause"], "account_deleted");
    assert_eq!(code, 4002);
    assert_eq!(statuses(&world, &["a", "b"]).await, ["NotImported", "Imported"]);

    // The same name again is somebody new: no member, neither in memory nor after a restart.
    for world in [&world, &world.on_copy(copy_of(&world)).await] {
        let mut again = world.signed_in("a").await;
        let answer = again.ask(json!({"t": "join", "group_id": "club"})).await;
        assert_eq!(answer["code"], 10007);
        let mut other = world.signed_in("b").await;
        assert_eq!(other.ask(json!({"t": "join", "group_id": "club"})).await["t"], "join_ok");
        let joined = other.ask(json!({"t": "join", "group_id": "r"})).await;
        assert_eq!(joined["group"]["owner_nick"], "", "the owner's nickname went with it");
    }
    let info =
        world.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["club"]})).await;
    assert_eq!(info["GroupInfo"][0]["MemberNum"], 1);
}

#[tokio::test]
async fn a_robot_goes_with_its_account() {
    let world = World::with_room().await;
    world.set("online_member_list", "on").await;
    world.import(&["bot"]).await;
    let robots = json!({"GroupId": "r", "Robot_Account": ["bot"]});
    world.ok("group_open_avchatroom_http_svc/add_robots", robots).await;
    let online = async || {
        let body = json!({"GroupId": "r"});
        let path = "group_open_http_svc/get_online_member_num";
        world.ok(path, body).await["OnlineMemberNum"].clone()
    };
    assert_eq!(online().await, 1);
    world.ok(&format!("{LOGIN}/account_delete"), json!({"DeleteItem": items(&["bot"])})).await;
    assert_eq!(online().await, 0);
}

#[tokio::test]
async fn an_account_that_is_deleted_while_others_write_of_it_does_not_come_back() {
    let world = World::with_room().await;
    let users: Vec<String> = (0..12).map(|n| format!("u{n}")).collect();
    world.import(&users).await;
    let group = json!({"Type": "Public", "Name": "Club", "GroupId": "club"});
    world.ok(&format!("{GROUPS}/create_group"), group).await;
    let member = |user: &String| json!({"Member_Account": user});
    let members: Vec<Value> = users.iter().map(member).collect();
    let add = json!({"GroupId": "club", "MemberList": members});
    world.ok(&format!("{GROUPS}/add_group_member"), add.clone()).await;
    let call = async |path: String, body| world.call(&path, body).await;
    let calls = users.iter().flat_map(|user| {
        let body = json!({"GroupId": "club", "Member_Account": user, "Role": "Admin",
            "NameCard": "late"});
        [
            call(format!("{GROUPS}/modify_group_member_info"), body),
            call(format!("{LOGIN}/account_delete"), json!({"DeleteItem": items(&[user])})),
            call(format!("{GROUPS}/add_group_member"), add.clone()),
        ]
    });
    futures_util::future::join_all(calls).await;
    for world in [&world, &world.on_copy(copy_of(&world)).await] {
        let body = json!({"GroupIdList": ["club"]});
        let info = world.ok(&format!("{GROUPS}/get_group_info"), body).await;
        assert_eq!(info["GroupInfo"][0]["MemberNum"], 0, "{info}");
        world.import(&users).await;
        let body = json!({"GroupId": "club", "User_Account": users});
        let roles = world.ok(&format!("{GROUPS}/get_role_in_group"), body).await;
        let roles = roles["UserIdList"].as_array().unwrap();
        assert!(roles.iter().all(|entry| entry["Role"] == "NotMember"), "{roles:?}");
    }
}

/// The data as they are at this moment.
fn copy_of(world: &World) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(world.dir.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

#[tokio::test]
async fn an_account_that_is_muted_everywhere_speaks_in_no_group_until_its_time_is_over() {
    let world = World::with_room().await;
    let set = "openconfigsvr/setnospeaking";
    let mut speaker = world.in_room("a").await;
    let mut reader = world.in_room("b").await;
    let left = async |world: &World| {
        let answer = world.ok("openconfigsvr/getnospeaking", json!({"Get_Account": "a"})).await;
        (answer["C2CmsgNospeakingTime"].clone(), answer["GroupmsgNospeakingTime"].clone())
    };
    assert_eq!(left(&world).await, (json!(0), json!(0)));

    world.ok(set, json!({"Set_Account": "a", "GroupmsgNospeakingTime": 60})).await;
    assert_eq!(speaker.send_text("c1", "muted").await["code"], 10017);
    world.clock.advance(20);
    assert_eq!(left(&world).await, (json!(0), json!(40)));
    world.ok(set, json!({"Set_Account": "a", "C2CmsgNospeakingTime": FOREVER})).await;
    assert_eq!(left(&world).await, (json!(FOREVER), json!(40)), "one leaves the other alone");
    world.clock.advance(40);
    assert_eq!(speaker.send_text("c2", "free again").await["t"], "send_ok");

    world.ok(set, json!({"Set_Account": "a", "GroupmsgNospeakingTime": FOREVER})).await;
    assert_eq!(speaker.send_text("c3", "muted").await["code"], 10017);
    let world = world.restarted().await;
    assert_eq!(left(&world).await, (json!(FOREVER), json!(FOREVER)));
    let mut speaker = world.in_room("a").await;
    assert_eq!(speaker.send_text("c4", "muted still").await["code"], 10017);
    let free = json!({"Set_Account": "a", "GroupmsgNospeakingTime": 0, "C2CmsgNospeakingTime": 0});
    world.ok(set, free).await;
    assert_eq!(left(&world).await, (json!(0), json!(0)));
    assert_eq!(speaker.send_text("c5", "at last").await["t"], "send_ok");
    assert_eq!(reader.texts(1).await, ["free again"], "the others saw nothing else");

    assert_eq!(world.refused(set, json!({"Set_Account": "a"})).await, 70402);
    let nobody = json!({"Set_Account": "nobody", "GroupmsgNospeakingTime": 1});
    assert_eq!(world.refused(set, nobody).await, 70107);
    let nobody = json!({"Get_Account": "nobody"});
    assert_eq!(world.refused("openconfigsvr/getnospeaking", nobody).await, 70107);
}
