//! Likes: totals that are exact, whatever becomes of the messages.

use chat_server::application::{self, Edition};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Opening, ROOM, Shop, Watcher};
use crate::webhooks::{Hook, asked, figures};

fn like(batch: &str, count: u32) -> Value {
    json!({"t": "like", "batch": batch, "count": count})
}

/// Sends likes as a viewer's client does, which may be left out first.
async fn give(viewer: &mut Watcher, client_id: &str, message: &Value) -> Value {
    let element = json!({"MsgType": "TIMCustomElem",
        "MsgContent": {"Data": message.to_string(), "Desc": "", "Ext": "", "Sound": ""}});
    let request = json!({"t": "send", "group_id": ROOM, "client_id": client_id,
        "priority": "Low", "elements": [element]});
    viewer.client.ask(request).await
}

async fn total(shop: &Shop) -> u64 {
    let viewer = shop.sign_in("looker", "viewer").await;
    let likes = viewer.get_ok(&format!("/rooms/{ROOM}/likes")).await;
    likes["total"].as_u64().unwrap()
}

/// Waits until the room has been told this total.
async fn told(watcher: &mut Watcher, total: u64) {
    loop {
        let counter = watcher.client.kind("counter_changed").await;
        assert_eq!(counter["key"], "likes");
        if counter["value"] == total {
            return;
        }
    }
}

#[tokio::test]
async fn likes_add_up_and_the_room_hears_the_exact_total() {
    let shop = Shop::open().await;
    let mut watcher = shop.watch("watcher", ROOM).await;
    let mut counting = shop.watch("counting", ROOM).await;
    let (mut mei, mut li) = (shop.watch("mei", ROOM).await, shop.watch("li", ROOM).await);
    assert_eq!(give(&mut mei, "c1", &like("b1", 7)).await["t"], "send_ok");
    assert_eq!(give(&mut li, "c1", &like("b1", 5)).await["t"], "send_ok");
    assert_eq!(watcher.business("like").await["count"], 7);
    assert_eq!(watcher.business("like").await["count"], 5);
    assert_eq!(total(&shop).await, 12);
    told(&mut counting, 12).await;
    let late = shop.watch("late", ROOM).await;
    assert_eq!(late.joined["counters"]["likes"], 12);
}

#[tokio::test]
async fn a_batch_counts_once_however_often_it_comes_and_gets_the_same_answer() {
    let shop = Shop::open().await;
    let mut mei = shop.watch("mei", ROOM).await;
    // The same message, and the same batch in another one.
    for client_id in ["c1", "c1", "c2"] {
        assert_eq!(give(&mut mei, client_id, &like("b1", 10)).await["t"], "send_ok");
    }
    // The chat service asks again, many times at once.
    let data = like("b2", 20).to_string();
    let body = json!([{"MsgType": "TIMCustomElem",
        "MsgContent": {"Data": data, "Desc": "", "Ext": "", "Sound": ""}}]);
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let (hook, body) = (Hook::of(&shop), asked("mei", body.clone(), 5).to_string());
        calls.spawn(async move { hook.post("Group.CallbackBeforeSendMsg", body).await });
    }
    while let Some(answer) = calls.join_next().await {
        let (status, answer) = answer.unwrap();
        assert_eq!((status, &answer["ErrorCode"]), (200, &json!(0)));
    }
    assert_eq!(total(&shop).await, 30);
    let shop = shop.business_restarted().await;
    let hook = Hook::of(&shop);
    hook.post("Group.CallbackBeforeSendMsg", asked("mei", body, 5).to_string()).await;
    assert_eq!(total(&shop).await, 30);
}

#[tokio::test]
async fn in_a_flood_the_total_is_the_sum_of_the_acknowledged_likes_shown_or_not() {
    let shop = Shop::open().await;
    let (storage, id) = (shop.chat.storage(), shop.app.sdk_app_id);
    application::set_setting(storage, id, "room_budget", "3").await.unwrap();
    let mut watcher = shop.watch("watcher", ROOM).await;
    let mut senders = JoinSet::new();
    for sender in 0..6_u32 {
        let mut viewer = shop.watch(&format!("viewer{sender}"), ROOM).await;
        senders.spawn(async move {
            let (mut acknowledged, mut unseen, mut refused) = (0_u64, 0_u32, 0_u32);
            for number in 0..25 {
                let count = 20 + sender + number;
                let client_id = format!("c{number}");
                let answer = give(&mut viewer, &client_id, &like(&client_id, count)).await;
                if answer["t"] == "send_ok" {
                    acknowledged += u64::from(count);
                    unseen += u32::from(answer["delivery"] == "sampled_out");
                } else {
                    assert_eq!(answer["code"], 10_111, "{answer}");
                    refused += 1;
                }
            }
            (acknowledged, unseen, refused)
        });
    }
    let (mut acknowledged, mut unseen, mut refused) = (0, 0, 0);
    while let Some(sender) = senders.join_next().await {
        let (given, not_shown, too_many) = sender.unwrap();
        acknowledged += given;
        unseen += not_shown;
        refused += too_many;
    }
    assert!(unseen > 0 && refused > 0, "the room was full, and some gave too many");
    assert_eq!(total(&shop).await, acknowledged);
    told(&mut watcher, acknowledged).await;
}

