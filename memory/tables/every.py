"""Every table at once: importing this registers them all, for whoever makes or compares a whole schema."""

from memory.tables import (
    accounting,
    answers,
    approvals,
    budgets,
    cases,
    claims,
    decisions,
    divergences,
    episodes,
    installation,
    ledger,
    offices,
    reservations,
    semantic,
    troubles,
    verdicts,
)

__all__ = [
    "accounting",
    "answers",
    "approvals",
    "budgets",
    "cases",
    "claims",
    "decisions",
    "divergences",
    "episodes",
    "installation",
    "ledger",
    "offices",
    "reservations",
    "semantic",
    "troubles",
    "verdicts",
]
