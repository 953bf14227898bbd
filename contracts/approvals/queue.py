"""The queue of approvals as a list shows it, and how a list is narrowed."""

from datetime import datetime

from contracts.base import Frozen


class ApprovalEntry(Frozen):
    """One line of the queue.

    Attributes:
        waiting_for: the role that is asked now; empty once it is closed.
        agreed: how many have agreed so far, of `needed`.
        status: `waiting`, or the outcome.
        delegated_to: people to whom somebody handed the question.
    """

    id: str
    case_id: str
    desk: str
    what: str
    status: str
    amount_cents: int
    currency: str
    asked_by: str
    policies: tuple[str, ...]
    roles: tuple[str, ...]
    waiting_for: str
    needed: int
    agreed: int = 0
    delegated_to: tuple[str, ...] = ()
    requested_at: datetime
    deadline: datetime
    arguments_hash: str


class ApprovalFilter(Frozen):
    """Which lines are wanted; None and empty leave a question open.

    Attributes:
        status: `waiting`, an outcome, or empty for all.
        role: asked now or later.
        asked_before: older than this.
        due_before: with a deadline before this.
        ids: only these requests.
        after: only lines behind this one, for the next page: its time of asking and its id.
    """

    status: str = "waiting"
    desk: str = ""
    role: str = ""
    min_cents: int | None = None
    max_cents: int | None = None
    asked_before: datetime | None = None
    due_before: datetime | None = None
    ids: tuple[str, ...] = ()
    after: tuple[datetime, str] | None = None
    limit: int = 50
