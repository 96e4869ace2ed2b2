//! Likes that were refused or had come before.

crate::figures::figures! { LikeFigures {
    /// Likes that came while too many waited to be counted: refused.
    likes_crowded;
    /// Likes that were not counted in time for the answer: refused, and counted a little later.
    likes_late;
    /// Likes beyond what one account may give: refused.
    likes_capped;
    /// Likes of a batch that came after a later one of its run: refused.
    likes_out_of_order;
    /// Likes that could not be counted: refused.
    likes_failed;
    /// Likes that were counted before.
    likes_repeated;
} }
