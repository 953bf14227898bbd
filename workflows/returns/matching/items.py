"""Which lines of an order a text means: by rule over words, then by meaning."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.base import Frozen
from workflows.returns.matching.tokens import Clause, clauses, normalised, tokens, weights, word_set

_WHOLE = re.compile(
    r"\b(everything"
    r"|(?:the |my |this )?(?:whole|entire|complete|full) (?:order|thing|lot|purchase|delivery|parcel|package)"
    r"|all (?:of )?(?:it|them|this|these|the items|my items|items|the products|the things|the stuff)|the lot"
    r"|all (?:three|four|five|six) (?:items|things|products|of them)?|(?:cancel|return) (?:it|them) all)\b"
)
_OF_WHAT = re.compile(
    r"(?:\s*\b(?:of|the|my|our|these|those|two|three|four|five|six|\d+)\b)*"
    r"(?:\s*\b(?!(?:because|since|as|for|and|or|but|except|besides|apart|is|are|was|were|please|back|to|in"
    r"|from|with|due|which|that|when|if|so|the|a|an|i|we|it|they)\b)[\w'-]+){0,3}"
)
"""What stands behind a word for all: the thing that there are so many of, if it is named."""
_BOTH = re.compile(r"\bboth\b|\bthe two (?:items|things|products|of them)\b|\btwo items\b")
_SEVERAL = re.compile(r"\b(both|two|all|three|four|each|every|pair of)\b")
_ATTRIBUTES = word_set(
    """black white grey gray silver gold red green blue navy teal yellow orange purple pink brown beige cream
    khaki charcoal light dark xs s m l xl xxl cotton leather wool steel stainless plastic wood wooden glass
    metal nylon polyester canvas denim cm inch ml litre liter kg g gb tb"""
)
_NUMBER = re.compile(r"\d")
NOUN, ATTRIBUTE, EQUAL = 0.2, 0.3, 1e-9
_TARGET = re.compile(r"\b(?:exchang|swap|chang|replac|switch|trad)\w*\b.*?\b(for|to|with|into)\b(?! me\b)")
LEAST_SIMILARITY, LEAST_MARGIN = 0.30, 0.12


class Match(Frozen):
    """What a matcher found.

    Attributes:
        picked: indexes into the choices.
        rule: which rule found it, for the route.
        sure: whether the rule may answer; if not, `picked` is the best guess.
    """

    picked: tuple[int, ...]
    rule: str
    sure: bool


def match_items(text: str, choices: Sequence[str]) -> Match | None:
    """Match by words alone.

    Args:
        text: what the customer wrote.
        choices: each line's name and options.

    Returns:
        A match; unsure when two lines are named alike; None when the text names no line.
    """
    pieces = clauses(text)
    about = [_without_target(piece) for piece in pieces if not piece.keeps]
    kept = mentioned([piece for piece in pieces if piece.keeps], choices)[0]
    if len(choices) == 1:
        return Match(picked=(0,), rule="the order has one line", sure=True)
    if _speaks_of_all(about, choices):
        rest = tuple(index for index in range(len(choices)) if index not in kept)
        return Match(picked=rest, rule="the whole order", sure=bool(rest))
    named, doubtful = mentioned(about, choices)
    picked = tuple(sorted(named - kept))
    if doubtful - named:
        guess = tuple(sorted((named | doubtful) - kept))
        return Match(picked=guess, rule="several lines are named alike", sure=False)
    if picked:
        return Match(picked=picked, rule="named by its words", sure=True)
    return None


def match_by_meaning(similarity: NDArray[np.float32]) -> Match:
    """Match by similarity of the text's clauses to the choices.

    Args:
        similarity: cosines, shape (clauses, choices), with at least two choices.
    """
    best = similarity.max(axis=0)
    second, first = np.argsort(best)[-2:]
    clear = best[first] >= LEAST_SIMILARITY and best[first] - best[second] >= LEAST_MARGIN
    rule = f"nearest in meaning ({best[first]:.2f}, next {best[second]:.2f})"
    return Match(picked=(int(first),), rule=rule, sure=bool(clear))


def spoken_of(text: str) -> list[str]:
    """Return the clauses that are not about things the customer keeps; the whole text if none is left."""
    return [piece.text for piece in clauses(text) if not piece.keeps] or [text]


def _without_target(piece: Clause) -> Clause:
    """Drop what an exchange is made for: in `swap the red shirt for an M`, the M names no line."""
    found = _TARGET.search(piece.text)
    if not found:
        return piece
    kept = piece.text[: found.start(1)]
    return piece.model_copy(update={"text": kept, "tokens": tokens(kept)})


def _speaks_of_all(about: Sequence[Clause], choices: Sequence[str]) -> bool:
    """Say whether a clause means every line; `all three mugs` means the mugs, and `both mugs` too."""
    pair, nouns = 2, {word for choice in choices for word in tokens(choice)}
    patterns = (_WHOLE, _BOTH) if len(choices) == pair else (_WHOLE,)
    return any(
        nouns.isdisjoint(_named_behind(piece.text, found.end()))
        for piece in about
        if not re.search(r"\bnot (?:everything|all|the whole)", piece.text)
        for pattern in patterns
        for found in pattern.finditer(piece.text)
    )


def _named_behind(text: str, place: int) -> Sequence[str]:
    behind = _OF_WHAT.match(text, place)
    return tokens(behind[0]) if behind else ()


def mentioned(pieces: Sequence[Clause], choices: Sequence[str]) -> tuple[set[int], set[int]]:
    """Return the choices, of at least one, that clauses name, and those that are named but not told apart."""
    words = [tokens(choice) for choice in choices]
    weight = weights(words)
    named: set[int] = set()
    doubtful: set[int] = set()
    for piece in pieces:
        left = Counter(piece.tokens)
        while True:
            scores = [_score(one, left, weight) for one in words]
            best = max(scores)
            if best <= 0:
                break
            first = _alike([index for index, score in enumerate(scores) if best - score < EQUAL], words, left)
            if len(first) == 1 or _plural(piece.text):
                named.update(first)
            else:
                doubtful.update(first)
            for token in {token for index in first for token in words[index]}:
                left[token] -= 1
    return named, {index for index in doubtful if not _told_apart(index, named, words)}


def _alike(tied: list[int], words: Sequence[tuple[str, ...]], left: Counter[str]) -> list[int]:
    """Return the first of some equally good choices, and those that the same words name."""
    hits = [{token for token in words[index] if left[token] > 0} for index in tied]
    return [index for index, found in zip(tied, hits, strict=True) if found == hits[0]]


def _told_apart(index: int, named: set[int], words: Sequence[tuple[str, ...]]) -> bool:
    """Say whether another clause named one of the lines that look like this one."""
    nouns = {token for token in words[index] if not _attribute(token)}
    return any(nouns & set(words[other]) for other in named)


def _score(choice: tuple[str, ...], left: Counter[str], weight: dict[str, float]) -> float:
    """Return how well what is left of a clause names a choice; 0 without a noun of it."""
    hits = {token for token in choice if left[token] > 0}
    nouns = [token for token in hits if not _attribute(token)]
    if not nouns:
        return 0.0
    attributes = sum(ATTRIBUTE * weight[token] for token in hits if _attribute(token))
    return sum(NOUN + weight[token] for token in nouns) + attributes


def _attribute(token: str) -> bool:
    return token in _ATTRIBUTES or bool(_NUMBER.search(token))


def _plural(piece: str) -> bool:
    return bool(_SEVERAL.search(normalised(piece)))
