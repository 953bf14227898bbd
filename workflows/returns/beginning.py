"""How a return begins: its case is opened, its order found and read, and what is known recalled."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.memory import Context
    from workflows.kernel.case import CaseRun
    from workflows.kernel.placement import PATCH
    from workflows.returns.finding import OrderFinding
    from workflows.returns.order_reads import OrderReads
    from workflows.returns.types import Order

CONTEXT_TOKENS = 400
RECALLED = ("case", "policy")


async def begin(case: CaseRun, orders: OrderReads, finding: OrderFinding) -> tuple[Order | None, Context]:
    """Open the case, find and read the order, and recall similar cases and the policies' words.

    Args:
        case: the case.
        orders: reads the order of its request.
        finding: finds the order where the request names none; then the request of `orders` names it.

    Returns:
        The order, None if its channel has no such order; and what memory has to say.

    Raises:
        NoAnswer: the case ends without its order.
    """
    request = orders.request
    if not request.order:
        if not finding.resumes:
            await case.open(f"request {request.id} for an order to be found", channel=request.channel)
        if not await finding.find():
            return None, Context(evidence=(), tokens=0)
        return await asyncio.gather(orders.load(), case.recall(request.message, RECALLED, CONTEXT_TOKENS))
    summary = f"request {request.id} for order {request.order}"
    opening = case.open(summary, channel=request.channel, order=request.order)
    recall = (request.message, RECALLED, CONTEXT_TOKENS)
    if workflow.patched(PATCH):
        await opening
        return await asyncio.gather(orders.load(), case.recall(*recall))
    _, order, context = await asyncio.gather(opening, orders.load(), case.recall(*recall))
    return order, context
