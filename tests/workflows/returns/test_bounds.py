"""An order that is too much for one case: which field says so, and what a person gets instead."""

from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from contracts.base import Arguments
from contracts.bounds import MOST_CENTS, MOST_LINES
from contracts.connector import Manifest
from contracts.memory import Context
from workflows.returns.activities import OrderActivities, OrderQuery
from workflows.returns.plan import Known, Planned, plan_for, summary
from workflows.returns.reading import MOST_EVIDENCE_CHARS, Reading, Wanted, about_order, with_quantities
from workflows.returns.sums import sum_of
from workflows.returns.types import Intent, Order, Reason, ReturnRequest

LINE: dict[str, Any] = {"id": "L1", "sku": "S", "product": "P", "name": "Shirt", "unit_price_cents": 4000}
ORDER: dict[str, Any] = {
    "id": "W-1",
    "status": "delivered",
    "customer": "c-1",
    "currency": "EUR",
    "placed_at": "2026-11-01T10:00:00Z",
    "paid_cents": 4000,
    "payment_method": "card-1",
    "lines": [LINE],
}
NOTHING = Context(evidence=(), tokens=0)


class Telling:
    """A channel that tells an order."""

    def __init__(self, order: JsonValue) -> None:
        self._order = order

    async def read(self, connector: str, operation: str, arguments: Arguments) -> dict[str, JsonValue]:
        return {"order": self._order}

    def manifest(self, connector: str) -> Manifest:
        return Manifest(name=connector, version="1", transport="http", base_url="", operations={})


async def load(**changes: Any) -> Order:
    found = await OrderActivities(Telling({**ORDER, **changes})).load(OrderQuery(channel="shop", order="W-1"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"paid_cents": MOST_CENTS + 1}, "paid_cents: "),
        ({"lines": [LINE, {**LINE, "quantity": 10**7}]}, "lines.1.quantity: "),
        ({"lines": [LINE] * (MOST_LINES + 1)}, "lines: "),
        ({"lines": [{**LINE, "name": "x" * 501}]}, "lines.0.name: "),
        ({"lines": [{**LINE, "unit_price_cents": MOST_CENTS, "quantity": 2}]}, "the lines come to more than"),
    ],
)
async def test_an_order_beyond_the_bounds_is_refused_for_good_and_its_field_is_named(
    changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(ApplicationError, match=named) as refused:
        await load(**changes)
    assert refused.value.non_retryable


async def test_of_an_order_of_thousands_of_lines_the_evidence_and_the_summary_name_the_first() -> None:
    order = await load(lines=[{**LINE, "id": f"L{number}", "name": "Shirt" * 9} for number in range(3000)])
    reading = Reading(
        intent=Intent.RETURN,
        reason=Reason.SIZE,
        wanted=tuple(Wanted(line=line) for line in order.lines),
    )

    evidence = about_order(order)
    assert sum(len(one.text) for one in evidence) < MOST_EVIDENCE_CHARS + 200
    assert evidence[-1].text.endswith("more lines.")
    assert "2980 more from order W-1" in summary(order, reading, sum_of(order, reading))


async def test_how_many_pieces_of_very_many_lines_are_meant_is_a_persons_to_read() -> None:
    lines = [{**LINE, "id": f"L{number}", "name": f"Shirt {number}", "quantity": 2} for number in range(60)]
    order = await load(lines=lines, paid_cents=60 * 8000)
    request = ReturnRequest(
        id="RMA-1",
        channel="shop",
        order="W-1",
        message="They do not fit.",
        items=tuple(one.id for one in order.lines),
    )

    wanted, doubts = with_quantities(request, order, order.lines)

    assert len(wanted) == 60
    assert doubts == ["how many pieces of 60 lines are meant"]


async def test_a_plan_stands_as_long_as_the_order_is_the_very_one_and_what_is_asked_of_it_the_same() -> None:
    order = await load()
    wanted = Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=(Wanted(line=order.lines[0]),))
    request = ReturnRequest(id="R-1", channel="shop", order="W-1", message="back, please", items=("L1",))
    known = Known(request, order, wanted, NOTHING)
    planned = Planned(known, shipping=True, plan=plan_for("returns/shop/R-1", order, wanted, order.placed_at))

    assert planned.stands(known.as_of(order), shipping=True)
    assert not planned.stands(known, shipping=False)
    assert not planned.stands(known.as_of(await load()), shipping=True)
    late = wanted.model_copy(update={"reason": Reason.LATE})
    assert not planned.stands(Known(request, order, late, NOTHING), shipping=True)
