"""A draft's sentence laid over a source's: which words meet, and which values stand in one slot.

Values that both hold meet like equal words; a value that only one holds stands in the gap between the
words that meet around it. Two different values in one gap are two answers to one question.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import LCSseq

from workflows.content.checking.values import Relation, compare
from workflows.content.claims.claim import VALUES, Kind, Part, parts_in
from workflows.content.wording import WORD, is_content, stem

NEAR = 3
"""So many content words on either side of a value are its slot's."""
LONGEST_OPENING = 9
"""A longer run of words and values before a comma is no opening that can stand at the end as well."""
BESIDE = 2
"""One of so many content words on each side of a negation must meet one."""
WIDEST_GAP = 5
"""In a wider gap nobody can tell which value stands for which."""


@dataclass(frozen=True)
class Token:
    """One word, or one value with all its words.

    Attributes:
        key: what it is compared by.
        part: the value, if it is one.
        content: whether it says more than grammar.
        perhaps: a sentence's first word as a name: nobody can tell, unless a name stands in its place.
    """

    key: str
    start: int
    part: Part | None = None
    content: bool = True
    perhaps: Part | None = None


@dataclass(frozen=True)
class Meeting:
    """A value of the draft, the source's in its slot if there is one, and how much of the slot meets.

    Attributes:
        elsewhere: the draft's value stands in the source, but not in this slot.
    """

    draft: Part
    source: Part | None
    relation: Relation
    slot: float
    elsewhere: bool = False


@dataclass(frozen=True)
class Alignment:
    """A draft's sentence over a source's.

    Attributes:
        coverage: the share of the draft's content words, values not counted, that meet one.
        back: the share of the source's content words that meet one.
        denied: the draft's negations that the source has as well.
        negated: those that only one side has, although the words around them meet: the draft's, the source's.
    """

    coverage: float
    back: float
    meetings: tuple[Meeting, ...]
    denied: tuple[Part, ...]
    negated: tuple[tuple[Part, ...], tuple[Part, ...]]


Laid = tuple[tuple[Token, ...], tuple[tuple[int, Part], ...]]
"""A sentence's tokens without its negations, and those with the index of the token behind them."""


@lru_cache(maxsize=20_000)
def orders_of(text: str) -> tuple[Laid, ...]:
    """Return a sentence as it is written, and with what stands before its first comma at the end.

    `In 2014, we moved` says what `We moved in 2014` says.
    """
    tokens, cues = written = tokens_in(text)
    comma = text.find(",")
    opening = sum(token.start < comma for token in tokens)
    if not 1 <= opening <= LONGEST_OPENING or opening == len(tokens) or tokens[opening].start < comma:
        return (written,)
    many = len(tokens)
    moved = tuple((at - opening if at >= opening else at - opening + many, cue) for at, cue in cues)
    return written, ((*tokens[opening:], *tokens[:opening]), moved)


def tokens_in(text: str) -> Laid:
    """Return a sentence's tokens in their order."""
    parts = parts_in(text)
    values = [part for part in parts if part.kind in VALUES]
    cues = [part for part in parts if part.kind is Kind.NEGATION]
    taken = [(part.start, part.end) for part in (*values, *cues)]
    words = [
        Token(stem(match[0]), match.start(), None, is_content(match[0]), _perhaps(match))
        for match in WORD.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]
    tokens = tuple(
        sorted([*words, *(Token("", part.start, part) for part in values)], key=lambda token: token.start)
    )
    placed = [(sum(token.start < cue.start for token in tokens), cue) for cue in cues]
    return tokens, tuple(placed)


def _perhaps(word: re.Match[str]) -> Part | None:
    if word.start() > 0 or not word[0][0].isupper() or not is_content(word[0]):
        return None
    return Part(Kind.NAME, word.start(), word.end(), word[0], word[0])


def align(draft: str, source: str) -> Alignment:
    """Lay a draft's sentence over one or a few of a source's, in the order that meets most."""
    ours, theirs = orders_of(draft), orders_of(source)
    pairs = [(ours[0], theirs[0])]
    pairs += [(moved, theirs[0]) for moved in ours[1:]] + [(ours[0], moved) for moved in theirs[1:]]
    return max((_laid(one, other) for one, other in pairs), key=_worth)


def _worth(laid: Alignment) -> tuple[float, int]:
    return laid.coverage, sum(meeting.source is not None for meeting in laid.meetings)


def _laid(draft: Laid, source: Laid) -> Alignment:
    ours, our_cues = draft
    theirs, their_cues = source
    met = _met(ours, theirs)
    back = {other: mine for mine, other in met.items()}
    denied, alone = _negations(our_cues, ours, met, their_cues)
    _, theirs_alone = _negations(their_cues, theirs, back, our_cues)
    return Alignment(
        coverage=_share(ours, met),
        back=_share(theirs, back),
        meetings=tuple(_meetings(ours, theirs, met)),
        denied=denied,
        negated=(alone, theirs_alone),
    )


def _met(ours: Sequence[Token], theirs: Sequence[Token]) -> dict[int, int]:
    """Return which of our tokens meets which of theirs: the longest run of equal keys in common."""
    our_keys, their_keys = _keys(ours, theirs)
    return {
        block.src_start + step: block.dest_start + step
        for block in LCSseq.opcodes(our_keys, their_keys)
        if block.tag == "equal"
        for step in range(block.src_end - block.src_start)
    }


