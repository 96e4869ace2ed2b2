//! Products: the catalogue, the slot of a room, and what is sold.

use chat_types::group::KeyValue;
use chat_types::rest::ModifyGroupBaseInfo;
use serde_json::{Value, json};

use crate::events::soon;
use crate::support::{
    ASSISTANT, Answer, Api, Opening, PAYMENT_KEY, ROOM, Shop, Watcher, business_of, signature,
};

const SLOT: &str = "/rooms/r/slot";

/// The next value of the field `product` that the room is told; null when it is cleared.
async fn field(watcher: &mut Watcher) -> Value {
    loop {
        let frame = watcher.client.kind("group_info_changed").await;
        let changes = frame["changes"].as_array().unwrap();
        let of_slot = |change: &&Value| change["field"] == "custom" && change["key"] == "product";
        if let Some(change) = changes.iter().find(of_slot) {
            return serde_json::from_str(change["value"].as_str().unwrap()).unwrap_or(Value::Null);
        }
    }
}

/// The field as somebody finds it who comes in now.
async fn found(shop: &Shop, user: &str) -> Value {
    let joined = shop.watch(user, ROOM).await.joined;
    let value = joined["group"]["custom_fields"]["product"].as_str().unwrap_or_default();
    serde_json::from_str(value).unwrap_or(Value::Null)
}

fn products(showings: &Value, member: &str) -> Vec<String> {
    let all = showings.as_array().unwrap().iter();
    all.map(|showing| showing[member].as_str().unwrap_or_default().to_owned()).collect()
}

/// The shop's server reports an order.
async fn report(api: &Api, order: &Value) -> Answer {
    let body = order.to_string();
    let request = api.request(reqwest::Method::POST, "/shop/orders");
    api.send(request.header("x-signature", signature(PAYMENT_KEY, &body)).body(body)).await
}

fn order(shop: &Shop, id: &str, quantity: u32) -> Value {
    json!({"order_id": id, "product": "cup", "quantity": quantity, "room": ROOM,
        "at_s": shop.clock.now_s()})
}

#[tokio::test]
async fn a_recommended_product_is_seen_by_all_and_found_by_who_comes_later() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("early", ROOM).await;
    let body = json!({"product": "cup", "price_minor": 2_900, "ends_in_s": 600});
    let slot = host.post_ok(SLOT, body).await;
    assert_eq!(slot["now"]["shown_by"], "host");

    // Whoever reads on to the notice has the field already.
    let told = field(&mut watcher).await;
    let ends_at_s = shop.clock.now_s() + 600;
    assert_eq!(
        told,
        json!({"id": "cup", "title": "Ceramic cup, ash glaze", "price_minor": 2_900,
            "currency": "CNY", "picture": "demo:cup", "ends_at_s": ends_at_s, "stock": 120})
    );
    let notice = loop {
        let message = watcher.next_message().await;
        if business_of(&message).is_some_and(|said| said["t"] == "product") {
            break message;
        }
    };
    assert_eq!((&notice["from"], &notice["priority"]), (&json!(ASSISTANT), &json!("High")));
    assert_eq!(business_of(&notice).unwrap()["product"], told);
    assert_eq!(found(&shop, "late").await, told);
}

#[tokio::test]
async fn taking_down_empties_the_slot_for_everybody() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    host.post_ok(SLOT, json!({"product": "bowl"})).await;
    assert_eq!(field(&mut watcher).await["id"], "bowl");
    assert_eq!(watcher.business("product").await["product"]["id"], "bowl");
    let slot = host.delete(SLOT).await.expect_status(200);
    assert_eq!(slot["now"], Value::Null);
    assert_eq!(field(&mut watcher).await, Value::Null);
    assert_eq!(watcher.business("product").await["product"], Value::Null);
    assert_eq!(found(&shop, "late").await, Value::Null);
    // An empty slot stays empty.
    host.delete(SLOT).await.expect_status(200);
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(products(&history, "left_why"), ["taken_down"]);
}

