use super::behind::{CONTROL_FRAMES, ROOM_ITEMS};
use super::testing::outbox;
use super::*;
use chat_types::gateway::MessageClass::{self, Assured, High, Low, Normal, Tip};

fn source() -> Source {
    Source { group_id: "r".into(), missed: Arc::default() }
}

fn tip(source: &Source) -> Arc<Item> {
    let frame = ServerFrame::Online { group_id: "r".into(), count: 1 };
    Arc::new(Item::frame(source.clone(), Some(Tip), 1, &frame))
}

fn message(source: &Source, seq: u32, class: MessageClass) -> Arc<Item> {
    let json = format!(
        r#"{{"seq":{seq},"time_s":1,"from":"a","nick":"","priority":"Low","elements":[]}}"#
    );
    let piece = Piece { seq, after: seq - 1, class, json: json.into() };
    Arc::new(Item::messages(source.clone(), seq - 1, vec![piece], Vec::new()))
}

fn seqs(texts: &[String]) -> Vec<u32> {
    let mut seqs = Vec::new();
    for text in texts {
        if let ServerFrame::Messages(frame) = serde_json::from_str(text).unwrap() {
            seqs.extend(frame.messages.iter().map(|message| message.seq));
        }
    }
    seqs
}

fn missed(texts: &[String]) -> Vec<u32> {
    let frames = texts.iter().map(|text| serde_json::from_str(text).unwrap());
    frames
        .filter_map(|frame| match frame {
            ServerFrame::Missed { count, group_ids } => {
                assert_eq!(group_ids, ["r"]);
                Some(count)
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_socket_that_takes_everything_has_no_queue() {
    let (outbox, wire, _) = outbox();
    outbox.answer(&ServerFrame::Pong { id: 1 });
    let burst = Burst::new(vec![message(&source(), 1, Normal), tip(&source())]);
    assert_eq!(outbox.burst(&burst), Took::Written);
    assert!(!outbox.is_behind());
    assert_eq!(wire.texts().len(), 3);
}

#[test]
fn a_frame_that_was_begun_is_ended_before_anything_else() {
    let (outbox, wire, _) = outbox();
    wire.takes(10);
    assert_eq!(outbox.burst(&Burst::new(vec![message(&source(), 1, Normal)])), Took::Behind);
    outbox.answer(&ServerFrame::Pong { id: 1 });
    outbox.burst(&Burst::new(vec![message(&source(), 2, Normal)]));
    assert_eq!(outbox.flush(), Flushed::Nothing);
    wire.takes(15);
    assert_eq!(outbox.flush(), Flushed::Some);
    wire.takes(usize::MAX);
    assert_eq!(outbox.flush(), Flushed::All);
    let texts = wire.texts();
    assert!(texts[1].contains("pong"), "answers go ahead of what waits of rooms");
    assert_eq!(seqs(&[texts[0].clone(), texts[2].clone()]), [1, 2]);
}

#[test]
fn what_a_wire_has_taken_and_holds_back_keeps_the_connection_behind_until_it_is_out() {
    let (outbox, wire, _) = outbox();
    wire.takes(10);
    wire.holds_back(usize::MAX);
    assert_eq!(outbox.burst(&Burst::new(vec![message(&source(), 1, Normal)])), Took::Behind);
    assert!(outbox.is_behind(), "nothing waits here, but something does there");
    assert_eq!(outbox.burst(&Burst::new(vec![message(&source(), 2, Normal)])), Took::Behind);
    assert_eq!(outbox.flush(), Flushed::Nothing, "the network takes nothing");
    wire.takes(15);
    assert_eq!(outbox.flush(), Flushed::Some, "a reader that takes a little is no stuck one");
    assert!(outbox.is_behind());
    wire.takes(usize::MAX);
    assert_eq!(outbox.flush(), Flushed::All);
    assert!(!outbox.is_behind());
    assert_eq!(seqs(&wire.texts()), [1, 2]);
}

#[test]
fn what_a_wire_owes_by_itself_waits_like_everything_else() {
    let (outbox, wire, _) = outbox();
    outbox.owe_flush();
    assert!(outbox.is_behind());
    outbox.answer(&ServerFrame::Pong { id: 1 });
    assert!(wire.texts().is_empty(), "what was owed first goes out first");
    assert_eq!(outbox.flush(), Flushed::All);
    assert_eq!(wire.texts().len(), 1);
}

#[test]
fn a_slow_reader_loses_the_lowest_class_first_and_learns_how_much() {
    let (outbox, wire, counters) = outbox();
    let source = source();
    wire.takes(0);
    for seq in 1..=64 {
        for (offset, class) in [(0, Low), (1, Normal), (2, High), (3, Assured)] {
            outbox.burst(&Burst::new(vec![message(&source, seq * 4 + offset, class)]));
        }
    }
    for _ in 0..5 {
        outbox.burst(&Burst::new(vec![tip(&source)]));
    }
    assert_eq!(source.missed.of(Tip), 5, "the tips themselves are the lowest");
    for seq in 0..70 {
        outbox.burst(&Burst::new(vec![message(&source, 1_000 + seq, Normal)]));
    }
    assert_eq!(
        [Tip, Low, Normal, High].map(|class| source.missed.of(class)),
        [5, 64, 6, 0],
        "comments go only when no like is left, the oldest of them first"
    );
    assert_eq!(counters.read().copies_missed_slow_reader, 75);
    assert!(outbox.closing().is_none());
    wire.takes(usize::MAX);
    assert_eq!(outbox.flush(), Flushed::All);
    let texts = wire.texts();
    assert_eq!(missed(&texts), [75]);
    let seqs = seqs(&texts);
    assert_eq!(seqs.len(), ROOM_ITEMS);
    assert!(seqs.is_sorted(), "what is left keeps its order");
    assert!(texts[ROOM_ITEMS].contains("missed"), "the notice comes behind what waited");
}

#[test]
fn a_reader_for_whom_nothing_more_may_be_left_out_is_disconnected_and_counted_once() {
    let (outbox, wire, counters) = outbox();
    wire.takes(0);
    let dismissed = ServerFrame::GroupDismissed { group_id: "r".into(), operator: "a".into() };
    let never_left_out = Arc::new(Item::frame(source(), None, 0, &dismissed));
    for _ in 0..ROOM_ITEMS {
        assert_eq!(outbox.burst(&Burst::new(vec![Arc::clone(&never_left_out)])), Took::Behind);
    }
    assert_eq!(outbox.burst(&Burst::new(vec![never_left_out])), Took::Nothing);
    assert_eq!(outbox.closing().map(|closing| closing.code), Some(close::SLOW_READER));
    assert_eq!(counters.read().connections_closed_slow_reader, 1);
}

#[test]
fn what_still_waited_for_a_reader_that_is_given_up_is_counted_as_missed() {
    let (outbox, wire, counters) = outbox();
    let source = source();
    wire.takes(0);
    for seq in 1..=5 {
        outbox.burst(&Burst::new(vec![message(&source, seq, Normal)]));
    }
    outbox.close_slow_reader();
    outbox.say_close();
    assert_eq!(source.missed.of(Normal), 5);
    assert_eq!(counters.read().copies_missed_slow_reader, 5);
}

#[test]
fn whoever_does_not_read_large_answers_owes_much_until_it_has_read_them() {
    let (outbox, wire, _) = outbox();
    wire.takes(0);
    let large = Bytes::from(vec![0x81; 200_000]);
    outbox.control_frame(large.clone());
    outbox.control_frame(large.clone());
    assert!(!outbox.owes_much(), "the first one is being written");
    outbox.control_frame(large.clone());
    assert!(outbox.owes_much());
    wire.takes(450_000);
    outbox.flush();
    assert!(!outbox.owes_much());
    for _ in 0..20 {
        outbox.control_frame(large.clone());
    }
    assert_eq!(outbox.closing().map(|closing| closing.code), Some(close::SLOW_READER));
}

#[test]
fn unread_answers_end_the_connection_because_they_are_never_left_out() {
    let (outbox, wire, counters) = outbox();
    wire.takes(0);
    for id in 0..CONTROL_FRAMES + 4 {
        outbox.answer(&ServerFrame::Pong { id: id.try_into().unwrap() });
    }
    assert_eq!(outbox.closing().map(|closing| closing.code), Some(close::SLOW_READER));
    assert_eq!(counters.read().connections_closed_slow_reader, 1, "one connection, once");
    outbox.say_close();
    wire.takes(usize::MAX);
    assert_eq!(outbox.flush(), Flushed::All);
    outbox.answer(&ServerFrame::Pong { id: 1 });
    let texts = wire.texts();
    assert!(texts.iter().filter(|text| text.contains("pong")).count() >= CONTROL_FRAMES);
    assert!(texts.last().unwrap().contains("does not read"), "the close frame is the last");
}

#[test]
fn large_items_are_bounded_by_their_bytes() {
    let (outbox, wire, _) = outbox();
    let source = source();
    wire.takes(0);
    let json: Bytes = vec![b'x'; 40_000].into();
    for seq in 1..=20 {
        let piece = Piece { seq, after: seq - 1, class: Normal, json: json.clone() };
        let item = Item::messages(source.clone(), seq - 1, vec![piece], Vec::new());
        outbox.burst(&Burst::new(vec![Arc::new(item)]));
    }
    assert_eq!(source.missed.of(Normal), 7, "13 of these fit into 512 KiB");
}

#[test]
fn a_slow_reader_gets_the_last_of_what_replaces_itself_however_much_else_it_loses() {
    let (outbox, wire, _) = outbox();
    let source = source();
    wire.takes(0);
    for count in 1..=300 {
        let seq = count;
        let online = ServerFrame::Online { group_id: "r".into(), count };
        let online = Arc::new(Item::newest(source.clone(), &online));
        outbox.burst(&Burst::new(vec![online, message(&source, seq, High)]));
    }
    wire.takes(usize::MAX);
    assert_eq!(outbox.flush(), Flushed::All);
    let texts = wire.texts();
    let counts: Vec<_> = texts.iter().filter(|text| text.contains(r#""online""#)).collect();
    assert!(matches!(counts[..], [last] if last.contains(r#""count":300"#)), "{counts:?}");
    assert_eq!(missed(&texts).len(), 1);
    assert_eq!(outbox.closing(), None);
}
