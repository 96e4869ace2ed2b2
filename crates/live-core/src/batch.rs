//! What a subscriber has not been told yet, coalesced: however long it does not read, what waits
//! for it stays small, and what it gets then is the state of now.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use strum::IntoEnumIterator;

use crate::chat_log::ChatLog;
use crate::view::{ChatRow, RoomEvent, RoomEventKind};

/// Rows that wait. When there would be more, the next batch gives the whole chat anew instead.
pub const MOST_ROWS: usize = 1_000;
/// Notifications of the application that wait. When one more comes the oldest is dropped.
pub const MOST_NOTIFICATIONS: usize = 32;
/// Peers and accounts that are named as changed. Who is not named was changed long before.
pub const MOST_NAMED: usize = 256;

/// Which kinds of events a subscriber reads. No other is kept for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest(BTreeSet<RoomEventKind>);

impl Interest {
    pub fn all() -> Self {
        RoomEventKind::iter().collect()
    }

    pub fn has(&self, kind: RoomEventKind) -> bool {
        self.0.contains(&kind)
    }
}

impl FromIterator<RoomEventKind> for Interest {
    /// Whoever reads the chat reads every kind of its events: a row that stands somewhere else, or
    /// is gone, makes no sense alone.
    fn from_iter<I: IntoIterator<Item = RoomEventKind>>(kinds: I) -> Self {
        use RoomEventKind::{Chat, ChatInserted, ChatRemoved, ChatReset};
        let mut kinds: BTreeSet<_> = kinds.into_iter().collect();
        let chat = [ChatReset, Chat, ChatInserted, ChatRemoved];
        if chat.iter().any(|kind| kinds.contains(kind)) {
            kinds.extend(chat);
        }
        Self(kinds)
    }
}

/// A row that waits, and before which other row it belongs; at the end if it is new.
#[derive(Debug)]
struct Waiting {
    row: ChatRow,
    before: Option<String>,
}

/// News for one subscriber: of each kind the newest event, the rows of the chat, and what adds up
/// (see [`add_up`]).
#[derive(Debug)]
pub struct Batch {
    interest: Interest,
    newest: BTreeMap<RoomEventKind, RoomEvent>,
    rows: Vec<Waiting>,
    places: HashMap<String, usize>,
    removed: BTreeSet<String>,
    /// The next batch gives all rows of the chat log, so single ones need not be kept.
    reset: bool,
    resets: u64,
    dropped_notifications: u64,
}

impl Batch {
    /// For a new subscriber, who is given the whole chat first.
    pub fn new(interest: Interest) -> Self {
        Self {
            reset: interest.has(RoomEventKind::ChatReset),
            interest,
            newest: BTreeMap::new(),
            rows: Vec::new(),
            places: HashMap::new(),
            removed: BTreeSet::new(),
            resets: 0,
            dropped_notifications: 0,
        }
    }

    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Takes an event, if the subscriber reads its kind.
    pub fn push(&mut self, event: RoomEvent) {
        let kind = RoomEventKind::from(&event);
        if !self.interest.has(kind) {
            return;
        }
        match event {
            RoomEvent::ChatReset { .. } => self.start_anew(),
            RoomEvent::Chat { rows } => rows.into_iter().for_each(|row| self.put(row, None)),
            RoomEvent::ChatInserted { before, rows } => {
                rows.into_iter().for_each(|row| self.put(row, Some(before.clone())));
            }
            RoomEvent::ChatRemoved { keys } => self.remove(keys),
            mut event => {
                if let Some(waiting) = self.newest.remove(&kind) {
                    self.dropped_notifications += add_up(waiting, &mut event);
                }
                self.newest.insert(kind, event);
            }
        }
    }

    /// Whether an event of this kind waits.
    pub fn has_waiting(&self, kind: RoomEventKind) -> bool {
        self.newest.contains_key(&kind)
    }

    pub fn has_news(&self) -> bool {
        self.reset || !self.newest.is_empty() || !self.rows.is_empty() || !self.removed.is_empty()
    }

    /// Times that so many rows waited that the whole chat was given anew.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Notifications that were dropped because the subscriber had not read for long.
    pub fn dropped_notifications(&self) -> u64 {
        self.dropped_notifications
    }

    /// Everything that waits, in the order of the kinds. Empties the batch.
    pub fn take(&mut self, log: &ChatLog) -> Vec<RoomEvent> {
        let after_chat = self.newest.split_off(&RoomEventKind::ChatReset);
        let mut events: Vec<_> = std::mem::take(&mut self.newest).into_values().collect();
        if std::mem::take(&mut self.reset) {
            events.push(RoomEvent::ChatReset { rows: log.rows().cloned().collect() });
        } else {
            self.places.clear();
            events.extend(in_runs(std::mem::take(&mut self.rows)));
            let removed = std::mem::take(&mut self.removed);
            if !removed.is_empty() {
                events.push(RoomEvent::ChatRemoved { keys: removed.into_iter().collect() });
            }
        }
        events.extend(after_chat.into_values());
        events
    }

