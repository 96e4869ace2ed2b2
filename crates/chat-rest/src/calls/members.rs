//! Members: who is there, marks, robots, administrators, mute, ban; and the member calls of groups
//! that store their members.

use chat_types::rest::{
    AddGroupMember, AdminList, BanGroupMember, BannedAccounts, DeleteGroupMember, ForbidSendMsg,
    GetGroupBanMember, GetGroupMemberInfo, GetJoinedGroupList, GetMembers, GetRoleInGroup,
    GroupIdOnly, GroupMembers, ImportGroupMember, JoinedGroupList, MarkedMembers, MemberResults,
    ModifyAdmin, ModifyGroupMemberInfo, ModifyUserInfo, MutedAccounts, OnlineMemberNum,
    OnlineMembers, Robots, RolesInGroup, SetUnreadMsgNum, UnbanGroupMember,
};

use crate::client::Client;
use crate::command as commands;
use crate::error::Error;

impl Client {
    /// Members of a group; of an AVChatRoom the ones who came in last.
    pub async fn get_group_member_info(
        &self,
        body: &GetGroupMemberInfo,
    ) -> Result<GroupMembers, Error> {
        self.call(&commands::GET_GROUP_MEMBER_INFO, body).await
    }

    /// How many are online in a group. The service counts anew every ten seconds.
    pub async fn get_online_member_num(
        &self,
        body: &GroupIdOnly,
    ) -> Result<OnlineMemberNum, Error> {
        self.call(&commands::GET_ONLINE_MEMBER_NUM, body).await
    }

    /// Who is online in an AVChatRoom, page by page.
    pub async fn get_members(&self, body: &GetMembers) -> Result<OnlineMembers, Error> {
        self.call(&commands::GET_MEMBERS, body).await
    }

    /// Sets or removes marks of members; the answer has those to whom it was done.
    pub async fn modify_user_info(&self, body: &ModifyUserInfo) -> Result<MarkedMembers, Error> {
        self.call(&commands::MODIFY_USER_INFO, body).await
    }

    /// Marks accounts as robots, which always count as online.
    pub async fn add_robots(&self, body: &Robots) -> Result<(), Error> {
        self.tell(&commands::ADD_ROBOTS, body).await
    }

    /// Takes the mark of robots away.
    pub async fn del_robots(&self, body: &Robots) -> Result<(), Error> {
        self.tell(&commands::DEL_ROBOTS, body).await
    }

    /// Makes accounts administrators of an AVChatRoom, or takes it from them.
    pub async fn modify_admin(&self, body: &ModifyAdmin) -> Result<(), Error> {
        self.tell(&commands::MODIFY_ADMIN, body).await
    }

    /// Administrators of an AVChatRoom.
    pub async fn get_admin_list(&self, body: &GroupIdOnly) -> Result<AdminList, Error> {
        self.call(&commands::GET_ADMIN_LIST, body).await
    }

    /// Mutes up to 500 members of a group; 0 seconds end the mute.
    pub async fn forbid_send_msg(&self, body: &ForbidSendMsg) -> Result<(), Error> {
        self.tell(&commands::FORBID_SEND_MSG, body).await
    }

    /// Who is muted in a group.
    pub async fn get_group_muted_account(
        &self,
        body: &GroupIdOnly,
    ) -> Result<MutedAccounts, Error> {
        self.call(&commands::GET_GROUP_MUTED_ACCOUNT, body).await
    }

    /// [`get_group_muted_account`](Self::get_group_muted_account) under its older name; the cloud
    /// answers with the older list.
    pub async fn get_group_shutted_uin(&self, body: &GroupIdOnly) -> Result<MutedAccounts, Error> {
        self.call(&commands::GET_GROUP_SHUTTED_UIN, body).await
    }

    /// Takes up to 20 accounts out of a group and keeps them out for a time.
    pub async fn ban_group_member(&self, body: &BanGroupMember) -> Result<(), Error> {
        self.tell(&commands::BAN_GROUP_MEMBER, body).await
    }

    /// Ends the bans of up to 20 accounts.
    pub async fn unban_group_member(&self, body: &UnbanGroupMember) -> Result<(), Error> {
        self.tell(&commands::UNBAN_GROUP_MEMBER, body).await
    }

    /// Who is banned from a group, page by page.
    pub async fn get_group_ban_member(
        &self,
        body: &GetGroupBanMember,
    ) -> Result<BannedAccounts, Error> {
        self.call(&commands::GET_GROUP_BAN_MEMBER, body).await
    }

    /// Adds members; not to an AVChatRoom. A repeat after an unclear failure tells of the members
    /// that the first attempt added that they were members already.
    pub async fn add_group_member(&self, body: &AddGroupMember) -> Result<MemberResults, Error> {
        self.call(&commands::ADD_GROUP_MEMBER, body).await
    }

    /// Takes members out; not of an AVChatRoom, where a ban does it.
    pub async fn delete_group_member(&self, body: &DeleteGroupMember) -> Result<(), Error> {
        self.tell(&commands::DELETE_GROUP_MEMBER, body).await
    }

    /// Changes role, name card or mute of a member; not in an AVChatRoom.
    pub async fn modify_group_member_info(
        &self,
        body: &ModifyGroupMemberInfo,
    ) -> Result<(), Error> {
        self.tell(&commands::MODIFY_GROUP_MEMBER_INFO, body).await
    }

    /// The groups that an account is in.
    pub async fn get_joined_group_list(
        &self,
        body: &GetJoinedGroupList,
    ) -> Result<JoinedGroupList, Error> {
        self.call(&commands::GET_JOINED_GROUP_LIST, body).await
    }

    /// The roles of accounts in a group.
    pub async fn get_role_in_group(&self, body: &GetRoleInGroup) -> Result<RolesInGroup, Error> {
        self.call(&commands::GET_ROLE_IN_GROUP, body).await
    }

    /// How many messages of a group count as unread for a member; not in an AVChatRoom.
    pub async fn set_unread_msg_num(&self, body: &SetUnreadMsgNum) -> Result<(), Error> {
        self.tell(&commands::SET_UNREAD_MSG_NUM, body).await
    }

    /// Adds members of another system with their own times; not to an AVChatRoom.
    pub async fn import_group_member(
        &self,
        body: &ImportGroupMember,
    ) -> Result<MemberResults, Error> {
        self.call(&commands::IMPORT_GROUP_MEMBER, body).await
    }
}
