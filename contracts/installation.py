"""Which installation of Kontor books are, and whose a Temporal namespace is."""

from datetime import datetime

from contracts.base import Frozen


class Identity(Frozen):
    """What tells one installation from another: it stands in its books, and goes wherever they are copied.

    Attributes:
        id: 32 hex digits.
        made_at: when its books were first used.
    """

    id: str
    made_at: datetime

    def words(self) -> str:
        """Return it as people compare it: `4f2a91c0 of 2026-11-29 08:12 UTC`."""
        return f"{self.id[:8]} of {self.made_at:%Y-%m-%d %H:%M} UTC"
