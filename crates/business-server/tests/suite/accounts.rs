//! Coming in: by name in development, by a token of the shop's identity server in production.

use acceptance::identity::{AUDIENCE, ISSUER, IdentityServer};
use chat_server::application;
use chat_server::clock::SystemClock;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::support::{ASSISTANT, Answer, Api, Opening, Shop};

/// A shop with an identity server of its own.
pub(crate) struct Identity(IdentityServer);

impl Identity {
    pub(crate) async fn start() -> Self {
        Self(IdentityServer::start().await)
    }

    pub(crate) fn opening(&self) -> Opening {
        let jwks_url = self.0.jwks_url.clone();
        Opening {
            configure: Box::new(move |config| {
                config.identity = Some(business_server::IdentityServer {
                    issuer: ISSUER.into(),
                    audience: AUDIENCE.into(),
                    jwks_url: jwks_url.clone(),
                    user_claim: "sub".into(),
                });
            }),
            ..Opening::default()
        }
    }

    pub(crate) fn token(&self, key_id: &str, claims: &Value) -> String {
        self.0.token(key_id, claims)
    }

    /// How often the keys were fetched.
    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// The id of the key that is told from now on; `None` while it fails.
    fn tell(&self, key_id: Option<&'static str>) {
        *self.0.tells.lock().unwrap() = key_id;
    }
}

pub(crate) async fn exchange(shop: &Shop, token: &str) -> Answer {
    shop.stranger().post("/token-exchange", json!({"token": token})).await
}

pub(crate) fn claims(shop: &Shop) -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "mei", "name": "Mei", "role": "host",
        "iat": shop.clock.now_s(), "exp": shop.clock.now_s() + 300})
}

#[tokio::test]
async fn a_name_is_enough_in_development_and_opens_both_services() {
    let shop = Shop::open().await;
    let body = json!({"name": " Mei ", "user_id": "mei"});
    let entry = shop.stranger().post_ok("/sign-in", body).await;
    assert_eq!((&entry["nick"], &entry["role"]), (&json!("Mei"), &json!("viewer")));
    assert_eq!(entry["sdk_app_id"], shop.app.sdk_app_id);
    let mut client = acceptance::gateway::Client::connect(&shop.chat.gateway_url()).await;
    let sig = entry["user_sig"].as_str().unwrap();
    let answer = client.login(shop.app.sdk_app_id.into(), "mei", sig).await;
    assert_eq!((&answer["t"], &answer["nick"]), (&json!("login_ok"), &json!("Mei")));
    let mut api = shop.stranger();
    api.token = entry["token"].as_str().unwrap().to_owned();
    assert_eq!(api.get_ok("/me").await["nick"], "Mei");
}

#[tokio::test]
async fn an_address_that_has_no_keys_stops_the_start() {
    let seen = Arc::new(Mutex::new(None));
    let of_config = Arc::clone(&seen);
    let opening = Opening {
        configure: Box::new(move |config| *of_config.lock().unwrap() = Some(config.clone())),
        ..Opening::default()
    };
    let _shop = Shop::closed_with(opening).await;
    for jwks_url in ["id.example/keys", "file:///etc/keys", "https://", ""] {
        let data = tempfile::tempdir().unwrap();
        let config = business_server::Config {
            data_dir: data.path().to_owned(),
            identity: Some(business_server::IdentityServer {
                issuer: ISSUER.into(),
                audience: AUDIENCE.into(),
                jwks_url: jwks_url.into(),
                user_claim: "sub".into(),
            }),
            ..seen.lock().unwrap().clone().unwrap()
        };
        let Err(error) = business_server::BusinessServer::start(config).await else {
            panic!("it started with {jwks_url:?}")
        };
        assert!(error.to_string().contains("--identity-jwks"), "{error}");
    }
}

#[tokio::test]
async fn in_production_a_name_is_not_enough() {
    let opening =
        Opening { configure: Box::new(|config| config.development = false), ..Opening::default() };
    let shop = Shop::closed_with(opening).await;
    let body = json!({"name": "Mei", "user_id": "mei"});
    assert_eq!(shop.stranger().post("/sign-in", body).await.problem(403), "forbidden");
    let token = json!({"token": "a.b.c"});
    assert_eq!(shop.stranger().post("/token-exchange", token).await.problem(403), "forbidden");
}

