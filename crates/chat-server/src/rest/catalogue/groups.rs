//! Groups and their profile.

use chat_types::group::{MAX_FIELD_NAME_CHARS, MAX_FIELD_VALUE_BYTES, MAX_FIELDS_PER_APP};

use super::field::{ACCOUNT, Field, GROUP, Kind, U32, list, number, opt, req, text, word};
use super::{Call, Command, Family, call};
use crate::rest::commands;

pub(super) const SERVICE: &str = "group_open_http_svc";
/// An id in a list whose entries are judged one by one: what is no id gets a code of its own.
const ANY_GROUP: Kind = text(256);

/// Longest texts of a profile that any setting allows; the settings `name_bytes` and so on are
/// checked by the service, with the same code.
const NAME_BYTES: usize = 1_000;
const INTRODUCTION_BYTES: usize = 4_000;
const NOTIFICATION_BYTES: usize = 4_000;
const FACE_URL_BYTES: usize = 2_000;
/// Members that `create_group` takes (product/269/1615).
const FIRST_MEMBERS: usize = 100;
/// Groups in one `get_appid_group_list` (product/269/1614).
const LISTED_GROUPS: i64 = 10_000;
/// Names in a response filter: more than there are fields.
const FILTER_NAMES: usize = 64;

pub(super) const GROUP_ID: Field = req("GroupId", GROUP);
pub(super) const GROUP_TYPE: Kind =
    Kind::OneOf(&["Private", "Public", "ChatRoom", "AVChatRoom", "Community", "Work", "Meeting"]);
/// A list of field names.
pub(super) const NAMES: Kind = list(&word(64), 0, FILTER_NAMES);
pub(super) const ROLE: Kind = Kind::OneOf(&["Owner", "Admin", "Member"]);
pub(super) const ON_OFF: Kind = Kind::OneOf(&["On", "Off"]);
pub(super) const ANY_NUMBER: Kind = number(0, i64::MAX);

const JOIN_OPTION: Kind = Kind::OneOf(&["FreeAccess", "NeedPermission", "DisableApply"]);
const CUSTOM_FIELD: Kind = Kind::Object(&[
    req("Key", word(MAX_FIELD_NAME_CHARS)),
    req("Value", text(MAX_FIELD_VALUE_BYTES)),
]);
const CUSTOM_FIELDS: Field = opt("AppDefinedData", list(&CUSTOM_FIELD, 0, MAX_FIELDS_PER_APP));
const INTRODUCTION: Field = opt("Introduction", text(INTRODUCTION_BYTES));
const NOTIFICATION: Field = opt("Notification", text(NOTIFICATION_BYTES));
const FACE_URL: Field = opt("FaceUrl", text(FACE_URL_BYTES));
const FIRST_MEMBER: Kind = Kind::Object(&[req("Member_Account", ACCOUNT), opt("Role", ROLE)]);
const RESPONSE_FILTER: Kind = Kind::Object(&[
    opt("GroupBaseInfoFilter", NAMES),
    opt("MemberInfoFilter", NAMES),
    opt("AppDefinedDataFilter_Group", NAMES),
    opt("AppDefinedDataFilter_GroupMember", NAMES),
]);

pub(super) const COMMANDS: &[Command] = &[
    group(
        "create_group",
        "1047/34895",
        call!(commands::groups::create_group),
        &[
            req("Type", GROUP_TYPE),
            req("Name", word(NAME_BYTES)),
            opt("Owner_Account", ACCOUNT),
            opt("GroupId", GROUP),
            INTRODUCTION,
            NOTIFICATION,
            FACE_URL,
            opt("MaxMemberCount", U32).also(&["MaxMemberNum"]),
            opt("ApplyJoinOption", JOIN_OPTION),
            CUSTOM_FIELDS,
            opt("MemberList", list(&FIRST_MEMBER, 0, FIRST_MEMBERS)),
        ],
    )
    .differs(
        "Type Community is refused with 10007. The newer type names Work and Meeting are taken too. \
         The limits of the profile texts are settings of the application. MaxMemberCount is 6000 \
         at most. AppMemberDefinedData in MemberList answers 10004: there are no custom member \
         fields.",
    ),
    group(
        "get_group_info",
        "1047/34961",
        call!(commands::groups::get_group_info),
        &[
            req("GroupIdList", list(&ANY_GROUP, 1, chat_types::rest::MAX_GROUPS_PER_CALL)),
            opt("ResponseFilter", RESPONSE_FILTER),
        ],
    )
    .differs(
        "MemberList of an AVChatRoom is empty. The mute of a whole group comes under both names, \
         ShutUpAllMember and MuteAllMember.",
    ),
    group(
        "modify_group_base_info",
        "1047/34962",
        call!(commands::groups::modify_group),
        &[
            GROUP_ID,
            opt("Name", word(NAME_BYTES)),
            INTRODUCTION,
            NOTIFICATION,
            FACE_URL,
            opt("MaxMemberNum", U32).also(&["MaxMemberCount"]),
            opt("ApplyJoinOption", JOIN_OPTION),
            CUSTOM_FIELDS,
            opt("MuteAllMember", ON_OFF).also(&["ShutUpAllMember"]),
        ],
    )
    .differs(
        "MaxMemberNum and ApplyJoinOption mean nothing for an AVChatRoom and are left out there. A \
         call that changes nothing answers 10004.",
    ),
    group("destroy_group", "1047/34896", call!(commands::groups::destroy_group), &[GROUP_ID]),
    group(
        "get_appid_group_list",
        "1047/34960",
        call!(commands::groups::list_groups),
        &[
            opt("Limit", number(0, LISTED_GROUPS)),
            opt("Next", ANY_NUMBER),
            opt("GroupType", GROUP_TYPE),
        ],
    )
    .per_second(1),
    group(
        "change_group_owner",
        "1047/34966",
        call!(commands::membership::change_owner),
        &[GROUP_ID, req("NewOwner_Account", ACCOUNT)],
    )
    .differs(
        "Any account may become the owner of an AVChatRoom; of other groups only a member (10004). \
         An account that is banned from the group is refused (10007).",
    ),
    group(
        "import_group",
        "1047/34967",
        call!(commands::membership::import_group),
        &[
            req("Type", GROUP_TYPE),
            req("Name", word(NAME_BYTES)),
            opt("Owner_Account", ACCOUNT),
            opt("GroupId", GROUP),
            INTRODUCTION,
            NOTIFICATION,
            FACE_URL,
            opt("MaxMemberCount", U32).also(&["MaxMemberNum"]),
            opt("ApplyJoinOption", JOIN_OPTION),
            CUSTOM_FIELDS,
            opt("CreateTime", U32),
        ],
    )
    .differs(
        "Types AVChatRoom and Community are refused with 10007. The owner is a member at once.",
    ),
];

/// A row of the group service.
pub(super) const fn group(
    name: &'static str,
    page: &'static str,
    call: Call,
    fields: &'static [Field],
) -> Command {
    Command::offered((SERVICE, name), page, Family::Group, call, fields)
}