#[tokio::test]
async fn totals_survive_a_restart_and_are_told_when_the_chat_service_is_back() {
    let shop = Shop::open().await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(give(&mut mei, "c1", &like("b1", 40)).await["t"], "send_ok");
    let shop = shop.business_restarted().await;
    assert_eq!(total(&shop).await, 40);
    assert_eq!(give(&mut mei, "c2", &like("b2", 2)).await["t"], "send_ok");
    assert_eq!(total(&shop).await, 42);
    let hook = Hook::of(&shop);
    let data = like("b3", 8).to_string();
    let shop = shop
        .without_chat(async move |_| {
            let body = json!([{"MsgType": "TIMCustomElem",
                "MsgContent": {"Data": data, "Desc": "", "Ext": "", "Sound": ""}}]);
            hook.post("Group.CallbackBeforeSendMsg", asked("mei", body, 5).to_string()).await;
        })
        .await;
    assert_eq!(total(&shop).await, 50);
    let mut watcher = shop.watch("watcher", ROOM).await;
    if watcher.joined["counters"]["likes"] != 50 {
        told(&mut watcher, 50).await;
    }
}

#[tokio::test]
async fn one_account_gives_no_more_than_it_may_and_is_told_so() {
    let shop = Shop::open().await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(give(&mut mei, "c1", &like("b1", 500)).await["t"], "send_ok");
    let refused = give(&mut mei, "c2", &like("b2", 1)).await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("error"), &json!(10_111)));
    assert!(refused["info"].as_str().unwrap().contains("50 likes in a second"), "{refused}");
    // What was counted before costs nothing.
    assert_eq!(give(&mut mei, "c3", &like("b1", 500)).await["t"], "send_ok");
    shop.clock.advance_ms(1_000);
    assert_eq!(give(&mut mei, "c4", &like("b2", 1)).await["t"], "send_ok");
    assert_eq!(total(&shop).await, 501);
    let admin = shop.sign_in("boss", "admin").await;
    let figures = figures(&admin).await;
    assert_eq!((&figures["likes_capped"], &figures["likes_repeated"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn batches_of_a_run_count_upwards_and_the_last_one_may_come_again_days_later() {
    let shop = Shop::open().await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(give(&mut mei, "c1", &like("run-1", 2)).await["t"], "send_ok");
    assert_eq!(give(&mut mei, "c2", &like("run-3", 4)).await["t"], "send_ok");
    assert_eq!(give(&mut mei, "c3", &like("run-2", 8)).await["code"], 10_112);
    assert_eq!(give(&mut mei, "c4", &like("other-2", 16)).await["t"], "send_ok");
    shop.clock.advance_ms(3 * 24 * 3_600 * 1_000);
    let shop = shop.business_restarted().await;
    let mut mei = shop.watch("mei", ROOM).await;
    assert_eq!(give(&mut mei, "c5", &like("run-3", 4)).await["t"], "send_ok");
    assert_eq!(total(&shop).await, 22);
}

#[tokio::test]
async fn likes_of_the_day_and_of_the_stream_begin_anew_and_the_total_does_not() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut mei = shop.watch("mei", ROOM).await;
    let likes = async |host: &crate::support::Api| {
        let likes = host.get_ok(&format!("/rooms/{ROOM}/likes")).await;
        ["total", "today", "stream"].map(|of| likes[of].as_u64())
    };
    give(&mut mei, "c1", &like("b1", 3)).await;
    assert_eq!(likes(&host).await, [Some(3), Some(3), Some(3)]);
    for status in ["ended", "live"] {
        host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": status})).await;
    }
    give(&mut mei, "c2", &like("b2", 4)).await;
    assert_eq!(likes(&host).await, [Some(7), Some(7), Some(4)]);
    shop.clock.advance_ms(24 * 3_600 * 1_000);
    let host = shop.sign_in("host", "host").await;
    assert_eq!(likes(&host).await, [Some(7), Some(0), Some(4)]);
    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "ended"})).await;
    give(&mut mei, "c3", &like("b3", 5)).await;
    assert_eq!(likes(&host).await, [Some(12), Some(5), None]);
    assert_eq!(host.get("/rooms/nowhere/likes").await.problem(404), "room");
}

#[tokio::test]
async fn without_group_counters_likes_are_counted_all_the_same() {
    let shop = Shop::open_with(Opening { edition: Edition::Pro, ..Opening::default() }).await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    assert_eq!(give(&mut mei, "c1", &like("b1", 9)).await["t"], "send_ok");
    assert_eq!(watcher.business("like").await["count"], 9);
    assert_eq!(total(&shop).await, 9);
}

#[tokio::test]
async fn uncounted_likes_go_straight_through() {
    let configure = Box::new(|config: &mut business_server::Config| config.count_likes = false);
    let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
    let (mut watcher, mut mei) = (shop.watch("watcher", ROOM).await, shop.watch("mei", ROOM).await);
    assert_eq!(give(&mut mei, "c1", &like("b1", 9)).await["t"], "send_ok");
    assert_eq!(give(&mut mei, "c2", &like("b1", 9)).await["t"], "send_ok");
    assert_eq!(watcher.business("like").await["count"], 9);
    assert_eq!(watcher.business("like").await["count"], 9);
    assert_eq!(total(&shop).await, 0);
}
