"""The form in which a language model reads a letter: nothing fits in that the orders do not have."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, create_model, model_validator

from contracts.decision import Question
from models.gemini.prompts import Form
from workflows.returns.types import Order
from workflows.returns.wishes.letter import Kind, OrderReading, Piece, Wish

WITH_LINES = frozenset({Kind.RETURN, Kind.EXCHANGE, Kind.CHANGE_ITEMS})
WITH_VARIANTS = frozenset({Kind.EXCHANGE, Kind.CHANGE_ITEMS})
MOST_NAMES = 500
"""Lines and variants that a form can name; a provider refuses far larger schemas."""


class Part(BaseModel):
    """What every part of the form has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LinePart(Part):
    """An order line, and the variant that is wanted instead of it."""

    line: str
    sku: str


class WishPart(Part):
    """One wish, and the words of the letter that ask for it."""

    order: str
    kind: str
    pieces: list[LinePart]
    address: str
    payment: str
    quote: str

    def wish(self) -> Wish:
        """Return it as the rules would have read it."""
        return Wish(
            order=self.order,
            kind=Kind(self.kind),
            pieces=tuple(Piece(line=each.line, sku=each.sku) for each in self.pieces),
            method=self.payment,
            address=self.address,
        )


class LetterForm(Form):
    """Every wish of a letter; the first order is the one that the question is about."""

    orders: ClassVar[tuple[Order, ...]] = ()

    wishes: list[WishPart]

    @model_validator(mode="after")
    def _fits_the_orders(self) -> Self:
        """Refuse a line of another order, a variant of another product, and a wish without what it needs."""
        known = {order.id: order for order in self.orders}
        for wish in self.wishes:
            _check(wish, known[wish.order])
        lines = [(wish.order, piece.line) for wish in self.wishes for piece in wish.pieces]
        bare = [(wish.order, wish.kind) for wish in self.wishes if not wish.pieces]
        if len({*lines}) < len(lines) or len({*bare}) < len(bare):
            raise ValueError("one line, or one order, is wished for twice")
        return self

    def answer(self) -> dict[str, JsonValue]:
        """Return what the rules return: the reading for the first order, and those for the others."""
        readings = {order.id: self._reading(order.id) for order in self.orders}
        own, *others = readings.values()
        return {
            "label": "stands",
            "reading": own.model_dump(mode="json") if own.wishes else None,
            "elsewhere": [other.model_dump(mode="json") for other in others if other.wishes],
        }

    def taken_over(self) -> Sequence[str]:
        """Return what must stand in the letter word for word: what asks for each wish, and each address."""
        return [words for wish in self.wishes for words in (wish.quote, wish.address) if words]

    def _reading(self, order: str) -> OrderReading:
        """Return the wishes for one order, those of one kind together, as the rules read them."""
        wishes: dict[Kind, Wish] = {}
        for wish in (each.wish() for each in self.wishes if each.order == order):
            before = wishes.get(wish.kind)
            pieces = (*before.pieces, *wish.pieces) if before else wish.pieces
            wishes[wish.kind] = wish.model_copy(update={"pieces": pieces})
        return OrderReading(order=order, wishes=tuple(wishes.values()))


def letter_form(question: Question) -> type[Form]:
    """Return the form for one letter: its schema names the orders, lines, variants and ways to pay there are.

    Args:
        question: its choices are orders as JSON, the one that it is about first.

    Raises:
        ValueError: no order is given, or more than a schema can name.
    """
    orders = tuple(Order.model_validate_json(each) for each in question.choices)
    lines = sorted({line.id for order in orders for line in order.lines})
    variants = sorted({variant.sku for order in orders for variant in order.variants})
    methods = sorted({way.method for order in orders for way in order.methods})
    if not orders or len(lines) + len(variants) > MOST_NAMES:
        raise ValueError(
            f"{question.task}: {'too many lines and variants' if orders else 'no order is given'}"
        )
    line = create_model(
        "Line", __base__=LinePart, line=(_one_of(lines), ...), sku=(_one_of(["", *variants]), ...)
    )
    wish = create_model(
        "Wish",
        __base__=WishPart,
        order=(_one_of([order.id for order in orders]), ...),
        kind=(_one_of([kind.value for kind in Kind]), ...),
        pieces=(list[line], ...),
        payment=(_one_of(["", *methods]), ...),
    )
    form = create_model("Letter", __base__=LetterForm, wishes=(list[wish], ...))
    form.orders = orders
    return form


def _one_of(names: Sequence[str]) -> Any:
    return Literal[tuple(names)]


def _check(wish: WishPart, order: Order) -> None:
    """Raise ValueError, in words for the model, if a wish does not fit its order."""
    kind, lines = Kind(wish.kind), {line.id: line for line in order.lines}
    products = {variant.sku: variant.product for variant in order.variants}
    if not wish.quote.strip():
        raise ValueError("a wish needs the words that ask for it as its quote")
    if bool(wish.pieces) != (kind in WITH_LINES):
        raise ValueError(f"{kind.value} {'needs' if kind in WITH_LINES else 'takes no'} pieces")
    if (kind is Kind.CHANGE_ADDRESS) != bool(wish.address):
        raise ValueError(f"{kind.value} {'needs' if not wish.address else 'takes no'} address")
    for piece in wish.pieces:
        if piece.line not in lines:
            raise ValueError(f"order {order.id} has no line {piece.line}")
        if piece.sku and (kind not in WITH_VARIANTS or products.get(piece.sku) != lines[piece.line].product):
            raise ValueError(f"line {piece.line} cannot become {piece.sku}")
