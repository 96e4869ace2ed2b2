use super::*;
use crate::counters::Counters;
use crate::outbox::testing::{TestWire, outbox};
use crate::outbox::{Flushed, Taken, Wire};
use crate::storage::ClaimedNumbers;
use chat_types::gateway::{MessageClass, RoomMessages, RoomRole, RoomRules, ShedCause};
use chat_types::group::CustomFields;
use chat_types::{Element, Priority};
use tokio::sync::oneshot::Receiver;

pub(super) fn room() -> Room {
    let group = StoredGroup::new("r", GroupType::AVChatRoom, 0);
    Room::new(1, group, String::new(), Arc::default())
}

fn draft(from: &str) -> Draft {
    Draft {
        from: UserId::new(from).unwrap(),
        nick: String::new(),
        priority: Priority::Normal,
        elements: vec![Element::text("hello")],
        cloud_custom_data: String::new(),
        client_id: format!("of {from}"),
        mentions: Vec::new(),
        mention_all: false,
    }
}

pub(super) fn offer(room: &Room, from: &str, sender: Option<ConnectionId>) -> Receiver<Verdict> {
    room.offer(draft(from), MessageClass::Normal, sender, false, 0).unwrap()
}

/// A reader of the room, whose first frame, the answer, is dropped.
pub(super) fn join(room: &Room, connection: ConnectionId) -> Arc<TestWire> {
    let user_id = UserId::new(format!("viewer_{connection}")).unwrap();
    let (wire, entry) = come(room, connection, &Visitor::Account(user_id), 0);
    assert_eq!(entry, Entry { is_new: true, was_offline: false });
    wire
}

/// As [`join`], for a guest.
pub(super) fn visit(room: &Room, connection: ConnectionId) -> Arc<TestWire> {
    let (wire, entry) = come(room, connection, &Visitor::Guest, 0);
    assert_eq!(entry, Entry { is_new: false, was_offline: false });
    wire
}

pub(super) fn come(
    room: &Room,
    connection: ConnectionId,
    visitor: &Visitor,
    now_s: u32,
) -> (Arc<TestWire>, Entry) {
    let (outbox, wire, _) = outbox();
    let arrival = Arrival {
        connection,
        visitor,
        outbox: &outbox,
        platform: Platform::Linux,
        request_id: 1,
        after_seq: None,
        join_messages: 20,
        muted_everywhere_until: 0,
        now_s,
    };
    let view = |_: &StoredGroup| View {
        custom_fields: CustomFields::new(),
        role: RoomRole::Member,
        rules: RoomRules::default(),
    };
    let entry = room.join(arrival, view).unwrap();
    assert_eq!(wire.texts().len(), 1);
    (wire, entry)
}

pub(super) fn pace(now_ms: u64) -> Pace {
    Pace { budget_per_s: 0, longest_tick_ms: 25, now_s: 0, now_ms }
}

/// Gives the room the numbers behind those that it has.
fn claim(room: &Room, count: u32) {
    let after = room.lock().seq_reserved;
    room.numbers_claimed(ClaimedNumbers { after, last: after + count });
}

/// Runs the room's loop until it waits.
pub(super) async fn run(room: &Room, now_ms: u64) -> Option<u64> {
    let counters = Arc::new(Counters::default());
    loop {
        match room.step(pace(now_ms)) {
            Step::Wait(until) => return until,
            Step::Over => return None,
            Step::NeedsNumbers(count) => claim(room, count),
            Step::Deliver(deliveries, answers) => {
                let mut reached = Reached::default();
                for delivery in deliveries {
                    if let Some(those) = delivery.write(&counters, 2).await {
                        reached = those;
                    }
                }
                answers.tell(&reached);
            }
        }
    }
}

