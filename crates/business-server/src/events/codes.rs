//! The codes with which this service refuses what a client wants, out of the range that is left to
//! applications: 10100 to 10200 (product/1047/34374). Clients branch on them; `docs/business.md` has
//! the list.

use std::ops::RangeInclusive;

/// Codes that an answer may have.
pub(crate) const OWN: RangeInclusive<i32> = 10_100..=10_200;
/// Delivered to nobody; the sender believes that it was sent.
pub(crate) const SILENT: i32 = 2;

/// A word of a list; a list may have a code of its own.
pub(crate) const WORD: i32 = 10_100;
/// A message that only the service may send.
pub(crate) const FORGED: i32 = 10_101;
/// The room takes no links, or none of so new an account.
pub(crate) const LINK: i32 = 10_102;
/// The same text again.
pub(crate) const REPEAT: i32 = 10_103;
/// The account is too new to speak.
pub(crate) const NEW_ACCOUNT: i32 = 10_104;
/// The text is too long for the room.
pub(crate) const TOO_LONG: i32 = 10_105;
/// The room lets nothing pass that could not be looked at in time: it may be tried again.
pub(crate) const LATE: i32 = 10_106;
/// The likes were not counted: the same batch may be sent again.
pub(crate) const LIKES_NOT_COUNTED: i32 = 10_110;
/// More likes than one account may give: the same batch may be sent again later.
pub(crate) const LIKES_CAPPED: i32 = 10_111;
/// A batch of likes that comes after a later one of the same run: it does not count any more.
pub(crate) const LIKES_OUT_OF_ORDER: i32 = 10_112;
/// The account is banned from the room.
pub(crate) const BANNED: i32 = 10_120;
/// The account is kept out of everything.
pub(crate) const BLOCKED: i32 = 10_121;
/// The account was deleted a short time ago.
pub(crate) const GONE: i32 = 10_122;
