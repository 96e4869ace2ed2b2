//! Webhooks: what the service tells the application, and what it asks before it does something
//! ("Webhook Overview", product/1047/34354). Member names are those of the documentation.

mod answer;
mod body;
mod command;

pub use answer::WebhookAnswer;
pub use body::*;
pub use command::{WEBHOOK_COMMANDS, WebhookCommand};

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment in Unix milliseconds. Written as a number; read as a number or as quoted text, because
/// the documentation has both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EventTime(pub u64);

impl<'de> Deserialize<'de> for EventTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = EventTime;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in milliseconds, as a number or as text")
            }
            fn visit_u64<E: Error>(self, ms: u64) -> Result<EventTime, E> {
                Ok(EventTime(ms))
            }
            fn visit_i64<E: Error>(self, ms: i64) -> Result<EventTime, E> {
                u64::try_from(ms).map(EventTime).map_err(E::custom)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<EventTime, E> {
                text.parse().map(EventTime).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn passes(form: Value) -> Webhook {
        let body: Webhook = serde_json::from_value(form.clone()).unwrap();
        assert_eq!(serde_json::to_value(&body).unwrap(), form);
        assert_eq!(Value::from(body.command().name), form["CallbackCommand"]);
        body
    }

    #[test]
    fn every_body_has_the_documented_members() {
        let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
        let before = json!({"CallbackCommand": "Group.CallbackBeforeSendMsg", "GroupId": "r",
            "Type": "AVChatRoom", "From_Account": "a", "Operator_Account": "b", "Random": 7,
            "OnlineOnlyFlag": 0, "MsgBody": text, "CloudCustomData": "d",
            "EventTime": 1_670_574_414_123_u64});
        let mut after = before.clone();
        after["CallbackCommand"] = "Group.CallbackAfterSendMsg".into();
        after["MsgSeq"] = 123.into();
        after["MsgTime"] = 1_490_686_222.into();
        let mut failed = before.clone();
        failed["CallbackCommand"] = "Group.CallbackSendMsgException".into();
        failed["ErrorCode"] = 10023.into();
        failed["ErrorInfo"] = "too fast".into();
        let c2c = json!({"CallbackCommand": "C2C.CallbackBeforeSendMsg", "From_Account": "a",
            "To_Account": "b", "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 3, "MsgKey": "1_2_3",
            "OnlineOnlyFlag": 1, "MsgBody": text, "CloudCustomData": ""});
        let mut c2c_after = c2c.clone();
        c2c_after["CallbackCommand"] = "C2C.CallbackAfterSendMsg".into();
        c2c_after["SendMsgResult"] = 0.into();
        c2c_after["ErrorInfo"] = "".into();
        c2c_after["UnreadMsgNum"] = 4.into();
        let members = json!([{"Member_Account": "a"}]);
        for form in [
            before,
            after,
            failed,
            c2c,
            c2c_after,
            json!({"CallbackCommand": "Group.CallbackBeforeCreateGroup", "Operator_Account": "a",
                "Owner_Account": "a", "Type": "AVChatRoom", "Name": "n", "CreateGroupNum": 3,
                "CreatedNum": 3, "MemberList": members, "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterCreateGroup", "GroupId": "r",
                "Operator_Account": "a", "Owner_Account": "a", "Type": "AVChatRoom", "Name": "n",
                "MemberList": [], "UserDefinedDataList": [{"Key": "k", "Value": "v"}],
                "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackBeforeApplyJoinGroup", "GroupId": "r",
                "Type": "AVChatRoom", "Requestor_Account": "a", "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackBeforeInviteJoinGroup", "GroupId": "r",
                "Type": "Public", "Operator_Account": "a", "DestinationMembers": members,
                "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterNewMemberJoin", "GroupId": "r",
                "Type": "AVChatRoom", "JoinType": "Apply", "Operator_Account": "a",
                "NewMemberList": members, "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterMemberExit", "GroupId": "r",
                "Type": "AVChatRoom", "ExitType": "Kicked", "Operator_Account": "a",
                "ExitMemberList": members, "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterGroupInfoChanged", "GroupId": "r",
                "Type": "AVChatRoom", "Operator_Account": "a", "Notification": "soon",
                "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterGroupDestroyed", "GroupId": "r",
                "Type": "AVChatRoom", "Owner_Account": "a", "Name": "n", "MemberList": [],
                "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterGroupFull", "GroupId": "r",
                "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackOnMemberStateChange", "GroupId": "r",
                "EventType": "Offline", "MemberList": members}),
            json!({"CallbackCommand": "Group.CallbackAfterGroupAttrChanged", "GroupId": "r",
                "Type": "AVChatRoom", "Operator_Account": "a", "OptionType": "modify",
                "GroupAttr": [{"key": "k", "value": "v"}], "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterMemberFieldChanged", "GroupId": "r",
                "Type": "Public", "Operator_Account": "a", "Member_Account": "b",
                "NameCard": "c", "EventTime": 1}),
            json!({"CallbackCommand": "Group.CallbackAfterChangeGroupOwner", "GroupId": "r",
                "Type": "AVChatRoom", "Operator_Account": "a", "OldOwner_Account": "a",
                "NewOwner_Account": "b", "EventTime": 1}),
            json!({"CallbackCommand": "C2C.CallbackAfterMsgReport", "Report_Account": "a",
                "Peer_Account": "b", "LastReadTime": 5, "UnreadMsgNum": 0, "EventTime": 1}),
            json!({"CallbackCommand": "C2C.CallbackAfterMsgWithDraw", "From_Account": "a",
                "To_Account": "b", "MsgKey": "1_2_3", "UnreadMsgNum": 0, "EventTime": 1}),
            json!({"CallbackCommand": "Profile.CallbackPortraitSet", "From_Account": "a",
                "Operator_Account": "a",
                "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "Mei"}], "EventTime": 1}),
            json!({"CallbackCommand": "State.StateChange", "EventTime": 1,
                "Info": {"Action": "Login", "To_Account": "a", "Reason": "Register"},
                "KickedDevice": [{"Platform": "Windows"}]}),
        ] {
            passes(form);
        }
    }

    #[test]
    fn every_command_is_listed_once_with_its_page() {
        assert!(WEBHOOK_COMMANDS.iter().all(|command| command.page.starts_with("product/1047/")));
        for (at, command) in WEBHOOK_COMMANDS.iter().enumerate() {
            assert!(WEBHOOK_COMMANDS[..at].iter().all(|other| other.name != command.name));
            assert_eq!(command.before, command.name.contains("Before"), "{}", command.name);
            assert_eq!(WebhookCommand::named(command.name), Some(command));
        }
        let unknown = serde_json::from_str::<Webhook>(r#"{"CallbackCommand":"?"}"#).unwrap_err();
        for command in WEBHOOK_COMMANDS {
            assert!(unknown.to_string().contains(&format!("`{}`", command.name)));
        }
        assert_eq!(unknown.to_string().matches('`').count(), 2 * (WEBHOOK_COMMANDS.len() + 1));
    }

    #[test]
    fn a_time_is_read_quoted_or_bare_and_written_bare() {
        for form in ["1670574414123", "\"1670574414123\""] {
            assert_eq!(serde_json::from_str::<EventTime>(form).unwrap().0, 1_670_574_414_123);
        }
        assert_eq!(serde_json::to_string(&EventTime(5)).unwrap(), "5");
        for wrong in ["-1", "\"soon\"", "1.5", "null"] {
            assert!(serde_json::from_str::<EventTime>(wrong).is_err(), "{wrong}");
        }
    }
}
