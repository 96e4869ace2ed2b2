"""A client of the gateway, written after docs/gateway.md and nothing else.

It has no thread of its own: whoever waits for something reads the frames that come before it.
"""

import collections
import contextlib
import functools
import json
import logging
import random
import socket
import struct
import time
import uuid
import zlib
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

# Only decides how long a broken service holds up the tests.
PATIENCE_S = 15
HEARTBEAT_FACTOR = 2.5
# The library complains about a line that `cut` breaks under its hands.
SILENT = logging.Logger("silent", logging.CRITICAL + 1)
LOST = 1006
# Close codes after which nobody comes back without being asked to.
FINAL = (1000, 4001, 4002, 4003)
DICTIONARY = (
    r'{"t":"member_entered","group_id":"","users":["","count":}{"t":"member_left","operator":"'
    r'{"t":"online","group_id":"","count":"TIMFaceElem","MsgContent":{"Index":"Data":""'
    r'TIMCustomElem","MsgContent":{"Data":"{\"Desc\":\"","Desc":"","Ext":"","Sound":""}}],'
    r'"cloud_custom_data":"","mentions":["mention_all":true{"t":"messages","group_id":"",'
    r'"after":,"messages":[{"seq":,"time_s":17,"from":"","nick":"","priority":"High",'
    r'"priority":"Low","priority":"Normal","elements":[{"MsgType":"TIMTextElem",'
    r'"MsgContent":{"Text":""}}],"client_id":""},{"seq":"own":[{"client_id":"'
).encode()


class Refused(Exception):
    """An `error` frame, as the answer to a request."""

    def __init__(self, answer):
        super().__init__(json.dumps(answer))
        self.answer = answer


def text(words):
    return [{"MsgType": "TIMTextElem", "MsgContent": {"Text": words}}]


def words(message):
    return message["elements"][0]["MsgContent"]["Text"]


class Room:
    """What a client knows of one room. `shown` is what a person has seen, in that order."""

    def __init__(self, group_id):
        self.group_id = group_id
        self.snapshot = None
        self.rules = None
        self.figures = None
        self.forget()

    def forget(self):
        self.highest = 0
        self.ignored = 0
        self.holes = []
        self.shown = []
        self.lost = 0
        self._seqs = set()
        self._said = set()

    def solid(self):
        """The number up to which nothing is missing."""
        return min([self.highest, *(after for after, _ in self.holes)])

    def show(self, message):
        said = (message["from"], message.get("client_id"))
        if message["seq"] in self._seqs or said in self._said:
            return
        self._seqs.add(message["seq"])
        if said[1]:
            self._said.add(said)
        self.shown.append(message)

    def texts(self):
        """What was said, in the order of the room."""
        return [words(m) for m in sorted(self.shown, key=lambda message: message["seq"])]


