"""The authoritative tables, one noun a file; importing this package registers all of them."""

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
    ledger,
    semantic,
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
    "ledger",
    "semantic",
    "verdicts",
]
