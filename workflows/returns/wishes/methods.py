"""Which way to pay a text names, among those the customer has."""

import re
from collections.abc import Sequence

from workflows.returns.types import WayToPay

_KINDS = {
    "gift_card": r"gift ?-?cards?|giftcards?|geschenkkarte|carte cadeau|tarjeta(?: de)? regalo|store credit",
    "paypal": r"pay ?pal",
    "card": r"credit cards?|debit cards?|(?<!gift )(?<!gift)(?<!sd )(?<!cf )cards?\b|kreditkarte|"
    r"carte bancaire",
}
_FILLER = (
    r"(?:\s+(?:on|in|to|the|my|by|with|via|auf|die|sur|la|a|en|mi|it|was|i|for|of|did|get|onto|be|want|"
    r"using|use|used|it's|one|pay|put|them|that))"
)
_NOT = re.compile(
    rf"\b(?:not|instead of|rather than|isn't|nicht|pas|no|in place of|other than|than|"
    rf"as long as it isn't|(?<!be )paid|because|neither|nor|unlike){_FILLER}{{0,5}}\s*$"
    rf"|\b(?:not|isn't|neither|nicht|rather than|instead of)\b[^.;,]{{0,30}}\b(?:or|nor|"
    rf"oder){_FILLER}{{0,3}}\s*$"
    rf"|\b(?:switch|change|move|moved|payment)\b[^.;,]{{0,20}}\bfrom{_FILLER}{{0,3}}\s*$"
)
_SPENT = re.compile(
    r"^\W*(?:is|was|has|because|which)\b[^.;]{0,40}(?:used up|nothing left|lost|expired|replaced|empty|"
    r"broken|given away|no longer|trouble)|^\W*(?:is |stays )?for (?:something else|later|another)",
    re.I,
)


def method(text: str, methods: Sequence[WayToPay]) -> tuple[str, ...]:
    """Return the methods that a text may mean, the last named one's; empty if it names none.

    What is named as not wanted, or as how it was paid, is passed over.
    """
    words = text.lower()
    found: list[tuple[int, tuple[str, ...]]] = []
    for each in methods:
        if each.kind == "card" and each.brand:
            found += [(place, (each.method,)) for place in _places(words, _brand(each))]
        if each.last_four:
            found += [(place + 1, (each.method,)) for place in _places(words, rf"\b{each.last_four}\b")]
    for kind, pattern in _KINDS.items():
        ids = tuple(each.method for each in methods if each.kind == kind)
        if ids:
            found += [(place, ids) for place in _places(words, rf"\b(?:{pattern})")]
    if not found:
        return ()
    named = [ids for _, ids in sorted(found)]
    by_four = [(p, ids) for p, ids in found if len(ids) == 1]
    last = named[-1]
    if len(last) > 1 and by_four:
        narrowed = [ids for _, ids in sorted(by_four) if set(ids) <= set(last)]
        last = narrowed[-1] if narrowed else last
    return _same_brand(last, by_four, methods)


def _brand(card: WayToPay) -> str:
    spelled = r"master ?card" if card.brand.lower() == "mastercard" else re.escape(card.brand.lower())
    return rf"\b{spelled}\b"


def _same_brand(
    last: tuple[str, ...], single: Sequence[tuple[int, tuple[str, ...]]], methods: Sequence[WayToPay]
) -> tuple[str, ...]:
    """Return every card of one brand when the brand alone was named and there are several of it."""
    if len(last) != 1:
        return last
    mine = next(each for each in methods if each.method == last[0])
    twins = [each.method for each in methods if each.kind == mine.kind and each.brand == mine.brand]
    return last if len(twins) == 1 or sum(ids == last for _, ids in single) > 1 else tuple(twins)


def _places(words: str, pattern: str) -> list[int]:
    return [
        found.start()
        for found in re.finditer(pattern, words)
        if not _NOT.search(words[max(0, found.start() - 60) : found.start()])
        and not _SPENT.search(words[found.end() : found.end() + 80])
    ]


def spoken_of(text: str, methods: Sequence[WayToPay]) -> int:
    """Return how many of a customer's kinds of payment a text speaks of, wanted or not."""
    words = text.lower()
    kinds = {kind for kind, pattern in _KINDS.items() if re.search(rf"\b(?:{pattern})", words)}
    brands = {
        each.method for each in methods if each.brand and re.search(rf"\b{each.brand.lower()}\b", words)
    }
    return len(kinds - ({"card"} if brands else set())) + len(brands)
