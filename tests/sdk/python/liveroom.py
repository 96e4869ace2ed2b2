"""The `liveroom` binary as a process, with one application."""

import json
import os
import queue
import subprocess
import tempfile
import threading

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
    """A running `liveroom serve`. `fields` are names of custom group fields."""

    def __init__(self, fields=()):
        self._folder = tempfile.TemporaryDirectory(prefix="liveroom-sdk-")
        self._process = None
        try:
            app = json.loads(self._app("create", "--name", "shop"))
            self.sdk_app_id = app["sdk_app_id"]
            self.key = app["key"]
            for name in fields:
                self._app("field", "add", "--name", name, "--sdk-app-id", str(self.sdk_app_id))
            self._serve()
        except BaseException:
            self.stop()
            raise

    def _app(self, *arguments):
        command = [binary(), "app", *arguments, "--data-dir", self._folder.name]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE_S).stdout

    def _serve(self):
        command = [binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", self._folder.name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        lines = queue.Queue()
        read = lambda: lines.put(self._process.stdout.readline())
        threading.Thread(target=read, daemon=True).start()
        ready = json.loads(lines.get(timeout=PATIENCE_S))
        self.rest = ready["rest"]

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
        self._folder.cleanup()
