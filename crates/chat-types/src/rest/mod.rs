//! Bodies of the REST API, `POST /v4/{service}/{command}` ("RESTful API Overview",
//! product/1047/34620).
//!
//! Of a member with two names both are read, and answers give both. Answers that do not come from
//! here may have one of them only, and lack what is not always there. Ids are plain text: the
//! service checks them and refuses with the code of the call. Times are Unix seconds unless said
//! otherwise.

mod accounts;
mod attributes;
mod c2c;
mod counters;
mod groups;
mod members;
mod messages;
mod profiles;
mod rules;

pub use accounts::*;
pub use attributes::*;
pub use c2c::*;
pub use counters::*;
pub use groups::*;
pub use members::*;
pub use messages::*;
pub use profiles::*;
pub use rules::*;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use crate::code::{ApiError, Code};

/// Largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The members that every answer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope<T> {
    /// `OK` or `FAIL`; `SomeError` of a call that reached only some of its accounts. Some answers of
    /// the cloud do not have it: `ErrorCode` decides.
    #[serde(default)]
    pub action_status: String,
    pub error_code: Code,
    #[serde(default)]
    pub error_info: String,
    #[serde(flatten)]
    pub body: T,
}

/// The body of an answer that has nothing to say beyond the envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

impl<T> Envelope<T> {
    pub fn ok(body: T) -> Self {
        Self { action_status: "OK".into(), error_code: Code::OK, error_info: String::new(), body }
    }

    /// `batchsendmsg` reached some of its receivers; the body names the others.
    pub fn some_error(body: T) -> Self {
        Self { action_status: "SomeError".into(), ..Self::ok(body) }
    }

    /// A failure that still has a body.
    pub fn fail_with(error: ApiError, body: T) -> Self {
        Self { action_status: "FAIL".into(), error_code: error.code, error_info: error.info, body }
    }
}

impl Envelope<Nothing> {
    pub fn fail(error: ApiError) -> Self {
        Self::fail_with(error, Nothing {})
    }
}

/// A switch that is a number on the wire: 0 off, 1 on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flag(pub bool);

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(self.0))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Ok(Self(false)),
            1 => Ok(Self(true)),
            other => Err(D::Error::custom(format!("{other} is no switch: use 0 or 1"))),
        }
    }
}

/// An account in a list, as `{"Member_Account": …}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberAccount {
    #[serde(rename = "Member_Account")]
    pub member_account: String,
}

