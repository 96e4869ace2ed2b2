//! What is in the slot of a room, and who sees it.

use chat_types::group::KeyValue;
use chat_types::rest::ModifyGroupBaseInfo;
use serde_json::{Value, json};

use super::{SLOT, field, found, products};
use crate::support::{ASSISTANT, ROOM, Shop, business_of};

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
