//! Commands that exist in the cloud and are not offered here, each with the reason.

use chat_types::code::Code;

use super::{Command, Family};

/// Topics, which only groups of type Community have.
pub(super) const TOPIC_SERVICE: &str = "million_group_open_http_svc";

const FRIENDS: &str = "accounts here have no friend lists and no block lists. Keep relationships in \
    the business server; one-to-one messages need none.";
const PUSH: &str = "there is no push service. Reach everybody who is online with \
    send_broadcast_msg.";
const TOPICS: &str = "topics belong to groups of type Community, which cannot be created here. Use \
    one group for each topic.";
const CONVERSATIONS: &str = "conversation lists are kept by the client and not by the service.";
const WORDS: &str = "there is no word list of an application. Block words room by room with \
    modify_room_rules, or refuse and change messages in the before-webhook.";
const FILES: &str = "there are no archives of messages for download. Take messages from the \
    after-webhook as they are sent.";
const STATISTICS: &str = "daily statistics are not kept. Count in the webhooks, or read the metrics \
    of the service.";
const ADDRESSES: &str = "the service has no public address list of its own.";

pub(super) const COMMANDS: &[Command] = &[
    topic("create_topic", "1047/49471"),
    topic("get_topic", "1047/49469"),
    topic("modify_topic", "1047/49468"),
    topic("destroy_topic", "1047/49470"),
    topic("import_topic", "1047/53448"),
    friends("friend_add", "269/1643"),
    friends("friend_import", "269/8301"),
    friends("friend_update", "269/12525"),
    friends("friend_delete", "269/1644"),
    friends("friend_delete_all", "269/1645"),
    friends("friend_check", "269/1646"),
    friends("friend_get", "269/1647"),
    friends("friend_get_list", "269/8609"),
    friends("black_list_add", "269/3718"),
    friends("black_list_delete", "269/3719"),
    friends("black_list_get", "269/3722"),
    friends("black_list_check", "269/3725"),
    friends("group_add", "269/10107"),
    friends("group_delete", "269/10108"),
    friends("group_get", "269/54763"),
    push("im_push", "269/45934"),
    push("im_set_attr_name", "269/45935"),
    push("im_get_attr_name", "269/45936"),
    push("im_get_attr", "269/45937"),
    push("im_set_attr", "269/45938"),
    push("im_remove_attr", "269/45939"),
    push("im_get_tag", "269/45940"),
    push("im_add_tag", "269/45941"),
    push("im_remove_tag", "269/45942"),
    push("im_remove_all_tags", "269/45943"),
    disabled(("recentcontact", "get_list"), "1047/43087", CONVERSATIONS),
    disabled(("recentcontact", "delete"), "1047/43088", CONVERSATIONS),
    disabled(("openim_dirty_words", "get"), "269/1520", WORDS),
    disabled(("openim_dirty_words", "add"), "269/1520", WORDS),
    disabled(("openim_dirty_words", "delete"), "269/1520", WORDS),
    disabled(("open_msg_svc", "get_history"), "269/1650", FILES),
    disabled(("openconfigsvr", "getappinfo"), "269/4193", STATISTICS),
    disabled(("ConfigSvc", "GetIPList"), "269/45438", ADDRESSES),
];

const fn topic(name: &'static str, page: &'static str) -> Command {
    Command::refused((TOPIC_SERVICE, name), page, Family::Group, Code::NO_PERMISSION, TOPICS)
}

const fn friends(name: &'static str, page: &'static str) -> Command {
    disabled(("sns", name), page, FRIENDS)
}

const fn push(name: &'static str, page: &'static str) -> Command {
    disabled(("all_member_push", name), page, PUSH)
}

const fn disabled(
    path: (&'static str, &'static str),
    page: &'static str,
    why: &'static str,
) -> Command {
    Command::refused(path, page, Family::Account, Code::REQUEST_DISABLED, why)
}
