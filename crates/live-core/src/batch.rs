//! What a subscriber has not been told yet, coalesced: however long it does not read, what waits
//! for it stays small, and what it gets then is the state of now.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::chat_log::ChatLog;
use crate::view::{
    AnnouncementView, ChatRow, DanmakuCounters, DrawsView, FlyingComment, FoldedComment,
    GiftBannerView, GiftTotalsView, LikesView, LiveStatusView, PassersView, PresenceView,
    ProductView, RoomEvent, RoomView, SessionView, SpeechView,
};

/// Rows that wait. When there would be more, the next batch gives the whole chat anew instead.
pub const MOST_ROWS: usize = 1_000;
/// Notifications of the application that wait. When one more comes the oldest is dropped.
pub const MOST_NOTIFICATIONS: usize = 32;
/// Peers and accounts that are named as changed. Who is not named was changed long before.
pub const MOST_NAMED: usize = 256;

/// What the danmaku layer is given at one moment.
#[derive(Debug, Default)]
pub struct Danmaku {
    pub enter: Vec<FlyingComment>,
    pub folded: Vec<FoldedComment>,
    pub leave: Vec<u32>,
}

/// Everything that a new subscriber has to know beside the chat.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub room: RoomView,
    pub online: u32,
    pub product: Option<ProductView>,
    pub live_status: LiveStatusView,
    pub likes: LikesView,
    pub gift_banners: Vec<GiftBannerView>,
    pub gift_totals: GiftTotalsView,
    pub draws: DrawsView,
    pub broadcasts: Vec<AnnouncementView>,
    pub speech: SpeechView,
    pub missed: u32,
    pub passers: PassersView,
    pub attributes: BTreeMap<String, String>,
    pub counters: BTreeMap<String, f64>,
}

/// A row that waits, and before which other row it belongs; at the end if it is new.
#[derive(Debug)]
struct Waiting {
    row: ChatRow,
    before: Option<String>,
}

/// News for one subscriber. Of everything but chat rows and notifications the last value wins, and
/// bursts of likes add up.
#[derive(Debug, Default)]
pub struct Batch {
    session: Option<SessionView>,
    room: Option<RoomView>,
    dismissed: Option<String>,
    online: Option<u32>,
    product: Option<Option<ProductView>>,
    live_status: Option<LiveStatusView>,
    likes: Option<(LikesView, u32)>,
    gift_banners: Option<Vec<GiftBannerView>>,
    gift_totals: Option<GiftTotalsView>,
    draws: Option<DrawsView>,
    broadcasts: Option<Vec<AnnouncementView>>,
    speech: Option<SpeechView>,
    missed: Option<u32>,
    passers: Option<PassersView>,
    attributes: Option<BTreeMap<String, String>>,
    group_counters: Option<BTreeMap<String, f64>>,
    rows: Vec<Waiting>,
    places: HashMap<String, usize>,
    removed: BTreeSet<String>,
    /// The next batch gives all rows of the chat log, so single ones need not be kept.
    reset: bool,
    counters: Option<DanmakuCounters>,
    notifications: VecDeque<String>,
    presence: BTreeMap<String, PresenceView>,
    conversations: BTreeSet<String>,
    resets: u64,
    dropped_notifications: u64,
}

