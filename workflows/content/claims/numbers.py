"""Quantities in English words and digits, with unit and scale.

Read here and not by a library: of those compared, quantulum3 takes `18F` for farads and `10:30 a.m.` for
years and loads five seconds, number-parser multiplies no `4.2 million`. Numbers in words are text2num's.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from text_to_num import text2num

from workflows.content.claims.values import Bound, Quantity

Place = tuple[int, int, str, Quantity]

SCALES = {
    "hundred": 100, "thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6, "mn": 10**6, "billion": 10**9,
    "bn": 10**9, "b": 10**9, "trillion": 10**12, "dozen": 12,
}  # fmt: skip
FRACTIONS = {
    "half": Decimal(1) / 2, "third": Decimal(1) / 3, "quarter": Decimal(1) / 4, "fourth": Decimal(1) / 4,
    "fifth": Decimal(1) / 5, "tenth": Decimal(1) / 10,
}  # fmt: skip
UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "percentage": "%", "$": "USD", "us$": "USD", "dollar": "USD",
    "usd": "USD", "€": "EUR", "euro": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "pound": "GBP",
    "second": "second", "minute": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month",
    "year": "year", "km": "km", "kilometer": "km", "kilometre": "km", "mile": "mile", "meter": "m",
    "metre": "m", "kg": "kg", "feet": "foot", "foot": "foot", "inche": "inch", "inch": "inch",
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_ONES = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen"
)
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_SPELLED = rf"(?:{_TENS})(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|{_ONES}"
_SCALE = r"hundred|thousand|million|billion|trillion|dozen"
_AFTER = (
    r"%|per\s?cent\b|percentage\b|dollars?\b|USD\b|euros?\b|EUR\b|GBP\b|pounds?\b|"
    r"(?:second|minute|hour|day|week|month|year|mile|kilomet(?:er|re)|met(?:er|re))s?\b|km\b|kg\b|feet\b|"
    r"foot\b|inch(?:es)?\b"
)
_NUMBER = re.compile(
    r"(?P<before>(?:US)?\$|€|£)?\s?"
    r"(?<![\w.,:/#-])(?<!\d[-\u2013])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:(?P<ordinal>st|nd|rd|th)\b|[\s-]?(?P<scale>{_SCALE})\b|(?P<short>[kKMB]|bn|mn)\b)?"
    rf"(?![\w:/]|[.,]\d)(?:[\s-]?(?P<after>{_AFTER}))?",
    re.IGNORECASE,
)
_RANGE_END = re.compile(rf"(?<=\d)[-\u2013](?P<digits>\d+(?:\.\d+)?)\s?(?P<after>{_AFTER})?(?![\w-])", re.I)
_WORDS = re.compile(
    rf"\b(?P<run>(?:{_SPELLED}|(?:an?|half an?)(?=[\s-](?:{_SCALE})\b))"
    rf"(?:(?:[\s-]|\s+and\s+)(?:{_SPELLED}|{_SCALE})\b)*)(?!\w)(?:[\s-](?P<after>{_AFTER}))?",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"\b(?:(?P<top>one|two|three|four|a)[\s-](?P<part>third|quarter|fourth|fifth|tenth)s?|(?P<half>half))"
    r"(?=\s+(?:of|the|all|our|its|their)\b)",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"(?<=\b)(?:the|his|her|its|our|their|a)\s(?P<word>{'|'.join(ORDINALS)})\b(?!\s+(?:of all|time)\b)",
    re.IGNORECASE,
)
_BOUNDS: dict[str, Bound] = {
    "more than": "least", "over": "least", "at least": "least", "above": "least", "exceeding": "least",
    "less than": "most", "under": "most", "up to": "most", "at most": "most", "fewer than": "most",
    "below": "most", "no more than": "most", "about": "about", "around": "about", "nearly": "about",
    "almost": "about", "roughly": "about", "approximately": "about", "some": "about",
}  # fmt: skip
_BEFORE = re.compile(rf"\b({'|'.join(sorted(_BOUNDS, key=len, reverse=True))})\s+(?:an?\s+)?$", re.IGNORECASE)


def numbers(text: str) -> Iterator[Place]:
    """Yield quantities with their places: fractions, digits, ends of ranges, words, ordinals.

    `one` alone is mostly no number but a pronoun, and is left out; so are `18F`, `v2.0` and `10:30`.
    """
    for match in _FRACTION.finditer(text):
        yield _place(text, match, _fraction(match))
    for match in _NUMBER.finditer(text):
        yield _place(text, match, _digits(match))
    for match in _RANGE_END.finditer(text):
        yield _place(text, match, _quantity(match["digits"], 1, match["after"]), skip=1)
    for match in _WORDS.finditer(text):
        amount = _spelled(match["run"].lower())
        if amount is not None and (match["run"].lower() != "one" or match["after"]):
            yield _place(text, match, Quantity(amount, _unit(match["after"])))
    for match in _ORDINAL.finditer(text):
        start, end = match.span("word")
        yield start, end, text[start:end], Quantity(Decimal(ORDINALS[match["word"].lower()]), "th")


def _place(text: str, match: re.Match[str], quantity: Quantity, skip: int = 0) -> Place:
    start, end = match.start() + skip, match.end()
    start += len(text[start:end]) - len(text[start:end].lstrip())
    bound = _BEFORE.search(text[:start])
    said = _BOUNDS[bound[1].lower()] if bound else ""
    return start, end, text[start:end], Quantity(quantity.amount, quantity.unit, quantity.grain, said)


def _digits(match: re.Match[str]) -> Quantity:
    if match["ordinal"]:
        return Quantity(Decimal(match["digits"].replace(",", "")), "th")
    scale = SCALES[(match["scale"] or match["short"]).lower()] if match["scale"] or match["short"] else 1
    return _quantity(match["digits"], scale, match["before"] or match["after"])


def _quantity(digits: str, scale: int, unit: str | None) -> Quantity:
    number = Decimal(digits.replace(",", ""))
    _, decimals = _split(digits)
    grain = Decimal(scale).scaleb(-len(decimals))
    return Quantity(number * scale, _unit(unit), grain)


def _split(digits: str) -> tuple[str, str]:
    whole, _, decimals = digits.partition(".")
    return whole, decimals


def _unit(written: str | None) -> str:
    if not written:
        return ""
    plain = " ".join(written.lower().split())
    return UNITS.get(plain) or UNITS.get(plain.removesuffix("s")) or UNITS[plain.removesuffix("es")]


def _spelled(run: str) -> Decimal | None:
    """Return what number words mean; None if they are no single number (`two one`)."""
    words = re.split(r"[\s-]+", run.replace("half a", "half"))
    times = Decimal(1)
    if words[-1] == "dozen":
        words, times = words[:-1] or ["one"], Decimal(SCALES["dozen"])
    if words[0] == "half":
        return FRACTIONS["half"] * times * SCALES.get(words[-1], 1)
    try:
        spoken = " ".join("one" if word in ("a", "an") else word for word in words)
        return times * Decimal(text2num(spoken, "en"))
    except ValueError:
        return None


def _fraction(match: re.Match[str]) -> Quantity:
    if match["half"]:
        return Quantity(FRACTIONS["half"], "", Decimal("0.01"))
    top = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4}[match["top"].lower()]
    return Quantity(top * FRACTIONS[match["part"].lower()], "", Decimal("0.01"))
