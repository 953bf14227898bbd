"""How to reach a person by mail or telephone; numbers by Google's libphonenumber and by their shape."""

import re
from collections.abc import Iterator, Sequence

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from memory.recognisers.searchable import Span

REGIONS = ("DE", "US", "GB", "FR")
"""Countries whose national spelling of a telephone number is recognised; +49 … is, everywhere."""
MIN_NATIONAL_DIGITS = 7
MIN_UNSPACED_DIGITS = 10

LONGEST_LOCAL_PART = 64
_MARKS = r"\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff"
_LABEL = rf"[\w{_MARKS}-]{{1,63}}"
_AT = re.compile(r"@|%40| ?[(\[{] ?(?:at|ät) ?[)\]}] ?", re.I)
_DOT = r"(?:\.| ?[(\[{] ?(?:dot|punkt) ?[)\]}] ?)"
_DOMAIN = re.compile(
    rf"(?:{_LABEL}{_DOT}){{1,10}}(?:xn--[a-z0-9-]{{2,59}}|(?:[^\W\d_]|[{_MARKS}]){{2,63}})", re.I
)
"""Lengths as in RFC 5321; without them a long word costs its length squared, and the worker stands still."""
_LOCAL = re.compile(rf"[\w{_MARKS}](?:[\w{_MARKS}.!#$&'*+/?^{{|}}~-]{{0,63}})\Z|[\w.+%-]{{1,64}}\Z")

_GAP = r"[ ()/.-]{0,3}"
_SHAPES = (
    # +1 555 123 4567, +43 (0) 664 / 123 45 67, 00 43 664 1234567
    re.compile(rf"(?<![\w+])\+ ?[1-9](?:{_GAP}\d){{7,14}}(?!\d)"),
    re.compile(rf"(?<![\w.,/#-])00[ -]?[1-9]\d{{0,2}}[ ()/-]{{1,3}}\d(?:{_GAP}\d){{5,12}}(?!\d)"),
    # 555-123-4567, (555) 123-4567
    re.compile(r"(?<![\w.,/#(-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"),
    # 0664/1234567, (01) 588 00 12; no date begins with three digits
    re.compile(r"(?<![\w.,/#(-])(?:\(0\d{1,5}\)|0\d{2,5}) ?[ /-] ?\d(?:[ /-]{0,3}\d){4,9}(?![\w-])"),
)
_CUED = re.compile(
    r"\b(?:tel(?:efon|ephone)?|phone|mobile|mobil|handy|cell|fax|whatsapp|sms|my number"
    r"|meine nummer|rufnummer|call(?: me)?|ring me|reach me|text me)\b"
    rf"(?: (?:is|ist|at|on|under|unter|number|nummer)){{0,2}}[.:]? ?"
    rf"(?P<number>[+(]?\d(?:{_GAP}\d){{5,14}})(?!\d)",
    re.I,
)
_LABELLED = re.compile(
    r"(?<![^\W_])(?:order|sku|rma|invoice|article|item|part|ean|gtin|upc|isbn|tracking|parcel|shipment|serial|case|ref|reference|id"
    r"|bestellung|bestell|auftrag|auftrags|artikel|rechnung|rechnungs|sendung|sendungs|serien|teile|lieferschein)"
    r"s?(?:[ -]?(?:no|nr|id|number|nummer|code))?\.?[ :#-]{0,3}\Z",
    re.I,
)
"""What a number that follows it is: no telephone number."""
_LABEL_CHARS = 32
_NO_DIGIT = re.compile(r"\D")
_SPACED = re.compile(r"\d[ ()/.-]+\d")


def load() -> None:
    """Load all that libphonenumber would else load at the first number it meets."""
    PhoneMetadata.load_all()


def emails(text: str) -> Iterator[Span]:
    """Yield every mail address, in any script, also with (at) and (dot)."""
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end())
        local = _LOCAL.search(text, max(0, at.start() - LONGEST_LOCAL_PART), at.start())
        if domain and local:
            yield local.start(), domain.end()


class Phones:
    """Finds telephone numbers."""

    def __init__(self, regions: Sequence[str]) -> None:
        """Take the countries whose national spelling is recognised."""
        self._regions = tuple(regions)

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield every telephone number that no word before it calls an order, an article or the like."""
        if sum(map(str.isdigit, text)) < MIN_NATIONAL_DIGITS:
            return
        for start, end in self._candidates(text):
            if not _LABELLED.search(text, max(0, start - _LABEL_CHARS), start):
                yield start, end

    def _candidates(self, text: str) -> Iterator[Span]:
        for region in self._regions:
            for match in phonenumbers.PhoneNumberMatcher(text, region):
                if _surely_phone(match.raw_string):
                    yield match.start, match.end
        for shape in _SHAPES:
            yield from (match.span() for match in shape.finditer(text))
        yield from (match.span("number") for match in _CUED.finditer(text))


def _surely_phone(raw: str) -> bool:
    """Tell a telephone number from a year, an article or an order number that could be one."""
    digits = _NO_DIGIT.sub("", raw)
    if raw.startswith(("+", "00")):
        return True
    spaced = bool(_SPACED.search(raw)) and len(digits) >= MIN_NATIONAL_DIGITS
    return spaced or (raw.startswith("0") and len(digits) >= MIN_UNSPACED_DIGITS)
