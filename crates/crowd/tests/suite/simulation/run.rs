//! One simulation, from the first viewer to the comparison.

use chat_types::Priority;
use chat_types::rest::RoomFiguresInfo;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::announcer::Announcer;
use super::compare::{Reports, compare, figures_add_up};
use super::ledger::{Ledger, Said, id_of};
use super::plan::{Action, Plan, Saying, Size};
use super::seat::SeatReport;
use super::service::Service;
use super::viewer::{Order, Viewer};
use crate::service::patiently;

/// Far longer than everybody needs to come back and to catch up.
const QUIET_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked whether everything is quiet.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Messages of each of those who say more than a slow reader can have waiting.
const SWAMP: usize = 60;
const GROUP: &str = "group_open_http_svc";
/// A mute without an end.
const FOR_EVER: u32 = u32::MAX;

struct Simulation {
    plan: Plan,
    service: Service,
    ledger: Arc<Ledger>,
    orders: Vec<mpsc::Sender<Order>>,
    viewers: JoinSet<()>,
    announcer: Announcer,
}

/// What came of a simulation.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Every promise that was broken.
    pub(super) broken: Vec<String>,
    pub(super) happened: Happened,
}

/// How much of what may happen did happen.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Happened {
    pub(super) delivered: usize,
    pub(super) sampled_out: usize,
    pub(super) refused: usize,
    pub(super) recalled: usize,
    /// Sent again, because the answer was lost.
    pub(super) sent_again: usize,
    /// Messages that viewers were told to have missed for good.
    pub(super) missed: u64,
    /// Copies that slow readers were not given at once.
    pub(super) left_out: u64,
    /// Connections that were closed because nobody read.
    pub(super) stuck: u64,
}

impl Happened {
    pub(super) fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.sampled_out += other.sampled_out;
        self.refused += other.refused;
        self.recalled += other.recalled;
        self.sent_again += other.sent_again;
        self.missed += other.missed;
        self.left_out += other.left_out;
        self.stuck += other.stuck;
    }

    /// Whether the simulations have met what they are made for. That a reader is stuck for too long
    /// depends on the network's buffers.
    pub(super) fn is_rich(self) -> bool {
        let messages = [self.delivered, self.sampled_out, self.refused, self.recalled];
        messages.iter().all(|count| *count > 0)
            && self.sent_again > 0
            && self.missed > 0
            && self.left_out > 0
    }
}

/// The simulation with this seed.
pub(super) async fn run(seed: u64, size: Size) -> Ended {
    let plan = Plan::new(seed, size);
    let service = Service::start(&plan.rooms).await;
    let ledger = Arc::new(Ledger::default());
    let (mut orders, mut viewers) = (Vec::new(), JoinSet::new());
    for viewer in &plan.viewers {
        let (sender, receiver) = mpsc::channel(64);
        let place = service.place.clone();
        let viewer = Viewer::new(viewer, &plan.rooms, place, Arc::clone(&ledger));
        viewers.spawn(viewer.run(receiver));
        orders.push(sender);
    }
    let announcer = Announcer::start(service.caller(), plan.rooms.clone(), Arc::clone(&ledger));
    let mut simulation = Simulation { plan, service, ledger, orders, viewers, announcer };
    let steps = std::mem::take(&mut simulation.plan.steps);
    for step in steps {
        sleep(step.after).await;
        simulation.act(step.action).await;
    }
    simulation.end().await
}

