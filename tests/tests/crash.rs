//! Nothing that was acknowledged is lost when the process is killed in the middle of writing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

use acceptance::PATIENCE;
use acceptance::liveroom::{self, Service};
use acceptance::rest::Administrator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

const GROUPS: &str = "group_open_http_svc";
/// The process is killed when every writer has so many acknowledgements.
const ACKNOWLEDGED: usize = 12;
const CRASHES: usize = 3;
/// Attributes that are written again and again.
const KEYS: usize = 8;
/// Accounts that are muted again and again, each time for so much longer that the last mute can be
/// told from the one before.
const MEMBERS: usize = 8;
const LEAST_MUTE_S: usize = 100_000;
const MUTE_STEP_S: usize = 1_000;
/// The command may not be called that often; the attributes of a group may not be written that often.
const TOO_FAST: [i64; 2] = [60007, 10049];

/// Somebody who writes one thing after the other until the service is gone.
struct Writer {
    admin: Arc<Administrator>,
    /// Room, account and key names of one round are not those of another.
    round: usize,
    written: AtomicUsize,
    news: Arc<Notify>,
}

impl Writer {
    /// The answers that came, in the order of the calls; `body` makes the call with a number from 1.
    async fn write(&self, path: &str, body: impl Fn(usize) -> Value) -> Vec<Value> {
        let mut answers = Vec::new();
        while let Some(answer) = self.admin.try_call(path, body(answers.len() + 1)).await {
            match answer["ErrorCode"].as_i64().unwrap() {
                0 => answers.push(answer),
                code if TOO_FAST.contains(&code) => sleep(Duration::from_millis(20)).await,
                _ => unreachable!("{path} answered {answer}"),
            }
            self.count(answers.len());
        }
        answers
    }

    fn count(&self, written: usize) {
        self.written.store(written, Ordering::SeqCst);
        self.news.notify_one();
    }

    fn room(&self) -> String {
        format!("room{}", self.round)
    }

    async fn groups(&self) -> usize {
        let group = |n| json!({"Type": "AVChatRoom", "Name": "n", "GroupId": self.name("g", n)});
        self.write(&format!("{GROUPS}/create_group"), group).await.len()
    }

    async fn accounts(&self) -> usize {
        let account = |n| json!({"UserID": self.name("u", n), "Nick": n.to_string()});
        self.write("im_open_login_svc/account_import", account).await.len()
    }

    async fn fields(&self) -> usize {
        let field = |n: usize| {
            let field = json!([{"Key": "product", "Value": n.to_string()}]);
            json!({"GroupId": self.room(), "AppDefinedData": field})
        };
        self.write(&format!("{GROUPS}/modify_group_base_info"), field).await.len()
    }

    /// The numbers of the messages.
    async fn messages(&self, sender: usize) -> Vec<u64> {
        let message = |n: usize| {
            let random = (self.round * 2 + sender) * 1_000_000 + n;
            json!({"GroupId": "r", "Random": random, "MsgBody": text(&n.to_string())})
        };
        let sent = self.write(&format!("{GROUPS}/send_group_msg"), message).await;
        sent.iter().map(|answer| answer["MsgSeq"].as_u64().unwrap()).collect()
    }

    async fn attributes(&self) -> usize {
        let attribute = |n: usize| {
            let attribute = json!([{"key": (n % KEYS).to_string(), "value": n.to_string()}]);
            json!({"GroupId": self.room(), "GroupAttr": attribute})
        };
        self.write(&format!("{GROUPS}/modify_group_attr"), attribute).await.len()
    }

    async fn counters(&self) -> usize {
        let counter = json!([{"Key": "likes", "Value": 1}]);
        let more = |_| json!({"GroupId": self.room(), "GroupCounter": counter, "Mode": "Increase"});
        self.write(&format!("{GROUPS}/update_group_counter"), more).await.len()
    }

    async fn mutes(&self) -> usize {
        let mute = |n| {
            let who = [format!("member{}", n % MEMBERS)];
            let seconds = LEAST_MUTE_S + n * MUTE_STEP_S;
            json!({"GroupId": self.room(), "Members_Account": who, "MuteTime": seconds})
        };
        self.write(&format!("{GROUPS}/forbid_send_msg"), mute).await.len()
    }

    /// The keys of the messages.
    async fn one_to_one(&self) -> BTreeSet<String> {
        let message = |n: usize| {
            let body = text(&n.to_string());
            json!({"From_Account": "one", "To_Account": "two", "MsgRandom": n, "MsgBody": body})
        };
        let sent = self.write("openim/sendmsg", message).await;
        sent.iter().map(|answer| answer["MsgKey"].as_str().unwrap().to_owned()).collect()
    }

