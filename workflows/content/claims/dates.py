"""Dates in English, as exact as they are written: a day, a month, a year, a decade, a century, a weekday.

Read here and not by dateparser, which finds dates in `by about 35%` and `we may`, and says no granularity.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date

from workflows.content.claims.values import Moment

Place = tuple[int, int, str, Moment]

_FULL = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_SHORT = {
    "Jan": 1,
    "Feb": 2,
    "Mar": 3,
    "Apr": 4,
    "Aug": 8,
    "Sep": 9,
    "Sept": 9,
    "Oct": 10,
    "Nov": 11,
    "Dec": 12,
}
MONTHS = {name: number for number, name in enumerate(_FULL, start=1)} | _SHORT
WEEKDAYS = {name: number for number, name in enumerate(day.lower() for day in calendar.day_name)}
_MONTH = rf"(?P<month>(?:{'|'.join(_FULL)})\b|(?:{'|'.join(_SHORT)})\b\.?)"
_YEAR = r"(?P<y>(?:1\d|20)\d\d)"
_ORDINAL = r"(?:st|nd|rd|th)?"
_PATTERNS = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(rf"\b(?P<d>\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?{_MONTH},?(?:\s+{_YEAR}\b)?"),
    re.compile(rf"\b{_MONTH}\s+(?P<d>\d{{1,2}}){_ORDINAL}(?![\d:,]\d|\w)(?:,?\s+{_YEAR}\b)?"),
    re.compile(rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}\b"),
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})\b"),
    re.compile(r"\b(?P<decade>(?:1\d|20)\d0)['\u2019]?s\b"),
    re.compile(r"\b(?P<century>\d{1,2})(?:st|nd|rd|th)[- ]century\b", re.I),
    re.compile(
        rf"(?<![\w$€£.,/#:-])(?<![+=] ){_YEAR}"
        r"(?![\w%/:]|[.,]\d|-\d|\s*[+=])(?!\s+(?:million|billion|percent)\b)"
    ),
    re.compile(
        r"\b(?:in|since|of|by|until|till|during|from|to|last|this|next|early|late|mid|and|every|before|after)"
        rf"[\s-]+{_MONTH}(?!\s+\d)"
    ),
    re.compile(rf"\b(?P<weekday>(?:{'|'.join(name.title() for name in WEEKDAYS)}))s?\b"),
)
_COUNTED = re.compile(r"\s+(?:[a-z]+\s+)?[a-z]+s\b")
_FROM_NO_YEAR = re.compile(r"(?<![\d,.])(?:\d{1,3}|\d+,\d{3})\s+(?:to|and)\s+$")
"""A range that begins with no year, as in `500 to 1000 words`."""
_IN_YEAR = re.compile(
    r"\b(?:in|since|of|by|from|until|till|to|the|during|after|before|early|late|mid|year|FY)[\s-]+$"
)


def dates(text: str) -> Iterator[Place]:
    """Yield dates with their places; of two that overlap the first is the longer."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            moment = _moment(match)
            if moment is not None and not _counts(text, match, moment):
                start = match.start("month") if _only_month(moment) else match.start()
                yield start, match.end(), text[start : match.end()], moment


def _moment(match: re.Match[str]) -> Moment | None:
    parts = match.groupdict()
    if weekday := parts.get("weekday"):
        return Moment(weekday=WEEKDAYS[weekday.lower()])
    if decade := parts.get("decade"):
        return Moment(int(decade), years=10)
    if century := parts.get("century"):
        return Moment((int(century) - 1) * 100 + 1, years=100)
    month = MONTHS[parts["month"].rstrip(".")] if parts.get("month") else _int(parts.get("m"))
    moment = Moment(_int(parts.get("y")), month, _int(parts.get("d")))
    return moment if _exists(moment) else None


def _int(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _only_month(moment: Moment) -> bool:
    return moment.month is not None and moment.year is None and moment.day is None


def _exists(moment: Moment) -> bool:
    try:
        date(moment.year or 2024, moment.month or 1, moment.day or 1)
    except ValueError:
        return False
    return True


def _counts(text: str, match: re.Match[str], moment: Moment) -> bool:
    """Tell whether four digits alone rather count what is named behind them: `1200 old posts`."""
    bare = moment.month is None and moment.years == 1 and moment.year is not None
    before = text[: match.start()]
    in_year = _IN_YEAR.search(before) and not _FROM_NO_YEAR.search(before)
    return bare and bool(_COUNTED.match(text, match.end())) and not in_year
