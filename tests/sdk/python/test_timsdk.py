"""The package timsdk, unchanged.

It knows one host only, that of the cloud. What it sends there is carried to the service by an
adapter on its own HTTP session, as a proxy in front of a test machine would do.
"""

import time
import unittest
from urllib.parse import urlsplit

from liveroom import World
from requests.adapters import HTTPAdapter
from timsdk import TimClient

CLOUD = "https://console.tim.qq.com/"


class Detour(HTTPAdapter):
    """Sends to `base` what was meant for the cloud."""

    def __init__(self, base):
        super().__init__()
        self._base = base

    def send(self, request, **options):
        meant = urlsplit(request.url)
        request.url = f"{self._base}{meant.path}?{meant.query}"
        return super().send(request, **{**options, "proxies": {}})


def text(words):
    return {"MsgType": "TIMTextElem", "MsgContent": {"Text": words}}


class TimSdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(fields=["product"])
        cls.addClassCleanup(cls.world.stop)
        cls.client = TimClient(app_id=cls.world.sdk_app_id, app_key=cls.world.key)
        # All parts of the client share one session.
        session = cls.client.profile.get_client()._http
        session.mount(CLOUD, Detour(cls.world.rest))
        cls.accounts = cls.client.im_open_login_svc
        cls.groups = cls.client.group_open_http_svc

    def ok(self, answer):
        envelope = (answer["ActionStatus"], answer["ErrorCode"], answer["ErrorInfo"])
        self.assertEqual(envelope, ("OK", 0, ""))
        return answer

    def refused(self, answer, *codes):
        self.assertEqual(answer["ActionStatus"], "FAIL")
        self.assertIn(answer["ErrorCode"], codes, answer["ErrorInfo"])

    def imported(self, *users):
        for user in users:
            self.ok(self.accounts.account_import(user, nick=user.title()))

    def room(self):
        answer = self.groups.create_group("Evening sale", group_type="AVChatRoom")
        group_id = self.ok(answer)["GroupId"]
        self.assertTrue(group_id.startswith("@TGS#"), group_id)
        return group_id

    def group(self, group_id):
        [group] = self.ok(self.groups.get_group_info([group_id]))["GroupInfo"]
        return group

    def test_accounts_are_imported_kicked_and_deleted(self):
        self.imported("host")
        self.assertEqual(self.ok(self.accounts.im_open_login_svc(["ann", "ben"]))["FailAccounts"], [])
        self.ok(self.accounts.kick("ann"))
        [deleted] = self.ok(self.accounts.account_delete(["ben"]))["ResultItem"]
        self.assertEqual((deleted["UserID"], deleted["ResultCode"]), ("ben", 0))

    def test_its_two_calls_by_get_are_refused_because_only_post_is_documented(self):
        self.refused(self.accounts.account_check(["host"]), 60008)
        self.refused(self.groups.get_app_id_group_list(), 60008)

    def test_an_online_state_is_told_under_its_old_name(self):
        self.imported("absent")
        [state] = self.ok(self.client.open_im.query_state(["absent"]))["QueryResult"]
        self.assertEqual((state["To_Account"], state["State"]), ("absent", "Offline"))

    def test_a_profile_is_set_and_read(self):
        self.imported("host")
        items = [{"Tag": "Tag_Profile_IM_Nick", "Value": "Mei"}]
        self.ok(self.client.profile.portrait_set("host", items))
        answer = self.ok(self.client.profile.portrait_get(["host"], ["Tag_Profile_IM_Nick"]))
        [profile] = answer["UserProfileItem"]
        self.assertEqual(profile["ProfileItem"], items)
        every = self.ok(self.client.profile.portrait_get(["host"]))
        self.assertEqual(every["UserProfileItem"][0]["ResultCode"], 0)

    def test_a_room_is_made_changed_and_dismissed(self):
        room = self.room()
        product = [{"Key": "product", "Value": "bowl"}]
        change = {"notification": "be kind", "app_defined_data": product}
        self.ok(self.groups.modify_group_base_info(room, name="Late sale", **change))
        group = self.group(room)
        self.assertEqual((group["Name"], group["Notification"]), ("Late sale", "be kind"))
        self.assertEqual(group["AppDefinedData"], product)
        self.ok(self.groups.destroy_group(room))
        self.assertIn(self.group(room)["ErrorCode"], (10010, 10015))

    def test_a_room_and_its_members_are_muted(self):
        self.imported("loud")
        room = self.room()
        self.ok(self.groups.modify_group_base_info(room, shut_up_all_member="On"))
        self.assertEqual(self.group(room)["ShutUpAllMember"], "On")
        self.ok(self.groups.forbid_send_msg(room, ["loud"], shut_up_time=600))
        [muted] = self.ok(self.groups.get_group_shut_uin(room))["ShuttedUinList"]
        self.assertEqual(muted["Member_Account"], "loud")
        self.assertAlmostEqual(muted["ShuttedUntil"], time.time() + 600, delta=300)

    def test_messages_are_sent_and_recalled(self):
        room = self.room()
        sent = self.ok(self.groups.send_group_msg(room, [text("hello")], msg_random=1))
        self.assertEqual(sent["MsgSeq"], 1)
        again = self.ok(self.groups.send_group_msg(room, [text("again")], msg_random=2))
        self.assertEqual(again["MsgSeq"], 2)
        self.ok(self.groups.send_group_system_notification(room, "the sale starts"))
        recalled = self.ok(self.groups.group_msg_recall(room, [{"MsgSeq": 1}]))
        self.assertEqual(recalled["RecallRetList"], [{"MsgSeq": 1, "RetCode": 0}])

    def test_one_to_one_messages_are_sent_and_withdrawn(self):
        self.imported("ann", "ben")
        messages = self.client.open_im
        key = self.ok(messages.send_text_msg("ben", "hello", from_account="ann"))["MsgKey"]
        self.ok(messages.admin_msg_withdraw("ben", "ann", key))
        self.ok(messages.batch_send_text_msg(["ben"], "to all", from_account="ann"))
        self.refused(messages.send_text_msg("nobody", "hello"), 20003, 90012, 90048)

    def test_an_account_is_muted_everywhere(self):
        self.imported("loud")
        mute = {"c2c_msg_no_speaking_time": 600, "group_msg_no_speaking_time": 4294967295}
        self.ok(self.client.open_config_svr.set_no_speaking("loud", **mute))
        answer = self.ok(self.client.open_config_svr.get_no_speaking("loud"))
        self.assertEqual(answer["GroupmsgNospeakingTime"], 4294967295)
        self.assertLessEqual(answer["C2CmsgNospeakingTime"], 600)
