//! Whether the host is on: the custom group field `live_status`, and the message beside it that
//! comes at once. The newest word wins.
//!
//! A change of the field comes in the order in which it happened, so it always counts. A message
//! may come late, so it counts only if it is newer than the field and than the message before.
//! The field is stamped with the clock of the chat service, a message with the one of the business
//! service: where these differ the field decides, which is changed with every message.

use chat_types::business::{LIVE_STATUS_FIELD, LiveStatus, LiveStatusChanged};
use chat_types::group::CustomFields;

use crate::view::LiveStatusView;

#[derive(Debug, Default)]
pub struct LiveState {
    status: LiveStatusView,
    /// The value of the field; empty when it has none.
    field: String,
    /// Unix seconds since when the field says so.
    field_s: u64,
    /// Unix seconds of the newest message.
    told_s: u64,
    /// What was given as news last.
    known: LiveStatusView,
}

impl LiveState {
    /// Follows the field. On coming in (`anew`) it counts whatever was told before, and later only
    /// a change of it does. `now_s` is the service's clock, if it is known.
    pub fn follow(&mut self, fields: &CustomFields, anew: bool, now_s: Option<u64>) {
        let value = fields.get(LIVE_STATUS_FIELD).map_or("", String::as_str);
        let same = value == self.field;
        if same && (value.is_empty() || !anew) {
            return;
        }
        value.clone_into(&mut self.field);
        self.field_s = now_s.unwrap_or(self.told_s);
        let status = LiveStatus::from_name(value).map(LiveStatusView::from);
        if status.is_none() && !value.is_empty() {
            tracing::warn!("the custom field `live_status` holds no live status");
        }
        self.status = status.unwrap_or_default();
    }

    pub fn hear(&mut self, changed: &LiveStatusChanged) {
        if changed.at_s <= self.field_s || changed.at_s < self.told_s {
            return;
        }
        self.told_s = changed.at_s;
        self.status = changed.status.into();
    }

    pub fn status(&self) -> LiveStatusView {
        self.status
    }

    /// The status, if it is another one than when this was asked last.
    pub fn take_news(&mut self) -> Option<LiveStatusView> {
        let known = std::mem::replace(&mut self.known, self.status);
        (known != self.status).then_some(self.status)
    }

    /// Another room.
    pub fn clear(&mut self) {
        *self = Self { known: self.known, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: &str) -> CustomFields {
        CustomFields::from([(LIVE_STATUS_FIELD.to_owned(), value.to_owned())])
    }

    fn told(status: LiveStatus, at_s: u64) -> LiveStatusChanged {
        LiveStatusChanged { status, at_s }
    }

    #[test]
    fn the_field_and_the_message_say_the_same_and_are_told_once() {
        let mut live = LiveState::default();
        live.follow(&fields("to_be_started"), true, Some(100));
        assert_eq!(live.take_news(), Some(LiveStatusView::ToBeStarted));
        live.hear(&told(LiveStatus::Live, 110));
        assert_eq!(live.take_news(), Some(LiveStatusView::Live));
        live.follow(&fields("live"), false, Some(111));
        live.hear(&told(LiveStatus::Live, 110));
        assert_eq!((live.take_news(), live.status()), (None, LiveStatusView::Live));
    }

    #[test]
    fn a_message_from_before_the_field_changes_nothing() {
        let mut live = LiveState::default();
        live.follow(&fields("ended"), true, Some(100));
        live.hear(&told(LiveStatus::Live, 40));
        assert_eq!(live.status(), LiveStatusView::Ended);
        live.hear(&told(LiveStatus::Paused, 130));
        live.hear(&told(LiveStatus::Live, 120));
        assert_eq!(live.status(), LiveStatusView::Paused, "the one of before came late");
        live.follow(&fields("ended"), false, Some(140));
        assert_eq!(live.status(), LiveStatusView::Paused, "another field was changed");
        live.follow(&fields("ended"), true, Some(150));
        assert_eq!(live.status(), LiveStatusView::Ended, "who comes back finds what holds now");
    }

    #[test]
    fn a_room_without_the_field_is_followed_by_its_messages() {
        let mut live = LiveState::default();
        live.follow(&CustomFields::new(), true, Some(100));
        live.hear(&told(LiveStatus::Live, 40));
        live.follow(&CustomFields::new(), true, Some(200));
        assert_eq!(live.status(), LiveStatusView::Live);
    }

    #[test]
    fn a_status_of_a_later_version_is_unknown_and_an_emptied_field_too() {
        let mut live = LiveState::default();
        for value in ["live", "rehearsal", "live", ""] {
            live.follow(&fields(value), false, None);
            let known = value == "live";
            assert_eq!(live.status() == LiveStatusView::Live, known, "{value:?}");
        }
        live.hear(&told(LiveStatus::PlayedBack, 5));
        live.clear();
        assert_eq!(live.take_news(), None, "nobody was told of what was between");
        live.hear(&told(LiveStatus::Live, 3));
        assert_eq!(live.status(), LiveStatusView::Live, "it is another room");
    }
}
