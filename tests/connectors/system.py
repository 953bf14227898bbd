"""An outside system on a real socket that does what the test tells it, and remembers what it was sent."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOKEN = "tok-9f8e7d6c5b4a-planted"
ENVIRONMENT = {"KONTOR_SECRET_SHOP_TOKEN": TOKEN, "KONTOR_SECRET_SHOP_PASSWORD": "pw-1a2b3c-planted"}


@dataclass(frozen=True)
class Received:
    """One request as it came over the socket."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered. `cut` closes the connection instead; `wait_seconds` comes first."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False
    wait_seconds: float = 0.0


class System:
    """A small outside system. `reply` decides; by default everything is made and called R-1."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.reply: Callable[[Received], Reply] = lambda _request: Reply({"id": "R-1"})
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Received(method, target, headers, body, number)
                self.received.append(request)
                reply = self.reply(request)
                await asyncio.sleep(reply.wait_seconds)
                if reply.cut:
                    break
                content = reply.raw if reply.raw is not None else json.dumps(reply.body).encode()
                extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
                start = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(content)}\r\n{extra}\r\n"
                writer.write(start.encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


SHOP = """
name = "shop"
version = "1"
transport = "http"
base_url = "http://127.0.0.1:${PORT}/api"
auth = { kind = "bearer", secret = "shop.token" }

[operations.get_order]
effect = "read"
arguments.order = { type = "string" }
result.total_cents = { type = "cents", path = "cents(total)" }
result.note = { type = "string", required = false }
request = { method = "GET", path = "/orders/{{ order }}" }
latency = { p50_seconds = 0.01, p99_seconds = 0.1, timeout_seconds = 0.5 }

[operations.find_refunds]
effect = "read"
arguments.order = { type = "string" }
arguments.cursor = { type = "string", required = false }
absent = [{ status = [404], code = ["no_such_order"] }]
request = { method = "GET", path = "/refunds", query = { order = "{{ order }}", page = "{{ cursor }}" } }

[operations.list_refunds]
effect = "read"
arguments.cursor = { type = "integer", required = false }
arguments.limit = { type = "integer" }
request = { method = "GET", path = "/refunds", query = { after = "{{ cursor }}", n = "{{ limit }}" } }

[listing]
operation = "list_refunds"
items = "refunds"
next_cursor = "next"
reference = "id"
amount_cents = "cents(amount)"
at = "at"
key = "ref"

[operations.refund]
effect = "write"
sensitivity = "money"
money = "amount_cents"
arguments.order = { type = "string" }
arguments.amount_cents = { type = "cents" }
arguments.reason = { type = "string", required = false, values = ["damaged", "size"] }
arguments.text = { type = "string", required = false, sensitive = true }
arguments.lines = { type = "list", required = false }
result.refund = { type = "string", path = "id" }
reference = "id"
errors = "problem"
idempotency = { kind = "lookup", lookup = "find_refunds", told_apart_by = ["order", "amount_cents"] }
latency = { p50_seconds = 0.01, p99_seconds = 0.1, timeout_seconds = 0.5 }
compensation = "void_refund"
compensation_arguments = { refund = "reference" }
[operations.refund.request]
path = "/orders/{{ order }}/refunds"
headers = { Idempotency-Key = "{{ key }}" }
[operations.refund.request.body]
amount = "{{ amount_cents }}"
decimal = "{{ amount_cents | decimal }}"
why = "{{ reason }}"
text = "{{ text }}"
title = "refund of {{ amount_cents }} for {{ order }}"
rows = "{{ lines | jmespath('[].{id: line, count: quantity}') if lines else none }}"
[operations.refund.lookup]
items = "refunds"
match = "item.amount == amount_cents and item.at | moment >= sent_at | minus_seconds(2)"
reference = "id"
next_cursor = "next"

[operations.void_refund]
effect = "write"
arguments.refund = { type = "string" }
request = { method = "DELETE", path = "/refunds/{{ refund }}", headers = { Idempotency-Key = "{{ key }}" } }
idempotency = { kind = "native_key" }
"""


def write_office(folder: Path, manifest: str, name: str = "shop") -> Path:
    """Make an office with one manifest and return its folder."""
    (folder / "connectors").mkdir(exist_ok=True)
    (folder / "connectors" / f"{name}.toml").write_text(manifest)
    return folder