#[tokio::test]
async fn nobody_gets_the_user_sig_of_the_accounts_that_the_service_speaks_with() {
    let shop = Shop::open().await;
    for service in ["administrator", ASSISTANT] {
        let body = json!({"name": "Mei", "user_id": service});
        assert_eq!(shop.stranger().post("/sign-in", body).await.problem(403), "forbidden");
    }
}

#[tokio::test]
async fn nobody_gets_the_user_sig_of_an_administrator_of_the_application() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let mei = shop.sign_in("mei", "viewer").await;
    mei.post_ok("/renew", json!({})).await;
    let (storage, id) = (shop.chat.storage(), shop.app.sdk_app_id);
    for admin in ["second_admin", "mei"] {
        application::add_admin(storage, &SystemClock, id, admin).await.unwrap();
        let body = json!({"name": "Mei", "user_id": admin, "role": "viewer"});
        assert_eq!(shop.stranger().post("/sign-in", body).await.problem(403), "forbidden");
        let mut claims = claims(&shop);
        claims["sub"] = admin.into();
        let token = json!({"token": identity.token("first", &claims)});
        assert_eq!(shop.stranger().post("/token-exchange", token).await.problem(403), "forbidden");
    }
    assert_eq!(mei.post("/renew", json!({})).await.problem(403), "forbidden");
}

#[tokio::test]
async fn a_name_or_id_that_breaks_a_rule_is_refused_with_a_sentence() {
    let shop = Shop::open().await;
    for (name, user_id) in [
        ("", "mei"),
        ("x\u{7}", "mei"),
        (&*"x".repeat(33), "mei"),
        ("Mei", ""),
        ("Mei", "caf\u{e9}"),
    ] {
        let body = json!({"name": name, "user_id": user_id});
        assert_eq!(shop.stranger().post("/sign-in", body).await.problem(400), "invalid");
    }
}

#[tokio::test]
async fn a_token_of_the_identity_server_is_exchanged_for_ours() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let token = identity.token("first", &claims(&shop));
    let entry = shop.stranger().post_ok("/token-exchange", json!({"token": token})).await;
    assert_eq!((&entry["user_id"], &entry["role"]), (&json!("mei"), &json!("host")));
    let mut api = shop.stranger();
    api.token = entry["token"].as_str().unwrap().to_owned();
    let renewed = api.post_ok("/renew", json!({})).await;
    assert_eq!(renewed["user_id"], "mei");
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_refused() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let with = |name: &str, value: Value| {
        let mut claims = claims(&shop);
        claims[name] = value;
        identity.token("first", &claims)
    };
    let now_s = shop.clock.now_s();
    let other = EncodingKey::from_secret(b"the public keys").unwrap();
    let header = Header { kid: Some("first".into()), ..Header::new(Algorithm::HS256) };
    for wrong in [
        with("iss", json!("https://other.example")),
        with("aud", json!("another")),
        with("exp", json!(now_s - 31)),
        with("nbf", json!(now_s + 31)),
        with("iat", json!(now_s + 31)),
        with("iat", Value::Null),
        with("sub", json!("")),
        encode(&header, &claims(&shop), &other).unwrap(),
        "a.b.c".to_owned(),
        "x".repeat(10_000),
    ] {
        let answer = shop.stranger().post("/token-exchange", json!({"token": wrong})).await;
        assert_eq!(answer.problem(401), "identity", "{wrong}");
    }
}

#[tokio::test]
async fn a_claim_that_is_null_is_absent_and_a_role_that_is_none_is_told_those_there_are() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let with = |name: &str, value: Value| {
        let mut claims = claims(&shop);
        claims[name] = value;
        identity.token("first", &claims)
    };
    for wrong in [json!("emperor"), json!(3), json!(["host"])] {
        let answer = exchange(&shop, &with("role", wrong)).await;
        assert_eq!(answer.problem(401), "identity");
        let said = "the claim role has to be one of viewer, host, moderator, admin, or be left out";
        assert_eq!(answer.json()["detail"], said);
    }
    let answer = exchange(&shop, &with("name", json!(3))).await;
    assert_eq!(answer.problem(401), "identity");
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("the claim name"));
    for (claim, member, value) in
        [("nbf", "role", "host"), ("name", "nick", "mei"), ("role", "role", "viewer")]
    {
        shop.clock.advance_ms(1_000);
        let entry = exchange(&shop, &with(claim, Value::Null)).await.expect_status(200);
        assert_eq!(entry[member], value, "{claim}");
    }
}

