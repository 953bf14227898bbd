"""Where the money of a wish goes or comes from, and how an order shall be paid."""

import re
from collections.abc import Sequence

from workflows.returns.types import Order
from workflows.returns.wishes.finding import OPEN
from workflows.returns.wishes.letter import Customer, Gap, Kind, OrderReading, Question
from workflows.returns.wishes.methods import method, spoken_of
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import Part

PAY = re.compile(
    r"\b(?:pay(?:ment|ing)?|paid with|bill|charged?|put (?:it|that|the order)(?: all)? on|move it to|"
    r"(?:should|shall|must|has to|is to) (?:now )?go on|"
    r"switch (?:it )?to|charge (?:it|that|this) to)\b",
    re.I,
)
_WHOLE = re.compile(r"\b(?:whole|entire|that|this|the) order\b", re.I)
REST = re.compile(
    r"\b(?:differen\w+|extra|rest|surcharge|surplus|balance|left ?over|what'?s left|left\b|refund\w*|"
    r"credit\w*|money back|get back|cents?|dollars?|bucks|\d+ (?:less|more)|costs? (?:more|less)|"
    r"either way|if the sum|owes|whatever|that part|those|cheaper|more expensive|although|comes? to)\b",
    re.I,
)


NEEDS_METHOD = frozenset({Kind.RETURN, Kind.EXCHANGE, Kind.CHANGE_ITEMS})


def payment_change(order: Order, pieces: Sequence[Part], customer: Customer) -> str:
    """Return the method that the whole order shall be paid with, if the text asks for another one."""
    for piece in pieces:
        whole = " ".join(each.text for each in pieces if each.sentence == piece.sentence)
        told = piece.text if _WHOLE.search(piece.text) else whole
        if not PAY.search(piece.text) or REST.search(told) or mentions(piece.text, order.lines):
            continue
        found = method(piece.text, customer.methods)
        if len(found) == 1 and found[0] != order.payment_method:
            return found[0]
    return ""


def paid(
    reading: OrderReading,
    order: Order,
    pieces: Sequence[Part],
    everything: Sequence[Part],
    customer: Customer,
) -> OrderReading:
    """Add where the money goes or comes from: said for this order, said for all, or as it was paid."""
    if not any(wish.kind in NEEDS_METHOD for wish in reading.wishes):
        return reading
    changing = next((wish.method for wish in reading.wishes if wish.kind is Kind.CHANGE_PAYMENT), "")
    own = _said([piece.text for piece in pieces if not _pays_whole(piece, changing)], customer)
    several = len({number for piece in everything for number in piece.orders}) > 1
    general = _said([piece.text for piece in everything], customer) if several else []
    found = (own or general or [(changing or order.payment_method,)])[-1]
    if order.payment_method in found:
        found = (order.payment_method,)
    told = " . ".join(piece.text for piece in pieces)
    loose = len(set(own)) > 1 or any(_speaks_of_paying(piece, customer) for piece in pieces)
    signs = {
        "method_said": bool(own),
        "method_general": not own and bool(general),
        "method_mixed": not own and len(set(general)) > 1,
        "method_default": not own and not general,
        "method_open": len(found) > 1,
        "method_several": len(set(own)) > 1,
        "methods_spoken": spoken_of(told, customer.methods),
        "pay_loose": loose and not changing and order.status in OPEN,
    }
    question = reading.question or (Question(gap=Gap.METHOD, choices=found) if len(found) > 1 else None)
    wishes = tuple(
        wish.model_copy(update={"method": found[0]}) if wish.kind in NEEDS_METHOD else wish
        for wish in reading.wishes
    )
    more = {name: float(value) for name, value in signs.items()}
    return reading.model_copy(
        update={"wishes": wishes, "question": question, "signs": {**reading.signs, **more}}
    )


def _said(texts: Sequence[str], customer: Customer) -> list[tuple[str, ...]]:
    return [found for text in texts if (found := method(text, customer.methods))]


def _speaks_of_paying(piece: Part, customer: Customer) -> bool:
    pays = PAY.search(piece.text) and not REST.search(piece.text)
    return bool(pays) and spoken_of(piece.text, customer.methods) > 0


def _pays_whole(piece: Part, changing: str) -> bool:
    return bool(changing) and bool(PAY.search(piece.text)) and not REST.search(piece.text)
