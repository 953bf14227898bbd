"""A webshop that answers junk until it is mended: orders, and its first word on each write."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def order_of(number: str) -> dict[str, Any]:
    """Return a good order in the shop's own words: one delivered scarf."""
    return {
        "order": {
            "number": number,
            "state": "complete",
            "customer": {"ref": f"c-{number}", "tier": "gold"},
            "placed_at": "2026-11-01T10:00:00+00:00",
            "currency": "EUR",
            "payment": {"method": "card-1", "captured_minor": 4000, "refunded_minor": 0},
            "shipping": {"delivered_at": "2026-11-20T10:00:00+00:00", "tracking_code": "T-1"},
            "items": [
                {
                    "id": "L1",
                    "sku": "SCARF",
                    "product": "P-1",
                    "title": "Scarf",
                    "attributes": {"color": "red"},
                    "qty": 1,
                    "returned_qty": 0,
                    "unit_minor": 4000,
                }
            ],
            "alternatives": [],
        }
    }


GOODS = {
    "goods": {
        "received": [{"line": "L1", "quantity": 1}],
        "inspected": [{"line": "L1", "quantity": 1, "condition": "sellable"}],
    }
}
"""What comes back of every return: its one scarf, as it was."""


class JunkShop:
    """The shop.

    Attributes:
        spoiled: what is answered for an order, by its number, as bytes; a number that is missing is no
            order.
        words: what is answered to the first call of each write for an order, as bytes.
        mended: it answers well from now on.
    """

    def __init__(self) -> None:
        """Begin without orders."""
        self.spoiled: dict[str, bytes] = {}
        self.words: dict[str, bytes] = {}
        self.mended = False
        self._said: set[str] = set()

    def read(self, path: list[str]) -> tuple[int, bytes]:
        """Answer a GET."""
        if path[2:3] == ["returns"] and len(path) > 3:  # orders, its number, returns, the return's number
            return 200, json.dumps(GOODS).encode()
        if len(path) > 2 or path[0] != "orders":  # orders, its number
            return 200, b'{"items": [], "after": "end"}'
        number = path[1]
        if number not in self.spoiled:
            return 404, b'{"code": "not_found"}'
        return 200, json.dumps(order_of(number)).encode() if self.mended else self.spoiled[number]

    def write(self, path: list[str], key: str) -> tuple[int, bytes]:
        """Answer a POST; everything is done once for each key."""
        junk = self.words.get(path[1], b"") if len(path) > 1 else b""
        if junk and key not in self._said and not self.mended:
            self._said.add(key)
            return 201, junk
        names = ("refund", "restock", "message", "mark", "reservation", "charge", "void", "revert", "remove")
        made = {name: {"id": f"{name}-{key[:40]}"} for name in names}
        made["return"] = {"id": f"return-{key[:40]}", "label": f"LABEL-{key[:40]}"}
        return 201, json.dumps(made).encode()


@contextmanager
def serving(shop: JunkShop, port: int) -> Iterator[None]:
    """Serve the shop on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(*shop.read(self._path()))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(*shop.write(self._path(), self.headers.get("Idempotency-Key") or ""))

        def _path(self) -> list[str]:
            return self.path.partition("?")[0].strip("/").split("/")[1:] or [""]

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
