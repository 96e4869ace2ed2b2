//! Frames between a client and the gateway: one JSON object per WebSocket text message, told
//! apart by `t`. `docs/gateway.md` is the description for somebody who writes a client.

mod client;
pub mod deflate;
mod message;
mod rules;
mod server;

pub use client::{ClientFrame, has_nul};
pub use message::{
    C2cMessage, Conversation, Delivery, InfoChange, KickCause, Message, OwnMessage, Presence,
    RemovedReason, RoomMessages, RoomRole, RoomSnapshot, SendOutcome,
};
pub use rules::{
    ClassFigures, Inherited, LinkPolicy, MessageClass, RefusalCause, RoomFigures, RoomRules,
    RuleValue, RulesChange, ShedCause,
};
pub use server::ServerFrame;

use serde::{Deserialize, Serialize};
use std::fmt;

/// Largest frame that the gateway reads, in bytes.
pub const MAX_CLIENT_FRAME_BYTES: usize = 32 * 1024;
/// Longest client message id, in bytes.
pub const MAX_CLIENT_ID_BYTES: usize = 64;
/// Largest `cloud_custom_data`, in bytes.
pub const MAX_CLOUD_DATA_BYTES: usize = 4 * 1024;
/// Messages that one `history` or `c2c_history` may ask for.
pub const MAX_HISTORY_MESSAGES: u32 = 20;
/// Accounts whose status one connection may follow.
pub const MAX_PRESENCE_ACCOUNTS: usize = 100;

/// A UserSig on its way. It is a password, so it has no readable `Debug` and stays out of logs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserSig(pub String);

impl fmt::Debug for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserSig(…)")
    }
}

/// Where a client runs. The names are those of the webhook parameter `OptPlatform`, with `Linux`
/// added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Platform {
    Windows,
    Mac,
    Linux,
    Web,
    Android,
    #[serde(rename = "iOS")]
    Ios,
    #[serde(rename = "iPad")]
    Ipad,
    #[default]
    Unknown,
}

/// Close codes of the WebSocket, beside the standard ones (1000 after `logout`, 1001 when the
/// gateway stops, 1009 for a frame that is too long).
pub mod close {
    /// Sign in again with a new UserSig.
    pub const SIG_EXPIRED: u16 = 4001;
    /// Signed in elsewhere; do not come back by yourself.
    pub const KICKED: u16 = 4002;
    /// The login was refused; the error frame before says why.
    pub const LOGIN_REFUSED: u16 = 4003;
    /// Nothing was heard for too long; come back.
    pub const SILENT: u16 = 4004;
    /// The client does not read what it is sent; come back later.
    pub const SLOW_READER: u16 = 4005;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_login_frame_shows_no_user_sig_to_whoever_prints_it() {
        let json = r#"{"t":"login","id":1,"sdk_app_id":5,"user_id":"a","user_sig":"secret"}"#;
        let frame: ClientFrame = serde_json::from_str(json).unwrap();
        assert!(!format!("{frame:?}").contains("secret"));
        assert!(serde_json::to_string(&frame).unwrap().contains("secret"), "the gateway reads it");
    }

    /// The gateway reads what a client writes, and it is the documented form.
    fn is_client_frame(form: serde_json::Value) {
        let frame: ClientFrame = serde_json::from_value(form.clone()).unwrap();
        assert_eq!(serde_json::to_value(&frame).unwrap(), form);
        assert_eq!(frame.id(), 7);
    }

    fn is_server_frame(form: serde_json::Value) {
        let frame: ServerFrame = serde_json::from_value(form.clone()).unwrap();
        assert_eq!(serde_json::to_value(&frame).unwrap(), form);
    }

