//! The commands, as one table: where each is, and whether it may be repeated.

use chat_types::Code;

/// What a repeat of a call does, when it is not known whether the first was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// The same as one call: it only reads, or it says how something has to be afterwards. Repeated
    /// after every temporary failure.
    Harmless,
    /// The service drops it, because it has the `Random` of the first; it does so for five minutes.
    /// Repeated after every temporary failure, with the same bytes.
    Deduplicated,
    /// It may do its work twice: another message, another group, a count that is too high. Repeated
    /// only after a failure which says that nothing was done.
    Harmful,
}

/// A command of the API.
///
/// [`ALL`] has those that this crate has a method for. Others can be made and given to
/// [`Client::call`](crate::Client::call).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    pub service: &'static str,
    pub name: &'static str,
    pub repeat: Repeat,
    /// Codes that the service answers to every repeat, although they pass with time.
    settled: &'static [Code],
}

impl Command {
    pub const fn new(service: &'static str, name: &'static str, repeat: Repeat) -> Self {
        Self { service, name, repeat, settled: &[] }
    }

    /// The same command, for a request that repeats otherwise than most.
    pub const fn with_repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    const fn settled_by(self, settled: &'static [Code]) -> Self {
        Self { settled, ..self }
    }

    pub(crate) fn is_settled_by(&self, code: Code) -> bool {
        self.settled.contains(&code)
    }
}

use Repeat::{Deduplicated, Harmful, Harmless};

const ACCOUNTS: &str = "im_open_login_svc";
const C2C: &str = "openim";
const PROFILES: &str = "profile";
const GLOBAL_MUTE: &str = "openconfigsvr";
const GROUPS: &str = "group_open_http_svc";
const ROOMS: &str = "group_open_avchatroom_http_svc";
const ATTRIBUTES: &str = "group_open_attr_http_svc";
const EXTENSIONS: &str = "liveroom_ext";

macro_rules! commands {
    ($($constant:ident = $service:ident / $name:literal, $repeat:ident
        $(, settled by $settled:expr)?;)+) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub const $constant: Command =
                Command::new($service, $name, $repeat)$(.settled_by($settled))?;
        )+

        /// All commands that this crate has a method for.
        pub const ALL: &[Command] = &[$($constant),+];
    };
}

