"""The package tencentcloud-sdk-python-im, unchanged, through its own option `tencent_url`.

It makes its UserSigs with the package tls-sig-api-v2, and gives back the HTTP answers as they are.
"""

import time
import unittest

from liveroom import World
from tencentcloud_im.tcim_client import (
    BatchMessageObj,
    GroupAppDefinedData,
    GroupAttr,
    GroupObj,
    MessageFile,
    MessageObj,
    MessageText,
    TCIMClient,
)

ROOM = "room_1001"


class SdkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(fields=["product"])
        cls.addClassCleanup(cls.world.stop)
        url = f"{cls.world.rest}/v4"
        key = cls.world.key
        cls.client = TCIMClient(cls.world.sdk_app_id, key, "administrator", tencent_url=url)

    def answer(self, response):
        """The JSON of a response; the package gives None for a call that did not get through."""
        self.assertIsNotNone(response, "the call got through")
        self.assertEqual(response.status_code, 200)
        return response.json()

    def ok(self, response):
        answer = self.answer(response)
        envelope = (answer["ActionStatus"], answer["ErrorCode"], answer["ErrorInfo"])
        self.assertEqual(envelope, ("OK", 0, ""), response.url.split("?")[0])
        return answer

    def refused(self, response, *codes):
        answer = self.answer(response)
        self.assertEqual(answer["ActionStatus"], "FAIL")
        self.assertIn(answer["ErrorCode"], codes, answer["ErrorInfo"])
        self.assertNotEqual(answer["ErrorInfo"], "")

    def imported(self, *users):
        for user in users:
            self.ok(self.client.add_single_user(user, user.title(), ""))

    def room(self, group_id, owner="", **more):
        group = GroupObj(owner, "AVChatRoom", "Evening sale", group_id=group_id, **more)
        self.assertEqual(self.ok(self.client.create_group(group))["GroupId"], group_id)


class Accounts(SdkTest):
    def test_accounts_are_imported_checked_and_deleted(self):
        self.ok(self.client.add_single_user("host", "Mei", "https://img.example/7.png"))
        self.assertEqual(self.ok(self.client.batch_add_users(["ann", "ben"]))["FailAccounts"], [])
        found = self.ok(self.client.search_user(["host", "ben", "nobody"]))["ResultItem"]
        states = {entry["UserID"]: entry["AccountStatus"] for entry in found}
        expected = {"host": "Imported", "ben": "Imported", "nobody": "NotImported"}
        self.assertEqual(states, expected)
        [deleted] = self.ok(self.client.del_user(["ben"]))["ResultItem"]
        self.assertEqual(deleted, {"UserID": "ben", "ResultCode": 0, "ResultInfo": ""})
        [gone] = self.ok(self.client.search_user(["ben"]))["ResultItem"]
        self.assertEqual(gone["AccountStatus"], "NotImported")

    def test_the_state_of_an_account_is_told_and_its_logins_are_ended(self):
        self.imported("absent")
        answer = self.ok(self.client.check_user_online(["absent"]))
        [state] = answer["QueryResult"]
        self.assertEqual((state["To_Account"], state["Status"]), ("absent", "Offline"))
        self.ok(self.client.abolition_user_sig("absent"))

    def test_somebody_who_is_no_administrator_is_refused(self):
        self.imported("viewer")
        world = self.world
        client = TCIMClient(world.sdk_app_id, world.key, "viewer", tencent_url=f"{world.rest}/v4")
        self.refused(client.add_single_user("x", "", ""), 60010)
        stranger = TCIMClient(world.sdk_app_id, "0" * 64, "viewer", tencent_url=f"{world.rest}/v4")
        self.refused(stranger.add_single_user("x", "", ""), 70009)


