//! What the receiver has taken, refused and lost.

crate::figures::figures! { ReceiverFigures {
    /// Before-webhooks that were answered after a decision.
    before_answered;
    /// Before-webhooks whose decision took too long: likes were refused, comments and joins as their
    /// room says.
    before_late;
    /// After-webhooks that were stored.
    after_stored;
    /// After-webhooks that had come before.
    after_duplicate;
    /// After-webhooks that were not taken because too many arrived at once.
    refused_crowded;
    /// After-webhooks that were not taken because too many wait to be processed.
    refused_unheard;
    /// After-webhooks that could not be stored.
    refused_storage;
    /// Webhooks while there is no token.
    refused_no_token;
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
    /// Webhooks of commands that no subject wants: answered and left alone.
    ignored;
    /// Events that were processed.
    heard;
    /// Events that failed too often, or at which a subject panicked, and that were set aside.
    set_aside;
    /// Those at which a subject panicked.
    panicked;
} }
