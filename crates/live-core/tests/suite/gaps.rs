//! What was missed comes back, once, and in its place; what does not is counted.

use chat_types::gateway::{ClientFrame, Message, OwnMessage, RoomMessages, RoomSnapshot};
use chat_types::{ApiError, Code};
use live_core::effect::Effect;
use live_core::room::{ASK_EVERY, MOST_ATTEMPTS};
use live_core::view::RoomEvent;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::frames::{message, profile, snapshot};
use crate::room::{Fixture, NOW, flights, sends};

/// The questions for missing messages: request number, and between which numbers.
fn asked(changes: &[Effect]) -> Vec<(u32, u32, Option<u32>)> {
    let question = |change: &Effect| match change {
        Effect::Send(ClientFrame::CatchUp { id, after_seq, before_seq, .. }) => {
            Some((*id, *after_seq, *before_seq))
        }
        _ => None,
    };
    changes.iter().filter_map(question).collect()
}

fn catch_up(f: &mut Fixture, id: u32, messages: Vec<Message>, complete: bool) -> Vec<Effect> {
    f.room.caught_up(id, messages, complete, NOW, &mut f.numbers)
}

#[test]
fn a_gap_is_asked_for_and_what_comes_back_stands_in_its_place() {
    let mut f = Fixture::joined(10);
    f.hear_after(10, vec![message(11, "bo", "a")]);
    let changes = f.hear_after(14, vec![message(15, "bo", "e")]);
    let [(id, 11, Some(15))] = asked(&changes)[..] else { panic!("one question: {changes:?}") };
    let missing = vec![message(12, "bo", "b"), message(14, "bo", "d")];
    let changes = catch_up(&mut f, id, missing.clone(), true);
    assert_eq!((f.texts().join(""), flights(&changes)), ("abde".into(), 0));
    let placed = changes
        .iter()
        .filter(|change| matches!(change, Effect::Tell(RoomEvent::ChatInserted { .. })))
        .count();
    assert_eq!((placed, f.room.missed()), (2, 0));
    assert!(catch_up(&mut f, id, missing, true).is_empty(), "an answer counts once");
    assert_eq!((f.room.after_seq(), f.room.due()), (Some(15), None));
}

#[test]
fn numbers_that_skip_are_no_gap() {
    let mut f = Fixture::joined(10);
    let changes = f.hear_after(10, vec![message(12, "bo", "a"), message(15, "bo", "b")]);
    assert!(asked(&changes).is_empty());
    assert!(asked(&f.hear_after(15, vec![message(19, "bo", "c")])).is_empty());
    assert_eq!(f.room.after_seq(), Some(19));
}

#[test]
fn what_the_short_history_does_not_have_any_more_is_counted_as_missed() {
    let mut f = Fixture::joined(10);
    let (id, ..) = asked(&f.hear_after(14, vec![message(15, "bo", "e")]))[0];
    let changes = catch_up(&mut f, id, vec![message(14, "bo", "d")], false);
    assert_eq!((f.texts().join(""), f.room.missed()), ("de".into(), 0));
    assert!(asked(&changes).is_empty(), "few in a second");
    let [(id, 10, Some(14))] = asked(&f.tick(NOW + ASK_EVERY))[..] else {
        panic!("older ones may not have fitted in");
    };
    let changes = catch_up(&mut f, id, vec![], false);
    assert_eq!((f.room.missed(), f.room.due()), (3, None));
    assert!(changes.contains(&RoomEvent::Missed { count: 3 }.into()));
}

#[test]
fn every_gap_is_asked_for_to_its_end_however_many_had_one() {
    let mut f = Fixture::joined(0);
    let mut now = NOW;
    for gap in 0..20 {
        let start = gap * 10;
        let mut changes = f.hear_after(start + 8, vec![message(start + 10, "bo", "x")]);
        changes.extend(f.tick(now));
        let [(id, ..)] = asked(&changes)[..] else { panic!("the gap is asked for: {changes:?}") };
        catch_up(&mut f, id, vec![message(start + 8, "bo", "a part")], false);
        now += ASK_EVERY;
        let [(id, ..)] = asked(&f.tick(now))[..] else { panic!("so is its rest, {gap}") };
        catch_up(&mut f, id, vec![], false);
        now += ASK_EVERY;
    }
}