pub(super) fn frames(wire: &TestWire) -> Vec<ServerFrame> {
    wire.texts().into_iter().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

fn messages(wire: &TestWire) -> Vec<RoomMessages> {
    frames(wire)
        .into_iter()
        .filter_map(|frame| match frame {
            ServerFrame::Messages(frame) => Some(frame),
            _ => None,
        })
        .collect()
}

fn seqs(frame: &RoomMessages) -> Vec<u32> {
    frame.messages.iter().map(|message| message.seq).collect()
}

#[test]
fn a_room_that_writes_for_longer_than_its_tick_collects_before_it_writes_again() {
    let room = room();
    room.lock().tick_ms = 20;
    room.wrote(100);
    let _verdict = offer(&room, "ann", None);
    assert!(matches!(room.step(pace(104)), Step::Wait(Some(105))));
    assert!(!matches!(room.step(pace(105)), Step::Wait(_)));
}

#[tokio::test]
async fn messages_of_one_tick_come_in_one_frame_and_say_what_came_before_them() {
    let room = room();
    let wire = join(&room, 1);
    let first = offer(&room, "a", None);
    run(&room, 0).await;
    assert!(matches!(first.await, Ok(Verdict::Delivered { reached: 1, .. })));
    let _second = offer(&room, "a", None);
    let _third = offer(&room, "b", None);
    run(&room, 1).await;
    let frames = messages(&wire);
    let read: Vec<_> = frames.iter().map(|frame| (frame.after, seqs(frame))).collect();
    assert_eq!(read, [(0, vec![1]), (1, vec![2, 3])]);
}

#[tokio::test]
async fn whoever_has_sent_a_message_gets_its_number_instead_and_no_hole() {
    let room = room();
    let (a, b) = (join(&room, 1), join(&room, 2));
    for (from, sender) in [("viewer_1", 1), ("viewer_2", 2), ("viewer_1", 1)] {
        drop(offer(&room, from, Some(sender)));
    }
    run(&room, 0).await;
    let [to_a] = &messages(&a)[..] else { panic!("one frame") };
    let [to_b] = &messages(&b)[..] else { panic!("one frame") };
    assert_eq!((seqs(to_a), seqs(to_b)), (vec![2], vec![1, 3]));
    let own: Vec<u32> = to_a.own.iter().map(|own| own.seq).collect();
    assert_eq!(own, [1, 3]);
    assert_eq!(to_b.own.len(), 1);
    assert_eq!(to_b.own[0].client_id, "of viewer_2");
    assert!(to_a.messages[0].client_id == "of viewer_2", "others see whose it is");
}

#[tokio::test]
async fn a_message_to_nobody_reached_nobody_though_others_wait_for_a_frame() {
    let room = room();
    let wire = join(&room, 1);
    let group_id = "r".to_owned();
    room.tell(&ServerFrame::AdminChanged { group_id, user_id: "a".to_owned(), granted: true });
    room.leave(1);
    let verdict = offer(&room, "a", None);
    run(&room, 0).await;
    assert!(matches!(verdict.await, Ok(Verdict::Delivered { reached: 0, .. })));
    assert_eq!(frames(&wire).len(), 1, "the frame of before");
}

#[tokio::test]
async fn a_dropped_message_uses_a_number_and_leaves_no_gap() {
    let room = room();
    let wire = join(&room, 1);
    let _first = offer(&room, "a", None);
    run(&room, 0).await;
    assert!(matches!(room.post_silently(&draft("a"), 0), Posted::Stamped(Stamp { seq: 2, .. }, _)));
    let _third = offer(&room, "a", None);
    run(&room, 1).await;
    let frames = messages(&wire);
    assert_eq!((frames[1].after, seqs(&frames[1])), (1, vec![3]));
}

#[tokio::test]
async fn the_sender_of_a_dropped_message_gets_its_number_and_no_hole() {
    let room = room();
    let (a, b) = (join(&room, 1), join(&room, 2));
    let _first = offer(&room, "viewer_2", Some(2));
    run(&room, 0).await;
    let Posted::Stamped(stamp, _) = room.post_silently(&draft("viewer_1"), 0) else {
        panic!("numbers are reserved")
    };
    assert_eq!(room.pretend("dropped", stamp, Some(1)), 1, "one beside its sender");
    assert_eq!(room.pretend("dropped", stamp, None), 2);
    let _third = offer(&room, "viewer_2", Some(2));
    run(&room, 1).await;
    let rows = |wire| -> Vec<(u32, Vec<u32>, Vec<u32>)> {
        let row = |frame: RoomMessages| {
            (frame.after, seqs(&frame), frame.own.iter().map(|own| own.seq).collect())
        };
        messages(wire).into_iter().map(row).collect()
    };
    assert_eq!(rows(&a), [(0, vec![1], vec![]), (1, vec![], vec![2]), (1, vec![3], vec![])]);
    assert_eq!(rows(&b), [(0, vec![], vec![1]), (1, vec![], vec![3])]);
}

#[tokio::test]
async fn a_stopped_room_answers_what_waits_and_what_comes_later() {
    let room = room();
    let verdict = offer(&room, "a", None);
    room.stop();
    assert!(matches!(verdict.await, Ok(Verdict::Stopped)));
    assert!(matches!(offer(&room, "a", None).await, Ok(Verdict::Stopped)));
    assert!(matches!(room.step(pace(0)), Step::Wait(None)));
}

#[tokio::test]
async fn a_quiet_room_writes_at_once_and_a_busy_one_collects() {
    let room = room();
    let _readers: Vec<_> = (1..=500).map(|connection| join(&room, connection)).collect();
    for now_ms in 0..100 {
        let _message = offer(&room, "a", None);
        // Written at once: so far a tick would have collected nothing.
        assert_eq!(run(&room, now_ms).await, None);
    }
    let _message = offer(&room, "a", None);
    let until = run(&room, 100).await;
    assert!(until.is_some_and(|until| (101..=125).contains(&until)), "collected until {until:?}");
    assert_eq!(run(&room, 130).await, None);
}

#[tokio::test]
async fn what_is_told_of_the_room_keeps_its_place_among_the_messages() {
    let room = room();
    let wire = join(&room, 1);
    let _message = offer(&room, "a", None);
    run(&room, 0).await;
    room.recall(&[1], "host", "");
    let _next = offer(&room, "a", None);
    run(&room, 1).await;
    let kinds: Vec<String> =
        wire.texts().iter().map(|text| text.split('"').nth(3).unwrap().to_owned()).collect();
    assert_eq!(kinds, ["messages", "recalled", "messages"]);
}

#[tokio::test]
async fn the_short_history_says_whether_it_still_has_everything() {
    let room = room();
    let _reader = join(&room, 1);
    for _ in 0..CATCH_UP_MESSAGES + 5 {
        let _message = offer(&room, "a", None);
        run(&room, 0).await;
    }
    let caught_up = |after, before| {
        let caught_up = room.catch_up(1, after, before, 0).unwrap();
        (caught_up.messages.len(), caught_up.complete)
    };
    assert_eq!(caught_up(0, None), (CATCH_UP_MESSAGES, false));
    assert_eq!(caught_up(4, None), (CATCH_UP_MESSAGES, false), "number 5 is gone");
    assert_eq!(caught_up(5, None), (CATCH_UP_MESSAGES, true));
    assert_eq!(caught_up(50, Some(60)), (9, true));
    assert_eq!(caught_up(1_005, None), (0, true));
    assert!(room.catch_up(2, 0, None, 0).is_none(), "only for members");
    room.forget_old(3_600, CATCH_UP_AGE_S + 1);
    assert_eq!(caught_up(1_004, None), (0, false));
}

#[tokio::test]
async fn whoever_came_in_later_is_not_told_that_there_was_nothing_before() {
    let room = room();
    for _ in 0..30 {
        let _message = offer(&room, "a", None);
        run(&room, 0).await;
    }
    let _newcomer = join(&room, 2);
    let caught_up = |after, before| {
        let caught_up = room.catch_up(2, after, before, 0).unwrap();
        (caught_up.messages.len(), caught_up.complete)
    };
    assert_eq!(caught_up(10, None), (20, true));
    assert_eq!(caught_up(9, None), (20, false));
    assert_eq!(caught_up(3, Some(11)), (0, false), "the messages from 4 to 10 are missed");
}

#[tokio::test]
async fn an_idle_room_lets_its_messages_go_with_their_memory() {
    let room = room();
    for _ in 0..200 {
        let _message = offer(&room, "a", None);
        run(&room, 0).await;
    }
    let kept = |room: &Room| {
        let state = room.lock();
        (state.recent.len(), state.sent.len())
    };
    room.forget_old(3_600, CATCH_UP_AGE_S);
    assert_eq!(kept(&room), (200, 200));
    room.forget_old(3_600, CATCH_UP_AGE_S + 1);
    assert_eq!(kept(&room), (0, 200), "what nobody can catch up can still be recalled");
    assert_eq!(room.lock().recent.capacity(), 0);
    room.forget_old(3_600, 3_601);
    assert_eq!(kept(&room), (0, 0));
}

#[tokio::test]
async fn no_number_is_given_out_before_it_is_reserved() {
    let room = room();
    let Posted::NeedsNumbers(_) = room.post_silently(&draft("a"), 0) else {
        panic!("nothing is reserved")
    };
    let verdict = offer(&room, "a", None);
    let Step::NeedsNumbers(count) = room.step(pace(0)) else { panic!("nothing is reserved") };
    assert_eq!(room.summary().next_seq, 1, "a draft that waits uses no number");
    claim(&room, count);
    run(&room, 0).await;
    let Ok(Verdict::Delivered { stamp, .. }) = verdict.await else { panic!("it went out") };
    assert_eq!(stamp.seq, 1);
}

#[tokio::test]
async fn a_room_goes_on_above_numbers_that_somebody_else_has_claimed() {
    let room = room();
    let seq = async || {
        let verdict = offer(&room, "a", None);
        run(&room, 0).await;
        match verdict.await {
            Ok(Verdict::Delivered { stamp, .. }) => Some(stamp.seq),
            Ok(Verdict::Exhausted) => None,
            other => panic!("{other:?}"),
        }
    };
    room.numbers_claimed(ClaimedNumbers { after: 0, last: 2 });
    assert_eq!(seq().await, Some(1));
    room.numbers_claimed(ClaimedNumbers { after: 10, last: 1_000 });
    assert_eq!(seq().await, Some(11), "what was left of the old ones is skipped");
    room.numbers_claimed(ClaimedNumbers { after: 2, last: 10 });
    assert_eq!(seq().await, Some(12), "an older claim that is told late changes nothing");
    room.numbers_claimed(ClaimedNumbers { after: u32::MAX, last: u32::MAX });
    assert_eq!(seq().await, None);
    assert_eq!(room.last_seq(), u32::MAX);
}

#[tokio::test]
async fn while_storage_gives_no_numbers_frames_go_out_and_what_waits_too_long_is_answered() {
    let room = room();
    let wire = join(&room, 1);
    let mut early = offer(&room, "a", None);
    let Step::NeedsNumbers(count) = room.step(pace(0)) else { panic!("nothing is reserved") };
    room.no_numbers_before(500);
    assert_eq!(run(&room, 0).await, Some(400), "when the message has waited too long");
    let group_id = "r".to_owned();
    room.tell(&ServerFrame::AdminChanged { group_id, user_id: "a".to_owned(), granted: true });
    assert_eq!(run(&room, 1).await, Some(400));
    assert_eq!(frames(&wire).len(), 1);
    assert!(early.try_recv().is_err(), "it waits");
    run(&room, 400).await;
    assert!(matches!(early.await, Ok(Verdict::SampledOut)));
    let late = room.offer(draft("a"), MessageClass::Normal, None, false, 450).unwrap();
    assert_eq!(run(&room, 450).await, Some(500), "storage is asked again");
    assert!(matches!(room.step(pace(500)), Step::NeedsNumbers(_)));
    claim(&room, count);
    run(&room, 501).await;
    assert!(matches!(late.await, Ok(Verdict::Delivered { reached: 1, .. })));
}

#[tokio::test]
async fn a_dismissed_room_answers_what_still_waits() {
    let room = room();
    let wire = join(&room, 1);
    let verdict = offer(&room, "a", None);
    room.dismiss("host");
    assert!(matches!(verdict.await, Ok(Verdict::Dismissed)));
    assert!(matches!(room.step(pace(0)), Step::Over));
    assert!(wire.texts()[0].contains("group_dismissed"), "everybody is told");
    assert!(matches!(offer(&room, "a", None).await, Ok(Verdict::Dismissed)));
}

#[tokio::test]
async fn a_room_that_is_dismissed_while_it_collects_is_over_at_once() {
    let room = room();
    let _readers: Vec<_> = (1..=500).map(|connection| join(&room, connection)).collect();
    for now_ms in 0..100 {
        let _message = offer(&room, "a", None);
        run(&room, now_ms).await;
    }
    let verdict = offer(&room, "a", None);
    assert!(matches!(room.step(pace(100)), Step::Wait(Some(_))), "it collects");
    room.dismiss("host");
    assert!(matches!(room.step(pace(100)), Step::Over));
    assert!(matches!(verdict.await, Ok(Verdict::Dismissed)));
}

#[tokio::test]
async fn a_mute_is_a_tip_for_each_account_and_stays_away_while_too_much_is_said() {
    let room = room();
    let wire = join(&room, 1);
    let users = ["a", "b"].map(|name| UserId::new(name).unwrap());
    let muted = ServerFrame::MemberMuted {
        group_id: "r".to_owned(),
        users: vec!["a".to_owned(), "b".to_owned()],
        until_s: 60,
        operator: "host".to_owned(),
    };
    let pace = Pace { budget_per_s: 1, ..pace(0) };
    room.tip_others(&users, &muted, pace);
    for _ in 0..2 {
        drop(offer(&room, "a", None));
    }
    room.tip_others(&users, &muted, pace);
    run(&room, 0).await;
    assert_eq!(frames(&wire).iter().filter(|frame| **frame == muted).count(), 1);
    let tips = room.live_figures(0, 0).classes[&MessageClass::Tip].clone();
    assert_eq!((tips.received, tips.delivered, tips.shed[&ShedCause::Budget]), (4, 2, 2));
}

/// A socket that notes whether the state of the room was locked while it was written to.
struct Probe {
    room: std::sync::Weak<Room>,
    writes: Mutex<Vec<bool>>,
}

impl Probe {
    fn outbox(room: &Arc<Room>) -> (Arc<Self>, Arc<Outbox>) {
        let probe = Arc::new(Self { room: Arc::downgrade(room), writes: Mutex::default() });
        let wire = Arc::clone(&probe) as Arc<dyn crate::outbox::Wire>;
        (probe, Arc::new(Outbox::new(wire, Arc::default())))
    }

    /// Whether each write since this was asked last found the room locked.
    fn writes(&self) -> Vec<bool> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }
}

