"""What the office's numbers are read for: a window of time, its office's budgets; and how they are said."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contracts.money import money_text
from contracts.office import OfficeInvalid
from memory.authoritative.numbers.number import Number, Reading, Scope

if TYPE_CHECKING:
    from bootstrap.installation import Installation

MINUTE, HOUR, DAY = 60, 3600, 86_400
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


def shown(number: Number, reading: Reading, value: float | None) -> str:
    """Return a value in the number's unit."""
    if value is None:
        return "—"
    if number.unit == "share":
        return f"{value:.1%}"
    if number.unit == "seconds":
        return length(value)
    if number.unit == "usd":
        return f"${value:.6f}"
    if number.unit == "cents":
        return money_text(round(value), reading.labels.get("currency", ""))
    return f"{value:g}"


def length(seconds: float) -> str:
    """Return a length of time in its largest unit."""
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.2f} s"