#[test]
fn gaps_that_open_meanwhile_are_asked_for_together_after_a_moment() {
    let mut f = Fixture::joined(10);
    let first = asked(&f.hear_after(12, vec![message(13, "bo", "c")]));
    for after in [15, 20, 25] {
        assert!(asked(&f.hear_after(after, vec![message(after + 1, "bo", "x")])).is_empty());
    }
    assert!(asked(&catch_up(&mut f, first[0].0, vec![], true)).is_empty(), "few in a second");
    assert_eq!(f.room.due(), Some(NOW + ASK_EVERY));
    let next = f.tick(NOW + ASK_EVERY);
    assert!(matches!(asked(&next)[..], [(_, 13, Some(26))]));
}

#[test]
fn a_slow_reader_asks_for_what_was_left_out_at_the_end() {
    let mut f = Fixture::joined(10);
    let changes = f.room.left_out(NOW, &mut f.numbers);
    let [(id, 10, None)] = asked(&changes)[..] else { panic!("one question: {changes:?}") };
    f.hear_after(12, vec![message(13, "bo", "live")]);
    let answer = vec![message(11, "bo", "a"), message(13, "bo", "live"), message(14, "bo", "d")];
    catch_up(&mut f, id, answer, true);
    f.hear_after(13, vec![message(14, "bo", "d"), message(15, "bo", "e")]);
    assert_eq!(f.texts(), ["a", "live", "d", "e"]);
    assert_eq!((f.room.missed(), f.room.due()), (0, None));
}

#[test]
fn a_gateway_that_does_not_answer_questions_costs_the_gap_and_no_more() {
    let mut f = Fixture::joined(10);
    let mut changes = f.hear_after(11, vec![message(12, "bo", "b")]);
    let mut now = NOW;
    let busy = ApiError::new(Code::REQUEST_RATE, "too often");
    for _ in 0..MOST_ATTEMPTS {
        let (id, ..) = asked(&changes)[0];
        changes = f.room.refused(id, &busy, Some(1_500), now);
        now += Duration::from_millis(1_500);
        changes.extend(f.tick(now));
    }
    assert!(asked(&changes).is_empty());
    assert_eq!((f.room.missed(), f.room.due()), (1, None));
}

#[test]
fn what_comes_back_soon_enough_flies() {
    let mut f = Fixture::away();
    let clock = 1_760_000_012;
    f.enter(RoomSnapshot { time_s: clock, ..snapshot(profile(), 10, vec![]) });
    let (id, ..) = asked(&f.hear_after(13, vec![message(14, "bo", "e")]))[0];
    // A message of the tests was sent at the second that its number says.
    let answer = vec![message(11, "bo", "young"), message(12, "bo", "younger")];
    assert_eq!(flights(&catch_up(&mut f, id, answer, true)), 2);
    let mut f = Fixture::away();
    f.enter(RoomSnapshot { time_s: clock + 5, ..snapshot(profile(), 10, vec![]) });
    let (id, ..) = asked(&f.hear_after(13, vec![message(14, "bo", "e")]))[0];
    assert_eq!(flights(&catch_up(&mut f, id, vec![message(11, "bo", "old")], true)), 0);
}

#[test]
fn an_own_comment_is_confirmed_by_the_message_that_comes_back() {
    let mut f = Fixture::joined(10);
    let (key, _) = f.say("mine").unwrap();
    let (id, ..) = asked(&f.hear_after(11, vec![message(12, "bo", "b")]))[0];
    let own = Message { client_id: key.clone(), ..message(11, "me", "mine") };
    catch_up(&mut f, id, vec![own], true);
    assert_eq!((f.row(&key).seq, f.texts().len()), (11, 2));
    f.room.connection_lost();
    assert!(sends(&f.join(12, vec![])).is_empty());
}

/// Messages that the room of the property keeps.
const HISTORY: usize = 12;

/// Messages that fit into one answer.
const MOST_IN_ONE: usize = 5;

