"""What an order's channel says of it, for the reconciler: its lines, and the money that moved."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.reconciliation.statement import LineTold, PaymentTold, Statement, counted_as
    from contracts.shares import Subject
    from workflows.returns.changes import CHANGED
    from workflows.returns.types import DIRECTIONS, Order, OrderLine
    from workflows.returns.worth import line_account, method_account, order_name, paid_by_line, rest_account

REFUND, CHARGE, MARK = "refund", "charge", "mark_order"
BY = "order"
"""The argument by which the desk's effects name the order they are for."""


def statement_of(order: Order) -> Statement:
    """Return what an order says of each of its lines, and of each way that money moved for it."""
    lines = tuple(
        LineTold(
            account=line_account(order, line.id),
            pieces=line.quantity,
            paid_cents=paid,
            counted=_counted(line),
        )
        for line, paid in zip(order.lines, paid_by_line(order), strict=True)
    )
    return Statement(
        subject=Subject(name=order_name(order), connector=order.channel, id=order.id),
        by=BY,
        id=order.id,
        currency=order.currency,
        directions=DIRECTIONS,
        lines=lines,
        payments=_payments(order),
    )


def subject_of(order: Order) -> Subject:
    """Return the order as what its accounts belong to, with all that its channel says was done for it."""
    statement = statement_of(order)
    told = {
        counted_as(line.account, operation): count
        for line in statement.lines
        for operation, count in line.counted.items()
    }
    told |= {payment.account: payment.cents for payment in statement.payments}
    before = {name: count for name, count in told.items() if count}
    return statement.subject.model_copy(update={"before": before})


def _counted(line: OrderLine) -> dict[str, int]:
    """Return how many pieces were marked and refunded, as far as the channel counts them."""
    counted = {MARK: line.returned_quantity} if "returned_quantity" in line.model_fields_set else {}
    return counted | ({} if line.refunded_quantity is None else {REFUND: line.refunded_quantity})


def _payments(order: Order) -> tuple[PaymentTold, ...]:
    refunds = tuple(
        PaymentTold(
            account=method_account(order, way.method),
            operation=REFUND,
            where={"payment_method": way.method},
            unless={"reason": CHANGED},
            cents=way.refunded_cents,
            most_cents=way.paid_cents,
        )
        for way in order.ways_paid
    )
    if "charged_cents" not in order.model_fields_set:
        return refunds
    charges = PaymentTold(
        account=rest_account(order), operation=CHARGE, unless={"reason": CHANGED}, cents=order.charged_cents
    )
    return (*refunds, charges)
