"""A customer's words: tokens that compare, and clauses with what they say about the things in them."""

import re
from collections import Counter
from collections.abc import Iterable

from contracts.base import Frozen

_TOKEN = re.compile(r"[a-z0-9]+(?:[.,/'-][a-z0-9]+)*%?")
_CLAUSE = re.compile(
    r"[.!?;()\n]+(?=\s|$)|\s-+\s|,\s*(?:and |but )?|\b(?:but|however|though|whereas|while)\b"
    r"|\s(?=(?:except|besides|other than|apart from)\b)"
    r"|\band\s+(?=(?:i|i'\w+|return|send|exchange|swap|refund|keep|give|take|please)\b)"
)
_SPELLINGS = str.maketrans(
    {"\u00d7": "x", "\u2019": "'", "\u2013": "-", "\u2014": "-", "\u201c": '"', "\u201d": '"'}
)
_SIZES = {
    "extra small": "xs", "x-small": "xs", "xsmall": "xs",
    "extra large": "xl", "x-large": "xl", "xlarge": "xl",
    "xx-large": "xxl", "2xl": "xxl", "xx-small": "xxs",
    "small": "s", "medium": "m", "large": "l",
}  # fmt: skip
_ALL_BUT = re.compile(r"\b(everything|all(?: of (?:it|them))?) but\b")
_SIZE_WORDS = re.compile(r"\b(" + "|".join(sorted(_SIZES, key=len, reverse=True)) + r")\b")
_KEEP = re.compile(
    r"(?:^not (?:the|my)\b)|\b(keep|keeping|kept|"
    r"(?:is|are|was|were|it's|they're) (?:all )?(?:fine|ok|okay|good|alright|perfect|great|lovely|nice)|"
    r"loved?|happy with|fits? (?:me )?(?:well|fine|perfectly|great)|"
    r"except|besides|other than|apart from|not (?:returning|sending|exchanging)|"
    r"no (?:problem|issue|complaint)s? with|(?:don't|do not) (?:want|need) to (?:return|exchange|send back)|"
    r"already (?:returned|sent back)|stays?|staying)\b"
)


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list written with spaces."""
    return frozenset(words.split())


_STOP = word_set(
    """a an the of to in on for with and or is are was were be it its i my me we our you your this that
    these those one ones from at by as so do does did have has had please can could would order item product
    thing colour color size"""
)
_NEGATION = re.compile(r"\b(not|never|no longer|\w+n't)\b")


class Clause(Frozen):
    """A piece of a text between commas, stops and turns of speech.

    Attributes:
        keeps: it speaks of things that stay with the customer.
    """

    text: str
    tokens: tuple[str, ...]
    keeps: bool


def normalised(text: str) -> str:
    """Return `text` in lower case, sizes as letters, apostrophes and dashes straight."""
    lower = text.lower().translate(_SPELLINGS)
    lower = _ALL_BUT.sub(r"\1 except", lower)
    return _SIZE_WORDS.sub(lambda found: _SIZES[found.group(1)], lower)


def tokens(text: str) -> tuple[str, ...]:
    """Return the words that carry meaning, in the singular, numbers whole (`9.5`, `80%`)."""
    found = (_singular(word) for word in _TOKEN.findall(normalised(text)))
    return tuple(word for word in found if word not in _STOP)


def clauses(text: str) -> list[Clause]:
    """Cut a text into clauses; each says whether its things stay or are spoken of."""
    pieces = (piece.strip() for piece in _CLAUSE.split(normalised(text)) if piece)
    return [Clause(text=piece, tokens=tokens(piece), keeps=_keeps(piece)) for piece in pieces if piece]


def weights(choices: Iterable[Iterable[str]]) -> dict[str, float]:
    """Return how much each token tells the choices apart: 1 if only one has it, 0 if all have it."""
    sets = [set(choice) for choice in choices]
    held = Counter(token for one in sets for token in one)
    if len(sets) == 1:
        return dict.fromkeys(held, 1.0)
    return {token: (len(sets) - count) / (len(sets) - 1) / count for token, count in held.items()}


def _keeps(piece: str) -> bool:
    found = _KEEP.search(piece)
    if not found:
        return False
    return found.group(0).startswith(("don't", "do not", "not ")) or not _NEGATION.search(
        piece[: found.start()]
    )


def _singular(word: str) -> str:
    short = 4
    if len(word) <= short - 1 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if len(word) > short and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > short and word.endswith(("shes", "ches", "sses", "xes")):
        return word[:-2]
    return word[:-1]