#[derive(Debug, Clone)]
enum Step {
    /// Somebody else says something; so many numbers do not exist before it.
    Other { skipped: u32 },
    /// So do we.
    Own,
    /// The room writes what was said since; or leaves it out for this client, which reads slowly.
    Write { left_out: bool },
    /// So many room frames reach the client.
    Hear(usize),
    /// So many answers do, which may overtake the room's frames.
    HearAnswers(usize),
    /// The gateway refuses the questions that wait, because there were too many.
    RefuseQuestions,
    /// The connection is lost with all that is under way, and is there again.
    Rejoin,
    /// Time passes.
    Wait,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0u32..2).prop_map(|skipped| Step::Other { skipped }),
        2 => Just(Step::Own),
        5 => prop::bool::weighted(0.3).prop_map(|left_out| Step::Write { left_out }),
        5 => (1usize..5).prop_map(Step::Hear),
        5 => (1usize..5).prop_map(Step::HearAnswers),
        1 => Just(Step::RefuseQuestions),
        1 => Just(Step::Rejoin),
        2 => Just(Step::Wait),
    ]
}

#[derive(Debug)]
enum Answer {
    Sent { key: String, seq: u32 },
    CaughtUp { id: u32, messages: Vec<Message>, complete: bool },
    LeftOut,
}

/// A room with one client, which gets the room's frames and its own answers by two ways.
struct World {
    f: Fixture,
    now: Duration,
    said: Vec<Message>,
    /// Number of the newest message that was written.
    written: u32,
    /// Messages that were said and not written yet.
    unwritten: Vec<Message>,
    frames: VecDeque<RoomMessages>,
    answers: VecDeque<Answer>,
    questions: Vec<(u32, u32, Option<u32>)>,
    left_out: bool,
}

impl World {
    fn new() -> Self {
        Self {
            f: Fixture::joined(0),
            now: NOW,
            said: vec![],
            written: 0,
            unwritten: vec![],
            frames: VecDeque::new(),
            answers: VecDeque::new(),
            questions: vec![],
            left_out: false,
        }
    }

    fn say(&mut self, message: Message) {
        self.said.push(message.clone());
        self.unwritten.push(message);
    }

    fn next_number(&self) -> u32 {
        self.said.last().map_or(0, |message| message.seq) + 1
    }

    /// What the room still has above a number, of what it has written, as far as it fits into an
    /// answer; and whether that is all.
    fn history(&self, after: u32, before: Option<u32>) -> (Vec<Message>, bool) {
        let written = self.said.iter().filter(|message| message.seq <= self.written).count();
        let kept = &self.said[written.saturating_sub(HISTORY)..written];
        let gone = &self.said[..written.saturating_sub(HISTORY)];
        let wanted = |message: &&Message| {
            message.seq > after && before.is_none_or(|before| message.seq < before)
        };
        let complete = !gone.iter().any(|message| wanted(&message));
        let messages: Vec<_> = kept.iter().filter(wanted).cloned().collect();
        let fits = messages.len().saturating_sub(MOST_IN_ONE);
        (messages[fits..].to_vec(), complete && fits == 0)
    }

    fn write(&mut self, left_out: bool) {
        let Some(last) = self.unwritten.last().map(|message| message.seq) else { return };
        let (own, messages) = std::mem::take(&mut self.unwritten)
            .into_iter()
            .partition::<Vec<_>, _>(|message| message.from == "me");
        for own in &own {
            let (key, seq) = (own.client_id.clone(), own.seq);
            self.answers.push_back(Answer::Sent { key, seq });
        }
        let own = own.into_iter().map(|own| OwnMessage {
            client_id: own.client_id,
            seq: own.seq,
            time_s: own.time_s,
        });
        let after = std::mem::replace(&mut self.written, last);
        if left_out {
            self.left_out = true;
        } else {
            let frame = RoomMessages { after, messages, own: own.collect(), ..Default::default() };
            self.frames.push_back(frame);
            if std::mem::take(&mut self.left_out) {
                self.answers.push_back(Answer::LeftOut);
            }
        }
    }

    fn take(&mut self, changes: &[Effect]) {
        self.questions.extend(asked(changes));
        for (_, key) in sends(changes) {
            // The gateway knows what it has had.
            match self.said.iter().find(|message| message.client_id == key) {
                Some(known) if known.seq <= self.written => {
                    let seq = known.seq;
                    self.answers.push_back(Answer::Sent { key, seq });
                }
                Some(_) => {}
                None => {
                    let own = message(self.next_number(), "me", &key);
                    self.say(Message { client_id: key, ..own });
                }
            }
        }
    }

    fn answer_questions(&mut self) {
        for (id, after, before) in std::mem::take(&mut self.questions) {
            let (messages, complete) = self.history(after, before);
            self.answers.push_back(Answer::CaughtUp { id, messages, complete });
        }
    }

