//! A client that keeps account of its rooms by the rules of `docs/gateway.md` ("Numbers and gaps").

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::clients::{Client, World};

/// Ids of pipelined requests begin here, above those that [`Client::ask`] gives.
const FIRST_ID: u64 = 1_000_000;

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard {
    pub(crate) seq: u32,
    pub(crate) from: String,
    pub(crate) text: String,
}

/// What a client knows of one room.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// In the order in which they came.
    pub(crate) heard: Vec<Heard>,
    /// Own messages: `client_id` and number, in the order in which they came.
    pub(crate) own: Vec<(String, u32)>,
    /// Gaps that were seen: the last number before, the first number behind.
    pub(crate) gaps: Vec<(u32, u32)>,
    /// Numbers of messages that came again.
    pub(crate) again: Vec<u32>,
    /// The highest number that is known.
    pub(crate) known: u32,
    seen: BTreeSet<u32>,
}

impl Account {
    fn take(&mut self, frame: &Value) {
        let messages: Vec<Heard> =
            frame["messages"].as_array().unwrap().iter().map(heard).collect();
        let own = frame["own"].as_array().cloned().unwrap_or_default();
        let own = own.iter().map(|own| (text(&own["client_id"]), number(&own["seq"])));
        let own: Vec<(String, u32)> = own.collect();
        let after = number(&frame["after"]);
        let numbers = messages.iter().map(|each| each.seq).chain(own.iter().map(|own| own.1));
        let numbers: Vec<u32> = numbers.collect();
        if after > self.known {
            let first = numbers.iter().min().copied();
            self.gaps.push((self.known, first.unwrap_or(after + 1)));
        }
        self.known = numbers.into_iter().chain([after, self.known]).max().unwrap();
        for message in messages {
            self.hear(message);
        }
        self.own.extend(own);
    }

    /// Takes the messages of a `join_ok` or a `catch_up_ok`.
    pub(crate) fn fill(&mut self, messages: &Value) {
        for message in messages.as_array().unwrap().iter().map(heard) {
            self.hear(message);
        }
    }

    fn hear(&mut self, message: Heard) {
        if self.seen.insert(message.seq) {
            self.heard.push(message);
        } else {
            self.again.push(message.seq);
        }
    }

    /// Texts from one sender in the order in which they came.
    pub(crate) fn texts_from(&self, user: &str) -> Vec<String> {
        let of_user = self.heard.iter().filter(|heard| heard.from == user);
        of_user.map(|heard| heard.text.clone()).collect()
    }

    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.heard.iter().rev().any(|heard| heard.text == text)
    }

    /// Numbers and texts, in the order of their numbers.
    pub(crate) fn texts(&self) -> BTreeMap<u32, String> {
        self.heard.iter().map(|heard| (heard.seq, heard.text.clone())).collect()
    }
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn heard(message: &Value) -> Heard {
    Heard {
        seq: number(&message["seq"]),
        from: text(&message["from"]),
        text: text(&message["elements"][0]["MsgContent"]["Text"]),
    }
}

/// What became of a message, as its sender was told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) answer: Value,
}

impl Told {
    /// The number of a message that was delivered.
    pub(crate) fn seq(&self) -> Option<u32> {
        (self.answer["delivery"] == "delivered").then(|| number(&self.answer["seq"]))
    }
}

/// Numbers and texts of the messages that were delivered as their senders say.
pub(crate) fn delivered<'a>(told: impl IntoIterator<Item = &'a Told>) -> BTreeMap<u32, String> {
    told.into_iter().filter_map(|told| Some((told.seq()?, told.text.clone()))).collect()
}

pub(crate) struct Watcher {
    pub(crate) client: Client,
    pub(crate) rooms: HashMap<String, Account>,
    /// Frames that are neither messages nor answers.
    pub(crate) others: Vec<Value>,
    answers: HashMap<u64, Value>,
    next_id: u64,
}

