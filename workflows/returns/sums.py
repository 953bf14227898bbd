"""What a request moves: how many pieces, how much money and for what; and why that is not certain."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.money import money_text
    from workflows.returns.reading import Reading, Wanted
    from workflows.returns.remedies import perhaps_replaced, replaced
    from workflows.returns.types import Intent, Order, OrderLine
    from workflows.returns.worth import Worth, line_account, rest_account, shipping_account, worth_of


WHOLE = 100
"""In percent."""
MOST_NAMED = 20
"""Lines that a summary or a message names; an order may have thousands."""


@dataclass(frozen=True)
class Sum:
    """What a request moves, reckoned from what was really paid.

    Attributes:
        pieces: how many pieces of each wanted line.
        for_lines: what goes back for each line; of an exchange, what is charged for it, less than
            nothing where it costs less.
        shipping_cents: postage that goes back.
        rest_cents: what goes back for no line and no postage.
        doubts: why it is not certain, in words for a person; then nothing is proposed.
    """

    worth: Worth
    pieces: Mapping[str, int]
    for_lines: Mapping[str, int]
    shipping_cents: int = 0
    rest_cents: int = 0
    doubts: tuple[str, ...] = ()

    @property
    def amount_cents(self) -> int:
        """The money that moves, in minor units and never negative."""
        return abs(self.difference_cents + self.shipping_cents + self.rest_cents)

    @property
    def difference_cents(self) -> int:
        """An exchange's new price minus the old; negative means a refund."""
        return sum(self.for_lines.values())

    def counted(self, line: OrderLine) -> str:
        """Return a line with how many of its pieces are meant, where it is not all of them."""
        count = self.pieces.get(line.id, line.quantity)
        return line.name if count == line.quantity else f"{count} of {line.quantity} {line.name}"

    def by_account(self, order: Order) -> dict[str, int]:
        """Return what goes back for each account."""
        return {
            **{line_account(order, line): cents for line, cents in self.for_lines.items()},
            shipping_account(order): self.shipping_cents,
            rest_account(order): self.rest_cents,
        }


