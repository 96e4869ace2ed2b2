//! What administrators see of accounts and do to them.

use serde_json::{Value, json};

use crate::persons::until_free;
use crate::support::{Api, Shop};

async fn ids(boss: &Api, query: &str) -> Vec<String> {
    let page = boss.get_ok(&format!("/accounts?{query}")).await;
    let id = |account: &Value| account["user_id"].as_str().unwrap().to_owned();
    page["accounts"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn accounts_are_found_by_id_name_role_and_block() {
    let shop = Shop::closed().await;
    let boss = shop.sign_in("boss", "admin").await;
    for (user, name, role) in
        [("mei", "Mei", "viewer"), ("u7", "MEILIN", "viewer"), ("u8", "Jun", "host")]
    {
        let body = json!({"name": name, "user_id": user, "role": role});
        shop.stranger().post_ok("/sign-in", body).await;
    }
    boss.put_ok("/accounts/u8/block", json!({})).await;
    assert_eq!(ids(&boss, "").await, ["boss", "mei", "u7", "u8"]);
    assert_eq!(ids(&boss, "prefix=mei").await, ["mei", "u7"]);
    assert_eq!(ids(&boss, "prefix=u").await, ["u7", "u8"]);
    assert_eq!(ids(&boss, "role=host").await, ["u8"]);
    assert_eq!(ids(&boss, "blocked=true").await, ["u8"]);
    assert_eq!(ids(&boss, "blocked=false&after=boss").await, ["mei", "u7"]);
    assert!(ids(&boss, "prefix=%25").await.is_empty());
    assert_eq!(boss.get_ok("/accounts/u7").await["nick"], "MEILIN");
    assert_eq!(boss.get("/accounts/nobody").await.problem(404), "account");
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let shop = Shop::closed().await;
    let boss = shop.sign_in("boss", "admin").await;
    for number in 0..100 {
        shop.sign_in(&format!("u{number:03}"), "viewer").await;
    }
    let first = boss.get_ok("/accounts").await;
    assert_eq!(
        (first["accounts"].as_array().unwrap().len(), &first["next"]),
        (100, &json!("u098"))
    );
    let last = boss.get_ok("/accounts?after=u098").await;
    assert_eq!(
        (last["accounts"][0]["user_id"].clone(), &last["next"]),
        (json!("u099"), &Value::Null)
    );
}

#[tokio::test]
async fn a_role_that_was_set_holds_at_once_and_after_every_sign_in() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    let mo = shop.sign_in("mo", "moderator").await;
    mo.get_ok("/moderation/log").await;
    let set = boss.put_ok("/accounts/mo/role", json!({"role": "viewer"})).await;
    assert_eq!((&set["role"], &set["role_is_set"]), (&json!("viewer"), &json!(true)));
    assert_eq!(mo.get("/moderation/log").await.problem(403), "forbidden");
    assert_eq!(mo.post_ok("/renew", json!({})).await["role"], "viewer");
    let again = shop.sign_in("mo", "admin").await;
    assert_eq!(again.get_ok("/me").await["role"], "viewer");
    let unset = boss.delete("/accounts/mo/role").await.expect_status(200);
    assert_eq!((&unset["role"], &unset["role_is_set"]), (&json!("admin"), &json!(false)));
    again.get_ok("/outbox").await;
}

#[tokio::test]
async fn what_was_decided_of_an_account_holds_when_it_was_deleted_and_comes_back() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    let mo = shop.sign_in("mo", "admin").await;
    boss.put_ok("/accounts/mo/role", json!({"role": "viewer"})).await;
    mo.delete("/me").await.expect_status(204);
    until_free(&shop, "mo").await;
    let again = shop.sign_in("mo", "admin").await;
    assert_eq!(again.get_ok("/me").await["role"], "viewer");
    let boss = shop.sign_in("boss", "admin").await;
    boss.put_ok("/accounts/mo/block", json!({})).await;
    boss.delete("/accounts/mo").await.expect_status(204);
    until_free(&shop, "mo").await;
    let boss = shop.sign_in("boss", "admin").await;
    let body = json!({"name": "Mo", "user_id": "mo", "role": "viewer"});
    let refused = shop.stranger().post("/sign-in", body.clone()).await;
    assert_eq!(refused.problem(403), "blocked");
    assert_eq!(ids(&boss, "blocked=true").await, ["mo"]);
    boss.delete("/accounts/mo/block").await.expect_status(200);
    shop.stranger().post_ok("/sign-in", body).await;
}

#[tokio::test]
async fn only_administrators_do_this_and_nobody_to_oneself() {
    let shop = Shop::open().await;
    let (boss, mo) = (shop.sign_in("boss", "admin").await, shop.sign_in("mo", "moderator").await);
    for path in ["/accounts", "/accounts/mo", "/audit"] {
        assert_eq!(mo.get(path).await.problem(403), "forbidden", "{path}");
    }
    let role = json!({"role": "admin"});
    assert_eq!(mo.put("/accounts/mo/role", role.clone()).await.problem(403), "forbidden");
    assert_eq!(mo.put("/accounts/boss/block", json!({})).await.problem(403), "forbidden");
    for refused in [
        boss.put("/accounts/boss/role", role.clone()).await,
        boss.put("/accounts/boss/block", json!({})).await,
        boss.delete("/accounts/boss/tokens").await,
    ] {
        assert_eq!(refused.problem(409), "self");
    }
    assert_eq!(boss.put("/accounts/nobody/role", role.clone()).await.problem(404), "account");
    assert_eq!(boss.put("/accounts/administrator/role", role).await.problem(403), "forbidden");
}
