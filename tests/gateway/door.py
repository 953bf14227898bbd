"""The gateway of a small office, and sources that sign as theirs do."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bootstrap.installation import Installation
from contracts.event import EventRecord
from memory.authoritative.events import EventFilter
from service.reception import Reception

SECRET = b"a secret of thirty-two bytes, no less"
OLD = b"the secret that counted until yesterday"
WHSEC = "whsec_" + base64.b64encode(SECRET).decode()
TEXT = SECRET.decode()
SECRETS = {
    "KONTOR_SECRET_BOARD_WEBHOOK": WHSEC,
    "KONTOR_SECRET_BOARD_OLD": "whsec_" + base64.b64encode(OLD).decode(),
    "KONTOR_SECRET_TEXT": TEXT,
}
JSON = {"content-type": "application/json"}
TELLS = """
channel = "board"
key = "customer"
max_bytes = 5000
most_waiting = 100
[signature]
scheme = "standard"
secrets = ["board.webhook", "board.old"]
[events."note.asked"]
desk = "toy"
request = { id = "note", customer = "customer", body = "text" }
[events."note.changed"]
desk = "toy"
where = { customer = "customer" }
signal = "facts_changed"
[events."ping"]
nothing = "a sign of life"
"""
SIGNED = 'scheme = "{}"\nsecrets = ["text"]'
PLAIN = """
channel = "board"
reading = {{ id = {id}, type = {type}, occurred_at = "body.at" }}
[signature]
{signature}
[events."*"]
nothing = "only read"
"""
SOURCES = {
    "board": TELLS,
    "stripe": PLAIN.format(id='"body.id"', type='"body.type"', signature=SIGNED.format("stripe")),
    "shopify": PLAIN.format(
        id="'headers.\"x-shopify-event-id\"'",
        type="'headers.\"x-shopify-topic\"'",
        signature=SIGNED.format("shopify"),
    ),
    "github": PLAIN.format(
        id="'headers.\"x-github-delivery\"'",
        type="'headers.\"x-github-event\"'",
        signature=SIGNED.format("github"),
    ),
    "bearer": PLAIN.format(id='"body.id"', type='"body.type"', signature=SIGNED.format("bearer")),
    "press": PLAIN.format(
        id='"body.id"',
        type='"body.type"',
        signature='scheme = "hmac"\nsecrets = ["text"]\n[signature.shape]\nheader = "x-press"\n'
        'prefix = "sha256:"\nsigned = ["time", "body"]\ntime_header = "x-press-time"',
    ),
}  # fmt: skip


def write_sources(office: Path) -> None:
    (office / "sources").mkdir()
    for name, text in SOURCES.items():
        (office / "sources" / f"{name}.toml").write_text(text)


def body_of(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()


def cloud_event(kind: str = "ping", number: str = "e-1", **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": number, "source": "/board", "type": kind, "data": data}


def standard(
    body: bytes, number: str = "e-1", *, key: bytes = SECRET, at: float | None = None
) -> dict[str, str]:
    """The headers of Standard Webhooks, for a structured CloudEvent."""
    moment = str(int(time.time() if at is None else at))
    digest = hmac.digest(key, b".".join([number.encode(), moment.encode(), body]), hashlib.sha256)
    return {
        "content-type": "application/cloudevents+json",
        "webhook-id": number,
        "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def stripe(body: bytes, *, at: float | None = None) -> dict[str, str]:
    moment = str(int(time.time() if at is None else at))
    digest = hmac.digest(SECRET, moment.encode() + b"." + body, hashlib.sha256).hex()
    return {**JSON, "stripe-signature": f"t={moment},v1={'0' * 64},v1={digest}"}


def shopify(body: bytes, number: str = "e-1") -> dict[str, str]:
    digest = base64.b64encode(hmac.digest(SECRET, body, hashlib.sha256)).decode()
    said = {"x-shopify-event-id": number, "x-shopify-topic": "orders/updated"}
    return {**JSON, **said, "x-shopify-hmac-sha256": digest}


def github(body: bytes, number: str = "e-1") -> dict[str, str]:
    digest = hmac.digest(SECRET, body, hashlib.sha256).hex()
    return {
        **JSON,
        "x-github-delivery": number,
        "x-github-event": "push",
        "x-hub-signature-256": f"sha256={digest}",
    }


def press(body: bytes, *, at: float | None = None) -> dict[str, str]:
    moment = str(int(time.time() if at is None else at))
    digest = hmac.digest(SECRET, moment.encode() + b"." + body, hashlib.sha256).hex()
    return {**JSON, "x-press": f"sha256:{digest}", "x-press-time": moment}


@dataclass
class Door:
    """A gateway in this process, and who sends to it."""

    client: httpx.AsyncClient
    kontor: Installation
    reception: Reception
    answers: list[httpx.Response] = field(default_factory=list)

    async def send(self, body: bytes, headers: Any, source: str = "board") -> httpx.Response:
        answer = await self.client.post(f"/in/{source}", content=body, headers=headers)
        self.answers.append(answer)
        return answer

    async def tell(self, kind: str = "ping", number: str = "e-1", **data: Any) -> httpx.Response:
        """Send a good event."""
        body = body_of(cloud_event(kind, number, **data))
        return await self.send(body, standard(body, number))

    def kept(self, source: str = "") -> list[EventRecord]:
        return self.kontor.events.newest(EventFilter(source=source, limit=1000))[::-1]
