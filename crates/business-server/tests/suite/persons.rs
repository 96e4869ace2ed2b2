//! What is kept of a person: all of it is told, and all of it goes.

use acceptance::gateway::Client;
use chat_types::rest::GroupIdOnly;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, SqlitePool};
use std::time::Duration;

use crate::accounts::{Identity, claims, exchange};
use crate::events::{Events, soon};
use crate::gifts::{balance, give, giver, top_up};
use crate::support::{Api, Opening, ROOM, Shop};
use crate::webhooks::{Hook, asked, wants_in};

/// An id and a name that stand nowhere by chance.
const ID: &str = "qz7-person";
const NAME: &str = "Zaphira";

/// Where a person may still stand: what is delivered and forgotten by itself within a short time, and
/// the list of a draw, without which nobody could draw again.
const MAY_STAY: [&str; 4] = ["outbox", "webhook_events", "draw_entrants", "draw_winners"];

async fn tables(database: &SqlitePool) -> Vec<(String, Vec<String>)> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(database)
    .await
    .unwrap();
    let mut tables = Vec::new();
    for name in names {
        let columns = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&name);
        tables.push((name.clone(), columns.fetch_all(database).await.unwrap()));
    }
    tables
}

/// Tables and columns in which a text stands somewhere.
async fn places_of(shop: &Shop, text: &str) -> Vec<String> {
    let database = shop.database().await;
    let mut found = Vec::new();
    for (table, columns) in tables(&database).await {
        for column in columns {
            let count = format!("SELECT count(*) FROM {table} WHERE instr(\"{column}\", $1) > 0");
            let count = sqlx::query_scalar(AssertSqlSafe(count)).bind(text).fetch_one(&database);
            let count: i64 = count.await.unwrap();
            if count > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}

/// Somebody who has done everything that is kept.
async fn busy_person(shop: &Shop, identity: &Identity) -> Api {
    let boss = shop.sign_in("boss", "admin").await;
    let host = shop.sign_in("host", "host").await;
    let mut who = claims(shop);
    (who["sub"], who["name"], who["role"]) = (ID.into(), NAME.into(), "moderator".into());
    let entry = exchange(shop, &identity.token("first", &who)).await.expect_status(200);
    let mut person = shop.stranger();
    person.token = entry["token"].as_str().unwrap().to_owned();
    top_up(&person, "t1", 100).await;
    let roses = json!({"room": ROOM, "gift": "rose", "count": 5});
    give(&person, "k1", roses).await.expect_status(200);
    let clicks = json!({"room": ROOM, "gift": "rose", "clicks": 2, "combo": "c-1"});
    give(&person, "k2", clicks).await.expect_status(200);
    person.put_ok(&format!("/rooms/{ROOM}/follow"), json!({})).await;
    host.post(&format!("/rooms/{ROOM}/slot"), json!({"product": "cup"})).await;
    let list = json!({"name": "own", "action": "drop", "words": ["blah"]});
    boss.put_ok("/moderation/words", json!({"list": list})).await;
    let draw = json!({"keyword": "cup", "prize": "A cup", "winners": 1, "window_s": 60});
    host.made(&format!("/rooms/{ROOM}/draws"), draw).await;
    let events = Events::of(shop).await;
    let now_ms = shop.clock.now_s() * 1_000;
    events.joined(ROOM, ID, now_ms).await;
    events.said(ROOM, ID, "i want the cup", now_ms + 1_000).await;
    events.processed().await;
    host.put_ok(&format!("/rooms/{ROOM}/moderators/{ID}"), json!({})).await;
    // As a moderator it has muted somebody, and it is muted itself.
    shop.sign_in("li", "viewer").await;
    for (caller, user) in [(&person, "li"), (&boss, ID)] {
        let mute = json!({"user_id": user, "seconds": 60});
        caller.post(&format!("/rooms/{ROOM}/mutes"), mute).await.expect_status(202);
    }
    let mute = json!({"user_id": ID, "seconds": 0});
    boss.post(&format!("/rooms/{ROOM}/mutes"), mute).await.expect_status(202);
    person
}

#[tokio::test]
async fn everything_that_is_kept_of_a_person_is_told() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let person = busy_person(&shop, &identity).await;
    let told = person.get_ok("/me/export").await;
    assert_eq!(told["account"][0]["nick"], NAME);
    assert_eq!(told["identity"][0]["subject"], ID);
    assert_eq!(told["wallet"].as_array().unwrap().len(), 3);
    assert_eq!(told["gifts"][0]["coins"], 5);
    assert_eq!(told["moderates"][0]["room"], ROOM);
    assert_eq!(told["rankings"].as_array().unwrap().len(), 2, "of the day and of the stream");
    assert_eq!(told["answers"].as_array().unwrap().len(), 3);
    for section in ["watching", "present"] {
        assert_eq!(told[section][0]["room"], ROOM, "{section}");
    }
    assert_eq!(told["experience"][0]["comments"], 1);
    assert_eq!(told["follows"][0]["host"], "host");
    assert_eq!(told["draws_entered"].as_array().unwrap().len(), 1);
    assert_eq!(told["streams_commented"].as_array().unwrap().len(), 1);
    assert!(!told["moderated"].as_array().unwrap().is_empty());
    assert!(told["acts"].as_array().unwrap().iter().any(|act| act["target"] == "li"));
    let boss = shop.sign_in("boss", "admin").await;
    assert_eq!(boss.get_ok(&format!("/accounts/{ID}/export")).await, told);
    assert_eq!(person.get("/accounts/boss/export").await.problem(403), "forbidden");
    assert_eq!(boss.get("/accounts/nobody/export").await.problem(404), "account");
}

#[tokio::test]
async fn a_long_history_is_told_to_the_end() {
    let shop = Shop::open().await;
    let mei = giver(&shop, "mei", 100).await;
    let database = shop.database().await;
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
         INSERT INTO moderation_log (id, group_id, user_id, text, reason, action, strike, at_s)
         SELECT i, 'r', 'mei', 'said', 'word', 'drop', 1, i FROM n",
    )
    .execute(&database)
    .await
    .unwrap();
    let told = mei.get_ok("/me/export").await;
    let times: Vec<u64> = told["moderated"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["at_s"].as_u64().unwrap())
        .collect();
    assert_eq!(times, (1..=1_200).collect::<Vec<_>>());
}

