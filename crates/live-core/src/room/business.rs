//! Business messages: each goes to its own part of the room, and none becomes a comment.

use chat_types::business::{
    Announcement, BusinessMessage, Gift, LIKES_COUNTER, Like, ProductNotice,
};
use chat_types::gateway::{ClientFrame, Message};
use chat_types::{ApiError, Priority};
use rand::Rng;
use std::time::Duration;

use super::messages::Arrival;
use super::numbers::Taken;
use super::{Room, Standing, unix_ms};
use crate::announcements::Announcements;
use crate::draw_card::DrawCard;
use crate::effect::Effect;
use crate::gift_board::GiftBoard;
use crate::like_count::LikeCount;
use crate::like_throttle::LikeThrottle;
use crate::live_status::LiveState;
use crate::request::RequestNumbers;
use crate::view::{ChatRow, LikesView, RoomEvent, RowKind, RowState};

/// The parts of a room that business messages fill.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) gifts: GiftBoard,
    pub(super) like_count: LikeCount,
    pub(super) own_likes: LikeThrottle,
    pub(super) live: LiveState,
    draws: DrawCard,
    announcements: Announcements,
    /// Id of the product that was noticed last.
    noticed: String,
    told_likes: LikesView,
    /// Own likes that were told as lost.
    likes_lost: u64,
    /// Likes of others since they were told last.
    burst: u32,
    /// Messages that claimed to come from the shop and did not.
    forged: u64,
}

impl Parts {
    pub(super) fn due(&self, inside: bool) -> Option<Duration> {
        let likes = self.own_likes.due().filter(|_| inside);
        let floor = self.like_count.due(self.own_likes.unconfirmed());
        let parts = [likes, floor, self.gifts.due(), self.draws.due()];
        parts.into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: Duration) {
        self.gifts.tick(now);
        self.draws.tick(now);
        self.own_likes.tick(now);
        self.like_count.tick(self.own_likes.unconfirmed(), now);
    }

    /// Another room, even if it has the same name.
    pub(super) fn clear(&mut self) {
        self.gifts.clear();
        self.like_count.clear();
        self.live.clear();
        self.draws.clear();
        self.noticed.clear();
    }

    /// For somebody who knows nothing yet.
    pub(super) fn tell_all(&self, to: &mut Vec<RoomEvent>) {
        to.extend([
            RoomEvent::LiveStatus { status: self.live.status() },
            RoomEvent::Likes { likes: self.likes(), burst: 0 },
            RoomEvent::GiftBanners { banners: self.gifts.banners() },
            RoomEvent::GiftTotals { totals: self.gifts.totals() },
            RoomEvent::Draws { draws: self.draws.view() },
            RoomEvent::Announcements { broadcasts: self.announcements.broadcasts() },
        ]);
    }

    pub(super) fn forged(&self) -> u64 {
        self.forged
    }

    fn likes(&self) -> LikesView {
        LikesView {
            total: self.like_count.total(self.own_likes.unconfirmed()),
            counted: self.like_count.is_counted(),
            unconfirmed: self.own_likes.unconfirmed(),
        }
    }
}

impl Room {
    /// The user likes the room, so often. The likes are sent when the next message of likes may be,
    /// once the room has let this client in.
    ///
    /// # Errors
    /// The room's own code when it did not let this client in: nothing was taken.
    pub fn like(
        &mut self,
        count: u32,
        now: Duration,
        rng: &mut impl Rng,
    ) -> Result<Vec<Effect>, ApiError> {
        if let Standing::Out(error) = &self.standing {
            return Err(error.clone());
        }
        self.parts.like_count.clicked(count, self.parts.own_likes.unconfirmed());
        self.parts.own_likes.click(count, now, rng);
        let mut effects = Vec::new();
        self.follow_parts(&mut effects);
        Ok(effects)
    }

    /// Sends likes at most once in this time.
    pub fn set_likes_every(&mut self, every: Duration) {
        self.parts.own_likes.set_every(every);
    }

