"""A sentence of a text with everything in it that a source can bear out or contradict."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from workflows.content.claims.cues import comparisons, is_outlook, negations, quotations, superlatives
from workflows.content.claims.dates import dates
from workflows.content.claims.names import names
from workflows.content.claims.numbers import numbers
from workflows.content.claims.values import Quantity, Value
from workflows.content.prose import Prose, Sentence
from workflows.content.wording import WORD, is_content

_ADDRESS = re.compile(r"https?://\S+")
CURRENCIES = frozenset({"USD", "EUR", "GBP"})


class Kind(StrEnum):
    """What kind of thing can be checked."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    MONEY = "money"
    QUOTATION = "quotation"
    SUPERLATIVE = "superlative"
    COMPARISON = "comparison"
    NEGATION = "negation"


VALUES = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.NAME})
"""What has a value that another can take the place of."""


@dataclass(frozen=True)
class Part:
    """One checkable thing of a text, as it is written from `start` to `end`, and what it means."""

    kind: Kind
    start: int
    end: int
    written: str
    value: Value


@dataclass(frozen=True)
class Claim:
    """A sentence with its parts; their places count from the sentence's start.

    Attributes:
        outlook: whether it is an opinion, a question or a forecast: no source can settle those.
    """

    sentence: Sentence
    parts: tuple[Part, ...]
    outlook: bool = False

    def place(self, part: Part) -> tuple[int, int]:
        """Return where a part begins and ends in the whole text."""
        return self.sentence.start + part.start, self.sentence.start + part.end


def claims_in(prose: Prose) -> list[Claim]:
    """Return the sentences that hold something checkable, in their order; headings claim nothing."""
    found = [
        Claim(sentence, parts_in(sentence.text), is_outlook(sentence.text))
        for sentence in prose.sentences
        if not sentence.heading
    ]
    return [claim for claim in found if claim.parts and _asserts(claim)]


def _asserts(claim: Claim) -> bool:
    """Tell whether something is said: a list's bare name or a byline claims nothing."""
    text = claim.sentence.text
    return any(part.kind is not Kind.NAME for part in claim.parts) or any(
        is_content(word[0])
        and not any(part.start < word.end() and word.start() < part.end for part in claim.parts)
        for word in WORD.finditer(text)
    )


@lru_cache(maxsize=20_000)
def parts_in(text: str) -> tuple[Part, ...]:
    """Return the checkable parts of one sentence in their order; only a quotation may hold others."""
    text = _ADDRESS.sub(lambda address: " " * len(address[0]), text)
    found: list[Part] = [Part(Kind.QUOTATION, *place) for place in quotations(text)]
    taken: list[Part] = []
    for kind, places in (
        (Kind.DATE, dates(text)),
        (Kind.NUMBER, numbers(text)),
        (Kind.COMPARISON, comparisons(text)),
        (Kind.SUPERLATIVE, superlatives(text)),
        (Kind.NEGATION, negations(text)),
        (Kind.NAME, names(text)),
    ):
        for start, end, written, value in places:
            if _is_free(start, end, taken):
                taken.append(Part(_exact(kind, value), start, end, written, value))
    return tuple(sorted([*found, *taken], key=lambda part: (part.start, -part.end)))


def _exact(kind: Kind, value: Value) -> Kind:
    money = isinstance(value, Quantity) and value.unit in CURRENCIES
    return Kind.MONEY if money else kind


def _is_free(start: int, end: int, taken: Iterable[Part]) -> bool:
    return all(end <= part.start or part.end <= start for part in taken)
