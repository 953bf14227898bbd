"""The conditions that the desk understands: what shall be done where what is wanted instead is not in stock.

A closed set, each a sentence of its own; it is evaluated on the order's stock where it is surely about the
one thing that the letter wishes to exchange. Any other condition is a sign that forbids a reading to stand by
itself: none is ever ignored.
"""

import re
from enum import StrEnum

from contracts.base import Frozen
from workflows.returns.types import Order
from workflows.returns.wishes.letter import Kind, OrderReading, Piece
from workflows.returns.wishes.naming import mentions, nouns
from workflows.returns.wishes.sentences import sentences
from workflows.returns.wishes.words import tokens

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


_FRAME = frozenset(
    tokens(
        "and but so if should there you is are be have has it that this they the none no not available in "
        "stock you've unavailable sold out of gone left any more anymore then please i we i'll we'll "
        "i'd we'd will would rather just keep mine them one ones what leave as forget want like take "
        "prefer to my our money back refund return me a give send size colour color pair new"
    )
)
"""The words of a condition that name no thing; whatever else it says must name the thing that is wished."""
CONDITIONAL, CONDITIONS = "conditional", "conditions"
"""The signs of a reading: a condition was evaluated; one was not, or may be about something else."""


class Otherwise(StrEnum):
    """What shall be done with a thing whose replacement is not in stock."""

    KEEP = "keep"
    RETURN = "return"


class Conditional(Frozen):
    """A text without the conditions that were understood in it, and what they say.

    Attributes:
        otherwise: what shall be done on them; None if none was understood.
        said: the conditions, as they were written.
    """

    text: str
    otherwise: Otherwise | None = None
    said: tuple[str, ...] = ()


def conditional(text: str) -> Conditional:
    """Take the conditions out of a cleaned letter; two that differ are left in it, for a person."""
    kept: list[str] = []
    said: list[str] = []
    found: set[Otherwise] = set()
    for sentence in sentences(text):
        if then := _then(sentence):
            found.add(then)
            said.append(sentence)
        else:
            kept.append(sentence)
    if len(found) != 1:
        return Conditional(text=text)
    return Conditional(text="\n".join(kept), otherwise=found.pop(), said=tuple(said))


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


def evaluated(order: Order, reading: OrderReading, condition: Conditional, *, alone: bool) -> OrderReading:
    """Return what is wished, given what is in stock; a condition that may be about other things is a doubt.

    Args:
        order: the order as its channel tells it.
        reading: read as if everything were in stock.
        condition: what shall be done with what is not.
        alone: the letter is about no other order.
    """
    signs = {**reading.signs, CONDITIONAL: 1.0}
    piece = _exchanged(reading) if alone else None
    if piece is None or not all(_is_about(said, order, piece) for said in condition.said):
        doubt = f"which things are meant by: {' '.join(condition.said)[:80]}"
        update = {"signs": {**signs, CONDITIONS: 1.0}, "doubts": (*reading.doubts, doubt)}
        return reading.model_copy(update=update)
    if any(variant.sku == piece.sku and variant.available > 0 for variant in order.variants):
        return reading.model_copy(update={"signs": signs})
    if condition.otherwise is Otherwise.RETURN:
        back = {"kind": Kind.RETURN, "pieces": (Piece(line=piece.line),)}
        return reading.model_copy(
            update={"wishes": (reading.wishes[0].model_copy(update=back),), "signs": signs}
        )
    kept = "what is wanted instead is not in stock, and then it is kept"
    return reading.model_copy(update={"wishes": (), "doubts": (*reading.doubts, kept), "signs": signs})


def _exchanged(reading: OrderReading) -> Piece | None:
    """Return the one thing that a reading exchanges, if that is all it wishes: `it` is no other then."""
    if reading.question is not None or len(reading.wishes) != 1:
        return None
    [wish] = reading.wishes
    return wish.pieces[0] if wish.kind is Kind.EXCHANGE and len(wish.pieces) == 1 else None


def _is_about(said: str, order: Order, piece: Piece) -> bool:
    """Say whether a condition names nothing but a line, what is wanted instead of it, and no other line."""
    place, line = next((at, line) for at, line in enumerate(order.lines) if line.id == piece.line)
    wanted = next((each.options for each in order.variants if each.sku == piece.sku), {})
    known = {*nouns(line.name), *tokens(line.name), *tokens(" ".join([*wanted, *wanted.values()]))}
    others = [each for each in mentions(said, order.lines) if each.lines != (place,)]
    return not others and set(tokens(said)) <= known | _FRAME
