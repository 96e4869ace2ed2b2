//! What is sold: clicks, orders that the shop reports, stock.

use serde_json::{Value, json};

use super::{SLOT, field, order, products, report};
use crate::support::{Api, PAYMENT_KEY, ROOM, Shop, signature};

#[tokio::test]
async fn of_orders_at_once_those_are_marked_for_which_there_was_nothing_left() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    admin.post_ok("/products/cup/stock", json!({"set": 5})).await;
    let mut watcher = shop.watch("mei", ROOM).await;
    host.post_ok(SLOT, json!({"product": "cup"})).await;
    assert_eq!(field(&mut watcher).await["stock"], 5);

    let mut reports = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (api, order) = (shop.stranger(), order(&shop, &format!("o{number}"), 1));
        reports.spawn(async move { report(&api, &order).await.expect_status(200) });
    }
    let answers = reports.join_all().await;
    let (oversold, taken): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer["oversold"] == true);
    assert_eq!((taken.len(), oversold.len()), (5, 15));
    assert!(oversold.iter().all(|answer| answer["stock"] == 0));
    let mut left: Vec<u64> = taken.iter().map(|answer| answer["stock"].as_u64().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    let figures = host.get_ok("/rooms/r/conversions").await;
    assert_eq!((&figures[0]["orders"], &figures[0]["pieces"]), (&json!(20), &json!(20)));

    // All of it is one change of the field, and the product stays to be seen.
    shop.clock.step_wall(1);
    let told = field(&mut watcher).await;
    assert_eq!((&told["id"], &told["stock"]), (&json!("cup"), &json!(0)));
    assert_eq!(host.get_ok(SLOT).await["now"]["product"], "cup");
    assert_eq!(admin.get_ok("/products/cup").await["stock"], 0);
}

#[tokio::test]
async fn what_the_shop_has_sold_is_listed_page_by_page_also_of_products_that_are_gone() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let shops = shop.stranger();
    admin.delete("/products/bowl").await.expect_status(204);
    let sold = |id: &str, product: &str, user: &str| {
        json!({"order_id": id, "product": product, "quantity": 1, "user": user, "room": ROOM,
            "at_s": shop.clock.now_s()})
    };
    let gone = report(&shops, &sold("gone", "bowl", "li")).await.expect_status(200);
    assert_eq!(gone, json!({"order_id": "gone", "repeat": false, "oversold": true, "stock": null}));
    let again = report(&shops, &sold("gone", "bowl", "li")).await.expect_status(200);
    assert_eq!((&again["repeat"], &again["oversold"]), (&json!(true), &json!(true)));
    for number in 0..55 {
        let order = sold(&format!("o{number}"), "cup", "mei");
        report(&shops, &order).await.expect_status(200);
    }
    let ids = |page: &Value| products(&page["orders"], "order_id");
    let first = admin.get_ok("/shop/orders?user=mei").await;
    assert_eq!((ids(&first).len(), ids(&first)[0].as_str()), (50, "o54"));
    let rest = admin.get_ok(&format!("/shop/orders?user=mei&before={}", first["next"])).await;
    assert_eq!(ids(&rest), ["o4", "o3", "o2", "o1", "o0"]);
    assert!(rest.get("next").is_none());
    for path in ["/shop/orders?oversold=true", "/shop/orders?product=bowl", "/shop/orders?user=li"]
    {
        let found = admin.get_ok(path).await;
        assert_eq!(ids(&found), ["gone"], "{path}");
        assert_eq!(found["orders"][0]["room"], ROOM);
    }
    let host = shop.sign_in("host", "host").await;
    assert_eq!(host.get("/shop/orders").await.problem(403), "forbidden");
}

#[tokio::test]
async fn a_room_hears_of_the_stock_at_most_once_a_second_also_after_the_clock_was_set_back() {
    let shop = Shop::open().await;
    // To the chat service, a custom field is not there before it was made.
    shop.clock.step_wall(600);
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    host.post_ok(SLOT, json!({"product": "cup"})).await;
    assert_eq!(field(&mut watcher).await["stock"], 120);
    let shops = shop.stranger();
    report(&shops, &order(&shop, "a", 1)).await.expect_status(200);
    report(&shops, &order(&shop, "b", 2)).await.expect_status(200);
    shop.clock.step_wall(1);
    assert_eq!(field(&mut watcher).await["stock"], 117);
    report(&shops, &order(&shop, "c", 7)).await.expect_status(200);
    shop.clock.step_wall(-100);
    assert_eq!(field(&mut watcher).await["stock"], 110);
}

