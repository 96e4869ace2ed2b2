//! Applications by command line, alone and beside a running service.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::liveroom::{self, Service};
use acceptance::rest::{Administrator, http};
use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;

const BEFORE_SEND: &str = "Group.CallbackBeforeSendMsg";

/// A data folder with one application.
struct Shop {
    dir: TempDir,
    /// What `liveroom app create` printed.
    app: Value,
}

impl Shop {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        let words = ["app", "create", "--name", "shop", "--data-dir", path];
        let app = serde_json::from_str(&liveroom::print(words).await).unwrap();
        Self { dir, app }
    }

    fn words(&self, words: &str) -> Vec<String> {
        let target = ["--sdk-app-id".to_owned(), self.app["sdk_app_id"].to_string()];
        let data = ["--data-dir".to_owned(), self.dir.path().to_str().unwrap().to_owned()];
        let words = words.split_whitespace().map(str::to_owned);
        ["app".to_owned()].into_iter().chain(words).chain(target).chain(data).collect()
    }

    /// What `liveroom app …` prints for the application.
    async fn app(&self, words: &str) -> Vec<Value> {
        let printed = liveroom::print(self.words(words)).await;
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn refused(&self, words: &str) -> String {
        liveroom::complaint(self.words(words)).await
    }
}

/// The URL of a receiver that answers every webhook with this.
async fn receiver(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(async move || answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

#[tokio::test]
async fn an_application_has_five_administrators_and_never_none() {
    let shop = Shop::new().await;
    for user in ["b", "c", "d", "e"] {
        shop.app(&format!("admin add --user {user}")).await;
    }
    let said = shop.refused("admin add --user f").await;
    assert!(said.contains("5 administrators") && said.contains("remove"), "{said}");
    let left = shop.app("admin remove --user b").await;
    assert_eq!(left[0]["admins"], json!(["administrator", "c", "d", "e"]));
    shop.app("admin add --user f").await;
    for user in ["administrator", "c", "d", "e"] {
        shop.app(&format!("admin remove --user {user}")).await;
    }
    let said = shop.refused("admin remove --user f").await;
    assert!(said.contains("last administrator"), "{said}");
}

#[tokio::test]
async fn fields_keep_the_rules_of_the_console_and_only_their_rights_change() {
    let shop = Shop::new().await;
    let product = shop.app("field add --name product").await.remove(0);
    assert_eq!(product["group_types"], json!(["AVChatRoom"]));
    assert_eq!((&product["read"], &product["write"]), (&json!("anyone"), &json!("app-admin")));
    let words =
        "field add --name notice --group-types Public,AVChatRoom --read member --write owner";
    let notice = shop.app(words).await.remove(0);
    assert_eq!((&notice["read"], &notice["write"]), (&json!("member"), &json!("owner")));
    shop.app("field add-member --name level").await;

    for (words, reason) in [
        ("field add --name 1st", "do not start with a digit"),
        ("field add --name product", "already"),
        ("field add --name level", "another name"),
        ("field add --name other --group-types Chat", "AVChatRoom"),
        ("field add --name other --read nobody", "app-admin"),
        ("field rights --name product", "--read"),
        ("field rights --name absent --read member", "add it first"),
    ] {
        let said = shop.refused(words).await;
        assert!(said.contains(reason), "{words}: {said}");
    }

    let changed = shop.app("field rights --name product --write owner").await.remove(0);
    assert_eq!((&changed["read"], &changed["write"]), (&json!("anyone"), &json!("owner")));
    for number in 3..=10 {
        shop.app(&format!("field add --name f{number}")).await;
    }
    let said = shop.refused("field add --name f11").await;
    assert!(said.contains("10 custom group fields"), "{said}");
    let listed = shop.app("field list").await;
    let of = |kind: &str| listed.iter().filter(|field| field["of"] == kind).count();
    assert_eq!((of("group"), of("member")), (10, 1));
}

#[tokio::test]
async fn webhooks_are_set_switched_and_tried_and_their_token_is_never_printed() {
    let shop = Shop::new().await;
    let said = shop.refused("callback test").await;
    assert!(said.contains("set one first"), "{said}");
    let said = shop.refused("callback set --url ftp://example.com").await;
    assert!(said.contains("http"), "{said}");
    shop.refused("callback set --url http://example.com/?a=b").await;

    let url = receiver(r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#).await;
    let set = shop.app(&format!("callback set --url {url} --token -sesame")).await.remove(0);
    assert_eq!(set["url"], url.as_str());
    let all = shop.app("callback switch --command all --on").await.remove(0);
    let all: BTreeSet<&str> =
        all["commands"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(all.contains(BEFORE_SEND) && all.len() > 10, "{all:?}");
    let words = format!("callback switch --command {BEFORE_SEND} --off");
    let fewer = shop.app(&words).await.remove(0);
    assert_eq!(fewer["commands"].as_array().unwrap().len(), all.len() - 1);
    let said = shop.refused("callback switch --command Group.Nothing --on").await;
    assert!(said.contains(BEFORE_SEND), "the names are given: {said}");
    let said = shop.refused("callback switch --command all --on --off").await;
    assert!(said.contains("--off"), "{said}");
    let policy = shop.app("callback policy --on-failure reject").await.remove(0);
    assert_eq!(policy["on_failure"], "reject");

    let tried = shop.app("callback test").await.remove(0);
    assert!(tried["url"].as_str().unwrap().contains("Sign="), "a call with a token is signed");
    assert_eq!(tried["request"]["CallbackCommand"], BEFORE_SEND);
    assert_eq!((&tried["status"], &tried["answer"]["ErrorCode"]), (&json!(200), &json!(0)));
    for words in ["callback test", "show", "callback policy --on-failure allow"] {
        let printed = liveroom::print(shop.words(words)).await;
        assert!(!printed.contains("sesame"), "{words} prints the token");
    }

    let confused = receiver("hello").await;
    shop.app(&format!("callback set --url {confused}")).await;
    let output = liveroom::run(shop.words("callback test")).await;
    assert!(!output.status.success(), "a script sees that the receiver is not right");
    let tried: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(tried["answer"], "hello");
    assert!(tried["error"].as_str().unwrap().contains("JSON"), "{tried}");
}

#[tokio::test]
async fn editions_and_settings_are_shown_with_everything_else() {
    let shop = Shop::new().await;
    let path = shop.dir.path().to_str().unwrap();
    let listed = liveroom::print(["app", "list", "--data-dir", path]).await;
    let key = shop.app["key"].as_str().unwrap();
    assert!(!listed.contains(key), "a list is for everybody's eyes");

    shop.app("edition --to ultimate").await;
    let changed = shop.app("setting --name recall_window_s --value 60").await;
    assert_eq!(changed.len(), 1);
    assert_eq!((&changed[0]["value"], &changed[0]["default"]), (&json!("60"), &json!("120")));
    for (words, reason) in [
        ("setting --name recall_window_s --value 0", "604800"),
        ("setting --name recall_window_s --value -1", "604800"),
        ("setting --name recal --value on", "recall_window_s"),
        ("setting --name recall", "--value"),
        ("edition --to gold", "ultimate"),
    ] {
        let said = shop.refused(words).await;
        assert!(said.contains(reason), "{words}: {said}");
    }
    let settings = shop.app("setting").await;
    assert!(settings.iter().all(|setting| !setting["help"].as_str().unwrap().is_empty()));
    shop.app("admin add --user second").await;
    let field = shop.app("field add --name product --read member --group-types Public").await;
    shop.app("field add-member --name level").await;
    let callbacks =
        shop.app("callback set --url http://127.0.0.1:1/hook --token sesame").await.remove(0);
    let shown = shop.app("show").await.remove(0);
    assert_eq!(
        (&shown["name"], &shown["admins"]),
        (&json!("shop"), &json!(["administrator", "second"]))
    );
    for part in ["name", "read", "write", "group_types"] {
        assert_eq!(shown["fields"][0][part], field[0][part], "{part}");
    }
    assert_eq!(shown["member_fields"], json!(["level"]));
    assert_eq!((&shown["callbacks"], &shown["callbacks"]["token"]), (&callbacks, &json!("set")));
    assert_eq!(shown["changed_settings"], json!(["recall_window_s"]));
    assert_eq!(shown["key"], key);
    assert_eq!(shown["edition"], "ultimate");
    assert_eq!(shown["settings"]["recall_window_s"], "60");
    assert_eq!(shown["settings"].as_object().unwrap().len(), settings.len());

    let empty = tempfile::tempdir().unwrap();
    let elsewhere = empty.path().to_str().unwrap();
    let said = liveroom::complaint(["app", "list", "--data-dir", elsewhere]).await;
    assert!(said.contains("check --data-dir"), "{said}");
    let none = empty.path().read_dir().unwrap().count();
    assert_eq!(none, 0, "a mistyped folder stays as it was");
}

/// Calls as this account until the code of the answer is the wanted one.
async fn until_code(admin: &Administrator, user: &str, path: &str, body: &Value, wanted: i64) {
    let sig = admin.user_sig(user).await;
    let url = format!(
        "{}/v4/{path}?sdkappid={}&identifier={user}&usersig={sig}&random=1&contenttype=json",
        admin.rest, admin.sdk_app_id
    );
    let http = http();
    let asking = async {
        loop {
            let answer = http.post(&url).body(body.to_string()).send().await.unwrap();
            if answer.json::<Value>().await.unwrap()["ErrorCode"] == wanted {
                break;
            }
        }
    };
    timeout(PATIENCE, asking).await.expect("the service takes the change over");
}

#[tokio::test]
async fn a_running_service_takes_changes_over() {
    let shop = Shop::new().await;
    let service = Service::start(shop.dir.path()).await;
    let admin = Administrator::of(&service.rest, &shop.app).await;
    let room = json!({"Type": "AVChatRoom", "Name": "Sale", "GroupId": "r"});
    admin.ok("group_open_http_svc/create_group", room).await;

    let (online, group) = ("group_open_http_svc/get_online_member_num", json!({"GroupId": "r"}));
    until_code(&admin, "second", online, &group, 60010).await;
    shop.app("admin add --user second").await;
    until_code(&admin, "second", online, &group, 0).await;
    shop.app("admin remove --user second").await;
    until_code(&admin, "second", online, &group, 60010).await;

    let change = "group_open_http_svc/modify_group_base_info";
    let product = json!({"GroupId": "r", "AppDefinedData": [{"Key": "product", "Value": "cup"}]});
    assert_ne!(admin.call(change, product.clone()).await["ErrorCode"], 0);
    shop.app("field add --name product").await;
    until_code(&admin, "administrator", change, &product, 0).await;

    let text = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}});
    let message = json!({"GroupId": "r", "Random": 7, "MsgBody": [text]});
    let send = "group_open_http_svc/send_group_msg";
    let url = receiver(r#"{"ActionStatus":"OK","ErrorCode":1,"ErrorInfo":"no"}"#).await;
    shop.app(&format!("callback set --url {url}")).await;
    shop.app(&format!("callback switch --command {BEFORE_SEND} --on")).await;
    // A repeat of a message is answered as the first was: each attempt is a new one.
    let attempts = async {
        for random in 1_u32.. {
            let message = json!({"GroupId": "r", "Random": random, "MsgBody": message["MsgBody"]});
            if admin.call(send, message).await["ErrorCode"] == 10016 {
                break;
            }
        }
    };
    timeout(PATIENCE, attempts).await.expect("the webhook is asked");
    shop.app(&format!("callback switch --command {BEFORE_SEND} --off")).await;
    until_code(&admin, "administrator", send, &message, 0).await;
    service.terminate().await;
}
