//! Who came into an AVChatRoom and who went out of it, collected between two tellings.

use chat_types::UserId;
use chat_types::gateway::{MessageClass, ServerFrame, ShedCause};
use chat_types::group::GroupType;
use std::collections::VecDeque;

use super::online::LARGE_ROOM;
use super::{Pace, State, To};

/// Accounts that one tip names, the newest ones; the others are only counted.
const NAMED: usize = 10;

/// What is to be told. It holds a fixed number of names, however many come and go.
#[derive(Debug, Default)]
pub(super) struct Tips {
    entered: Crowd,
    left: Crowd,
    /// The last telling was put off.
    put_off: bool,
}

/// What is told in one go.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch {
    entered: Named,
    left: Named,
}

/// Accounts of one tip, the newest last, and how many there are beside them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    users: Vec<String>,
    more: u32,
}

impl Named {
    fn count(&self) -> u32 {
        u32::try_from(self.users.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }
}

#[derive(Debug, Default)]
struct Crowd {
    newest: VecDeque<UserId>,
    more: u32,
}

impl Crowd {
    fn add(&mut self, user_id: &UserId) {
        if self.newest.len() == NAMED {
            self.newest.pop_front();
            self.more = self.more.saturating_add(1);
        }
        self.newest.push_back(user_id.clone());
    }

    /// Whether the account was among those that are named, and is not any more.
    fn take_back(&mut self, user_id: &UserId) -> bool {
        let place = self.newest.iter().position(|named| named == user_id);
        place.and_then(|place| self.newest.remove(place)).is_some()
    }

    fn is_empty(&self) -> bool {
        self.newest.is_empty() && self.more == 0
    }

    fn take(&mut self) -> Named {
        let Self { newest, more } = std::mem::take(self);
        Named { users: newest.into_iter().map(String::from).collect(), more }
    }
}

impl Tips {
    /// Whoever comes back before it was told that it left is told of in neither way, as far as it
    /// would have been named.
    pub(super) fn entered(&mut self, user_id: &UserId) {
        if !self.left.take_back(user_id) {
            self.entered.add(user_id);
        }
    }

    /// As [`Tips::entered`], the other way round.
    pub(super) fn left(&mut self, user_id: &UserId) {
        if !self.entered.take_back(user_id) {
            self.left.add(user_id);
        }
    }

    /// Somebody left of whom the room is told in another way.
    pub(super) fn banned(&mut self, user_id: &UserId) {
        self.entered.take_back(user_id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entered.is_empty() && self.left.is_empty()
    }

    /// What is due, if anything is. A large room is told every second time only.
    fn take(&mut self, is_large: bool) -> Option<Batch> {
        if self.is_empty() {
            return None;
        }
        self.put_off = is_large && !self.put_off;
        if self.put_off {
            return None;
        }
        Some(Batch { entered: self.entered.take(), left: self.left.take() })
    }
}

#[cfg(test)]
impl Tips {
    /// Takes what is due: how many more accounts came than went.
    pub(super) fn balance(&mut self) -> i64 {
        let batch = self.take(false).unwrap_or_default();
        i64::from(batch.entered.count()) - i64::from(batch.left.count())
    }
}

impl State {
    pub(super) fn is_live_room(&self) -> bool {
        self.group.group_type == GroupType::AVChatRoom
    }

    /// An account has a seat that it did not have before. Other groups tell of their members.
    pub(super) fn came(&mut self, user_id: &UserId) {
        if self.is_live_room() {
            self.tips.entered(user_id);
        }
    }

    /// Takes its seat from an account that has no connection in the room and is no robot.
    pub(super) fn unseat(&mut self, user_id: &UserId) {
        if self.accounts.release(user_id) {
            self.went(user_id);
        }
    }

    /// An account has lost its seat.
    pub(super) fn went(&mut self, user_id: &UserId) {
        if self.is_live_room() {
            self.tips.left(user_id);
        }
    }

    /// Tells who came and went since the last time, unless more is said already than the room shows.
    pub(super) fn tell_tips(&mut self, pace: Pace) {
        let is_overloaded = self.policy.is_overloaded(pace.budget_per_s, pace.now_ms);
        self.tell_or_shed_tips(is_overloaded);
    }