def _keys(ours: Sequence[Token], theirs: Sequence[Token]) -> tuple[list[str], list[str]]:
    """Return what tokens are compared by: values that are the same have one key, others one of their own."""
    their_keys = [token.key for token in theirs]
    for at, token in enumerate(theirs):
        if token.part:
            first = next(
                (
                    index
                    for index, other in enumerate(theirs[:at])
                    if other.part
                    and (token.part.kind, token.part.value) == (other.part.kind, other.part.value)
                ),
                at,
            )
            their_keys[at] = f"={first}"
    our_keys = [_key(at, token, theirs, their_keys) for at, token in enumerate(ours)]
    for at, token in enumerate(theirs):  # a name that begins our sentence is a word there
        if token.part and token.part.kind is Kind.NAME and (word := _word(token.part)) in our_keys:
            their_keys[at] = word if their_keys[at] not in our_keys else their_keys[at]
    return our_keys, their_keys


def _key(at: int, token: Token, theirs: Sequence[Token], their_keys: Sequence[str]) -> str:
    if token.part is None:
        return token.key
    same = [
        (other.part.value != token.part.value, index)
        for index, other in enumerate(theirs)
        if other.part and compare(token.part, other.part) is Relation.SAME
    ]
    if same:
        return their_keys[min(same)[1]]
    word = _word(token.part)
    return word if token.part.kind is Kind.NAME and word in their_keys else f"<{at}"


def _word(part: Part) -> str:
    return stem(part.written)


def _share(tokens: Sequence[Token], met: Mapping[int, int]) -> float:
    places = [at for at, token in enumerate(tokens) if token.content and token.part is None]
    return sum(at in met for at in places) / len(places) if places else 0.0


def _meetings(ours: Sequence[Token], theirs: Sequence[Token], met: Mapping[int, int]) -> Iterator[Meeting]:
    for at, other in met.items():
        if part := ours[at].part:
            yield Meeting(part, theirs[other].part, Relation.SAME, 1.0)
    corners = [(-1, -1), *sorted(met.items()), (len(ours), len(theirs))]
    for (our_from, their_from), (our_to, their_to) in pairwise(corners):
        gap, other_gap = ours[our_from + 1 : our_to], theirs[their_from + 1 : their_to]
        narrow = max(_words(gap), _words(other_gap)) <= WIDEST_GAP
        rest = [token.part or token.perhaps for token in other_gap]
        for at in range(our_from + 1, our_to):
            if part := ours[at].part or ours[at].perhaps:
                beside = rest if narrow else _as_near(at - our_from - 1, gap, other_gap)
                source = next(
                    (each for each in beside if each in rest and each and _one_slot(part, each)), None
                )
                if ours[at].part is None and not (source and _stands_for_sure(source, other_gap)):
                    continue
                if source is not None:
                    rest.remove(source)
                yield _meeting(part, source, theirs, _slot(ours, at, met))


def _as_near(at: int, gap: Sequence[Token], other_gap: Sequence[Token]) -> list[Part | None]:
    """Return the values of a wide gap that stand beside the same corner as one of the other side's gap."""
    found: list[Part | None] = []
    if not _words(gap[:at]):
        found += [token.part for place, token in enumerate(other_gap) if not _words(other_gap[:place])]
    if not _words(gap[at + 1 :]):
        found += [token.part for place, token in enumerate(other_gap) if not _words(other_gap[place + 1 :])]
    return found


def _stands_for_sure(part: Part, tokens: Sequence[Token]) -> bool:
    return any(token.part is part for token in tokens)


def _meeting(part: Part, source: Part | None, theirs: Sequence[Token], slot: float) -> Meeting:
    elsewhere = any(token.part and compare(part, token.part) is Relation.SAME for token in theirs)
    if source is None:
        return Meeting(part, None, Relation.OPEN, slot, elsewhere)
    return Meeting(part, source, compare(part, source), slot, elsewhere)


def _words(tokens: Sequence[Token]) -> int:
    return sum(token.content and token.part is None for token in tokens)


def _one_slot(one: Part, other: Part) -> bool:
    return one.kind is other.kind and type(one.value) is type(other.value)


def _slot(ours: Sequence[Token], at: int, met: Mapping[int, int]) -> float:
    """Return how many of the nearest content words on both sides of a value meet one."""
    near = [
        *[index for index in range(at - 1, -1, -1) if ours[index].content][:NEAR],
        *[index for index in range(at + 1, len(ours)) if ours[index].content][:NEAR],
    ]
    return sum(index in met for index in near) / len(near) if near else 0.0


def _negations(
    cues: Sequence[tuple[int, Part]],
    tokens: Sequence[Token],
    met: Mapping[int, int],
    others: Sequence[tuple[int, Part]],
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return the negations of one side that the other has too, and those that it has not."""
    both: list[Part] = []
    alone: list[Part] = []
    for at, cue in cues:
        lefts = [index for index in range(at - 1, -1, -1) if tokens[index].content][:BESIDE]
        rights = [index for index in range(at, len(tokens)) if tokens[index].content][:BESIDE]
        low = next((met[index] for index in lefts if index in met), None if lefts else -1)
        high = next((met[index] for index in rights if index in met), None)
        if high is None and not rights:
            high = max(met.values(), default=0) + WIDEST_GAP
        if low is None or high is None:
            continue
        (both if any(low < place <= high for place, _ in others) else alone).append(cue)
    return tuple(both), tuple(alone)
