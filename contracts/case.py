"""One unit of a desk's work, as the office's books know it."""

from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from contracts.frozen import Frozen


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


class CaseRecord(Frozen):
    """The row of a case: what a list of cases shows.

    Attributes:
        customer: an opaque reference, to count a customer's earlier cases by; never a name.
    """

    id: str
    desk: str
    channel: str
    status: CaseStatus
    summary: str
    outcome: str = ""
    amount_cents: int = 0
    currency: str = "EUR"
    office_version: str = ""
    opened_at: datetime
    updated_at: datetime
    request: dict[str, JsonValue] = {}
    by_person: bool = False
    customer: str = ""
