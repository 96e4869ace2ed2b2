//! How long somebody stays in, and what ends it at once.

use acceptance::gateway::Client;
use serde_json::{Value, json};
use std::time::Duration;

use crate::accounts::{Identity, claims, exchange};
use crate::events::soon;
use crate::proxy::Proxy;
use crate::support::{Api, Opening, ROOM, Shop};
use crate::webhooks::{Hook, asked, wants_in};

const HOUR_MS: u64 = 3_600_000;

fn with_token(shop: &Shop, entry: &Value) -> Api {
    let mut api = shop.stranger();
    api.token = entry["token"].as_str().unwrap().to_owned();
    api
}

/// Renews by a token and goes on with the new one.
async fn renewed(shop: &Shop, api: &Api) -> (Api, Value) {
    let entry = api.post_ok("/renew", json!({})).await;
    (with_token(shop, &entry), entry)
}

#[tokio::test]
async fn nobody_renews_for_ever() {
    let shop = Shop::open().await;
    let mut mei = shop.sign_in("mei", "viewer").await;
    let began_s = shop.clock.now_s();
    let end_s = began_s + 30 * 86_400;
    loop {
        shop.clock.advance_ms(11 * HOUR_MS);
        if shop.clock.now_s() >= end_s {
            break;
        }
        let (next, entry) = renewed(&shop, &mei).await;
        for ends in ["token_ends_at_s", "user_sig_ends_at_s"] {
            assert!(entry[ends].as_u64().unwrap() <= end_s, "{ends}");
        }
        assert_eq!(entry["session_ends_at_s"], end_s);
        mei = next;
    }
    let refused = mei.post("/renew", json!({})).await;
    assert_eq!(refused.problem(401), "session_ended");
    assert!(refused.text.contains("sign in again"), "{}", refused.text);
}

#[tokio::test]
async fn who_was_vouched_for_comes_back_to_the_identity_server_within_a_day() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let entry = exchange(&shop, &identity.token("first", &claims(&shop))).await.expect_status(200);
    assert_eq!(entry["session_ends_at_s"], shop.clock.now_s() + 86_400);
    let mut mei = with_token(&shop, &entry);
    for _ in 0..2 {
        shop.clock.advance_ms(11 * HOUR_MS);
        mei = renewed(&shop, &mei).await.0;
    }
    shop.clock.advance_ms(2 * HOUR_MS);
    assert_eq!(mei.post("/renew", json!({})).await.problem(401), "session_ended");
}

#[tokio::test]
async fn the_length_of_a_session_is_configured() {
    let opening = Opening {
        configure: Box::new(|config| config.session_lifetime = Some(Duration::from_secs(60))),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let entry = shop.stranger().post_ok("/sign-in", json!({"name": "m", "user_id": "mei"})).await;
    let end_s = shop.clock.now_s() + 60;
    for ends in ["token_ends_at_s", "user_sig_ends_at_s", "session_ends_at_s"] {
        assert_eq!(entry[ends], end_s, "{ends}");
    }
}

#[tokio::test]
async fn an_older_token_of_the_identity_server_does_not_bring_a_role_back() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let now_s = shop.clock.now_s();
    let token = |role: &str, issued_s: u64| {
        let mut claims = claims(&shop);
        claims["role"] = role.into();
        claims["iat"] = issued_s.into();
        identity.token("first", &claims)
    };
    let (admin, demoted) = (token("admin", now_s - 20), token("viewer", now_s - 10));
    let boss = with_token(&shop, &exchange(&shop, &admin).await.expect_status(200));
    boss.get_ok("/outbox").await;
    // The same token may come twice.
    exchange(&shop, &admin).await.expect_status(200);
    exchange(&shop, &demoted).await.expect_status(200);
    assert_eq!(boss.get("/outbox").await.problem(403), "forbidden");
    assert_eq!(exchange(&shop, &admin).await.problem(401), "identity");
    assert_eq!(boss.post_ok("/renew", json!({})).await["role"], "viewer");
    // Nor does one of the very same time that promises more.
    assert_eq!(exchange(&shop, &token("admin", now_s - 10)).await.problem(401), "identity");
    assert_eq!(boss.get_ok("/me").await["role"], "viewer");
    let restored = exchange(&shop, &token("admin", now_s)).await.expect_status(200);
    assert_eq!(restored["role"], "admin");
}

