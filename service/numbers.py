"""What the office's numbers are read for: a window of time, and the budgets that its office declares."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contracts.office import OfficeInvalid
from memory.authoritative.numbers.number import Scope

if TYPE_CHECKING:
    from bootstrap.installation import Installation

WINDOW = timedelta(days=30)
"""How far back numbers count, unless it is said otherwise."""
UNDO_WITHIN = timedelta(days=30)
"""How long after an effect its undoing counts against it; then its case is mature."""


def scope_of(
    installation: "Installation",
    now: datetime,
    window: timedelta = WINDOW,
    undo_within: timedelta = UNDO_WITHIN,
) -> Scope:
    """Return what numbers are read for; an office that cannot be read declares no budgets."""
    latencies, case_budget = dict[str, float](), None
    try:
        latencies = {name: float(task.latency_ms) for name, task in installation.catalogue.tasks.items()}
        case_budget = installation.limits.case / 1e6
    except OfficeInvalid:
        pass  # `kontor check` says what is wrong with it
    return Scope(
        since=now - window,
        until=now,
        now=now,
        undo_within=undo_within,
        latency_budgets_ms=latencies,
        case_budget_usd=case_budget,
    )
