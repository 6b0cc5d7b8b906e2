"""What the app's scripts make of processes that belong to another user of the machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import eventually

if TYPE_CHECKING:
    from support import Flask


@pytest.mark.skipif("sys.platform != 'linux' or os.geteuid() != 0", reason="needs root, on Linux")
def test_a_start_that_is_another_users_is_left_alone_and_told(flask: Flask) -> None:
    token = "tests-0123456789ab"  # noqa: S105
    sleeper = ["/bin/sh", "-c", "sleep 60; :", "--instance", token]
    with subprocess.Popen(sleeper, cwd="/", user=65534) as other:
        try:
            done = flask.lab.run("flask/stop.sh", PULUMI_COMMAND_STDOUT=f"{other.pid} {token}\n")
            assert done.returncode == 0
            assert f"process {other.pid} looks like this lab's app" in done.stderr
            assert other.poll() is None
        finally:
            other.kill()


SQUATTER = """
import http.server, json, pathlib, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            words = path.read_text().split("\\0")
            if "app.py" in words and f"127.0.0.1:{sys.argv[1]}" in words:
                self.wfile.write(json.dumps({"instance": words[-2]}).encode())

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.skipif("sys.platform != 'linux' or os.geteuid() != 0", reason="needs root, on Linux")
def test_another_users_answer_with_the_token_is_not_the_apps(flask: Flask) -> None:
    port = flask.address.partition(":")[2]
    python = shutil.which("python3", path="/usr/bin")
    if not python:
        pytest.skip("no Python that another user may run")
    squatter = [python, "-c", SQUATTER, port]
    with subprocess.Popen(squatter, cwd="/", user=65534, stderr=subprocess.DEVNULL) as other:
        try:
            assert eventually(lambda: not_free(int(port)))
            # an app that takes its time, and has not yet seen that its port is taken
            done = flask.start("import time\ntime.sleep(2)\nraise SystemExit(1)")
            assert done.returncode == 1
            assert "the app ended with status 1" in done.stderr
        finally:
            other.kill()


def not_free(port: int) -> bool:
    """Tell whether something listens on loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
