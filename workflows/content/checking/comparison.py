"""A claim compared with one piece of evidence, part by part."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from workflows.content.checking.alignment import Alignment, Meeting, align
from workflows.content.checking.values import Relation, compare_quotation
from workflows.content.checking.verdict import Difference, Passage
from workflows.content.claims.claim import VALUES, Claim, Kind, Part, parts_in
from workflows.content.wording import plain, stem

AGREES_FROM = 0.8
DIFFERS_FROM = 0.6
SLOT_FROM = 0.6
SURE_FROM = 0.75
SURE_SLOT_FROM = 0.3
NEGATION_FROM = 0.75
"""Shares of a claim's content words that evidence must hold for each word; as first set, not tuned yet."""
SWAP_FROM = 0.9
"""Where the draft's value stands in the source too, but in another slot, nearly every word must meet."""
SEVERAL = 2
"""So many values that differ, more than those that agree, tell of another matter."""
NOT_NEGATED = "not negated"


@dataclass(frozen=True)
class Comparison:
    """One claim against some sentences of a passage.

    Attributes:
        agreeing: the parts that have the same value there.
        verbatim: whether the whole claim stands there word for word.
    """

    passage: Passage
    evidence: str
    coverage: float
    back: float
    agreeing: frozenset[Part]
    differences: tuple[Difference, ...]
    verbatim: bool

    @property
    def nearness(self) -> tuple[bool, float, float]:
        """What says which of two comparisons is about the claim's own matter: the greater one."""
        return self.verbatim, self.coverage, self.back

    def agrees(self, claim: Claim) -> bool:
        """Tell whether every part has the same value, in nearly the same words."""
        whole = self.coverage >= AGREES_FROM and self.agreeing.issuperset(claim.parts)
        return self.verbatim or (whole and not self.differences)


def compare_with(claim: Claim, passage: Passage, evidence: str) -> Comparison:
    """Compare a claim with one or a few sentences of a passage."""
    text = claim.sentence.text
    laid = align(text, evidence)
    quotations = {
        part: compare_quotation(part.written, evidence) for part in claim.parts if part.kind is Kind.QUOTATION
    }
    agreeing = {part for part, (relation, _) in quotations.items() if relation is Relation.SAME}
    agreeing |= set(_agreeing(claim, laid, evidence))
    differences = [
        *_values_apart(laid, passage, agreeing),
        *_negations_apart(laid, passage),
        *(
            Difference(words, part.written, part.start, part.end, passage.origin)
            for part, (relation, words) in quotations.items()
            if relation is Relation.OTHER
        ),
    ]
    verbatim = f" {_bare(text)} " in f" {_bare(evidence)} "
    return Comparison(
        passage,
        evidence,
        laid.coverage,
        laid.back,
        frozenset(agreeing),
        () if verbatim else tuple(differences),
        verbatim,
    )


def _bare(text: str) -> str:
    return " ".join(word.strip(".,;:!?\"'()[]*-") for word in plain(text).split())


def _agreeing(claim: Claim, laid: Alignment, evidence: str) -> Iterator[Part]:
    held = parts_in(evidence)
    words = f" {_bare(evidence)} "
    met = {
        meeting.draft
        for meeting in laid.meetings
        if meeting.relation is Relation.SAME or (meeting.elsewhere and meeting.source is None)
    }
    apart = {meeting.draft for meeting in laid.meetings if meeting.relation is Relation.OTHER}
    for part in claim.parts:
        if part.kind in VALUES:
            named = part.kind is Kind.NAME and f" {_bare(part.written)} " in words
            if part in met or (named and part not in apart):
                yield part
        elif part.kind is Kind.NEGATION:
            if part in laid.denied:
                yield part
        elif part.kind in (Kind.SUPERLATIVE, Kind.COMPARISON) and any(
            each.kind is part.kind and _same_cue(each, part) for each in held
        ):
            yield part


def _same_cue(one: Part, other: Part) -> bool:
    return [stem(word) for word in str(one.value).split()] == [
        stem(word) for word in str(other.value).split()
    ]


def _values_apart(laid: Alignment, passage: Passage, agreeing: Collection[Part]) -> list[Difference]:
    """Return the slots with two values; where more values differ than agree, it is said of something else."""
    apart = [
        (meeting.draft, meeting.source, meeting.elsewhere)
        for meeting in laid.meetings
        if meeting.relation is Relation.OTHER and meeting.source and _in_one_slot(laid, meeting)
    ]
    other = [draft for draft, _, elsewhere in apart if not elsewhere]
    alike = sum(part.kind in VALUES for part in agreeing)
    if len(other) >= SEVERAL and len(other) > alike:
        return []
    return [
        Difference(source.written, draft.written, draft.start, draft.end, passage.origin)
        for draft, source, _ in apart
    ]


def _in_one_slot(laid: Alignment, meeting: Meeting) -> bool:
    if meeting.elsewhere:
        return laid.coverage >= SWAP_FROM and meeting.slot >= SWAP_FROM
    if laid.coverage >= SURE_FROM:
        return meeting.slot >= SURE_SLOT_FROM
    return laid.coverage >= DIFFERS_FROM and meeting.slot >= SLOT_FROM


def _negations_apart(laid: Alignment, passage: Passage) -> Iterator[Difference]:
    if laid.coverage < NEGATION_FROM:
        return
    ours, theirs = laid.negated
    if len(ours) == len(theirs):
        return
    for part in ours:
        yield Difference(NOT_NEGATED, part.written, part.start, part.end, passage.origin)
    for part in theirs:
        yield Difference(part.written, NOT_NEGATED, origin=passage.origin)