impl Watcher {
    pub(crate) fn of(client: Client) -> Self {
        let (rooms, others, answers) = (HashMap::new(), Vec::new(), HashMap::new());
        Self { client, rooms, others, answers, next_id: FIRST_ID }
    }

    /// Signed in and in room `r`.
    pub(crate) async fn enter(world: &World, user: &str) -> Self {
        let mut watcher = Self::of(world.signed_in(user).await);
        watcher.join("r", None).await;
        watcher
    }

    pub(crate) async fn join(&mut self, room: &str, after_seq: Option<u32>) -> Value {
        let mut frame = json!({"t": "join", "group_id": room});
        if let Some(after) = after_seq {
            frame["after_seq"] = after.into();
        }
        let answer = self.ask(frame).await;
        assert_eq!(answer["t"], "join_ok", "{room} got {answer}");
        let account = self.rooms.entry(room.to_owned()).or_default();
        account.known = number(&answer["last_seq"]);
        account.fill(&answer["messages"]);
        answer
    }

    pub(crate) fn room(&self, room: &str) -> &Account {
        &self.rooms[room]
    }

    pub(crate) fn r(&self) -> &Account {
        self.room("r")
    }

    /// Takes the next frame into account.
    pub(crate) async fn hear(&mut self) {
        let frame = self.client.next().await.expect("the connection stays open");
        self.take(frame);
    }

    fn take(&mut self, frame: Value) {
        if frame["t"] == "messages" {
            let room = frame["group_id"].as_str().unwrap();
            self.rooms.entry(room.to_owned()).or_default().take(&frame);
        } else if let Some(id) = frame["id"].as_u64() {
            self.answers.insert(id, frame);
        } else {
            self.others.push(frame);
        }
    }

    pub(crate) async fn hear_until(&mut self, enough: impl Fn(&Self) -> bool) {
        while !enough(self) {
            self.hear().await;
        }
    }

    /// Sends a request and does not wait for its answer.
    pub(crate) async fn request(&mut self, mut frame: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        frame["id"] = id.into();
        self.client.raw(frame.to_string()).await;
        id
    }

    pub(crate) async fn answer_to(&mut self, id: u64) -> Value {
        self.hear_until(|watcher| watcher.answers.contains_key(&id)).await;
        self.answers.remove(&id).unwrap()
    }

    /// Whether the answer to a request has been heard.
    pub(crate) fn is_answered(&self, id: u64) -> bool {
        self.answers.contains_key(&id)
    }

    pub(crate) async fn ask(&mut self, frame: Value) -> Value {
        let id = self.request(frame).await;
        self.answer_to(id).await
    }

    /// Sends texts, at most so many of them unanswered; each is its own `client_id`.
    pub(crate) async fn pour(
        &mut self,
        room: &str,
        priority: &str,
        texts: impl IntoIterator<Item = String>,
        unanswered: usize,
    ) -> Vec<Told> {
        let mut told = Vec::new();
        let mut waiting = VecDeque::new();
        for text in texts {
            if waiting.len() >= unanswered {
                self.settle(&mut waiting, &mut told).await;
            }
            let id = self.request(say(room, priority, &text)).await;
            waiting.push_back((id, text));
        }
        while !waiting.is_empty() {
            self.settle(&mut waiting, &mut told).await;
        }
        told
    }

    async fn settle(&mut self, waiting: &mut VecDeque<(u64, String)>, told: &mut Vec<Told>) {
        let (id, text) = waiting.pop_front().unwrap();
        let answer = self.answer_to(id).await;
        told.push(Told { text, answer });
    }
}

/// A request to send a text, which is its own `client_id`.
pub(crate) fn say(room: &str, priority: &str, text: &str) -> Value {
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    json!({"t": "send", "group_id": room, "client_id": text, "priority": priority,
        "elements": [element]})
}

/// So many texts of one sender.
pub(crate) fn texts_of(user: &str, count: usize) -> impl Iterator<Item = String> + use<> {
    let user = user.to_owned();
    (0..count).map(move |number| format!("{user}:{number}"))
}
