//! Accounts, online status, profiles and the mute that holds everywhere.

use chat_types::code::Code;

use super::field::{ACCOUNT, FLAG, Fault, Field, Kind, U32, list, opt, req, text, word};
use super::{Call, Command, Family, call};
use crate::rest::commands;

const ACCOUNTS: &str = "im_open_login_svc";
const STATUS: &str = "openim";
const PROFILES: &str = "profile";
const GLOBAL_MUTE: &str = "openconfigsvr";

/// Accounts in one call of the account service ("Use Limits").
const BATCH: usize = 100;
/// Accounts in one `query_online_status` (product/269/2566).
const STATUS_BATCH: usize = 500;
/// Values of a profile (product/269/1500).
const PROFILE_BYTES: usize = 500;
/// Tags in one call: more than there are.
const TAGS: usize = 100;

/// `setnospeaking` without an account (product/1047/34923).
const MUTE_NO_ACCOUNT: Code = Code(130_004);
/// `setnospeaking` with an account that cannot be one.
const MUTE_ACCOUNT: Code = Code(130_005);

const USER_ID: Field = req("UserID", ACCOUNT).also(&["Identifier"]);
/// An account whose id is judged by itself, where the answer has an entry for each account. A text
/// much longer than an id refuses the call.
const ANY_ACCOUNT: Kind = text(256);
const ACCOUNT_ITEM: Kind = Kind::Object(&[req("UserID", ANY_ACCOUNT).also(&["Identifier"])]);
const IMPORT_ITEM: Kind = Kind::Object(&[
    req("UserID", ANY_ACCOUNT).also(&["Identifier"]),
    opt("Nick", text(PROFILE_BYTES)),
    opt("FaceUrl", text(PROFILE_BYTES)),
]);
const BATCH_CODES: &[(Fault, Code)] = &[(Fault::TooMany, Code::ACCOUNT_BATCH)];
const STATUS_FIELDS: &[Field] = &[
    req("To_Account", list(&ACCOUNT, 1, STATUS_BATCH))
        .code(Code::C2C_TO_ACCOUNT)
        .codes(&[(Fault::Empty, Code::C2C_BODY), (Fault::TooMany, Code::C2C_TOO_MANY)]),
    opt("IsNeedDetail", FLAG),
];
const NO_ACCOUNT: &[(Fault, Code)] =
    &[(Fault::Missing, Code::PROFILE_NO_ACCOUNT), (Fault::Empty, Code::PROFILE_NO_ACCOUNT)];
const PROFILE_ITEM: Kind = Kind::Object(&[
    req("Tag", word(64)),
    req("Value", Kind::TextOrNumber).codes(&[(Fault::Type, Code::PROFILE_VALUE_TYPE)]),
]);
const TAG: Kind = word(64);
const MUTE_CODES: &[(Fault, Code)] = &[(Fault::Missing, MUTE_NO_ACCOUNT)];

pub(super) const COMMANDS: &[Command] = &[
    account(
        "account_import",
        "1047/34953",
        call!(commands::accounts::import_account),
        &[USER_ID, opt("Nick", text(PROFILE_BYTES)), opt("FaceUrl", text(PROFILE_BYTES))],
    ),
    account(
        "multiaccount_import",
        "1047/34954",
        call!(commands::accounts::import_accounts),
        &[
            opt("Accounts", list(&ANY_ACCOUNT, 1, BATCH)).codes(BATCH_CODES),
            opt("AccountList", list(&IMPORT_ITEM, 1, BATCH)).codes(BATCH_CODES),
        ],
    )
    .per_second(100)
    .differs(
        "Takes Accounts or AccountList, which may have Nick and FaceUrl. FailAccounts names those \
         whose id breaks the rule of ids; over account_limit none is imported.",
    ),
    account(
        "account_delete",
        "1047/34955",
        call!(commands::accounts::delete_accounts),
        &[req("DeleteItem", list(&ACCOUNT_ITEM, 1, BATCH)).codes(BATCH_CODES)],
    )
    .per_second(100)
    .differs(
        "An administrator of the application is not deleted; its entry says why. Groups that the \
         account owns and messages that it sent stay.",
    ),
    account(
        "account_check",
        "1047/34956",
        call!(commands::accounts::check_accounts),
        &[req("CheckItem", list(&ACCOUNT_ITEM, 1, BATCH)).codes(BATCH_CODES)],
    )
    .per_second(100),
    account("kick", "1047/34957", call!(commands::accounts::kick_account), &[USER_ID]),
    status("query_online_status"),
    status("querystate"),
    profile(
        "portrait_set",
        "1047/34916",
        call!(commands::profiles::set_portrait),
        &[
            req("From_Account", ACCOUNT).codes(NO_ACCOUNT),
            req("ProfileItem", list(&PROFILE_ITEM, 1, TAGS)),
        ],
    )
    .differs(
        "A custom tag need not be made first; an account has at most 20 of them. Only \
         administrators write profiles, and they may write every tag.",
    ),
    profile(
        "portrait_get",
        "1047/34917",
        call!(commands::profiles::get_portraits),
        &[
            req("To_Account", list(&ANY_ACCOUNT, 1, BATCH)).codes(NO_ACCOUNT),
            req("TagList", list(&TAG, 1, TAGS)),
        ],
    )
    .differs("A tag that was never set is left out of the answer."),
    mute(
        "setnospeaking",
        "1047/34923",
        call!(commands::profiles::set_global_mute),
        &[
            req("Set_Account", ACCOUNT).code(MUTE_ACCOUNT).codes(MUTE_CODES),
            opt("C2CmsgNospeakingTime", U32),
            opt("GroupmsgNospeakingTime", U32),
        ],
    ),
    mute(
        "getnospeaking",
        "1047/34924",
        call!(commands::profiles::get_global_mute),
        &[req("Get_Account", ACCOUNT).code(MUTE_ACCOUNT).codes(MUTE_CODES)],
    ),
];

const fn account(
    name: &'static str,
    page: &'static str,
    call: Call,
    fields: &'static [Field],
) -> Command {
    Command::offered((ACCOUNTS, name), page, Family::Account, call, fields)
}

const fn status(name: &'static str) -> Command {
    let call = call!(commands::accounts::query_online_status);
    Command::offered((STATUS, name), "1047/35477", Family::C2c, call, STATUS_FIELDS).differs(
        "PushOnline is an account whose phone or iPad has dropped off within seven days; a restart \
         of the service forgets it. Answers carry the status as State and as Status.",
    )
}

const fn profile(
    name: &'static str,
    page: &'static str,
    call: Call,
    fields: &'static [Field],
) -> Command {
    Command::offered((PROFILES, name), page, Family::Profile, call, fields)
}

const fn mute(
    name: &'static str,
    page: &'static str,
    call: Call,
    fields: &'static [Field],
) -> Command {
    Command::offered((GLOBAL_MUTE, name), page, Family::Account, call, fields)
}