    /// The business service has taken the payment for an own gift, and answered with this. It is
    /// shown at once; the message that the room gets of it says nothing new then.
    pub fn gift_paid(&mut self, gift: Gift, now: Duration, unix_ms: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let at = Stamp { seq: 0, time_ms: unix_ms };
        let arrival = Arrival { taken: Taken::New, flies: true };
        self.gift(gift, at, arrival, now, &mut effects);
        self.follow_parts(&mut effects);
        effects
    }

    /// Takes a business message. Except for likes, only what the shop's own server has said counts:
    /// it speaks by the REST API, which knows no client ids, and the gateway takes no message
    /// without one.
    pub(super) fn business(
        &mut self,
        heard: BusinessMessage,
        message: &Message,
        arrival: Arrival,
        now: Duration,
        to: &mut Vec<Effect>,
    ) {
        let is_like = matches!(heard, BusinessMessage::Like(_));
        if !is_like && !message.client_id.is_empty() {
            self.parts.forged += 1;
            tracing::debug!(from = message.from, t = heard.kind(), "not believed");
            return;
        }
        let at = Stamp { seq: message.seq, time_ms: unix_ms(message.time_s) };
        match heard {
            BusinessMessage::Like(like) => {
                let added = self.parts.like_count.hear(&message.from, &like);
                if arrival.flies {
                    self.parts.burst = self.parts.burst.saturating_add(added);
                }
            }
            BusinessMessage::Gift(gift) => self.gift(gift, at, arrival, now, to),
            BusinessMessage::Product(notice) => self.product_notice(notice, message, arrival, to),
            BusinessMessage::LiveStatus(changed) => self.parts.live.hear(&changed),
            BusinessMessage::DrawOpened(draw) => {
                self.parts.draws.opened(draw, now, self.clock.now(now));
            }
            BusinessMessage::DrawCancelled(draw) => self.parts.draws.cancelled(&draw),
            // For whoever verifies a draw: the list itself is with the shop.
            BusinessMessage::DrawClosed(_) => {}
            BusinessMessage::DrawResult(result) => self.parts.draws.drawn(result, &self.user_id),
            BusinessMessage::Announcement(said) => self.announcement(said, message, arrival, to),
        }
    }

    /// An own batch of likes has arrived under this name, if it is one.
    pub(super) fn likes_arrived(&mut self, name: &str) {
        if let Some(like) = self.parts.own_likes.arrived(name) {
            self.parts.like_count.hear(&self.user_id, &like);
        }
    }

    /// The counters of the room are others.
    pub(super) fn follow_like_counter(&mut self) {
        self.parts.like_count.counted(self.details.counters.get(LIKES_COUNTER).copied());
    }

    pub(super) fn follow_live_status(&mut self, anew: bool, now: Duration) {
        let today_s = self.clock.now(now).map(|today| today.as_secs());
        self.parts.live.follow(&self.profile.custom_fields, anew, today_s);
    }

    /// Sends own likes, once the room has let this client in.
    pub(super) fn send_likes(
        &mut self,
        now: Duration,
        numbers: &mut RequestNumbers,
        effects: &mut Vec<Effect>,
    ) {
        if !self.is_inside() {
            return;
        }
        if let Some((id, like)) = self.parts.own_likes.send(now, || numbers.take()) {
            let Like { batch: client_id, .. } = like.clone();
            effects.push(Effect::Send(ClientFrame::Send {
                id,
                group_id: self.group_id.clone(),
                client_id,
                priority: Priority::Low,
                elements: vec![BusinessMessage::Like(like).to_element()],
                cloud_custom_data: String::new(),
            }));
        }
    }

