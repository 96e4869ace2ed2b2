//! Moderation in the database.

mod log;
mod measures;
mod people;
mod reviews;
mod rules;

pub(super) use log::{Entry, LogRow, insert_entry, log, strikes};
pub(super) use measures::{
    MeasureResult, Over, PendingMeasure, active, banned_until, due, holding, measured, put_measure,
    silent_until, tried,
};
pub(super) use people::{
    RoomModerator, Sanctions, Sender, Whose, add_moderator, is_account, moderators,
    remove_moderator, sanctions, sender,
};
pub(super) use reviews::{
    NewReview, Review, close_review, insert_review, message_left_out, message_sent, review, reviews,
};
pub(super) use rules::{
    RoomState, Version, changed, delete_list, lists, put_list, put_rules, room_state, rules,
    strict_rooms,
};
