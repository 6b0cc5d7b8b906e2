"""The playbook, run by its script, against a server in the Pushgateway's place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import PLAYBOOK, Lab, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ["status", "duration_seconds", "last_run_timestamp_seconds"]
SUCCESS = "last_success_timestamp_seconds"


@dataclass
class Gateway:
    """What was pushed, and what is answered: the last status again and again."""

    url: str
    answers: list[int] = field(default_factory=lambda: [200])
    pushes: list[tuple[str, str]] = field(default_factory=list)

    def body(self) -> str:
        """Give the one push's body, checking where it went."""
        ((path, body),) = self.pushes
        assert path == "/metrics/job/ansible_deployment"
        return body


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        # No do_PUT: that one would erase the last success.
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.pushes.append((self.path, body))
            self.send_response(seen.answers.pop(0) if seen.answers[1:] else seen.answers[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen = Gateway(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever).start()
    yield seen
    server.shutdown()
    server.server_close()


@dataclass
class Playbook:
    """The script with its settings, in an environment that would disturb it if it got in."""

    lab: Lab
    settings: dict[str, str]

    def run(self, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it from stdin, unless PLAYBOOK says otherwise."""
        return self.lab.run("ansible/run.sh", text, **{**self.settings, **settings})


def temporary_folders() -> set[Path]:
    """Find what runs have left behind."""
    return set(Path("/tmp").glob("observability-lab.*"))  # noqa: S108 - where run.sh has it


@pytest.fixture
def playbook(ansible_lab: Lab, tmp_path: Path, gateway: Gateway) -> Iterator[Playbook]:
    before = temporary_folders()
    home = tmp_path / "home"
    home.mkdir()
    settings = {
        "HOME": str(home),
        "PUSHGATEWAY_URL": gateway.url,
        "NGINX_BINARY": "no-such-nginx",
        "ANSIBLE_STDOUT_CALLBACK": "no_such_callback",
        "http_proxy": "http://127.0.0.1:9",
        "LC_ALL": "C",
    }
    yield Playbook(ansible_lab, settings)
    assert list(home.iterdir()) == []
    # those of a lab that is brought up meanwhile go with its run
    left = temporary_folders() - before
    assert eventually(lambda: not left & temporary_folders(), 60)
    kept = {"venv", "requirements.txt", "monitor_playbook.yml", "pushgateway_url"}
    assert {path.name for path in (ansible_lab.folder / "ansible").iterdir()} <= kept


@pytest.fixture
def with_nginx(tmp_path: Path) -> dict[str, str]:
    """Put a stand-in for nginx first on PATH."""
    nginx = tmp_path / "bin" / "nginx"
    nginx.parent.mkdir()
    nginx.write_text("#!/bin/sh\necho 'nginx version: nginx/1.2.3' >&2\n")
    nginx.chmod(0o755)
    return {"NGINX_BINARY": "nginx", "PATH": f"{nginx.parent}:{os.environ['PATH']}"}


def metrics(body: str) -> dict[str, float]:
    """Read the body, each metric with its HELP and TYPE."""
    found = {}
    for name, value in re.findall(
        r"^# HELP ansible_job_(?:\w+) \S.*\n"
        r"# TYPE ansible_job_(?:\w+) gauge\n"
        r'ansible_job_(\w+)\{playbook="monitor_playbook"\} (\S+)$',
        body,
        re.MULTILINE,
    ):
        found[name] = float(value)
    assert body.count("\n") == 3 * len(found)
    assert body.endswith("\n")
    return found


def test_success_is_pushed_with_its_time(
    playbook: Playbook, gateway: Gateway, with_nginx: dict[str, str]
) -> None:
    began = time.time()
    done = playbook.run(PLAYBOOK.read_text(), **with_nginx)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success: nginx is installed (nginx version: nginx/1.2.3)" in done.stdout
    assert done.stderr == ""
    pushed = metrics(gateway.body())
    assert list(pushed) == [*NAMES, SUCCESS]
    assert pushed["status"] == 1
    assert 0 < pushed["duration_seconds"] < 60
    assert began <= pushed["last_run_timestamp_seconds"] <= time.time()
    assert pushed[SUCCESS] == pushed["last_run_timestamp_seconds"]


def test_a_missing_nginx_is_pushed_and_is_no_failure_of_the_play(
    playbook: Playbook, gateway: Gateway
) -> None:
    done = playbook.run(PLAYBOOK.read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failure: nginx is not installed" in done.stdout
    assert "rescued=1" in done.stdout
    pushed = metrics(gateway.body())
    # Without its name in the body, a POST leaves the last success as it was.
    assert list(pushed) == NAMES
    assert pushed["status"] == 0


def test_an_nginx_that_does_not_run_is_told_as_such(playbook: Playbook, gateway: Gateway) -> None:
    done = playbook.run(PLAYBOOK.read_text(), NGINX_BINARY="false")
    assert done.returncode == 0
    assert "Failure: false -v ended with status 1" in done.stdout
    assert metrics(gateway.body())["status"] == 0


def test_a_202_is_accepted_and_a_passing_fault_is_retried(
    playbook: Playbook, gateway: Gateway
) -> None:
    gateway.answers = [503, 202]
    assert playbook.run(PLAYBOOK.read_text()).returncode == 0
    assert len(gateway.pushes) == 2


def test_a_refused_push_fails_the_play_and_says_where(
    playbook: Playbook, gateway: Gateway, with_nginx: dict[str, str]
) -> None:
    gateway.answers = [500]
    done = playbook.run(PLAYBOOK.read_text(), **with_nginx)
    assert done.returncode == 2
    output = f"The push to {gateway.url}/metrics/job/ansible_deployment failed: Status code was 500"
    assert output in done.stdout
    assert "Is the Pushgateway up" in done.stdout
    assert len(gateway.pushes) > 2


def test_an_absent_pushgateway_fails_the_play(playbook: Playbook) -> None:
    done = playbook.run(PLAYBOOK.read_text(), PUSHGATEWAY_URL=f"http://127.0.0.1:{free_port()}/")
    assert done.returncode == 2
    assert re.search(r"The push to http://127.0.0.1:\d+/metrics/job/.*refused", done.stdout)


def test_the_kept_playbook_runs_again_with_the_kept_url(
    playbook: Playbook, gateway: Gateway
) -> None:
    assert playbook.run(PLAYBOOK.read_text()).returncode == 0
    done = playbook.run(PLAYBOOK="kept", PUSHGATEWAY_URL="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(gateway.pushes) == 2


def test_a_long_path_to_the_lab_does_no_harm(
    playbook: Playbook, gateway: Gateway, ansible_lab: Lab, tmp_path: Path
) -> None:
    long = Lab(tmp_path / ("x" * 100))
    long.folder.mkdir(parents=True)
    (long.folder / "ansible").symlink_to(ansible_lab.folder / "ansible")
    playbook.lab = long
    assert playbook.run(PLAYBOOK.read_text()).returncode == 0
    assert metrics(gateway.body())["status"] == 0


def test_an_empty_stdin_keeps_the_old_playbook(playbook: Playbook) -> None:
    kept = playbook.lab.folder / "ansible" / "monitor_playbook.yml"
    kept.write_text("---\n")
    done = playbook.run()
    assert (done.returncode, done.stderr) == (1, "no playbook on stdin\n")
    assert kept.read_text() == "---\n"


def test_without_an_installation_it_says_what_to_do(tmp_path: Path) -> None:
    done = Lab(tmp_path).run("ansible/run.sh", PUSHGATEWAY_URL="x")
    assert done.returncode == 1
    assert "run 'make up' to install it" in done.stderr


def test_the_playbook_is_clean(ansible_lab: Lab, tmp_path: Path) -> None:
    programs = ansible_lab.folder / "ansible" / "venv" / "bin"
    lint = shutil.which("ansible-lint", path=sys.prefix + "/bin") or shutil.which("ansible-lint")
    assert lint, "pip install -r tests/assets/requirements-dev.txt brings it"
    shutil.copy(PLAYBOOK, tmp_path)
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_HOME": str(tmp_path / ".ansible")}
    for command in (
        [programs / "ansible-playbook", "--syntax-check", "-i", "localhost,", PLAYBOOK.name],
        [lint, "--offline", "--strict", "--profile", "production", PLAYBOOK.name],
    ):
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
