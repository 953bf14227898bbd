"""A till that exists only in memory, on a clock of its own: it commits, refuses, stalls and lies as told."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from contracts.base import Arguments
from contracts.connector import Idempotency, Latency, Manifest, Operation, Request
from contracts.effect import OutsideResult
from contracts.failure import CallFailed

Kind = Literal["native_key", "client_reference", "lookup", "none"]
TIMEOUT_SECONDS = 10.0
SETTLE_SECONDS = 20.0
REFUSED_AT_THE_DOOR = (401, 403, 404, 409, 422)
"""Statuses that come whatever was done before, also under a key that is remembered."""


class Clock:
    """The moment, moved by hand; seconds since it was made serve as a stopwatch."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def stopwatch(self) -> float:
        return self.now.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Made:
    """One thing the till really did; `told` is the answer that tells of it."""

    reference: str
    connector: str
    operation: str
    arguments: Arguments
    key: str
    at: datetime
    result: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def told(self) -> OutsideResult:
        return OutsideResult(self.reference, self.result)


def manifest(
    kind: Kind,
    *,
    name: str = "till",
    version: str = "1",
    retention_seconds: float | None = None,
    looked_up: bool = True,
) -> Manifest:
    """One connector with a refund and its undoing, of one kind of idempotency.

    What it did is found again by our reference where it keeps one, else by what it was asked for.
    """
    by_listing = kind in ("native_key", "lookup")
    idempotency = Idempotency(
        kind=kind,
        retention_seconds=retention_seconds,
        lookup="read_log" if looked_up and kind != "none" else None,
        told_apart_by=("order", "amount_cents") if by_listing else (),
    )
    undoing = idempotency.model_copy(update={"told_apart_by": ("refund",) if by_listing else ()})
    latency = Latency(timeout_seconds=TIMEOUT_SECONDS, settle_seconds=SETTLE_SECONDS)
    write = Operation(effect="write", request=Request(), idempotency=idempotency, latency=latency)
    return Manifest(
        name=name,
        version=version,
        transport="http",
        base_url="http://127.0.0.1",
        digest="d" * 64,
        operations={
            "refund": write.model_copy(update={"money": "amount_cents", "compensation": "void_refund"}),
            "void_refund": write.model_copy(update={"idempotency": undoing}),
            "notify": write,
            "read_log": Operation(effect="read", request=Request()),
        },
    )


