//! What the cloud does not have. A service of its own, so that nobody takes it for the cloud's.

use super::field::{Kind, list, number, opt, req, text};
use super::groups::GROUP_ID;
use super::{Command, call};
use crate::rest::commands;
use crate::service::{MAX_BUDGET, MAX_SENDER_RATE, MAX_SLOW_MODE_S, MAX_WORD_CHARS, MAX_WORDS};

pub(super) const SERVICE: &str = "liveroom_ext";

/// Longer ones have more characters than a word may have, whatever they are; there is space for some
/// around them.
const WORD_BYTES: usize = 8 * MAX_WORD_CHARS;
const WORD: Kind = text(WORD_BYTES);
const RULES: Kind = Kind::Object(&[
    opt("budget_per_s", or_inherited(MAX_BUDGET)),
    opt("sender_per_s", or_inherited(MAX_SENDER_RATE)),
    opt("slow_mode_s", number(0, MAX_SLOW_MODE_S as i64)),
    opt("links", Kind::OneOf(&["everybody", "nobody"])),
    opt("blocked_words", list(&WORD, 0, MAX_WORDS)),
]);

const fn or_inherited(most: u32) -> Kind {
    Kind::NumberOr { word: "application", most: most as i64 }
}

pub(super) const COMMANDS: &[Command] = &[
    Command::extension(
        "modify_room_rules",
        call!(commands::rules::modify_room_rules),
        &[GROUP_ID, req("Rules", RULES)],
        "Changes the rules of a room and tells its members. `Rules` has any of `budget_per_s` (0 to \
         100000 messages a second), `sender_per_s` (0 to 10000 messages of one account a second), \
         `slow_mode_s` (0 to 21600 seconds between two messages of one account), `links` \
         (`everybody` or `nobody`) and `blocked_words` (at most 500 of 1 to 64 characters; they \
         replace those before). 0 is no limit; the first two may be `\"application\"` for what the \
         settings say. What is absent stays. `docs/gateway.md` tells what each rule does.",
    ),
    Command::extension(
        "get_room_rules",
        call!(commands::rules::get_room_rules),
        &[GROUP_ID],
        "Answers `Rules`, all that is set, in the form in which it is set, and `Effective`, the \
         numbers that hold with the settings of the application.",
    ),
    Command::extension(
        "get_room_figures",
        call!(commands::rules::get_room_figures),
        &[GROUP_ID],
        "Answers `Figures`: what the room has done with its messages since it came into memory, by \
         class and cause, and how much is said at present. It is the `figures` of the gateway's \
         `room_figures` (`docs/gateway.md`).",
    ),
];
