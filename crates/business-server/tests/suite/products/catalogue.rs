//! What the shop sells.

use serde_json::{Value, json};

use super::{SLOT, field, products};
use crate::support::{Opening, ROOM, Shop};

#[tokio::test]
async fn the_catalogue_is_the_administrators_and_survives_a_restart() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let host = shop.sign_in("host", "host").await;
    let mug = json!({"id": "mug", "title": "Mug", "price_minor": 2_000, "currency": "EUR"});
    assert_eq!(host.post("/products", mug.clone()).await.problem(403), "forbidden");
    admin.made("/products", mug.clone()).await;
    assert_eq!(admin.post("/products", mug.clone()).await.problem(409), "product_exists");
    let dearer = json!({"title": "Cup", "price_minor": 4_500, "currency": "CNY"});
    assert_eq!(host.put("/products/cup", dearer.clone()).await.problem(403), "forbidden");
    admin.put_ok("/products/cup", dearer.clone()).await;
    assert_eq!(admin.put("/products/spoon", dearer).await.problem(404), "product");
    assert_eq!(host.delete("/products/bowl").await.problem(403), "forbidden");
    assert_eq!(
        host.post("/products/bowl/stock", json!({"set": 1})).await.problem(403),
        "forbidden"
    );
    admin.delete("/products/bowl").await.expect_status(204);
    assert_eq!(admin.delete("/products/bowl").await.problem(404), "product");

    let shop = shop.business_restarted().await;
    let viewer = shop.sign_in("mei", "viewer").await;
    let listed = viewer.get_ok("/products").await;
    assert_eq!(products(&listed, "id"), ["cup", "mug", "vase"]);
    assert_eq!(listed[0]["price_minor"], 4_500);
    assert_eq!(listed[0]["stock"], 120, "a change of the description leaves the stock alone");
    assert_eq!(listed[1], mug);
    assert_eq!(products(&viewer.get_ok("/products?after=cup").await, "id"), ["mug", "vase"]);
}

#[tokio::test]
async fn what_could_not_be_shown_later_does_not_come_into_the_catalogue() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let product = |member: &str, value: Value| {
        let mut product = json!({"id": "mug", "title": "Mug", "price_minor": 1, "currency": "EUR"});
        product[member] = value;
        product
    };
    for (member, wrong) in [
        ("id", json!("a b")),
        ("title", json!("")),
        ("title", json!("t".repeat(61))),
        ("currency", json!("euro")),
        ("link", json!("javascript:alert(1)")),
        ("picture", json!(format!("https://shop.example/{}", "p".repeat(500)))),
    ] {
        let answer = admin.post("/products", product(member, wrong)).await;
        assert_eq!(answer.problem(400), "invalid", "{member}");
    }
    let negative = admin.post("/products", product("price_minor", json!(-1))).await;
    assert_eq!(negative.problem(422), "body");
    assert_eq!(admin.get("/products/mug").await.problem(404), "product");
}

#[tokio::test]
async fn a_change_of_the_catalogue_is_seen_in_the_slots() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    admin.put_ok("/rooms/r/slot/queue", json!(["cup", "vase"])).await;
    admin.post_ok(SLOT, json!({"product": "cup", "price_minor": 100})).await;
    assert_eq!(field(&mut watcher).await["title"], "Ceramic cup, ash glaze");
    let other = json!({"title": "Tea cup", "price_minor": 4_500, "currency": "CNY"});
    admin.put_ok("/products/cup", other).await;
    shop.clock.step_wall(1);
    let told = field(&mut watcher).await;
    assert_eq!((&told["title"], &told["price_minor"]), (&json!("Tea cup"), &json!(100)));
    admin.delete("/products/cup").await.expect_status(204);
    assert_eq!(field(&mut watcher).await, Value::Null);
    assert_eq!(admin.get_ok(SLOT).await, json!({"now": null, "queue": ["vase"]}));
    let history = admin.get_ok("/rooms/r/slot/history").await;
    assert_eq!(products(&history, "left_why"), ["removed"]);
    assert_eq!(products(&history, "title"), ["Tea cup"]);
}

#[tokio::test]
async fn a_shop_brings_its_own_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = json!([{"id": "lamp", "title": "Lamp", "price_minor": 900, "currency": "USD"}]);
    std::fs::write(folder.path().join("products.json"), catalogue.to_string()).unwrap();
    let gifts = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue/gifts.json");
    std::fs::copy(gifts, folder.path().join("gifts.json")).unwrap();
    let path = folder.path().to_owned();
    let opening = Opening {
        configure: Box::new(move |config| config.catalogue_dir = Some(path.clone())),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let viewer = shop.sign_in("mei", "viewer").await;
    assert_eq!(viewer.get_ok("/products").await, catalogue);
}

#[tokio::test]
async fn a_change_of_stock_that_says_neither_is_told_what_it_may_say() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    for unclear in [json!({}), json!({"set": 3, "add": 1}), json!({"add": null})] {
        let answer = admin.post("/products/cup/stock", unclear.clone()).await;
        assert_eq!(answer.problem(400), "invalid", "{unclear}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(r#"{"set":12}"#) && detail.contains(r#"{"add":-2}"#), "{detail}");
    }
    assert_eq!(admin.get_ok("/products/cup").await["stock"], 120);
}
