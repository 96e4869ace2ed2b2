//! Attributes and counters of groups.

use chat_types::code::Code;

use super::field::{Fault, Field, I64, Kind, list, opt, req, text, word};
use super::groups::{GROUP_ID, group};
use super::{Command, Family, call};
use crate::rest::commands;

/// Reading attributes has a service of its own (product/1047/44187).
pub(super) const ATTRIBUTE_SERVICE: &str = "group_open_attr_http_svc";

/// Attributes of a group, and the longest key and value (product/269/1671).
const ATTRIBUTES: usize = 16;
const ATTRIBUTE_KEY_BYTES: usize = 32;
const ATTRIBUTE_VALUE_BYTES: usize = 4_000;
/// Counters of a group, and the longest key (product/1047/53428).
const COUNTERS: usize = 20;
const COUNTER_KEY_BYTES: usize = 128;

const ATTRIBUTE_KEY: Field =
    req("key", word(ATTRIBUTE_KEY_BYTES)).codes(&[(Fault::TooLong, Code::ATTRIBUTE_KEY)]);
const ATTRIBUTE: Kind = Kind::Object(&[
    ATTRIBUTE_KEY,
    req("value", text(ATTRIBUTE_VALUE_BYTES)).codes(&[(Fault::TooLong, Code::ATTRIBUTE_VALUE)]),
]);
const ATTRIBUTE_NAME: Kind = Kind::Object(&[ATTRIBUTE_KEY]);
const TOO_MANY_ATTRIBUTES: &[(Fault, Code)] = &[(Fault::TooMany, Code::ATTRIBUTE_COUNT)];
const WRITTEN: Field = req("GroupAttr", list(&ATTRIBUTE, 1, ATTRIBUTES)).codes(TOO_MANY_ATTRIBUTES);

const COUNTER_KEY: Kind = word(COUNTER_KEY_BYTES);
const COUNTER: Kind = Kind::Object(&[req("Key", COUNTER_KEY), req("Value", I64)]);
const TOO_MANY_COUNTERS: &[(Fault, Code)] = &[(Fault::TooMany, Code::COUNTER_COUNT)];
const COUNTER_KEYS: Field =
    opt("GroupCounterKeys", list(&COUNTER_KEY, 0, COUNTERS)).codes(TOO_MANY_COUNTERS);
const SERIALISED: &str = "Writes of one group are carried out one after the other, so 10056 does not \
    occur. Every write that is carried out is told to the members and to the webhook.";
const NEEDS_ULTIMATE: &str = "Needs the Ultimate edition; otherwise 10059.";

pub(super) const COMMANDS: &[Command] = &[
    Command::offered(
        (ATTRIBUTE_SERVICE, "get_group_attr"),
        "1047/44187",
        Family::Group,
        call!(commands::data::get_attributes),
        &[GROUP_ID],
    ),
    group("modify_group_attr", "1047/44188", call!(commands::data::modify_attributes), &[GROUP_ID, WRITTEN])
        .differs(SERIALISED),
    group("set_group_attr", "1047/44190", call!(commands::data::set_attributes), &[GROUP_ID, WRITTEN])
        .differs(SERIALISED),
    group("clear_group_attr", "1047/44189", call!(commands::data::clear_attributes), &[GROUP_ID])
        .differs(SERIALISED),
    group(
        "delete_group_attr",
        "1047/59499",
        call!(commands::data::delete_attributes),
        &[
            GROUP_ID,
            req("GroupAttr", list(&ATTRIBUTE_NAME, 1, ATTRIBUTES)).codes(TOO_MANY_ATTRIBUTES),
        ],
    )
    .differs(
        "The keys stand in GroupAttr as {\"key\": …}. Nothing is deleted when one of them is absent \
         (10050). Otherwise as the other writes.",
    ),
    group(
        "update_group_counter",
        "1047/53428",
        call!(commands::data::update_counters),
        &[
            GROUP_ID,
            req("GroupCounter", list(&COUNTER, 1, COUNTERS)).codes(TOO_MANY_COUNTERS),
            opt("Mode", Kind::OneOf(&["Set", "Increase", "Decrease"])),
        ],
    )
    .differs(
        "Needs the Ultimate edition; otherwise 10059. Without Mode it sets. All counters of a call \
         are changed or none; a value beyond 64 bits is 10004.",
    ),
    group("get_group_counter", "1047/53427", call!(commands::data::get_counters), &[GROUP_ID, COUNTER_KEYS])
        .differs(NEEDS_ULTIMATE),
    group("delete_group_counter", "1047/53429", call!(commands::data::delete_counters), &[GROUP_ID, COUNTER_KEYS])
        .differs(
            "Needs the Ultimate edition; otherwise 10059. Members see the value 0; keys that are \
             absent are left alone.",
        ),
];
