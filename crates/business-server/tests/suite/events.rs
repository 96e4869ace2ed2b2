//! Events of the chat service, told to the business service by hand: signed as the chat service
//! signs them, at times that a test chooses.

use acceptance::rest::http;
use business_server::BusinessServer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use std::time::Duration;

use crate::support::{Api, PATIENCE, Shop, TestClock, WEBHOOK_TOKEN};

/// Asks again and again until it is so; after [`PATIENCE`] the test has failed.
pub(crate) async fn soon(what: &str, asked: impl AsyncFn() -> bool) {
    let asking = async {
        while !asked().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asking).await.is_ok(), "not so in time: {what}");
}

/// Asks again and again until it is so, and lets time pass meanwhile. What the chat service tells by
/// itself comes when it comes, so how much has to pass is not known.
pub(crate) async fn in_time(clock: &TestClock, what: &str, asked: impl AsyncFn() -> bool) {
    soon(what, async || {
        let is_so = asked().await;
        if !is_so {
            clock.advance_ms(1_000);
        }
        is_so
    })
    .await;
}

/// Tells events one after the other.
pub(crate) struct Events {
    url: String,
    sdk_app_id: u32,
    clock: Arc<TestClock>,
    http: reqwest::Client,
    admin: Api,
    /// Tells two events of the same words apart.
    number: AtomicU32,
}

impl Events {
    pub(crate) async fn of(shop: &Shop) -> Self {
        Self::at(shop, &shop.business).await
    }

    /// Tells them to this process.
    pub(crate) async fn at(shop: &Shop, business: &BusinessServer) -> Self {
        Self {
            url: business.webhook_url(),
            sdk_app_id: shop.app.sdk_app_id,
            clock: Arc::clone(&shop.clock),
            http: http(),
            admin: shop.sign_in("teller", "admin").await,
            number: AtomicU32::new(1_000),
        }
    }

    /// Tells one event. It has been stored when this returns, and not yet been processed.
    pub(crate) async fn tell(&self, body: &Value) {
        let command = body["CallbackCommand"].as_str().unwrap();
        let time = self.clock.now_s().to_string();
        let sign =
            hex::encode(Sha256::new().chain_update(WEBHOOK_TOKEN).chain_update(&time).finalize());
        let url = format!(
            "{}?SdkAppid={}&CallbackCommand={command}&contenttype=json&ClientIP=127.0.0.1\
             &OptPlatform=RESTAPI&RequestTime={time}&Sign={sign}",
            self.url, self.sdk_app_id
        );
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    /// Waits until everything that was told has been processed.
    pub(crate) async fn processed(&self) {
        soon("every event is processed", async || {
            self.admin.get_ok("/webhooks/figures").await["unheard"] == 0
        })
        .await;
    }

    fn next(&self) -> u32 {
        self.number.fetch_add(1, Ordering::SeqCst)
    }

    /// Somebody said something.
    pub(crate) async fn said(&self, room: &str, user: &str, text: &str, at_ms: u64) {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        self.tell(&self.message(room, user, &element, at_ms)).await;
    }

    /// Somebody sent a business message.
    pub(crate) async fn sent(&self, room: &str, user: &str, message: &Value, at_ms: u64) {
        let content = json!({"Data": message.to_string(), "Desc": "", "Ext": "", "Sound": ""});
        let element = json!({"MsgType": "TIMCustomElem", "MsgContent": content});
        self.tell(&self.message(room, user, &element, at_ms)).await;
    }

    pub(crate) fn message(&self, room: &str, user: &str, element: &Value, at_ms: u64) -> Value {
        let number = self.next();
        json!({"CallbackCommand": "Group.CallbackAfterSendMsg", "GroupId": room,
            "Type": "AVChatRoom", "From_Account": user, "Operator_Account": user,
            "Random": number, "OnlineOnlyFlag": 0, "MsgBody": [element], "CloudCustomData": "",
            "EventTime": at_ms, "MsgSeq": number, "MsgTime": at_ms / 1_000})
    }

    /// A message was not sent.
    pub(crate) async fn failed(&self, room: &str, user: &str, code: i32, at_ms: u64) {
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}});
        let mut body = self.message(room, user, &element, at_ms);
        body["CallbackCommand"] = "Group.CallbackSendMsgException".into();
        body["ErrorCode"] = code.into();
        body["ErrorInfo"] = "no".into();
        self.tell(&body).await;
    }

    pub(crate) async fn joined(&self, room: &str, user: &str, at_ms: u64) {
        self.tell(&json!({"CallbackCommand": "Group.CallbackAfterNewMemberJoin", "GroupId": room,
            "Type": "AVChatRoom", "JoinType": "Apply", "Operator_Account": user,
            "NewMemberList": [{"Member_Account": user}], "EventTime": at_ms}))
            .await;
    }

    pub(crate) async fn left(&self, room: &str, user: &str, at_ms: u64) {
        self.tell(&json!({"CallbackCommand": "Group.CallbackAfterMemberExit", "GroupId": room,
            "Type": "AVChatRoom", "ExitType": "Quit", "Operator_Account": user,
            "ExitMemberList": [{"Member_Account": user}], "EventTime": at_ms}))
            .await;
    }

    /// `state` is `Online` or `Offline`.
    pub(crate) async fn member(&self, room: &str, user: &str, state: &str) {
        self.tell(&json!({"CallbackCommand": "Group.CallbackOnMemberStateChange",
            "GroupId": room, "EventType": state, "MemberList": [{"Member_Account": user}]}))
            .await;
    }

    /// `action` is `Login`, `Logout` or `Disconnect`.
    pub(crate) async fn state(&self, user: &str, action: &str, at_ms: u64) {
        let reason = match action {
            "Login" => "Register",
            "Logout" => "Unregister",
            _ => "LinkClose",
        };
        self.tell(&json!({"CallbackCommand": "State.StateChange", "EventTime": at_ms,
            "Info": {"Action": action, "To_Account": user, "Reason": reason}}))
            .await;
    }
}
