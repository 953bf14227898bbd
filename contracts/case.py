"""One unit of a desk's work, as the office's books know it."""

from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from contracts.base import Frozen


class CaseStatus(StrEnum):
    """Where a case stands. The last seven are ends."""

    RUNNING = "running"
    WAITING = "waiting"
    SETTLED = "settled"
    DENIED = "denied"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """True once nothing more will happen by itself."""
        return self not in (CaseStatus.RUNNING, CaseStatus.WAITING)


UNDER_WAY = tuple(status.value for status in CaseStatus if not status.ended)
"""The statuses of cases that have not ended, as the books write them."""
NOBODY_DECIDED = (CaseStatus.FAILED, CaseStatus.EXPIRED)
"""Ends that came about by themselves: the same request, handed in again, begins such a case again."""


class CaseRecord(Frozen):
    """The row of a case: what a list of cases shows.

    Attributes:
        customer: an opaque reference, to count a customer's earlier cases by; never a name.
        currency: of `amount_cents`; empty until the case knows of money.
        event: grows with every record that the case's workflow makes, whatever its clock says; 0 where
            the writer does not count.
        waits_for: what of an outside system keeps it from going on, or kept it when it ended; empty if
            nothing does.
    """

    id: str
    desk: str
    channel: str
    status: CaseStatus
    summary: str
    outcome: str = ""
    amount_cents: int = 0
    currency: str = ""
    office_version: str = ""
    opened_at: datetime
    updated_at: datetime
    request: dict[str, JsonValue] = {}
    by_person: bool = False
    customer: str = ""
    event: int = 0
    waits_for: str = ""


class Served(Frozen):
    """What the worker that opened a case may do for it beside its workflow.

    Attributes:
        tasks: decisions for which a local model is asked first.
        memory: semantic memory.
        connectors: systems whose rate limit this process alone keeps.
        begun: steps of the case that an earlier run of it has begun outside and that may stand there.
    """

    tasks: tuple[str, ...] = ()
    memory: bool = False
    connectors: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()


WAITS = "waits"
"""The kind of the episode that says what of an outside system a case waits for."""


class Episode(Frozen):
    """Something that happened to a case.

    Attributes:
        id: chosen by the writer so that writing it twice keeps one, for instance
            `DESK/CHANNEL/ID#decided`.
        kind: `opened`, `decided`, `verdict`, `asked`, `answered`, `effect`, `closed`, …
        data: what a person needs to see why; never a secret, never personal data.
    """

    id: str
    case_id: str
    kind: str
    at: datetime
    data: dict[str, JsonValue] = {}
