"""Two values of one type: the same, other, or not to be told from how exactly each was written."""

import re
from enum import StrEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from workflows.content.claims.claim import Kind, Part
from workflows.content.claims.values import Moment, Quantity
from workflows.content.wording import FUNCTION_WORDS, plain

LEAST_LETTERS = 8
"""One letter more or less in a shorter name may make it another's."""
NEARLY_QUOTED = 75.0
"""From this share of a quotation's letters on, in their order, a source is taken for what it quotes."""


class Relation(StrEnum):
    """How a draft's value stands to a source's."""

    SAME = "same"
    OTHER = "other"
    OPEN = "open"


def compare(draft: Part, source: Part) -> Relation:
    """Compare two parts by their type; parts of different types say nothing of each other."""
    ours, theirs = draft.value, source.value
    if isinstance(ours, Quantity) and isinstance(theirs, Quantity):
        return compare_quantities(ours, theirs)
    if isinstance(ours, Moment) and isinstance(theirs, Moment):
        return compare_moments(ours, theirs)
    if draft.kind is source.kind is Kind.NAME:
        return Relation.SAME if same_name(str(ours), str(theirs)) else Relation.OTHER
    if draft.kind is source.kind:
        return Relation.SAME if ours == theirs else Relation.OPEN
    return Relation.OPEN


def compare_quantities(ours: Quantity, theirs: Quantity) -> Relation:
    """Compare amounts in one unit; what has another unit, or none where one is sure, is open.

    A draft may round: `4.2 million` is 4,213,000, but 4,213,000 is not `4.2 million`, which says less.
    `More than 100` is borne out by 126, contradicted by 90.
    """
    if ours.unit != theirs.unit:
        return Relation.OPEN
    if ours.amount == theirs.amount:
        return Relation.SAME
    if not theirs.bound and ours.bound in ("least", "most"):
        more = theirs.amount > ours.amount
        return Relation.SAME if more is (ours.bound == "least") else Relation.OTHER
    if theirs.grain < ours.grain and abs(ours.amount - theirs.amount) * 2 <= ours.grain:
        return Relation.SAME
    if ours.grain < theirs.grain and abs(ours.amount - theirs.amount) * 2 <= theirs.grain:
        return Relation.OPEN
    return Relation.OTHER


def compare_moments(ours: Moment, theirs: Moment) -> Relation:
    """Compare what both dates say; a draft that says more than its source is open.

    2015 is borne out by May 2015, but not the other way about; May 2015 is no part of 2016.
    """
    pairs = [
        (ours.month, theirs.month),
        (ours.day, theirs.day),
        (ours.weekday, theirs.weekday),
    ]
    if any(our is not None and their is not None and our != their for our, their in pairs):
        return Relation.OTHER
    years = _years(ours, theirs)
    if years is not Relation.SAME and not (ours.year is None or theirs.year is None):
        return years
    pairs.append((ours.year, theirs.year))
    said = [(our, their) for our, their in pairs if our is not None]
    return Relation.SAME if all(their is not None for _, their in said) else Relation.OPEN


def _years(ours: Moment, theirs: Moment) -> Relation:
    if ours.year is None or theirs.year is None:
        return Relation.OPEN
    if ours.year <= theirs.year and theirs.year + theirs.years <= ours.year + ours.years:
        return Relation.SAME
    apart = ours.year + ours.years <= theirs.year or theirs.year + theirs.years <= ours.year
    return Relation.OTHER if apart else Relation.OPEN


def same_name(ours: str, theirs: str) -> bool:
    """Tell whether two names may be one thing's: a part of the other, initials, a slip of one letter."""
    one, other = _name_words(ours), _name_words(theirs)
    if not one or not other:
        return False
    if one == other or _is_short_for(one, other) or _is_short_for(other, one):
        return True
    if "".join(one) == "".join(other):
        return True
    return (
        min(len(ours), len(theirs)) >= LEAST_LETTERS
        and len(one) == len(other)
        and not re.search(r"\d", ours + theirs)
        and Levenshtein.distance(" ".join(one), " ".join(other), score_cutoff=1) <= 1
    )


def _name_words(name: str) -> list[str]:
    words = re.findall(r"[^\W_]+", plain(name).replace("'s", "").replace(".", ""))
    return [word for word in words if word not in FUNCTION_WORDS] or words


def _is_short_for(short: list[str], long: list[str]) -> bool:
    """Tell whether the short name is the long one's acronym, or its words, or their initials, in order."""
    if len(short) == 1 and len(long) > 1 and short[0] == "".join(word[0] for word in long):
        return True
    rest = iter(long)
    return len(short) <= len(long) and all(
        any(word == other or (len(word) == 1 and other[0] == word) for other in rest) for word in short
    )


def compare_quotation(quoted: str, source: str) -> tuple[Relation, str]:
    """Look for a quotation in a source's text: word for word, typography aside; `...` may leave words out.

    Returns:
        SAME if it stands there; OTHER with the source's own words if nearly; else OPEN.
    """
    text = plain(source)
    pieces = [piece.strip(" .,;:!?") for piece in re.split(r"\s*\[?\.\.\.\]?\s*", plain(quoted))]
    at = 0
    for piece in filter(None, pieces):
        at = text.find(piece, at)
        if at < 0:
            return _nearly(plain(quoted), text)
        at += len(piece)
    return Relation.SAME, ""


def _nearly(quoted: str, text: str) -> tuple[Relation, str]:
    if len(quoted) > len(text):
        return Relation.OPEN, ""
    found = fuzz.partial_ratio_alignment(quoted, text, score_cutoff=NEARLY_QUOTED)
    if found is None:
        return Relation.OPEN, ""
    return Relation.OTHER, text[found.dest_start : found.dest_end].strip(' ".,;')
