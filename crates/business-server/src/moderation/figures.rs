//! What moderation could not do.

crate::figures::figures! { ModerationFigures {
    /// Before-webhooks about which nothing could be looked up: answered as those that are late.
    before_failed;
    /// Decisions of moderation that could not be noted.
    decisions_lost;
    /// Messages that were to be reviewed while the queue of their room was full.
    reviews_lost;
    /// Texts of which it was forgotten that they were said.
    repeats_forgotten;
} }
