"""What was really paid for each piece of an order, and what of it is still with the customer.

The rule, to the smallest unit (`docs/decisions/0022`):

- A line's worth is what its channel says was paid for it; else its pieces at their list price, less its
  discount, plus its tax, and the order's own discount and tax spread over the lines in proportion.
- Pieces of one line share its worth by largest remainder, whoever comes back first, so that all
  pieces together are worth what was paid, and nothing is lost or made by rounding.
- The lines and the postage must come to what was paid, and what was refunded must be explained by
  the pieces that are back. Where they do not, nobody knows what a piece was worth: a person is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from contracts.money import apportioned, money_text
    from contracts.shares import Done
    from workflows.returns.types import Order, OrderLine, Payment

PAID_OUT = "refund"
"""The operation by which money goes back."""


class LineWorth(Frozen):
    """One order line: what its pieces were worth, and how many are gone.

    Attributes:
        paid_cents: what was paid for all its pieces.
        quantity: how many were bought.
        gone: how many are back, exchanged or refunded, as the channel or our own books know.
        refunded_cents: what of its worth went back, as far as pieces and our own books explain it.
    """

    line: str
    paid_cents: int
    quantity: int
    gone: int
    refunded_cents: int

    @property
    def gone_cents(self) -> int:
        """What the pieces that are gone were worth."""
        return _worth_of(self.paid_cents, self.quantity, self.gone)

    @property
    def left(self) -> int:
        """How many pieces can still come back."""
        return max(0, self.quantity - self.gone)

    @property
    def left_cents(self) -> int:
        """What was paid for it and has not gone back."""
        return max(0, self.paid_cents - self.refunded_cents)

    def pieces_cents(self, count: int) -> int:
        """Return what the next `count` pieces are worth, at most what is left.

        Two cases that were reckoned beside each other may each have got the larger of two unequal pieces.
        """
        worth = _worth_of(self.paid_cents, self.quantity, self.gone + count) - self.gone_cents
        return min(worth, self.left_cents)


class Worth(Frozen):
    """What an order is worth.

    Attributes:
        shipping_cents: postage that has not gone back yet.
        left_cents: paid and not refunded, counting refunds of ours that may still be on their way.
        left_by_method: the same for each way it was paid, in the order of `Order.ways_paid`.
        doubts: why nobody can say what a piece was worth; empty if it is certain.
    """

    lines: tuple[LineWorth, ...]
    shipping_cents: int
    left_cents: int
    left_by_method: tuple[tuple[str, int], ...]
    doubts: tuple[str, ...] = ()

    def of(self, line: str) -> LineWorth:
        """Return one line's worth; of a line that the order does not have (any more), nothing."""
        found = self.by_line.get(line)
        # Made only where it is needed: of an order of thousands of lines each is asked for again and again.
        return found or LineWorth(line=line, paid_cents=0, quantity=0, gone=0, refunded_cents=0)

    @cached_property
    def by_line(self) -> dict[str, LineWorth]:
        """The lines by their ids."""
        return {each.line: each for each in self.lines}

    def less(self, paid_out: Mapping[str, int]) -> "Worth":
        """Return what is left once so much has gone back to each way it was paid."""
        left = tuple(
            (method, max(0, cents - paid_out.get(method, 0))) for method, cents in self.left_by_method
        )
        total = max(0, self.left_cents - sum(paid_out.values()))
        return self.model_copy(update={"left_by_method": left, "left_cents": total})

    def split(self, amount_cents: int) -> tuple[tuple[str, int], ...]:
        """Return how much of an amount goes back to each way it was paid, in proportion to what is left.

        By largest remainder (`contracts.money.apportioned`), so that no method gets back more than is
        left of what was paid by it; a method that would get nothing is left out. What is more than is
        left in all falls on the first: that is for policy and the channel to refuse.
        """
        left = [cents for _, cents in self.left_by_method]
        covered = min(amount_cents, sum(left))
        parts = list(apportioned(covered, left))
        parts[0] += amount_cents - covered
        return tuple(
            (method, part) for (method, _), part in zip(self.left_by_method, parts, strict=True) if part
        )


def order_name(order: Order) -> str:
    """Return what the order's accounts begin with: its own id, as its channel compares ids."""
    return f"{order.channel}/{order.known_as or order.id}"


def line_account(order: Order, line: str) -> str:
    """Return the account of one line; it is claimed, too."""
    return f"{order_name(order)}/{line}"


def shipping_account(order: Order) -> str:
    """Return the account of the order's postage."""
    return f"{order_name(order)}#shipping"


def rest_account(order: Order) -> str:
    """Return the account of what is paid for no line and no postage."""
    return f"{order_name(order)}#rest"


def method_account(order: Order, method: str) -> str:
    """Return the account of one way the order was paid."""
    return f"{order_name(order)}#paid-by/{method}"


def accounts(order: Order, lines: Sequence[OrderLine]) -> tuple[str, ...]:
    """Return the accounts of these lines of an order, and of the order itself."""
    return (
        *(line_account(order, line.id) for line in lines),
        shipping_account(order),
        rest_account(order),
        *(method_account(order, payment.method) for payment in order.ways_paid),
    )


