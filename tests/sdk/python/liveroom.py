"""The `liveroom` binary as a process, with one application."""

import json
import os
import queue
import random
import subprocess
import tempfile
import threading

import requests
from TLSSigAPIv2 import TLSSigAPIv2

# Only decides how long a broken service holds up the tests.
PATIENCE_S = 15


def binary():
    path = os.environ.get("LIVEROOM_BIN")
    if not path:
        raise RuntimeError(
            "LIVEROOM_BIN is not set: run this as `cargo xtask test --only sdk-python`"
        )
    return path


class World:
    """A running `liveroom serve`.

    `fields` are names of custom group fields, `settings` those of the application, by name, and
    `options` more arguments of the service.
    """

    def __init__(self, fields=(), settings=None, edition=None, options=()):
        self._folder = tempfile.TemporaryDirectory(prefix="liveroom-sdk-")
        self._process = None
        try:
            app = json.loads(self._app("create", "--name", "shop"))
            self.sdk_app_id = app["sdk_app_id"]
            self.key = app["key"]
            application = ("--sdk-app-id", str(self.sdk_app_id))
            for name in fields:
                self._app("field", "add", "--name", name, *application)
            if edition:
                self._app("edition", "--to", edition, *application)
            for name, value in (settings or {}).items():
                self._app("setting", "--name", name, "--value", str(value), *application)
            self._options = options
            self._serve("127.0.0.1:0")
        except BaseException:
            self.stop()
            raise

    def _app(self, *arguments):
        command = [binary(), "app", *arguments, "--data-dir", self._folder.name]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE_S).stdout

    def _serve(self, address):
        command = [binary(), "serve", "--only", "chat", "--listen", address]
        command += ["--data-dir", self._folder.name]
        command += self._options
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        lines = queue.Queue()
        read = lambda: lines.put(self._process.stdout.readline())
        threading.Thread(target=read, daemon=True).start()
        ready = json.loads(lines.get(timeout=PATIENCE_S))
        self.rest = ready["rest"]
        self.gateway = ready["gateway"]

    def user_sig(self, user, expire_s=3600):
        return TLSSigAPIv2(self.sdk_app_id, self.key).gen_sig(user, expire_s)

    def call(self, command, body):
        """One call of the REST API by the administrator of the application; its answer."""
        url = f"{self.rest}/v4/{command}"
        query = {"sdkappid": self.sdk_app_id, "identifier": "administrator", "contenttype": "json"}
        query |= {"usersig": self.user_sig("administrator"), "random": random.getrandbits(32)}
        answer = requests.post(url, params=query, json=body, timeout=PATIENCE_S).json()
        if answer["ErrorCode"] != 0:
            raise RuntimeError(f"{command}: {answer}")
        return answer

    def restart(self):
        """Stops the service and starts it again where it was."""
        self._end()
        self._serve(self.rest.removeprefix("http://"))

    def stop(self):
        self._end()
        self._folder.cleanup()

    def _end(self):
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._process = None