#[tokio::test]
async fn signing_out_ends_every_device_and_lets_in_anew() {
    let shop = Shop::open().await;
    let entry = shop.stranger().post_ok("/sign-in", json!({"name": "m", "user_id": "mei"})).await;
    let (first, second) = (with_token(&shop, &entry), shop.sign_in("mei", "viewer").await);
    let mut device = Client::connect(&shop.chat.gateway_url()).await;
    let id = shop.app.sdk_app_id.into();
    device.login(id, "mei", entry["user_sig"].as_str().unwrap()).await;
    first.post("/sign-out", json!({})).await.expect_status(204);
    for api in [&first, &second] {
        assert_eq!(api.get("/me").await.problem(401), "token_revoked");
        assert_eq!(api.post("/renew", json!({})).await.problem(401), "token_revoked");
    }
    device.kind("kicked").await;
    assert_eq!(shop.sign_in("mei", "viewer").await.get_ok("/me").await["user_id"], "mei");
}

#[tokio::test]
async fn a_token_that_was_taken_back_stays_so_after_a_restart() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    mei.post("/sign-out", json!({})).await.expect_status(204);
    let shop = shop.business_restarted().await;
    let mut again = shop.stranger();
    again.token = mei.token;
    assert_eq!(again.get("/me").await.problem(401), "token_revoked");
}

#[tokio::test]
async fn a_login_is_ended_when_the_chat_service_is_back() {
    let shop = Shop::open().await;
    let (boss, mei) = (shop.sign_in("boss", "admin").await, shop.sign_in("mei", "viewer").await);
    let database = shop.database().await;
    let shop = shop
        .without_chat(async move |_| {
            boss.delete("/accounts/mei/tokens").await.expect_status(204);
            assert_eq!(mei.get("/me").await.problem(401), "token_revoked");
            soon("it has been tried", async || {
                let attempts = sqlx::query_scalar("SELECT attempts FROM account_jobs");
                attempts.fetch_one(&database).await.is_ok_and(|attempts: i64| attempts > 0)
            })
            .await;
        })
        .await;
    let mut device = shop.watch("mei", ROOM).await;
    // What has failed waits until some time has passed.
    shop.clock.advance_ms(600_000);
    device.client.kind("kicked").await;
}

