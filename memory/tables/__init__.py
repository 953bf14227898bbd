"""The authoritative tables, one noun a file; importing this package registers all of them."""

from memory.tables import cases, claims, decisions, episodes, verdicts

__all__ = ["cases", "claims", "decisions", "episodes", "verdicts"]
