//! Figures of streams: what happened, minute by minute.

use chat_server::application::Edition;
use serde_json::{Value, json};

use crate::events::{Events, soon};
use crate::gifts::{give, giver, refund};
use crate::support::{Api, Opening, ROOM, Shop};

const MINUTE_MS: u64 = 60_000;

fn path(query: &str) -> String {
    format!("/rooms/{ROOM}/statistics{query}")
}

async fn go(host: &Api, status: &str) {
    host.put_ok(&format!("/rooms/{ROOM}/status"), json!({"status": status})).await;
}

#[tokio::test]
async fn what_is_heard_is_counted_for_its_minute_and_its_stream() {
    let opening =
        Opening { configure: Box::new(|config| config.count_likes = false), ..Opening::default() };
    let shop = Shop::open_with(opening).await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let first_ms = shop.clock.now_s() * 1_000;
    events.joined(ROOM, "mei", first_ms).await;
    events.joined(ROOM, "jun", first_ms).await;
    events.left(ROOM, "jun", first_ms + MINUTE_MS).await;
    for user in ["mei", "mei", "jun"] {
        events.said(ROOM, user, "hi", first_ms).await;
    }
    events.said(ROOM, "mei", "hi", first_ms + MINUTE_MS).await;
    let likes = json!({"t": "like", "batch": "b", "count": 20});
    events.sent(ROOM, "mei", &likes, first_ms + MINUTE_MS).await;
    events.failed(ROOM, "jun", 10_023, first_ms).await;
    events.failed(ROOM, "jun", 10_100, first_ms).await;
    // The service's own word is no comment, nor is data of an application.
    for user in ["administrator", "assistant"] {
        events.said(ROOM, user, "welcome", first_ms).await;
    }
    events.sent(ROOM, "mei", &json!({"t": "wave"}), first_ms).await;
    events.said("elsewhere", "mei", "hi", first_ms).await;
    events.processed().await;

    let answer = host.get_ok(&path("")).await;
    assert_eq!(answer["stream"], 1);
    let minutes = answer["minutes"].as_array().unwrap();
    let minute = |at_ms: u64| {
        let begins_s = at_ms / MINUTE_MS * 60;
        minutes.iter().find(|minute| minute["minute_s"] == begins_s).unwrap()
    };
    let first = minute(first_ms);
    for (member, value) in
        [("joins", 2), ("comments", 3), ("new_chatters", 2), ("left_out", 1), ("refused", 1)]
    {
        assert_eq!(first[member], value, "{member} in {first}");
    }
    let second = minute(first_ms + MINUTE_MS);
    for (member, value) in [("leaves", 1), ("comments", 1), ("new_chatters", 0), ("likes", 20)] {
        assert_eq!(second[member], value, "{member} in {second}");
    }
    let totals = &answer["totals"];
    for (member, value) in
        [("joins", 2), ("leaves", 1), ("comments", 4), ("chatters", 2), ("likes", 20)]
    {
        assert_eq!(totals[member], value, "{member} in {totals}");
    }
}

#[tokio::test]
async fn likes_that_are_added_up_are_counted_with_their_batch_and_once() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut mei = shop.watch("mei", ROOM).await;
    for (client_id, batch, count) in [("c1", "b1", 20), ("c2", "b1", 20), ("c3", "b2", 5)] {
        let like = json!({"t": "like", "batch": batch, "count": count});
        assert_eq!(mei.send(client_id, &like).await["t"], "send_ok");
    }
    let answer = host.get_ok(&path("")).await;
    assert_eq!(answer["totals"]["likes"], 25);
    let minutes = answer["minutes"].as_array().unwrap();
    assert_eq!(minutes.iter().map(|minute| minute["likes"].as_u64().unwrap()).sum::<u64>(), 25);
}

