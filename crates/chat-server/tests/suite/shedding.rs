//! More is said than the room delivers: what happens to each message, and who is told.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

use crate::clients::World;
use crate::hooks::Hooks;
use crate::watcher::{Told, Watcher, delivered, say, texts_of};

const SEND: &str = "group_open_http_svc/send_group_msg";
const FIGURES: &str = "liveroom_ext/get_room_figures";
const BEFORE: &str = "Group.CallbackBeforeSendMsg";
const AFTER: &str = "Group.CallbackAfterSendMsg";
const EXCEPTION: &str = "Group.CallbackSendMsgException";

/// What the senders of one class counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    received: u64,
    delivered: u64,
    shed: u64,
}

impl Count {
    fn add(&mut self, delivered: bool) {
        self.received += 1;
        *if delivered { &mut self.delivered } else { &mut self.shed } += 1;
    }
}

/// The figures of room `r`, by class.
async fn figures_of(world: &World) -> Value {
    world.ok(FIGURES, json!({"GroupId": "r"})).await["Figures"].clone()
}

/// One class of the figures, and that its numbers add up.
fn count_of(figures: &Value, class: &str) -> Count {
    let of_class = &figures["classes"][class];
    let sum = |causes: &Value| -> u64 {
        causes.as_object().map_or(0, |causes| causes.values().filter_map(Value::as_u64).sum())
    };
    let number = |name: &str| of_class[name].as_u64().unwrap_or(0);
    let count = Count {
        received: number("received"),
        delivered: number("delivered"),
        shed: sum(&of_class["shed"]),
    };
    let rest = sum(&of_class["refused"]) + number("waiting");
    assert_eq!(count.received, count.delivered + count.shed + rest, "{class}: {of_class}");
    count
}

/// A sum over the lines of one counter of the metrics with this class.
async fn metric(world: &World, name: &str, class: &str) -> u64 {
    let text = world.metrics().await;
    let of_class = format!("class=\"{class}\"");
    let lines = text.lines().filter(|line| line.starts_with(&format!("liveroom_{name}_total{{")));
    let values = lines
        .filter(|line| line.contains(&of_class))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
    values.sum()
}

/// Sends a text by REST; whether it was delivered.
async fn rest_says(world: &World, random: u32, priority: &str, text: &str) -> bool {
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    let body = json!({"GroupId": "r", "Random": random, "MsgPriority": priority,
        "MsgBody": [element]});
    let answer = world.call(SEND, body).await;
    let code = answer["ErrorCode"].as_i64().unwrap();
    assert!(code == 0 || code == 10023, "{text} got {answer}");
    code == 0
}

/// Takes the limit from the room, and says a last word that everybody gets.
async fn end(world: &World) {
    let rules = json!({"GroupId": "r", "Rules": {"budget_per_s": 0}});
    world.ok("liveroom_ext/modify_room_rules", rules).await;
    assert!(rest_says(world, u32::MAX, "Normal", "the end").await);
}