#[tokio::test]
async fn nothing_is_left_of_a_person_who_is_deleted() {
    let identity = Identity::start().await;
    let shop = Shop::open_with(identity.opening()).await;
    let person = busy_person(&shop, &identity).await;
    let host = shop.sign_in("host", "host").await;
    let before = host.get_ok(&format!("/rooms/{ROOM}/income")).await;
    soon("the clicks are told", async || {
        let due: i64 = sqlx::query_scalar("SELECT count(*) FROM gift_combos WHERE due_ms > 0")
            .fetch_one(&shop.database().await)
            .await
            .unwrap();
        shop.clock.advance_ms(1_000);
        due == 0
    })
    .await;
    let boss = shop.sign_in("boss", "admin").await;
    let path = format!("/accounts/{ID}");
    assert_eq!(boss.delete(&path).await.problem(409), "balance");
    boss.delete(&format!("{path}?forfeit=true")).await.expect_status(204);
    assert_eq!(person.get("/me").await.problem(401), "token");
    soon("the chat service has deleted it", async || is_unknown_there(&shop).await).await;
    soon("nothing is to be done", async || {
        let jobs = sqlx::query_scalar("SELECT count(*) FROM account_jobs");
        jobs.fetch_one(&shop.database().await).await.is_ok_and(|jobs: i64| jobs == 0)
    })
    .await;
    for text in [ID, NAME] {
        for place in places_of(&shop, text).await {
            let table = place.split('.').next().unwrap();
            // Which ids are gone has to be known for a day.
            let may_stay = MAY_STAY.contains(&table) || table == "gone_accounts";
            assert!(may_stay, "{text} stands in {place}");
            assert_ne!(place, "draw_winners.nick");
        }
    }
    // The books are as they were, and add up.
    assert_eq!(host.get_ok(&format!("/rooms/{ROOM}/income")).await, before);
    let sums: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT COALESCE(SUM(amount), 0) FROM ledger_entries),
                (SELECT COALESCE(SUM(balance), 0) FROM ledger_accounts)",
    )
    .fetch_one(&shop.database().await)
    .await
    .unwrap();
    assert_eq!(sums, (0, 0));
    let acts = boss.get_ok("/audit?call=DELETE%20/accounts/%7Buser%7D").await;
    assert_eq!(acts["acts"][0]["target"], "deleted-1");
}

