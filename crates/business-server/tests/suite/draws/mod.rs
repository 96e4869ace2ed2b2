//! Lucky draws, from the keyword to a record that anyone can check.

mod closing;
mod record;

use draw::{Fault, Record};
use serde_json::{Value, json};

use crate::events::{Events, in_time, soon};
use crate::gifts::{give, giver, refund};
use crate::support::{Api, Opening, ROOM, Shop};

const WINDOW_S: u64 = 60;
/// Longer than the window and what is waited for late webhooks.
const OVER_MS: u64 = (WINDOW_S + 30) * 1_000;

fn wish() -> Value {
    json!({"keyword": "Lucky Cup", "prize": "A cup", "winners": 2, "window_s": WINDOW_S})
}

fn wish_with(member: &str, value: Value) -> Value {
    let mut wish = wish();
    wish[member] = value;
    wish
}

async fn opened(host: &Api, wish: Value) -> Value {
    host.made(&format!("/rooms/{ROOM}/draws"), wish).await
}

fn path(draw: &Value) -> String {
    format!("/draws/{}", draw["draw"].as_str().unwrap())
}

async fn drawn(shop: &Shop, api: &Api, draw: &Value) -> Value {
    let is_drawn = async || api.get_ok(&path(draw)).await["state"] == "drawn";
    in_time(&shop.clock, "the draw is over", is_drawn).await;
    api.get_ok(&path(draw)).await
}

async fn record(api: &Api, draw: &Value) -> Record {
    let answer = api.get(&format!("{}/record", path(draw))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Record::read(answer.text.as_bytes()).unwrap()
}

#[tokio::test]
async fn who_says_the_keyword_takes_part_and_anyone_can_check_who_won() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("watcher", ROOM).await;
    let mut people = Vec::new();
    for user in ["mei", "jun", "ana"] {
        shop.sign_in(user, "viewer").await;
        people.push(shop.watch(user, ROOM).await);
    }
    let draw = opened(&host, wish()).await;
    let told = watcher.business("draw_opened").await;
    assert_eq!((&told["draw"], &told["keyword"]), (&draw["draw"], &json!("Lucky Cup")));
    assert_eq!(told["commitment"], draw["commitment"]);
    assert_eq!(told["ends_at_s"], draw["ends_at_s"]);
    assert!(draw.get("seed").is_none(), "the seed is a secret: {draw}");
    for (at, person) in people.iter_mut().enumerate() {
        let answer = person.say(&format!("c{at}"), "I want the LUCKY cup!").await;
        assert_eq!(answer["t"], "send_ok", "{answer}");
    }
    watcher.say("w", "what is this about?").await;
    soon("three take part", async || host.get_ok(&path(&draw)).await["entrants"] == 3).await;
    assert_eq!(host.get(&format!("{}/record", path(&draw))).await.problem(409), "no_record");

    shop.clock.advance_ms(OVER_MS);
    drawn(&shop, &host, &draw).await;
    // The list is told before the seed is.
    let closed = watcher.business("draw_closed").await;
    assert_eq!((&closed["draw"], &closed["entrants"]), (&draw["draw"], &json!(3)));
    let result = watcher.business("draw_result").await;
    assert_eq!((&result["draw"], &result["entrants"]), (&draw["draw"], &json!(3)));
    let record = record(&host, &draw).await;
    assert_eq!(record.verify_published(told["commitment"].as_str().unwrap()), Ok(()));
    assert_eq!(record.entrants, ["ana", "jun", "mei"]);
    assert_eq!(record.verify_list_told(closed["entrants_hash"].as_str().unwrap()), Ok(()));
    assert!(record.list_told_at_ms.is_some() && record.list_told_at_ms <= record.drawn_at_ms);
    let users: Vec<&str> =
        result["winners"].as_array().unwrap().iter().map(|w| w["user"].as_str().unwrap()).collect();
    assert_eq!(record.winners, users);
    assert_eq!(json!(record.seed), result["seed"]);
    let view = host.get_ok(&path(&draw)).await;
    assert_eq!((&view["state"], &view["winners"]), (&json!("drawn"), &result["winners"]));

    let mut changed = record;
    changed.winners[0] = "host".into();
    assert!(matches!(changed.verify(), Err(Fault::Winner { place: 1, .. })));
}

#[tokio::test]
async fn each_account_takes_part_once_and_who_runs_the_draw_does_not() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    let boss = shop.sign_in("boss", "admin").await;
    let events = Events::of(&shop).await;
    let draw = opened(&boss, wish_with("matching", "equals".into())).await;
    let now_ms = shop.clock.now_s() * 1_000;
    for user in ["mei", "mei", "host", "boss", "administrator", "assistant", "mei"] {
        events.said(ROOM, user, " ＬＵＣＫＹ  cup", now_ms + 1).await;
    }
    events.said(ROOM, "jun", "lucky cup please", now_ms).await;
    events.said("other", "ana", "lucky cup", now_ms).await;
    let like = json!({"t": "like", "batch": "lucky cup", "count": 1});
    events.sent(ROOM, "zoe", &like, now_ms).await;
    events.processed().await;
    assert_eq!(host.get_ok(&path(&draw)).await["entrants"], 1);
    shop.clock.advance_ms(OVER_MS);
    drawn(&shop, &host, &draw).await;
    let record = record(&host, &draw).await;
    assert_eq!((record.entrants, record.winners), (vec!["mei".into()], vec!["mei".into()]));
}

