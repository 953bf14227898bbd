"""Forty hostile webhooks: each is refused, or kept aside with its reason; the queue behind it goes on."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from contracts.event import EventStanding
from tests.gateway.door import (
    JSON,
    SECRET,
    TEXT,
    Door,
    body_of,
    cloud_event,
    github,
    press,
    shopify,
    standard,
    stripe,
)
from tests.gateway.working import Office

GOOD = body_of(cloud_event("ping", "h-1"))
NOTE = {"note": "N-h", "customer": "mallory", "text": "hello"}
ASKED = {**cloud_event("note.asked", "h-1"), "data": NOTE}
PLAIN = body_of({"id": "h-1", "type": "push"})


@dataclass(frozen=True)
class Hostile:
    """A delivery that means no good.

    Attributes:
        says: what its sender is told; or the reason that it is kept aside with, if `status` is 202.
        headers: all of them, made when it is sent; None signs the body as the source would.
    """

    name: str
    status: int
    says: str
    body: bytes = GOOD
    headers: Callable[[], Any] | None = None
    source: str = "board"
    change: dict[str, str | None] = field(default_factory=dict)


def now(later: int = 0) -> str:
    return str(int(time.time()) + later)


def signed(document: object) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def event(**change: Any) -> bytes:
    return signed({name: value for name, value in {**ASKED, **change}.items() if value is not ...})


def asked(**change: Any) -> bytes:
    return event(data={**NOTE, **change})


SIGNED_BY: dict[str, Callable[[bytes], dict[str, str]]] = {
    "board": lambda body: standard(body, "h-1"),
    "stripe": stripe,
    "shopify": shopify,
    "github": github,
    "press": press,
    "bearer": lambda _body: {**JSON, "authorization": f"Bearer {TEXT}"},
}
HOSTILE = [
    # Whose is it?
    Hostile("no signature at all", 401, "missing", headers=lambda: JSON),
    Hostile(
        "a signature by another key",
        401,
        "does not fit",
        headers=lambda: standard(GOOD, "h-1", key=b"x" * 32),
    ),
    Hostile("a signature of other bytes", 401, "does not fit", headers=lambda: standard(GOOD + b" ", "h-1")),
    Hostile("a signature of another id", 401, "does not fit", change={"webhook-id": "h-2"}),
    Hostile(
        "a signature of another moment",
        401,
        "not fit",
        headers=lambda: {**standard(GOOD, "h-1"), "webhook-timestamp": now(-9)},
    ),
    Hostile("a moment that is no number", 401, "no number", change={"webhook-timestamp": "1e9"}),
    Hostile(
        "a moment in digits that only look like some",
        401,
        "number",
        change={"webhook-timestamp": "\uff11\uff17\uff10"},
    ),
    Hostile("a moment before all clocks", 401, "ago", headers=lambda: standard(GOOD, "h-1", at=0)),
    Hostile(
        "a moment after all clocks", 401, "future", headers=lambda: standard(GOOD, "h-1", at=99_999_999_999)
    ),
    Hostile("no moment", 401, "missing", change={"webhook-timestamp": None}),
    Hostile("no id that is signed", 401, "missing", change={"webhook-id": None}),
    Hostile(
        "a version of signatures that nobody knows",
        401,
        "does not fit",
        change={"webhook-signature": "v9,AAAA"},
    ),
    Hostile("a signature that is no base64", 401, "does not fit", change={"webhook-signature": "v1,%%%"}),
    Hostile("an empty signature", 401, "does not fit", change={"webhook-signature": "v1,"}),
    Hostile("a thousand signatures", 401, "does not fit", change={"webhook-signature": "v1,AAAA " * 1000}),
    Hostile(
        "a signature twice",
        401,
        "twice",
        headers=lambda: [*standard(GOOD, "h-1").items(), ("webhook-signature", "v1,A")],
    ),
    Hostile(
        "a signature in the old way, in SHA-1",
        401,
        "missing",
        PLAIN,
        lambda: {**JSON, "x-hub-signature": "sha1=00"},
        "github",
    ),
    Hostile(
        "a signature without its prefix",
        401,
        "does not fit",
        PLAIN,
        lambda: {**JSON, "x-hub-signature-256": "00"},
        "github",
    ),
    Hostile(
        "two moments in one signature",
        401,
        "moment",
        PLAIN,
        lambda: {**JSON, "stripe-signature": "t=1,t=2,v1=00"},
        "stripe",
    ),
    Hostile(
        "a token that is the beginning of the token",
        401,
        "token",
        PLAIN,
        lambda: {**JSON, "authorization": "Bearer a"},
        "bearer",
    ),
    Hostile(
        "a token in the wrong scheme",
        401,
        "token",
        PLAIN,
        lambda: {**JSON, "authorization": f"Basic {TEXT}"},
        "bearer",
    ),
    Hostile(
        "the secret where a signature should be",
        401,
        "fit",
        PLAIN,
        lambda: {**JSON, "x-press": TEXT, "x-press-time": now()},
        "press",
    ),
    Hostile("a source that there is not", 404, "no such source", source="nobody"),
    Hostile("a source with a name from elsewhere", 404, "no such source", source="board%00"),
    # What is it?
    Hostile("a body that is too long", 413, "longer than", b"[" + b" " * 6000 + b"]"),
    Hostile("packed content", 415, "content-encoding", change={"content-encoding": "gzip"}),
    Hostile("a form", 415, "application/json", change={"content-type": "application/x-www-form-urlencoded"}),
    Hostile(
        "a batch of events",
        415,
        "application/json",
        change={"content-type": "application/cloudevents-batch+json"},
    ),
    Hostile("another charset", 415, "charset", change={"content-type": "application/json; charset=utf-16"}),
    Hostile("no JSON", 422, "cannot be read", b"{'id': 1"),
    Hostile("no UTF-8", 422, "not UTF-8", b'{"id": "\xff"}'),
    Hostile("a name that stands twice", 422, "twice", b'{"id": "h-1", "id": "h-2"}'),
    Hostile("nesting without an end", 422, "deep", b"[" * 2000 + b"]" * 2000),
    Hostile("a number that no record holds", 422, "64 bits", event(data={"count": 10**30})),
    Hostile("a number that is none", 422, "no number", b'{"data": NaN}'),
    Hostile("a list where an event should be", 422, "an object", b"[1, 2]"),
    Hostile("an event of another version", 422, "specversion", event(specversion="0.3")),
    Hostile("an event without a type", 422, "type", event(type=...)),
    Hostile("an id that is an object", 422, "id", PLAIN.replace(b'"h-1"', b'{"a": 1}'), None, "bearer"),
    Hostile("an id with a line of its own", 422, "id", PLAIN.replace(b"h-1", b"h\\n1"), None, "bearer"),
    Hostile("an id longer than any", 422, "id", PLAIN.replace(b"h-1", b"h" * 500), None, "bearer"),
    Hostile("no id where the source has it", 422, "there is none", b'{"type": "push"}', None, "bearer"),
    Hostile("data that is no JSON", 422, "data_base64", event(data=..., data_base64="AAAA")),
    # It is well signed and well formed, and nothing can be done about it.
    Hostile("a type that nobody knows", 202, "says nothing", event(type="note.deleted' OR 1=1 --")),
    Hostile("a request without what it needs", 202, "customer", asked(customer=None)),
    Hostile("a request whose id is a person's", 202, "mail address", asked(note="mallory@example.com")),
    Hostile("a request whose id is nothing", 202, "empty", asked(note=" ")),
    Hostile("a request whose text is an object", 202, "body", asked(text={"a": 1})),
    Hostile("a hint about nobody", 202, "there is none", event(type="note.changed", data={})),
]


def test_there_are_at_least_forty_of_them() -> None:
    assert len({each.name for each in HOSTILE}) == len(HOSTILE) >= 40


def some(*, refused: bool) -> pytest.MarkDecorator:
    chosen = [each for each in HOSTILE if (each.status != 202) == refused]
    return pytest.mark.parametrize("hostile", chosen, ids=lambda each: each.name)


async def send(door: Door, hostile: Hostile) -> httpx.Response:
    sign = SIGNED_BY.get(hostile.source, SIGNED_BY["board"])
    headers = hostile.headers() if hostile.headers else sign(hostile.body)
    if hostile.change:
        changed = {**headers, **hostile.change}
        headers = {name: value.encode() for name, value in changed.items() if value is not None}
    return await door.send(hostile.body, headers, hostile.source)


@some(refused=True)
async def test_a_hostile_webhook_is_refused_with_its_reason_and_not_kept(
    door: Door, hostile: Hostile
) -> None:
    answer = await send(door, hostile)

    assert (answer.status_code, hostile.says in answer.json()["error"]) == (hostile.status, True), answer.text
    assert not any(secret in answer.text for secret in (TEXT, SECRET.decode()))
    assert door.kept() == []


@some(refused=False)
async def test_a_hostile_event_that_is_well_signed_is_kept_aside_with_its_reason(
    office: Office, hostile: Hostile
) -> None:
    await send(office.door, hostile)

    [kept] = office.door.kept()
    held = await office.settled(kept.position)
    assert (held.standing, hostile.says in held.why) == (EventStanding.QUARANTINED, True), held.why


async def test_the_good_ones_behind_all_hostile_ones_are_taken_up(office: Office) -> None:
    for number, hostile in enumerate(each for each in HOSTILE if each.status == 202):
        body = hostile.body.replace(b"h-1", f"h-{number}".encode())
        await office.door.send(body, standard(body, f"h-{number}"))
    await office.door.tell("ping", "good-1", customer="mallory")
    await office.door.tell("ping", "good-2")

    await asyncio.gather(*(office.settled(event.position) for event in office.door.kept()))
    standings = {event.id: event.standing for event in office.door.kept()}
    assert (standings["good-1"], standings["good-2"]) == (EventStanding.PASSED, EventStanding.PASSED)