#[tokio::test]
async fn a_name_that_is_shown_to_nobody_is_replaced_when_the_identity_server_tells_it() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let mut claims = claims(&shop);
    claims["name"] = "t.me/spam".into();
    let token = identity.token("first", &claims);
    let entry = shop.stranger().post_ok("/token-exchange", json!({"token": token})).await;
    assert!(entry["nick"].as_str().unwrap().starts_with("Guest "), "{entry}");
}

#[tokio::test]
async fn unknown_keys_do_not_make_the_identity_server_be_asked_again_and_again() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let first = exchange(&shop, &identity.token("second", &claims(&shop))).await;
    assert_eq!(first.problem(401), "identity");
    shop.clock.advance_ms(1_000);
    // By now it may be there.
    for _ in 0..5 {
        let answer = exchange(&shop, &identity.token("second", &claims(&shop))).await;
        assert_eq!(answer.problem(502), "identity_server");
        assert_eq!(answer.json()["retry_after_ms"], 9_000);
    }
    assert_eq!(identity.asked(), 1);
    shop.clock.advance_ms(9_000);
    let token = identity.token("second", &claims(&shop));
    shop.stranger().post("/token-exchange", json!({"token": token})).await.problem(401);
    assert_eq!(identity.asked(), 2);
}

#[tokio::test]
async fn an_identity_server_that_fails_once_lets_people_in_a_moment_later() {
    let identity = Identity::start().await;
    identity.tell(None);
    let shop = Shop::open_with(identity.opening()).await;
    let token = identity.token("first", &claims(&shop));
    for _ in 0..3 {
        let refused = exchange(&shop, &token).await;
        assert_eq!(refused.problem(502), "identity_server");
        assert_eq!(refused.json()["retry_after_ms"], 1_000);
    }
    assert_eq!(identity.asked(), 1, "it is left in peace for a second");
    identity.tell(Some("first"));
    shop.clock.advance_ms(1_000);
    exchange(&shop, &token).await.expect_status(200);
}

#[tokio::test]
async fn a_key_that_was_taken_back_opens_nothing_after_ten_minutes() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let mut claims = claims(&shop);
    claims["exp"] = json!(shop.clock.now_s() + 86_400);
    let token = identity.token("first", &claims);
    exchange(&shop, &token).await.expect_status(200);
    identity.tell(Some("second"));
    exchange(&shop, &token).await.expect_status(200);
    shop.clock.advance_ms(600_000);
    assert_eq!(exchange(&shop, &token).await.problem(401), "identity");
}

#[tokio::test]
async fn known_keys_hold_for_an_hour_while_the_identity_server_is_away() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let mut claims = claims(&shop);
    claims["exp"] = json!(shop.clock.now_s() + 86_400);
    let token = identity.token("first", &claims);
    exchange(&shop, &token).await.expect_status(200);
    identity.tell(None);
    shop.clock.advance_ms(3_599_000);
    exchange(&shop, &token).await.expect_status(200);
    shop.clock.advance_ms(1_000);
    assert_eq!(exchange(&shop, &token).await.problem(502), "identity_server");
}

#[tokio::test]
async fn times_in_a_token_may_have_fractions() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let mut claims = claims(&shop);
    claims["exp"] = json!(f64::from(u32::try_from(shop.clock.now_s()).unwrap()) + 300.5);
    claims["nbf"] = json!(f64::from(u32::try_from(shop.clock.now_s()).unwrap()) - 0.5);
    exchange(&shop, &identity.token("first", &claims)).await.expect_status(200);
}

#[tokio::test]
async fn a_token_outlives_a_restart_and_ends_with_its_time() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let shop = shop.business_restarted().await;
    let mut api = shop.stranger();
    api.token = mei.token;
    assert_eq!(api.get_ok("/me").await["user_id"], "mei");
    shop.clock.advance_ms(12 * 3_600 * 1_000);
    assert_eq!(api.get("/me").await.problem(401), "token_expired");
    api.token = "none".into();
    assert_eq!(api.get("/me").await.problem(401), "token");
    assert_eq!(shop.stranger().get("/me").await.problem(401), "token");
}

