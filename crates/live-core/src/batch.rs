//! What a subscriber has not been told yet, coalesced: however long it does not read, what waits
//! for it stays small, and what it gets then is the state of now.

use std::collections::HashMap;

use crate::chat_log::ChatLog;
use crate::view::{
    ChatRow, DanmakuCounters, FlyingComment, FoldedComment, ProductView, RoomEvent, RoomView,
    SessionView,
};

/// Rows that wait. When there would be more, the next batch gives the whole chat anew instead.
pub const MOST_ROWS: usize = 1_000;

/// News for one subscriber. Of everything but chat rows the last value wins.
#[derive(Debug, Default)]
pub struct Batch {
    session: Option<SessionView>,
    room: Option<RoomView>,
    dismissed: Option<String>,
    online: Option<u32>,
    product: Option<Option<ProductView>>,
    rows: Vec<ChatRow>,
    places: HashMap<String, usize>,
    /// The next batch gives all rows of the chat log, so single ones need not be kept.
    reset: bool,
    counters: Option<DanmakuCounters>,
    resets: u64,
}

impl Batch {
    /// For a new subscriber: everything there is to know, whatever was told before.
    pub fn snapshot(
        &mut self,
        session: SessionView,
        room: RoomView,
        online: u32,
        product: Option<ProductView>,
        counters: DanmakuCounters,
    ) {
        *self = Self {
            session: Some(session),
            room: Some(room),
            online: Some(online),
            product: Some(product),
            reset: true,
            counters: Some(counters),
            resets: self.resets,
            ..Self::default()
        };
    }

    pub fn session(&mut self, session: SessionView) {
        self.session = Some(session);
    }

    pub fn room(&mut self, room: RoomView) {
        if room.member {
            self.dismissed = None;
        }
        self.room = Some(room);
    }

    pub fn dismissed(&mut self, group_id: String) {
        self.dismissed = Some(group_id);
    }

    pub fn online(&mut self, count: u32) {
        self.online = Some(count);
    }

    pub fn product(&mut self, product: Option<ProductView>) {
        self.product = Some(product);
    }

    pub fn counters(&mut self, counters: DanmakuCounters) {
        self.counters = Some(counters);
    }

    pub fn row(&mut self, row: ChatRow) {
        if self.reset {
            return;
        }
        if let Some(place) = self.places.get(&row.key) {
            self.rows[*place] = row;
        } else if self.rows.len() < MOST_ROWS {
            self.places.insert(row.key.clone(), self.rows.len());
            self.rows.push(row);
        } else {
            self.reset = true;
            self.resets += 1;
            self.rows = Vec::new();
            self.places = HashMap::new();
        }
    }

    pub fn has_news(&self) -> bool {
        self.session.is_some()
            || self.room.is_some()
            || self.dismissed.is_some()
            || self.online.is_some()
            || self.product.is_some()
            || self.reset
            || !self.rows.is_empty()
            || self.counters.is_some()
    }

    /// Times that so many rows waited that the whole chat was given anew.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Everything that waits, the room before its chat, with the danmaku of this moment. Empties
    /// the batch.
    pub fn take(
        &mut self,
        log: &ChatLog,
        (enter, folded): (Vec<FlyingComment>, Vec<FoldedComment>),
    ) -> Vec<RoomEvent> {
        let news = std::mem::replace(self, Self { resets: self.resets, ..Self::default() });
        let mut events = Vec::new();
        events.extend(news.session.map(|session| RoomEvent::Session { session }));
        events.extend(news.room.map(|room| RoomEvent::Room { room }));
        events.extend(news.dismissed.map(|group_id| RoomEvent::Dismissed { group_id }));
        events.extend(news.online.map(|count| RoomEvent::Online { count }));
        events.extend(news.product.map(|product| match product {
            Some(product) => RoomEvent::Product { product },
            None => RoomEvent::ProductCleared,
        }));
        if news.reset {
            events.push(RoomEvent::ChatReset { rows: log.rows().cloned().collect() });
        } else if !news.rows.is_empty() {
            events.push(RoomEvent::Chat { rows: news.rows });
        }
        if !enter.is_empty() || !folded.is_empty() {
            events.push(RoomEvent::Danmaku { enter, folded });
        }
        events.extend(news.counters.map(|counters| RoomEvent::DanmakuCounters { counters }));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat_log::Line;
    use crate::view::RowState;

    fn row(n: usize, text: &str) -> ChatRow {
        ChatRow {
            key: n.to_string(),
            seq: 0,
            user_id: "u".into(),
            name: "u".into(),
            text: text.into(),
            own: false,
            time_ms: 0.0,
            state: RowState::Sent,
            code: 0,
            reason: String::new(),
        }
    }

    fn nothing() -> (Vec<FlyingComment>, Vec<FoldedComment>) {
        (Vec::new(), Vec::new())
    }

    #[test]
    fn the_last_value_wins_and_the_room_comes_before_the_chat() {
        let mut batch = Batch::default();
        batch.row(row(1, "a"));
        batch.online(3);
        batch.online(4);
        batch.row(row(1, "b"));
        batch.session(SessionView::Connecting);
        batch.session(SessionView::Online);
        assert_eq!(
            batch.take(&ChatLog::default(), nothing()),
            [
                RoomEvent::Session { session: SessionView::Online },
                RoomEvent::Online { count: 4 },
                RoomEvent::Chat { rows: vec![row(1, "b")] },
            ]
        );
        assert!(!batch.has_news());
        assert!(batch.take(&ChatLog::default(), nothing()).is_empty());
    }

    #[test]
    fn too_many_rows_become_the_whole_chat_anew() {
        let (mut batch, mut log) = (Batch::default(), ChatLog::default());
        for n in 0..5 * MOST_ROWS {
            log.append(Line::new(row(n, "x"), true));
            batch.row(row(n, "x"));
            assert!(batch.rows.len() <= MOST_ROWS && batch.places.len() <= MOST_ROWS);
        }
        let events = batch.take(&log, nothing());
        let [RoomEvent::ChatReset { rows }] = events.as_slice() else {
            panic!("one reset and nothing else");
        };
        assert_eq!(rows.len(), MOST_ROWS);
        assert_eq!(rows.last().unwrap().key, (5 * MOST_ROWS - 1).to_string());
        assert_eq!(batch.resets(), 1);
        batch.row(row(1, "after"));
        assert!(matches!(batch.take(&log, nothing())[..], [RoomEvent::Chat { .. }]));
    }

    #[test]
    fn a_room_that_is_entered_again_is_not_told_as_dismissed() {
        let mut batch = Batch::default();
        batch.dismissed("r".into());
        batch.room(RoomView { member: true, ..RoomView::default() });
        let events = batch.take(&ChatLog::default(), nothing());
        assert!(matches!(events[..], [RoomEvent::Room { .. }]));
    }
}