    /// Tells what became different in the parts.
    pub(super) fn follow_parts(&mut self, effects: &mut Vec<Effect>) {
        let parts = &mut self.parts;
        let lost = parts.own_likes.dropped() - parts.likes_lost;
        parts.likes_lost += lost;
        parts.like_count.lost(lost);
        let news = parts.live.take_news();
        effects.extend(news.map(|status| RoomEvent::LiveStatus { status }.into()));
        let (likes, burst) = (parts.likes(), std::mem::take(&mut parts.burst));
        if likes != parts.told_likes || burst > 0 {
            parts.told_likes = likes;
            effects.push(RoomEvent::Likes { likes, burst }.into());
        }
        let news = [
            parts.gifts.take_banners().map(|banners| RoomEvent::GiftBanners { banners }),
            parts.gifts.take_totals().map(|totals| RoomEvent::GiftTotals { totals }),
            parts.draws.take_news().map(|draws| RoomEvent::Draws { draws }),
            parts
                .announcements
                .take_news()
                .map(|broadcasts| RoomEvent::Announcements { broadcasts }),
        ];
        effects.extend(news.into_iter().flatten().map(Effect::from));
    }

    /// A gift has one row for its combo, which grows with it.
    fn gift(
        &mut self,
        gift: Gift,
        at: Stamp,
        arrival: Arrival,
        now: Duration,
        to: &mut Vec<Effect>,
    ) {
        let own = gift.user == self.user_id;
        let taken = self.parts.gifts.take(&gift, own, arrival.flies, now);
        let key = format!("gift:{}:{}", gift.user, gift.combo);
        let text = format!("{} \u{d7}{}", gift.title, taken.total);
        if let Some(line) = self.log.get_mut(&key) {
            let numbered = line.row.seq == 0 && at.seq != 0;
            if numbered {
                line.row.seq = at.seq;
                line.row.time_ms = at.time_ms;
            }
            if taken.grew {
                line.row.text = text;
            }
            if numbered || taken.grew {
                to.push(Effect::row(line.row.clone()));
            }
            return;
        }
        if taken.grew {
            let name = if gift.nick.is_empty() { gift.user.clone() } else { gift.nick };
            let row = ChatRow { own, ..at.row(key, RowKind::Gift, gift.user, name, text) };
            self.place(row, arrival.taken, false, to);
        }
    }

    /// The slot follows the field; the notice is a line for those who look at the chat, one for
    /// each product that follows another.
    fn product_notice(
        &mut self,
        notice: ProductNotice,
        message: &Message,
        arrival: Arrival,
        to: &mut Vec<Effect>,
    ) {
        let product = notice.product.unwrap_or_default();
        if arrival.taken != Taken::New || product.id == self.parts.noticed {
            return;
        }
        self.parts.noticed = product.id;
        if !self.parts.noticed.is_empty() {
            let key = format!("product:{}:{}", self.numbering, message.seq);
            self.quiet_row(key, RowKind::Product, product.title, message, arrival, to);
        }
    }

    fn announcement(
        &mut self,
        said: Announcement,
        message: &Message,
        arrival: Arrival,
        to: &mut Vec<Effect>,
    ) {
        let kind = self.parts.announcements.hear(&said, unix_ms(message.time_s));
        if let Some(kind) = kind {
            let key = format!("announcement:{}", said.id);
            self.quiet_row(key, kind, said.text, message, arrival, to);
        }
    }

    /// A line of the chat that does not fly.
    fn quiet_row(
        &mut self,
        key: String,
        kind: RowKind,
        text: String,
        message: &Message,
        arrival: Arrival,
        to: &mut Vec<Effect>,
    ) {
        let Message { from, nick, .. } = message;
        let name = if nick.is_empty() { from } else { nick };
        let at = Stamp { seq: message.seq, time_ms: unix_ms(message.time_s) };
        let row = at.row(key, kind, from.clone(), name.clone(), text);
        self.place(row, arrival.taken, false, to);
    }
}

/// Number and time of a message; the number is 0 when it has none in this room.
#[derive(Debug, Clone, Copy)]
struct Stamp {
    seq: u32,
    time_ms: f64,
}

impl Stamp {
    fn row(
        self,
        key: String,
        kind: RowKind,
        user_id: String,
        name: String,
        text: String,
    ) -> ChatRow {
        ChatRow {
            key,
            kind,
            seq: self.seq,
            user_id,
            name,
            text,
            own: false,
            time_ms: self.time_ms,
            state: RowState::Sent,
            reached: 0,
            code: 0,
            reason: String::new(),
        }
    }
}
