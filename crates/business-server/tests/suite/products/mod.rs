//! Products: the catalogue, the slot of a room, and what is sold.

mod catalogue;
mod sales;
mod schedule;
mod slot;

use serde_json::{Value, json};

use crate::support::{Answer, Api, PAYMENT_KEY, ROOM, Shop, Watcher, signature};

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