    fn tell_or_shed_tips(&mut self, is_overloaded: bool) {
        let is_large = self.accounts.len() >= LARGE_ROOM;
        let Some(Batch { entered, left }) = self.tips.take(is_large) else { return };
        let (come, gone) = (entered.count(), left.count());
        let tips = u64::from(come) + u64::from(gone);
        self.figures.received(MessageClass::Tip, tips);
        if is_overloaded {
            self.figures.shed(MessageClass::Tip, ShedCause::Budget, tips);
            return;
        }
        self.figures.delivered(MessageClass::Tip, tips);
        let count = self.online();
        if come > 0 {
            let Named { users, more } = entered;
            let group_id = self.group.group_id.clone();
            self.tip(&To::All, come, &ServerFrame::MemberEntered { group_id, users, count, more });
        }
        if gone > 0 {
            let Named { users, more } = left;
            let group_id = self.group.group_id.clone();
            let operator = None;
            self.tip(
                &To::All,
                gone,
                &ServerFrame::MemberLeft { group_id, users, count, more, operator },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::Room;
    use crate::room::tests::{frames, join, pace, room, run, visit};
    use chat_types::gateway::ClassFigures;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn user(number: usize) -> UserId {
        UserId::new(format!("u{number}")).unwrap()
    }

    #[test]
    fn the_newest_ten_are_named_and_the_others_counted() {
        let mut tips = Tips::default();
        assert_eq!(tips.take(false), None);
        for number in 0..25 {
            tips.entered(&user(number));
        }
        tips.left(&user(99));
        let batch = tips.take(false).unwrap();
        let newest: Vec<String> = (15..25).map(|number| format!("u{number}")).collect();
        assert_eq!(batch.entered, Named { users: newest, more: 15 });
        assert_eq!(batch.left, Named { users: vec!["u99".into()], more: 0 });
        assert_eq!(tips.take(false), None, "each is told once");
    }

    #[test]
    fn who_comes_and_goes_between_two_tellings_is_not_told_of() {
        let mut tips = Tips::default();
        tips.entered(&user(1));
        tips.left(&user(1));
        tips.left(&user(2));
        tips.entered(&user(2));
        tips.entered(&user(3));
        tips.banned(&user(3));
        assert_eq!(tips.take(false), None);
    }

    #[test]
    fn a_large_room_is_told_every_second_time_and_of_everybody() {
        let mut tips = Tips::default();
        tips.entered(&user(1));
        assert_eq!(tips.take(true), None);
        tips.entered(&user(2));
        assert_eq!(tips.take(true).unwrap().entered.users, ["u1", "u2"]);
        tips.entered(&user(3));
        assert_eq!(tips.take(true), None);
        assert_eq!(tips.take(false).unwrap().entered.users, ["u3"], "a room that became small");
    }

    #[tokio::test]
    async fn tips_are_shed_and_counted_while_too_much_is_said_and_the_count_is_told_all_the_same() {
        let room = room();
        let wire = join(&room, 1);
        let _second = join(&room, 2);
        room.lock().tell_or_shed_tips(true);
        room.announce(pace(0));
        run(&room, 0).await;
        let told = frames(&wire);
        assert!(matches!(told[..], [ServerFrame::Online { count: 2, .. }]), "{told:?}");
        let _third = join(&room, 3);
        room.leave(2);
        room.announce(pace(0));
        run(&room, 1).await;
        let group_id = "r".to_owned();
        let (users, count, more) = (vec!["viewer_3".to_owned()], 2, 0);
        let entered = ServerFrame::MemberEntered { group_id: group_id.clone(), users, count, more };
        let users = vec!["viewer_2".to_owned()];
        let left = ServerFrame::MemberLeft {
            group_id: group_id.clone(),
            users,
            count,
            more,
            operator: None,
        };
        assert_eq!(frames(&wire), [entered, left, ServerFrame::Online { group_id, count }]);
        let figures = room.live_figures(0, 0);
        let tips = ClassFigures {
            received: 4,
            delivered: 2,
            shed: BTreeMap::from([(ShedCause::Budget, 2)]),
            ..ClassFigures::default()
        };
        assert_eq!(figures.classes[&MessageClass::Tip], tips);
    }

    #[tokio::test]
    async fn a_guest_makes_no_tip_and_counts_apart() {
        let room = room();
        let wire = join(&room, 1);
        visit(&room, 2);
        visit(&room, 3);
        visit(&room, 3);
        let counted = |room: &Room| {
            let figures = room.live_figures(0, 0);
            (figures.online, figures.guests, figures.connections)
        };
        assert_eq!(counted(&room), (1, 2, 3));
        room.announce(pace(0));
        assert_eq!(room.lock().outgoing.len(), 2, "the count, and that the account came");
        run(&room, 0).await;
        assert_eq!(frames(&wire).len(), 2);
        assert_eq!(room.leave(2), Some(false));
        room.drop_connection(3, 0);
        room.drop_connection(3, 0);
        assert_eq!(counted(&room), (1, 0, 1));
        room.announce(pace(0));
        assert!(room.lock().tips.take(false).is_none());
    }

    proptest! {
        #[test]
        fn whatever_comes_and_goes_the_tips_add_up_to_who_is_there(
            turns in proptest::collection::vec((0_usize..40, 0_u8..8, any::<bool>()), 0..400)
        ) {
            let mut tips = Tips::default();
            let mut there = std::collections::HashSet::new();
            let mut told = 0_i64;
            let mut count = |batch: &Batch| {
                for named in [&batch.entered, &batch.left] {
                    prop_assert!(named.users.len() <= NAMED);
                    let distinct: std::collections::HashSet<_> = named.users.iter().collect();
                    prop_assert_eq!(distinct.len(), named.users.len());
                    prop_assert!(named.more == 0 || named.users.len() <= NAMED);
                }
                told += i64::from(batch.entered.count()) - i64::from(batch.left.count());
                Ok::<(), TestCaseError>(())
            };
            for (number, dice, is_large) in turns {
                let user = user(number);
                if dice == 0 {
                    if let Some(batch) = tips.take(is_large) {
                        count(&batch)?;
                    }
                } else if there.remove(&user) {
                    tips.left(&user);
                } else {
                    there.insert(user.clone());
                    tips.entered(&user);
                }
                prop_assert!(tips.entered.newest.len() <= NAMED && tips.left.newest.len() <= NAMED);
            }
            if let Some(batch) = tips.take(false) {
                count(&batch)?;
            }
            prop_assert_eq!(told, there.len() as i64);
        }
    }
}
