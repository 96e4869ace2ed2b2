//! Profiles: what each tag may hold, who sees a new nickname, and what the application is told.

use serde_json::{Value, json};

use crate::clients::{World, refusal};
use crate::listener::Listener;

const SET: &str = "profile/portrait_set";
const GET: &str = "profile/portrait_get";

fn set(user: &str, items: &[(&str, Value)]) -> Value {
    let items: Value =
        items.iter().map(|(tag, value)| json!({"Tag": tag, "Value": value})).collect();
    json!({"From_Account": user, "ProfileItem": items})
}

async fn with_account() -> World {
    let world = World::with_room().await;
    world.ok("im_open_login_svc/account_import", json!({"UserID": "a"})).await;
    world
}

#[tokio::test]
async fn every_tag_takes_what_it_may_hold_and_gives_it_back() {
    let world = with_account().await;
    let values = [
        ("Tag_Profile_IM_Nick", json!("x".repeat(500))),
        ("Tag_Profile_IM_Image", json!("https://img.example/7.png")),
        ("Tag_Profile_IM_Gender", json!("Gender_Type_Female")),
        ("Tag_Profile_IM_BirthDay", json!(20_190_419)),
        ("Tag_Profile_IM_Location", json!("x".repeat(16))),
        ("Tag_Profile_IM_SelfSignature", json!("")),
        ("Tag_Profile_IM_AllowType", json!("AllowType_Type_DenyAny")),
        ("Tag_Profile_IM_Language", json!(1)),
        ("Tag_Profile_IM_MsgSettings", json!(0)),
        ("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_SendOut")),
        ("Tag_Profile_IM_Level", json!(7)),
        ("Tag_Profile_IM_Role", json!(4_294_967_295_u32)),
        ("Tag_Profile_Custom_Skill", json!("x".repeat(500))),
    ];
    let answer = world.ok(SET, set("a", &values)).await;
    assert_eq!(answer["ErrorDisplay"], "");
    let tags: Vec<&str> = values.iter().map(|(tag, _)| *tag).collect();
    let world = world.restarted().await;
    let body = json!({"To_Account": ["nobody", "a", "x".repeat(40)], "TagList": tags});
    let answer = world.ok(GET, body).await;
    assert_eq!(answer["Fail_Account"], json!(["nobody", "x".repeat(40)]));
    let [absent, whole, impossible] = &answer["UserProfileItem"].as_array().unwrap()[..] else {
        panic!("one entry for each account: {answer}")
    };
    assert_eq!((&absent["To_Account"], &absent["ResultCode"]), (&json!("nobody"), &json!(40003)));
    assert_eq!(absent.get("ProfileItem"), None);
    assert_eq!(impossible["ResultCode"], 40003);
    assert_eq!(whole["ResultCode"], 0);
    assert_eq!(whole["ProfileItem"], set("a", &values)["ProfileItem"]);

    let body = json!({"To_Account": ["host"], "TagList": tags});
    let answer = world.ok(GET, body).await;
    assert_eq!(
        answer["UserProfileItem"][0]["ProfileItem"],
        json!([{"Tag": "Tag_Profile_IM_Nick", "Value": "The host"}]),
        "what was never set is left out"
    );
    assert_eq!(answer.get("Fail_Account"), None);
}

#[tokio::test]
async fn a_wrong_tag_refuses_the_whole_call_with_its_code() {
    let world = with_account().await;
    let cases = [
        ("Tag_Profile_IM_Nick", json!("x".repeat(501)), 40601),
        ("Tag_Profile_IM_Nick", json!(7), 40610),
        ("Tag_Profile_IM_Nick", json!(null), 40001),
        ("Tag_Profile_IM_Location", json!("x".repeat(17)), 40601),
        ("Tag_Profile_IM_Gender", json!("female"), 40605),
        ("Tag_Profile_IM_Gender", json!(1), 40610),
        ("Tag_Profile_IM_AllowType", json!(""), 40605),
        ("Tag_Profile_IM_BirthDay", json!("20190419"), 40610),
        ("Tag_Profile_IM_Level", json!(-1), 40610),
        ("Tag_Profile_IM_Role", json!(4_294_967_296_u64), 40610),
        ("Tag_Profile_IM_Shoes", json!("x"), 40009),
        ("Tag_Profile_Custom_", json!("x"), 40009),
        ("Tag_Profile_Custom_TooLongOne", json!("x"), 40009),
        ("Tag_Profile_Custom_no_1", json!("x"), 40009),
        ("Tag_Profile_Custom_Skill", json!("x".repeat(501)), 40601),
        ("Tag_Profile_Custom_Skill", json!(5), 40610),
    ];
    for (tag, value, code) in cases {
        let body = set("a", &[("Tag_Profile_IM_Image", json!("new")), (tag, value)]);
        let answer = world.call(SET, body).await;
        assert_eq!(refusal(tag, &answer), code, "{tag}: {answer}");
        assert_eq!(answer["ErrorDisplay"], "", "refused calls have this member too");
    }
    let nick = ("Tag_Profile_IM_Nick", json!("n"));
    assert_eq!(world.refused(SET, set("nobody", std::slice::from_ref(&nick))).await, 40003);
    assert_eq!(world.refused(SET, json!({"From_Account": "a", "ProfileItem": []})).await, 40001);
    assert_eq!(world.refused(SET, set("", &[nick])).await, 40002);
    let unknown = json!({"To_Account": ["a"], "TagList": ["Tag_Profile_IM_Shoes"]});
    assert_eq!(world.refused(GET, unknown).await, 40009);
    let image = json!({"To_Account": ["a"], "TagList": ["Tag_Profile_IM_Image"]});
    let answer = world.ok(GET, image).await;
    assert_eq!(answer["UserProfileItem"][0]["ProfileItem"], json!([]), "nothing was written");
}