def named(names: list[str]) -> str:
    """Return names in a row, of many the first ones and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join([*names[:MOST_NAMED], f"{more} more"] if more > 0 else names)


def sum_of(order: Order, reading: Reading, *, shipping: bool = True, share: int = WHOLE) -> Sum:
    """Reckon what a request moves.

    Args:
        order: the order, with what our own books say of it.
        reading: the request as understood.
        shipping: give the postage back, too, where everything comes back.
        share: what of the returned goods' worth goes back, in percent.
    """
    worth = worth_of(order)
    match reading.intent:
        case Intent.RETURN if reading.repair:
            found = Sum(worth, _pieces(reading, worth), {})
        case Intent.RETURN:
            found = _returned(order, reading, worth, shipping=shipping, share=share)
        case Intent.EXCHANGE | Intent.CHANGE_ITEMS:
            found = _exchanged(reading, worth)
        case Intent.CANCEL:
            found = _cancelled(worth)
        case _:
            return Sum(worth, {}, {})
    return replace(found, doubts=tuple(_doubts(order, reading, found))) if reading.exact else found


def doubts_together(order: Order, wishes: Sequence[Sum]) -> tuple[str, ...]:
    """Return each line of which several wishes together want more pieces than are left of it.

    A piece that one wish refunds and another exchanges would be paid for twice.
    """
    times = Counter(line for found in wishes for line in found.pieces)
    wanted = Counter({line: sum(found.pieces.get(line, 0) for found in wishes) for line in times})
    worth = worth_of(order)
    return tuple(
        f"{wanted[line.id]} of {line.name} are asked for in all, {worth.of(line.id).left} can still come back"
        for line in order.lines
        if times[line.id] > 1 and wanted[line.id] > worth.of(line.id).left
    )


def _pieces(reading: Reading, worth: Worth) -> dict[str, int]:
    """Return how many pieces of each wanted line are meant; of a line that is all gone, all of it."""
    return {
        item.line.id: item.quantity or worth.of(item.line.id).left or item.line.quantity
        for item in reading.wanted
    }


def _returned(order: Order, reading: Reading, worth: Worth, *, shipping: bool, share: int) -> Sum:
    pieces = _pieces(reading, worth)
    # Rounded down: never more than the share that policy allows.
    cents = {line: worth.of(line).pieces_cents(count) * share // WHOLE for line, count in pieces.items()}
    found = Sum(worth, pieces, cents)
    if shipping and _everything_back(order, worth, pieces):
        return replace(found, shipping_cents=worth.shipping_cents)
    return found


def _everything_back(order: Order, worth: Worth, pieces: Mapping[str, int]) -> bool:
    """Say whether with these pieces the whole order is back, and no piece of it was exchanged."""
    back = all(line.left == pieces.get(line.line, 0) for line in worth.lines)
    paid_back = all(line.refunded_cents >= line.gone_cents for line in worth.lines)
    return back and paid_back and not order.charged_cents


def _exchanged(reading: Reading, worth: Worth) -> Sum:
    pieces = _pieces(reading, worth)
    differences = {
        item.line.id: _dearer_cents(item) * pieces[item.line.id]
        for item in reading.wanted
        if item.variant is not None and not replaced(reading, item)
    }
    return Sum(worth, pieces, differences)


def _dearer_cents(item: Wanted) -> int:
    """Return what one piece of what is wanted instead costs more; less than nothing where it costs less."""
    return item.variant.price_cents - item.line.unit_price_cents if item.variant else 0


def _cancelled(worth: Worth) -> Sum:
    """Reckon all that is left of an order: by its lines and its postage, as far as they explain it."""
    lines = {line.line: line.pieces_cents(line.left) for line in worth.lines}
    if worth.doubts or sum(lines.values()) + worth.shipping_cents != worth.left_cents:
        return Sum(worth, {}, {}, rest_cents=worth.left_cents)
    return Sum(worth, {}, lines, shipping_cents=worth.shipping_cents)


def _doubts(order: Order, reading: Reading, found: Sum) -> Iterator[str]:
    """Yield why nobody can say what a request moves."""
    by_method = sum(cents for _, cents in found.worth.left_by_method)
    if reading.intent is Intent.CANCEL:
        if by_method != found.worth.left_cents:
            yield "what is left of the order and of the ways it was paid differ"
        return
    yield from found.worth.doubts
    for item in reading.wanted:
        yield from _line_doubts(item, found.worth)
        yield from _price_doubts(reading, item, found.worth)
    if reading.intent is Intent.CHANGE_ITEMS and found.difference_cents and len(order.ways_paid) > 1:
        yield "the order was paid in several ways, and the difference is not split over them"
    out = found.amount_cents if reading.intent is Intent.RETURN else max(0, -found.difference_cents)
    left = min(found.worth.left_cents, by_method)
    if out > left:
        would, are = money_text(out, order.currency), money_text(left, order.currency)
        yield f"{would} would go back, and {are} are left of what was paid"


def _line_doubts(item: Wanted, worth: Worth) -> Iterator[str]:
    line, name = worth.of(item.line.id), item.line.name
    if not line.quantity:
        yield f"the order has no {name} any more"
        return
    if item.quantity and 0 < line.left < item.quantity:
        yield f"{item.quantity} of {name} are asked for, {line.left} can still come back"
    if not line.left and line.paid_cents and not line.refunded_cents:
        yield f"{name} is back or exchanged already, and nothing was refunded for it"


def _price_doubts(reading: Reading, item: Wanted, worth: Worth) -> Iterator[str]:
    line, name = worth.of(item.line.id), item.line.name
    if not line.quantity or not _dearer_cents(item) or replaced(reading, item):
        return
    if perhaps_replaced(reading, item):
        yield f"whether {name} is faulty: then the same again costs nothing, whatever it costs now"
    if line.paid_cents != item.line.unit_price_cents * line.quantity:
        yield f"{name} was not bought at its list price, and the new one has another"
