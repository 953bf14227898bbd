"""The worker's small HTTP server: `/healthz`, `/readyz`, `/metrics`, from a thread of its own."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from health.standing import Report, Standing

LOGGER = logging.getLogger(__name__)
IDLE_SECONDS = 10
"""A connection over which nothing comes for so long is closed."""


class HealthServer(ThreadingHTTPServer):
    """Answers while the event loop may stand still; nothing of it runs there."""

    daemon_threads = True

    def __init__(self, place: tuple[str, int], standing: Standing, registry: CollectorRegistry) -> None:
        """Listen at a place.

        Raises:
            OSError: it cannot be listened at.
        """
        super().__init__(place, _Handler)
        self.standing = standing
        self.registry = registry


class _Handler(BaseHTTPRequestHandler):
    server: HealthServer
    timeout = IDLE_SECONDS
    server_version, sys_version = "kontor", ""

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path == "/metrics":
            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, kind, encode(self.server.registry))
        elif self.path == "/healthz":
            self._report(self.server.standing.liveness())
        elif self.path == "/readyz":
            self._report(self.server.standing.readiness())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"ask for /healthz, /readyz or /metrics\n")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: who asks every few seconds must not fill the log."""

    def _report(self, report: Report) -> None:
        told = {"state": report.state, "why": report.why, **self.server.standing.about()}
        status = HTTPStatus.OK if report.ok else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, "application/json", json.dumps(told).encode() + b"\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def listening(host: str, port: int, standing: Standing, registry: CollectorRegistry) -> Iterator[str]:
    """Answer over HTTP while the block runs.

    Args:
        host: the interface.
        port: where; with 0, and where it is taken, a free one: no worker stays away for its health's sake.
        standing: what is told.
        registry: what is counted.

    Yields:
        Where it answers: `host:port`.
    """
    try:
        server = HealthServer((host, port), standing, registry)
    except OSError as taken:
        if not port:
            raise
        LOGGER.warning("health: port %d cannot be had (%s); a free one is taken", port, taken.strerror)
        server = HealthServer((host, 0), standing, registry)
    thread = Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
