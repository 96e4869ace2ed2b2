//! Members: who is there, marks, robots, administrators, mute, ban; and the member calls of groups
//! that store their members.

use super::field::{ACCOUNT, FLAG, Field, GROUP, Kind, U32, list, number, opt, req, text, word};
use super::groups::{ANY_NUMBER, GROUP_ID, GROUP_TYPE, NAMES, ROLE, group};
use super::{Call, Command, Family, call};
use crate::rest::commands;

/// What only live rooms have.
pub(super) const ROOM_SERVICE: &str = "group_open_avchatroom_http_svc";

/// Accounts in one mute or mark call (product/269/1627, product/1047/50294).
const BATCH: usize = 500;
/// Accounts in one ban (product/1047/50296).
const BAN_BATCH: usize = 20;
/// Reason of a ban.
const DESCRIPTION_BYTES: usize = 1_000;
/// Entries of one page of the ban list.
const BAN_PAGE: i64 = 100;
/// Administrators of a room (product/1047/60525).
const ROOM_ADMINS: usize = 5;
/// Marks of a room; the smallest of the special ones is 500.
const MARKS: usize = 10;
const LEAST_MARK: i64 = 500;
/// Members in one call that adds or imports them.
const NEW_MEMBERS: usize = 300;
/// Members in one `delete_group_member` (product/269/1622).
const DELETED_MEMBERS: usize = 100;
const NAME_CARD_BYTES: usize = 50;
const MEMBER_FIELDS: usize = 5;
const MEMBER_VALUE_BYTES: usize = 64;

/// 1 sets, 2 removes.
const SET_OR_REMOVE: Field = req("CommandType", number(1, 2));
const MEMBER: Field = req("Member_Account", ACCOUNT);
const MARK: Kind = number(LEAST_MARK, u32::MAX as i64);
const MARKED: Kind = Kind::Object(&[MEMBER, req("Marks", list(&MARK, 1, MARKS))]);
const ROBOTS: &[Field] =
    &[GROUP_ID, req("Member_Account", list(&ACCOUNT, 1, BATCH)).also(&["Robot_Account"])];
const BANNED: Field = req("Members_Account", list(&ACCOUNT, 1, BAN_BATCH));
const NEW_MEMBER: Kind = Kind::Object(&[MEMBER]);
const IMPORTED_MEMBER: Kind =
    Kind::Object(&[MEMBER, opt("Role", ROLE), opt("JoinTime", U32), opt("UnreadMsgNum", U32)]);
const MEMBER_FIELD: Kind =
    Kind::Object(&[req("Key", word(16)), req("Value", text(MEMBER_VALUE_BYTES))]);
const MESSAGE_FLAG: Kind =
    Kind::OneOf(&["AcceptAndNotify", "AcceptNotNotify", "Discard", "AcceptNotNotifyExceptAt"]);
const JOINED_FILTER: Kind =
    Kind::Object(&[opt("GroupBaseInfoFilter", NAMES), opt("SelfInfoFilter", NAMES)]);
const NEEDS_ONLINE_LIST: &str =
    "Needs the Ultimate edition and the setting online_member_list; otherwise 10007.";

const NEEDS_NO_BAN: &str =
    "Always works: a ban holds on when the edition or the setting ban_members is taken back.";

