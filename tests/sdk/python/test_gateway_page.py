"""The frames that docs/gateway.md shows have the members that the service writes and reads."""

import collections
import json
import re
import unittest
from pathlib import Path

from gateway_client import DICTIONARY, Client, Refused, text
from liveroom import World

PAGE = Path(__file__).resolve().parents[3] / "docs" / "gateway.md"
# Objects whose members are names of the product's users, or told in a table.
OPEN = ("custom_fields", "attributes", "counters", "classes", "shed", "refused", "MsgContent")
# Needs a reader that is too slow; test_gateway.py has one.
ELSEWHERE = {"missed"}
# Members that only guests, or more newcomers than are named, would bring.
SELDOM = {"login_ok": {".guest"}, "member_entered": {".more"}}
SETTINGS = ("broadcast", "online_member_list", "ban_members", "room_history", "mute_tip")


def examples():
    """All objects in the page's code that have a `t`."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", page, re.S)
    blocks += re.findall(r"`(\{\"t\":[^`\n]*\})`", page)
    for block in blocks:
        block = block.replace(":[…]", ':["…"]').replace(":{…}", ':{"…":0}').strip()
        while block:
            frame, end = json.JSONDecoder().raw_decode(block)
            block = block[end:].strip()
            if "t" in frame:
                yield frame


def is_request(frame):
    """Answers end in _ok, but for three; what comes by itself has no id."""
    is_answer = frame["t"].endswith("_ok") or frame["t"] in ("done", "error", "pong")
    return "id" in frame and not is_answer


def members(value, path=""):
    """The paths of all members, with what the page leaves out at their ends."""
    if isinstance(value, dict) and "…" not in value:
        for name, inner in value.items():
            yield f"{path}.{name}"
            if name not in OPEN:
                yield from members(inner, f"{path}.{name}")
    elif value == ["…"] or isinstance(value, dict):
        yield f"{path}.…"
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, f"{path}[]")


def by_kind(frames):
    found = collections.defaultdict(set)
    for frame in frames:
        found[frame["t"]].update(members(frame))
    return found


class Recorder(Client):
    def __init__(self, *arguments, **options):
        self.frames = []
        super().__init__(*arguments, **options)

    def _take(self, frame):
        self.frames.append(frame)
        super()._take(frame)

    def next(self, kind):
        """Waits for a frame of this kind; the newest of them."""
        of_kind = lambda: [frame for frame in self.frames if frame["t"] == kind]
        return self.wait(of_kind, kind)[-1]

    def ask(self, kind, **frame):
        if kind == "send":
            self.written[frame["client_id"]] = frame
        return self.request({"t": kind, **frame})


class Page(unittest.TestCase):
    def setUp(self):
        settings = dict.fromkeys(SETTINGS, "on")
        self.world = World(fields=["product"], settings=settings, edition="ultimate")
        self.addCleanup(self.world.stop)
        self.clients = []

    def test_every_frame_that_the_page_shows_is_as_the_service_writes_it(self):
        self.converse()
        shown = by_kind(frame for frame in examples() if not is_request(frame))
        written = by_kind(frame for client in self.clients for frame in client.frames)
        self.assertEqual(set(shown) - ELSEWHERE, set(written))
        for kind, paths in sorted(written.items()):
            with self.subTest(kind):
                left_out = tuple(path[:-2] for path in shown[kind] if path.endswith(".…"))
                told = {path for path in shown[kind] if not path.endswith(".…")}
                inside = lambda path: path not in told and path.startswith(left_out)
                seldom = SELDOM.get(kind, set()) - set(paths)
                self.assertEqual({path for path in paths if not inside(path)}, told - seldom)

    def test_every_member_of_a_request_that_the_page_shows_is_read(self):
        viewer = self.login("viewer")
        requests = [frame for frame in examples() if is_request(frame)]
        self.assertGreater(len(requests), 15)
        for frame in requests:
            if "elements" in frame:
                frame["elements"] = text("hello")
            for member in frame.keys() - {"t", "id"}:
                with self.subTest(f"{frame['t']}.{member}"), self.assertRaises(Refused) as refused:
                    viewer.request({**frame, member: [[]]})
                self.assertEqual(refused.exception.answer["code"], 9003)

    def test_the_dictionary_of_compressed_frames_is_that_of_the_page(self):
        self.assertIn(f"\n{DICTIONARY.decode()}\n", PAGE.read_text(encoding="utf-8"))

    def login(self, user, platform="Linux", expire_s=3600):
        world = self.world
        user_sig = world.user_sig(user, expire_s)
        login = (world.gateway, world.sdk_app_id, user, user_sig, platform)
        client = Recorder(*login)
        self.addCleanup(client.close)
        self.clients.append(client)
        return client

    def group(self, command, group_id="demo", **body):
        return self.world.call(f"group_open_http_svc/{command}", {"GroupId": group_id, **body})

    def converse(self):
        """Makes every frame of the page happen that can happen without a broken service."""
        room = "group_open_avchatroom_http_svc"
        call = self.world.call
        for user in ("host", "viewer", "mei"):
            call("im_open_login_svc/account_import", {"UserID": user, "Nick": user.title()})
        body = {"Type": "AVChatRoom", "Name": "The evening kiln", "Owner_Account": "host"}
        self.group("create_group", **body)
        self.group("modify_group_base_info", AppDefinedData=[{"Key": "product", "Value": "bowl"}])
        host, viewer, mei = self.login("host"), self.login("viewer"), self.login("mei")
        phone, late = self.login("viewer", "iOS"), self.login("late", expire_s=3)
        for client in (host, viewer, mei):
            client.join("demo")
        here = {"group_id": "demo"}
        viewer.ask("ping")
        sent = {"client_id": "c1", "priority": "Normal", "elements": text("hello")}
        answer = viewer.ask("send", **here, **sent, cloud_custom_data="v1")
        viewer.next("messages")
        host.next("messages")
        with self.assertRaises(Refused):
            viewer.ask("modify_rules", **here, slow_mode_s=30)
        rules = {"slow_mode_s": 30, "links": "nobody", "blocked_words": ["spam"]}
        host.ask("modify_rules", **here, **rules)
        viewer.ask("send", **here, **{**sent, "client_id": "c2"})
        with self.assertRaises(Refused):
            viewer.ask("send", **here, **{**sent, "client_id": "c3"})
        viewer.next("rules_changed")
        viewer.ask("catch_up", **here, after_seq=0, before_seq=830)
        viewer.ask("history", **here, before_seq=800, count=20)
        viewer.ask("recall", **here, seq=answer["seq"])
        host.next("recalled")
        host.next("room_figures")
        host.next("online")
        host.ask("modify_group", **here, notification="Cups first", mute_all=True)
        self.group("modify_group_base_info", AppDefinedData=[{"Key": "product", "Value": "cup"}])
        viewer.next("group_info_changed")
        self.group("modify_group_attr", GroupAttr=[{"key": "topic", "value": "bowls"}])
        self.group("update_group_counter", GroupCounter=[{"Key": "likes", "Value": 1205}])
        viewer.next("attributes_changed"), viewer.next("counter_changed")
        viewer.join("demo")
        self.group("send_group_system_notification", Content="soon")
        broadcast = {"From_Account": "administrator", "Random": 5, "MsgBody": text("to all")}
        self.group("send_broadcast_msg", **broadcast)
        viewer.next("system_notification"), viewer.next("broadcast")
        marks = [{"Member_Account": "mei", "Marks": [1001]}]
        call(f"{room}/modify_user_info", {"GroupId": "demo", "MemberList": marks, "CommandType": 1})
        call(f"{room}/modify_admin", {"GroupId": "demo", "Admin_Account": ["mei"], "CommandType": 1})
        viewer.next("marks_changed"), viewer.next("admin_changed")
        self.group("forbid_send_msg", Members_Account=["viewer"], MuteTime=60)
        viewer.next("muted"), mei.next("member_muted")
        ban = {"Members_Account": ["viewer"], "Duration": 60, "Description": "rude"}
        self.group("ban_group_member", **ban)
        viewer.next("removed"), mei.next("member_banned")
        self.group("unban_group_member", Members_Account=["viewer"])
        viewer.next("unbanned")
        mei.ask("leave", **here)
        self.group("destroy_group")
        host.next("group_dismissed")
        self.group("create_group", "club", Type="Public", Name="Club", Owner_Account="host")
        self.group("add_group_member", "club", MemberList=[{"Member_Account": "viewer"}])
        self.group("add_group_member", "club", MemberList=[{"Member_Account": "mei"}])
        self.group("delete_group_member", "club", MemberToDel_Account=["mei"])
        host.next("member_entered"), host.next("member_left")
        self.speak_in_private(host, viewer, phone)
        tags = [{"Tag": "Tag_Profile_IM_Nick", "Value": "Vi"}]
        tags.append({"Tag": "Tag_Profile_IM_Image", "Value": "https://img.example/7.png"})
        call("profile/portrait_set", {"From_Account": "viewer", "ProfileItem": tags})
        viewer.next("profile_changed")
        viewer.ask("presence", user_ids=["host", "mei"])
        mei.logout()
        viewer.next("presence_changed")
        call("im_open_login_svc/kick", {"UserID": "host"})
        host.wait(lambda: host.counts["kicked"], "the end of the login")
        late.next("sig_expired")
        self.world.restart()
        viewer.next("shutting_down")

    def speak_in_private(self, host, viewer, phone):
        body = {"client_id": "p1", "elements": text("is it there?"), "cloud_custom_data": "v1"}
        key = viewer.ask("send_c2c", to="host", **body, online_only=False)["key"]
        host.next("c2c_message"), phone.next("c2c_message")
        host.ask("conversations")
        host.ask("c2c_read", peer="viewer")
        viewer.next("c2c_read")
        host.ask("send_c2c", to="viewer", client_id="p2", elements=text("yes"))
        viewer.next("c2c_message")
        viewer.ask("c2c_read", peer="host")
        phone.wait(lambda: any(frame.get("own") for frame in phone.frames), "its own reading")
        viewer.ask("c2c_withdraw", peer="host", key=key)
        host.next("c2c_withdrawn")
        host.ask("c2c_history", peer="viewer", before_key=key, count=20)
        host.ask("c2c_history", peer="viewer", count=20)