#[tokio::test]
async fn taking_down_empties_also_a_field_that_somebody_else_has_written() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let foreign = r#"{"id":"vase","title":"Vase","price_minor":1,"currency":"CNY"}"#;
    let change = ModifyGroupBaseInfo {
        group_id: ROOM.into(),
        app_defined_data: vec![KeyValue { key: "product".into(), value: foreign.into() }],
        ..ModifyGroupBaseInfo::default()
    };
    shop.administrator().modify_group_base_info(&change).await.unwrap();
    assert_eq!(field(&mut watcher).await["id"], "vase");
    host.delete(SLOT).await.expect_status(200);
    assert_eq!(field(&mut watcher).await, Value::Null);
}

#[tokio::test]
async fn the_prepared_list_is_shown_one_after_the_other() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    admin.post_ok("/products/bowl/stock", json!({"set": 0})).await;
    let slot = host.put_ok("/rooms/r/slot/queue", json!(["vase", "bowl", "cup"])).await;
    assert_eq!(slot["queue"], json!(["vase", "bowl", "cup"]));
    host.post_ok("/rooms/r/slot/next", json!({})).await;
    assert_eq!(field(&mut watcher).await["id"], "vase");
    // The bowl is sold out and passed over.
    let slot = host.post_ok("/rooms/r/slot/next", json!({})).await;
    assert_eq!((&slot["now"]["product"], &slot["queue"]), (&json!("cup"), &json!([])));
    assert_eq!(field(&mut watcher).await["id"], "cup");
    let next = host.post("/rooms/r/slot/next", json!({})).await;
    assert_eq!(next.problem(409), "queue_empty");
    assert_eq!(host.get_ok(SLOT).await["now"]["product"], "cup", "it stays");
    let sold_out = host.post(SLOT, json!({"product": "bowl"})).await;
    assert_eq!(sold_out.problem(409), "sold_out");
    let unknown = host.put("/rooms/r/slot/queue", json!(["vase", "spoon"])).await;
    assert_eq!(unknown.problem(404), "product");
    let long = host.put("/rooms/r/slot/queue", json!(vec!["vase"; 101])).await;
    assert_eq!(long.problem(400), "invalid");
}

#[tokio::test]
async fn a_countdown_takes_the_product_down_also_after_a_restart_and_clock_steps() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    host.post_ok(SLOT, json!({"product": "vase", "ends_in_s": 60})).await;
    assert_eq!(field(&mut watcher).await["id"], "vase");
    shop.clock.step_wall(-1_000);
    let shop = shop.business_restarted().await;
    let host = shop.sign_in("host", "host").await;
    assert_eq!(host.get_ok(SLOT).await["now"]["product"], "vase");
    shop.clock.step_wall(1_060);
    assert_eq!(field(&mut watcher).await, Value::Null);
    assert_eq!(watcher.business("product").await["product"], Value::Null);
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(products(&history, "left_why"), ["ended"]);
}

#[tokio::test]
async fn the_end_of_the_stream_empties_the_slot_and_what_is_prepared_stays_for_the_next() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    host.post_ok(SLOT, json!({"product": "cup"})).await;
    assert_eq!(field(&mut watcher).await["id"], "cup");
    host.put_ok("/rooms/r/status", json!({"status": "ended"})).await;
    assert_eq!(field(&mut watcher).await, Value::Null);
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(products(&history, "left_why"), ["stream_over"]);
    // Before the next stream begins.
    let slot = host.post_ok(SLOT, json!({"product": "bowl"})).await;
    assert_eq!(slot["now"]["stream"], 2);
    assert_eq!(field(&mut watcher).await["id"], "bowl");
    host.put_ok("/rooms/r/status", json!({"status": "live"})).await;
    host.post_ok(SLOT, json!({"product": "vase"})).await;
    assert_eq!(field(&mut watcher).await["id"], "vase");
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(products(&history, "left_why"), ["", "next", "stream_over"]);
}