#[tokio::test]
async fn a_new_nickname_stands_on_later_messages_and_on_rooms_of_its_owner() {
    let world = with_account().await;
    let mut reader = world.in_room("reader").await;
    let mut speaker = world.in_room("a").await;
    let nick = |name: &str| [("Tag_Profile_IM_Nick", json!(name))];
    world.ok(SET, set("a", &nick("Mei"))).await;
    world.ok(SET, set("host", &nick("The kiln"))).await;
    assert_eq!(speaker.send_text("c1", "hi").await["t"], "send_ok");
    let frame = reader.kind("messages").await;
    assert_eq!(frame["messages"][0]["nick"], "Mei", "although the speaker signed in before");
    let joined = world.signed_in("late").await.ask(json!({"t": "join", "group_id": "r"})).await;
    assert_eq!(joined["group"]["owner_nick"], "The kiln");
    world.ok("im_open_login_svc/account_import", json!({"UserID": "a", "Nick": "Lin"})).await;
    speaker.send_text("c2", "hi").await;
    assert_eq!(reader.kind("messages").await["messages"][0]["nick"], "Lin");
}

#[tokio::test]
async fn the_application_is_told_of_a_changed_profile() {
    let world = with_account().await;
    let mut listener = Listener::to(&world, "Profile.CallbackPortraitSet").await;
    let wrong = set("a", &[("Tag_Profile_IM_Level", json!("x"))]);
    assert_eq!(world.refused(SET, wrong).await, 40610);
    let body = set("a", &[("Tag_Profile_IM_Level", json!(9)), ("Tag_Profile_IM_Nick", json!("M"))]);
    world.ok(SET, body.clone()).await;
    let (query, told) = listener.next().await;
    assert!(query.contains("CallbackCommand=Profile.CallbackPortraitSet"), "{query}");
    assert!(query.contains("OptPlatform=RESTAPI"), "{query}");
    assert_eq!(told["CallbackCommand"], "Profile.CallbackPortraitSet");
    assert_eq!(told["From_Account"], "a");
    assert_eq!(told["Operator_Account"], "administrator");
    assert_eq!(told["ProfileItem"], body["ProfileItem"], "the refused change was not told");
}

#[tokio::test]
async fn an_account_sees_on_all_its_connections_what_of_its_profile_has_changed() {
    let world = with_account().await;
    let mut desk = world.signed_in("a").await;
    let mut phone = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": "a",
        "user_sig": world.sig("a"), "platform": "Android"});
    assert_eq!(phone.ask(login).await["t"], "login_ok");
    let mut other = world.signed_in("b").await;
    world.ok(SET, set("a", &[("Tag_Profile_IM_Gender", json!("Gender_Type_Male"))])).await;
    world.ok(SET, set("a", &[("Tag_Profile_IM_Nick", json!("A"))])).await;
    let import = json!({"UserID": "a", "Nick": "A", "FaceUrl": "https://img.example/a.png"});
    world.ok("im_open_login_svc/account_import", import.clone()).await;
    world.ok("im_open_login_svc/account_import", import).await;
    let many =
        json!({"AccountList": [{"UserID": "a", "Nick": "AA"}, {"UserID": "b", "Nick": "B"}]});
    world.ok("im_open_login_svc/multiaccount_import", many).await;
    let changed = |nick: &str, face_url: &str| json!({"t": "profile_changed", "user_id": "a", "nick": nick, "face_url": face_url});
    let picture = "https://img.example/a.png";
    for client in [&mut desk, &mut phone] {
        for told in [changed("A", ""), changed("A", picture), changed("AA", picture)] {
            assert_eq!(client.kind("profile_changed").await, told);
        }
    }
    assert_eq!(other.kind("profile_changed").await["user_id"], "b", "others see nothing of it");
}