fn at_the_end(watcher: &Watcher) -> bool {
    watcher.r().has_text("the end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_above_its_budget_tells_the_truth_about_every_message() {
    let world = Arc::new(World::with_room().await);
    world.set("room_budget", "40").await;
    let mut host = Watcher::enter(&world, "host").await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut senders = Vec::new();
    for name in ["high", "normal1", "normal2", "normal3", "normal4", "low1", "low2", "low3"] {
        senders.push((name, Watcher::enter(&world, name).await));
    }
    let others = u32::try_from(senders.len() + 1).unwrap();
    let overloaded = Arc::new(AtomicBool::new(false));
    let low_left = Arc::new(AtomicUsize::new(3));
    let pouring = senders.into_iter().map(|(name, mut watcher)| {
        let (overloaded, low_left) = (Arc::clone(&overloaded), Arc::clone(&low_left));
        tokio::spawn(async move {
            let mut told = Vec::new();
            if name == "high" {
                // Below the budget, however the others shout.
                let mut tick = interval(Duration::from_millis(80));
                tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
                for text in texts_of(name, 30) {
                    tick.tick().await;
                    told.extend(watcher.pour("r", "High", [text], 1).await);
                }
            } else if name.starts_with("normal") {
                for round in 0..200 {
                    let texts = texts_of(&format!("{name}:{round}"), 16);
                    told.extend(watcher.pour("r", "Normal", texts, 16).await);
                    if told.iter().any(|told| told.seq().is_none()) {
                        overloaded.store(true, Ordering::SeqCst);
                    }
                    if low_left.load(Ordering::SeqCst) == 0 && told.len() >= 200 {
                        break;
                    }
                }
            } else {
                while !overloaded.load(Ordering::SeqCst) {
                    told.extend(
                        watcher.pour("r", "Low", [format!("{name}:{}", told.len())], 1).await,
                    );
                }
                let texts = (0..120).map(|number| format!("{name}:late:{number}"));
                told.extend(watcher.pour("r", "Low", texts, 16).await);
                low_left.fetch_sub(1, Ordering::SeqCst);
            }
            (name, watcher, told)
        })
    });
    let pouring: Vec<_> = pouring.collect();
    let by_rest: Vec<String> = texts_of("rest", 60).collect();
    let calls = by_rest.iter().zip(0..).map(|(text, random)| {
        let world = &world;
        async move { (text.clone(), rest_says(world, random, "Normal", text).await) }
    });
    let listening = tokio::spawn(async move {
        reader.hear_until(at_the_end).await;
        reader
    });
    let hosting = tokio::spawn(async move {
        host.hear_until(at_the_end).await;
        host
    });
    let by_rest: BTreeMap<String, bool> = join_all(calls).await.into_iter().collect();
    let mut done = Vec::new();
    for each in pouring {
        done.push(each.await.unwrap());
    }

    // What was sampled out stays so when it is sent again.
    let before = figures_of(&world).await;
    for (_, watcher, told) in &mut done {
        let Some(shed) = told.iter().find(|told| told.seq().is_none()).cloned() else { continue };
        let again = watcher.ask(say("r", "Normal", &shed.text)).await;
        for member in ["delivery", "seq", "time_s", "reached"] {
            assert_eq!(again[member], shed.answer[member], "{}", shed.text);
        }
    }
    let figures = figures_of(&world).await;
    assert_eq!(figures["classes"], before["classes"], "a repeat is no message");
    end(&world).await;

    // Everybody got each delivered message once, and nobody anything else.
    let told: Vec<&Told> = done.iter().flat_map(|(_, _, told)| told).collect();
    let all = delivered(told.iter().copied());
    let mut watchers = vec![listening.await.unwrap(), hosting.await.unwrap()];
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for (name, mut watcher, told) in done {
        watcher.hear_until(at_the_end).await;
        let class = name.trim_end_matches(|sign: char| sign.is_ascii_digit());
        for each in &told {
            assert_eq!(each.answer["t"], "send_ok", "{each:?}");
            counts.entry(class).or_default().add(each.seq().is_some());
            let reached = if each.seq().is_some() { others } else { 0 };
            assert_eq!(each.answer["reached"], reached, "{each:?}");
        }
        assert!(told.iter().filter_map(Told::seq).is_sorted(), "the order of {name} is kept");
        let own: BTreeMap<u32, String> =
            watcher.r().own.iter().map(|(id, seq)| (*seq, id.clone())).collect();
        assert_eq!(own, delivered(&told), "{name} is told the numbers of its own");
        watchers.push(watcher);
    }
    for (text, delivered) in &by_rest {
        let heard = watchers[0].r().has_text(text);
        assert_eq!(heard, *delivered, "{text}");
        counts.entry("normal").or_default().add(*delivered);
    }
    for watcher in &watchers {
        let room = watcher.r();
        assert!(room.gaps.is_empty() && room.again.is_empty(), "{:?} {:?}", room.gaps, room.again);
        let mut heard = room.texts();
        heard.extend(room.own.iter().map(|(id, seq)| (*seq, id.clone())));
        heard.retain(|_, text| !text.starts_with("rest:") && text != "the end");
        assert_eq!(heard, all);
        assert!(room.heard.is_sorted_by_key(|heard| heard.seq), "in the room's order");
    }
    // The figures say the same.
    for (class, count) in &counts {
        assert_eq!(&count_of(&figures, class), count, "{class}");
    }
    let of = |class: &str| &counts[class];
    assert_eq!(of("high").shed, 0);
    assert!(of("normal").shed > 0 && of("low").shed > 0, "{counts:?}");
    assert!(
        of("low").delivered * of("normal").received < of("normal").delivered * of("low").received,
        "Low goes first: {counts:?}"
    );
    for (class, count) in &counts {
        // The last word is counted with the comments.
        let more = u64::from(*class == "normal");
        let received = metric(&world, "room_messages_received", class).await;
        assert_eq!(received, count.received + more, "{class}");
        let delivered = metric(&world, "room_messages_delivered", class).await;
        assert_eq!(delivered, count.delivered + more, "{class}");
        assert_eq!(metric(&world, "room_messages_shed", class).await, count.shed, "{class}");
    }

    // The owner sees it live, and nobody else does.
    let last = figures_of(&world).await["classes"].clone();
    let mut host = watchers.remove(1);
    host.hear_until(|host| {
        let mut told = host.others.iter().rev().filter(|frame| frame["t"] == "room_figures");
        told.next().is_some_and(|frame| frame["figures"]["classes"] == last)
    })
    .await;
    for mut other in watchers {
        other.ask(json!({"t": "ping"})).await;
        assert!(!other.others.iter().any(|frame| frame["t"] == "room_figures"));
    }
}

#[tokio::test]
async fn a_message_that_was_sampled_out_is_an_exception_to_the_application_and_nothing_else() {
    let world = World::with_room().await;
    world.set("room_budget", "5").await;
    let hooks = Hooks::of(&world).await;
    let mut sender = Watcher::enter(&world, "sender").await;
    let calls = (0..20).map(|random| {
        let world = &world;
        async move { rest_says(world, random, "Normal", &format!("rest:{random}")).await }
    });
    let (by_rest, told) =
        tokio::join!(join_all(calls), sender.pour("r", "Normal", texts_of("sender", 20), 20));
    let out = by_rest.iter().filter(|delivered| **delivered).count() + delivered(&told).len();
    assert!((5..40).contains(&out), "{out} were delivered");
    end(&world).await;
    sender.hear_until(at_the_end).await;

    // The last message is the last one that is told.
    let mut hooks = hooks;
    hooks.until(AFTER, |call| call["MsgBody"][0]["MsgContent"]["Text"] == "the end").await;
    while hooks.count(AFTER) < out + 1 {
        hooks.next(AFTER).await;
    }
    while hooks.count(EXCEPTION) < 40 - out {
        hooks.next(EXCEPTION).await;
    }
    assert_eq!(hooks.count(BEFORE), 41, "the application was asked about all");
    assert_eq!((hooks.count(AFTER), hooks.count(EXCEPTION)), (out + 1, 40 - out));
}

#[tokio::test]
async fn the_budget_of_a_room_holds_before_that_of_its_application() {
    let world = World::with_room().await;
    world.set("room_budget", "3").await;
    let mut host = Watcher::enter(&world, "host").await;
    let mut talker = Watcher::enter(&world, "talker").await;
    let change = json!({"t": "modify_rules", "group_id": "r", "budget_per_s": 100});
    assert_eq!(host.ask(change).await["t"], "done");
    let told = talker.pour("r", "Normal", texts_of("talker", 32), 32).await;
    assert_eq!(delivered(&told).len(), 32, "all within the room's own budget");

    let change = json!({"t": "modify_rules", "group_id": "r", "budget_per_s": "application"});
    assert_eq!(host.ask(change).await["t"], "done");
    let told = talker.pour("r", "Low", (0..32).map(|number| format!("more:{number}")), 32).await;
    assert!(delivered(&told).len() <= 6, "no more than the application's budget takes");
    assert_eq!(figures_of(&world).await["budget_per_s"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_floods_keeps_nobody_else_from_being_heard() {
    let world = World::with_room().await;
    world.set("room_budget", "40").await;
    let mut reader = Watcher::enter(&world, "reader").await;
    let mut flooder = Watcher::enter(&world, "flooder").await;
    let mut talkers = Vec::new();
    for number in 0..10 {
        let name = format!("talker{number}");
        talkers.push((Watcher::enter(&world, &name).await, name));
    }
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let flood = tokio::spawn(async move {
        let texts = texts_of("flooder", 500).take_while(|_| !is_over.load(Ordering::SeqCst));
        flooder.pour("r", "Normal", texts, 32).await
    });
    // The flood takes all that there is, and has done so for longer than a second.
    reader.hear_until(|reader| reader.r().heard.len() > 45).await;
    let listening = tokio::spawn(async move {
        reader.hear_until(at_the_end).await;
        reader
    });
    let talk = talkers.into_iter().map(|(mut talker, name)| {
        tokio::spawn(async move {
            let mut second = interval(Duration::from_secs(1));
            second.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut told = Vec::new();
            for text in texts_of(&name, 3) {
                second.tick().await;
                told.extend(talker.pour("r", "Normal", [text], 1).await);
            }
            (name, told)
        })
    });
    let talk: Vec<_> = talk.collect();
    let mut said = BTreeMap::new();
    for talker in talk {
        let (name, told) = talker.await.unwrap();
        assert_eq!(delivered(&told).len(), told.len(), "{name} is heard: {told:?}");
        said.insert(name, told);
    }
    over.store(true, Ordering::SeqCst);
    let flood = flood.await.unwrap();
    assert!(delivered(&flood).len() < flood.len(), "it was a flood");
    end(&world).await;
    let reader = listening.await.unwrap();
    for (name, told) in said {
        let texts: Vec<String> = told.into_iter().map(|told| told.text).collect();
        assert_eq!(reader.r().texts_from(&name), texts);
    }
    assert_eq!(reader.r().texts_from("flooder").len(), delivered(&flood).len());
}
