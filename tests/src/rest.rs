//! Plain HTTP calls as an administrator.

use serde_json::{Value, json};
use tls_transport::{Trust, rustls};

use crate::liveroom;

/// A client for plain HTTP. The workspace's reqwest has TLS without a provider of its own, and asks
/// for one even here.
pub fn http() -> reqwest::Client {
    // A test before this one may have done it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// A client that believes these servers.
pub fn https(trust: &Trust) -> reqwest::Client {
    let tls = rustls::ClientConfig::clone(&trust.client_config().unwrap());
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

/// Speaks to one application of one service.
pub struct Administrator {
    http: reqwest::Client,
    pub rest: String,
    pub sdk_app_id: u64,
    pub key: String,
    user_sig: String,
}

impl Administrator {
    /// `app` is what `liveroom app create` printed.
    pub async fn of(rest: &str, app: &Value) -> Self {
        let sdk_app_id = app["sdk_app_id"].as_u64().unwrap();
        let key = app["key"].as_str().unwrap().to_owned();
        let user_sig = user_sig(sdk_app_id, &key, "administrator").await;
        Self { http: http(), rest: rest.to_owned(), sdk_app_id, key, user_sig }
    }

    pub async fn user_sig(&self, user: &str) -> String {
        user_sig(self.sdk_app_id, &self.key, user).await
    }

    pub async fn call(&self, path: &str, body: Value) -> Value {
        self.try_call(path, body).await.expect("an answer")
    }

    /// The answer, or none when the service is gone before it has given one.
    pub async fn try_call(&self, path: &str, body: Value) -> Option<Value> {
        let Self { rest, sdk_app_id, user_sig, .. } = self;
        let url = format!(
            "{rest}/v4/{path}?sdkappid={sdk_app_id}&identifier=administrator&usersig={user_sig}\
             &random=1&contenttype=json"
        );
        let answer = self.http.post(url).body(body.to_string()).send().await.ok()?;
        answer.json().await.ok()
    }

    pub async fn ok(&self, path: &str, body: Value) -> Value {
        let answer = self.call(path, body).await;
        assert_eq!(answer["ActionStatus"], "OK", "{path} answered {answer}");
        answer
    }

    /// Sends a text into a group; with `from` in the name of that account.
    pub async fn say(&self, group: &str, random: u32, from: Option<&str>, text: &str) {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        let mut body = json!({"GroupId": group, "Random": random, "MsgBody": [element]});
        if let Some(from) = from {
            body["From_Account"] = from.into();
        }
        self.ok("group_open_http_svc/send_group_msg", body).await;
    }

    pub async fn set_product(&self, group: &str, product: &str) {
        let field = json!([{"Key": "product", "Value": product}]);
        let body = json!({"GroupId": group, "AppDefinedData": field});
        self.ok("group_open_http_svc/modify_group_base_info", body).await;
    }
}

async fn user_sig(sdk_app_id: u64, key: &str, user: &str) -> String {
    let app = sdk_app_id.to_string();
    liveroom::print(["usersig", "--sdk-app-id", &app, "--key", key, "--user", user]).await
}
