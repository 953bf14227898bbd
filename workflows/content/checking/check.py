"""A claim checked against passages: the comparisons weighed into one word of the closed list."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from workflows.content.checking.arithmetic import sums_in
from workflows.content.checking.comparison import Comparison, compare_with
from workflows.content.checking.verdict import Difference, Origin, Passage, Settled, Verdict, Word
from workflows.content.claims.claim import Claim
from workflows.content.prose import sentences_in
from workflows.content.wording import content_stems, plain

FOUND_FROM = 0.4
"""With so many of a claim's content words a passage is about the same matter, comparable or not."""
LEAST_SHARED = 0.3
"""What shares fewer of a claim's words, wherever they stand in it, need not be compared."""
LONGEST = 2
"""So many sentences of a source together may bear out one sentence of a draft."""


def check(
    claim: Claim,
    passages: Sequence[Passage],
    *,
    settled: Mapping[str, Settled] | None = None,
    searched: int | None = None,
) -> Verdict:
    """Say how a claim stands to the passages that were found for it.

    A source contradicts only where the same slot holds another value, in a sentence at least as near as any
    that agrees. What a person settled stays settled until the claim's words change.

    Args:
        claim: a sentence of the draft.
        passages: what was found for it, and the draft's own earlier sentences as `Origin.DRAFT`.
        settled: earlier claims by `key`.
        searched: how many sources were searched; by default those that the passages are of.
    """
    sources = {passage.source for passage in passages if passage.origin is not Origin.DRAFT}
    many = len(sources) if searched is None else searched
    if settled and (earlier := settled.get(key(claim.sentence.text))):
        return Verdict(claim, Word.SETTLED, settled=earlier, searched=many)
    wrong = tuple(_wrong_sums(claim))
    if wrong:
        return Verdict(claim, Word.DIFFERS, differences=wrong, searched=many)
    stems = content_stems(claim.sentence.text)
    compared = [
        compare_with(claim, passage, evidence)
        for passage in passages
        for evidence in pieces(passage.text)
        if len(stems & content_stems(evidence)) >= LEAST_SHARED * len(stems)
    ]
    return _weighed(claim, compared, many)


def key(sentence: str) -> str:
    """Return what a settled claim is known by: its words, whatever the typography."""
    return plain(sentence).strip(" .!?\"'")


@lru_cache(maxsize=5_000)
def pieces(text: str) -> tuple[str, ...]:
    """Return every run of one to `LONGEST` sentences of a passage."""
    sentences = [sentence for _, sentence in sentences_in(text)]
    return tuple(
        " ".join(sentences[at : at + size])
        for size in range(1, LONGEST + 1)
        for at in range(len(sentences) - size + 1)
    )


def earlier_statements(claims: Sequence[Claim], at: int) -> list[Passage]:
    """Return what a draft said before one of its claims: it may contradict that claim, not bear it out."""
    return [Passage(claim.sentence.text, "draft", Origin.DRAFT) for claim in claims[:at]]


def _wrong_sums(claim: Claim) -> Iterator[Difference]:
    for each in sums_in(claim.sentence.text):
        if not each.holds:
            part = each.stated
            yield Difference(f"{each.reckoned:f}", part.written, part.start, part.end, Origin.RECKONED)


def _weighed(claim: Claim, compared: Sequence[Comparison], searched: int) -> Verdict:
    agreeing = [each for each in compared if each.agrees(claim) and each.passage.origin is not Origin.DRAFT]
    best = max(agreeing, key=lambda each: each.nearness, default=None)
    against = [each for each in compared if _stands_against(each, compared)]
    worst = max(against, key=lambda each: each.nearness, default=None)
    if best is not None:
        if worst is not None and worst.nearness > best.nearness:
            return _said(claim, _split(best, worst), worst, searched)
        exact = best.verbatim or any(part.kind == "quotation" for part in claim.parts)
        return _said(claim, Word.QUOTED if exact else Word.AGREES, best, searched)
    if worst is not None:
        return _said(claim, Word.DIFFERS, worst, searched)
    nearest = max(compared, key=lambda each: each.coverage, default=None)
    if claim.outlook:
        return Verdict(claim, Word.UNCHECKED, searched=searched)
    if nearest is not None and nearest.coverage >= FOUND_FROM and nearest.passage.origin is not Origin.DRAFT:
        return _said(claim, Word.NOT_COMPARABLE, nearest, searched)
    return Verdict(claim, Word.NONE, searched=searched)


def _stands_against(one: Comparison, compared: Sequence[Comparison]) -> bool:
    """Tell whether no sentence that is as near has the draft's own value."""
    spans = {(each.start, each.end) for each in one.differences}
    return bool(spans) and not all(
        any(
            (part.start, part.end) == span
            for other in compared
            if other.nearness >= one.nearness
            for part in other.agreeing
        )
        for span in spans
    )


def _split(best: Comparison, worst: Comparison) -> Word:
    if best.passage.source == worst.passage.source:
        return Word.DIFFERS
    ours, theirs = best.passage.at, worst.passage.at
    return Word.NEWER if ours and theirs and theirs > ours else Word.DISAGREE


def _said(claim: Claim, word: Word, from_: Comparison, searched: int) -> Verdict:
    differences = from_.differences if word is not Word.NOT_COMPARABLE else ()
    return Verdict(claim, word, from_.passage, from_.evidence, differences, searched)