#[tokio::test]
async fn a_blocked_account_is_kept_out_everywhere() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let boss = shop.sign_in("boss", "admin").await;
    let mut lasting = claims(&shop);
    lasting["exp"] = json!(shop.clock.now_s() + 86_400);
    let token = identity.token("first", &lasting);
    let mei = with_token(&shop, &exchange(&shop, &token).await.expect_status(200));
    let mut device = shop.watch("mei", ROOM).await;
    assert_eq!(device.say("c1", "hello").await["t"], "send_ok");
    let blocked = boss.put_ok("/accounts/mei/block", json!({})).await;
    assert_eq!(blocked["blocked_since_s"], shop.clock.now_s());

    assert_eq!(mei.get("/me").await.problem(403), "blocked");
    device.client.kind("kicked").await;
    let by_name = json!({"name": "Mei", "user_id": "mei"});
    assert_eq!(shop.stranger().post("/sign-in", by_name.clone()).await.problem(403), "blocked");
    shop.clock.advance_ms(1_000);
    let fresh = identity.token("first", &claims(&shop));
    assert_eq!(exchange(&shop, &fresh).await.problem(403), "blocked");

    // Its UserSig still holds at the chat service; there the webhooks keep it out.
    let hook = Hook::of(&shop);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    let like = json!([{"MsgType": "TIMCustomElem", "MsgContent":
        {"Data": r#"{"t":"like","batch":"b","count":3}"#, "Desc": "", "Ext": "", "Sound": ""}}]);
    for said in [text, like] {
        let message = asked("mei", said, 7).to_string();
        let (_, answer) = hook.post("Group.CallbackBeforeSendMsg", message).await;
        assert_eq!(answer["ErrorCode"], 10_121, "{answer}");
    }
    let (_, answer) = hook.post("Group.CallbackBeforeApplyJoinGroup", wants_in("mei")).await;
    assert_eq!(answer["ErrorCode"], 10_121, "{answer}");
    let mut device = Client::connect(&shop.chat.gateway_url()).await;
    let sig = shop.user_sig("mei");
    device.login(shop.app.sdk_app_id.into(), "mei", &sig).await;
    device.kind("kicked").await;

    boss.delete("/accounts/mei/block").await.expect_status(200);
    // What the identity server issued before the block does not open anything.
    assert_eq!(exchange(&shop, &token).await.problem(401), "identity");
    shop.stranger().post_ok("/sign-in", by_name).await;
    soon("it may come in again", async || {
        let mut device = Client::connect(&shop.chat.gateway_url()).await;
        device.login(shop.app.sdk_app_id.into(), "mei", &sig).await;
        device.ask(json!({"t": "join", "group_id": ROOM})).await["t"] == "join_ok"
    })
    .await;
}

#[tokio::test]
async fn who_was_blocked_in_a_room_does_not_come_back_into_it() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    shop.sign_in("mei", "viewer").await;
    let mut device = shop.watch("mei", ROOM).await;
    boss.put_ok("/accounts/mei/block", json!({})).await;
    device.client.kind("kicked").await;
    // In the time in which a connection that broke would be taken back unasked.
    let mut device = Client::connect(&shop.chat.gateway_url()).await;
    device.login(shop.app.sdk_app_id.into(), "mei", &shop.user_sig("mei")).await;
    let join = device.send(json!({"t": "join", "group_id": ROOM})).await;
    // It is refused, unless the login is ended before.
    let answer = device.until(|frame| frame["id"] == join || frame["t"] == "kicked").await.unwrap();
    assert!(answer["code"] == 10_121 || answer["t"] == "kicked", "{answer}");
}

#[tokio::test]
async fn likes_of_who_is_blocked_pass_nowhere_also_where_nobody_counts_them() {
    let configure = Box::new(|config: &mut business_server::Config| config.count_likes = false);
    let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
    let (boss, hook) = (shop.sign_in("boss", "admin").await, Hook::of(&shop));
    shop.sign_in("mei", "viewer").await;
    let like = json!([{"MsgType": "TIMCustomElem", "MsgContent":
        {"Data": r#"{"t":"like","batch":"b","count":3}"#, "Desc": "", "Ext": "", "Sound": ""}}]);
    for expected in [0, 10_121] {
        let message = asked("mei", like.clone(), 7).to_string();
        let (_, answer) = hook.post("Group.CallbackBeforeSendMsg", message).await;
        assert_eq!(answer["ErrorCode"], expected, "{answer}");
        boss.put_ok("/accounts/mei/block", json!({})).await;
    }
}

#[tokio::test]
async fn what_was_taken_back_opens_nothing_also_for_who_has_exchanged_nothing_before() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let boss = shop.sign_in("boss", "admin").await;
    shop.sign_in("mei", "viewer").await;
    let token = identity.token("first", &claims(&shop));
    shop.clock.advance_ms(1_000);
    boss.delete("/accounts/mei/tokens").await.expect_status(204);
    assert_eq!(exchange(&shop, &token).await.problem(401), "identity");
    let known = sqlx::query_scalar("SELECT count(*) FROM account_subjects");
    let known: i64 = known.fetch_one(&shop.database().await).await.unwrap();
    assert_eq!(known, 0, "what is refused leaves nothing behind");
    shop.clock.advance_ms(1_000);
    let fresh = identity.token("first", &claims(&shop));
    exchange(&shop, &fresh).await.expect_status(200);
}

#[tokio::test]
async fn a_renewal_gives_nothing_that_was_taken_back_while_it_was_on_its_way() {
    let proxy = Proxy::start().await;
    let shop = Shop::open_with(proxy.opening()).await;
    let boss = shop.sign_in("boss", "admin").await;
    let mei = shop.sign_in("mei", "viewer").await;
    // The chat service is asked whether the account is an administrator by now.
    let asked = proxy.hold("/account_check");
    let renewal = tokio::spawn(async move { mei.post("/renew", json!({})).await });
    asked.come.notified().await;
    boss.delete("/accounts/mei/tokens").await.expect_status(204);
    asked.go.notify_one();
    assert_eq!(renewal.await.unwrap().problem(401), "token_revoked");
}

#[tokio::test]
async fn a_key_from_outside_signs_the_tokens() {
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    let opening = Opening {
        configure: Box::new(|config| config.token_key = Some(business_server::Secret::new(KEY))),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let mei = shop.sign_in("mei", "viewer").await;
    let secret = shop.secret_of_database("token_key").await;
    assert_eq!(secret, None, "a copy of the database opens nothing");
    let shop = shop.business_restarted().await;
    let mut again = shop.stranger();
    again.token = mei.token;
    again.get_ok("/me").await;
}