#[tokio::test]
async fn a_schedule_recommends_by_itself() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let now_s = shop.clock.now_s();
    let plan = json!([
        {"at_s": now_s + 60, "product": "bowl", "price_minor": 5_000, "ends_in_s": 100},
        {"at_s": now_s + 30, "product": "cup"},
    ]);
    let kept = host.put_ok("/rooms/r/slot/schedule", plan).await;
    assert_eq!(products(&kept, "product"), ["cup", "bowl"]);
    shop.clock.step_wall(30);
    assert_eq!(field(&mut watcher).await["id"], "cup");
    shop.clock.step_wall(30);
    let bowl = field(&mut watcher).await;
    assert_eq!((&bowl["id"], &bowl["price_minor"]), (&json!("bowl"), &json!(5_000)));
    assert_eq!(bowl["ends_at_s"], now_s + 160);
    let kept = host.get_ok("/rooms/r/slot/schedule").await;
    assert_eq!(products(&kept, "state"), ["shown", "shown"]);
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(history[0]["shown_by"], Value::Null);
    // A clock that is set back shows nothing twice.
    shop.clock.step_wall(-60);
    shop.clock.step_wall(220);
    assert_eq!(field(&mut watcher).await, Value::Null);
}

#[tokio::test]
async fn of_what_was_planned_for_an_outage_only_the_latest_is_shown() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("mei", ROOM).await;
    let now_s = shop.clock.now_s();
    let plan = json!([
        {"at_s": now_s + 10, "product": "cup"},
        {"at_s": now_s + 20, "product": "vase"},
        {"at_s": now_s + 9_000, "product": "bowl"},
    ]);
    host.put_ok("/rooms/r/slot/schedule", plan).await;
    shop.clock.step_wall(500);
    let shop = shop.business_restarted().await;
    assert_eq!(field(&mut watcher).await["id"], "vase");
    let host = shop.sign_in("host", "host").await;
    let kept = host.get_ok("/rooms/r/slot/schedule").await;
    assert_eq!(products(&kept, "state"), ["missed", "shown", "waiting"]);
    assert_eq!(products(&host.get_ok("/rooms/r/slot/history").await, "product"), ["vase"]);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_kept_is_refused() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let now_s = shop.clock.now_s();
    let soon = now_s + 10;
    for (wrong, code) in [
        (json!([{"at_s": now_s, "product": "cup"}]), 400),
        (json!([{"at_s": now_s + 400 * 86_400, "product": "cup"}]), 400),
        (json!([{"at_s": soon, "product": "cup", "ends_in_s": 0}]), 400),
        (json!([{"at_s": soon, "product": "cup"}, {"at_s": soon, "product": "vase"}]), 400),
        (json!([{"at_s": soon, "product": "spoon"}]), 404),
        (json!([{"at_s": -1, "product": "cup"}]), 422),
    ] {
        host.put("/rooms/r/slot/schedule", wrong).await.problem(code);
    }
    assert_eq!(host.get_ok("/rooms/r/slot/schedule").await, json!([]));
}

#[tokio::test]
async fn only_who_runs_the_room_changes_its_slot() {
    let shop = Shop::open().await;
    let plan = json!([{"at_s": shop.clock.now_s() + 10, "product": "cup"}]);
    for (user, role) in [("mei", "viewer"), ("bo", "host"), ("li", "moderator")] {
        let caller = shop.sign_in(user, role).await;
        let refused = [
            caller.post(SLOT, json!({"product": "cup"})).await,
            caller.delete(SLOT).await,
            caller.post("/rooms/r/slot/next", json!({})).await,
            caller.put("/rooms/r/slot/queue", json!(["cup"])).await,
            caller.put("/rooms/r/slot/schedule", plan.clone()).await,
            caller.get("/rooms/r/slot/schedule").await,
            caller.get("/rooms/r/slot/history").await,
            caller.get("/rooms/r/conversions").await,
        ];
        for answer in refused {
            assert_eq!(answer.problem(403), "forbidden", "{role}");
        }
        assert_eq!(caller.get_ok(SLOT).await["now"], Value::Null, "everybody may look");
    }
    let admin = shop.sign_in("boss", "admin").await;
    assert_eq!(admin.post_ok(SLOT, json!({"product": "cup"})).await["now"]["shown_by"], "boss");
    let nowhere = admin.post("/rooms/none/slot", json!({"product": "cup"})).await;
    assert_eq!(nowhere.problem(404), "room");
    assert_eq!(admin.post(SLOT, json!({"product": "spoon"})).await.problem(404), "product");
    let endless = json!({"product": "cup", "ends_in_s": 604_801});
    assert_eq!(admin.post(SLOT, endless).await.problem(400), "invalid");
}

