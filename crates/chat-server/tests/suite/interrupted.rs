//! Messages that are sent again, because their sender does not know what became of them.

use serde_json::json;
use std::collections::BTreeMap;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::clients::World;
use crate::watcher::{Watcher, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_sender_hung_up_is_delivered_once_when_it_is_sent_again() {
    let world = World::with_room().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    for round in 0..20 {
        // Nobody signs in more often than once a second for long.
        world.clock.advance(2);
        let text = format!("round {round}");
        let mut sender = Watcher::enter(&world, "sender").await;
        sender.request(say("r", "Normal", &text)).await;
        if round % 2 == 0 {
            sender.client.socket.close(None).await.unwrap();
        }
        drop(sender);
        let mut sender = Watcher::enter(&world, "sender").await;
        let answer = sender.ask(say("r", "Normal", &text)).await;
        assert_eq!(answer["delivery"], "delivered", "{answer}");
        reader.hear_until(|reader| reader.r().has_text(&text)).await;
        let again = sender.ask(say("r", "Normal", &text)).await;
        assert_eq!((&again["seq"], &again["reached"]), (&answer["seq"], &answer["reached"]));
        let heard = reader.r().heard.last().unwrap();
        assert_eq!(answer["seq"], heard.seq, "it is the one message");
    }
    world.say(1, "the end").await;
    reader.hear_until(|reader| reader.r().has_text("the end")).await;
    assert_eq!(reader.r().texts_from("sender").len(), 20);
    assert!(reader.r().gaps.is_empty() && reader.r().again.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_caller_hung_up_says_its_message_once_when_it_is_made_again() {
    let world = World::with_room().await;
    let mut reader = Watcher::enter(&world, "reader").await;
    for round in 0..10 {
        let text = format!("round {round}");
        let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
        let body = json!({"GroupId": "r", "Random": round, "MsgBody": [element]});
        let (path, query) = ("group_open_http_svc/send_group_msg", world.query("administrator"));
        let bytes = body.to_string();
        let request = format!(
            "POST /v4/{path}?{query} HTTP/1.1\r\nHost: liveroom\r\nContent-Length: {}\r\n\r\n{bytes}",
            bytes.len()
        );
        let mut caller = TcpStream::connect(world.server.address()).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
        drop(caller);
        let answer = world.ok(path, body).await;
        reader.hear_until(|reader| reader.r().has_text(&text)).await;
        let heard = reader.r().heard.last().unwrap();
        assert_eq!(answer["MsgSeq"], heard.seq, "it is the one message");
    }
    world.say(99, "the end").await;
    reader.hear_until(|reader| reader.r().has_text("the end")).await;
    assert_eq!(reader.r().heard.len(), 11);
}

#[tokio::test]
async fn the_same_message_once_more_waits_for_what_becomes_of_the_first() {
    let world = World::with_room().await;
    world.set("room_budget", "1").await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut sender = Watcher::enter(&world, "sender").await;
    let mut asked = Vec::new();
    for text in ["first", "waits", "waits", "first", "waits"] {
        asked.push((text, sender.request(say("r", "High", text)).await));
    }
    let mut numbers = BTreeMap::new();
    for (text, id) in asked {
        let answer = sender.answer_to(id).await;
        assert_eq!(answer["t"], "send_ok", "{text} got {answer}");
        let first = numbers.entry(text).or_insert_with(|| answer["seq"].clone()).clone();
        assert_eq!(answer["seq"], first, "{text}");
    }
    assert_eq!(sender.ask(json!({"t": "ping"})).await["t"], "pong");
    assert_eq!(numbers["first"], 1);
    reader.hear_until(|reader| reader.r().has_text("first")).await;
    assert_eq!(world.server.counts().messages_repeated, 3);
}
