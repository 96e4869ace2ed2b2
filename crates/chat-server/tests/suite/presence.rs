//! Who is signed in where: statuses, followers, ended logins, and what the application is told.

use serde_json::{Value, json};
use std::time::Duration;

use crate::clients::{Client, World};
use crate::listener::Listener;

const WEEK_S: u64 = 7 * 24 * 3600;

async fn signed_in_on(world: &World, user: &str, platform: &str) -> Client {
    let mut client = world.connect().await;
    let login = json!({"t": "login", "sdk_app_id": world.app.sdk_app_id, "user_id": user,
        "user_sig": world.sig(user), "platform": platform});
    assert_eq!(client.ask(login).await["t"], "login_ok");
    client
}

async fn import(world: &World, users: &[&str]) {
    world.ok("im_open_login_svc/multiaccount_import", json!({"Accounts": users})).await;
}

async fn status(world: &World, user: &str) -> Value {
    let body = json!({"To_Account": [user], "IsNeedDetail": 1});
    world.ok("openim/query_online_status", body).await["QueryResult"][0].clone()
}

/// Follows `user` and gives the status at this moment.
async fn follow(client: &mut Client, user: &str) -> String {
    let answer = client.ask(json!({"t": "presence", "user_ids": [user]})).await;
    assert_eq!(answer["accounts"][0]["user_id"], user, "{answer}");
    answer["accounts"][0]["status"].as_str().unwrap().to_owned()
}

/// What a follower is told next. A second passes then, so that the next change is told at once.
async fn told(world: &World, client: &mut Client) -> (String, String) {
    let frame = client.kind("presence_changed").await;
    world.clock.advance(1);
    let text = |name: &str| frame[name].as_str().unwrap().to_owned();
    (text("user_id"), text("status"))
}

fn of(user: &str, status: &str) -> (String, String) {
    (user.to_owned(), status.to_owned())
}

#[tokio::test]
async fn a_status_names_the_platforms_and_unknown_accounts_stand_apart() {
    let world = World::new().await;
    import(&world, &["away"]).await;
    let _web = signed_in_on(&world, "host", "Web").await;
    let _desk = signed_in_on(&world, "host", "Windows").await;
    let body = json!({"To_Account": ["host", "nobody", "away"]});
    let answer = world.ok("openim/query_online_status", body.clone()).await;
    assert_eq!(
        answer["QueryResult"],
        json!([{"To_Account": "host", "Status": "Online", "State": "Online"},
            {"To_Account": "away", "Status": "Offline", "State": "Offline"}])
    );
    assert_eq!(answer["ErrorList"], json!([{"To_Account": "nobody", "ErrorCode": 70107}]));
    assert_eq!(world.ok("openim/querystate", body).await["QueryResult"], answer["QueryResult"]);
    assert_eq!(
        status(&world, "host").await["Detail"],
        json!([{"Platform": "PC", "Status": "Online"}, {"Platform": "Web", "Status": "Online"}])
    );
}

#[tokio::test]
async fn a_phone_that_drops_off_is_push_online_for_a_week_unless_it_logged_out() {
    let world = World::new().await;
    let mut watcher = signed_in_on(&world, "watcher", "Linux").await;
    assert_eq!(follow(&mut watcher, "host").await, "Offline");

    let phone = signed_in_on(&world, "host", "Android").await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Online"));
    drop(phone);
    assert_eq!(told(&world, &mut watcher).await, of("host", "PushOnline"));
    let now = status(&world, "host").await;
    assert_eq!(now["Status"], "PushOnline");
    assert_eq!(now["Detail"], json!([{"Platform": "Android", "Status": "PushOnline"}]));
    // One second has passed since it dropped off.
    world.clock.advance(WEEK_S - 2);
    assert_eq!(status(&world, "host").await["Status"], "PushOnline");
    world.clock.advance(1);
    assert_eq!(status(&world, "host").await["Status"], "Offline");

    let mut phone = signed_in_on(&world, "host", "Android").await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Online"));
    phone.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Offline"));

    let web = signed_in_on(&world, "host", "Web").await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Online"));
    drop(web);
    assert_eq!(
        told(&world, &mut watcher).await,
        of("host", "Offline"),
        "a browser takes no pushes"
    );

    let phone = signed_in_on(&world, "host", "iOS").await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Online"));
    drop(phone);
    assert_eq!(told(&world, &mut watcher).await, of("host", "PushOnline"));
    world.ok("im_open_login_svc/kick", json!({"UserID": "host"})).await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Offline"), "a kick ends this too");
}