    #[test]
    fn client_frames_have_the_documented_form() {
        let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
        for form in [
            json!({"t": "modify_group", "id": 7, "group_id": "r", "notification": "soon",
                "custom_fields": {"product": "bowl"}}),
            json!({"t": "modify_group", "id": 7, "group_id": "r", "name": "Kiln"}),
            json!({"t": "modify_group", "id": 7, "group_id": "r", "mute_all": true}),
            json!({"t": "recall", "id": 7, "group_id": "r", "seq": 12}),
            json!({"t": "history", "id": 7, "group_id": "r", "count": 20}),
            json!({"t": "history", "id": 7, "group_id": "r", "before_seq": 12, "count": 20}),
            json!({"t": "send_c2c", "id": 7, "to": "a", "client_id": "x", "elements": text}),
            json!({"t": "send_c2c", "id": 7, "to": "a", "client_id": "x", "elements": text,
                "cloud_custom_data": "d", "online_only": true}),
            json!({"t": "c2c_history", "id": 7, "peer": "a", "before_key": "1_2_3", "count": 20}),
            json!({"t": "c2c_read", "id": 7, "peer": "a"}),
            json!({"t": "c2c_withdraw", "id": 7, "peer": "a", "key": "1_2_3"}),
            json!({"t": "conversations", "id": 7}),
            json!({"t": "presence", "id": 7, "user_ids": ["a"]}),
            json!({"t": "catch_up", "id": 7, "group_id": "r", "after_seq": 1}),
            json!({"t": "catch_up", "id": 7, "group_id": "r", "after_seq": 1, "before_seq": 9}),
            json!({"t": "modify_rules", "id": 7, "group_id": "r", "slow_mode_s": 5}),
            json!({"t": "modify_rules", "id": 7, "group_id": "r", "budget_per_s": 100,
                "sender_per_s": "application", "links": "nobody", "blocked_words": ["x"]}),
        ] {
            is_client_frame(form);
        }
    }

