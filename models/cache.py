"""Answers kept for exactly the same question; never for tasks that move money."""

from datetime import datetime
from typing import Protocol

from models.candidate import Reply


class Answers(Protocol):
    """A store of replies by key, limited in size and age; implemented in `memory/`."""

    def find(self, key: str, now: datetime) -> Reply | None:
        """Return a reply that is not too old."""

    def keep(self, key: str, reply: Reply, now: datetime) -> None:
        """Keep a reply, letting the oldest go when there are too many."""