#[tokio::test]
async fn likes_between_two_streams_belong_to_none() {
    for count_likes in [true, false] {
        let opening = Opening {
            configure: Box::new(move |config| config.count_likes = count_likes),
            ..Opening::default()
        };
        let shop = Shop::open_with(opening).await;
        let host = shop.sign_in("host", "host").await;
        let mut mei = shop.watch("mei", ROOM).await;
        shop.clock.advance_ms(MINUTE_MS);
        go(&host, "ended").await;
        shop.clock.advance_ms(MINUTE_MS);
        let mut like = async |batch: &str, count: u32| {
            let like = json!({"t": "like", "batch": batch, "count": count});
            assert_eq!(mei.send(batch, &like).await["t"], "send_ok");
        };
        like("between", 20).await;
        shop.clock.advance_ms(MINUTE_MS);
        go(&host, "live").await;
        like("during", 3).await;
        soon("the likes of the stream are counted", async || {
            host.get_ok(&path("")).await["totals"]["likes"] == 3
        })
        .await;
        let likes = host.get_ok(&format!("/rooms/{ROOM}/likes")).await;
        assert_eq!(likes["stream"], if count_likes { 3 } else { 0 });
    }
}

#[tokio::test]
async fn gifts_and_income_are_those_of_the_orders_without_refunds() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let boss = shop.sign_in("boss", "admin").await;
    let mei = giver(&shop, "mei", 100).await;
    let coffee = |count: u32| json!({"room": ROOM, "gift": "coffee", "count": count});
    give(&mei, "k1", coffee(3)).await.expect_status(200);
    let kept_minute_s = shop.clock.now_s() / 60 * 60;
    shop.clock.advance_ms(MINUTE_MS);
    let given = give(&mei, "k2", coffee(4)).await.expect_status(200);
    let answer = host.get_ok(&path("")).await;
    assert_eq!((&answer["totals"]["gifts"], &answer["totals"]["income"]), (&json!(7), &json!(70)));
    refund(&boss, &given["order"]).await.expect_status(200);
    let answer = host.get_ok(&path("")).await;
    assert_eq!((&answer["totals"]["gifts"], &answer["totals"]["income"]), (&json!(3), &json!(30)));
    let minutes = answer["minutes"].as_array().unwrap();
    let paid: Vec<&Value> = minutes.iter().filter(|minute| minute["gifts"] != 0).collect();
    assert_eq!((paid.len(), &paid[0]["minute_s"]), (1, &json!(kept_minute_s)));
    assert_eq!((&paid[0]["gifts"], &paid[0]["income"]), (&json!(3), &json!(30)));
}