#[tokio::test]
async fn an_account_that_calls_too_often_is_told_when_it_may_again() {
    let opening =
        Opening { configure: Box::new(|config| config.calls_per_second = 3), ..Opening::default() };
    let shop = Shop::open_with(opening).await;
    let mei = shop.sign_in("mei", "viewer").await;
    let mut refused = None;
    for _ in 0..50 {
        let answer = mei.get("/me").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("fifty calls in a row are too many");
    assert_eq!(refused.problem(429), "rate");
    assert!(refused.json()["retry_after_ms"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn many_people_may_come_in_from_one_address_at_once() {
    let opening = Opening {
        configure: Box::new(|config| {
            config.calls_per_second = 2;
            config.entries_per_second = 5;
        }),
        ..Opening::default()
    };
    let shop = Shop::closed_with(opening).await;
    let stranger = shop.stranger();
    for number in 0..10 {
        let user = format!("u{number}");
        stranger.post_ok("/sign-in", json!({"name": user, "user_id": user})).await;
    }
    let mut refused = None;
    for _ in 0..1_000 {
        // No account, which is found out soon: faster than five in a second.
        let answer = stranger.post("/sign-in", json!({"name": "", "user_id": "mei"})).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a thousand in a row are too many");
    assert_eq!(refused.problem(429), "rate");
    assert!(refused.json()["detail"].as_str().unwrap().contains("address"));
}

#[tokio::test]
async fn what_was_taken_from_an_account_is_gone_from_its_old_tokens_too() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    boss.get_ok("/outbox").await;
    shop.sign_in("boss", "viewer").await;
    assert_eq!(boss.get("/outbox").await.problem(403), "forbidden");
    assert_eq!(boss.get_ok("/me").await["role"], "viewer");
    assert_eq!(boss.post_ok("/renew", json!({})).await["role"], "viewer");
}

#[tokio::test]
async fn an_administrator_of_the_application_stays_one_while_the_chat_service_is_away() {
    let shop = Shop::open().await;
    let mei = shop.sign_in("mei", "viewer").await;
    let jun = shop.sign_in("jun", "viewer").await;
    let id = shop.app.sdk_app_id;
    application::add_admin(shop.chat.storage(), &SystemClock, id, "mei").await.unwrap();
    application::add_admin(shop.chat.storage(), &SystemClock, id, "jun").await.unwrap();
    let enter = json!({"name": "mei", "user_id": "mei"});
    let refused = async |api: &Api, path: &str, body: Value| {
        assert_eq!(api.post(path, body).await.problem(403), "forbidden", "{path}");
    };
    // Both are refused once, and then nobody can be asked.
    refused(&shop.stranger(), "/sign-in", enter.clone()).await;
    refused(&jun, "/renew", json!({})).await;
    let stranger = shop.stranger();
    let shop = shop
        .without_chat(async move |_| {
            refused(&stranger, "/sign-in", enter).await;
            refused(&mei, "/renew", json!({})).await;
            refused(&jun, "/renew", json!({})).await;
        })
        .await;
    application::remove_admin(shop.chat.storage(), id, "mei").await.unwrap();
    shop.sign_in("mei", "viewer").await;
}

#[tokio::test]
async fn people_behind_a_trusted_proxy_have_a_rate_each() {
    let opening = Opening {
        configure: Box::new(|config| {
            config.entries_per_second = 1;
            config.trusted_proxies = "127.0.0.1".parse().unwrap();
            config.development_anywhere = true;
        }),
        ..Opening::default()
    };
    let shop = Shop::closed_with(opening).await;
    let stranger = shop.stranger();
    let enter = async |client: &str| {
        let body = json!({"name": "", "user_id": "mei"});
        let request = stranger.request(reqwest::Method::POST, "/sign-in").json(&body);
        // Whatever the client says of itself stands before what the proxy has seen.
        let claim = format!("6.6.6.6, {client}");
        stranger.send(request.header("x-forwarded-for", claim)).await.status
    };
    let mut answered = 400;
    for _ in 0..1_000 {
        answered = enter("203.0.113.9").await;
        if answered == 429 {
            break;
        }
    }
    assert_eq!(answered, 429, "a thousand in a row are too many");
    assert_eq!(enter("203.0.113.10").await, 400, "another client is not held back by it");
}

#[tokio::test]
async fn while_the_chat_service_is_away_only_who_was_here_before_comes_in() {
    let shop = Shop::open().await;
    shop.sign_in("mei", "viewer").await;
    let stranger = shop.stranger();
    let shop = shop
        .without_chat(async move |_| {
            let enter = async |name: &str, user: &str| {
                stranger.post("/sign-in", json!({"name": name, "user_id": user})).await
            };
            enter("mei", "mei").await.expect_status(200);
            assert_eq!(enter("Jun", "jun").await.problem(502), "chat");
            assert_eq!(enter("Another name", "mei").await.problem(502), "chat");
        })
        .await;
    shop.sign_in("jun", "viewer").await;
}
