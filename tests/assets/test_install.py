"""Installing and removing a virtual environment, and behaviour common to all scripts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import ASSETS, SCRIPTS, Lab

if TYPE_CHECKING:
    from pathlib import Path

# pip ends at once: nothing is looked up, and there is nothing to find.
IMPOSSIBLE = f"--no-index\nno-such-thing==1 --hash=sha256:{'0' * 64}\n"


def test_an_install_is_private_and_tells_versions(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert lab.install("flask").startswith("Python 3.")
    for path in (lab.folder, lab.folder.parent, *(lab.folder / "flask").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert {path.name for path in (lab.folder / "flask").iterdir()} == {"venv", "requirements.txt"}

    (lab.folder / "ansible").mkdir()
    for _ in range(2):
        assert lab.run("python/uninstall.sh", VENV="flask").returncode == 0
        assert [path.name for path in lab.folder.iterdir()] == ["ansible"]
    assert lab.run("python/uninstall.sh", VENV="ansible").returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert lab.run("python/uninstall.sh", VENV="ansible").returncode == 0


def test_an_interpreter_without_pip_installs_too(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    text = (ASSETS / "flask" / "requirements.txt").read_text()
    lab = Lab(tmp_path / "state")
    done = lab.run("python/install.sh", text, VENV="flask", PYTHON=str(bare / "bin" / "python"))
    assert done.returncode == 0, done.stderr
    assert "Flask " in done.stdout


def test_the_packages_go_into_the_labs_environment_whatever_pip_is_set_to(tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", other], check=True)
    text = (ASSETS / "flask" / "requirements.txt").read_text()
    done = Lab(tmp_path / "state").run(
        "python/install.sh", text, VENV="flask", PIP_PYTHON=str(other / "bin" / "python")
    )
    assert done.returncode == 0, done.stderr
    assert list(other.glob("lib/python*/site-packages/*")) == []


def test_ansible_is_compiled_whatever_it_is_set_to(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    text = (ASSETS / "ansible" / "requirements.txt").read_text()
    wrong = tmp_path / "ansible.cfg"
    wrong.write_text("[no section")
    done = lab.run("python/install.sh", text, VENV="ansible", ANSIBLE_CONFIG=str(wrong), LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert "ansible-core " in done.stdout
    folder = lab.folder / "ansible"
    assert {path.name for path in folder.iterdir()} == {"venv", "requirements.txt"}
    assert list(
        folder.glob("venv/lib/python*/site-packages/ansible/cli/__pycache__/playbook.*.pyc")
    )


def test_an_environment_in_which_ansible_does_not_start_is_not_kept(tmp_path: Path) -> None:
    text = (ASSETS / "flask" / "requirements.txt").read_text()
    done = Lab(tmp_path).run("python/install.sh", text, VENV="ansible")
    assert done.returncode == 1
    assert "No module named 'ansible'" in done.stderr
    assert "set PYTHON" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failed_install_tells_why_and_leaves_nothing(tmp_path: Path) -> None:
    done = Lab(tmp_path).run("python/install.sh", IMPOSSIBLE, VENV="flask")
    assert done.returncode == 1
    assert "No matching distribution found for no-such-thing==1" in done.stderr
    assert "is the package index reachable" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failed_install_takes_the_old_one_along(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    old = lab.folder / "flask" / "venv" / "bin"
    old.mkdir(parents=True)
    assert lab.run("python/install.sh", IMPOSSIBLE, VENV="flask").returncode == 1
    assert not old.exists()


def test_an_empty_stdin_is_refused(tmp_path: Path) -> None:
    done = Lab(tmp_path).run("python/install.sh", VENV="flask")
    assert (done.returncode, done.stderr) == (1, "no requirements on stdin\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("echo Python 3.9.1; exit 3", "Python 3.9.1 is too old"),
        ("exit 1", "'python' does not work: set PYTHON"),
        (None, "no '"),
    ],
)
def test_an_unfit_interpreter_is_told(tmp_path: Path, text: str | None, output: str) -> None:
    python = tmp_path / "python"
    if text:
        python.write_text(f"#!/bin/sh\n{text}\n")
        python.chmod(0o755)
    done = Lab(tmp_path / "state").run("python/install.sh", "x", VENV="flask", PYTHON=str(python))
    assert done.returncode == 1
    assert done.stderr.replace(str(python), "python").startswith(output)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "../x", "a b", "a;b", ""])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, script: Path, name: str) -> None:
    lab = Lab(tmp_path, name)
    done = lab.run(str(script.relative_to(ASSETS)), VENV="flask", LISTEN="x", HEALTH="x")
    assert done.returncode != 0
    assert "LAB" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_scripts_are_clean() -> None:
    shellcheck = shutil.which("shellcheck", path=sys.prefix + "/bin") or shutil.which("shellcheck")
    assert shellcheck, "pip install -r tests/assets/requirements-dev.txt brings it"
    done = subprocess.run([shellcheck, *SCRIPTS], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""
    assert len(SCRIPTS) == 8


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_python_inside_a_script_is_clean(script: Path) -> None:
    for part in script.read_text().split("<<'PY'\n")[1:]:
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--no-cache", "--ignore=T201,TRY,EM,S603", "-"],
            input='"""Inside a script."""\n\n' + part.partition("\nPY\n")[0] + "\n",
            capture_output=True,
            text=True,
            cwd=ASSETS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
