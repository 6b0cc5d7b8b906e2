"""The app's scripts as the engine runs them: text to a shell, settings in the environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import Flask, Lab, alive, eventually, instance_at

if TYPE_CHECKING:
    from pathlib import Path


def test_start_prints_pid_and_token_and_records_them(flask: Flask) -> None:
    printed, pid, token = flask.started()
    assert printed == f"{pid} {token}\n"
    assert re.fullmatch("tests-[0-9a-f]{12}", token)
    assert instance_at(flask.address) == token
    record = flask.environment / "record.json"
    assert json.loads(record.read_text()) == {
        "pid": pid,
        "instance": token,
        "health": f"http://{flask.address}/healthz",
    }
    assert flask.files() == {"record.json", "app.py", "app.log"}
    for path in flask.environment.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_start_detaches_with_nothing_of_the_callers_environment(flask: Flask) -> None:
    _, pid, _ = flask.started(OF_THE_CALLER="yes")
    assert os.getsid(pid) == pid
    if sys.platform == "linux":
        with open(f"/proc/{pid}/environ") as environ:  # noqa: PTH123
            names = {entry.partition("=")[0] for entry in environ.read().split("\0") if entry}
        assert names == {"PATH"}


def test_starting_again_replaces_and_the_old_stop_spares_the_new(flask: Flask) -> None:
    old, old_pid, old_token = flask.started()
    _, pid, token = flask.started()
    assert not alive(old_pid)
    assert token != old_token
    flask.stop(old)
    assert alive(pid)
    assert instance_at(flask.address) == token
    assert "record.json" in flask.files()


def test_starting_again_ends_one_that_no_record_names(flask: Flask) -> None:
    _, lost, _ = flask.started()
    (flask.environment / "record.json").unlink()
    _, pid, token = flask.started()
    assert not alive(lost)
    assert alive(pid)
    assert instance_at(flask.address) == token


@pytest.mark.parametrize("from_state", [True, False])
def test_stop_ends_it_and_may_be_repeated(flask: Flask, *, from_state: bool) -> None:
    printed, pid, _ = flask.started()
    known = printed if from_state else ""
    flask.stop(known)
    assert not alive(pid)
    assert flask.files() == set()
    flask.stop(known)


def test_stop_works_when_the_folder_is_gone(flask: Flask) -> None:
    printed, pid, _ = flask.started()
    kept = flask.lab.state / "kept"
    flask.environment.rename(kept)
    flask.stop(printed)
    kept.rename(flask.environment)
    assert not alive(pid)


@pytest.mark.parametrize("from_state", [True, False])
def test_a_stranger_with_the_pid_is_not_ended(flask: Flask, *, from_state: bool) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            record = {"pid": stranger.pid, "instance": "tests-0123456789ab"}
            if not from_state:
                (flask.environment / "record.json").write_text(json.dumps(record))
            flask.stop(f"{stranger.pid} tests-0123456789ab\n" if from_state else "")
            assert stranger.poll() is None
        finally:
            stranger.kill()


STUBBORN = """
import http.server, json, signal, sys

signal.signal(signal.SIGTERM, signal.SIG_IGN)
_, _, listen, _, token = sys.argv


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"instance": token}).encode())


http.server.HTTPServer(("127.0.0.1", int(listen.split(":")[1])), Handler).serve_forever()
"""


def test_what_ignores_sigterm_is_killed(flask: Flask) -> None:
    done = flask.start(STUBBORN)
    assert done.returncode == 0, done.stderr
    flask.stop(done.stdout)
    assert not alive(int(done.stdout.split()[0]))


def test_a_taken_port_is_told_and_nothing_stays(flask: Flask, flask_lab: Lab) -> None:
    other = replace(flask_lab, name="other")
    other.folder.mkdir(mode=0o700)
    shutil.copytree(flask.environment / "venv", other.folder / "flask" / "venv", symlinks=True)
    second = Flask(other, flask.address)
    _, pid, token = flask.started()
    try:
        done = second.start()
        assert (done.returncode, done.stdout) == (1, "")
        assert f"cannot listen on {flask.address}: in use" in done.stderr
        assert "record.json" not in second.files()
        assert alive(pid)
        assert instance_at(flask.address) == token
    finally:
        shutil.rmtree(other.folder)


def test_an_app_that_dies_is_told_with_the_end_of_its_log(flask: Flask) -> None:
    done = flask.start("for n in range(30): print('line', n)\nraise SystemExit(3)")
    assert done.returncode == 1
    assert "the app ended with status 3" in done.stderr
    assert done.stderr.splitlines()[1:] == [f"line {n}" for n in range(10, 30)]
    assert "record.json" not in flask.files()


def test_a_cancelled_start_leaves_no_process(flask: Flask) -> None:
    command, environment = flask.lab.command("flask/start.sh", **flask.settings)
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdin
        starter.stdin.write("import time\ntime.sleep(60)")
        starter.stdin.close()
        record = flask.environment / "record.json"
        assert eventually(record.exists)
        pid = json.loads(record.read_text())["pid"]
        starter.send_signal(signal.SIGTERM)
        assert starter.wait(timeout=10) == 1
    assert not alive(pid)
    assert not record.exists()


def test_start_without_an_installation_says_what_to_do(tmp_path: Path) -> None:
    done = Flask(Lab(tmp_path), "127.0.0.1:1").start()
    assert done.returncode == 1
    assert "run 'make up' to install it" in done.stderr
