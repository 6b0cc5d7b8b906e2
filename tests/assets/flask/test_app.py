"""The app as a process of its own, asked over HTTP."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
from support import APP, Lab, command, eventually, free_port, get, instance_at, refused, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def address(flask_lab: Lab) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    with running(flask_lab, address):
        yield address


def sample(address: str, name: str, **labels: str) -> float:
    """Read one sample of /metrics; 0 where there is none."""
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    line = re.escape(f"{name}{{{inner}}}" if inner else name)
    found = re.search(rf"^{line} (\S+)$", get(f"http://{address}/metrics").body, re.MULTILINE)
    return float(found[1]) if found else 0


def requests(address: str, method: str, path: str, status: str) -> float:
    name = "flask_http_request_duration_seconds_count"
    return sample(address, name, method=method, path=path, status=status)


def test_index_names_every_path(address: str) -> None:
    answer = get(f"http://{address}/")
    assert answer.status == 200
    assert set(json.loads(answer.body)) == {"/fast", "/slow", "/error", "/metrics", "/healthz"}


def test_every_path_starts_at_zero(address: str) -> None:
    exposition = get(f"http://{address}/metrics").body
    counts = re.findall(
        r"^flask_http_request_duration_seconds_count{(.*)} 0.0$", exposition, re.MULTILINE
    )
    assert counts == [
        f'method="GET",path="{path}",status="{status}"'
        for path, status in (("/", 200), ("/fast", 200), ("/slow", 200), ("/error", 500))
    ]


def test_fast_is_counted_by_method_path_and_status(address: str) -> None:
    for _ in range(3):
        assert get(f"http://{address}/fast").status == 200
    assert requests(address, "GET", "/fast", "200") == 3
    assert sample(address, "flask_http_request_total", method="GET", status="200") == 3


def test_slow_takes_two_seconds_and_falls_into_a_narrow_bucket(address: str) -> None:
    began = time.monotonic()
    assert get(f"http://{address}/slow").status == 200
    assert 1.9 < time.monotonic() - began < 4
    labels = {"method": "GET", "path": "/slow", "status": "200"}
    bucket = "flask_http_request_duration_seconds_bucket"
    assert sample(address, bucket, le="1.9", **labels) == 0
    assert sample(address, bucket, le="2.5", **labels) == 1


def test_error_really_divides_by_zero_and_is_counted_as_500(flask_lab: Lab) -> None:
    address = f"127.0.0.1:{free_port()}"
    with running(flask_lab, address) as process:
        assert get(f"http://{address}/error").status == 500
        assert requests(address, "GET", "/error", "500") == 1
        exceptions = "flask_http_request_exceptions_total"
        assert sample(address, exceptions, method="GET", status="500") == 1
        process.kill()
        assert process.stderr
        assert "ZeroDivisionError: division by zero" in process.stderr.read()


def test_unknown_paths_and_methods_are_folded_into_one(address: str) -> None:
    for number in range(5):
        assert get(f"http://{address}/no/such/{number}").status == 404
        assert get(f"http://{address}/fast", method=f"ODD{number}").status == 405
    assert requests(address, "GET", "unknown", "404") == 5
    assert requests(address, "OTHER", "unknown", "405") == 5
    exposition = get(f"http://{address}/metrics").body
    assert "/no/such" not in exposition
    assert "ODD" not in exposition


def test_metrics_and_healthz_are_not_counted(address: str) -> None:
    get(f"http://{address}/healthz")
    exposition = get(f"http://{address}/metrics").body
    assert "healthz" not in exposition
    assert 'path="/metrics"' not in exposition
    assert "flask_http_request_total{" not in exposition
    assert "flask_http_requests_in_flight 0.0" in exposition


def test_a_request_being_answered_is_in_flight(address: str) -> None:
    slow = threading.Thread(target=get, args=(f"http://{address}/slow",))
    slow.start()
    assert eventually(lambda: sample(address, "flask_http_requests_in_flight") == 1, 1.5)
    slow.join()
    assert sample(address, "flask_http_requests_in_flight") == 0


def test_metrics_are_answered_while_requests_wait(address: str) -> None:
    slow = [threading.Thread(target=get, args=(f"http://{address}/slow",)) for _ in range(16)]
    for one in slow:
        one.start()
    assert eventually(lambda: sample(address, "flask_http_requests_in_flight") == 8, 1.5)
    for one in slow:
        one.join()


@pytest.mark.skipif("sys.platform != 'linux'", reason="process_* are read from /proc")
def test_the_process_is_measured_too(address: str) -> None:
    assert sample(address, "process_resident_memory_bytes") > 1_000_000
    assert sample(address, "process_start_time_seconds") > 0


def test_healthz_tells_which_start_answers(address: str) -> None:
    answer = get(f"http://{address}/healthz")
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok", "instance": "a-token"}


@pytest.mark.skipif("sys.platform != 'linux'", reason="127.0.0.2 is an address on Linux only")
def test_several_addresses_share_their_counters(flask_lab: Lab) -> None:
    port = free_port()
    first, second = f"127.0.0.1:{port}", f"127.0.0.2:{port}"
    with running(flask_lab, first, second):
        get(f"http://{first}/fast")
        get(f"http://{second}/fast")
        assert requests(second, "GET", "/fast", "200") == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]"])  # noqa: S104
def test_every_interface_is_refused(flask_lab: Lab, host: str) -> None:
    line = refused(flask_lab, "--listen", f"{host}:{free_port()}")
    assert "refusing to listen" in line
    assert "every interface" in line


@pytest.mark.parametrize("text", ["127.0.0.1", ":5000", "127.0.0.1:x", "127.0.0.1:70000"])
def test_what_is_no_address_is_told(flask_lab: Lab, text: str) -> None:
    assert f"'{text}' is not an address" in refused(flask_lab, "--listen", text)


def test_a_taken_port_is_told_with_what_to_do(flask_lab: Lab) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        line = refused(flask_lab, "--listen", address)
    assert f"cannot listen on {address}: in use; stop what listens there" in line


def test_an_address_of_another_machine_is_told(flask_lab: Lab) -> None:
    # 192.0.2.0/24 is for documentation: no machine has it.
    line = refused(flask_lab, "--listen", "192.0.2.1:5000")
    assert "cannot listen on 192.0.2.1:5000: no such address here" in line


def cut_off(url: str) -> None:
    """Ask, and get no answer."""
    with pytest.raises(OSError, match=r"closed|reset"):
        get(url)


@pytest.mark.parametrize("busy", [False, True])
def test_sigterm_ends_it_promptly(flask_lab: Lab, *, busy: bool) -> None:
    address = f"127.0.0.1:{free_port()}"
    with running(flask_lab, address) as process:
        if busy:
            threading.Thread(target=cut_off, args=(f"http://{address}/slow",)).start()
            assert eventually(lambda: sample(address, "flask_http_requests_in_flight") == 1, 1.5)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - began < 1


def test_its_log_is_bounded(flask_lab: Lab) -> None:
    limit = re.search(r"^LOG_LIMIT_BYTES = (\S+)$", APP.read_text(), re.MULTILINE)
    assert limit
    log = flask_lab.folder / "flask" / "bounded.log"
    log.write_text("x" * (int(limit[1]) + 1))
    address = f"127.0.0.1:{free_port()}"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(flask_lab, "--listen", address, "--instance", "x"), stderr=output
        )
    try:
        assert eventually(lambda: instance_at(address) == "x")
        get(f"http://{address}/error")
        assert "ZeroDivisionError" in log.read_text()
        assert log.stat().st_size < 10_000
    finally:
        process.kill()
        process.wait()
        log.unlink()