#[tokio::test]
async fn each_stream_has_its_own_figures_also_for_what_comes_late() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let first_ms = shop.clock.now_s() * 1_000;
    shop.clock.advance_ms(10 * MINUTE_MS);
    go(&host, "ended").await;
    let between_ms = first_ms + 11 * MINUTE_MS;
    shop.clock.advance_ms(10 * MINUTE_MS);
    go(&host, "live").await;
    let second_ms = shop.clock.now_s() * 1_000;
    let events = Events::of(&shop).await;
    events.said(ROOM, "mei", "in the second", second_ms).await;
    events.said(ROOM, "mei", "late, from the first", first_ms).await;
    events.said(ROOM, "jun", "before the second", between_ms).await;
    events.processed().await;
    let chatters =
        async |query: &str| host.get_ok(&path(query)).await["totals"]["chatters"].clone();
    assert_eq!(chatters("?stream=1").await, 1);
    assert_eq!(chatters("?stream=2").await, 2, "what comes before a stream belongs to it");
    assert_eq!(chatters("").await, 2, "the newest one is meant");
    assert_eq!(host.get(&path("?stream=3")).await.problem(404), "stream");
    let streams = host.get_ok(&format!("/rooms/{ROOM}/streams")).await;
    let numbers: Vec<&Value> = streams.as_array().unwrap().iter().map(|s| &s["stream"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    assert_eq!(streams[1]["ended_at_s"].as_u64().unwrap() * 1_000, first_ms + 10 * MINUTE_MS);
    assert!(streams[0].get("ended_at_s").is_none());
    let older = host.get_ok(&format!("/rooms/{ROOM}/streams?before=2")).await;
    assert_eq!(older.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_watches_is_counted_every_minute_while_the_room_is_on_air() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let mut people = vec![shop.watch("mei", ROOM).await, shop.watch("jun", ROOM).await];
    shop.clock.advance_ms(MINUTE_MS);
    let viewers_at = async |at_s: u64| {
        let answer = host.get_ok(&path("")).await;
        let minutes = answer["minutes"].as_array().unwrap().clone();
        let minute = minutes.into_iter().find(|minute| minute["minute_s"] == at_s / 60 * 60);
        minute.and_then(|minute| minute["viewers"].as_u64())
    };
    let first_s = shop.clock.now_s();
    soon("two are counted", async || viewers_at(first_s).await == Some(2)).await;
    drop(people.pop());
    people.push(shop.watch("ana", ROOM).await);
    people.push(shop.watch("zoe", ROOM).await);
    shop.clock.advance_ms(MINUTE_MS);
    let second_s = shop.clock.now_s();
    soon("the next minute is counted", async || viewers_at(second_s).await >= Some(3)).await;
    let peak = host.get_ok(&path("")).await["totals"]["peak_viewers"].as_u64().unwrap();
    assert!(peak >= 3, "{peak}");
    assert_eq!(viewers_at(first_s).await, Some(2), "what was counted stays");
}

#[tokio::test]
async fn a_stream_that_is_shorter_than_a_minute_has_its_viewers() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    go(&host, "ended").await;
    let viewers = async |member: &str| {
        let answer = host.get_ok(&path("")).await;
        let minute = answer["minutes"][0]["viewers"].clone();
        if member == "peak" { answer["totals"]["peak_viewers"].clone() } else { minute }
    };
    let mut people = vec![shop.watch("mei", ROOM).await];
    go(&host, "live").await;
    soon("one is counted at the beginning", async || viewers("first").await == 1).await;
    people.push(shop.watch("jun", ROOM).await);
    people.push(shop.watch("zoe", ROOM).await);
    go(&host, "ended").await;
    soon("three are counted at the end", async || viewers("peak").await == 3).await;
    assert_eq!(viewers("first").await, 3, "the most of a minute stays");
}

async fn coming_and_going(host: &Api) -> (u64, u64) {
    let totals = host.get_ok(&path("")).await["totals"].clone();
    (totals["joins"].as_u64().unwrap(), totals["leaves"].as_u64().unwrap())
}

#[tokio::test]
async fn who_loses_the_connection_has_left_unless_it_comes_back_in_time() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let start_ms = shop.clock.now_s() * 1_000;
    for user in ["mei", "jun", "zoe"] {
        events.joined(ROOM, user, start_ms).await;
    }
    events.state("mei", "Disconnect", start_ms + 1_000).await;
    events.state("mei", "Login", start_ms + 15_000).await;
    // Told in another order than it happened.
    events.state("zoe", "Login", start_ms + 15_000).await;
    events.state("zoe", "Disconnect", start_ms + 1_000).await;
    events.state("jun", "Disconnect", start_ms + 2_000).await;
    events.state("jun", "Disconnect", start_ms + 3_000).await;
    events.processed().await;
    assert_eq!(coming_and_going(&host).await, (3, 0), "they may be back in a moment");
    shop.clock.advance_ms(30_000);
    soon("one has left", async || coming_and_going(&host).await == (3, 1)).await;
    events.left(ROOM, "jun", start_ms + 40_000).await;
    events.left(ROOM, "zoe", start_ms + 40_000).await;
    events.state("zoe", "Logout", start_ms + 40_000).await;
    events.processed().await;
    assert_eq!(coming_and_going(&host).await, (3, 2), "the exit of who is gone is no news");
    events.state("mei", "Disconnect", start_ms + 41_000).await;
    events.joined(ROOM, "mei", start_ms + 70_000).await;
    events.processed().await;
    assert_eq!(coming_and_going(&host).await, (4, 3), "who comes in anew had left");
}

#[tokio::test]
async fn what_the_online_list_tells_is_counted_once_beside_the_rest() {
    let shop = Shop::open().await;
    let host = shop.sign_in("host", "host").await;
    let events = Events::of(&shop).await;
    let start_ms = shop.clock.now_s() * 1_000;
    events.joined(ROOM, "mei", start_ms).await;
    events.state("mei", "Disconnect", start_ms + 1_000).await;
    events.member(ROOM, "mei", "Offline").await;
    events.member(ROOM, "mei", "Offline").await;
    events.processed().await;
    assert_eq!(coming_and_going(&host).await, (1, 1));
    // In either order.
    events.joined(ROOM, "mei", start_ms + 30_000).await;
    events.member(ROOM, "mei", "Online").await;
    events.processed().await;
    assert_eq!(coming_and_going(&host).await, (2, 1));
    events.member(ROOM, "mei", "Offline").await;
    events.member(ROOM, "mei", "Online").await;
    events.joined(ROOM, "mei", start_ms + 60_000).await;
    events.processed().await;
    assert_eq!(coming_and_going(&host).await, (3, 2));
}

