"""The conditions that the desk understands: what shall be done where what is wanted instead is not in stock.

A closed set, each a sentence of its own; it is evaluated on the order's stock. Any other condition is a sign
that forbids a reading to stand by itself: none is ever ignored.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from contracts.base import Frozen
from workflows.returns.types import Order
from workflows.returns.wishes.letter import Kind, OrderReading, Piece, Wish
from workflows.returns.wishes.sentences import sentences

_IF_NONE = re.compile(
    r"^(?:and |but |so )?(?:if|should) (?:(?:there|you) (?:is|are|be|have|has|'ve got)|there's|(?:it|that|"
    r"this|they|the [\w ]{1,20}) (?:is|are|be)|it's|that's) (?:none|no \w+(?: \w+)?|"
    r"not (?:available|in stock)|unavailable|sold out|"
    r"out of stock|gone)(?: left| available| in stock| any ?more| in [\w ]{1,20}?)*,?"
    r" (?:then )?(?P<then>.+)$",
    re.I,
)
_KEEP = re.compile(
    r"(?:please )?(?:i|we)(?:'ll| will|'d rather| would rather)? (?:just )?keep (?:it|mine|them|the \w+|"
    r"this one|what (?:i|we) have)|(?:just )?leave it(?: as it is)?|(?:just )?forget it|keep it as it is",
    re.I,
)
_MONEY = re.compile(
    r"(?:please )?(?:i|we)(?:'d| would)? (?:want|like|take|prefer)(?: to have)? (?:my|the|our) money"
    r"(?: back)?|(?:please )?(?:just )?(?:refund|return) (?:it|me|them|the \w+)|"
    r"(?:i|we)(?:'d| would) (?:like|prefer) a refund|(?:please )?(?:give|send) me (?:my|the) money back|"
    r"a refund(?: please)?",
    re.I,
)


class Otherwise(StrEnum):
    """What shall be done with a thing whose replacement is not in stock."""

    KEEP = "keep"
    RETURN = "return"


class Conditional(Frozen):
    """A text without the conditions that were understood in it, and what they say; None if there is none."""

    text: str
    otherwise: Otherwise | None = None


def conditional(text: str) -> Conditional:
    """Take the conditions out of a cleaned letter; two that differ are left in it, for a person."""
    kept: list[str] = []
    found: set[Otherwise] = set()
    for sentence in sentences(text):
        if then := _then(sentence):
            found.add(then)
        else:
            kept.append(sentence)
    if len(found) != 1:
        return Conditional(text=text)
    return Conditional(text="\n".join(kept), otherwise=found.pop())


def _then(sentence: str) -> Otherwise | None:
    matched = _IF_NONE.match(sentence.strip())
    if matched is None:
        return None
    then = matched["then"].rstrip(" .!").removesuffix(" please").rstrip(" ,")
    if _KEEP.fullmatch(then):
        return Otherwise.KEEP
    return Otherwise.RETURN if _MONEY.fullmatch(then) else None


def as_if_in_stock(order: Order) -> Order:
    """Return the order with every variant in stock: what is wanted is read before it is known to be had."""
    had = tuple(
        variant.model_copy(update={"available": max(1, variant.available)}) for variant in order.variants
    )
    return order.model_copy(update={"variants": had})


def evaluated(order: Order, reading: OrderReading, otherwise: Otherwise) -> OrderReading:
    """Return what is wished, given what is in stock.

    Args:
        order: the order as its channel tells it.
        reading: read as if everything were in stock.
        otherwise: what shall be done with what is not.
    """
    stock = {variant.sku for variant in order.variants if variant.available > 0}
    exchanged = [wish for wish in reading.wishes if wish.kind is Kind.EXCHANGE]
    missing = [piece for wish in exchanged for piece in wish.pieces if piece.sku not in stock]
    signs = {**reading.signs, "conditional": 1.0}
    if not exchanged or reading.question is not None:
        return reading.model_copy(update={"signs": {**signs, "conditions": 1.0}})
    wishes = tuple(_in_stock(wish, missing) for wish in reading.wishes)
    if missing and otherwise is Otherwise.RETURN:
        wishes = _with_returned(wishes, missing, exchanged[0])
    left = tuple(wish for wish in wishes if wish.pieces or wish.kind not in (Kind.EXCHANGE, Kind.RETURN))
    doubts = () if left else ("what is wanted instead is not in stock, and then it is kept",)
    return reading.model_copy(update={"wishes": left, "doubts": (*reading.doubts, *doubts), "signs": signs})


def _in_stock(wish: Wish, missing: Sequence[Piece]) -> Wish:
    if wish.kind is not Kind.EXCHANGE:
        return wish
    return wish.model_copy(update={"pieces": tuple(piece for piece in wish.pieces if piece not in missing)})


def _with_returned(wishes: tuple[Wish, ...], missing: Sequence[Piece], exchange: Wish) -> tuple[Wish, ...]:
    """Return the wishes with these lines among those that go back."""
    back = tuple(Piece(line=piece.line) for piece in missing)
    if any(wish.kind is Kind.RETURN for wish in wishes):
        return tuple(
            wish.model_copy(update={"pieces": (*wish.pieces, *back)}) if wish.kind is Kind.RETURN else wish
            for wish in wishes
        )
    return (*wishes, Wish(order=exchange.order, kind=Kind.RETURN, pieces=back, method=exchange.method))
