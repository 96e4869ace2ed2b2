//! The danmaku queue: its rules one by one, and what holds for any traffic.

use live_core::danmaku_queue::{Comment, DanmakuQueue, FRESH, FRESH_HIGH, MOST, MOST_FLIGHTS};
use live_core::view::{DanmakuBudget, DanmakuCounters, FlyingComment, FoldedComment, Priority};
use proptest::prelude::*;
use std::time::Duration;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn comment(text: &str, priority: Priority) -> Comment {
    Comment {
        key: text.into(),
        user_id: "u".into(),
        name: "u".into(),
        text: text.into(),
        own: false,
        priority,
    }
}

fn normal(text: &str) -> Comment {
    comment(text, Priority::Normal)
}

fn own(text: &str) -> Comment {
    Comment { own: true, ..normal(text) }
}

fn texts(enter: &[FlyingComment]) -> Vec<&str> {
    enter.iter().map(|flying| flying.text.as_str()).collect()
}

fn budget(queue: &mut DanmakuQueue, per_second: f64, burst: u32, now: Duration) {
    queue.set_budget(DanmakuBudget { per_second, burst }, now);
}

#[test]
fn higher_priority_goes_first_and_equal_ones_in_order_of_arrival() {
    let mut queue = DanmakuQueue::default();
    for (text, priority) in [
        ("n1", Priority::Normal),
        ("l1", Priority::Low),
        ("h1", Priority::High),
        ("n2", Priority::Normal),
        ("h2", Priority::High),
    ] {
        queue.admit(comment(text, priority), ms(0));
    }
    queue.admit(own("mine"), ms(0));
    let (enter, _) = queue.drain(ms(0));
    assert_eq!(texts(&enter), ["mine", "h1", "h2", "n1", "n2", "l1"]);
}

#[test]
fn the_default_budget_is_eight_a_second_and_own_comments_stand_outside_of_it() {
    let mut queue = DanmakuQueue::default();
    for n in 0..30 {
        queue.admit(normal(&format!("t{n}")), ms(0));
    }
    assert_eq!(queue.drain(ms(0)).0.len(), 8);
    queue.admit(own("mine"), ms(1));
    assert_eq!(texts(&queue.drain(ms(1)).0), ["mine"]);
    assert_eq!(queue.drain(ms(1001)).0.len(), 8);
}

#[test]
fn a_repeat_folds_into_the_one_that_waits_and_into_the_one_that_flies() {
    let mut queue = DanmakuQueue::default();
    queue.admit(normal("666666"), ms(0));
    queue.admit(normal("6666"), ms(10));
    let (enter, _) = queue.drain(ms(20));
    assert_eq!((texts(&enter), enter[0].count), (vec!["666666"], 2));
    queue.admit(normal(" 66666 "), ms(30));
    queue.admit(normal("666"), ms(40));
    let (more, folded) = queue.drain(ms(50));
    assert!(more.is_empty());
    assert_eq!(folded, [FoldedComment { id: enter[0].id, count: 4 }]);
    assert_eq!(queue.counters().folded, 3);
    assert!(queue.drain(ms(60)).1.is_empty(), "a count is told once");

    queue.admit(normal("666"), ms(8_020));
    assert!(queue.drain(ms(8_020)).0.is_empty(), "eight seconds after it was shown it folds still");
    queue.admit(normal("666"), ms(8_021));
    assert_eq!(queue.drain(ms(8_021)).0.len(), 1, "and after that it stands for itself");
}

#[test]
fn own_comments_never_fold_and_others_fold_into_them() {
    let mut queue = DanmakuQueue::default();
    queue.admit(normal("hi"), ms(0));
    queue.admit(own("hi"), ms(1));
    queue.admit(own("HI"), ms(2));
    queue.admit(normal("hi"), ms(3));
    let (enter, _) = queue.drain(ms(4));
    let seen: Vec<_> = enter.iter().map(|flying| (flying.own, flying.count)).collect();
    assert_eq!(seen, [(true, 1), (true, 2), (false, 1)]);
}

#[test]
fn a_high_repeat_lifts_the_comment_that_stands_for_it() {
    let mut queue = DanmakuQueue::default();
    queue.admit(comment("gift", Priority::Low), ms(0));
    queue.admit(normal("other"), ms(1));
    queue.admit(comment("gift", Priority::High), ms(2));
    let (enter, _) = queue.drain(ms(3));
    assert_eq!(texts(&enter), ["gift", "other"]);
    assert_eq!((enter[0].count, enter[0].priority), (2, Priority::High));
}