    fn hear(&mut self, count: usize) {
        for frame in self.frames.drain(..count.min(self.frames.len())).collect::<Vec<_>>() {
            let changes = self.f.room.messages(frame, self.now, &mut self.f.numbers);
            self.take(&changes);
        }
    }

    fn hear_answers(&mut self, count: usize) {
        for answer in self.answers.drain(..count.min(self.answers.len())).collect::<Vec<_>>() {
            let changes = match answer {
                Answer::Sent { key, seq } => self.f.sent(&key, seq, 1),
                Answer::CaughtUp { id, messages, complete } => {
                    self.f.room.caught_up(id, messages, complete, self.now, &mut self.f.numbers)
                }
                Answer::LeftOut => self.f.room.left_out(self.now, &mut self.f.numbers),
            };
            self.take(&changes);
        }
    }

    fn rejoin(&mut self) {
        self.frames.clear();
        self.answers.clear();
        self.questions.clear();
        self.left_out = false;
        self.f.room.connection_lost();
        // Some of what was said was not written when the connection broke: it was never numbered.
        let after = self.f.room.after_seq().unwrap_or(0);
        let (messages, complete) = self.history(after, None);
        let snapshot = RoomSnapshot { complete, ..snapshot(profile(), self.written, messages) };
        self.f.room.signed_in("me".into(), "Ann".into());
        let changes = self.f.room.joined(snapshot, self.now, &mut self.f.numbers);
        self.take(&changes);
    }

    fn wait(&mut self) {
        self.now += Duration::from_millis(400);
        let changes = self.f.tick(self.now);
        self.take(&changes);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Other { skipped } => {
                let seq = self.next_number() + skipped;
                self.say(message(seq, "bo", &seq.to_string()));
            }
            Step::Own => {
                if let Ok((_, changes)) = self.f.say("mine") {
                    self.take(&changes);
                }
            }
            Step::Write { left_out } => self.write(left_out),
            Step::Hear(count) => self.hear(count),
            Step::HearAnswers(count) => {
                self.answer_questions();
                self.hear_answers(count);
            }
            Step::RefuseQuestions => {
                let busy = ApiError::new(Code::REQUEST_RATE, "too often");
                for (id, ..) in std::mem::take(&mut self.questions) {
                    let changes = self.f.room.refused(id, &busy, Some(300), self.now);
                    self.take(&changes);
                }
            }
            Step::Rejoin => self.rejoin(),
            Step::Wait => self.wait(),
        }
    }

    /// Everything that is under way arrives, and the client asks until it is content. In a room
    /// that is silent only the notice tells that something was left out at the end.
    fn quiesce(&mut self, silent: bool) {
        if !silent {
            self.step(Step::Other { skipped: 0 });
        } else if std::mem::take(&mut self.left_out) {
            self.answers.push_back(Answer::LeftOut);
        }
        for _ in 0..200 {
            self.write(false);
            self.hear(usize::MAX);
            self.answer_questions();
            self.hear_answers(usize::MAX);
            self.wait();
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_left_out_or_lost_every_message_is_shown_once_and_none_is_missing(
        steps in prop::collection::vec(any_step(), 0..120),
        silent in any::<bool>(),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.quiesce(silent);
        let rows: Vec<_> = world.f.room.log().rows().cloned().collect();
        let shown: Vec<u32> = rows.iter().map(|row| row.seq).filter(|seq| *seq != 0).collect();
        let once: BTreeSet<u32> = shown.iter().copied().collect();
        prop_assert_eq!(once.len(), shown.len(), "shown twice: {:?}", shown);
        let said: BTreeSet<u32> = world.said.iter().map(|message| message.seq).collect();
        prop_assert!(once.is_subset(&said));
        for message in &world.said[world.said.len().saturating_sub(HISTORY)..] {
            prop_assert!(once.contains(&message.seq), "{} is missing in {:?}", message.seq, once);
        }
        let lost = said.len() - once.len();
        prop_assert!(world.f.room.missed() >= lost as u64, "what is not shown is counted");
        if world.f.room.missed() == 0 {
            prop_assert_eq!(&once, &said);
        }
        let others = rows.iter().filter(|row| !row.own).map(|row| row.seq);
        prop_assert!(others.clone().zip(others.skip(1)).all(|(one, next)| one < next));
        prop_assert_eq!(world.f.room.after_seq(), Some(world.written));
    }
}
