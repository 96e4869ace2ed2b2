//! Who somebody is at the identity server, and which account that is.

use serde_json::{Value, json};

use crate::accounts::{Identity, claims, exchange};
use crate::support::{Opening, Shop};

async fn enter(shop: &Shop, identity: &Identity, changes: Value) -> Value {
    let mut claims = claims(shop);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    exchange(shop, &identity.token("first", &claims)).await.expect_status(200)
}

#[tokio::test]
async fn subjects_of_any_length_and_form_come_in_and_stay_the_same_person() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let mut seen = Vec::new();
    for subject in [
        "6fd9b1a2-6a53-4f0e-9a0c-0f7d6a1b9c3e",
        "mei.chen.of.the.northern.shop@mail.shop.example",
        "mei@shop.example",
        "https://id.example/people/7?x=y",
        "\u{5bb6}\u{5bb6}",
        "u_0123456789abcdef0123456789abcd",
        "deleted-1",
        &"x".repeat(512),
    ] {
        let first = enter(&shop, &identity, json!({"sub": subject})).await;
        let id = first["user_id"].as_str().unwrap().to_owned();
        assert!(id.len() <= 32 && id.is_ascii() && id != subject, "{subject} became {id}");
        assert_eq!(enter(&shop, &identity, json!({"sub": subject})).await["user_id"], id.as_str());
        assert!(!seen.contains(&id), "{id} is two people");
        seen.push(id);
    }
    assert_eq!(enter(&shop, &identity, json!({"sub": "Mei_01"})).await["user_id"], "Mei_01");
    let mut claims = claims(&shop);
    claims["sub"] = "x".repeat(513).into();
    let refused = exchange(&shop, &identity.token("first", &claims)).await;
    assert_eq!(refused.problem(401), "identity");
}

#[tokio::test]
async fn an_account_that_was_here_under_its_subject_stays_that_person_s() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    shop.sign_in("mei@shop.example", "viewer").await;
    let entry = enter(&shop, &identity, json!({"sub": "mei@shop.example"})).await;
    assert_eq!(entry["user_id"], "mei@shop.example");
}

#[tokio::test]
async fn another_claim_may_name_the_person() {
    let identity = Identity::start().await;
    let usual = identity.opening();
    let opening = Opening {
        configure: Box::new(move |config| {
            (usual.configure)(config);
            if let Some(server) = &mut config.identity {
                server.user_claim = "oid".into();
            }
        }),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    for (oid, user_id) in [(json!("jun"), "jun"), (json!(1042), "1042")] {
        assert_eq!(enter(&shop, &identity, json!({"oid": oid})).await["user_id"], user_id);
    }
    let refused = exchange(&shop, &identity.token("first", &claims(&shop))).await;
    assert_eq!(refused.problem(401), "identity");
}

#[tokio::test]
async fn a_name_that_is_too_long_is_cut_and_none_is_the_id() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    for (name, nick) in [
        ("\u{5bb6}".repeat(40), "\u{5bb6}".repeat(32)),
        (" Mei\u{7} ".to_owned(), "Mei".to_owned()),
        ("\u{7}".to_owned(), "mei".to_owned()),
        (String::new(), "mei".to_owned()),
    ] {
        assert_eq!(enter(&shop, &identity, json!({"name": name})).await["nick"], nick);
    }
}