    fn put(&mut self, row: ChatRow, before: Option<String>) {
        if self.reset {
            return;
        }
        // A key that was taken back and is there again.
        self.removed.remove(&row.key);
        if let Some(place) = self.places.get(&row.key) {
            self.rows[*place].row = row;
        } else if self.rows.len() < MOST_ROWS {
            self.places.insert(row.key.clone(), self.rows.len());
            self.rows.push(Waiting { row, before });
        } else {
            self.resets += 1;
            self.start_anew();
        }
    }

    fn remove(&mut self, keys: Vec<String>) {
        if self.reset {
            return;
        }
        self.removed.extend(keys);
        if self.removed.len() > MOST_ROWS {
            self.resets += 1;
            self.start_anew();
        }
    }

    fn start_anew(&mut self) {
        self.reset = true;
        self.rows = Vec::new();
        self.places = HashMap::new();
        self.removed = BTreeSet::new();
    }
}

/// Brings into an event what still waits of its kind. For most kinds the newest says all there is
/// to know. Gives how many notifications were dropped.
fn add_up(waiting: RoomEvent, newest: &mut RoomEvent) -> u64 {
    match (waiting, newest) {
        (RoomEvent::Likes { burst: waiting, .. }, RoomEvent::Likes { burst, .. }) => {
            *burst = burst.saturating_add(waiting);
        }
        (RoomEvent::Notifications { texts: mut all }, RoomEvent::Notifications { texts }) => {
            all.append(texts);
            let dropped = all.len().saturating_sub(MOST_NOTIFICATIONS);
            all.drain(..dropped);
            *texts = all;
            return dropped as u64;
        }
        (RoomEvent::Presence { accounts: mut all }, RoomEvent::Presence { accounts }) => {
            all.retain(|known| accounts.iter().all(|new| new.user_id != known.user_id));
            all.append(accounts);
            keep_newest(&mut all);
            *accounts = all;
        }
        (RoomEvent::Conversations { peers: mut all }, RoomEvent::Conversations { peers }) => {
            peers.retain(|peer| !all.contains(peer));
            all.append(peers);
            keep_newest(&mut all);
            *peers = all;
        }
        _ => {}
    }
    0
}

fn keep_newest<T>(named: &mut Vec<T>) {
    named.drain(..named.len().saturating_sub(MOST_NAMED));
}

