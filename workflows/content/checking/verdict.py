"""What is said of a checked claim: a closed list of words, none of which is `true`."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from workflows.content.claims.claim import Claim


class Origin(StrEnum):
    """Whose text a passage is: five reprints are one source, and the draft is no evidence for itself."""

    SOURCE = "source"
    ARCHIVE = "own text"
    DRAFT = "earlier in the draft"
    RECKONED = "reckoned"


@dataclass(frozen=True)
class Passage:
    """A piece of a text that may bear on a claim.

    Attributes:
        source: which text it is of.
        at: the day that text is of.
        line: where in that text it stands, counted from 1; 0 if that is not known.
    """

    text: str
    source: str
    origin: Origin = Origin.SOURCE
    at: date | None = None
    line: int = 0


@dataclass(frozen=True)
class Settled:
    """A claim that a person settled before."""

    who: str
    at: date


class Word(StrEnum):
    """How a claim stands to what was found; the words of the screen."""

    QUOTED = "quoted exactly"
    AGREES = "agrees in every checked part"
    DIFFERS = "differs"
    NOT_COMPARABLE = "source found, not comparable"
    DISAGREE = "sources disagree"
    NEWER = "newer source"
    NONE = "no evidence found"
    UNCHECKED = "opinion/forecast, not checked"
    SETTLED = "settled"


PASSES = frozenset({Word.QUOTED, Word.AGREES, Word.SETTLED})
"""What no person need look at."""


@dataclass(frozen=True)
class Difference:
    """One slot with two values: the source's and the draft's, as they are written.

    Attributes:
        start: where the draft's stands in its sentence; a missing negation stands nowhere, at 0 to 0.
    """

    source: str
    draft: str
    start: int = 0
    end: int = 0
    origin: Origin = Origin.SOURCE


@dataclass(frozen=True)
class Verdict:
    """What is said of one claim, and the passage that it is said from.

    Attributes:
        evidence: the sentence or sentences of `passage` that were compared.
        searched: how many sources were.
    """

    claim: Claim
    word: Word
    passage: Passage | None = None
    evidence: str = ""
    differences: tuple[Difference, ...] = ()
    searched: int = 0
    settled: Settled | None = None

    def __str__(self) -> str:
        """Say it in the closed list's words."""
        if self.word is Word.AGREES:
            kinds = ", ".join(dict.fromkeys(part.kind.value for part in self.claim.parts))
            return f"{self.word} ({kinds})"
        if self.word is Word.DIFFERS:
            pairs = (f"{each.origin} {each.source}, draft {each.draft}" for each in self.differences)
            return f"{self.word}: {'; '.join(pairs)}"
        if self.word is Word.NONE:
            return f"{self.word} in {self.searched} sources searched"
        if self.settled is not None:
            return f"{self.word} by {self.settled.who} {self.settled.at.isoformat()}"
        return str(self.word)