#[tokio::test]
async fn a_room_has_one_draw_at_a_time_and_a_cancelled_one_has_no_winner() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let viewer = shop.sign_in("mei", "viewer").await;
    host.made("/rooms", json!({"room": "other", "title": "Other"})).await;
    let mut watcher = shop.watch("watcher", ROOM).await;
    let first = opened(&host, wish()).await;
    let second = host.post(&format!("/rooms/{ROOM}/draws"), wish()).await;
    assert_eq!(second.problem(409), "draw_running");
    host.made("/rooms/other/draws", wish()).await;

    assert_eq!(viewer.delete(&path(&first)).await.problem(403), "forbidden");
    let cancelled = host.delete(&path(&first)).await.expect_status(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert!(cancelled.get("seed").is_none());
    assert_eq!(watcher.business("draw_cancelled").await["draw"], first["draw"]);
    let notice = watcher.business("announcement").await;
    assert!(notice["text"].as_str().unwrap().contains("A cup"), "{notice}");
    assert_eq!(host.delete(&path(&first)).await.problem(409), "draw_over");
    // Its list and its seed are shown like those of any other draw.
    let closed = watcher.business("draw_closed").await;
    assert_eq!((&closed["draw"], &closed["entrants"]), (&first["draw"], &json!(0)));
    soon("the seed is shown", async || host.get_ok(&path(&first)).await["seed"].is_string()).await;
    let record_of_first = record(&host, &first).await;
    assert!(record_of_first.cancelled && record_of_first.winners.is_empty());
    assert_eq!(record_of_first.verify_published(first["commitment"].as_str().unwrap()), Ok(()));

    let second = opened(&host, wish()).await;
    assert_ne!(second["commitment"], first["commitment"]);
    shop.clock.advance_ms(OVER_MS);
    drawn(&shop, &host, &second).await;
    let result = watcher.business("draw_result").await;
    assert_eq!((&result["entrants"], &result["winners"]), (&json!(0), &json!([])));
    assert_eq!(record(&host, &second).await.verify(), Ok(()));
    assert_eq!(host.get_ok(&path(&first)).await["state"], "cancelled");
    let list = viewer.get_ok(&format!("/rooms/{ROOM}/draws")).await;
    let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|draw| &draw["draw"]).collect();
    assert_eq!(ids, [&second["draw"], &first["draw"]]);
    let before = second["draw"].as_str().unwrap();
    let older = viewer.get_ok(&format!("/rooms/{ROOM}/draws?before={before}")).await;
    assert_eq!(older[0]["draw"], first["draw"]);
}

#[tokio::test]
async fn a_draw_that_breaks_a_rule_is_refused_with_the_rule() {
    let shop = Shop::open().await;
    let draws = format!("/rooms/{ROOM}/draws");
    for (user, role) in [("mei", "viewer"), ("bo", "host"), ("li", "moderator")] {
        let caller = shop.sign_in(user, role).await;
        assert_eq!(caller.post(&draws, wish()).await.problem(403), "forbidden", "{role}");
    }
    let host = shop.sign_in("host", "host").await;
    for (member, value) in [
        ("keyword", json!(" ")),
        ("keyword", json!("k".repeat(33))),
        ("keyword", json!("a\u{0}b")),
        ("prize", json!("")),
        ("prize", json!("p".repeat(61))),
        ("winners", json!(0)),
        ("winners", json!(1_001)),
        ("window_s", json!(4)),
        ("window_s", json!(3_601)),
    ] {
        let answer = host.post(&draws, wish_with(member, value.clone())).await;
        assert_eq!(answer.problem(400), "invalid", "{member} {value}");
    }
    assert_eq!(host.post(&draws, wish_with("winners", json!(-1))).await.problem(422), "body");
    assert_eq!(host.post("/rooms/none/draws", wish()).await.problem(404), "room");
    assert_eq!(host.get("/draws/none").await.problem(404), "draw");
    assert_eq!(host.get("/draws/none/record").await.problem(404), "draw");
    assert_eq!(host.get_ok(&draws).await, json!([]), "nothing was opened");

    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": "ended"})).await;
    let gifted = wish_with("filters", json!({"must_have_gifted": true}));
    assert_eq!(host.post(&draws, gifted).await.problem(409), "no_stream");
}