/// Rows in the order in which they were told, those for the same place together.
fn in_runs(waiting: Vec<Waiting>) -> Vec<RoomEvent> {
    let mut events = Vec::new();
    for Waiting { row, before: wanted } in waiting {
        match (events.last_mut(), wanted) {
            (Some(RoomEvent::Chat { rows }), None) => rows.push(row),
            (Some(RoomEvent::ChatInserted { before, rows }), Some(wanted)) if *before == wanted => {
                rows.push(row);
            }
            (_, None) => events.push(RoomEvent::Chat { rows: vec![row] }),
            (_, Some(before)) => events.push(RoomEvent::ChatInserted { before, rows: vec![row] }),
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat_log::Line;
    use crate::view::{LikesView, PresenceView, RowKind, RowState, SessionView};

    fn row(n: usize, text: &str) -> ChatRow {
        ChatRow {
            key: n.to_string(),
            kind: RowKind::Comment,
            seq: 0,
            user_id: "u".into(),
            name: "u".into(),
            text: text.into(),
            own: false,
            time_ms: 0.0,
            state: RowState::Sent,
            reached: 0,
            code: 0,
            reason: String::new(),
        }
    }

    /// Somebody who reads everything and has been given the chat.
    fn batch() -> Batch {
        let mut batch = Batch::new(Interest::all());
        batch.take(&ChatLog::default());
        batch
    }

    fn chat(n: usize, text: &str) -> RoomEvent {
        RoomEvent::Chat { rows: vec![row(n, text)] }
    }

    fn inserted(n: usize, text: &str, before: &str) -> RoomEvent {
        RoomEvent::ChatInserted { before: before.into(), rows: vec![row(n, text)] }
    }

    #[test]
    fn the_newest_of_a_kind_wins_and_the_room_comes_before_the_chat() {
        let mut batch = batch();
        batch.push(RoomEvent::Conversations { peers: vec!["al".into()] });
        batch.push(chat(1, "a"));
        batch.push(RoomEvent::Online { count: 3 });
        batch.push(RoomEvent::Online { count: 4 });
        batch.push(chat(1, "b"));
        batch.push(RoomEvent::Session { session: SessionView::Connecting });
        batch.push(RoomEvent::Session { session: SessionView::Online });
        assert_eq!(
            batch.take(&ChatLog::default()),
            [
                RoomEvent::Session { session: SessionView::Online },
                RoomEvent::Online { count: 4 },
                chat(1, "b"),
                RoomEvent::Conversations { peers: vec!["al".into()] },
            ]
        );
        assert!(!batch.has_news());
        assert!(batch.take(&ChatLog::default()).is_empty());
    }

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let mut batch = Batch::new([RoomEventKind::Online].into_iter().collect());
        assert!(!batch.has_news(), "not even the chat");
        batch.push(chat(1, "a"));
        batch.push(RoomEvent::Missed { count: 3 });
        assert!(!batch.has_news());
        batch.push(RoomEvent::Online { count: 3 });
        assert_eq!(batch.take(&ChatLog::default()), [RoomEvent::Online { count: 3 }]);
    }

    #[test]
    fn whoever_reads_new_rows_is_told_of_those_that_go() {
        let interest: Interest = [RoomEventKind::Chat].into_iter().collect();
        assert!(interest.has(RoomEventKind::ChatRemoved) && interest.has(RoomEventKind::ChatReset));
        assert!(!interest.has(RoomEventKind::Danmaku));
    }

    #[test]
    fn bursts_of_likes_add_up_until_they_are_told() {
        let mut batch = batch();
        let likes = |total, burst| RoomEvent::Likes {
            likes: LikesView { total, ..LikesView::default() },
            burst,
        };
        batch.push(likes(5.0, 5));
        batch.push(likes(12.0, 7));
        assert_eq!(batch.take(&ChatLog::default()), [likes(12.0, 12)]);
        batch.push(likes(13.0, 1));
        assert_eq!(batch.take(&ChatLog::default()), [likes(13.0, 1)]);
    }

    #[test]
    fn too_many_rows_become_the_whole_chat_anew() {
        let (mut batch, mut log) = (batch(), ChatLog::default());
        for n in 0..5 * MOST_ROWS {
            log.append(Line::new(row(n, "x"), true));
            batch.push(chat(n, "x"));
            assert!(batch.rows.len() <= MOST_ROWS && batch.places.len() <= MOST_ROWS);
        }
        let events = batch.take(&log);
        let [RoomEvent::ChatReset { rows }] = events.as_slice() else {
            panic!("one reset and nothing else");
        };
        assert_eq!(rows.len(), MOST_ROWS);
        assert_eq!(rows.last().unwrap().key, (5 * MOST_ROWS - 1).to_string());
        assert_eq!(batch.resets(), 1);
        batch.push(chat(1, "after"));
        assert!(matches!(batch.take(&log)[..], [RoomEvent::Chat { .. }]));
    }

    #[test]
    fn rows_are_told_in_their_order_and_removals_after_them() {
        let mut batch = batch();
        batch.push(chat(7, "new"));
        batch.push(inserted(4, "missing", "5"));
        batch.push(inserted(5, "missing", "6"));
        batch.push(inserted(3, "missing", "6"));
        batch.push(chat(8, "new"));
        batch.push(chat(4, "changed"));
        batch.push(RoomEvent::ChatRemoved { keys: vec!["7".into()] });
        assert_eq!(
            batch.take(&ChatLog::default()),
            [
                chat(7, "new"),
                inserted(4, "changed", "5"),
                RoomEvent::ChatInserted {
                    before: "6".into(),
                    rows: vec![row(5, "missing"), row(3, "missing")],
                },
                chat(8, "new"),
                RoomEvent::ChatRemoved { keys: vec!["7".into()] },
            ]
        );
    }

    #[test]
    fn a_row_that_was_taken_back_and_is_there_again_stays() {
        let mut batch = batch();
        batch.push(RoomEvent::ChatRemoved { keys: vec!["7".into(), "8".into()] });
        batch.push(chat(7, "again"));
        assert_eq!(
            batch.take(&ChatLog::default()),
            [chat(7, "again"), RoomEvent::ChatRemoved { keys: vec!["8".into()] }]
        );
    }

    #[test]
    fn of_notifications_the_newest_are_kept_and_the_others_counted() {
        let mut batch = batch();
        for n in 0..MOST_NOTIFICATIONS + 2 {
            batch.push(RoomEvent::Notifications { texts: vec![n.to_string()] });
        }
        let events = batch.take(&ChatLog::default());
        let [RoomEvent::Notifications { texts }] = events.as_slice() else {
            panic!("notifications and nothing else");
        };
        assert_eq!((texts.len(), texts[0].as_str()), (MOST_NOTIFICATIONS, "2"));
        assert_eq!(batch.dropped_notifications(), 2);
    }

    #[test]
    fn accounts_and_peers_that_changed_are_named_once() {
        let mut batch = batch();
        let status =
            |user: &str, status: &str| PresenceView { user_id: user.into(), status: status.into() };
        for account in [status("bo", "Online"), status("al", "Online"), status("bo", "Offline")] {
            batch.push(RoomEvent::Presence { accounts: vec![account] });
        }
        for peer in ["bo", "al", "bo"] {
            batch.push(RoomEvent::Conversations { peers: vec![peer.into()] });
        }
        assert_eq!(
            batch.take(&ChatLog::default()),
            [
                RoomEvent::Presence {
                    accounts: vec![status("al", "Online"), status("bo", "Offline")]
                },
                RoomEvent::Conversations { peers: vec!["bo".into(), "al".into()] },
            ]
        );
    }

    #[test]
    fn many_removals_become_the_whole_chat_anew() {
        let mut batch = batch();
        let keys = (0..=MOST_ROWS).map(|n| n.to_string()).collect();
        batch.push(RoomEvent::ChatRemoved { keys });
        assert_eq!((batch.resets(), batch.removed.len()), (1, 0));
    }
}