#[tokio::test]
async fn a_report_of_an_order_counts_once() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let shops = shop.stranger();
    let first = order(&shop, "o1", 3);
    let answer = report(&shops, &first).await.expect_status(200);
    let taken =
        |repeat: bool| json!({"order_id": "o1", "repeat": repeat, "oversold": false, "stock": 117});
    assert_eq!(answer, taken(false));
    let answer = report(&shops, &first).await.expect_status(200);
    assert_eq!(answer, taken(true));
    let other = report(&shops, &order(&shop, "o1", 4)).await;
    assert_eq!(other.problem(409), "order_id");
    // More than there is, and more come in.
    let answer = report(&shops, &order(&shop, "o2", 118)).await.expect_status(200);
    assert_eq!((&answer["oversold"], &answer["stock"]), (&json!(true), &json!(0)));
    admin.post_ok("/products/cup/stock", json!({"add": 10})).await;
    report(&shops, &order(&shop, "o2", 118)).await.expect_status(200);
    assert_eq!(admin.get_ok("/products/cup").await["stock"], 10);
    let fewer = admin.post("/products/cup/stock", json!({"add": -11})).await;
    assert_eq!(fewer.problem(409), "sold_out");
    // Nobody counts the pieces.
    admin.post_ok("/products/cup/stock", json!({"set": null})).await;
    let answer = report(&shops, &order(&shop, "o3", 500)).await.expect_status(200);
    assert_eq!(answer["stock"], Value::Null);
    assert_eq!(
        admin.post("/products/cup/stock", json!({"add": 1})).await.problem(409),
        "uncounted"
    );
}

#[tokio::test]
async fn an_order_of_a_room_that_is_not_known_is_taken_without_the_room() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let shops = shop.stranger();
    let mut sold = order(&shop, "o1", 3);
    sold["room"] = "later".into();
    assert_eq!(report(&shops, &sold).await.expect_status(200)["repeat"], false);
    let stored = admin.get_ok("/shop/orders").await;
    assert_eq!(stored["orders"][0]["order_id"], "o1");
    assert!(stored["orders"][0]["room"].is_null(), "{stored}");
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "later", "title": "Later"})).await;
    assert_eq!(report(&shops, &sold).await.expect_status(200)["repeat"], true);
}

#[tokio::test]
async fn only_the_shop_itself_reports_orders() {
    let shop = Shop::open().await;
    let admin = shop.sign_in("boss", "admin").await;
    let order = order(&shop, "o1", 1);
    let post = || admin.request(reqwest::Method::POST, "/shop/orders");
    assert_eq!(admin.send(post().json(&order)).await.problem(401), "signature");
    let forged = post().header("x-signature", "0".repeat(64)).body(order.to_string());
    assert_eq!(admin.send(forged).await.problem(401), "signature");
    let changed = order.to_string().replace("\"quantity\":1", "\"quantity\":9");
    let changed =
        post().header("x-signature", signature(PAYMENT_KEY, &order.to_string())).body(changed);
    assert_eq!(admin.send(changed).await.problem(401), "signature");
    for (wrong, status) in [
        (json!({"order_id": "o", "product": "cup", "quantity": 1, "at_s": 1}), 401),
        (json!({"order_id": "o", "product": "cup", "quantity": 1}), 400),
        (json!({"order_id": "o", "product": "cup", "quantity": 0, "at_s": order["at_s"]}), 400),
        (json!({"order_id": "", "product": "cup", "quantity": 1, "at_s": order["at_s"]}), 400),
        (json!({"order_id": "o", "product": "", "quantity": 1, "at_s": order["at_s"]}), 400),
        (json!({"order_id": "o", "quantity": 1, "at_s": order["at_s"]}), 422),
    ] {
        report(&admin, &wrong).await.problem(status);
    }
    assert_eq!(admin.get_ok("/products/cup").await["stock"], 120);
}

#[tokio::test]
async fn a_click_counts_once_for_an_account_in_a_stream() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let (mei, li) = (shop.sign_in("mei", "viewer").await, shop.sign_in("li", "viewer").await);
    let click = async |api: &Api, product: &str| {
        api.post_ok(&format!("/products/{product}/click"), json!({"room": ROOM})).await
    };
    let first = click(&mei, "cup").await;
    assert_eq!(first, json!({"counted": true, "link": "https://shop.example/cup"}));
    assert_eq!(click(&mei, "cup").await["counted"], false);
    click(&li, "cup").await;
    click(&li, "vase").await;
    report(&shop.stranger(), &order(&shop, "o1", 3)).await.expect_status(200);
    let figures = host.get_ok("/rooms/r/conversions").await;
    let expected = json!([
        {"product": "cup", "clicks": 2, "orders": 1, "pieces": 3},
        {"product": "vase", "clicks": 1, "orders": 0, "pieces": 0},
    ]);
    assert_eq!(figures, expected);
    host.put_ok("/rooms/r/status", json!({"status": "ended"})).await;
    host.put_ok("/rooms/r/status", json!({"status": "live"})).await;
    assert_eq!(host.get_ok("/rooms/r/conversions").await, json!([]));
    assert_eq!(click(&mei, "cup").await["counted"], true);
    assert_eq!(host.get_ok("/rooms/r/conversions?stream=1").await, expected);
    let nothing = mei.post("/products/spoon/click", json!({"room": ROOM})).await;
    assert_eq!(nothing.problem(404), "product");
    assert_eq!(mei.post("/products/cup/click", json!({"room": "x"})).await.problem(404), "room");
}