#[tokio::test]
async fn an_account_is_online_until_its_last_login_goes() {
    let world = World::new().await;
    let mut watcher = signed_in_on(&world, "watcher", "Linux").await;
    assert_eq!(follow(&mut watcher, "host").await, "Offline");
    let mut web = signed_in_on(&world, "host", "Web").await;
    let mut desk = signed_in_on(&world, "host", "Windows").await;
    let mut desk_again = signed_in_on(&world, "host", "Windows").await;
    desk.close_code().await;
    web.raw(r#"{"t":"logout","id":9}"#).await;
    web.close_code().await;
    desk_again.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(told(&world, &mut watcher).await, of("host", "Online"));
    assert_eq!(
        told(&world, &mut watcher).await,
        of("host", "Offline"),
        "and nothing between the two"
    );
}

#[tokio::test]
async fn a_connection_follows_those_it_asked_for_last_and_at_most_a_hundred() {
    let world = World::new().await;
    let mut watcher = signed_in_on(&world, "watcher", "Linux").await;
    let many: Vec<String> = (0..101).map(|n| format!("u{n}")).collect();
    let refused = watcher.ask(json!({"t": "presence", "user_ids": many})).await;
    assert_eq!(refused["code"], 10005);
    let refused = watcher.ask(json!({"t": "presence", "user_ids": ["x".repeat(33)]})).await;
    assert_eq!(refused["code"], 10004);
    let answer = watcher.ask(json!({"t": "presence", "user_ids": &many[..100]})).await;
    assert_eq!(answer["accounts"].as_array().unwrap().len(), 100);
    let twice = watcher.ask(json!({"t": "presence", "user_ids": ["b", "watcher", "b"]})).await;
    assert_eq!(
        twice["accounts"],
        json!([{"user_id": "b", "status": "Offline"}, {"user_id": "watcher", "status": "Online"}])
    );
    let _left_behind = signed_in_on(&world, "u1", "Web").await;
    let _followed = signed_in_on(&world, "b", "Web").await;
    assert_eq!(told(&world, &mut watcher).await, of("b", "Online"), "u1 is followed no more");
    let nobody = watcher.ask(json!({"t": "presence", "user_ids": []})).await;
    assert_eq!(nobody["accounts"], json!([]));
}

#[tokio::test]
async fn a_kick_ends_every_login_and_only_those_of_accounts_that_exist() {
    let world = World::with_room().await;
    let mut first = world.in_room("a").await;
    let mut phone = signed_in_on(&world, "a", "Android").await;
    world.ok("im_open_login_svc/kick", json!({"Identifier": "a"})).await;
    for client in [&mut first, &mut phone] {
        let (frames, code) = client.close_code().await;
        assert_eq!(frames.last().unwrap()["t"], "kicked");
        assert_eq!(frames.last().unwrap()["cause"], "administrator");
        assert_eq!(code, 4002);
    }
    assert_eq!(status(&world, "a").await["Status"], "Offline");
    let nobody = json!({"UserID": "nobody"});
    assert_eq!(world.refused("im_open_login_svc/kick", nobody).await, 70107);
    assert_eq!(world.in_room("a").await.send_text("c1", "back").await["t"], "send_ok");
}

#[tokio::test]
async fn who_was_kicked_has_left_the_room_when_the_call_is_answered() {
    let world = World::with_room().await;
    let mut exits = Listener::to(&world, "Group.CallbackAfterMemberExit").await;
    let online = async || {
        let answer = world.ok("group_open_http_svc/get_online_member_num", json!({"GroupId": "r"}));
        answer.await["OnlineMemberNum"].clone()
    };
    let mut client = world.in_room("a").await;
    assert_eq!(online().await, 1);
    world.ok("im_open_login_svc/kick", json!({"Identifier": "a"})).await;
    assert_eq!(online().await, 0);
    let (_, exit) = exits.next().await;
    assert_eq!(exit["ExitMemberList"][0]["Member_Account"], "a");
    assert_eq!(client.close_code().await.1, 4002);
}

#[tokio::test]
async fn the_application_is_told_of_every_login_and_how_it_ended() {
    let heartbeat = Duration::from_secs(1);
    let times = chat_server::GatewayTimes { heartbeat, ..chat_server::GatewayTimes::default() };
    let world = World::with_times(times).await;
    let mut listener = Listener::to(&world, "State.StateChange").await;
    let mut next = async || {
        let (query, body) = listener.next().await;
        assert_eq!(body["CallbackCommand"], "State.StateChange");
        assert_eq!(body["Info"]["To_Account"], "a");
        assert!(body["EventTime"].is_u64());
        assert!(query.contains("ClientIP=127.0.0.1"), "{query}");
        let platform = query.split("OptPlatform=").nth(1).unwrap();
        let platform = platform.split('&').next().unwrap().to_owned();
        let text = |name: &str| body["Info"][name].as_str().unwrap().to_owned();
        (text("Action"), text("Reason"), platform, body["KickedDevice"].clone())
    };
    let event = |action: &str, reason: &str, platform: &str, kicked: Value| {
        (action.to_owned(), reason.to_owned(), platform.to_owned(), kicked)
    };

    let _first = signed_in_on(&world, "a", "Web").await;
    assert_eq!(next().await, event("Login", "Register", "Web", Value::Null));
    let second = signed_in_on(&world, "a", "Web").await;
    let kicked = json!([{"Platform": "Web"}]);
    assert_eq!(next().await, event("Login", "Register", "Web", kicked));
    drop(second);
    let dropped = next().await;
    assert_eq!(dropped, event("Disconnect", "LinkClose", "Web", Value::Null), "no Logout between");

    let mut phone = signed_in_on(&world, "a", "iOS").await;
    assert_eq!(next().await, event("Login", "Register", "IOS", Value::Null));
    phone.raw(r#"{"t":"logout","id":9}"#).await;
    assert_eq!(next().await, event("Logout", "Unregister", "IOS", Value::Null));

    let mut desk = signed_in_on(&world, "a", "Windows").await;
    assert_eq!(next().await, event("Login", "Register", "Windows", Value::Null));
    world.ok("im_open_login_svc/kick", json!({"UserID": "a"})).await;
    assert_eq!(next().await, event("Logout", "Unregister", "Windows", Value::Null));
    desk.close_code().await;

    let _silent = signed_in_on(&world, "a", "Mac").await;
    assert_eq!(next().await, event("Login", "Register", "Mac", Value::Null));
    assert_eq!(next().await, event("Disconnect", "TimeOut", "Mac", Value::Null));
}