class FakeChannel:
    """`activities.ports.Outside`, with what really happened in `made`.

    Attributes:
        calls: keys in the order their calls came in.
        next: what happens to the next calls: a status, `cut-before`, `cut-after`, or a number of
            seconds after which it commits although the connection was cut at once.
    """

    def __init__(self, clock: Clock, *manifests: Manifest) -> None:
        self.clock = clock
        self.prefix = "R-"
        self.manifests = {each.name: each for each in manifests}
        self.made: list[Made] = []
        self.calls: list[str] = []
        self.late: list[tuple[datetime, str, Callable[[], object]]] = []
        self.next: deque[str | int | float] = deque()
        self.looked: list[str] = []

    def manifest(self, connector: str) -> Manifest:
        return self.manifests[connector]

    async def send(self, connector: str, operation: str, arguments: Arguments, key: str) -> OutsideResult:
        self.calls.append(key)
        fate = self.next.popleft() if self.next else "ok"
        return self.answer(connector, operation, arguments, key, fate).told

    def answer(
        self, connector: str, operation: str, arguments: Arguments, key: str, fate: str | int | float
    ) -> Made:
        """Do what one call comes to."""
        self.settle()
        if fate in REFUSED_AT_THE_DOOR:
            raise CallFailed(f"status {fate}", status=int(fate))
        if self.remembers(connector, operation, key):
            if any(waiting == key for _, waiting, _ in self.late):
                raise CallFailed("a call with this key is under way", status=409)
            if isinstance(fate, int):
                fate = "ok"
        if isinstance(fate, float):
            self.commit_later(connector, operation, arguments, key, fate)
            raise CallFailed("the connection was cut", exception="ReadError")
        if fate == "cut-before":
            raise CallFailed("the connection was cut", exception="ReadError")
        if isinstance(fate, int) and fate != 502:
            raise CallFailed(f"status {fate}", status=fate, retry_after_seconds=7 if fate == 429 else None)
        made = self.commit(connector, operation, arguments, key)
        if fate == "cut-after":
            raise CallFailed("the connection was cut", exception="ReadError")
        if fate == 502:
            raise CallFailed("status 502", status=502)
        return made

    def commit(
        self, connector: str, operation: str, arguments: Arguments, key: str, at: datetime | None = None
    ) -> Made:
        """Do it, or under a native key that is still remembered, find what was done."""
        at = at or self.clock.now
        if made := self.remembered(connector, operation, key, at):
            return made
        reference = f"{self.prefix}{len(self.made) + 1}"
        made = Made(reference, connector, operation, arguments, key, at, {"refund": reference})
        self.made.append(made)
        return made

    def commit_later(
        self, connector: str, operation: str, arguments: Arguments, key: str, seconds: float
    ) -> None:
        """Do it later, whatever became of the connection."""
        due = self.clock.now + timedelta(seconds=seconds)
        self.late.append((due, key, lambda: self.commit(connector, operation, arguments, key, due)))

    def remembered(self, connector: str, operation: str, key: str, at: datetime) -> Made | None:
        """What was done under a native key that is still kept."""
        idempotency = self.manifests[connector].operations[operation].idempotency
        assert idempotency is not None
        if idempotency.kind != "native_key":
            return None
        kept = timedelta(seconds=idempotency.retention_seconds or 1e9)
        return next((m for m in self.made if m.key == key and at - m.at < kept), None)

    def remembers(self, connector: str, operation: str, key: str) -> bool:
        """Whether a native key was seen before: done, or under way."""
        idempotency = self.manifests[connector].operations[operation].idempotency
        assert idempotency is not None
        under_way = any(waiting == key for _, waiting, _ in self.late)
        native = idempotency.kind == "native_key"
        return native and (
            under_way or self.remembered(connector, operation, key, self.clock.now) is not None
        )

    def settle(self) -> None:
        """Commit what was due by now."""
        due = [late for late in self.late if late[0] <= self.clock.now]
        self.late = [late for late in self.late if late[0] > self.clock.now]
        for _, _, commit in sorted(due, key=lambda late: late[0]):
            commit()

    async def look_up(
        self,
        connector: str,
        operation: str,
        arguments: Arguments,
        key: str,
        sent_at: datetime,
        *,
        taken: Collection[str] = (),
    ) -> OutsideResult | None:
        self.looked.append(key)
        self.settle()
        if self.next and self.next[0] == "look-up fails":
            self.next.popleft()
            raise CallFailed("status 503", status=503)
        if self.next and self.next[0] == "look-up refused":
            self.next.popleft()
            raise CallFailed("status 422", status=422)
        for made in self.made:
            if (
                (made.connector, made.operation) != (connector, operation)
                or made.at < sent_at
                or made.reference in taken
            ):
                continue
            if self._is_it(connector, made, arguments, key):
                return made.told
        return None

    def _is_it(self, connector: str, made: Made, arguments: Arguments, key: str) -> bool:
        idempotency = self.manifests[connector].operations[made.operation].idempotency
        assert idempotency is not None
        if not idempotency.told_apart_by:
            return made.key == key
        return all(made.arguments.get(name) == arguments.get(name) for name in idempotency.told_apart_by)

    def compensation(
        self, connector: str, operation: str, arguments: Arguments, key: str, sent: OutsideResult
    ) -> tuple[str, Arguments] | None:
        undoing = self.manifests[connector].operations[operation].compensation
        return (undoing, {"refund": sent.reference}) if undoing else None

    def cents(self, key: str) -> list[int]:
        """What was paid out under one key, payment by payment."""
        return [int(str(m.arguments["amount_cents"])) for m in self.made if m.key == key]
