"""One install of each room for the whole run, as an install takes seconds."""

from __future__ import annotations

import pytest
from support import Lab


@pytest.fixture(scope="session")
def flask_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Give a lab whose Flask room is installed."""
    lab = Lab(tmp_path_factory.mktemp("flask"))
    lab.install("flask")
    return lab


@pytest.fixture(scope="session")
def ansible_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Give a lab whose Ansible room is installed."""
    lab = Lab(tmp_path_factory.mktemp("ansible"))
    lab.install("ansible")
    return lab