impl Simulation {
    async fn order(&self, viewer: usize, order: Order) {
        // A viewer that has ended shows in the end.
        let _ = self.orders[viewer].send(order).await;
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Leave { viewer, away } => self.order(viewer, Order::Leave { away }).await,
            Action::Drop { viewer, away } => self.order(viewer, Order::Drop { away }).await,
            Action::StopReading { viewer, pause } => {
                self.order(viewer, Order::StopReading { pause }).await;
            }
            Action::Say { viewer, room, saying } => {
                let group_id = self.plan.rooms[room].clone();
                self.order(viewer, Order::Say { group_id, saying }).await;
            }
            Action::Announce { room, saying } => self.announcer.announce(room, saying).await,
            Action::Recall { room, back } => self.recall(room, back).await,
            Action::Rename { room, number } => {
                self.change(room, json!({"Name": format!("name {number}")})).await;
            }
            Action::Sell { room, number } => {
                let product = json!({"id": "cup", "title": format!("cup {number}"),
                    "price_minor": 1, "currency": "CNY"});
                let field = json!([{"Key": "product", "Value": product.to_string()}]);
                self.change(room, json!({"AppDefinedData": field})).await;
            }
            Action::MuteAll { room, on } => {
                self.change(room, json!({"MuteAllMember": if on { "On" } else { "Off" }})).await;
            }
            Action::Mute { room, viewer, on } => {
                let user = &self.plan.viewers[viewer].user_id;
                let time = if on { FOR_EVER } else { 0 };
                let body = json!({"GroupId": self.plan.rooms[room], "Members_Account": [user],
                    "MuteTime": time});
                self.service.caller().call(&format!("{GROUP}/forbid_send_msg"), body).await;
            }
            Action::Rules { room, budget_per_s, sender_per_s } => {
                self.rules(room, budget_per_s, sender_per_s).await;
            }
            Action::Swamp { viewer, room, by, pause } => self.swamp(viewer, room, &by, pause).await,
            Action::Storm => {
                for viewer in 0..self.orders.len() {
                    self.order(viewer, Order::Drop { away: Duration::ZERO }).await;
                }
            }
            Action::Restart => patiently(self.service.restart()).await,
            Action::Crash => patiently(self.service.crash()).await,
        }
    }

    async fn swamp(&self, viewer: usize, room: usize, by: &[usize], pause: Duration) {
        self.rules(room, 0, 0).await;
        self.change(room, json!({"MuteAllMember": "Off"})).await;
        self.order(viewer, Order::StopReading { pause }).await;
        for (by, priority) in by.iter().zip([Priority::Low, Priority::Normal, Priority::High]) {
            let saying = Saying { count: SWAMP, priority, bytes: 11_000, insists: false };
            let group_id = self.plan.rooms[room].clone();
            self.order(*by, Order::Say { group_id, saying }).await;
        }
    }

    async fn rules(&self, room: usize, budget_per_s: u32, sender_per_s: u32) {
        let rules = json!({"budget_per_s": budget_per_s, "sender_per_s": sender_per_s});
        let body = json!({"GroupId": self.plan.rooms[room], "Rules": rules});
        self.service.caller().call("liveroom_ext/modify_room_rules", body).await;
    }

    async fn change(&self, room: usize, mut body: Value) {
        body["GroupId"] = self.plan.rooms[room].clone().into();
        self.service.caller().call(&format!("{GROUP}/modify_group_base_info"), body).await;
    }

    async fn recall(&self, room: usize, back: usize) {
        let group_id = &self.plan.rooms[room];
        let numbers: Vec<(u32, String)> = {
            let book = self.ledger.book();
            let here = book.said.iter().filter(|(_, said)| said.group_id == *group_id);
            // One that was sent twice may have two numbers.
            let once = here.filter(|(_, said)| said.starts.len() == 1);
            let mut all: Vec<_> =
                once.filter_map(|(id, said)| Some((*said.seqs.first()?, id.clone()))).collect();
            all.sort();
            all
        };
        let Some((seq, id)) = numbers.into_iter().rev().nth(back) else { return };
        let body = json!({"GroupId": group_id, "MsgSeqList": [{"MsgSeq": seq}]});
        let answer = self.service.caller().call(&format!("{GROUP}/group_msg_recall"), body).await;
        let code = answer.and_then(|answer| answer["RecallRetList"][0]["RetCode"].as_i64());
        if code == Some(0)
            && let Some(said) = self.ledger.book().said.get_mut(&id)
        {
            said.recalled = true;
        }
    }

    /// Waits until everybody has everything, and compares.
    async fn end(mut self) -> Ended {
        for room in 0..self.plan.rooms.len() {
            self.rules(room, 0, 0).await;
        }
        for viewer in 0..self.orders.len() {
            self.order(viewer, Order::Settle).await;
        }
        let mut broken = Vec::new();
        if let Err(unsettled) = self.quiet(&[]).await {
            broken.push(format!("not everybody is back: {unsettled}"));
        }
        for room in 0..self.plan.rooms.len() {
            let (priority, insists) = (Priority::High, false);
            let saying = Saying { count: 1, priority, bytes: 40, insists };
            self.announcer.announce(room, saying).await;
        }
        // The last ones, which everybody has to see.
        let markers = patiently(self.announcer.end()).await;
        let reports = match self.quiet(&markers).await {
            Ok(reports) => reports,
            Err(unsettled) => {
                broken.push(format!("not everybody has everything: {unsettled}"));
                self.reports().await
            }
        };
        broken.extend(compare(&self.plan, &reports, &self.ledger.book()));
        broken.extend(self.figures().await);
        self.orders.clear();
        while let Some(ended) = self.viewers.join_next().await {
            if let Err(error) = ended {
                broken.push(format!("a viewer ended by a fault: {error}"));
            }
        }
        patiently(self.service.stop()).await;
        let happened = self.happened(&reports);
        Ended { broken, happened }
    }

    fn happened(&self, reports: &Reports) -> Happened {
        let book = self.ledger.book();
        let count = |is: fn(&Said) -> bool| book.said.values().filter(|said| is(said)).count();
        let (left_out, stuck) = self.service.slow_readers();
        Happened {
            delivered: count(|said| !said.seqs.is_empty()),
            sampled_out: count(|said| said.sampled_out),
            refused: count(|said| said.refused),
            recalled: count(|said| said.recalled),
            sent_again: count(|said| said.sendings > 1),
            missed: reports
                .iter()
                .flat_map(|report| report.values())
                .flat_map(|seat| &seat.lost)
                .map(|lost| lost.count)
                .sum(),
            left_out,
            stuck,
        }
    }

    async fn reports(&self) -> Reports {
        let mut reports = Vec::new();
        for viewer in 0..self.orders.len() {
            let (reply, report) = oneshot::channel();
            self.order(viewer, Order::Report(reply)).await;
            reports.push(patiently(report).await.unwrap_or_default());
        }
        reports
    }

    /// Waits until everybody is in its rooms with the right number of others, waits for nothing, and
    /// shows the markers.
    async fn quiet(&self, markers: &[String]) -> Result<Reports, String> {
        let by = Instant::now() + QUIET_WITHIN;
        loop {
            let reports = self.reports().await;
            let unsettled = reports.iter().enumerate().flat_map(|(viewer, report)| {
                report.iter().filter(move |(group_id, seat)| {
                    !self.is_quiet(group_id, seat, markers) && viewer < self.orders.len()
                })
            });
            let say = |(group_id, seat): (&String, &SeatReport)| {
                format!("{group_id}: {:?}, settled: {}", seat.agreed, seat.settled)
            };
            let unsettled: Vec<_> = unsettled.map(say).collect();
            if unsettled.is_empty() {
                return Ok(reports);
            }
            if Instant::now() >= by {
                return Err(unsettled.join("; "));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    fn is_quiet(&self, group_id: &str, seat: &SeatReport, markers: &[String]) -> bool {
        let mut of_room = markers.iter().filter(|text| text.starts_with(&format!("{group_id}/")));
        let everybody = seat.agreed.online as usize == self.viewers_of(group_id);
        seat.settled && everybody && of_room.all(|text| seat.screen.shows(id_of(text)))
    }

    fn viewers_of(&self, group_id: &str) -> usize {
        let here = |room: &usize| self.plan.rooms[*room] == group_id;
        self.plan.viewers.iter().filter(|viewer| viewer.rooms.iter().any(here)).count()
    }

    async fn figures(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for group_id in &self.plan.rooms {
            let body = json!({"GroupId": group_id});
            let answer = self.service.caller().ok("liveroom_ext/get_room_figures", body).await;
            let figures: RoomFiguresInfo = serde_json::from_value(answer).unwrap();
            broken.extend(figures_add_up(group_id, &figures.figures, self.viewers_of(group_id)));
        }
        let open = async {
            while self.service.caller().metric("liveroom_open_connections").await
                != self.orders.len() as u64
            {
                sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(QUIET_WITHIN, open).await.is_err() {
            broken.push("more connections are open than there are viewers".into());
        }
        broken
    }
}
