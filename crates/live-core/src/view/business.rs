//! Gifts, likes, live status, draws and announcements, as they are shown.

use chat_types::business::{EffectClass, LiveStatus};
use serde::{Deserialize, Serialize};

/// Whether the host is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum LiveStatusView {
    /// The room does not tell, or tells something that this program has not learnt.
    #[default]
    Unknown,
    ToBeStarted,
    Live,
    Paused,
    Ended,
    /// A recording is shown.
    PlayedBack,
}

impl From<LiveStatus> for LiveStatusView {
    fn from(status: LiveStatus) -> Self {
        match status {
            LiveStatus::ToBeStarted => Self::ToBeStarted,
            LiveStatus::Live => Self::Live,
            LiveStatus::Paused => Self::Paused,
            LiveStatus::Ended => Self::Ended,
            LiveStatus::PlayedBack => Self::PlayedBack,
        }
    }
}

/// The likes of the room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LikesView {
    /// What the room has counted, or else what this client has heard, with the own likes that are
    /// not in it yet.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub total: f64,
    /// Whether the room has counted: then `total` is exact once nothing is unconfirmed.
    pub counted: bool,
    /// Own likes that the service has not confirmed yet; `total` has them.
    pub unconfirmed: u32,
}

/// How much of the screen a gift may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum GiftEffectView {
    /// A line in the chat.
    #[default]
    Quiet,
    /// A banner over the stage.
    Banner,
    /// A banner, and an animation over the whole stage when it enters.
    Full,
}

impl From<EffectClass> for GiftEffectView {
    fn from(effect: EffectClass) -> Self {
        match effect {
            EffectClass::Quiet => Self::Quiet,
            EffectClass::Banner => Self::Banner,
            EffectClass::Full => Self::Full,
        }
    }
}

/// A banner over the stage: the combo of one giver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GiftBannerView {
    /// The core's own number of the banner.
    pub id: u32,
    pub user_id: String,
    /// Nickname of the giver, or the account id when there is none.
    pub name: String,
    pub level: u32,
    /// Which gift, in the shop's catalogue.
    pub gift: String,
    pub title: String,
    /// Gifts of the combo up to now; grows while the banner is there.
    pub count: u32,
    /// Price of one gift, in coins.
    pub price: u32,
    pub effect: GiftEffectView,
    pub own: bool,
}

/// What was given of one gift.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GiftTotalView {
    pub gift: String,
    pub title: String,
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub count: f64,
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub coins: f64,
}

/// What was given in the room, as far as this client knows: everything of the combos that it has
/// heard of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GiftTotalsView {
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub count: f64,
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub coins: f64,
    /// The gift with the most coins first. With very many kinds of gifts, the later ones are in the
    /// sums only.
    pub gifts: Vec<GiftTotalView>,
}

/// A draw that is open, or has ended and not been drawn yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct OpenDrawView {
    pub draw: String,
    /// Whoever says it before the end takes part.
    pub keyword: String,
    pub prize: String,
    pub winners: u32,
    /// Unix seconds.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub ends_at_s: f64,
    /// SHA-256 of the seed, in lower-case hexadecimal.
    pub commitment: String,
    /// Only accounts of this level or a higher one win; 0 for all.
    pub min_level: u32,
    /// Only accounts that have given a gift in this stream win.
    pub must_have_gifted: bool,
    /// Only accounts that follow the host win.
    pub must_follow: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WinnerView {
    pub user_id: String,
    /// Nickname, or the account id when there is none.
    pub name: String,
    pub own: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DrawResultView {
    pub draw: String,
    pub prize: String,
    pub entrants: u32,
    /// In the order in which they were drawn; not all when there are very many.
    pub winners: Vec<WinnerView>,
    /// In lower-case hexadecimal.
    pub seed: String,
    /// What the room was told when the draw was opened; empty when this client did not hear it.
    pub commitment: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DrawsView {
    /// The one that was opened last comes last.
    pub open: Vec<OpenDrawView>,
    /// The newest last.
    pub results: Vec<DrawResultView>,
}

/// A broadcast to everybody in all rooms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnnouncementView {
    pub id: String,
    pub text: String,
    /// Unix milliseconds.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub time_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_value};

    #[test]
    fn a_status_has_the_name_that_the_field_has() {
        for status in LiveStatus::ALL {
            assert_eq!(to_value(LiveStatusView::from(status)).unwrap(), json!(status.name()));
        }
        for effect in [EffectClass::Quiet, EffectClass::Banner, EffectClass::Full] {
            let view = GiftEffectView::from(effect);
            assert_eq!(to_value(view).unwrap(), to_value(effect).unwrap());
        }
    }
}