class Groups(SdkTest):
    def test_a_room_is_made_read_changed_and_dismissed(self):
        self.imported("host")
        product = GroupAppDefinedData("product", "bowl")
        self.room(ROOM, "host", introdction="tonight", applicationData=[product])
        [group] = self.ok(self.client.get_group_detail([ROOM]))["GroupInfo"]
        self.assertEqual((group["Name"], group["Introduction"]), ("Evening sale", "tonight"))
        self.assertEqual(group["AppDefinedData"], [{"Key": "product", "Value": "bowl"}])

        change = {"notification": "be kind", "appDefineData": [GroupAppDefinedData("product", "cup")]}
        self.ok(self.client.update_group_baseinfo(ROOM, group_name="Late sale", **change))
        filters = {"baseInfoFilter": ["Name"], "appDefineDataFilterGroup": ["product"]}
        [group] = self.ok(self.client.get_group_detail([ROOM], **filters))["GroupInfo"]
        self.assertEqual(group["Name"], "Late sale")
        self.assertEqual(group["AppDefinedData"], [{"Key": "product", "Value": "cup"}])
        self.assertNotIn("Notification", group)

        self.ok(self.client.delete_group(ROOM))
        [group] = self.ok(self.client.get_group_detail([ROOM]))["GroupInfo"]
        self.assertIn(group["ErrorCode"], (10010, 10015))
        self.refused(self.client.delete_group(ROOM), 10010, 10015)

    def test_rooms_are_listed(self):
        self.room("listed")
        answer = self.ok(self.client.get_group(group_type="AVChatRoom"))
        self.assertIn({"GroupId": "listed"}, answer["GroupIdList"])
        self.assertGreaterEqual(answer["TotalCount"], 1)
        self.assertEqual(answer["Next"], 0)

    def test_an_empty_room_has_nobody_in_it(self):
        self.room("empty")
        self.assertEqual(self.ok(self.client.get_online_member_num("empty"))["OnlineMemberNum"], 0)
        answer = self.ok(self.client.get_group_mem_info_detail("empty"))
        self.assertEqual((answer["MemberNum"], answer["MemberList"]), (0, []))

    def test_a_room_gets_another_owner(self):
        self.imported("old", "new")
        self.room("handed_over", "old")
        self.ok(self.client.change_group_owner("handed_over", "new"))
        [group] = self.ok(self.client.get_group_detail(["handed_over"]))["GroupInfo"]
        self.assertEqual(group["Owner_Account"], "new")

    def test_members_are_muted_and_listed(self):
        self.imported("loud")
        self.room("muted")
        self.ok(self.client.forbid_send_msg("muted", ["loud"], 600))
        [muted] = self.ok(self.client.get_group_shutup_list("muted"))["ShuttedUinList"]
        self.assertEqual(muted["Member_Account"], "loud")
        self.assertAlmostEqual(muted["ShuttedUntil"], time.time() + 600, delta=300)
        self.ok(self.client.forbid_send_msg("muted", ["loud"], 0))
        self.assertEqual(self.ok(self.client.get_group_shutup_list("muted"))["ShuttedUinList"], [])

    def test_the_whole_room_is_muted(self):
        self.room("silent")
        for state in ("On", "Off"):
            self.ok(self.client.update_group_baseinfo("silent", shutUpFlag=state))
            [group] = self.ok(self.client.get_group_detail(["silent"]))["GroupInfo"]
            self.assertEqual(group["ShutUpAllMember"], state)

    def test_attributes_are_written_read_and_cleared(self):
        self.room("attributes")
        self.ok(self.client.update_group_attr("attributes", [GroupAttr("state", "live")]))
        answer = self.ok(self.client.get_group_attr("attributes"))
        self.assertEqual(answer["GroupAttrAry"], [{"key": "state", "value": "live"}])
        self.ok(self.client.clean_group_attr("attributes"))
        self.assertEqual(self.ok(self.client.get_group_attr("attributes"))["GroupAttrAry"], [])

    def test_what_a_live_room_does_not_have_is_refused(self):
        self.imported("guest")
        self.room("free")
        self.refused(self.client.delete_group_mem("free", ["guest"]), 10004)
        self.refused(self.client.update_group_mem_info("free", "guest", namecard="G"), 10004, 10007)


class Messages(SdkTest):
    def test_messages_are_numbered_one_after_the_other(self):
        self.imported("assistant")
        self.room("talk")
        send = self.client.send_group_message
        first = self.ok(send("talk", [MessageText("hello")], from_account="assistant"))
        second = self.ok(send("talk", [MessageText("again")], msgPriority="High"))
        self.assertEqual((first["MsgSeq"], second["MsgSeq"]), (1, 2))
        self.assertAlmostEqual(first["MsgTime"], time.time(), delta=300)
        self.refused(send("absent", [MessageText("hello")]), 10010, 10015)
        self.refused(send("talk", []), 10004)

    def test_a_system_notification_is_sent(self):
        self.room("notified")
        self.ok(self.client.send_system_message_in_group("notified", "the sale starts"))

    def test_a_message_is_recalled(self):
        self.room("recalled")
        sent = self.ok(self.client.send_group_message("recalled", [MessageText("oops")]))
        answer = self.ok(self.client.recall_group_message("recalled", [sent["MsgSeq"]]))
        self.assertEqual(answer["RecallRetList"], [{"MsgSeq": sent["MsgSeq"], "RetCode": 0}])


class OneToOne(SdkTest):
    def setUp(self):
        self.imported("ann", "ben", "cem")

    def history(self, one, other):
        now = int(time.time())
        return self.ok(self.client.get_message_list(one, other, 100, now - 3600, now + 60))

    def test_a_message_is_sent_found_and_withdrawn(self):
        message = MessageObj("ann", "ben", [MessageText("hello")], extra_data="v1")
        key = self.ok(self.client.send_message(message))["MsgKey"]
        [found] = self.history("ben", "ann")["MsgList"]
        self.assertEqual((found["MsgKey"], found["MsgFlagBits"]), (key, 0))
        expected = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
        self.assertEqual((found["MsgBody"], found["CloudCustomData"]), (expected, "v1"))
        self.ok(self.client.draw_message("ann", "ben", key))
        [found] = self.history("ann", "ben")["MsgList"]
        self.assertEqual(found["MsgFlagBits"], 8)
        self.refused(self.client.draw_message("ann", "ben", key), 20023)

    def test_a_file_without_the_uuid_that_the_documentation_demands_is_refused(self):
        file = MessageFile("https://img.example/offer.pdf", 1024, "offer.pdf")
        batch = BatchMessageObj("ann", ["ben"], [MessageText("look")], [file])
        self.refused(self.client.batch_send_message(batch), 90010)

    def test_a_text_goes_to_many(self):
        batch = BatchMessageObj("ann", ["ben", "nobody"], [MessageText("look")], [])
        answer = self.answer(self.client.batch_send_message(batch))
        self.assertEqual((answer["ActionStatus"], answer["ErrorCode"]), ("SomeError", 0))
        [failed] = answer["ErrorList"]
        self.assertEqual(failed["To_Account"], "nobody")

    def test_unread_messages_are_counted_until_they_are_read(self):
        self.ok(self.client.send_message(MessageObj("cem", "ann", [MessageText("unread")])))
        unread = lambda: self.ok(self.client.get_unread_num("ann", ["cem"]))["C2CUnreadMsgNumList"]
        self.assertEqual(unread(), [{"Peer_Account": "cem", "C2CUnreadMsgNum": 1}])
        self.ok(self.client.set_user_message_read("ann", "cem"))
        self.assertEqual([entry["C2CUnreadMsgNum"] for entry in unread()], [0])
