"""Postal addresses, as they are written in German, English, French, Italian, Spanish and Dutch."""

import re
from collections.abc import Iterator

from memory.recognisers.searchable import Span

_CAPITAL = r"[A-ZÄÖÜÉÈÀ]"
_HOUSE = r"\d{1,4}(?: ?[a-z](?!\w)|(?!\w))(?:[/-] ?\d{1,4}(?!\w)){0,3}"
_NO_AMOUNT = r"(?! ?(?:EUR|USD|GBP|CHF|€|\$|£|%|[.,]\d))"
_TOWN = rf"(?:[A-Z]{{1,2}}-)?\d{{4,5}} {_CAPITAL}[\w-]+"
_THEN_TOWN = rf"(?:,?\s{{1,2}}{_TOWN})?"

_GERMAN = re.compile(
    rf"(?:(?i:straße|strasse|str\.)|weg|platz|allee|gasse|damm|ufer|straat|gracht|laan|Weg|Platz|Allee|Gasse|Damm|Ufer)"
    rf" ?{_HOUSE}{_THEN_TOWN}"
)
"""From the kind of street on; its name stands before it, in one word or in several."""
_BEFORE = re.compile(rf"(?:(?<!\w){_CAPITAL}[\w.'-]{{0,40}} ){{0,2}}(?<!\w)[\w.'-]{{0,40}}\Z")
_WORD_BEFORE = re.compile(r"(?<!\w)[\w.'-]{2,40} ?\Z")
_LONGEST_NAME = 130

_NOT_BEFORE_A_HOUSE = (
    r"(?!(?i:artikel|bestellung|auftrag|position|rechnung|größe|article|order|item|line|invoice|size|room|page|seite"
    r"|version|kapitel|chapter|jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag))"
)
_ENGLISH_KIND = (
    r"(?:Street|STREET|AVENUE|ROAD|St\b\.?|Avenue|Ave\b\.?|Road|Rd\b\.?|Lane|Ln\b\.?|Drive|Dr\b\.?|Boulevard|Blvd\b\.?|Court|Ct\b\.?"
    r"|Way|Square|Terrace|Close|Crescent|Parkway|Pkwy\b\.?|Highway|Hwy\b\.?|Gardens|Mews)(?!\w)"
)
_ADDRESSES = (
    # Graben 5, 1010 Wien; Am Hof 3, 1010 Wien
    re.compile(
        rf"\b(?:(?:Am|An|Auf|Im|In|Zum|Zur|Unter|Hinter|Vor)(?: (?:der|den|dem))? )?{_NOT_BEFORE_A_HOUSE}"
        rf"(?:{_CAPITAL}[\w.'-]{{1,40}} )?{_NOT_BEFORE_A_HOUSE}{_CAPITAL}[\w.'-]{{1,40}} {_HOUSE},?\s{{1,2}}"
        rf"(?!\d+ (?:Stück|Stk|Euro|EUR|Uhr|Pieces|Teile)\b){_TOWN}"
    ),
    # Straße des 17. Juni 135
    re.compile(
        rf"\b(?:Straße|Strasse|Platz|Allee) (?:des|der) (?:\d{{1,2}}\. )?{_CAPITAL}\w{{1,40}} {_HOUSE}"
    ),
    # 1600 Pennsylvania Avenue NW, Washington, DC 20500; 221B Baker Street, London NW1 6XE
    re.compile(
        r"\b\d{1,5}[A-Za-z]? "
        r"(?!(?:[A-Z]\w{1,9} )?(?:Hard|Flash|Thumb|Solid|External|Portable|Volt|Watt|TB|GB)\b)"
        r"(?:(?:[NSEW]|North|South|East|West)\.? )?"
        rf"(?:(?:[A-Z][A-Za-z'-]{{1,30}}|\d{{1,3}}(?i:st|nd|rd|th))\.? ){{1,3}}"
        rf"{_ENGLISH_KIND}(?: [NS][EW]\b)?"
        r"(?:,? (?:Apt|Unit|Suite|Ste|Flat|Apartment)\b\.? ?\w{1,6})?"
        r"(?:,? [A-Z][A-Za-z .]{1,40},? (?:[A-Z]{2} \d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})\b)?"
    ),
    re.compile(
        r"\b\d{1,5}[a-z]? (?!(?:the|on|in|of|at|my|our|your|a)\b)[a-z]{3,20} (?:street|avenue|boulevard)\b"
    ),
    # 12 bis rue de Rivoli, 75001 Paris
    re.compile(
        rf"\b\d{{1,4}}(?: bis| ter)?,? (?:[Rr]ue|avenue|boulevard|place|quai|impasse|chemin|allée)"
        rf" (?:d[eu]s? |de la |la |le |l'|d')?{_CAPITAL}\w{{1,40}}(?:[ -]{_CAPITAL}\w{{1,40}}){{0,3}}"
        rf"(?:,? {_TOWN})?"
    ),
    # Via Garibaldi 12, Calle Mayor 5
    re.compile(
        rf"\b(?:Via|Viale|Piazza|Corso|Calle|Avenida|Plaza|Paseo|Rua) (?!PayPal)"
        rf"(?:d[aei]l{{0,2}}[ao]? |de |la ){{0,2}}(?:{_CAPITAL}\w{{1,40}} ){{1,3}}{_HOUSE}{_NO_AMOUNT}"
        rf"{_THEN_TOWN}"
    ),
    re.compile(rf"\b(?i:P\.? ?O\.? ?Box|Postfach) \d[\d ]{{0,7}}\d?(?!\w){_THEN_TOWN}"),
)


def addresses(text: str) -> Iterator[Span]:
    """Yield every postal address of a known spelling."""
    for match in _GERMAN.finditer(text):
        name = _street_name(text, match.start())
        if name is not None:
            yield name, match.end()
    for pattern in _ADDRESSES:
        yield from (match.span() for match in pattern.finditer(text))


def _street_name(text: str, kind: int) -> int | None:
    """Return where the name of a street begins whose kind stands at `kind`, or None if it has no name."""
    first = max(0, kind - _LONGEST_NAME)
    before = _BEFORE.search(text, first, kind)
    if before and before.group()[:1].isupper():
        return before.start()
    # A name in small letters is believed of a street only: "auf dem platz 3" is none.
    word = _WORD_BEFORE.search(text, first, kind) if text[kind : kind + 3].lower() == "str" else None
    return word.start() if word else None