impl Batch {
    /// For a new subscriber: everything there is to know, whatever was told before.
    pub fn snapshot(&mut self, session: SessionView, room: Snapshot, counters: DanmakuCounters) {
        *self = Self {
            session: Some(session),
            room: Some(room.room),
            online: Some(room.online),
            product: Some(room.product),
            live_status: Some(room.live_status),
            likes: Some((room.likes, 0)),
            gift_banners: Some(room.gift_banners),
            gift_totals: Some(room.gift_totals),
            draws: Some(room.draws),
            broadcasts: Some(room.broadcasts),
            speech: Some(room.speech),
            missed: Some(room.missed),
            passers: Some(room.passers),
            attributes: Some(room.attributes),
            group_counters: Some(room.counters),
            reset: true,
            counters: Some(counters),
            ..self.emptied()
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

    pub fn live_status(&mut self, status: LiveStatusView) {
        self.live_status = Some(status);
    }

    pub fn likes(&mut self, likes: LikesView, burst: u32) {
        let waiting = self.likes.map_or(0, |(_, burst)| burst);
        self.likes = Some((likes, waiting.saturating_add(burst)));
    }

    pub fn gift_banners(&mut self, banners: Vec<GiftBannerView>) {
        self.gift_banners = Some(banners);
    }

    pub fn gift_totals(&mut self, totals: GiftTotalsView) {
        self.gift_totals = Some(totals);
    }

    pub fn draws(&mut self, draws: DrawsView) {
        self.draws = Some(draws);
    }

    pub fn broadcasts(&mut self, broadcasts: Vec<AnnouncementView>) {
        self.broadcasts = Some(broadcasts);
    }

    pub fn speech(&mut self, speech: SpeechView) {
        self.speech = Some(speech);
    }

    pub fn missed(&mut self, count: u32) {
        self.missed = Some(count);
    }

    pub fn passers(&mut self, passers: PassersView) {
        self.passers = Some(passers);
    }

    pub fn attributes(&mut self, attributes: BTreeMap<String, String>) {
        self.attributes = Some(attributes);
    }

    pub fn group_counters(&mut self, counters: BTreeMap<String, f64>) {
        self.group_counters = Some(counters);
    }

    pub fn counters(&mut self, counters: DanmakuCounters) {
        self.counters = Some(counters);
    }

    pub fn notification(&mut self, text: String) {
        if self.notifications.len() >= MOST_NOTIFICATIONS {
            self.notifications.pop_front();
            self.dropped_notifications += 1;
        }
        self.notifications.push_back(text);
    }

    pub fn presence(&mut self, account: PresenceView) {
        if self.presence.len() < MOST_NAMED || self.presence.contains_key(&account.user_id) {
            self.presence.insert(account.user_id.clone(), account);
        }
    }

    pub fn conversation(&mut self, peer: String) {
        if self.conversations.len() < MOST_NAMED {
            self.conversations.insert(peer);
        }
    }

    /// A row that is new at the end, or changed.
    pub fn row(&mut self, row: ChatRow) {
        self.put(row, None);
    }

    /// A row that belongs before another one, of which the subscriber was told.
    pub fn inserted(&mut self, row: ChatRow, before: String) {
        self.put(row, Some(before));
    }

    /// Rows that are not to be shown any more.
    pub fn removed(&mut self, keys: Vec<String>) {
        if self.reset {
            return;
        }
        self.removed.extend(keys);
        if self.removed.len() > MOST_ROWS {
            self.start_anew();
        }
    }

    pub fn has_news(&self) -> bool {
        self.session.is_some()
            || self.room.is_some()
            || self.dismissed.is_some()
            || self.online.is_some()
            || self.product.is_some()
            || self.live_status.is_some()
            || self.likes.is_some()
            || self.gift_banners.is_some()
            || self.gift_totals.is_some()
            || self.draws.is_some()
            || self.broadcasts.is_some()
            || self.speech.is_some()
            || self.missed.is_some()
            || self.passers.is_some()
            || self.attributes.is_some()
            || self.group_counters.is_some()
            || self.reset
            || !self.rows.is_empty()
            || !self.removed.is_empty()
            || self.counters.is_some()
            || !self.notifications.is_empty()
            || !self.presence.is_empty()
            || !self.conversations.is_empty()
    }

    /// Times that so many rows waited that the whole chat was given anew.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Notifications that were dropped because the subscriber had not read for long.
    pub fn dropped_notifications(&self) -> u64 {
        self.dropped_notifications
    }

    /// Everything that waits, the room before its chat, with the danmaku of this moment. Empties
    /// the batch.
    pub fn take(&mut self, log: &ChatLog, danmaku: Danmaku) -> Vec<RoomEvent> {
        let emptied = self.emptied();
        let news = std::mem::replace(self, emptied);
        let mut events = Vec::new();
        events.extend(news.session.map(|session| RoomEvent::Session { session }));
        events.extend(news.room.map(|room| RoomEvent::Room { room }));
        events.extend(news.dismissed.map(|group_id| RoomEvent::Dismissed { group_id }));
        events.extend(news.speech.map(|speech| RoomEvent::Speech { speech }));
        events.extend(news.online.map(|count| RoomEvent::Online { count }));
        events.extend(news.product.map(|product| match product {
            Some(product) => RoomEvent::Product { product },
            None => RoomEvent::ProductCleared,
        }));
        events.extend(news.live_status.map(|status| RoomEvent::LiveStatus { status }));
        events.extend(news.likes.map(|(likes, burst)| RoomEvent::Likes { likes, burst }));
        events.extend(news.gift_totals.map(|totals| RoomEvent::GiftTotals { totals }));
        events.extend(news.gift_banners.map(|banners| RoomEvent::GiftBanners { banners }));
        events.extend(news.draws.map(|draws| RoomEvent::Draws { draws }));
        events.extend(news.broadcasts.map(|broadcasts| RoomEvent::Announcements { broadcasts }));
        events.extend(news.attributes.map(|attributes| RoomEvent::Attributes { attributes }));
        events.extend(news.group_counters.map(|counters| RoomEvent::Counters { counters }));
        events.extend(news.passers.map(|passers| RoomEvent::Passers { passers }));
        events.extend(news.missed.map(|count| RoomEvent::Missed { count }));
        if news.reset {
            events.push(RoomEvent::ChatReset { rows: log.rows().cloned().collect() });
        } else {
            events.extend(in_runs(news.rows));
            if !news.removed.is_empty() {
                events.push(RoomEvent::ChatRemoved { keys: news.removed.into_iter().collect() });
            }
        }
        let Danmaku { enter, folded, leave } = danmaku;
        if !enter.is_empty() || !folded.is_empty() || !leave.is_empty() {
            events.push(RoomEvent::Danmaku { enter, folded, leave });
        }
        events.extend(news.counters.map(|counters| RoomEvent::DanmakuCounters { counters }));
        if !news.notifications.is_empty() {
            events.push(RoomEvent::Notifications { texts: news.notifications.into() });
        }
        if !news.presence.is_empty() {
            events.push(RoomEvent::Presence { accounts: news.presence.into_values().collect() });
        }
        if !news.conversations.is_empty() {
            let peers = news.conversations.into_iter().collect();
            events.push(RoomEvent::Conversations { peers });
        }
        events
    }

    fn put(&mut self, row: ChatRow, before: Option<String>) {
        if self.reset {
            return;
        }
        if let Some(place) = self.places.get(&row.key) {
            self.rows[*place].row = row;
        } else if self.rows.len() < MOST_ROWS {
            self.places.insert(row.key.clone(), self.rows.len());
            self.rows.push(Waiting { row, before });
        } else {
            self.start_anew();
        }
    }

    fn start_anew(&mut self) {
        self.reset = true;
        self.resets += 1;
        self.rows = Vec::new();
        self.places = HashMap::new();
        self.removed = BTreeSet::new();
    }

    fn emptied(&self) -> Self {
        Self {
            resets: self.resets,
            dropped_notifications: self.dropped_notifications,
            ..Self::default()
        }
    }
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
    use crate::view::{RowKind, RowState};

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

    fn nothing() -> Danmaku {
        Danmaku::default()
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
    fn bursts_of_likes_add_up_until_they_are_told() {
        let mut batch = Batch::default();
        let likes = |total| LikesView { total, ..LikesView::default() };
        batch.likes(likes(5.0), 5);
        batch.likes(likes(12.0), 7);
        let told = batch.take(&ChatLog::default(), nothing());
        assert_eq!(told, [RoomEvent::Likes { likes: likes(12.0), burst: 12 }]);
        batch.likes(likes(13.0), 1);
        let told = batch.take(&ChatLog::default(), nothing());
        assert_eq!(told, [RoomEvent::Likes { likes: likes(13.0), burst: 1 }]);
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

    #[test]
    fn rows_are_told_in_their_order_and_removals_after_them() {
        let mut batch = Batch::default();
        batch.row(row(7, "new"));
        batch.inserted(row(4, "missing"), "5".into());
        batch.inserted(row(5, "missing"), "6".into());
        batch.inserted(row(3, "missing"), "6".into());
        batch.row(row(8, "new"));
        batch.row(row(4, "changed"));
        batch.removed(vec!["7".into()]);
        assert_eq!(
            batch.take(&ChatLog::default(), nothing()),
            [
                RoomEvent::Chat { rows: vec![row(7, "new")] },
                RoomEvent::ChatInserted { before: "5".into(), rows: vec![row(4, "changed")] },
                RoomEvent::ChatInserted {
                    before: "6".into(),
                    rows: vec![row(5, "missing"), row(3, "missing")],
                },
                RoomEvent::Chat { rows: vec![row(8, "new")] },
                RoomEvent::ChatRemoved { keys: vec!["7".into()] },
            ]
        );
    }

    #[test]
    fn of_notifications_the_newest_are_kept_and_the_others_counted() {
        let mut batch = Batch::default();
        for n in 0..MOST_NOTIFICATIONS + 2 {
            batch.notification(n.to_string());
        }
        let events = batch.take(&ChatLog::default(), nothing());
        let [RoomEvent::Notifications { texts }] = events.as_slice() else {
            panic!("notifications and nothing else");
        };
        assert_eq!((texts.len(), texts[0].as_str()), (MOST_NOTIFICATIONS, "2"));
        assert_eq!(batch.dropped_notifications(), 2);
    }

    #[test]
    fn many_removals_become_the_whole_chat_anew() {
        let mut batch = Batch::default();
        batch.removed((0..=MOST_ROWS).map(|n| n.to_string()).collect());
        assert_eq!((batch.resets(), batch.removed.len()), (1, 0));
    }
}