/// An account that a call failed for, in `ErrorList`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountError {
    #[serde(rename = "To_Account")]
    pub to_account: String,
    pub error_code: Code,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Priority;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    /// What was read is written as it came.
    fn passes<T: Serialize + DeserializeOwned>(form: serde_json::Value) -> T {
        let read: T = serde_json::from_value(form.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), form);
        read
    }

    #[test]
    fn the_envelope_stands_beside_the_body_not_around_it() {
        let json = serde_json::to_string(&Envelope::ok(GroupCreated { group_id: "r".into() }));
        assert_eq!(
            json.unwrap(),
            r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","GroupId":"r"}"#
        );
        let fail = Envelope::fail(ApiError::new(Code::GROUP_ID_INVALID, "no such group: r"));
        assert_eq!(
            serde_json::to_string(&fail).unwrap(),
            r#"{"ActionStatus":"FAIL","ErrorCode":10015,"ErrorInfo":"no such group: r"}"#
        );
    }

    #[test]
    fn a_switch_is_0_or_1_and_nothing_else() {
        let read = |json| serde_json::from_str::<Flag>(json);
        assert_eq!((read("0").unwrap(), read("1").unwrap()), (Flag(false), Flag(true)));
        for wrong in ["2", "true", "\"1\"", "1.0", "-1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn older_names_are_read_too() {
        for json in [r#"{"UserID":"a"}"#, r#"{"Identifier":"a"}"#] {
            assert_eq!(serde_json::from_str::<AccountImport>(json).unwrap().user_id, "a");
            assert_eq!(serde_json::from_str::<Kick>(json).unwrap().user_id, "a");
        }
        for name in ["MuteTime", "ShutUpTime"] {
            let body: ForbidSendMsg = serde_json::from_value(
                json!({"GroupId": "r", "Members_Account": ["a"], name: 4_294_967_295_u32}),
            )
            .unwrap();
            assert_eq!(body.mute_time, u32::MAX);
            let body: ModifyGroupMemberInfo =
                serde_json::from_value(json!({"GroupId": "r", "Member_Account": "a", name: 60}))
                    .unwrap();
            assert_eq!(body.mute_time, Some(60));
        }
        for name in ["ShutUpAllMember", "MuteAllMember"] {
            let body: ModifyGroupBaseInfo =
                serde_json::from_value(json!({"GroupId": "r", name: "On"})).unwrap();
            assert_eq!(body.shut_up_all_member.as_deref(), Some("On"));
        }
    }

    #[test]
    fn answers_give_old_and_new_names() {
        let muted = MutedAccounts::new([("a".to_owned(), 7)]);
        assert_eq!(
            serde_json::to_value(muted).unwrap(),
            json!({"MutedAccountList": [{"Member_Account": "a", "MutedUntil": 7}],
                "ShuttedUinList": [{"Member_Account": "a", "ShuttedUntil": 7}]})
        );
        let status = OnlineStatus::new("a", crate::PresenceStatus::Online, Vec::new());
        assert_eq!(
            serde_json::to_value(status).unwrap(),
            json!({"To_Account": "a", "Status": "Online", "State": "Online"})
        );
        let member = MemberInfo { mute_until: 7, shut_up_until: 7, ..MemberInfo::default() };
        let member = serde_json::to_value(member).unwrap();
        assert_eq!((&member["MuteUntil"], &member["ShutUpUntil"]), (&json!(7), &json!(7)));
    }

    #[test]
    fn a_group_message_without_priority_is_normal_and_priority_is_case_sensitive() {
        let json = r#"{"GroupId":"r","Random":1,"MsgBody":[]}"#;
        let body: SendGroupMsg = serde_json::from_str(json).unwrap();
        assert_eq!(body.msg_priority, Priority::Normal);
        let json = r#"{"GroupId":"r","Random":1,"MsgPriority":"high","MsgBody":[]}"#;
        assert!(serde_json::from_str::<SendGroupMsg>(json).is_err());
    }

    #[test]
    fn the_documented_requests_are_read_and_written_unchanged() {
        let text = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]);
        passes::<AccountDelete>(json!({"DeleteItem": [{"UserID": "a"}]}));
        passes::<SetNoSpeaking>(
            json!({"Set_Account": "a", "C2CmsgNospeakingTime": 4_294_967_295_u32,
            "GroupmsgNospeakingTime": 0}),
        );
        passes::<PortraitSet>(json!({"From_Account": "a",
            "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "Mei"},
                {"Tag": "Tag_Profile_IM_Level", "Value": 3}]}));
        passes::<AddGroupMember>(json!({"GroupId": "r", "Silence": 1,
            "MemberList": [{"Member_Account": "a"}]}));
        passes::<DeleteGroupMember>(json!({"GroupId": "r", "Silence": 0, "Reason": "spam",
            "MemberToDel_Account": ["a"]}));
        passes::<ModifyUserInfo>(json!({"GroupId": "r", "CommandType": 1,
            "MemberList": [{"Member_Account": "a", "Marks": [500]}]}));
        passes::<WriteGroupAttr>(json!({"GroupId": "r",
            "GroupAttr": [{"key": "k", "value": "v"}]}));
        passes::<UpdateGroupCounter>(json!({"GroupId": "r",
            "GroupCounter": [{"Key": "likes", "Value": -37}], "Mode": "Increase"}));
        passes::<GroupMsgRecall>(json!({"GroupId": "r", "MsgSeqList": [{"MsgSeq": 100}]}));
        let sent = passes::<SendGroupMsg>(json!({"GroupId": "r", "Random": 52007,
            "From_Account": "assistant", "MsgPriority": "High", "MsgBody": text,
            "OnlineOnlyFlag": 1, "SendMsgControl": ["NoUnread"],
            "ForbidCallbackControl": ["ForbidBeforeSendMsgCallback"],
            "GroupAtInfo": [{"GroupAtAllFlag": 0, "GroupAt_Account": "a"}]}));
        assert!(sent.forbids(FORBID_BEFORE) && !sent.forbids(FORBID_AFTER));
        passes::<SendMsg>(json!({"To_Account": "a", "MsgRandom": 1, "MsgBody": text,
            "SyncOtherMachine": 2, "MsgLifeTime": 0}));
        passes::<BatchSendMsg>(json!({"To_Account": ["a", "b"], "MsgRandom": 1, "MsgBody": text}));
    }
}
