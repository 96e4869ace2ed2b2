//! The `liveroom` binary as a process, driven by plain HTTP and by two WebSocket clients.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::gateway::Client;
use acceptance::liveroom::{self, Service};
use acceptance::rest::Administrator;
use serde_json::{Value, json};
use std::path::Path;

const GROUPS: &str = "group_open_http_svc";

async fn create_app(data_dir: &Path) -> Value {
    let dir = data_dir.to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", dir]).await;
    serde_json::from_str(&printed).unwrap()
}

async fn add_field(data_dir: &Path, app: &Value, name: &str) -> String {
    let (id, dir) = (app["sdk_app_id"].to_string(), data_dir.to_str().unwrap());
    liveroom::print(["app", "field", "add", "--sdk-app-id", &id, "--name", name, "--data-dir", dir])
        .await
}

#[tokio::test]
async fn a_room_is_made_by_http_and_two_clients_talk_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let app = create_app(dir.path()).await;
    assert_eq!(app["key"].as_str().unwrap().len(), 64);
    add_field(dir.path(), &app, "product").await;
    let service = Service::start(dir.path()).await;
    let admin = Administrator::of(&service.rest, &app).await;
    admin.ok("im_open_login_svc/account_import", json!({"UserID": "h", "Nick": "Host"})).await;
    let room = json!({"Type": "AVChatRoom", "Name": "Sale", "GroupId": "r", "Owner_Account": "h"});
    admin.ok(&format!("{GROUPS}/create_group"), room).await;

    let mut clients = Vec::new();
    for user in ["one", "two"] {
        let mut client = Client::connect(&service.gateway).await;
        let sig = admin.user_sig(user).await;
        assert_eq!(client.login(admin.sdk_app_id, user, &sig).await["t"], "login_ok");
        let joined = client.ask(json!({"t": "join", "group_id": "r"})).await;
        assert_eq!(joined["group"]["name"], "Sale");
        clients.push(client);
    }
    let [one, two] = clients.as_mut_slice() else { unreachable!("two clients") };

    let sent = one.send_text("r", "c1", "hello two").await;
    let heard = two.kind("messages").await["messages"][0].clone();
    assert_eq!(heard["seq"], sent["seq"]);
    assert_eq!(heard["elements"][0]["MsgContent"]["Text"], "hello two");

    admin.say("r", 1, None, "hello both").await;
    for client in [&mut *one, &mut *two] {
        let heard = client.kind("messages").await["messages"][0].clone();
        assert_eq!(heard["from"], "administrator");
    }

    admin.set_product("r", "{\"id\":\"cup\"}").await;
    let tip = one.kind("group_info_changed").await;
    let change = json!({"field": "custom", "key": "product", "value": "{\"id\":\"cup\"}"});
    assert_eq!(tip["changes"], json!([change]));

    let online =
        admin.ok(&format!("{GROUPS}/get_online_member_num"), json!({"GroupId": "r"})).await;
    assert_eq!(online["OnlineMemberNum"], 2);

    // A field that is added while the service runs can be written at once.
    add_field(dir.path(), &app, "notice").await;
    let notice = json!({"GroupId": "r", "AppDefinedData": [{"Key": "notice", "Value": "n"}]});
    admin.ok(&format!("{GROUPS}/modify_group_base_info"), notice).await;

    admin.ok(&format!("{GROUPS}/destroy_group"), json!({"GroupId": "r"})).await;
    two.kind("group_dismissed").await;

    let (status, printed) = service.terminate().await;
    assert_eq!(status.code(), Some(0), "an orderly end has status 0");
    assert_eq!(printed, "", "stdout has the ready line and nothing else");
    assert!(one.until(|frame| frame["t"] == "shutting_down").await.is_some(), "clients are told");
    assert!(one.until(|_| false).await.is_none(), "and their connections are closed");
}

#[tokio::test]
async fn what_was_configured_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let app = create_app(dir.path()).await;
    add_field(dir.path(), &app, "product").await;
    let service = Service::start(dir.path()).await;
    let admin = Administrator::of(&service.rest, &app).await;
    let room = json!({"Type": "AVChatRoom", "Name": "Sale", "GroupId": "r"});
    admin.ok(&format!("{GROUPS}/create_group"), room).await;
    admin.set_product("r", "cup").await;
    admin.say("r", 1, None, "one").await;
    service.terminate().await;

    let service = Service::start(dir.path()).await;
    let admin = Administrator::of(&service.rest, &app).await;
    let info = admin.ok(&format!("{GROUPS}/get_group_info"), json!({"GroupIdList": ["r"]})).await;
    assert_eq!(info["GroupInfo"][0]["NextMsgSeq"], 2);
    let product = json!([{"Key": "product", "Value": "cup"}]);
    assert_eq!(info["GroupInfo"][0]["AppDefinedData"], product);
}

#[tokio::test]
async fn a_wrong_argument_is_answered_with_a_sentence_and_a_status() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let app = create_app(dir.path()).await;
    let id = app["sdk_app_id"].to_string();
    let field = |id: &str, name: &str| {
        let words = ["app", "field", "add", "--sdk-app-id", id, "--name", name, "--data-dir", path];
        words.map(str::to_owned)
    };
    let said = liveroom::complaint(field(&id, "1product")).await;
    assert!(said.contains("do not start with a digit"), "{said}");
    let said = liveroom::complaint(field("5", "product")).await;
    assert!(said.contains("no application 5"), "{said}");

    let key = app["key"].as_str().unwrap();
    let long = "x".repeat(33);
    let words = ["usersig", "--sdk-app-id", &id, "--key", key, "--user", &long];
    let said = liveroom::complaint(words).await;
    assert!(said.contains("1 to 32 bytes"), "{said}");

    let service = Service::start(dir.path()).await;
    let taken = service.rest.strip_prefix("http://").unwrap();
    let free = "127.0.0.1:0";
    let said = liveroom::complaint(["serve", "--listen", free, "--data-dir", path]).await;
    assert!(said.contains("another service runs on the data folder"), "{said}");
    let other = tempfile::tempdir().unwrap();
    let other = other.path().to_str().unwrap();
    let said = liveroom::complaint(["serve", "--listen", taken, "--data-dir", other]).await;
    assert!(said.contains("choose another address or port"), "{said}");
}
