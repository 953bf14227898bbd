"""The way of a repair: the goods come in, are looked at, are repaired and go back; no money moves."""

from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.effect import ProposedEffect
    from workflows.returns.reading import Reading
    from workflows.returns.steps import effect, named_lines, notice
    from workflows.returns.sums import Sum, named
    from workflows.returns.types import REPAIR, Goods, Order, Postage
    from workflows.returns.way.plans import authorised
    from workflows.returns.way.state import Way

SPEAKS_OF = "remedy"
"""The fact of which a policy that permits a repair must speak: an office that knows none repairs nothing."""
WAYS: tuple[Postage, ...] = ("ours", "customers")
"""Who pays the way here, the best for the customer first."""
WAITS: Goods = "awaited"


def ways_of_repair(way: Way) -> list[Way]:
    """Return the ways that a repair may go, the best for the customer first."""
    return [way.model_copy(update={"goods": WAITS, "postage": by}) for by in WAYS]


def repaired(order: Order, reading: Reading, found: Sum, way: Way) -> tuple[ProposedEffect, ...]:
    """Return what is done next of a repair; nothing where its channel repairs nothing.

    Args:
        order: the order.
        reading: the wish; of goods that were inspected, what came back of them.
        found: the pieces.
        way: where the goods are.
    """
    if not order.repairs or not reading.wanted:
        return ()
    items = named([found.counted(line) for line in reading.lines])
    if way.goods == WAITS:
        says = notice(
            order,
            reading,
            "send_for_repair",
            step="instruct",
            items=items,
            rma=way.rma,
            postage=way.postage,
        )
        return (authorised(order, reading, found.pieces, way), says)
    if way.goods != "inspected":
        return ()
    lines = named_lines(reading.lines, found.pieces)
    return (
        effect(REPAIR, REPAIR, order, rma=way.rma, lines=lines),
        notice(order, reading, "in_repair", items=items, rma=way.rma),
    )


def promised(plans: Sequence[Plan]) -> list[Plan]:
    """Return plans with the repair that they promise: who sends goods in must get them back repaired."""
    return [plan.model_copy(update={"effects": (*plan.effects, _promise(plan.effects[0]))}) for plan in plans]


def _promise(first: ProposedEffect) -> ProposedEffect:
    return first.model_copy(update={"step": REPAIR, "operation": REPAIR})