def worth_of(order: Order) -> Worth:
    """Return what an order's lines are worth; `order.books` must be what our own books say of it."""
    done = _DoneFor(order)
    paid = paid_by_line(order)
    lines = tuple(
        _line_worth(order, line, cents, done) for line, cents in zip(order.lines, paid, strict=True)
    )
    shipping = done.refunds(shipping_account(order))
    return Worth(
        lines=lines,
        shipping_cents=max(0, order.shipping_cents - shipping.amount_cents),
        left_cents=max(0, order.left_cents - sum(part.pending_cents for part in done.goods_refunds())),
        left_by_method=tuple(
            (payment.method, _left(payment, done.refunds(method_account(order, payment.method))))
            for payment in order.ways_paid
        ),
        doubts=tuple(_doubts(order, paid, lines, done)),
    )


def unpaid_back(order: Order, lines: Sequence[OrderLine]) -> bool:
    """Say whether of these lines pieces are gone that were not paid back in full: others may have come."""
    worth = worth_of(order)
    return any(each.refunded_cents < each.gone_cents for each in (worth.of(line.id) for line in lines))


class _DoneFor:
    """What our own books say of one order, by account."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._by_account: dict[str, list[Done]] = {}
        for one in order.books.done:
            self._by_account.setdefault(one.account, []).append(one)

    def pieces(self, account: str) -> int:
        """Return how many pieces are gone: several operations speak of the same ones."""
        return max((one.quantity for one in self._by_account.get(account, [])), default=0)

    def refunds(self, account: str) -> Done:
        """Return what was refunded on an account."""
        found = (one for one in self._by_account.get(account, []) if one.operation == PAID_OUT)
        return next(found, Done(account=account, operation=PAID_OUT))

    def goods_refunds(self) -> list[Done]:
        """Return what was refunded for lines, postage and the rest: all but by which way."""
        names = (line_account(self._order, line.id) for line in self._order.lines)
        return [
            self.refunds(name) for name in (*names, shipping_account(self._order), rest_account(self._order))
        ]


def _left(payment: Payment, ours: Done) -> int:
    """Return what is left of a payment: less what went back by it, and what may be on its way."""
    applied = ours.amount_cents - ours.pending_cents
    return max(0, payment.paid_cents - max(payment.refunded_cents, applied) - ours.pending_cents)


def paid_by_line(order: Order) -> list[int]:
    """Return what was paid for each line; at least 0, for a doubt is no reason to reckon below it."""
    priced = [
        line.unit_price_cents * line.quantity - line.discount_cents + line.tax_cents for line in order.lines
    ]
    weights = [
        max(0, cents) if line.paid_cents is None else 0
        for line, cents in zip(order.lines, priced, strict=True)
    ]
    off, on = order.discount_cents, order.tax_cents
    spread = sum(weights)
    discounts = apportioned(off if spread else 0, weights)
    taxes = apportioned(on if spread else 0, weights)
    return [
        line.paid_cents if line.paid_cents is not None else max(0, cents - discount + tax)
        for line, cents, discount, tax in zip(order.lines, priced, discounts, taxes, strict=True)
    ]


def _line_worth(order: Order, line: OrderLine, paid_cents: int, done: _DoneFor) -> LineWorth:
    account = line_account(order, line.id)
    ours = done.pieces(account)
    gone = max(ours, line.returned_quantity, line.refunded_quantity or 0)
    refunded = done.refunds(account).amount_cents
    if order.refunded_cents:
        refunded += _explained_by_pieces(line, paid_cents, ours)
    return LineWorth(
        line=line.id,
        paid_cents=paid_cents,
        quantity=line.quantity,
        gone=min(gone, line.quantity),
        refunded_cents=refunded,
    )


def _explained_by_pieces(line: OrderLine, paid_cents: int, ours: int) -> int:
    """Return what was refunded for pieces that came back past us, if each got its worth."""
    told = line.returned_quantity if line.refunded_quantity is None else line.refunded_quantity
    beyond = max(ours, told)
    return _worth_of(paid_cents, line.quantity, beyond) - _worth_of(paid_cents, line.quantity, ours)


def _worth_of(paid_cents: int, quantity: int, pieces: int) -> int:
    """Return what the first `pieces` of a line are worth together."""
    if not quantity:
        return 0
    pieces = min(max(0, pieces), quantity)
    return apportioned(paid_cents, (pieces, quantity - pieces))[0]


def _doubts(order: Order, paid: Sequence[int], lines: Sequence[LineWorth], done: _DoneFor) -> Iterator[str]:
    """Yield why an order's amounts do not fit together, in words for a person."""

    def said(cents: int) -> str:
        return money_text(cents, order.currency)

    parts, bought = sum(paid) + order.shipping_cents, order.paid_cents - order.charged_cents
    if parts != bought:
        yield f"its lines and postage come to {said(parts)}, and {said(bought)} were paid for them"
    for what, whole, each in (
        ("paid", order.paid_cents, [payment.paid_cents for payment in order.payments]),
        ("refunded", order.refunded_cents, [payment.refunded_cents for payment in order.payments]),
    ):
        if each and sum(each) != whole:
            yield f"{said(whole)} were {what}, and its payments say {said(sum(each))}"
    ours = done.goods_refunds()
    most = sum(line.refunded_cents for line in lines) + sum(one.amount_cents for one in ours[len(lines) :])
    least = most - sum(one.pending_cents for one in ours)
    if order.refunded_cents and not least <= order.refunded_cents <= most:
        yield f"{said(order.refunded_cents)} were refunded, and the pieces that are back explain {said(most)}"