    #[test]
    fn server_frames_have_the_documented_form() {
        let message = json!({"seq": 1, "time_s": 2, "from": "a", "nick": "", "priority": "Normal",
            "elements": [], "mentions": ["b"], "mention_all": true});
        let c2c = json!({"key": "1_2_3", "seq": 1, "random": 2, "time_s": 3, "from": "a",
            "to": "b", "nick": "", "elements": []});
        for form in [
            json!({"t": "done", "id": 7}),
            json!({"t": "history_ok", "id": 7, "messages": [message]}),
            json!({"t": "send_c2c_ok", "id": 7, "client_id": "x", "key": "1_2_3", "time_s": 3}),
            json!({"t": "c2c_history_ok", "id": 7, "messages": [c2c], "complete": true}),
            json!({"t": "conversations_ok", "id": 7, "conversations": [
                {"peer": "a", "unread": 1, "last": c2c}, {"peer": "b", "unread": 0}]}),
            json!({"t": "presence_ok", "id": 7, "accounts": [{"user_id": "a",
                "status": "PushOnline"}]}),
            json!({"t": "c2c_message", "message": c2c}),
            json!({"t": "c2c_read", "peer": "a", "time_s": 3}),
            json!({"t": "c2c_read", "peer": "a", "time_s": 3, "own": true}),
            json!({"t": "c2c_withdrawn", "peer": "a", "key": "1_2_3"}),
            json!({"t": "presence_changed", "user_id": "a", "status": "Offline"}),
            json!({"t": "removed", "group_id": "r", "reason": "banned", "operator": "host",
                "until_s": 9, "info": "spam"}),
            json!({"t": "member_entered", "group_id": "r", "users": ["a"], "count": 2}),
            json!({"t": "member_left", "group_id": "r", "users": ["a"], "count": 1}),
            json!({"t": "member_left", "group_id": "r", "users": ["a"], "count": 1,
                "operator": "host"}),
            json!({"t": "member_banned", "group_id": "r", "users": ["a"], "operator": "host"}),
            json!({"t": "muted", "group_id": "r", "until_s": 4_294_967_295_u32}),
            json!({"t": "attributes_changed", "group_id": "r", "attributes": {"k": "v"}}),
            json!({"t": "counter_changed", "group_id": "r", "key": "likes", "value": -5}),
            json!({"t": "system_notification", "group_id": "r", "text": "{}"}),
            json!({"t": "broadcast", "message": message}),
            json!({"t": "recalled", "group_id": "r", "seqs": [1], "operator": "a",
                "reason": ""}),
            json!({"t": "admin_changed", "group_id": "r", "user_id": "a", "granted": true}),
            json!({"t": "marks_changed", "group_id": "r", "mark": 1000, "users": ["a"],
                "on": false}),
            json!({"t": "login_ok", "id": 7, "user_id": "guest_1", "nick": "", "heartbeat_s": 30,
                "guest": true}),
            json!({"t": "send_ok", "id": 7, "client_id": "x", "seq": 0, "time_s": 9,
                "delivery": "sampled_out", "reached": 0}),
            json!({"t": "catch_up_ok", "id": 7, "messages": [message], "complete": false}),
            json!({"t": "messages", "group_id": "r", "after": 0, "messages": [message]}),
            json!({"t": "messages", "group_id": "r", "after": 0, "messages": [], "own": [
                {"client_id": "x", "seq": 1, "time_s": 9}]}),
            json!({"t": "error", "id": 7, "code": 9009, "info": "wait", "retry_after_ms": 900}),
            json!({"t": "member_entered", "group_id": "r", "users": ["a"], "count": 20, "more": 9}),
            json!({"t": "member_muted", "group_id": "r", "users": ["a"], "until_s": 0,
                "operator": "host"}),
            json!({"t": "unbanned", "group_id": "r"}),
            json!({"t": "rules_changed", "group_id": "r", "operator": "host", "rules": {
                "budget_per_s": 40, "sender_per_s": 10, "slow_mode_s": 0, "links": "everybody"}}),
            json!({"t": "room_figures", "group_id": "r", "figures": {"online": 1, "connections": 1,
                "guests": 0, "budget_per_s": 40, "received_per_s": 50, "delivered_per_s": 40,
                "tick_ms": 0, "classes": {"low": {"received": 50, "delivered": 40, "waiting": 0,
                    "shed": {"budget": 10}, "refused": {}, "missed_copies": 0}}}}),
            json!({"t": "profile_changed", "user_id": "a", "nick": "A", "face_url": ""}),
            json!({"t": "missed", "count": 3, "group_ids": ["r"]}),
            json!({"t": "kicked", "cause": "signed_in_elsewhere", "reason": "for people"}),
            json!({"t": "group_info_changed", "group_id": "r", "operator": "a", "changes": [
                {"field": "mute_all", "on": true}, {"field": "owner", "value": "b"},
                {"field": "apply_join_option", "value": "FreeAccess"}]}),
        ] {
            is_server_frame(form);
        }
    }

    #[test]
    fn an_older_gateway_joins_without_the_newer_members() {
        let frame = json!({"t": "join_ok", "id": 7, "group": {"group_id": "r", "type": "AVChatRoom",
            "name": "", "introduction": "", "notification": "", "face_url": "", "owner": "",
            "owner_nick": "", "custom_fields": {}}, "online": 1, "last_seq": 0, "messages": []});
        let ServerFrame::JoinOk(snapshot) = serde_json::from_value(frame).unwrap() else {
            panic!("it is a join_ok")
        };
        let RoomSnapshot { attributes, counters, muted_until_s, mute_all, .. } = *snapshot;
        assert!(attributes.is_empty() && counters.is_empty());
        assert_eq!((muted_until_s, mute_all), (0, false));
    }

    #[test]
    fn a_reason_of_a_newer_gateway_is_some_other_reason() {
        let reason: RemovedReason = serde_json::from_value(json!("eclipse")).unwrap();
        assert_eq!(reason, RemovedReason::Other);
    }
}
