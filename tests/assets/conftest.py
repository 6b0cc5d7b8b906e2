"""One install of each environment for the whole run, as an install takes seconds, and the app."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support import Flask, Lab, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def flask_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Give a lab whose Flask environment is installed."""
    lab = Lab(tmp_path_factory.mktemp("flask"))
    lab.install("flask")
    return lab


@pytest.fixture(scope="session")
def ansible_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Give a lab whose Ansible environment is installed."""
    lab = Lab(tmp_path_factory.mktemp("ansible"))
    lab.install("ansible")
    return lab


@pytest.fixture(params=[("/bin/sh",), ("bash", "--posix")], ids=["sh", "bash"])
def flask(request: pytest.FixtureRequest, flask_lab: Lab) -> Iterator[Flask]:
    """Give the app of that lab, once for each shell that is here."""
    if not shutil.which(request.param[0]):
        pytest.skip("no such shell here")
    app = Flask(replace(flask_lab, shell=request.param), f"127.0.0.1:{free_port()}")
    yield app
    app.stop()
