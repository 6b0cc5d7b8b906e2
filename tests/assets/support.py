"""What the tests of the assets share: a lab in a folder of its own, and how to ask it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

    def install(self, environment: str) -> str:
        """Install an environment's requirements; returns the script's output."""
        text = (ASSETS / environment / "requirements.txt").read_text()
        done = self.run("python/install.sh", text, VENV=environment)
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
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


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


def command(lab: Lab, *arguments: str) -> list[str]:
    """Name the app's program of a lab, and arguments."""
    return [str(lab.folder / "flask" / "venv" / "bin" / "python"), "-I", str(APP), *arguments]


@contextmanager
def running(lab: Lab, *addresses: str) -> Iterator[subprocess.Popen[str]]:
    """Run the app while it listens on these addresses."""
    listen = [word for address in addresses for word in ("--listen", address)]
    full = command(lab, *listen, "--instance", "a-token")
    with subprocess.Popen(full, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert eventually(lambda: instance_at(addresses[0]) == "a-token")
            yield process
        finally:
            process.kill()


def refused(lab: Lab, *arguments: str) -> str:
    """Run the app where it must not start; the one line it says."""
    done = subprocess.run(
        command(lab, *arguments, "--instance", "x"),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@dataclass
class Flask:
    """A lab's app: its address, and its scripts."""

    lab: Lab
    address: str

    @property
    def environment(self) -> Path:
        """Where its files are."""
        return self.lab.folder / "flask"

    @property
    def settings(self) -> dict[str, str]:
        """What start.sh asks for."""
        start = (ASSETS / "flask" / "start.py").read_text()
        return {"LISTEN": self.address, "HEALTH": self.address, "START": start}

    def start(self, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Start the app, or another text."""
        text = text or APP.read_text()
        return self.lab.run("flask/start.sh", text, **{**self.settings, **settings})

    def started(self, **settings: str) -> tuple[str, int, str]:
        """Start it; what was printed, and its two words."""
        done = self.start(**settings)
        assert done.returncode == 0, done.stderr
        pid, token = done.stdout.split()
        return done.stdout, int(pid), token

    def stop(self, printed: str = "") -> None:
        """Stop it, which must work."""
        done = self.lab.run("flask/stop.sh", PULUMI_COMMAND_STDOUT=printed)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def files(self) -> set[str]:
        """Name the files a start leaves."""
        return {path.name for path in self.environment.iterdir()} - {"venv", "requirements.txt"}