class Client:
    def __init__(self, gateway, sdk_app_id, user, user_sig, platform="Linux", deflate=False):
        self._gateway = gateway
        login = {"sdk_app_id": sdk_app_id, "user_id": user, "user_sig": user_sig}
        self._login = {"t": "login", **login, "platform": platform}
        if deflate:
            self._login["deflate"] = True
        self.user = user
        self.rooms = {}
        self.outcomes = {}
        self.counts = collections.Counter()
        self.wire_bytes = 0
        self.is_lost_on_the_way = lambda frame: False
        self._line = contextlib.ExitStack()
        self._id = 0
        self.written = {}
        self._unanswered = {}
        self.refusals = []
        self._connect()

    def _connect(self):
        """Signs in. What was asked on a connection that is gone is answered by nobody."""
        self._line.close()
        address = urlsplit(self._gateway)
        line = socket.create_connection((address.hostname, address.port), PATIENCE_S)
        # Whoever does not read is to be slow for the gateway, too: nothing piles up here.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        options = {"compression": None, "ping_interval": None, "max_queue": 1, "logger": SILENT}
        opened = connect(self._gateway, sock=line, max_size=512 * 1024, **options)
        self._socket = self._line.enter_context(opened)
        self._answering = {}
        self._due = []
        self._heartbeat_s = PATIENCE_S
        self._heard = self._spoke = time.monotonic()
        self.session = self.request(self._login)
        self._heartbeat_s = self.session["heartbeat_s"]
        self._pause_s = 0

    def _come_back(self, closed):
        code = closed.rcvd.code if closed.rcvd else LOST
        if code in FINAL:
            raise closed
        for attempt in range(6):
            # Everybody lost the service at once; a pause that is not the same spreads them.
            time.sleep(self._pause_s + random.uniform(0.5, 1) * 0.1 * 2**attempt)
            try:
                self._connect()
                for room in list(self.rooms.values()):
                    self.join(room.group_id)
                for frame in list(self._unanswered.values()):
                    self._ask(frame, self._take_outcome)
                return
            except (OSError, ConnectionClosed):
                continue
        raise closed

    def cut(self):
        """The line goes dead: nothing is said to the other side."""
        linger = struct.pack("ii", 1, 0)
        self._socket.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.cut()
        self._line.close()

    def logout(self):
        """Gives the code with which the gateway closes."""
        self._ask({"t": "logout"})
        try:
            self._wait_here(lambda: False, "the end after logout")
        except ConnectionClosed as closed:
            return closed.rcvd.code

    # Reading.

    def wait(self, condition, what):
        """Reads until the condition holds, and comes back when the connection is lost."""
        while True:
            try:
                return self._wait_here(condition, what)
            except ConnectionClosed as closed:
                self._come_back(closed)

    def _wait_here(self, condition, what):
        end = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            if time.monotonic() >= end:
                raise TimeoutError(f"{self.user} waits for {what}")
            self._read(end)
        return found

    def _read(self, end):
        now = time.monotonic()
        for entry in [entry for entry in self._due if entry[0] <= now]:
            self._due.remove(entry)
            self._ask(*entry[1:])
        if now >= self._spoke + self._heartbeat_s:
            self._ask({"t": "ping"})
        if now >= self._heard + HEARTBEAT_FACTOR * self._heartbeat_s:
            self.cut()
        end = min([end, self._spoke + self._heartbeat_s, *(at for at, *_ in self._due)])
        try:
            data = self._socket.recv(timeout=max(0, end - now))
        except TimeoutError:
            return
        self._heard = time.monotonic()
        self.wire_bytes += len(data)
        if isinstance(data, bytes):
            self.counts["compressed"] += 1
            data = zlib.decompressobj(-15, zdict=DICTIONARY).decompress(data)
        frame = json.loads(data)
        if not self.is_lost_on_the_way(frame):
            self._take(frame)

    def _take(self, frame):
        self.counts[frame["t"]] += 1
        if "id" in frame:
            # The id 0 answers a frame that could not be read, whichever that was.
            asked, then = self._answering.pop(frame["id"], (None, None))
            if then:
                then(asked, frame)
            return
        room = self.rooms.get(frame.get("group_id"))
        match frame["t"]:
            case "messages" if room:
                self._take_messages(room, frame)
            case "missed":
                for name in self.rooms.keys() & set(frame["group_ids"]):
                    self._catch_up(self.rooms[name], self.rooms[name].highest)
            case "shutting_down":
                self._pause_s = frame["retry_after_ms"] / 1000
            case "rules_changed" if room:
                room.rules = frame["rules"]
            case "room_figures" if room:
                room.figures = frame["figures"]

    def _take_messages(self, room, frame):
        own = [{**self._own(entry["client_id"]), **entry} for entry in frame.get("own", [])]
        messages = sorted(frame["messages"] + own, key=lambda message: message["seq"])
        if frame["after"] > room.highest:
            self._catch_up(room, room.highest, messages[0]["seq"])
        for message in messages:
            if message["seq"] > room.ignored:
                room.show(message)
        room.highest = max(room.highest, frame["after"], messages[-1]["seq"])

    def _own(self, client_id):
        frame = self.written[client_id]
        return {"from": self.user, "elements": frame["elements"]}

    # Asking.

    def _ask(self, frame, then=None):
        self._id += 1
        self._answering[self._id] = (frame, then)
        self._socket.send(json.dumps({**frame, "id": self._id}))
        self._spoke = time.monotonic()
        return self._id

    def request(self, frame):
        answers = []
        self._ask(frame, lambda _, answer: answers.append(answer))
        self._wait_here(lambda: answers, f"the answer to {frame['t']}")
        if answers[0]["t"] == "error":
            raise Refused(answers[0])
        return answers[0]

    def join(self, group_id):
        room = self.rooms.get(group_id)
        frame = {"t": "join", "group_id": group_id}
        if room:
            frame["after_seq"] = room.solid()
        done = []
        self._ask(frame, lambda *taken: done.append(self._take_snapshot(*taken)))
        self._wait_here(lambda: done, "the room")
        if isinstance(done[0], Refused):
            raise done[0]
        return done[0]

    def _take_snapshot(self, asked, answer):
        if answer["t"] == "error":
            return Refused(answer)
        room = self.rooms.setdefault(asked["group_id"], Room(asked["group_id"]))
        after = asked.get("after_seq", 0)
        if answer["last_seq"] < after:
            room.forget()
        room.snapshot, room.rules, room.holes = answer, answer["rules"], []
        room.highest = room.ignored = answer["last_seq"]
        for message in answer["messages"]:
            room.show(message)
        if "after_seq" in asked and not answer["complete"]:
            oldest = answer["messages"][0]["seq"] if answer["messages"] else answer["last_seq"] + 1
            self._catch_up(room, after, oldest, is_rest=True)
        return room

    def _catch_up(self, room, after, before=None, is_rest=False):
        """Asks for what is missing. `is_rest`: an answer has said that there is more."""
        room.holes.append((after, before))
        frame = {"t": "catch_up", "group_id": room.group_id, "after_seq": after}
        if before is not None:
            frame["before_seq"] = before
        self._ask(frame, functools.partial(self._take_missing, is_rest))

    def _take_missing(self, is_rest, asked, answer):
        if "retry_after_ms" in answer:
            self._ask_later(answer, asked, functools.partial(self._take_missing, is_rest))
            return
        room = self.rooms[asked["group_id"]]
        after = asked["after_seq"]
        room.holes.remove((after, asked.get("before_seq")))
        messages, is_complete = answer["messages"], answer["complete"]
        for message in messages:
            room.show(message)
            room.highest = max(room.highest, message["seq"])
        if messages and not is_complete:
            self._catch_up(room, after, messages[0]["seq"], is_rest=True)
        elif not messages and (is_rest or not is_complete):
            room.lost += 1

    def _ask_later(self, answer, asked, then):
        at = time.monotonic() + answer["retry_after_ms"] / 1000
        self._due.append((at, asked, then))

    # Speaking.

    def send(self, group_id, said, priority="Normal"):
        """Sends a text and gives its `client_id`; what became of it comes into `outcomes`."""
        client_id = uuid.uuid4().hex
        frame = {"t": "send", "group_id": group_id, "client_id": client_id, "priority": priority}
        frame["elements"] = text(said)
        self.written[client_id] = self._unanswered[client_id] = frame
        try:
            self._ask(frame, self._take_outcome)
        except ConnectionClosed:
            # Whoever waits next comes back and sends it again.
            pass
        return client_id

    def _take_outcome(self, asked, answer):
        if "retry_after_ms" in answer:
            self.refusals.append(answer)
            self._ask_later(answer, asked, self._take_outcome)
            return
        del self._unanswered[asked["client_id"]]
        self.outcomes[asked["client_id"]] = answer

    def outcome(self, client_id):
        return self.wait(lambda: self.outcomes.get(client_id), "what became of the message")

    def say(self, group_id, said, priority="Normal"):
        return self.outcome(self.send(group_id, said, priority))