#[test]
fn what_waits_too_long_is_dropped_and_its_repeat_stands_for_itself() {
    let mut queue = DanmakuQueue::default();
    budget(&mut queue, 0.0, 0, ms(0));
    queue.admit(normal("late"), ms(0));
    queue.admit(comment("high", Priority::High), ms(0));
    assert!(queue.drain(FRESH).0.is_empty());
    assert_eq!(queue.counters().expired, 0);
    queue.drain(FRESH + ms(1));
    assert_eq!((queue.counters().expired, queue.waiting()), (1, 1));
    queue.admit(normal("late"), FRESH + ms(2));
    assert_eq!(queue.counters().folded, 0);
    queue.drain(FRESH_HIGH + ms(1));
    assert_eq!((queue.counters().expired, queue.waiting()), (3, 0));
}

#[test]
fn a_full_queue_drops_the_oldest_of_the_lowest_priority() {
    let mut queue = DanmakuQueue::default();
    budget(&mut queue, 1000.0, 1000, ms(0));
    for n in 0..MOST {
        let priority = if n < 2 { Priority::Low } else { Priority::Normal };
        queue.admit(comment(&format!("t{n}"), priority), ms(0));
    }
    queue.admit(comment("high", Priority::High), ms(1));
    queue.admit(comment("low", Priority::Low), ms(1));
    queue.admit(normal("normal"), ms(1));
    queue.admit(normal("one more"), ms(1));
    queue.admit(comment("too low", Priority::Low), ms(1));
    let counters = queue.counters();
    assert_eq!((counters.waiting, counters.queue_full), (MOST as u32, 5));
    let (enter, _) = queue.drain(ms(1000));
    let texts = texts(&enter);
    for gone in ["t0", "t1", "low", "t2", "too low"] {
        assert!(!texts.contains(&gone), "{gone} gave way");
    }
    assert_eq!((texts[0], texts[1], texts[texts.len() - 1]), ("high", "t3", "one more"));
}

#[test]
fn a_recalled_comment_neither_flies_nor_waits_and_nothing_folds_into_it() {
    let mut queue = DanmakuQueue::default();
    budget(&mut queue, 0.0, 1, ms(0));
    for text in ["flies", "waits", "stays"] {
        queue.admit(normal(text), ms(0));
    }
    let flight = queue.drain(ms(0)).0[0].id;
    queue.admit(normal("flies"), ms(1));
    queue.recall(&["flies".into(), "waits".into(), "unknown".into()]);
    assert!(queue.has_news());
    assert_eq!((queue.take_leaving(), queue.take_leaving()), (vec![flight], vec![]));
    budget(&mut queue, 1_000.0, 10, ms(2));
    queue.admit(normal("flies"), ms(1_000));
    queue.admit(normal("waits"), ms(1_000));
    let (enter, folded) = queue.drain(ms(1_000));
    assert_eq!((texts(&enter), folded.len()), (vec!["stays", "flies", "waits"], 0));
    let counters = queue.counters();
    assert_eq!((counters.shown, counters.folded, counters.recalled), (4, 1, 1));
    queue.report_undrawn(&[flight]);
    assert_eq!(queue.counters().no_lane, 0, "it is gone already");
}

#[test]
fn hidden_and_undrawn_comments_are_counted() {
    let mut queue = DanmakuQueue::default();
    queue.admit(normal("a"), ms(0));
    queue.set_visible(false);
    queue.admit(own("b"), ms(0));
    assert!(queue.drain(ms(0)).0.is_empty());
    queue.set_visible(true);
    queue.admit(normal("a"), ms(1));
    let (enter, _) = queue.drain(ms(1));
    assert_eq!(enter.len(), 1, "what was hidden stands for nothing");
    let id = enter[0].id;
    queue.report_undrawn(&[id + 1, id, id, 0, u32::MAX]);
    queue.report_undrawn(&[id]);
    let wanted = DanmakuCounters { hidden: 2, no_lane: 1, ..DanmakuCounters::default() };
    assert_eq!(queue.counters(), wanted);
}

#[test]
fn nothing_folds_into_a_comment_that_was_not_drawn() {
    let mut queue = DanmakuQueue::default();
    for text in ["a", "b"] {
        queue.admit(normal(text), ms(0));
    }
    let (enter, _) = queue.drain(ms(0));
    for text in ["a", "b"] {
        queue.admit(normal(text), ms(1));
    }
    queue.report_undrawn(&[enter[0].id]);
    queue.admit(normal("a"), ms(2));
    queue.admit(normal("b"), ms(2));
    let (again, folded) = queue.drain(ms(2));
    assert_eq!(texts(&again), ["a"]);
    assert_eq!(folded, [FoldedComment { id: enter[1].id, count: 3 }], "no count for the undrawn");
}

