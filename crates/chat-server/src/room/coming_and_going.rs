//! Generated comings and goings: the room's count and its tips against a simple model.

use chat_types::rest::MARK_ROBOT;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

use super::tests::{come, room};
use super::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A connection of the account comes in.
    Join(u8),
    Visit,
    Leave(prop::sample::Index),
    Drop(prop::sample::Index),
    /// So many seconds go by, and the room looks for accounts that are gone.
    Wait(u32),
    Robot(u8),
    NoRobot(u8),
    Tell,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..6).prop_map(Step::Join),
        1 => Just(Step::Visit),
        2 => any::<prop::sample::Index>().prop_map(Step::Leave),
        4 => any::<prop::sample::Index>().prop_map(Step::Drop),
        3 => (1_u32..25).prop_map(Step::Wait),
        1 => (0_u8..6).prop_map(Step::Robot),
        1 => (0_u8..6).prop_map(Step::NoRobot),
        2 => Just(Step::Tell),
    ]
}

/// What a room has to know.
#[derive(Default)]
struct Model {
    now_s: u32,
    connections: HashMap<ConnectionId, Visitor>,
    broke_at: HashMap<UserId, u32>,
    robots: HashSet<UserId>,
}

impl Model {
    fn connected(&self) -> HashSet<&UserId> {
        self.connections.values().filter_map(Visitor::account).collect()
    }

    fn present(&self) -> usize {
        let mut present = self.connected();
        present.extend(self.broke_at.keys());
        present.extend(&self.robots);
        present.len()
    }

    fn picked(&self, index: prop::sample::Index) -> Option<ConnectionId> {
        let mut connections: Vec<ConnectionId> = self.connections.keys().copied().collect();
        connections.sort_unstable();
        (!connections.is_empty()).then(|| connections[index.index(connections.len())])
    }

    /// The account whose last connection this was.
    fn end(&mut self, connection: ConnectionId) -> Option<UserId> {
        let visitor = self.connections.remove(&connection);
        let user_id = visitor.as_ref().and_then(Visitor::account)?;
        (!self.connected().contains(user_id)).then(|| user_id.clone())
    }
}

fn user(number: u8) -> UserId {
    UserId::new(format!("u{number}")).unwrap()
}

fn take_step(room: &Room, model: &mut Model, connection: ConnectionId, step: Step) {
    match step {
        Step::Join(number) => {
            let visitor = Visitor::Account(user(number));
            come(room, connection, &visitor, model.now_s);
            model.broke_at.remove(&user(number));
            model.connections.insert(connection, visitor);
        }
        Step::Visit => {
            come(room, connection, &Visitor::Guest, model.now_s);
            model.connections.insert(connection, Visitor::Guest);
        }
        Step::Leave(index) => {
            let Some(connection) = model.picked(index) else { return };
            assert_eq!(room.leave(connection), Some(model.end(connection).is_some()));
        }
        Step::Drop(index) => {
            let Some(connection) = model.picked(index) else { return };
            room.drop_connection(connection, model.now_s);
            if let Some(user_id) = model.end(connection) {
                model.broke_at.insert(user_id, model.now_s);
            }
        }
        Step::Wait(seconds) => {
            model.now_s += seconds;
            let now_s = model.now_s;
            let gone: HashSet<UserId> = room.take_offline(now_s).into_iter().collect();
            let over = model.broke_at.extract_if(|_, broke_at| now_s - *broke_at > 20);
            assert_eq!(gone, over.map(|(user_id, _)| user_id).collect());
        }
        Step::Robot(number) => {
            room.mark(&[(user(number), vec![MARK_ROBOT])], model.now_s).unwrap();
            model.robots.insert(user(number));
        }
        Step::NoRobot(number) => {
            // It may be none.
            let _ = room.unmark(&[(user(number), vec![MARK_ROBOT])]);
            model.robots.remove(&user(number));
        }
        Step::Tell => {}
    }
}

proptest! {
    #[test]
    fn the_count_and_the_tips_say_who_is_there(steps in prop::collection::vec(step(), 1..120)) {
        let room = room();
        let mut model = Model::default();
        let mut told = 0_i64;
        for (connection, step) in (1..).zip(steps) {
            take_step(&room, &mut model, connection, step);
            let mut state = room.lock();
            prop_assert_eq!(state.online() as usize, model.present());
            let guests = model.connections.values().filter(|who| **who == Visitor::Guest).count();
            prop_assert_eq!(state.guests as usize, guests);
            if matches!(step, Step::Tell) {
                told += state.tips.balance();
                prop_assert_eq!(told, model.present() as i64);
            }
        }
    }
}