#[tokio::test]
async fn the_history_tells_what_was_shown_by_whom_and_why_it_left() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let admin = shop.sign_in("boss", "admin").await;
    host.post_ok(SLOT, json!({"product": "cup", "price_minor": 100})).await;
    admin.post_ok(SLOT, json!({"product": "bowl"})).await;
    host.delete(SLOT).await.expect_status(200);
    host.post_ok(SLOT, json!({"product": "vase"})).await;
    let history = host.get_ok("/rooms/r/slot/history").await;
    assert_eq!(products(&history, "product"), ["vase", "bowl", "cup"]);
    assert_eq!(products(&history, "shown_by"), ["host", "boss", "host"]);
    assert_eq!(products(&history, "left_why"), ["", "taken_down", "next"]);
    let cup = &history[2];
    assert_eq!((&cup["price_minor"], &cup["special"]), (&json!(100), &json!(true)));
    assert_eq!((&cup["shown_s"], &cup["left_s"]), (&cup["left_s"], &cup["shown_s"]));
    let older = host.get_ok("/rooms/r/slot/history?before=3").await;
    assert_eq!(products(&older, "product"), ["bowl", "cup"]);
}

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
    let nowhere = json!({"order_id": "o", "product": "cup", "quantity": 1, "room": "none",
        "at_s": order["at_s"]});
    assert_eq!(report(&admin, &nowhere).await.problem(404), "room");
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
async fn what_was_recommended_while_the_chat_service_was_away_arrives_in_its_order() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let shop = shop
        .without_chat(async move |_| {
            for product in ["cup", "bowl", "vase"] {
                host.post_ok(SLOT, json!({"product": product})).await;
            }
        })
        .await;
    let mut watcher = shop.watch("mei", ROOM).await;
    // What was delivered before the watcher came is in the short history.
    let before = watcher.joined["messages"].as_array().unwrap().iter().filter_map(business_of);
    let before = before.filter(|said| said["t"] == "product");
    let mut told: Vec<Value> = before.map(|said| said["product"]["id"].clone()).collect();
    while told.len() < 3 {
        told.push(watcher.business("product").await["product"]["id"].clone());
    }
    assert_eq!(told, ["cup", "bowl", "vase"]);
    assert_eq!(found(&shop, "late").await["id"], "vase");
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

#[tokio::test]
async fn a_schedule_shows_nothing_in_a_room_whose_stream_has_ended() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    for (status, state) in
        [("ended", "missed"), ("to_be_started", "shown"), ("live", "shown"), ("paused", "shown")]
    {
        host.put_ok("/rooms/r/status", json!({"status": status})).await;
        let plan = json!([{"at_s": shop.clock.now_s() + 10, "product": "cup"}]);
        host.put_ok("/rooms/r/slot/schedule", plan).await;
        shop.clock.advance_ms(10_000);
        soon("the entry has had its time", async || {
            host.get_ok("/rooms/r/slot/schedule").await[0]["state"] != "waiting"
        })
        .await;
        assert_eq!(host.get_ok("/rooms/r/slot/schedule").await[0]["state"], state, "{status}");
    }
}
