//! Every command that the service offers has a method, and every method a command.

use chat_rest::{Client, Error, command};
use chat_types::rest::*;
use std::collections::BTreeSet;

use crate::receiver::{Receiver, Reply};

/// Every member that an answer has to have.
const ANSWER: &str = concat!(
    r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","GroupId":"r","GroupInfo":[],"#,
    r#""MsgTime":1,"MsgSeq":1,"MsgKey":"k","OnlineMemberNum":1,"Rules":{},"#,
    r#""Effective":{"budget_per_s":0,"sender_per_s":0,"slow_mode_s":0,"links":"everybody"},"#,
    r#""Figures":{"online":0,"connections":0,"guests":0,"budget_per_s":0,"received_per_s":0,"#,
    r#""delivered_per_s":0,"tick_ms":0,"classes":{}}}"#
);

/// The commands of `docs/compatibility.md` that are not refused, as `service/command`.
fn offered() -> BTreeSet<String> {
    let page = include_str!("../../../../docs/compatibility.md");
    let rest = page.split("\n## ").find(|part| part.starts_with("REST\n")).unwrap();
    let mut service = "";
    let mut offered = BTreeSet::new();
    for line in rest.lines() {
        if let Some(name) = line.strip_prefix("### `") {
            service = name.strip_suffix('`').unwrap();
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<&str> = row.split(" | ").collect();
            if !cells[3].starts_with("refused") {
                offered.insert(format!("{service}/{}", cells[0].trim_end_matches('`')));
            }
        }
    }
    offered
}

#[test]
fn the_table_has_what_the_service_offers_and_nothing_else() {
    let table: Vec<String> =
        command::ALL.iter().map(|each| format!("{}/{}", each.service, each.name)).collect();
    let set: BTreeSet<String> = table.iter().cloned().collect();
    assert_eq!(set.len(), table.len(), "no command stands twice");
    assert!(set.len() > 60);
    assert_eq!(set, offered());
}

#[tokio::test]
async fn each_command_of_the_table_is_called_by_its_method() {
    let receiver = Receiver::new([Reply::text(ANSWER)]).await;
    call_all(&receiver.client()).await.unwrap();
    let called: Vec<String> = receiver
        .requests()
        .iter()
        .map(|each| each.path.trim_start_matches("/v4/").to_owned())
        .collect();
    let set: BTreeSet<String> = called.iter().cloned().collect();
    assert_eq!(set.len(), called.len(), "no two methods call the same command");
    assert_eq!(set, offered());
}

/// Every method that is named as a command, once.
async fn call_all(client: &Client) -> Result<(), Error> {
    let group = GroupIdOnly::default();
    client.account_import(&AccountImport::default()).await?;
    client.multiaccount_import(&MultiaccountImport::default()).await?;
    client.account_delete(&AccountDelete::default()).await?;
    client.account_check(&AccountCheck::default()).await?;
    client.kick(&Kick::default()).await?;
    client.query_online_status(&QueryOnlineStatus::default()).await?;
    client.querystate(&QueryOnlineStatus::default()).await?;
    client.portrait_set(&PortraitSet::default()).await?;
    client.portrait_get(&PortraitGet::default()).await?;
    client.setnospeaking(&SetNoSpeaking::default()).await?;
    client.getnospeaking(&GetNoSpeaking::default()).await?;
    client.create_group(&CreateGroup::default()).await?;
    client.get_group_info(&GetGroupInfo::default()).await?;
    client.modify_group_base_info(&ModifyGroupBaseInfo::default()).await?;
    client.destroy_group(&group).await?;
    client.get_appid_group_list(&GetAppidGroupList::default()).await?;
    client.change_group_owner(&ChangeGroupOwner::default()).await?;
    client.import_group(&ImportGroup::default()).await?;
    client.get_group_member_info(&GetGroupMemberInfo::default()).await?;
    client.get_online_member_num(&group).await?;
    client.get_members(&GetMembers::default()).await?;
    client.modify_user_info(&ModifyUserInfo::default()).await?;
    client.add_robots(&Robots::default()).await?;
    client.del_robots(&Robots::default()).await?;
    client.modify_admin(&ModifyAdmin::default()).await?;
    client.get_admin_list(&group).await?;
    client.forbid_send_msg(&ForbidSendMsg::default()).await?;
    client.get_group_muted_account(&group).await?;
    client.get_group_shutted_uin(&group).await?;
    client.ban_group_member(&BanGroupMember::default()).await?;
    client.unban_group_member(&UnbanGroupMember::default()).await?;
    client.get_group_ban_member(&GetGroupBanMember::default()).await?;
    client.add_group_member(&AddGroupMember::default()).await?;
    client.delete_group_member(&DeleteGroupMember::default()).await?;
    client.modify_group_member_info(&ModifyGroupMemberInfo::default()).await?;
    client.get_joined_group_list(&GetJoinedGroupList::default()).await?;
    client.get_role_in_group(&GetRoleInGroup::default()).await?;
    client.set_unread_msg_num(&SetUnreadMsgNum::default()).await?;
    client.import_group_member(&ImportGroupMember::default()).await?;
    client.get_group_attr(&group).await?;
    client.modify_group_attr(&WriteGroupAttr::default()).await?;
    client.set_group_attr(&WriteGroupAttr::default()).await?;
    client.clear_group_attr(&group).await?;
    client.delete_group_attr(&DeleteGroupAttr::default()).await?;
    client.update_group_counter(&UpdateGroupCounter::default()).await?;
    client.get_group_counter(&GroupCounterKeys::default()).await?;
    client.delete_group_counter(&GroupCounterKeys::default()).await?;
    client.send_group_msg(&SendGroupMsg::default()).await?;
    client.send_group_system_notification(&SendGroupSystemNotification::default()).await?;
    client.send_broadcast_msg(&SendBroadcastMsg::default()).await?;
    client.group_msg_recall(&GroupMsgRecall::default()).await?;
    client.group_msg_get_simple(&GroupMsgGetSimple::default()).await?;
    client.delete_group_msg_by_sender(&DeleteGroupMsgBySender::default()).await?;
    client.import_group_msg(&ImportGroupMsg::default()).await?;
    client.modify_group_msg(&ModifyGroupMsg::default()).await?;
    client.sendmsg(&SendMsg::default()).await?;
    client.batchsendmsg(&BatchSendMsg::default()).await?;
    client.admin_getroammsg(&AdminGetRoamMsg::default()).await?;
    client.admin_msgwithdraw(&AdminMsgWithdraw::default()).await?;
    client.get_c2c_unread_msg_num(&GetC2cUnreadMsgNum::default()).await?;
    client.admin_set_msg_read(&AdminSetMsgRead::default()).await?;
    client.importmsg(&ImportMsg::default()).await?;
    client.modify_c2c_msg(&ModifyC2cMsg::default()).await?;
    client.modify_room_rules(&ModifyRoomRules::default()).await?;
    client.get_room_rules(&group).await?;
    client.get_room_figures(&group).await?;
    Ok(())
}
