"""The lab's example app: four paths to watch, and what Prometheus reads about them."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import logging
import os
import signal
import socket
import stat
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import waitress
from flask import Flask, Request, g, jsonify, request
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_flask_exporter import PrometheusMetrics
from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask.typing import ResponseReturnValue
    from prometheus_client.registry import Collector
    from waitress.channel import HTTPChannel

THREADS = 8
SLOW_SECONDS = 2.0
LOG_LIMIT_BYTES = 1_000_000
# Around 2 s the buckets are narrow, so that a quantile of /slow is read true.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 1.9, 2.1, 2.5, 3, 5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
UNTRACKED = frozenset({"/metrics", "/healthz"})
STATUSES = {"/": 200, "/fast": 200, "/slow": 200, "/error": 500}
PATHS = {
    "/fast": "answers at once",
    "/slow": f"answers after {SLOW_SECONDS:g} seconds",
    "/error": "divides by zero and answers 500",
    "/metrics": "what Prometheus reads",
    "/healthz": "whether the app is up, and which start of it",
}


class ListenError(Exception):
    """An address the app cannot or must not listen on."""


class Listener(socket.socket):
    """Listens for all, or for one network and this machine; closes any other connection."""

    peers: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None

    def accept(self) -> tuple[socket.socket, object]:
        """Accept a peer; waitress takes the error for a connection that ended by itself."""
        connection, address = super().accept()
        if self.peers is None or plain(address[0]) in self.peers or self.is_own(address[0]):
            return connection, address
        connection.close()
        raise ConnectionAbortedError(errno.ECONNABORTED, "not a peer")

    def is_own(self, address: str) -> bool:
        """Tell this machine, which Docker masquerades, by its route: it starts at its address."""
        with socket.socket(self.family, socket.SOCK_DGRAM) as probe, suppress(OSError):
            probe.connect((address, 9))  # of a datagram: sends nothing
            return plain(probe.getsockname()[0]) == plain(address)
        return False


class BoundedLog(logging.StreamHandler):  # [Any] would need Python 3.11
    """Logs to stderr; empties the file behind it once it is past the limit."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, never letting a log file fill the disk."""
        descriptor = self.stream.fileno()
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_size > LOG_LIMIT_BYTES:
            os.ftruncate(descriptor, 0)
        super().emit(record)


class Dispatcher(ThreadedTaskDispatcher):
    """Answers scrapes and health checks at once: queued behind other requests, they time out."""

    def add_task(self, task: HTTPChannel) -> None:
        """Queue a request, or answer it at once; one that cannot be read has no path."""
        if getattr(task.requests[0], "path", "") in UNTRACKED:
            threading.Thread(target=task.service, daemon=True).start()
        else:
            super().add_task(task)


class Registry(CollectorRegistry):
    """Starts the durations of each path at 0: a rate does not count what a series begins with."""

    def register(self, collector: Collector) -> None:
        """Register a collector, and create the series of the exporter's histogram."""
        super().register(collector)
        if isinstance(collector, Histogram):
            for route, status in STATUSES.items():
                collector.labels("GET", route, status)


def path(req: Request) -> str:
    """Name the route, which bounds the label's values; its own name is the label's."""
    return req.url_rule.rule if req.url_rule else "unknown"


def bound_methods(app: WSGIApplication) -> WSGIApplication:
    """Fold made-up request methods into one, as they become a label's values."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in METHODS:
            environ["REQUEST_METHOD"] = "OTHER"
        return app(environ, start_response)

    return call


def count_in_flight(app: Flask, registry: CollectorRegistry) -> None:
    """Keep a gauge of the requests being answered right now."""
    in_flight = Gauge(
        "flask_http_requests_in_flight",
        "Number of HTTP requests being answered",
        registry=registry,
    )

    def enter() -> None:
        if request.path not in UNTRACKED:
            g.counted = True
            in_flight.inc()

    def leave(_: BaseException | None) -> None:
        if g.pop("counted", False):
            in_flight.dec()

    app.before_request(enter)
    app.teardown_request(leave)


def create_app(instance: str) -> Flask:
    """Build the app; `instance` identifies this start of the lab's app."""
    app = Flask("observability_lab", static_folder=None)
    # FLASK_DEBUG in someone's environment would turn the 500 of /error into a raise.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.wsgi_app = bound_methods(app.wsgi_app)  # type: ignore[method-assign,assignment]

    registry = Registry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    metrics = PrometheusMetrics(app, registry=registry, group_by=path, buckets=BUCKETS)
    count_in_flight(app, registry)

    @app.get("/")
    def index() -> ResponseReturnValue:
        return jsonify(PATHS)

    @app.get("/fast")
    def fast() -> ResponseReturnValue:
        return "fast\n"

    @app.get("/slow")
    def slow() -> ResponseReturnValue:
        time.sleep(SLOW_SECONDS)
        return "slow\n"

    @app.get("/error")
    def error() -> ResponseReturnValue:
        return str(1 / 0)

    @app.get("/healthz")
    @metrics.do_not_track()
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok", instance=instance)

    return app


def plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address; an IPv4 address that is mapped into IPv6 is that IPv4 address."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def parse_address(text: str) -> tuple[str, int]:
    """Split `host:port` or `[host]:port`."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:  # noqa: PLR2004
        msg = f"{text!r} is not an address: write host:port, for example 127.0.0.1:5000"
        raise ListenError(msg)
    return host, int(port)


def open_socket(listen: str) -> socket.socket:
    """Listen on one address, or say what stands in the way."""
    text, comma, network = listen.partition(",")
    host, port = parse_address(text)
    try:
        peers = ipaddress.ip_network(network) if comma else None
    except ValueError as error:
        msg = f"{network!r} is not a network: write one such as 172.30.90.0/24"
        raise ListenError(msg) from error
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        msg = f"cannot listen on {text}: {host} cannot be resolved ({error.strerror})"
        raise ListenError(msg) from error
    family, kind, proto, _, sockaddr = found[0]
    # The resolved address is asked, as "0" and "::ffff:0.0.0.0" mean every interface too.
    resolved = plain(str(sockaddr[0]))
    if resolved.is_unspecified:
        msg = f"refusing to listen on {text}, which is every interface: name one address"
        raise ListenError(msg)
    listener = Listener(family, kind, proto)
    listener.peers = peers
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(sockaddr)
        # Linux lets two sockets bind the same address until one of them listens.
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise ListenError(explain(text, error)) from error
    return listener


def explain(text: str, error: OSError) -> str:
    """Say in one line why an address could not be had, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"cannot listen on {text}: in use; stop what listens there or choose another port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"cannot listen on {text}: no such address here; is the lab's network up?"
    return f"cannot listen on {text}: {error.strerror}; choose another address or port"


def stop(_signal: int, _frame: object) -> None:
    """Leave at once: waitress would wait 5 s for a /slow, and nothing here needs saving."""
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Listen on the given addresses until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", action="append", required=True, metavar="HOST:PORT[,NETWORK]")
    parser.add_argument("--instance", required=True, help="what /healthz answers as 'instance'")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, stop)
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[BoundedLog()],
    )
    # A queue is what /slow is for; a line for each request that waits helps nobody.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        sockets = [open_socket(text) for text in options.listen]
    except ListenError as error:
        sys.stderr.write(f"app.py: {error}\n")
        return 1
    dispatcher = Dispatcher()
    dispatcher.set_thread_count(THREADS)
    waitress.serve(create_app(options.instance), sockets=sockets, _dispatcher=dispatcher)
    return 0


if __name__ == "__main__":
    sys.exit(main())
