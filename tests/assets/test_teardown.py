"""What the teardown removes of a lab, with a program in place of docker, and what it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from support import Lab, alive, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LABEL = "observability-lab.lab"
MANAGER_LABEL = "observability-lab.manager"
# Lists what a file named after the filters holds, and records what it has to remove.
DOCKER = """#!/bin/sh
file=$THINGS/$1
for last; do case $last in label=* | scope=*) file=$file.$last ;; esac; done
case "$1 $2 $3" in
  "info "*NodeID*) echo node ;;
  "info "*) echo "$MANAGER" ;;
  *" ls "*) cat "$file" 2>/dev/null || : ;;
  "network inspect "*) cat "$THINGS/guests" 2>/dev/null || : ;;
  "$FAILS rm "*) echo "Error response from daemon: $1 $last is in use" >&2; exit 1 ;;
  *) echo "$*" >>"$THINGS/removed" ;;
esac
"""


LABELS = {"LABEL": LABEL, "MANAGER_LABEL": MANAGER_LABEL}


@dataclass
class Engine:
    """Stands for the engine: its program, and what it holds."""

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """Put its program before the real one."""
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        things = str(self.folder)
        return {"PATH": path, "THINGS": things, "FAILS": "", "MANAGER": "false", **LABELS}

    def hold(self, lab: str, manager: str = "", **things: list[str]) -> None:
        """Hold things of each kind with a lab's label and, of a whole swarm, a manager's."""
        for kind, names in things.items():
            scope = f".scope={'swarm' if manager else 'local'}" if kind == "network" else ""
            owner = f".label={MANAGER_LABEL}={manager}" if manager else ""
            name = f"{kind}.label={LABEL}={lab}{scope}{owner}"
            (self.folder / name).write_text("\n".join(names) + "\n")

    def removed(self) -> list[str]:
        """Tell what it was asked to remove."""
        log = self.folder / "removed"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    folder = tmp_path / "engine"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    return Engine(folder)


def teardown(lab: Lab, engine: Engine, **settings: str) -> subprocess.CompletedProcess[str]:
    return lab.run("lab/teardown.sh", **{**engine.settings, **settings})


def test_everything_with_the_label_goes_and_nothing_of_another_lab(
    tmp_path: Path, engine: Engine
) -> None:
    engine.hold("tests", container=["c1", "c2"], network=["n1"], volume=["v1", "v2"])
    engine.hold("a-tests", container=["c3"], network=["n2"], volume=["v3"])
    done = teardown(Lab(tmp_path), engine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # what is in use goes after what uses it, the two last side by side
    assert engine.removed()[0] == "container rm --force --volumes c1 c2"
    assert sorted(engine.removed()[1:]) == ["network rm n1", "volume rm v1 v2"]


def test_programs_whose_data_is_kept_or_sent_may_write_it(tmp_path: Path, engine: Engine) -> None:
    engine.hold("tests", container=["c1", "c2"])
    assert teardown(Lab(tmp_path), engine, GRACEFUL="yes").returncode == 0
    assert engine.removed() == ["container stop c1 c2", "container rm --force --volumes c1 c2"]


def test_containers_of_others_leave_the_network_and_stay(tmp_path: Path, engine: Engine) -> None:
    engine.hold("tests", network=["n1"])
    (engine.folder / "guests").write_text("n1 g1\nn1 g2\n\n")
    done = teardown(Lab(tmp_path), engine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert engine.removed() == [
        "network disconnect --force n1 g1",
        "network disconnect --force n1 g2",
        "network rm n1",
    ]


def test_the_services_of_a_swarm_go_before_what_they_use(tmp_path: Path, engine: Engine) -> None:
    engine.hold("tests", container=["c1"], network=["n1"])
    engine.hold("tests", manager="node", network=["n2"], service=["s1", "s2"])
    engine.hold("a-tests", manager="node", service=["s3"])
    done = teardown(Lab(tmp_path), engine, MANAGER="true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(engine.removed()[:2]) == [
        "container rm --force --volumes c1",
        "service rm s1 s2",
    ]
    assert engine.removed()[2:] == ["network rm n1 n2"]


@pytest.mark.parametrize("manager", ["true", "false"])
def test_a_lab_of_the_same_name_that_another_manager_runs_stays(
    tmp_path: Path, engine: Engine, manager: str
) -> None:
    engine.hold("tests", manager="another", network=["n1"], service=["s1"])
    # without the label, as earlier versions made them
    engine.hold("tests", service=["s2"])
    (engine.folder / f"network.label={LABEL}=tests.scope=swarm").write_text("n2\n")
    assert teardown(Lab(tmp_path), engine, MANAGER=manager).returncode == 0
    assert engine.removed() == []


def test_kept_volumes_stay_and_are_told(tmp_path: Path, engine: Engine) -> None:
    engine.hold("tests", volume=["tests-grafana", "tests-grafana-config", "tests-prometheus"])
    done = teardown(Lab(tmp_path), engine, KEEP="tests-prometheus tests-grafana tests-pushgateway")
    assert done.returncode == 0, done.stderr
    assert engine.removed() == ["volume rm tests-grafana-config"]
    assert done.stdout.startswith(
        "kept, and found again by the next up: tests-grafana tests-prometheus ("
    )


def test_nothing_to_remove_is_fine(tmp_path: Path, engine: Engine) -> None:
    done = teardown(Lab(tmp_path), engine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert engine.removed() == []


def test_what_cannot_be_removed_fails_with_the_reason(tmp_path: Path, engine: Engine) -> None:
    engine.hold("tests", network=["n1"], volume=["v1"])
    done = teardown(Lab(tmp_path), engine, FAILS="network")
    assert done.returncode != 0
    assert "network n1 is in use" in done.stderr
    assert "network rm n1" not in engine.removed()


@pytest.mark.parametrize("others", [[], ["a-tests", "tests-b"]])
def test_the_folder_goes_and_that_of_another_lab_stays(
    tmp_path: Path, engine: Engine, others: list[str]
) -> None:
    labs = [Lab(tmp_path, name) for name in ["tests", *others]]
    for lab in labs:
        (lab.folder / "flask" / "venv").mkdir(parents=True)
        (lab.folder / "dashboards").mkdir()
    assert teardown(labs[0], engine).returncode == 0
    assert [lab.folder.exists() for lab in labs] == [False, *[True for _ in others]]
    assert labs[0].folder.parent.exists() == bool(others)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "*"])
def test_a_name_that_is_none_removes_nothing(tmp_path: Path, engine: Engine, name: str) -> None:
    kept = tmp_path / "observability-lab" / "kept"
    kept.mkdir(parents=True)
    assert teardown(Lab(tmp_path, name), engine).returncode != 0
    assert engine.removed() == []
    assert kept.exists()


@pytest.fixture
def starts() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Give what looks like the starts of several labs, by their tokens; none has a record."""
    tokens = [
        "t.est-0123456789ab",
        "t.est-ffffffffffff",
        # other labs, one of whose names holds the other
        "a-t.est-0123456789ab",
        "t.est-b-0123456789ab",
        "t.est-t.est-0123456789ab",
        "t.est-0123456789ab-0123456789ab",
        # a dot stands for itself alone
        "tXest-0123456789ab",
        # no token of a start
        "t.est-0123456789",
        "t.est-0123456789abc",
        "t.est",
    ]
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)", "--listen", "127.0.0.1:1"]
    processes = {token: subprocess.Popen([*sleeper, "--instance", token]) for token in tokens}
    yield processes
    for process in processes.values():
        process.kill()
        process.wait()