impl Wire for Probe {
    fn try_write(&self, bytes: &[u8]) -> std::io::Result<Taken> {
        let was_locked = self.room.upgrade().is_some_and(|room| room.state.try_lock().is_err());
        self.writes.lock().unwrap().push(was_locked);
        Ok(Taken { bytes: bytes.len(), all_out: true })
    }

    fn try_flush(&self) -> std::io::Result<Flushed> {
        Ok(Flushed::All)
    }
}

fn arrival<'a>(visitor: &'a Visitor, outbox: &'a Arc<Outbox>) -> Arrival<'a> {
    Arrival {
        connection: 7,
        visitor,
        outbox,
        platform: Platform::Web,
        request_id: 1,
        after_seq: None,
        join_messages: 20,
        muted_everywhere_until: 0,
        now_s: 0,
    }
}

fn nothing_special(_: &StoredGroup) -> View {
    View { custom_fields: CustomFields::new(), role: RoomRole::Member, rules: RoomRules::default() }
}

#[tokio::test]
async fn nothing_is_written_while_the_state_of_a_room_is_locked() {
    let room = Arc::new(room());
    let visitor = Visitor::Account(UserId::new("mei").unwrap());
    let removal = Removal {
        reason: chat_types::gateway::RemovedReason::Kicked,
        operator: "host",
        until_s: None,
        info: "",
        except: None,
    };
    for leaves in ["told", "removed", "dismissed"] {
        let (probe, outbox) = Probe::outbox(&room);
        room.join(arrival(&visitor, &outbox), nothing_special).unwrap();
        assert_eq!(probe.writes(), [false], "the answer");
        match leaves {
            "told" => room.tell_connection(7, &removal),
            "removed" => {
                let taken_out = room.remove(&[UserId::new("mei").unwrap()], 0, &removal);
                assert_eq!((taken_out.connections, probe.writes()), (vec![7], vec![]));
                outbox.flush();
            }
            _ => room.dismiss("host"),
        }
        assert_eq!(probe.writes(), [false], "{leaves}");
    }
}

#[tokio::test]
async fn whatever_a_room_tells_a_newcomer_waits_for_the_answer_to_its_join() {
    let room = room();
    for from in ["a", "b"] {
        drop(offer(&room, from, None));
    }
    run(&room, 0).await;
    let visitor = Visitor::Account(UserId::new("mei").unwrap());
    let (outbox, wire, _) = outbox();
    let early = |text: &str| ServerFrame::SystemNotification {
        group_id: "r".to_owned(),
        text: text.to_owned(),
    };
    room.join(arrival(&visitor, &outbox), |group| {
        // As if others wrote to the connection in the moment in which the room has let it in.
        outbox.answer(&early("removed, say"));
        nothing_special(group)
    })
    .unwrap();
    let told = frames(&wire);
    let [ServerFrame::JoinOk(answer), later] = &told[..] else { panic!("two frames: {told:?}") };
    assert_eq!(*later, early("removed, say"));
    let said: Vec<(u32, &str)> =
        answer.messages.iter().map(|message| (message.seq, &*message.from)).collect();
    assert_eq!(said, [(1, "a"), (2, "b")]);
    assert!(!outbox.is_behind());
}
