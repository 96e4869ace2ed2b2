//! Groups and their profile.

use chat_types::Code;
use chat_types::rest::{
    AppidGroupList, ChangeGroupOwner, CreateGroup, GetAppidGroupList, GetGroupInfo, GroupCreated,
    GroupIdOnly, GroupInfo, GroupInfoList, ImportGroup, ModifyGroupBaseInfo,
};
use serde_json::Value;

use crate::client::Client;
use crate::command::{self as commands, Command, Repeat};
use crate::error::Error;

impl Client {
    /// Makes a group. With a `group_id` it is repeated after an unclear failure, and may then answer
    /// 10025 for the group that the first attempt made (see [`Error::Api`]); without one a repeat
    /// would make a second group, so there is none.
    pub async fn create_group(&self, body: &CreateGroup) -> Result<GroupCreated, Error> {
        self.call(&of_new_group(commands::CREATE_GROUP, body), body).await
    }

    /// The profiles of up to 50 groups. Each entry of the answer has its own code; without a filter
    /// [`group_profile`](Self::group_profile) reads one as a type.
    pub async fn get_group_info(&self, body: &GetGroupInfo) -> Result<GroupInfoList, Error> {
        self.call(&commands::GET_GROUP_INFO, body).await
    }

    /// The whole profile of one group, its custom fields among it, by `get_group_info`. A group that
    /// does not exist is [`Error::Api`] with the code of its entry, 10010 or 10015.
    pub async fn group_profile(&self, group_id: &str) -> Result<GroupInfo, Error> {
        let command = commands::GET_GROUP_INFO.name;
        let body = GetGroupInfo { group_id_list: vec![group_id.to_owned()], response_filter: None };
        let mut entries = self.get_group_info(&body).await?.group_info;
        let malformed = |why: &str| Error::Malformed { command, why: why.to_owned() };
        let entry = entries.pop().ok_or_else(|| malformed("there is no entry for the group"))?;
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let code = match entry.get("ErrorCode") {
            None => 0,
            Some(code) => code
                .as_i64()
                .and_then(|code| i32::try_from(code).ok())
                .ok_or_else(|| malformed("the code of the group's entry is no number"))?,
        };
        if code != 0 {
            let info = text("ErrorInfo").to_owned();
            return Err(Error::Api { command, code: Code(code), info, after_unclear: false });
        }
        serde_json::from_value(Value::Object(entry))
            .map_err(|_| malformed("a member of the group's entry has the wrong type"))
    }

    /// Changes the profile of a group: name, texts, avatar, custom fields, the mute of all.
    pub async fn modify_group_base_info(&self, body: &ModifyGroupBaseInfo) -> Result<(), Error> {
        self.tell(&commands::MODIFY_GROUP_BASE_INFO, body).await
    }

    /// Dismisses a group. A repeat after an unclear failure may answer 10010 or 10015 for the group
    /// that the first attempt dismissed.
    pub async fn destroy_group(&self, body: &GroupIdOnly) -> Result<(), Error> {
        self.tell(&commands::DESTROY_GROUP, body).await
    }

    /// Ids of the groups of the application, page by page. The service takes one call in a second.
    pub async fn get_appid_group_list(
        &self,
        body: &GetAppidGroupList,
    ) -> Result<AppidGroupList, Error> {
        self.call(&commands::GET_APPID_GROUP_LIST, body).await
    }

    /// Gives a group to another account.
    pub async fn change_group_owner(&self, body: &ChangeGroupOwner) -> Result<(), Error> {
        self.tell(&commands::CHANGE_GROUP_OWNER, body).await
    }

    /// Makes a group of another system with its own time; not an AVChatRoom. Repeated as
    /// [`create_group`](Self::create_group).
    pub async fn import_group(&self, body: &ImportGroup) -> Result<GroupCreated, Error> {
        self.call(&of_new_group(commands::IMPORT_GROUP, &body.group), body).await
    }
}

/// A group that the caller has named is made once, however often it is asked for.
fn of_new_group(command: Command, body: &CreateGroup) -> Command {
    match body.group_id {
        Some(_) => command.with_repeat(Repeat::Harmless),
        None => command,
    }
}