def test_every_start_of_the_lab_ends_and_none_of_another(
    tmp_path: Path, engine: Engine, starts: dict[str, subprocess.Popen[bytes]]
) -> None:
    done = teardown(Lab(tmp_path, "t.est"), engine)
    assert (done.returncode, done.stderr) == (0, "")
    ended = ["t.est-0123456789ab", "t.est-ffffffffffff"]
    assert eventually(lambda: not any(alive(starts[token].pid) for token in ended))
    assert [token for token, process in starts.items() if not alive(process.pid)] == ended


@pytest.mark.skipif("sys.platform != 'linux' or os.geteuid() != 0", reason="needs root, on Linux")
def test_a_process_of_another_user_is_left_alone_whatever_its_arguments(
    tmp_path: Path, engine: Engine
) -> None:
    token = "tests-0123456789ab"  # noqa: S105
    arguments = [
        ["--instance", token],
        ["--instance", token, "--instance", "tests-ffffffffffff"],
        [f"\n{os.getpid()} x --instance {token}\n", "--instance", token],
    ]
    # its real user is the other one, as that of a set-user-id program
    halves = [{"user": 65534, "group": 65534}, {"preexec_fn": lambda: os.setresuid(65534, 0, 0)}]
    others = [
        subprocess.Popen(["/bin/sh", "-c", "sleep 60; :", *more], cwd="/", **users)
        for more in arguments
        for users in halves
    ]
    # one argument that holds both words is none of them
    own = subprocess.Popen(["/bin/sh", "-c", "sleep 60; :", f"x --instance {token}"])
    try:
        done = teardown(Lab(tmp_path), engine)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert [process.poll() for process in [*others, own]] == [None] * 7
    finally:
        for process in [*others, own]:
            process.kill()
            process.wait()
