"""Facts in a model's answer must stand in what it was given: compared by type, not as strings.

Numbers, dates, order ids, names and quotes are taken out of a text, each turned into what it means, and
looked for among the meanings in the evidence: `1,299.00`, `1.299,00` and `1299` are one number, `5 November`
and `2026-11-05` one day. What can be read in two ways is grounded if one of them is.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Literal, NamedTuple

Kind = Literal["number", "date", "id", "name", "quote"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar", "february feb februar", "march mar märz", "april apr", "may mai",
            "june jun juni", "july jul juli", "august aug", "september sep sept", "october oct oktober",
            "november nov", "december dec dezember",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?,?(?:\s+(?P<y>\d{{4}}))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<month>{_MONTH})\.?\s+(?P<d>\d{{1,2}}){_ORDINAL}(?!\d)(?:,?\s+(?P<y>\d{{4}}))?",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?P<d>\d{1,2})(?P<sep>[./])(?P<m>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})\b"),
)
_ID = re.compile(r"#?\b(?:[A-Z]{1,5}-?\d{3,}|[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\b|#\d{3,}\b")
_UNITS = {"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "£": "GBP"}
_UNITS |= {"gbp": "GBP", "%": "%", "percent": "%"}
_UNIT = r"€|\$|£|%|\b(?:EUR|euros?|USD|GBP|percent)\b"
_NUMBER = re.compile(
    rf"(?P<before>{_UNIT})?\s?(?<![\w.,])"
    r"(?P<digits>\d+(?:[., '\u00a0\u202f]\d{3})*(?:[.,]\d+)?)(?!\w)"
    rf"\s?(?P<after>{_UNIT})?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"„«](?P<words>[^“”\"„«»]{2,})[”\"“»]")
_WORD = re.compile(r"[\w]+(?:['\u2019-][\w]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|\n\s*)[\"“'(]*$")
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
_NEVER_NAMES = frozenset({"i", "ok", "eur", "usd", "gbp", *_WEEKDAYS.split()})


class Fact(NamedTuple):
    """One fact: as it was written, and everything it can mean."""

    kind: Kind
    written: str
    readings: frozenset[tuple[object, ...]]


def ungrounded(answer: str, quote: str, evidence: Sequence[str]) -> list[Fact]:
    """Return the facts of an answer that the evidence does not hold; empty if it stands on it.

    Args:
        answer: what the model wrote in its own words.
        quote: what it says is word for word in the evidence; may be empty.
        evidence: every text it was given.
    """
    given = [fact for text in evidence for fact in facts_in(text)]
    words = [_words(text) for text in evidence]
    asked = facts_in(answer)
    if quote.strip():
        asked.append(_quote(quote))
    return [fact for fact in asked if not _stands_in(fact, given, words)]


def facts_in(text: str) -> list[Fact]:
    """Return the facts of a text; what is part of a date or an id is not counted as a number again."""
    found: list[Fact] = [_quote(match["words"]) for match in _QUOTED.finditer(text)]
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if readings := _days(match):
                found.append(Fact("date", match.group(), readings))
                text = _blank(text, match)
    for match in _ID.finditer(text):
        found.append(Fact("id", match.group(), frozenset({(match.group().lstrip("#").upper(),)})))
        text = _blank(text, match)
    for match in _NUMBER.finditer(text):
        found.append(_number(match))
        text = _blank(text, match)
    return found + _names(text)


def _stands_in(fact: Fact, given: Iterable[Fact], words: Sequence[list[str]]) -> bool:
    if fact.kind in ("quote", "name"):
        wanted = _words(fact.written)
        return any(_holds(text, wanted) for text in words)
    return any(
        _same(fact.kind, ours, theirs)
        for other in given
        if other.kind == fact.kind
        for ours, theirs in product(fact.readings, other.readings)
    )


def _same(kind: Kind, ours: tuple[object, ...], theirs: tuple[object, ...]) -> bool:
    """Compare two readings; what one of them leaves open (a year, a currency) is not held against it."""
    if kind == "number":
        unit, other = ours[1], theirs[1]
        # A share is never an amount; a bare number may be an amount in any currency.
        return ours[0] == theirs[0] and (unit == other or ("%" not in (unit, other) and "" in (unit, other)))
    if kind == "date":
        return ours[1:] == theirs[1:] and (ours[0] == theirs[0] or None in (ours[0], theirs[0]))
    return ours == theirs


def _number(match: re.Match[str]) -> Fact:
    unit = (match["before"] or match["after"] or "").lower()
    readings = {(value, _UNITS.get(unit, "")) for value in _values(match["digits"])}
    return Fact("number", match.group().strip(), frozenset(readings))


def _values(digits: str) -> set[Decimal]:
    """Return what a written number can mean: `1.299` is 1299 or 1.299; `1,299.00` is only 1299."""
    bare = re.sub(r"[ '\u00a0\u202f]", "", digits)
    marks = re.findall(r"[.,]", bare)
    if not marks:
        return {Decimal(bare)}
    grouped = re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", bare)
    values = set()
    if grouped:
        values.add(Decimal(re.sub(r"[.,]", "", bare)))
    if marks.count(marks[-1]) == 1:
        whole, _, cents = bare.rpartition(marks[-1])
        values.add(Decimal(re.sub(r"[.,]", "", whole) + "." + cents))
    return values or {Decimal(re.sub(r"[.,]", "", bare))}


def _days(match: re.Match[str]) -> frozenset[tuple[object, ...]]:
    parts = match.groupdict()
    year = int(parts["y"]) if parts.get("y") else None
    if year is not None and year < 100:  # noqa: PLR2004 - two digits are of this century
        year += 2000
    if parts.get("month"):
        pairs = {(_MONTHS[parts["month"].lower()], int(parts["d"]))}
    else:
        pairs = {(int(parts["m"]), int(parts["d"]))}
        if parts.get("sep") == "/":  # 5/11 is the fifth of November or the eleventh of May
            pairs.add((int(parts["d"]), int(parts["m"])))
    return frozenset((year, month, day) for month, day in pairs if _is_day(year or 2024, month, day))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _names(text: str) -> list[Fact]:
    """Return runs of capitalised words inside sentences: a sentence's first word says nothing."""
    runs: list[list[re.Match[str]]] = []
    end = -1
    for match in _WORD.finditer(text):
        word = match.group()
        named = word[0].isupper() and word.lower() not in _NEVER_NAMES and len(word) > 1
        starts = bool(_SENTENCE_START.search(text[: match.start()]))
        if named and runs and end >= 0 and text[end : match.start()].strip() == "":
            runs[-1].append(match)
            end = match.end()
        elif named and not starts:
            runs.append([match])
            end = match.end()
        else:
            end = -1
    written = [" ".join(match.group() for match in run) for run in runs]
    return [Fact("name", name, frozenset({(name,)})) for name in written]


def _quote(words: str) -> Fact:
    return Fact("quote", words.strip(), frozenset())


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return [word.removesuffix("'s") for word in _WORD.findall(plain)]


def _holds(text: list[str], wanted: list[str]) -> bool:
    size = len(wanted)
    return bool(size) and any(text[at : at + size] == wanted for at in range(len(text) - size + 1))


def _blank(text: str, match: re.Match[str]) -> str:
    """Replace a match by spaces, so that places stay and nothing is read twice."""
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
