"""Whom the app answers where it listens for one network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support import Lab, free_port, refused, running

if TYPE_CHECKING:
    from collections.abc import Iterator


def ask_from(source: str, address: str) -> bytes:
    """Ask for /healthz from an address; what was answered before the connection was closed."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 5, (source, 0)) as connection:
        try:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b""))
        except ConnectionError:
            return b""


@contextmanager
def stranger() -> Iterator[list[str]]:
    """Give a command's beginning that runs it in a neighbour's place: 10.213.7.2, we 10.213.7.1."""
    ip, name = shutil.which("ip"), f"flask-{os.getpid()}"
    if sys.platform != "linux" or os.geteuid() != 0 or not ip:
        pytest.skip("needs root and ip, on Linux")
    link = f"fl{os.getpid()}"[:15]
    inside = [ip, "netns", "exec", name]
    made = subprocess.run([ip, "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no network namespace here: {made.stderr}")
    try:
        for command in (
            [ip, "link", "add", link, "type", "veth", "peer", "name", "peer", "netns", name],
            [ip, "addr", "add", "10.213.7.1/30", "dev", link],
            [ip, "link", "set", link, "up"],
            [*inside, ip, "addr", "add", "10.213.7.2/30", "dev", "peer"],
            [*inside, ip, "link", "set", "peer", "up"],
        ):
            subprocess.run(command, check=True)
        yield inside
    finally:
        subprocess.run([ip, "netns", "del", name], check=True)


HOLD = """
import socket, sys
held = [socket.create_connection(("10.213.7.1", int(sys.argv[1])), 5) for _ in range(150)]
held[0].settimeout(5)
try:
    held[0].sendall(b"GET /healthz HTTP/1.0\\r\\n\\r\\n")
    print(held[0].recv(100))
except ConnectionError:
    print(b"")
sys.stdout.flush()
sys.stdin.read()
"""


def test_only_the_peers_of_a_network_are_answered_and_this_machine(flask_lab: Lab) -> None:
    with stranger() as inside:
        port = free_port()
        address = f"10.213.7.1:{port}"
        hold = [*inside, sys.executable, "-c", HOLD, str(port)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        # one network is the neighbour's, the other is not
        for network, answered in (("10.213.7.0/30", True), ("10.213.7.1/32", False)):
            with (
                running(flask_lab, f"127.0.0.1:{port}", f"{address},{network}"),
                subprocess.Popen(hold, **pipes) as holder,
            ):
                assert holder.stdout
                assert ("200 OK" in holder.stdout.readline()) == answered
                # those who are closed hold neither a connection nor a thread of the app
                if not answered:
                    for source in ("10.213.7.1", "127.0.0.1"):
                        assert b'"a-token"' in ask_from(source, address)
                holder.communicate()


@pytest.mark.skipif("sys.platform != 'linux'", reason="127.0.0.2 is an address on Linux only")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]"])
def test_an_address_in_ipv6_is_the_same_address(flask_lab: Lab, host: str) -> None:
    port = free_port()
    with running(flask_lab, f"127.0.0.2:{port}", f"{host}:{port},127.0.0.4/31"):
        # the first is this machine, the second is in the network, and the last is neither
        for source, answered in (("127.0.0.1", True), ("127.0.0.5", True), ("127.0.0.6", False)):
            assert (b'"a-token"' in ask_from(source, f"127.0.0.1:{port}")) == answered


@pytest.mark.parametrize("network", ["", "x", "172.30.90.1/24", "172.30.90.0/33", "0/0,"])
def test_what_is_no_network_is_told(flask_lab: Lab, network: str) -> None:
    line = refused(flask_lab, "--listen", f"127.0.0.1:{free_port()},{network}")
    assert line == f"app.py: {network!r} is not a network: write one such as 172.30.90.0/24"