    fn name(&self, kind: &str, n: usize) -> String {
        format!("{kind}{}_{n}", self.round)
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn text(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}

/// What was acknowledged in one round.
struct Acknowledged {
    round: usize,
    groups: usize,
    accounts: usize,
    fields: usize,
    messages: Vec<u64>,
    attributes: usize,
    counters: usize,
    mutes: usize,
    one_to_one: BTreeSet<String>,
}

async fn create_app(data_dir: &Path) -> Value {
    let dir = data_dir.to_str().unwrap();
    let printed = liveroom::print(["app", "create", "--name", "shop", "--data-dir", dir]).await;
    let app: Value = serde_json::from_str(&printed).unwrap();
    let id = app["sdk_app_id"].to_string();
    let target = ["--sdk-app-id", &id, "--data-dir", dir];
    liveroom::print(["app", "field", "add", "--name", "product"].iter().chain(&target)).await;
    // The writers say more in a second than a room delivers otherwise.
    let budget = ["app", "setting", "--name", "room_budget", "--value", "0"];
    liveroom::print(budget.iter().chain(&target)).await;
    // Counters need it; where they are refused for want of it, the writer of counters says so.
    liveroom::run(["app", "edition", "--to", "ultimate"].iter().chain(&target)).await;
    app
}

/// What the writers of a round write into.
async fn prepare(admin: &Administrator, round: usize) {
    for room in ["r".to_owned(), format!("room{round}")] {
        // The room of all rounds is there from the first on.
        if round == 0 || room != "r" {
            let room = json!({"Type": "AVChatRoom", "Name": "Sale", "GroupId": room});
            admin.ok(&format!("{GROUPS}/create_group"), room).await;
        }
    }
    let members = (0..MEMBERS).map(|n| format!("member{n}"));
    for user in members.chain(["one".to_owned(), "two".to_owned()]) {
        admin.ok("im_open_login_svc/account_import", json!({"UserID": user})).await;
    }
}

/// Writes from all sides until the process is killed in the middle of it.
async fn write_until_killed(service: Service, admin: Administrator, round: usize) -> Acknowledged {
    let (admin, news) = (Arc::new(admin), Arc::new(Notify::new()));
    let writers: [Writer; 10] = std::array::from_fn(|_| Writer {
        admin: Arc::clone(&admin),
        round,
        written: AtomicUsize::new(0),
        news: Arc::clone(&news),
    });
    let [groups, accounts, fields, first, second, attributes, likes, more_likes, mutes, c2c] =
        &writers;
    let killed = async {
        let enough = |writer: &Writer| writer.written.load(Ordering::SeqCst) >= ACKNOWLEDGED;
        while !writers.iter().all(enough) {
            timeout(PATIENCE, news.notified()).await.expect("the writers go on");
        }
        service.kill().await;
    };
    let (groups, accounts, fields, first, second, attributes, likes, more_likes, mutes, c2c, ()) = tokio::join!(
        groups.groups(),
        accounts.accounts(),
        fields.fields(),
        first.messages(0),
        second.messages(1),
        attributes.attributes(),
        likes.counters(),
        more_likes.counters(),
        mutes.mutes(),
        c2c.one_to_one(),
        killed,
    );
    Acknowledged {
        round,
        groups,
        accounts,
        fields,
        messages: [first, second].concat(),
        attributes,
        counters: likes + more_likes,
        mutes,
        one_to_one: c2c,
    }
}

impl Acknowledged {
    async fn check(&self, admin: &Administrator) {
        self.groups_and_accounts(admin).await;
        let room = format!("room{}", self.round);
        let info = json!({"GroupIdList": [room]});
        let info = admin.ok(&format!("{GROUPS}/get_group_info"), info).await;
        let product = info["GroupInfo"][0]["AppDefinedData"][0]["Value"].as_str().unwrap();
        self.last_or_next("field", product.parse().unwrap(), self.fields, 1);
        let of_room = json!({"GroupId": room});
        if self.attributes > 0 {
            let found = admin.ok("group_open_attr_http_svc/get_group_attr", of_room.clone()).await;
            let found: BTreeMap<usize, usize> = found["GroupAttrAry"]
                .as_array()
                .unwrap()
                .iter()
                .map(|each| (number(&each["key"]), number(&each["value"])))
                .collect();
            for n in self.attributes + 1 - KEYS..=self.attributes {
                // The write that was not answered any more may have replaced the oldest.
                let right = [n, n + KEYS];
                assert!(right.contains(&found[&(n % KEYS)]), "attribute {n} of {found:?}");
            }
        }
        if self.counters > 0 {
            let found = admin.ok(&format!("{GROUPS}/get_group_counter"), of_room.clone()).await;
            let likes = found["GroupCounter"][0]["Value"].as_u64().unwrap();
            self.last_or_next("counter", likes.try_into().unwrap(), self.counters, 2);
        }
        if self.mutes > 0 {
            let found = admin.ok(&format!("{GROUPS}/get_group_muted_account"), of_room).await;
            let found: BTreeMap<&str, usize> = found["MutedAccountList"]
                .as_array()
                .unwrap()
                .iter()
                .map(|each| {
                    let seconds = each["MutedUntil"].as_u64().unwrap() - now_s();
                    // Some seconds of it are over already.
                    let steps = (seconds as usize - LEAST_MUTE_S).div_ceil(MUTE_STEP_S);
                    (each["Member_Account"].as_str().unwrap(), steps)
                })
                .collect();
            for n in self.mutes + 1 - MEMBERS..=self.mutes {
                let member = format!("member{}", n % MEMBERS);
                let right = [n, n + MEMBERS];
                assert!(right.contains(&found[member.as_str()]), "mute {n} of {found:?}");
            }
        }
        let kept = conversation(admin, self.one_to_one.len()).await;
        let lost: Vec<&String> = self.one_to_one.difference(&kept).collect();
        assert!(lost.is_empty(), "one-to-one messages are lost: {lost:?}");
    }

    async fn groups_and_accounts(&self, admin: &Administrator) {
        let groups: Vec<String> =
            (1..=self.groups).map(|n| format!("g{}_{n}", self.round)).collect();
        for groups in groups.chunks(50) {
            let asked = json!({"GroupIdList": groups});
            let found = admin.ok(&format!("{GROUPS}/get_group_info"), asked).await;
            for (group, entry) in groups.iter().zip(found["GroupInfo"].as_array().unwrap()) {
                assert_eq!(entry["ErrorCode"], 0, "the group {group} is lost");
            }
        }
        // An account may own a group only if it exists.
        for n in [1, self.accounts / 2, self.accounts] {
            let (user, group) = (format!("u{}_{n}", self.round), format!("of{}_{n}", self.round));
            let group = json!({
                "Type": "AVChatRoom", "Name": "n", "GroupId": group, "Owner_Account": user
            });
            admin.ok(&format!("{GROUPS}/create_group"), group).await;
        }
    }

    /// What was acknowledged is there; what was under way may be.
    fn last_or_next(&self, what: &str, found: usize, acknowledged: usize, under_way: usize) {
        let right = acknowledged..=acknowledged + under_way;
        assert!(right.contains(&found), "round {}: {what} {found}, not {right:?}", self.round);
    }
}

fn number(text: &Value) -> usize {
    text.as_str().unwrap().parse().unwrap()
}

/// Keys of the messages between `one` and `two`, page by page.
async fn conversation(admin: &Administrator, wanted: usize) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    if wanted == 0 {
        return keys;
    }
    let mut page = json!({
        "From_Account": "one", "To_Account": "two", "MaxCnt": 100, "MinTime": 0, "MaxTime": u32::MAX
    });
    loop {
        let found = admin.ok("openim/admin_getroammsg", page.clone()).await;
        let messages = found["MsgList"].as_array().unwrap();
        keys.extend(messages.iter().map(|each| each["MsgKey"].as_str().unwrap().to_owned()));
        if found["Complete"] == 1 || messages.is_empty() {
            return keys;
        }
        page["MaxTime"] = found["LastMsgTime"].clone();
        page["LastMsgKey"] = found["LastMsgKey"].clone();
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_kill_9_and_no_number_is_used_twice() {
    let dir = tempfile::tempdir().unwrap();
    let app = create_app(dir.path()).await;
    let mut numbers = BTreeSet::new();
    for round in 0..CRASHES {
        let service = Service::start(dir.path()).await;
        let admin = Administrator::of(&service.rest, &app).await;
        prepare(&admin, round).await;
        let acknowledged = write_until_killed(service, admin, round).await;

        let service = Service::start(dir.path()).await;
        let admin = Administrator::of(&service.rest, &app).await;
        acknowledged.check(&admin).await;
        let message = json!({"GroupId": "r", "Random": 1 + round, "MsgBody": text("after")});
        let after = admin.ok(&format!("{GROUPS}/send_group_msg"), message).await;
        let after = after["MsgSeq"].as_u64().unwrap();
        assert!(acknowledged.messages.iter().all(|seq| *seq < after), "numbers only rise");
        for seq in acknowledged.messages.into_iter().chain([after]) {
            assert!(numbers.insert(seq), "the number {seq} is used twice");
        }
        service.terminate().await;
    }
}