#[tokio::test]
async fn a_level_that_is_asked_for_is_looked_at_when_the_draw_is_closed() {
    let opening = Opening {
        configure: Box::new(|config| {
            config.levels.comment = 10;
            config.levels.thresholds = vec![10, 30];
        }),
        ..Opening::default()
    };
    let shop = Shop::open_with(opening).await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    for user in ["mei", "jun"] {
        shop.sign_in(user, "viewer").await;
    }
    let draw = opened(&host, wish_with("filters", json!({"min_level": 2}))).await;
    let now_ms = shop.clock.now_s() * 1_000;
    for user in ["mei", "jun", "stranger"] {
        events.said(ROOM, user, "lucky cup", now_ms).await;
    }
    // Mei rises to level 2 after she has said the keyword.
    for text in ["one", "two"] {
        events.said(ROOM, "mei", text, now_ms + 1).await;
    }
    events.processed().await;
    shop.clock.advance_ms(OVER_MS);
    let view = drawn(&shop, &host, &draw).await;
    assert_eq!((&view["entrants"], &view["not_admitted"]), (&json!(3), &json!(2)));
    let record = record(&host, &draw).await;
    assert_eq!((record.verify(), record.entrants), (Ok(()), vec!["mei".into()]));
    assert_eq!((record.min_level, record.not_admitted), (2, 2));
}

#[tokio::test]
async fn a_gift_that_is_asked_for_has_to_be_given_in_this_stream_and_kept() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let boss = shop.sign_in("boss", "admin").await;
    let rose = json!({"room": ROOM, "gift": "rose", "count": 1});
    let before = giver(&shop, "before", 10).await;
    give(&before, "k", rose.clone()).await.expect_status(200);
    for status in ["ended", "live"] {
        host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": status})).await;
    }
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish_with("filters", json!({"must_have_gifted": true}))).await;
    for user in ["mei", "jun", "ana", "before"] {
        events.said(ROOM, user, "lucky cup", shop.clock.now_s() * 1_000).await;
    }
    events.processed().await;
    // The gift may come after the keyword.
    for user in ["mei", "jun"] {
        let api = giver(&shop, user, 10).await;
        let given = give(&api, "k", rose.clone()).await.expect_status(200);
        if user == "jun" {
            refund(&boss, &given["order"]).await.expect_status(200);
        }
    }
    shop.clock.advance_ms(OVER_MS);
    let view = drawn(&shop, &host, &draw).await;
    assert_eq!((&view["entrants"], &view["not_admitted"]), (&json!(4), &json!(3)));
    assert_eq!(record(&host, &draw).await.entrants, ["mei"]);
}

#[tokio::test]
async fn who_follows_when_the_draw_is_closed_takes_part_and_the_room_is_told_of_the_condition() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut watcher = shop.watch("li", ROOM).await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish_with("filters", json!({"must_follow": true}))).await;
    let told = watcher.business("draw_opened").await;
    assert_eq!(told["conditions"]["must_follow"], true, "{told}");
    let follow = format!("/rooms/{ROOM}/follow");
    for user in ["mei", "jun", "ana"] {
        events.said(ROOM, user, "lucky cup", shop.clock.now_s() * 1_000).await;
    }
    events.processed().await;
    // The keyword may come before the following, which has to last.
    for user in ["mei", "jun"] {
        shop.sign_in(user, "viewer").await.put_ok(&follow, json!({})).await;
    }
    shop.sign_in("jun", "viewer").await.delete(&follow).await.expect_status(200);
    shop.clock.advance_ms(OVER_MS);
    let view = drawn(&shop, &host, &draw).await;
    assert_eq!((&view["entrants"], &view["not_admitted"]), (&json!(3), &json!(2)));
    let record = record(&host, &draw).await;
    assert_eq!((record.verify(), record.must_follow), (Ok(()), true));
    assert_eq!(record.entrants, ["mei"]);
}

#[tokio::test]
async fn comments_beyond_the_limit_are_counted_and_told() {
    let opening =
        Opening { configure: Box::new(|config| config.draw_entrants = 2), ..Opening::default() };
    let shop = Shop::open_with(opening).await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let draw = opened(&host, wish()).await;
    let now_ms = shop.clock.now_s() * 1_000;
    for user in ["mei", "jun", "ana", "mei", "zoe"] {
        events.said(ROOM, user, "lucky cup", now_ms).await;
    }
    events.processed().await;
    let view = host.get_ok(&path(&draw)).await;
    assert_eq!((&view["entrants"], &view["turned_away"]), (&json!(2), &json!(2)));
    shop.clock.advance_ms(OVER_MS);
    drawn(&shop, &host, &draw).await;
    let record = record(&host, &draw).await;
    assert_eq!((record.turned_away, record.entrants.len()), (2, 2));
}

/// The database of a running service, beside it.
async fn database(data_dir: &std::path::Path) -> sqlx::SqlitePool {
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(data_dir.join("business.db"));
    sqlx::SqlitePool::connect_with(file).await.unwrap()
}