#[tokio::test]
async fn a_socket_that_is_shut_is_a_viewer_who_has_left() {
    for edition in [Edition::Ultimate, Edition::Free] {
        let shop = Shop::open_with(Opening { edition, ..Opening::default() }).await;
        let host = shop.sign_in("host", "host").await;
        let mei = shop.watch("mei", ROOM).await;
        let _jun = shop.watch("jun", ROOM).await;
        soon("two have come", async || coming_and_going(&host).await == (2, 0)).await;
        drop(mei);
        soon("one has left", async || {
            // The chat service finds out by itself that the connection is gone.
            shop.clock.advance_ms(1_000);
            coming_and_going(&host).await == (2, 1)
        })
        .await;
    }
}

#[tokio::test]
async fn the_table_says_what_the_answer_says_and_runs_no_formula() {
    let shop = Shop::open().await;
    let boss = shop.sign_in("boss", "admin").await;
    boss.made("/rooms", json!({"room": "=1+1", "title": "=SUM(\"A1\"), new"})).await;
    boss.put_ok("/rooms/=1+1/status", json!({"status": "live"})).await;
    let events = Events::of(&shop).await;
    let now_ms = shop.clock.now_s() * 1_000;
    events.said("=1+1", "mei", "hi", now_ms).await;
    events.joined("=1+1", "mei", now_ms + 2 * MINUTE_MS).await;
    events.processed().await;
    let answer = boss.get_ok("/rooms/=1+1/statistics").await;
    let table = boss.get("/rooms/=1+1/statistics?format=csv").await;
    assert_eq!((table.status, table.kind.as_str()), (200, "text/csv; charset=utf-8"));
    let mut reader = csv::Reader::from_reader(table.text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect();
    let minutes = answer["minutes"].as_array().unwrap();
    assert_eq!(rows.len(), minutes.len());
    for (row, minute) in rows.iter().zip(minutes) {
        assert_eq!(row[..3], ["'=1+1", "'=SUM(\"A1\"), new", "1"]);
        for (name, cell) in header.iter().zip(row).skip(3) {
            let told = minute.get(name).map(Value::to_string).unwrap_or_default();
            assert_eq!(*cell, told, "{name}");
        }
    }
    let after = minutes[0]["minute_s"].as_u64().unwrap();
    let later = boss.get_ok(&format!("/rooms/=1+1/statistics?after_s={after}")).await;
    assert_eq!(later["minutes"].as_array().unwrap().len(), minutes.len() - 1);
}

#[tokio::test]
async fn only_who_runs_a_room_sees_its_figures() {
    let shop = Shop::open().await;
    for (user, role) in [("mei", "viewer"), ("bo", "host"), ("li", "moderator")] {
        let caller = shop.sign_in(user, role).await;
        assert_eq!(caller.get(&path("")).await.problem(403), "forbidden", "{role}");
        let streams = caller.get(&format!("/rooms/{ROOM}/streams")).await;
        assert_eq!(streams.problem(403), "forbidden", "{role}");
    }
    let boss = shop.sign_in("boss", "admin").await;
    assert_eq!(boss.get_ok(&path("")).await["stream"], 1);
    assert_eq!(boss.get(&path("?format=xml")).await.problem(400), "query");
    assert_eq!(boss.get("/rooms/none/statistics").await.problem(404), "room");
}

#[tokio::test]
async fn figures_survive_a_restart_and_are_let_go_after_four_hundred_days() {
    let shop = Shop::open().await;
    let events = Events::of(&shop).await;
    let now_ms = shop.clock.now_s() * 1_000;
    let days = |days: u64| now_ms - days * 86_400_000;
    events.said(ROOM, "ana", "very old", days(401)).await;
    events.said(ROOM, "jun", "old", days(399)).await;
    events.said(ROOM, "mei", "new", now_ms).await;
    events.processed().await;
    let shop = shop.business_restarted().await;
    let host = shop.sign_in("host", "host").await;
    soon("the oldest is gone", async || {
        let totals = &host.get_ok(&path("")).await["totals"];
        totals["comments"] == 2 && totals["chatters"] == 2
    })
    .await;
}
