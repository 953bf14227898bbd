"""The authoritative tables, one noun a file; importing this package registers all of them."""

from memory.tables import (
    approvals,
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
    "approvals",
    "cases",
    "claims",
    "decisions",
    "divergences",
    "episodes",
    "ledger",
    "semantic",
    "verdicts",
]