commands! {
    ACCOUNT_IMPORT = ACCOUNTS / "account_import", Harmless;
    MULTIACCOUNT_IMPORT = ACCOUNTS / "multiaccount_import", Harmless;
    ACCOUNT_DELETE = ACCOUNTS / "account_delete", Harmless;
    ACCOUNT_CHECK = ACCOUNTS / "account_check", Harmless;
    KICK = ACCOUNTS / "kick", Harmless;
    QUERY_ONLINE_STATUS = C2C / "query_online_status", Harmless;
    QUERYSTATE = C2C / "querystate", Harmless;
    PORTRAIT_SET = PROFILES / "portrait_set", Harmless;
    PORTRAIT_GET = PROFILES / "portrait_get", Harmless;
    SETNOSPEAKING = GLOBAL_MUTE / "setnospeaking", Harmless;
    GETNOSPEAKING = GLOBAL_MUTE / "getnospeaking", Harmless;

    // Harmless with a GroupId of the caller's: without one a repeat makes another group.
    CREATE_GROUP = GROUPS / "create_group", Harmful;
    GET_GROUP_INFO = GROUPS / "get_group_info", Harmless;
    MODIFY_GROUP_BASE_INFO = GROUPS / "modify_group_base_info", Harmless;
    DESTROY_GROUP = GROUPS / "destroy_group", Harmless;
    GET_APPID_GROUP_LIST = GROUPS / "get_appid_group_list", Harmless;
    CHANGE_GROUP_OWNER = GROUPS / "change_group_owner", Harmless;
    // As create_group.
    IMPORT_GROUP = GROUPS / "import_group", Harmful;

    GET_GROUP_MEMBER_INFO = GROUPS / "get_group_member_info", Harmless;
    GET_ONLINE_MEMBER_NUM = GROUPS / "get_online_member_num", Harmless;
    GET_MEMBERS = ROOMS / "get_members", Harmless;
    MODIFY_USER_INFO = ROOMS / "modify_user_info", Harmless;
    ADD_ROBOTS = ROOMS / "add_robots", Harmless;
    DEL_ROBOTS = ROOMS / "del_robots", Harmless;
    MODIFY_ADMIN = ROOMS / "modify_admin", Harmless;
    GET_ADMIN_LIST = ROOMS / "get_admin_list", Harmless;
    FORBID_SEND_MSG = GROUPS / "forbid_send_msg", Harmless;
    GET_GROUP_MUTED_ACCOUNT = GROUPS / "get_group_muted_account", Harmless;
    GET_GROUP_SHUTTED_UIN = GROUPS / "get_group_shutted_uin", Harmless;
    BAN_GROUP_MEMBER = GROUPS / "ban_group_member", Harmless;
    UNBAN_GROUP_MEMBER = GROUPS / "unban_group_member", Harmless;
    GET_GROUP_BAN_MEMBER = GROUPS / "get_group_ban_member", Harmless;
    ADD_GROUP_MEMBER = GROUPS / "add_group_member", Harmless;
    DELETE_GROUP_MEMBER = GROUPS / "delete_group_member", Harmless;
    MODIFY_GROUP_MEMBER_INFO = GROUPS / "modify_group_member_info", Harmless;
    GET_JOINED_GROUP_LIST = GROUPS / "get_joined_group_list", Harmless;
    GET_ROLE_IN_GROUP = GROUPS / "get_role_in_group", Harmless;
    SET_UNREAD_MSG_NUM = GROUPS / "set_unread_msg_num", Harmless;
    IMPORT_GROUP_MEMBER = GROUPS / "import_group_member", Harmless;

    GET_GROUP_ATTR = ATTRIBUTES / "get_group_attr", Harmless;
    MODIFY_GROUP_ATTR = GROUPS / "modify_group_attr", Harmless;
    SET_GROUP_ATTR = GROUPS / "set_group_attr", Harmless;
    CLEAR_GROUP_ATTR = GROUPS / "clear_group_attr", Harmless;
    DELETE_GROUP_ATTR = GROUPS / "delete_group_attr", Harmless;
    // Harmless where it sets; what is added twice is too much.
    UPDATE_GROUP_COUNTER = GROUPS / "update_group_counter", Harmful;
    GET_GROUP_COUNTER = GROUPS / "get_group_counter", Harmless;
    DELETE_GROUP_COUNTER = GROUPS / "delete_group_counter", Harmless;

    // Whether a crowded room chooses a message is settled once for its Random, for five minutes.
    SEND_GROUP_MSG = GROUPS / "send_group_msg", Deduplicated, settled by &[Code::MESSAGE_RATE];
    SEND_GROUP_SYSTEM_NOTIFICATION = GROUPS / "send_group_system_notification", Harmful;
    SEND_BROADCAST_MSG = GROUPS / "send_broadcast_msg", Deduplicated;
    GROUP_MSG_RECALL = GROUPS / "group_msg_recall", Harmless;
    GROUP_MSG_GET_SIMPLE = GROUPS / "group_msg_get_simple", Harmless;
    DELETE_GROUP_MSG_BY_SENDER = GROUPS / "delete_group_msg_by_sender", Harmless;
    IMPORT_GROUP_MSG = GROUPS / "import_group_msg", Harmful;
    MODIFY_GROUP_MSG = C2C / "modify_group_msg", Harmless;

    // The service knows a repeat for one second only, which a repeat cannot count on.
    SENDMSG = C2C / "sendmsg", Harmful;
    BATCHSENDMSG = C2C / "batchsendmsg", Harmful;
    ADMIN_GETROAMMSG = C2C / "admin_getroammsg", Harmless;
    ADMIN_MSGWITHDRAW = C2C / "admin_msgwithdraw", Harmless;
    GET_C2C_UNREAD_MSG_NUM = C2C / "get_c2c_unread_msg_num", Harmless;
    ADMIN_SET_MSG_READ = C2C / "admin_set_msg_read", Harmless;
    // Harmless with a MsgSeq of the caller's, which is a part of what makes it the same message.
    IMPORTMSG = C2C / "importmsg", Harmful;
    MODIFY_C2C_MSG = C2C / "modify_c2c_msg", Harmless;

    MODIFY_ROOM_RULES = EXTENSIONS / "modify_room_rules", Harmless;
    GET_ROOM_RULES = EXTENSIONS / "get_room_rules", Harmless;
    GET_ROOM_FIGURES = EXTENSIONS / "get_room_figures", Harmless;
}
