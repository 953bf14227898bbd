"""Faults on demand: which call fails how, decided by a seed or by a script, and counted."""

import random
from collections import Counter as Tally
from collections import deque
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

KEPT_CALLS = 50_000


class Fault(StrEnum):
    """One way for a call to go wrong. "before" and "after" are seen from the change being made.

    `refused` is for good: the channel will not do it, however often it is asked. `unauthorized`,
    `forbidden` and `conflict` are answered by what stands before the channel (a token that was rotated,
    a firewall, a lock on our key): they say nothing of what the channel did before.
    """

    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    STALL_BEFORE = "stall_before"
    STALL_AFTER = "stall_after"
    SLOW = "slow"
    LATE_COMMIT = "late_commit"


class FaultPlan(BaseModel):
    """How often what goes wrong.

    Attributes:
        seed: the same seed makes the same faults for the same calls, in whatever order they come.
        rates: by `channel.operation`, `operation`, `channel` or `*` (the first of these that is
            there counts), the share of calls, 0 to 1, that meet each fault.
        error_status: the status of `error_before` and `error_after`.
        retry_after_seconds: what a 429 asks for.
        slow_seconds: how long `slow` takes; the call succeeds.
        stall_seconds: how long a stall takes. A call that stalls *before* its change is dropped if
            the client hangs up meanwhile; one that stalls *after* it has made it.
        late_seconds: how long after it cut the connection a `late_commit` makes its change all
            the same: the fault that no look-up in between can see. More than the manifests'
            `settle_seconds` is a system that breaks its word.
        limits_per_second: by channel, how many calls a second it takes before it answers 429.
        key_retention_seconds: how long the webshop and the social channel remember an Idempotency-Key.
        posts_per_day: by outlet, how many posts it takes a day (UTC) before it answers 429 until the next.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    rates: dict[str, dict[Fault, float]] = {}
    error_status: int = Field(default=503, ge=500, le=599)
    retry_after_seconds: int = Field(default=1, ge=0)
    slow_seconds: float = Field(default=0.5, ge=0)
    stall_seconds: float = Field(default=30.0, ge=0)
    late_seconds: float = Field(default=0.5, ge=0)
    limits_per_second: dict[str, int] = {}
    key_retention_seconds: float = 86_400.0
    posts_per_day: dict[str, int] = {}


class Scripted(BaseModel):
    """The next `times` calls of one operation meet this fault; `order` narrows it to one order."""

    model_config = ConfigDict(extra="forbid")

    channel: str
    operation: str
    fault: Fault
    times: int = Field(default=1, ge=1)
    order: str | None = None


class Call(BaseModel):
    """One call that came in, for tests that look at pace and order.

    Attributes:
        at: when it arrived.
        subject: the path, which names the order where there is one.
        status: the HTTP status; 0 when no answer was given.
    """

    at: datetime
    channel: str
    operation: str
    subject: str
    fault: Fault | None
    status: int


MORNING = FaultPlan(
    seed=7,
    rates={
        "get_order": {Fault.RATE_LIMITED: 0.04, Fault.ERROR_BEFORE: 0.03, Fault.SLOW: 0.05},
        "refund": {
            Fault.RATE_LIMITED: 0.06,
            Fault.ERROR_BEFORE: 0.04,
            Fault.ERROR_AFTER: 0.06,
            Fault.CUT_BEFORE: 0.03,
            Fault.CUT_AFTER: 0.05,
            Fault.SLOW: 0.06,
        },
        "*": {Fault.RATE_LIMITED: 0.03, Fault.ERROR_AFTER: 0.03, Fault.CUT_AFTER: 0.02, Fault.SLOW: 0.04},
    },
)
"""The demo's morning: about one call in eight goes wrong, one refund in four."""


class Faults:
    """Which fault the next call meets, and what the faults did so far."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        """Start with a plan; none means that nothing fails."""
        self.plan = plan or FaultPlan()
        self.script: list[Scripted] = []
        self.done: Tally[tuple[str, str, str]] = Tally()
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._asked: Tally[str] = Tally()
        self._arrivals: dict[str, deque[float]] = {}

    def adjust(self, plan: FaultPlan) -> None:
        """Follow another plan from the next call on."""
        self.plan = plan
        self._asked.clear()

    def draw(self, channel: str, operation: str, subject: str, at_seconds: float) -> Fault | None:
        """Return the fault of this call, or None.

        Args:
            channel: whose call it is.
            operation: the operation's name, as in the manifest.
            subject: what tells one effect from another: path and body.
            at_seconds: a monotonic clock, for the pace limit.
        """
        if self._over_limit(channel, at_seconds):
            return Fault.RATE_LIMITED
        for entry in self.script:
            fits = entry.channel == channel and entry.operation == operation
            if fits and (entry.order is None or entry.order in subject):
                entry.times -= 1
                if not entry.times:
                    self.script.remove(entry)
                return entry.fault
        identity = f"{self.plan.seed}|{channel}|{operation}|{subject}"
        self._asked[identity] += 1
        point = random.Random(f"{identity}|{self._asked[identity]}").random()
        for fault, share in self._rates(channel, operation).items():
            point -= share
            if point < 0:
                return fault
        return None

    def count(self, call: Call) -> None:
        """Keep a finished call."""
        self.calls.append(call)
        self.done[call.channel, call.operation, "calls"] += 1
        if call.fault is not None:
            self.done[call.channel, call.operation, call.fault.value] += 1

    def stats(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return channel → operation → `calls` and each fault that happened → how often."""
        table: dict[str, dict[str, dict[str, int]]] = {}
        for (channel, operation, what), times in sorted(self.done.items()):
            table.setdefault(channel, {}).setdefault(operation, {})[what] = times
        return table

    def forget(self) -> None:
        """Start counting anew."""
        self.done.clear()
        self.calls.clear()

    def _rates(self, channel: str, operation: str) -> dict[Fault, float]:
        for name in (f"{channel}.{operation}", operation, channel, "*"):
            if name in self.plan.rates:
                return self.plan.rates[name]
        return {}

    def _over_limit(self, channel: str, at_seconds: float) -> bool:
        limit = self.plan.limits_per_second.get(channel)
        if limit is None:
            return False
        arrivals = self._arrivals.setdefault(channel, deque())
        while arrivals and arrivals[0] <= at_seconds - 1.0:
            arrivals.popleft()
        if len(arrivals) >= limit:
            return True
        arrivals.append(at_seconds)
        return False
