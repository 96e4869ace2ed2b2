//! What somebody knows who reads the events of a room.

use live_core::view::{
    AnnouncementView, ChatRow, DanmakuCounters, DrawsView, GiftBannerView, GiftTotalsView,
    LikesView, LiveStatusView, PassersView, PresenceView, RoomEvent, RoomView, SessionView,
    SpeechView,
};
use std::collections::BTreeMap;

/// What a subscriber knows: the sum of the batches it has read.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) session: Option<SessionView>,
    pub(crate) member: bool,
    pub(crate) online: u32,
    pub(crate) product: Option<String>,
    pub(crate) live_status: LiveStatusView,
    pub(crate) likes: LikesView,
    /// All bursts of likes together.
    pub(crate) burst: u32,
    pub(crate) banners: Vec<GiftBannerView>,
    pub(crate) gifts: GiftTotalsView,
    pub(crate) draws: DrawsView,
    pub(crate) broadcasts: Vec<AnnouncementView>,
    pub(crate) rows: Vec<ChatRow>,
    pub(crate) flights: Vec<String>,
    pub(crate) flight_ids: Vec<u32>,
    /// Flights that were taken out of the air.
    pub(crate) left: Vec<u32>,
    pub(crate) room: RoomView,
    pub(crate) ahead_ms: f64,
    pub(crate) speech: SpeechView,
    pub(crate) missed: u32,
    pub(crate) passers: PassersView,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) counters: BTreeMap<String, f64>,
    pub(crate) notifications: Vec<String>,
    pub(crate) presence: Vec<PresenceView>,
    pub(crate) conversations: Vec<String>,
    pub(crate) counters_of_danmaku: DanmakuCounters,
}

impl Seen {
    pub(crate) fn take(&mut self, event: RoomEvent) {
        match event {
            RoomEvent::Session { session } => self.session = Some(session),
            RoomEvent::Room { room } => {
                self.member = room.member;
                self.room = room;
            }
            RoomEvent::Online { count } => self.online = count,
            RoomEvent::Product { product } => {
                self.product = Some(product.title).filter(|_| !product.id.is_empty())
            }
            RoomEvent::LiveStatus { status } => self.live_status = status,
            RoomEvent::Likes { likes, burst } => {
                self.likes = likes;
                self.burst += burst;
            }
            RoomEvent::GiftBanners { banners } => self.banners = banners,
            RoomEvent::GiftTotals { totals } => self.gifts = totals,
            RoomEvent::Draws { draws } => self.draws = draws,
            RoomEvent::Announcements { broadcasts } => self.broadcasts = broadcasts,
            RoomEvent::ChatReset { rows } => self.rows = rows,
            RoomEvent::Chat { rows } => rows.into_iter().for_each(|row| self.upsert(row)),
            RoomEvent::ChatInserted { before, rows } => {
                let at = self.rows.iter().position(|row| row.key == before);
                let at = at.expect("the subscriber was told of that row");
                self.rows.splice(at..at, rows);
            }
            RoomEvent::ChatRemoved { keys } => {
                self.rows.retain(|row| !keys.contains(&row.key));
            }
            RoomEvent::Danmaku { enter, leave, .. } => {
                self.left.extend(leave);
                self.flight_ids.extend(enter.iter().map(|flying| flying.id));
                self.flights.extend(enter.into_iter().map(|flying| flying.text));
            }
            RoomEvent::DanmakuCounters { counters } => self.counters_of_danmaku = counters,
            RoomEvent::Clock { ahead_ms } => self.ahead_ms = ahead_ms,
            RoomEvent::Speech { speech } => self.speech = speech,
            RoomEvent::Missed { count } => self.missed = count,
            RoomEvent::Passers { passers } => self.passers = passers,
            RoomEvent::Attributes { attributes } => self.attributes = attributes,
            RoomEvent::Counters { counters } => self.counters = counters,
            RoomEvent::Notifications { texts } => self.notifications.extend(texts),
            RoomEvent::Presence { accounts } => self.presence.extend(accounts),
            RoomEvent::Conversations { peers } => self.conversations.extend(peers),
        }
    }

    fn upsert(&mut self, row: ChatRow) {
        match self.rows.iter_mut().find(|known| known.key == row.key) {
            Some(known) => *known = row,
            None => self.rows.push(row),
        }
    }
}
