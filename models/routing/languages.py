"""In which languages the local models may stand by their answers."""

from collections.abc import Callable
from dataclasses import dataclass


def unrecognised(text: str) -> str:
    """Recognise no language: every text counts as one that is read."""
    del text
    return ""


@dataclass(frozen=True)
class Languages:
    """The languages that an office reads, and what recognises one.

    Attributes:
        read: two letters each.
        of: the language of a text; empty where it cannot be told.
    """

    read: tuple[str, ...] = ()
    of: Callable[[str], str] = unrecognised

    def foreign(self, text: str) -> str:
        """Return the language of a text that the office does not read; empty if it reads it."""
        found = self.of(text)
        return "" if found in self.read else found

    def why(self, foreign: str) -> str:
        """Say why nothing local stands by an answer to a text in another language."""
        return f"the text is in {foreign}, local answers count in {', '.join(self.read)}"
