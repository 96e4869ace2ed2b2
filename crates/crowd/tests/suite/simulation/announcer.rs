//! The application's own server, which speaks in the rooms by REST: one message after the other.

use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::ledger::{Ledger, Outcome};
use super::plan::Saying;
use super::service::Caller;

/// Announcements that may wait; then the plan waits, too.
const WAITING: usize = 1_024;

pub(super) struct Announcer {
    sayings: Option<mpsc::Sender<(usize, Saying)>>,
    task: Option<JoinHandle<HashMap<usize, String>>>,
}

impl Announcer {
    pub(super) fn start(caller: Caller, rooms: Vec<String>, ledger: Arc<Ledger>) -> Self {
        let (sender, mut sayings) = mpsc::channel::<(usize, Saying)>(WAITING);
        let task = tokio::spawn(async move {
            let (mut random, mut last) = (0, HashMap::new());
            while let Some((room, saying)) = sayings.recv().await {
                for _ in 0..saying.count {
                    random += 1;
                    let text = say(&caller, &rooms[room], saying, random, &ledger).await;
                    last.insert(room, text);
                }
            }
            last
        });
        Self { sayings: Some(sender), task: Some(task) }
    }

    pub(super) async fn announce(&self, room: usize, saying: Saying) {
        if let Some(sayings) = &self.sayings {
            sayings.send((room, saying)).await.unwrap();
        }
    }

    /// Waits until everything is said, and gives the last text of each room.
    pub(super) async fn end(&mut self) -> Vec<String> {
        self.sayings = None;
        match self.task.take() {
            Some(task) => task.await.unwrap().into_values().collect(),
            None => Vec::new(),
        }
    }
}

async fn say(
    caller: &Caller,
    group_id: &str,
    saying: Saying,
    random: u32,
    ledger: &Ledger,
) -> String {
    let text = ledger.compose(group_id, "administrator", saying.bytes);
    let before = caller.place.start();
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    let body = json!({"GroupId": group_id, "Random": random, "MsgBody": [element],
        "MsgPriority": saying.priority});
    let answer = caller.call("group_open_http_svc/send_group_msg", body).await;
    // It went to one of these.
    ledger.sent(&text, &[before, caller.place.start()]);
    let Some(answer) = answer else { return text };
    let seq = answer["MsgSeq"].as_u64().and_then(|seq| u32::try_from(seq).ok());
    let outcome = match (answer["ErrorCode"].as_i64(), seq) {
        (Some(0), Some(seq)) => Outcome::Delivered(seq),
        (Some(10_023), _) => Outcome::SampledOut,
        _ => Outcome::Refused,
    };
    ledger.answered(&text, &outcome);
    text
}