#[test]
fn only_so_many_flights_are_remembered_and_only_so_many_ids_are_read() {
    let mut queue = DanmakuQueue::default();
    let mut ids = vec![];
    for n in 0..MOST_FLIGHTS + 10 {
        queue.admit(own(&n.to_string()), ms(0));
        ids.extend(queue.drain(ms(0)).0.iter().map(|flying| flying.id));
    }
    queue.report_undrawn(&ids[..10]);
    assert_eq!(queue.counters().no_lane, 0, "they are too long ago");
    let mut report = vec![0; MOST_FLIGHTS];
    report.push(ids[10]);
    queue.report_undrawn(&report);
    assert_eq!(queue.counters().no_lane, 0, "the report is too long");
    queue.report_undrawn(&ids[10..]);
    assert_eq!(queue.counters().no_lane as usize, MOST_FLIGHTS);
}

#[derive(Debug, Clone)]
enum Step {
    Admit { text: u32, priority: Priority, own: bool },
    Drain,
    Budget { per_second: f64, burst: u32 },
    Visible(bool),
    Undrawn(Vec<u32>),
}

fn any_step() -> impl Strategy<Value = Step> {
    let priority = prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High)];
    let admit = (prop_oneof![0u32..5, any::<u32>()], priority, prop::bool::weighted(0.05));
    prop_oneof![
        200 => admit.prop_map(|(text, priority, own)| Step::Admit { text, priority, own }),
        6 => Just(Step::Drain),
        1 => (any::<f64>(), any::<u32>())
            .prop_map(|(per_second, burst)| Step::Budget { per_second, burst }),
        1 => (0.0..50.0, 0u32..50)
            .prop_map(|(per_second, burst)| Step::Budget { per_second, burst }),
        1 => prop::bool::weighted(0.8).prop_map(Step::Visible),
        1 => prop::collection::vec(0u32..400, 0..20).prop_map(Step::Undrawn),
    ]
}

fn accounted(counters: DanmakuCounters) -> u32 {
    counters.shown
        + counters.folded
        + counters.queue_full
        + counters.expired
        + counters.hidden
        + counters.no_lane
        + counters.recalled
        + counters.waiting
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_comment_is_lost_from_the_books_and_no_bound_is_passed(
        steps in prop::collection::vec((any_step(), 0u64..20), 0..2_000),
    ) {
        let mut queue = DanmakuQueue::default();
        let mut now = ms(0);
        let mut admitted = 0;
        for (step, pause) in steps {
            now += ms(pause);
            match step {
                Step::Admit { text, priority, own } => {
                    let comment = Comment { own, ..comment(&text.to_string(), priority) };
                    queue.admit(comment, now);
                    admitted += 1;
                }
                Step::Drain => {
                    let (enter, folded) = queue.drain(now);
                    let rank = |f: &FlyingComment| if f.own { None } else { Some(f.priority) };
                    let ranks: Vec<_> = enter.iter().map(rank).collect();
                    let owns = ranks.iter().take_while(|rank| rank.is_none()).count();
                    prop_assert!(ranks[owns..].iter().all(Option::is_some), "own ones lead");
                    prop_assert!(ranks[owns..].windows(2).all(|pair| pair[0] >= pair[1]));
                    prop_assert!(folded.iter().all(|folded| folded.count > 1));
                    prop_assert!(folded.len() <= live_core::fold_memory::MOST);
                }
                Step::Budget { per_second, burst } => {
                    budget(&mut queue, per_second, burst, now);
                }
                Step::Visible(visible) => queue.set_visible(visible),
                Step::Undrawn(ids) => queue.report_undrawn(&ids),
            }
            prop_assert!(queue.waiting() <= MOST);
            prop_assert_eq!(accounted(queue.counters()), admitted);
        }
    }

    #[test]
    fn nothing_lower_flies_while_something_higher_waits(
        admits in prop::collection::vec(
            (prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High)],
             any::<u32>()),
            0..400,
        ),
        burst in 0u32..50,
    ) {
        let mut queue = DanmakuQueue::default();
        budget(&mut queue, 0.0, burst, ms(0));
        for (priority, text) in admits {
            queue.admit(comment(&text.to_string(), priority), ms(0));
        }
        let (enter, _) = queue.drain(ms(0));
        prop_assert!(enter.len() <= burst.min(8) as usize, "the budget holds");
        budget(&mut queue, 1000.0, 1000, ms(0));
        let (rest, _) = queue.drain(ms(1000));
        if let (Some(lowest), Some(highest)) =
            (enter.iter().map(|f| f.priority).min(), rest.iter().map(|f| f.priority).max())
        {
            prop_assert!(lowest >= highest);
        }
    }
}
