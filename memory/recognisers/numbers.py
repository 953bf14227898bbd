"""Card and bank account numbers, by their check digits (python-stdnum)."""

import re
from collections.abc import Iterator
from functools import cache

from stdnum import iban, luhn, numdb

from memory.recognisers.searchable import Span

_GAP = r"[ \n./_-]?"
_CARD = re.compile(rf"(?<![\w-])(?:\d{_GAP}){{13,18}}\d(?![\w-])")
_ISSUER = re.compile(r"4\d{15}|4\d{18}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|6\d{15,18}")
_IBAN_AT = re.compile(r"(?<![^\W_])(?=[A-Za-z]{2}[ -]?\d{2})")
_IBAN = re.compile(rf"[A-Za-z]{{2}}[ -]?\d{{2}}(?:{_GAP}[A-Za-z0-9]){{11,30}}")
_REGISTRY = numdb.get("iban")
_COUNTRY_AND_CHECK_DIGITS = 4
_FIELD_LENGTH = re.compile(r"(\d+)!")
_NO_DIGIT = re.compile(r"\D")
_CHARACTER = re.compile(r"[A-Za-z0-9]")


def cards(text: str) -> Iterator[Span]:
    """Yield every card number of a known issuer whose check digit is right."""
    for match in _CARD.finditer(text):
        digits = _NO_DIGIT.sub("", match.group())
        if _ISSUER.fullmatch(digits) and luhn.is_valid(digits):
            yield match.span()


def ibans(text: str) -> Iterator[Span]:
    """Yield every account number, in whatever case and grouping, whose check digits and length are right."""
    for found in _IBAN_AT.finditer(text):
        match = _IBAN.match(text, found.start())
        if not match:
            continue
        # The pattern may have run on into the next words: the country says how long the number is.
        characters = list(_CHARACTER.finditer(text, *match.span()))[: _length(match.group()[:2].upper())]
        # The check of single countries' own digits would import a module for each, in a workflow's sandbox.
        if characters and iban.is_valid("".join(one.group() for one in characters), check_country=False):
            yield match.start(), characters[-1].end()


@cache
def _length(country: str) -> int:
    """Return how many characters an account number of that country has; 0 if it has none."""
    [(_, known)] = _REGISTRY.info(country)[:1]
    lengths = [int(length) for length in _FIELD_LENGTH.findall(known.get("bban", ""))]
    return sum(lengths) + _COUNTRY_AND_CHECK_DIGITS if lengths else 0
