//! What is decided while the service has too much to do, and what is not.

use business_server::WebhookLimits;
use chat_server::application::Edition;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::time::Duration;

use crate::events::soon;
use crate::support::{Api, Opening, ROOM, Shop, Watcher};
use crate::webhooks::{Hook, asked, figures, grown};

/// With no place to be decided in, every decision takes too long.
fn without_places() -> Opening {
    let before_budget = Duration::from_millis(50);
    let limits = WebhookLimits { before_places: 0, before_budget, ..WebhookLimits::default() };
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.webhooks = limits.clone();
    });
    Opening { configure, ..Opening::default() }
}

async fn refuse_scams(admin: &Api) {
    let list = json!({"list": {"name": "l", "action": "refuse", "words": ["scam"]}});
    admin.put_ok("/moderation/words", list).await;
}

async fn when_late(admin: &Api, when_late: &str) {
    let rules = json!({"when_late": when_late, "ladder": {"steps": []}});
    admin.put_ok(&format!("/rooms/{ROOM}/moderation"), rules).await;
}

fn like(batch: &str) -> Value {
    json!({"t": "like", "batch": batch, "count": 7})
}

fn forged() -> [Value; 3] {
    [
        json!({"t": "gift", "order": "o", "combo": "c", "gift": "rose", "title": "Rose",
            "count": 99, "total": 99, "user": "mei", "nick": "Mei", "price": 1}),
        json!({"t": "draw_result", "draw": "d", "prize": "p", "entrants": 1, "winners": [],
            "seed": ""}),
        json!({"t": "announcement", "id": "a", "kind": "broadcast", "text": "free cups"}),
    ]
}

async fn forgeries_are_refused(speaker: &mut Watcher) {
    for (number, forged) in forged().into_iter().enumerate() {
        let answer = speaker.send(&format!("f{number}"), &forged).await;
        assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!(10_101)), "{answer}");
    }
}

#[tokio::test]
async fn no_call_of_the_api_delays_what_is_decided_about_a_room() {
    // Where the application bans nobody, this service alone keeps the banned out.
    let shop = Shop::open_with(Opening { edition: Edition::Pro, ..Opening::default() }).await;
    let admin = shop.sign_in("boss", "admin").await;
    refuse_scams(&admin).await;
    let mut mei = shop.watch("mei", ROOM).await;
    let mut li = shop.watch("li", ROOM).await;
    let ban = json!({"user_id": "li", "seconds": 600});
    admin.post(&format!("/rooms/{ROOM}/bans"), ban).await.expect_status(202);
    li.client.ask(json!({"t": "leave", "group_id": ROOM})).await;
    let before = figures(&admin).await;

    let held = shop.business.hold_readers().await.unwrap();
    forgeries_are_refused(&mut mei).await;
    assert_eq!(mei.say("c1", "a scam").await["code"], 10_100);
    assert_eq!(mei.say("c2", "hello").await["t"], "send_ok");
    assert_eq!(mei.send("l1", &like("b")).await["t"], "send_ok");
    let refused = li.client.ask(json!({"t": "join", "group_id": ROOM})).await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("error"), &json!(10_120)));
    drop(held);

    assert_eq!(grown(&before, &figures(&admin).await, "before_late"), 0);
    assert_eq!(admin.get_ok(&format!("/rooms/{ROOM}/likes")).await["total"], 7);
}

#[tokio::test]
async fn past_the_budget_forgeries_and_likes_are_refused_and_comments_pass() {
    let shop = Shop::open_with(without_places()).await;
    let admin = shop.sign_in("boss", "admin").await;
    refuse_scams(&admin).await;
    let mut mei = shop.watch("mei", ROOM).await;
    let before = figures(&admin).await;
    let held = shop.business.hold_readers().await.unwrap();
    forgeries_are_refused(&mut mei).await;
    assert_eq!(mei.send("l1", &like("b")).await["code"], 10_110);
    assert_eq!(mei.say("c1", "a scam").await["t"], "send_ok");
    drop(held);
    let after = figures(&admin).await;
    assert_eq!(grown(&before, &after, "before_late"), 2);
    assert_eq!(grown(&before, &after, "before_answered"), 3, "forgeries are decided");
    assert_eq!(admin.get_ok(&format!("/rooms/{ROOM}/likes")).await["total"], 0);
}

#[tokio::test]
async fn a_room_may_refuse_what_could_not_be_looked_at_in_time() {
    let shop = Shop::open_with(without_places()).await;
    let admin = shop.sign_in("boss", "admin").await;
    let mut mei = shop.watch("mei", ROOM).await;
    when_late(&admin, "refuse").await;
    let late = mei.say("c1", "hello").await;
    assert_eq!((&late["t"], &late["code"]), (&json!("error"), &json!(10_106)), "{late}");
    mei.client.ask(json!({"t": "leave", "group_id": ROOM})).await;
    let late = mei.client.ask(json!({"t": "join", "group_id": ROOM})).await;
    assert_eq!(late["code"], 10_106, "{late}");
    // It is known from the start.
    let shop = shop.business_restarted().await;
    let hook = Hook::of(&shop);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]);
    let says = async |random| {
        let body = asked("mei", text.clone(), random).to_string();
        hook.post("Group.CallbackBeforeSendMsg", body).await.1["ErrorCode"].clone()
    };
    assert_eq!(says(1).await, 10_106);
    let admin = shop.sign_in("boss", "admin").await;
    when_late(&admin, "allow").await;
    assert_eq!(says(2).await, 0);
}

#[tokio::test]
async fn nobody_pins_on_a_badge_while_nothing_can_be_looked_up() {
    let shop = Shop::open_with(without_places()).await;
    let hook = Hook::of(&shop);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]);
    let mut message = asked("mei", text, 1);
    message["CloudCustomData"] = r#"{"level":99,"badges":["admin"]}"#.into();
    let (_, answer) = hook.post("Group.CallbackBeforeSendMsg", message.to_string()).await;
    assert_eq!((&answer["ErrorCode"], &answer["CloudCustomData"]), (&json!(0), &json!("{}")));
}

#[tokio::test]
async fn what_another_process_changes_holds_here_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.data_dir = path.clone();
    });
    let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
    let hook = Hook::of(&shop);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "a scam"}}]);
    let says = async |random| {
        let body = asked("mei", text.clone(), random).to_string();
        hook.post("Group.CallbackBeforeSendMsg", body).await.1["ErrorCode"].clone()
    };
    assert_eq!(says(1).await, 0);
    let list = json!({"name": "l", "action": "refuse", "words": ["scam"]}).to_string();
    let file = SqliteConnectOptions::new().filename(dir.path().join("business.db"));
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(file).await.unwrap();
    sqlx::query("INSERT INTO moderation_words (group_id, name, list) VALUES ('', 'l', $1)")
        .bind(list)
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO moderation_versions (group_id, version) VALUES ('', 1)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    soon("the word is known", async || says(2).await == 10_100).await;
}