#[tokio::test]
async fn who_was_deleted_comes_back_as_somebody_new() {
    let identity = Identity::start().await;
    let usual = identity.opening();
    let opening = Opening {
        configure: Box::new(move |config| {
            (usual.configure)(config);
            let days = Duration::from_secs(3 * 86_400);
            (config.session_lifetime, config.token_lifetime) = (Some(days), days);
        }),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let enter = async || exchange(&shop, &identity.token("first", &claims(&shop))).await;
    let mut old = shop.stranger();
    old.token = enter().await.expect_status(200)["token"].as_str().unwrap().to_owned();
    let mut lasting = claims(&shop);
    lasting["exp"] = json!(shop.clock.now_s() + 3 * 86_400);
    let kept = identity.token("first", &lasting);
    top_up(&old, "t1", 7).await;
    shop.clock.advance_ms(1_000);
    old.delete("/me?forfeit=true").await.expect_status(204);
    assert_eq!(old.get("/me").await.problem(401), "token");
    let left = places_of(&shop, "mei").await;
    shop.clock.advance_ms(1_000);
    let early = enter().await;
    assert_eq!(early.problem(403), "deleted", "what it was given may still open the chat service");
    assert!(early.json()["retry_after_ms"].as_u64().unwrap() > 86_000_000);
    assert_eq!(places_of(&shop, "mei").await, left, "what is refused leaves nothing behind");
    until_free(&shop, "mei").await;
    assert_eq!(exchange(&shop, &kept).await.problem(401), "identity", "it was issued before");
    let entry = enter().await.expect_status(200);
    assert_eq!(entry["user_id"], "mei");
    assert_eq!(old.get("/me").await.problem(401), "token_revoked");
    let mut new = shop.stranger();
    new.token = entry["token"].as_str().unwrap().to_owned();
    assert_eq!((balance(&new).await, new.get_ok("/me").await["experience"].clone()), (0, json!(0)));
    let followers = new.get_ok(&format!("/rooms/{ROOM}/follow")).await;
    assert_eq!(followers["following"], json!(false));
}

/// The last UserSig of an account that was deleted ends, and what is to be done then is done.
pub(crate) async fn until_free(shop: &Shop, user: &str) {
    shop.clock.advance_ms((86_400 + 600) * 1_000);
    let database = shop.database().await;
    soon("the id is free", async || {
        let gone = sqlx::query_scalar("SELECT count(*) FROM gone_accounts WHERE user_id = $1");
        gone.bind(user).fetch_one(&database).await.is_ok_and(|gone: i64| gone == 0)
    })
    .await;
}

#[tokio::test]
async fn a_user_sig_of_who_was_deleted_opens_no_room_and_leaves_nothing_for_good() {
    let shop = Shop::open().await;
    let entry = shop.stranger().post_ok("/sign-in", json!({"name": NAME, "user_id": ID})).await;
    let mut person = shop.stranger();
    person.token = entry["token"].as_str().unwrap().to_owned();
    person.delete("/me").await.expect_status(204);
    soon("the chat service has deleted it", async || is_unknown_there(&shop).await).await;

    let mut device = Client::connect(&shop.chat.gateway_url()).await;
    let sig = entry["user_sig"].as_str().unwrap();
    let answer = device.login(shop.app.sdk_app_id.into(), ID, sig).await;
    assert_eq!(answer["t"], "login_ok", "the chat service knows nothing of it");
    let hook = Hook::of(&shop);
    let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
    let like = json!([{"MsgType": "TIMCustomElem", "MsgContent":
        {"Data": r#"{"t":"like","batch":"b","count":3}"#, "Desc": "", "Ext": "", "Sound": ""}}]);
    for (command, body) in [
        ("Group.CallbackBeforeApplyJoinGroup", wants_in(ID)),
        ("Group.CallbackBeforeSendMsg", asked(ID, text, 7).to_string()),
        ("Group.CallbackBeforeSendMsg", asked(ID, like, 8).to_string()),
    ] {
        let (_, answer) = hook.post(command, body).await;
        assert_eq!(answer["ErrorCode"], 10_122, "{answer}");
    }
    let again = json!({"name": NAME, "user_id": ID});
    assert_eq!(shop.stranger().post("/sign-in", again).await.problem(403), "deleted");
    device.kind("kicked").await;

    // What was on its way when the account was deleted is processed after it.
    let events = Events::of(&shop).await;
    let now_ms = shop.clock.now_s() * 1_000;
    events.joined(ROOM, ID, now_ms).await;
    events.said(ROOM, ID, "hello", now_ms).await;
    events.processed().await;
    let chatters = "statistics_chatters.user_id".to_owned();
    assert!(places_of(&shop, ID).await.contains(&chatters));
    until_free(&shop, ID).await;
    assert!(is_unknown_there(&shop).await);
    for text in [ID, NAME] {
        let places = places_of(&shop, text).await;
        let stays = |place: &String| MAY_STAY.contains(&place.split('.').next().unwrap());
        assert!(places.iter().all(stays), "{text} stands in {places:?}");
    }
}

/// What waits for an administrator: a message that no room was told, and an event that the shop did not
/// take.
const DEAD: &str = r#"
INSERT INTO outbox (number, key, lane, group_id, kind, body, random_number, state, reason, written_ms,
    done_ms)
VALUES (9001, 'k', 'l', 'r', 'message', '[{"Data":"{\"user\":\"qz7-person\",\"nick\":\"Zaphira\"}"}]',
    1, 'failed', 'refused', 1, 1);
INSERT INTO notifications (number, id, kind, room, body, state, attempts, queued_ms, dead_ms)
VALUES (9001, 'i', 'muted', 'r', '{"kind":"muted","data":{"user":"qz7-person","until_s":0}}', 'dead', 1,
    1, 1);
"#;

#[tokio::test]
async fn what_is_still_told_of_who_was_deleted_is_told_under_another_name() {
    let shop = Shop::open().await;
    let mut viewer = shop.watch("li", ROOM).await;
    let entry = shop.stranger().post_ok("/sign-in", json!({"name": NAME, "user_id": ID})).await;
    let mut person = shop.stranger();
    person.token = entry["token"].as_str().unwrap().to_owned();
    top_up(&person, "t1", 100).await;
    let clicks = json!({"room": ROOM, "gift": "rose", "clicks": 2, "combo": "c-1"});
    give(&person, "k1", clicks).await.expect_status(200);
    let database = shop.database().await;
    sqlx::raw_sql(DEAD).execute(&database).await.unwrap();
    person.delete("/me?forfeit=true").await.expect_status(204);
    for text in [ID, NAME] {
        for place in places_of(&shop, text).await {
            let kept = ["gift_combos", "notifications", "outbox"];
            assert!(!kept.contains(&place.split('.').next().unwrap()), "{text} stands in {place}");
        }
    }
    let told = "SELECT json_extract(body, '$.data.user') FROM notifications";
    let told: String = sqlx::query_scalar(told).fetch_one(&database).await.unwrap();
    assert_eq!(told, "deleted-1");
    shop.clock.advance_ms(1_000);
    let gift = viewer.business("gift").await;
    assert_eq!((&gift["user"], &gift["nick"]), (&json!("deleted-1"), &json!("deleted-1")));
    assert_eq!(gift["count"], 2);
}

/// Whether the chat service has no account of the person.
async fn is_unknown_there(shop: &Shop) -> bool {
    let known = shop.chat.storage().accounts(shop.app.sdk_app_id, &[ID]).await;
    known.unwrap().is_empty()
}

#[tokio::test]
async fn income_is_lost_by_nobody_who_does_not_say_so_and_a_room_without_a_group_holds_nobody() {
    let shop = Shop::open().await;
    let (boss, host) = (shop.sign_in("boss", "admin").await, shop.sign_in("host", "host").await);
    let mei = giver(&shop, "mei", 10).await;
    let rose = json!({"room": ROOM, "gift": "rose", "count": 3});
    give(&mei, "k1", rose).await.expect_status(200);
    let refused = host.delete("/me").await;
    assert_eq!(refused.problem(409), "owns_room");
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("change_group_owner") && detail.contains("destroy_group"), "{detail}");
    let group = GroupIdOnly { group_id: ROOM.into() };
    shop.administrator().destroy_group(&group).await.unwrap();
    let path = format!("/rooms/{ROOM}");
    soon("the room has ended", async || boss.get_ok(&path).await["status"] == "ended").await;
    let refused = host.delete("/me").await;
    assert_eq!(refused.problem(409), "balance");
    assert!(refused.json()["detail"].as_str().unwrap().contains("the income 3"));
    host.delete("/me?forfeit=true").await.expect_status(204);
    assert_eq!(boss.get_ok(&path).await["owner"], "deleted-1");
}

#[tokio::test]
async fn who_owns_a_room_stays_until_it_is_given_away() {
    let shop = Shop::open().await;
    let (boss, host) = (shop.sign_in("boss", "admin").await, shop.sign_in("host", "host").await);
    assert_eq!(host.delete("/me").await.problem(409), "owns_room");
    assert_eq!(boss.delete("/accounts/host").await.problem(409), "owns_room");
    assert_eq!(boss.delete("/accounts/boss").await.problem(409), "self");
    assert_eq!(host.delete("/accounts/boss").await.problem(403), "forbidden");
    let refused: Value =
        shop.stranger().post("/sign-in", json!({"name": "x", "user_id": "deleted-1"})).await.json();
    assert_eq!(refused["code"], "invalid");
}
