"""Whether what is to be cancelled, returned or refunded is something of the order, or another thing."""

import re
from collections.abc import Sequence

from workflows.returns.types import OrderLine
from workflows.returns.wishes.naming import mentions

_OBJECT = re.compile(
    r"\b(?:(?:cancel|return|exchange|swap|replace)(?:l?ing)?|refund(?:ing)?(?: me| us)?(?: for)?) "
    r"(?:my|our|the|an?|this|that|some) (?P<thing>[\w'-]+"
    r"(?: (?!about\b|for\b|from\b|in\b|when\b)[\w'-]+){0,4})",
    re.I,
)
_OF_AN_ORDER = re.compile(
    r"\b(?:orders?|purchases?|items?|things?|products?|articles?|rest|whole|both|all|ones?|amounts?|money|"
    r"price|remaining|others?|difference|costs?|payment|pair|set|goods|shipment|delivery|deliveries|"
    r"parcel|package|stuff|lot|total|following|first|second|two|three|four|five|contents?|everything|replacement|"
    r"refund|return|exchange|request|full|same|different|bigger|smaller|new|\w*\d[\w-]*)\b",
    re.I,
)


def another_thing(clause: str, lines: Sequence[OrderLine]) -> bool:
    """Say whether an action is asked for on what is no part of an order: `cancel my reminder mails`."""
    things = [found["thing"] for found in _OBJECT.finditer(clause)]
    return bool(things) and not any(_OF_AN_ORDER.search(each) or mentions(each, lines) for each in things)
