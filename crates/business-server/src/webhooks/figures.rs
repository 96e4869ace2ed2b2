//! What the receiver has taken, refused and lost since the start.

use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use utoipa::ToSchema;

macro_rules! figures {
    ($($(#[$doc:meta])+ $name:ident;)+) => {
        #[derive(Debug, Default)]
        pub(crate) struct Figures {
            $($(#[$doc])+ pub(crate) $name: AtomicU64,)+
        }

        /// Counted since the start of the service.
        #[derive(Debug, Clone, Copy, Serialize, ToSchema)]
        pub(crate) struct WebhookFigures {
            $($(#[$doc])+ $name: u64,)+
            /// Events that are stored and not heard yet.
            unheard: u64,
        }

        impl Figures {
            pub(super) fn read(&self, unheard: u64) -> WebhookFigures {
                WebhookFigures {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    unheard,
                }
            }
        }
    };
}

figures! {
    /// Before-webhooks that were answered after a decision.
    before_answered;
    /// Before-webhooks whose decision took too long: allowed.
    before_late;
    /// Before-webhooks about which nothing could be looked up: allowed.
    before_failed;
    /// After-webhooks that were stored.
    after_stored;
    /// After-webhooks that had come before.
    after_duplicate;
    /// After-webhooks that were not taken because too many arrived at once.
    refused_crowded;
    /// After-webhooks that were not taken because too many wait to be heard.
    refused_unheard;
    /// After-webhooks that could not be stored.
    refused_storage;
    /// Webhooks from another machine while there is no token.
    refused_peer;
    /// Webhooks with a wrong signature, or without one.
    refused_signature;
    /// Webhooks whose time is too far off.
    refused_time;
    /// Webhooks of another application.
    refused_application;
    /// Webhooks whose body is too long.
    refused_length;
    /// Webhooks whose body did not arrive in time.
    refused_slow;
    /// Webhooks that cannot be understood.
    refused_malformed;
    /// Webhooks of commands that this service does not know: answered and left alone.
    ignored;
    /// Events that every subject has heard.
    heard;
    /// Events that failed too often and were set aside.
    set_aside;
    /// Decisions of moderation that could not be noted.
    decisions_lost;
    /// Messages that were to be reviewed while the queue of their room was full.
    reviews_lost;
    /// Texts of which it was forgotten that they were said.
    repeats_forgotten;
    /// Likes that came while too many waited to be counted: refused.
    likes_crowded;
    /// Likes that were not counted in time for the answer: refused, and counted a little later.
    likes_late;
    /// Likes beyond what one account may give: refused.
    likes_capped;
    /// Likes that could not be counted: refused.
    likes_failed;
    /// Likes that were counted before.
    likes_repeated;
}

pub(crate) fn count(figure: &AtomicU64) {
    add(figure, 1);
}

pub(crate) fn add(figure: &AtomicU64, number: usize) {
    figure.fetch_add(u64::try_from(number).unwrap_or(u64::MAX), Ordering::Relaxed);
}
