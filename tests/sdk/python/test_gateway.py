"""The client of gateway_client.py against the real service: what docs/gateway.md promises holds."""

import collections
import unittest

from gateway_client import Client, Refused, words
from liveroom import World
from websockets.exceptions import ConnectionClosed


class GatewayTest(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.world = World(options=cls.options)
        cls.addClassCleanup(cls.world.stop)
        cls.world.call("im_open_login_svc/account_import", {"UserID": "host", "Nick": "The kiln"})

    def client(self, user, **options):
        world = self.world
        client = Client(world.gateway, world.sdk_app_id, user, world.user_sig(user), **options)
        self.addCleanup(client.close)
        return client

    def room(self, group_id, **rules):
        """Makes a room with these rules; gives its host, who is in it."""
        body = {"Type": "AVChatRoom", "Name": "Evening sale", "GroupId": group_id}
        self.world.call("group_open_http_svc/create_group", {**body, "Owner_Account": "host"})
        host = self.client("host")
        host.join(group_id)
        if rules:
            host.request({"t": "modify_rules", "group_id": group_id, **rules})
        return host

    def member(self, user, group_id, **options):
        client = self.client(user, **options)
        client.join(group_id)
        return client

    def read_up_to(self, client, group_id, said):
        room = client.rooms[group_id]
        client.wait(lambda: said in room.texts() and not room.holes, f'"{said}"')

    def assert_same(self, group_id, *clients):
        """All were shown the same messages, each of them once, and nothing is missing."""
        expected = clients[0].rooms[group_id].texts()
        for client in clients:
            room = client.rooms[group_id]
            self.assertEqual(room.texts(), expected, client.user)
            self.assertEqual(room.lost, 0, client.user)
        return expected

    def flood(self, client, group_id, count, name, priorities=("Normal",)):
        """Says a lot, with no more on the way than the page allows; the outcome of each."""
        said = {}
        for number in range(count):
            waiting = lambda: sum(sent not in client.outcomes for sent in said) < 32
            client.wait(waiting, "room for one more message")
            priority = priorities[number % len(priorities)]
            said[client.send(group_id, f"{name} {number}", priority)] = f"{name} {number}"
        return [(words, client.outcome(sent)) for sent, words in said.items()]


def delivered(outcomes):
    return [words for words, outcome in outcomes if outcome["delivery"] == "delivered"]


class Rooms(GatewayTest):
    def test_the_snapshot_has_the_room_and_what_was_said_in_it(self):
        host = self.room("snapshot", slow_mode_s=7)
        for said in ("one", "two"):
            host.say("snapshot", said)
        room = self.member("ann", "snapshot").rooms["snapshot"]
        group = room.snapshot["group"]
        self.assertEqual((group["name"], group["type"]), ("Evening sale", "AVChatRoom"))
        self.assertEqual((group["owner"], group["owner_nick"]), ("host", "The kiln"))
        self.assertEqual(room.snapshot["role"], "member")
        self.assertEqual(host.rooms["snapshot"].snapshot["role"], "owner")
        self.assertEqual((room.snapshot["online"], room.snapshot["last_seq"]), (2, 2))
        self.assertEqual(room.rules["slow_mode_s"], 7)
        self.assertEqual(room.texts(), ["one", "two"])

    def test_a_message_is_delivered_under_the_number_that_its_sender_is_told(self):
        host = self.room("numbered")
        ann = self.member("ann", "numbered")
        outcome = ann.say("numbered", "hello")
        self.assertEqual((outcome["delivery"], outcome["seq"]), ("delivered", 1))
        self.assertEqual(outcome["reached"], 1)
        for client in (host, ann):
            self.read_up_to(client, "numbered", "hello")
            [message] = client.rooms["numbered"].shown
            self.assertEqual((message["from"], message["seq"]), ("ann", 1))
            self.assertEqual(message["time_s"], outcome["time_s"])

    def test_a_room_that_is_not_there_is_refused_with_its_code(self):
        ann = self.client("ann")
        with self.assertRaises(Refused) as refused:
            ann.join("absent")
        self.assertEqual(refused.exception.answer["code"], 10015)

    def test_whoever_floods_is_told_the_truth_and_the_others_get_what_was_delivered(self):
        host = self.room("flooded", budget_per_s=5, sender_per_s=0)
        ann = self.member("ann", "flooded")
        ben = self.member("ben", "flooded")
        outcomes = self.flood(ann, "flooded", 60, "flood")
        kinds = collections.Counter(outcome["delivery"] for _, outcome in outcomes)
        self.assertEqual(set(kinds), {"delivered", "sampled_out"})
        for _, outcome in outcomes:
            self.assertEqual(outcome["seq"] > 0, outcome["delivery"] == "delivered")
        # The host's is of a higher class than all that waits.
        self.assertEqual(host.say("flooded", "the end", "High")["delivery"], "delivered")
        for client in (host, ann, ben):
            self.read_up_to(client, "flooded", "the end")
        heard = self.assert_same("flooded", host, ann, ben)
        self.assertEqual(heard, [*delivered(outcomes), "the end"])

    def test_compressed_frames_say_the_same_as_plain_ones(self):
        host = self.room("dense", sender_per_s=0, budget_per_s=0)
        plain = self.member("plain", "dense")
        dense = self.member("dense", "dense", deflate=True)
        self.flood(host, "dense", 50, "flood")
        for client in (plain, dense, host):
            self.read_up_to(client, "dense", "flood 49")
        self.assertEqual(len(self.assert_same("dense", host, plain, dense)), 50)
        self.assertEqual(plain.rooms["dense"].shown, dense.rooms["dense"].shown)
        self.assertGreater(dense.counts["compressed"], 0)
        self.assertEqual(plain.counts["compressed"], 0)
        self.assertLess(dense.wire_bytes, plain.wire_bytes)

    def test_the_figures_that_the_host_is_shown_add_up(self):
        host = self.room("figures", budget_per_s=5, sender_per_s=0, blocked_words=["spam"])
        ann = self.member("ann", "figures")
        outcomes = self.flood(ann, "figures", 40, "flood", ("Low", "Normal", "High"))
        refused = self.flood(ann, "figures", 3, "spam")
        self.assertEqual({outcome["code"] for _, outcome in refused}, {80001})
        classes = lambda: (host.rooms["figures"].figures or {"classes": {}})["classes"]
        total = lambda member: sum(
            sum(row[member].values()) if member in ("shed", "refused") else row[member]
            for name, row in classes().items()
            if name != "tip"
        )
        host.wait(lambda: total("received") == 43 and total("waiting") == 0, "the last figures")
        for name, row in classes().items():
            given = row["delivered"] + row["waiting"]
            given += sum(row["shed"].values()) + sum(row["refused"].values())
            self.assertEqual(row["received"], given, name)
        self.assertEqual(total("delivered"), len(delivered(outcomes)))
        self.assertEqual(total("shed"), 40 - len(delivered(outcomes)))
        self.assertEqual(total("refused"), 3)
        self.assertEqual(ann.rooms["figures"].figures, None)

    def test_slow_mode_says_when_to_speak_again_and_takes_the_message_then(self):
        host = self.room("slow", slow_mode_s=2)
        ann = self.member("ann", "slow")
        ann.say("slow", "one")
        self.assertEqual(ann.say("slow", "two")["delivery"], "delivered")
        [refusal] = ann.refusals
        self.assertEqual(refusal["code"], 9009)
        self.assertTrue(0 < refusal["retry_after_ms"] <= 2000, refusal)
        self.read_up_to(host, "slow", "two")
        self.assertEqual(host.rooms["slow"].texts(), ["one", "two"])


class Gaps(GatewayTest):
    def test_a_lost_line_is_repaired_and_nothing_is_shown_twice(self):
        host = self.room("cut", sender_per_s=0)
        ann = self.member("ann", "cut")
        ben = self.member("ben", "cut")
        for number in range(3):
            host.say("cut", f"before {number}")
            self.read_up_to(ben, "cut", f"before {number}")
            ben.send("cut", f"on the way {number}")
            ben.cut()
            ben.send("cut", f"written while away {number}")
            for said in range(5):
                host.say("cut", f"{number} host {said}")
                ann.say("cut", f"{number} ann {said}")
        for sent in list(ben.written):
            self.assertEqual(ben.outcome(sent)["delivery"], "delivered")
        host.say("cut", "the end")
        for client in (host, ann, ben):
            self.read_up_to(client, "cut", "the end")
        self.assertEqual(len(self.assert_same("cut", host, ann, ben)), 3 * 13 + 1)
        self.assertEqual(ben.counts["login_ok"], 4)

    def test_a_message_whose_answer_was_lost_is_sent_again_and_heard_once(self):
        host = self.room("again")
        ann = self.member("ann", "again")
        first = lambda: ann.counts["login_ok"] < 2
        ann.is_lost_on_the_way = lambda frame: first() and frame["t"] in ("send_ok", "messages")
        sent = ann.send("again", "hello")
        self.read_up_to(host, "again", "hello")
        ann.cut()
        outcome = ann.outcome(sent)
        self.assertEqual((outcome["delivery"], outcome["seq"]), ("delivered", 1))
        self.assertEqual(ann.counts["login_ok"], 2)
        host.say("again", "the end")
        for client in (host, ann):
            self.read_up_to(client, "again", "the end")
        self.assertEqual(self.assert_same("again", host, ann), ["hello", "the end"])

    def test_frames_that_were_lost_are_noticed_by_the_next_one_and_fetched(self):
        host = self.room("holes", sender_per_s=0, budget_per_s=0)
        ann = self.member("ann", "holes")
        lost = [f"flood {number}" for number in (3, 4, 11)] + ["own 1"]
        sent = []

        def is_lost(frame):
            own = [entry["client_id"] for entry in frame.get("own", [])]
            said = [words(message) for message in frame.get("messages", [])]
            return frame["t"] == "messages" and (set(said) & set(lost) or own == sent[1:2])

        ann.is_lost_on_the_way = is_lost
        for number in range(12):
            host.say("holes", f"flood {number}")
            if number % 4 == 1:
                sent.append(ann.send("holes", f"own {number // 4}"))
                ann.outcome(sent[-1])
        host.say("holes", "the end")
        for client in (host, ann):
            self.read_up_to(client, "holes", "the end")
        self.assertEqual(len(self.assert_same("holes", host, ann)), 16)
        self.assertGreaterEqual(ann.counts["catch_up_ok"], 3)

    def test_a_hole_that_is_open_when_the_line_is_lost_is_closed_afterwards(self):
        host = self.room("open")
        ann = self.member("ann", "open")
        first = lambda: ann.counts["login_ok"] < 2
        hidden = lambda frame: frame["t"] == "catch_up_ok" or frame.get("after") == 0
        ann.is_lost_on_the_way = lambda frame: first() and hidden(frame)
        for said in ("one", "two"):
            host.say("open", said)
        room = ann.rooms["open"]
        ann.wait(lambda: room.holes, "the hole")
        self.assertEqual(room.texts(), ["two"])
        ann.cut()
        for client in (host, ann):
            self.read_up_to(client, "open", "one")
        self.assertEqual(self.assert_same("open", host, ann), ["one", "two"])

    def test_a_reader_that_was_too_slow_is_told_and_fetches_what_was_left_out(self):
        host = self.room("slow", sender_per_s=0, budget_per_s=0)
        ann = self.member("ann", "slow")
        long = "long " + "x" * 10_000
        self.flood(host, "slow", 600, long)
        host.say("slow", "the end")
        for client in (host, ann):
            self.read_up_to(client, "slow", "the end")
        self.assertEqual(len(self.assert_same("slow", host, ann)), 601)
        self.assertGreater(ann.counts["missed"], 0)

    def test_a_long_absence_is_made_good_in_several_answers(self):
        host = self.room("away", sender_per_s=0, budget_per_s=0)
        ann = self.member("ann", "away")
        ann.say("away", "before")
        self.read_up_to(ann, "away", "before")
        ann.cut()
        self.flood(host, "away", 60, "long " + "x" * 10_000)
        ann.say("away", "back")
        for client in (host, ann):
            self.read_up_to(client, "away", "back")
        self.assertFalse(ann.rooms["away"].snapshot["complete"])
        self.assertEqual(len(self.assert_same("away", host, ann)), 62)

    def test_whoever_left_gets_the_newest_messages_and_knows_that_others_are_missing(self):
        host = self.room("left", sender_per_s=0)
        ann = self.member("ann", "left")
        host.say("left", "before")
        self.read_up_to(ann, "left", "before")
        ann.request({"t": "leave", "group_id": "left"})
        self.flood(host, "left", 30, "away")
        room = ann.join("left")
        ann.wait(lambda: not room.holes, "the rest")
        self.assertEqual(room.texts(), ["before", *(f"away {number}" for number in range(10, 30))])
        self.assertEqual(room.lost, 1)

    def test_after_a_restart_of_the_service_the_room_goes_on(self):
        host = self.room("restarted")
        ann = self.member("ann", "restarted")
        host.say("restarted", "before")
        self.read_up_to(ann, "restarted", "before")
        self.world.restart()
        self.assertEqual(host.say("restarted", "after")["delivery"], "delivered")
        for client in (host, ann):
            self.read_up_to(client, "restarted", "after")
        self.assertEqual(self.assert_same("restarted", host, ann), ["before", "after"])
        numbers = [message["seq"] for message in ann.rooms["restarted"].shown]
        self.assertEqual(numbers, sorted(set(numbers)))


class Connections(GatewayTest):
    options = ("--heartbeat-s", "1")

    def test_a_client_that_has_nothing_to_say_stays_by_its_heartbeat(self):
        ann = self.client("ann")
        self.assertEqual(ann.session["heartbeat_s"], 1)
        ann.wait(lambda: ann.counts["pong"] >= 3, "pongs for longer than the gateway's patience")
        self.assertEqual(ann.counts["login_ok"], 1)

    def test_a_second_login_ends_the_first_which_does_not_come_back_by_itself(self):
        first = self.client("mei")
        second = self.client("mei")
        with self.assertRaises(ConnectionClosed) as closed:
            first.wait(lambda: False, "the end")
        self.assertEqual((first.counts["kicked"], closed.exception.rcvd.code), (1, 4002))
        self.assertEqual(second.logout(), 1000)

    def test_a_user_sig_of_somebody_else_is_refused_and_the_connection_closed(self):
        world = self.world
        with self.assertRaises(Refused) as refused:
            Client(world.gateway, world.sdk_app_id, "ann", world.user_sig("ben"))
        self.assertEqual(refused.exception.answer["code"], 70013)