pub(super) const COMMANDS: &[Command] = &[
    group(
        "get_group_member_info",
        "1047/34948",
        call!(commands::rooms::get_member_info),
        &[
            GROUP_ID,
            opt("Limit", U32),
            opt("Offset", U32),
            opt("MemberInfoFilter", NAMES),
            opt("MemberRoleFilter", list(&ROLE, 0, 3)),
            opt("AppDefinedDataFilter_GroupMember", NAMES),
        ],
    )
    .differs(
        "For an AVChatRoom, which stores no members, MemberNum is the online count and MemberList \
         has the 30 members who came in last, or 1000 with the online member list; each has \
         Member_Account, Role, JoinTime and the end of its mute.",
    ),
    group("get_online_member_num", "1047/38521", call!(commands::rooms::get_online_number), &[GROUP_ID]).differs(
        "Below 300 members and without a web client the number is the current one; otherwise it is \
         counted anew every ten seconds. Robots count, guests do not, and an account whose connection \
         broke counts for 20 seconds more. Groups of other types answer how many of their members are \
         signed in.",
    ),
    room(
        "get_members",
        "1047/50293",
        call!(commands::rooms::get_online_members),
        &[
            GROUP_ID,
            req("Timestamp", ANY_NUMBER),
            opt("Marks", list(&MARK, 0, MARKS)),
        ],
    )
    .differs(
        "Needs the Ultimate edition and the setting online_member_list; otherwise 10007. The list \
         is the current one, 500 accounts at a time. Marks is our name for the filter: with it only \
         members with one of these marks come, hidden ones (600) too.",
    ),
    room(
        "modify_user_info",
        "1047/50294",
        call!(commands::rooms::mark_members),
        &[GROUP_ID, SET_OR_REMOVE, req("MemberList", list(&MARKED, 1, BATCH))],
    )
    .differs(
        "Needs the Ultimate edition and the setting online_member_list; otherwise 10007. 10004 when \
         none of the accounts is in the room. Members hear of marks from 1000 on, not of 500 and \
         600. Marks end with a restart.",
    ),
    room("add_robots", "1047/60527", call!(commands::rooms::add_robots), ROBOTS).differs(NEEDS_ONLINE_LIST),
    room("del_robots", "1047/60526", call!(commands::rooms::delete_robots), ROBOTS).differs(NEEDS_ONLINE_LIST),
    room(
        "modify_admin",
        "1047/60525",
        call!(commands::rooms::modify_room_admins),
        &[GROUP_ID, SET_OR_REMOVE, req("Admin_Account", list(&ACCOUNT, 1, ROOM_ADMINS))],
    )
    .differs(
        "Needs the Ultimate edition and the setting online_member_list; otherwise 10007. An account \
         that is banned from the room does not become an administrator (10007).",
    ),
    room("get_admin_list", "1047/60524", call!(commands::rooms::list_room_admins), &[GROUP_ID])
        .differs(NEEDS_ONLINE_LIST),
    group(
        "forbid_send_msg",
        "1047/34951",
        call!(commands::rooms::mute_members),
        &[
            GROUP_ID,
            req("Members_Account", list(&ACCOUNT, 1, BATCH)),
            req("MuteTime", U32).also(&["ShutUpTime"]),
        ],
    )
    .differs("An account that does not exist is answered 10019."),
    muted("get_group_muted_account"),
    muted("get_group_shutted_uin"),
    group(
        "ban_group_member",
        "1047/50296",
        call!(commands::rooms::ban_members),
        &[
            GROUP_ID,
            BANNED,
            req("Duration", U32),
            opt("Description", text(DESCRIPTION_BYTES)),
        ],
    )
    .differs(
        "Needs the Ultimate edition and the setting ban_members; otherwise 10007. Whoever is banned \
         and wants to come in again gets 10007. The owner cannot be banned, and Duration 0 is refused. \
         A ban also ends the membership and the role of an administrator.",
    ),
    group("unban_group_member", "1047/50297", call!(commands::rooms::unban_members), &[GROUP_ID, BANNED])
        .differs(NEEDS_NO_BAN),
    group(
        "get_group_ban_member",
        "1047/50295",
        call!(commands::rooms::list_banned_members),
        &[GROUP_ID, req("Offset", U32), opt("Limit", number(0, BAN_PAGE))],
    )
    .differs(NEEDS_NO_BAN),
    group(
        "add_group_member",
        "1047/34921",
        call!(commands::membership::add_members),
        &[GROUP_ID, req("MemberList", list(&NEW_MEMBER, 1, NEW_MEMBERS)), opt("Silence", FLAG)],
    )
    .differs(
        "An AVChatRoom answers 10007: its members come in by themselves. An account that is absent \
         or banned has Result 0; Result 3 is never given, since nobody has to confirm. A group \
         without places for all takes none of them (10014).",
    ),
    group(
        "delete_group_member",
        "1047/34949",
        call!(commands::membership::delete_members),
        &[
            GROUP_ID,
            req("MemberToDel_Account", list(&ACCOUNT, 1, DELETED_MEMBERS)),
            opt("Silence", FLAG),
            opt("Reason", text(DESCRIPTION_BYTES)),
        ],
    )
    .differs(
        "An AVChatRoom answers 10004, as in the cloud: ban the member instead. The owner cannot be \
         taken out (10007); accounts that are no members are left out.",
    ),
    group(
        "modify_group_member_info",
        "1047/34900",
        call!(commands::membership::modify_member),
        &[
            GROUP_ID,
            MEMBER,
            opt("Role", Kind::OneOf(&["Admin", "Member"])),
            opt("MsgFlag", MESSAGE_FLAG),
            opt("NameCard", text(NAME_CARD_BYTES)),
            opt("AppMemberDefinedData", list(&MEMBER_FIELD, 0, MEMBER_FIELDS)),
            opt("MuteTime", U32).also(&["ShutUpTime"]),
        ],
    )
    .differs(
        "An AVChatRoom answers 10007: it stores no data of members. MuteTime answers 10007 in a \
         Private group. AppMemberDefinedData answers 10004: there are no custom member fields. \
         MsgFlag is kept and not acted on.",
    ),
    group(
        "get_joined_group_list",
        "1047/34925",
        call!(commands::membership::list_joined_groups),
        &[
            MEMBER,
            opt("WithHugeGroups", FLAG),
            opt("WithNoActiveGroups", FLAG),
            opt("Limit", U32),
            opt("Offset", U32),
            opt("GroupType", GROUP_TYPE),
            opt("ResponseFilter", JOINED_FILTER),
        ],
    )
    .differs(
        "WithHugeGroups adds the AVChatRooms that the account is in at this moment, with a Role and \
         nothing else in SelfInfo. Nobody has to confirm a Private group, so WithNoActiveGroups \
         adds none.",
    ),
    group(
        "get_role_in_group",
        "1047/34963",
        call!(commands::membership::get_roles),
        &[req("GroupId", GROUP), req("User_Account", list(&ACCOUNT, 1, BATCH))],
    ),
    group(
        "set_unread_msg_num",
        "1047/34909",
        call!(commands::membership::set_unread_number),
        &[GROUP_ID, MEMBER, req("UnreadMsgNum", U32)],
    )
    .differs(
        "An AVChatRoom answers 10007: it counts nothing unread. Clients do not report what they \
         have read in a group, so the number goes down by this command only.",
    ),
    group(
        "import_group_member",
        "1047/34969",
        call!(commands::membership::import_members),
        &[GROUP_ID, req("MemberList", list(&IMPORTED_MEMBER, 1, NEW_MEMBERS))],
    )
    .differs(
        "An AVChatRoom answers 10007: its members come in by themselves. AppMemberDefinedData \
         answers 10004. A banned account has Result 0.",
    ),
];

const fn room(
    name: &'static str,
    page: &'static str,
    call: Call,
    fields: &'static [Field],
) -> Command {
    Command::offered((ROOM_SERVICE, name), page, Family::Group, call, fields)
}

const fn muted(name: &'static str) -> Command {
    group(name, "1047/34964", call!(commands::rooms::list_muted_members), &[GROUP_ID])
        .differs("The answer has the list under the names of both versions of the command.")
}
