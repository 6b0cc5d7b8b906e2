"""What the tests of the assets share: a lab in a folder of its own, and how to ask it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ASSETS = Path(__file__).resolve().parents[2] / "assets"
APP = ASSETS / "flask" / "app.py"
PLAYBOOK = ASSETS / "ansible" / "monitor_playbook.yml"
SCRIPTS = sorted(ASSETS.glob("*/*.sh"))
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Lab:
    """A lab's folder, and the scripts run against it as the engine runs them."""

    state: Path
    name: str = "tests"
    shell: tuple[str, ...] = ("/bin/sh",)

    @property
    def folder(self) -> Path:
        """Where the lab keeps its files."""
        return self.state / "observability-lab" / self.name

    def command(self, script: str, **settings: str) -> tuple[list[str], dict[str, str]]:
        """Give the script as text to a shell, and its settings as environment."""
        own = {"XDG_STATE_HOME": str(self.state), "LAB": self.name}
        shared = (ASSETS / "flask" / "process.sh").read_text()
        # the stack puts what those that know the app's process share before each
        before = shared if script.startswith(("flask/", "lab/")) else ""
        text = before + (ASSETS / script).read_text()
        return [*self.shell, "-c", text], {**os.environ, **own, **settings}

    def run(self, script: str, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a script to its end."""
        command, environment = self.command(script, **settings)
        return subprocess.run(
            command, env=environment, input=text, capture_output=True, text=True, check=False
        )

    def install(self, room: str) -> str:
        """Install a room's requirements; what the script printed."""
        text = (ASSETS / room / "requirements.txt").read_text()
        done = self.run("python/install.sh", text, ROOM=room)
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    body: str


def get(url: str, method: str = "GET") -> Answer:
    """Ask, taking an error's status for an answer."""
    try:
        with OPENER.open(urllib.request.Request(url, method=method), timeout=10) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as fault:
        return Answer(fault.code, fault.read().decode())


def instance_at(address: str) -> str | None:
    """Which start of the app answers at an address, if one does."""
    try:
        return str(json.loads(get(f"http://{address}/healthz").body)["instance"])
    except OSError:
        return None


def free_port() -> int:
    """Find a port that nothing has on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has reaped does not."""
    command = ["ps", "-p", str(pid), "-o", "stat="]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


def eventually(question: Callable[[], bool], seconds: float = 10) -> bool:
    """Ask until the answer is yes, or the time is up."""
    limit = time.monotonic() + seconds
    while not question():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True
