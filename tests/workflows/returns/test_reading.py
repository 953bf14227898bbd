"""What the desk makes of words and orders: pure functions, no server, no model."""

from datetime import UTC, datetime

import pytest

from contracts.decision import Decision, Provenance
from workflows.returns.plan import plan_for
from workflows.returns.reading import part_about, understand, with_variants
from workflows.returns.types import FormLine, Intent, Order, OrderLine, Reason, ReturnRequest, Variant

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
ORDER = Order(
    id="W-1",
    channel="webshop",
    status="delivered",
    currency="EUR",
    customer="cust-1",
    placed_at=NOW,
    delivered_at=NOW,
    paid_cents=9000,
    payment_method="card",
    lines=(
        OrderLine(id="L1", sku="S-S", product="S", name="Shirt", quantity=2, unit_price_cents=4000),
        OrderLine(id="L2", sku="C", product="C", name="Cap", unit_price_cents=1000),
    ),
    variants=(Variant(sku="S-M", product="S", options={"size": "M"}, price_cents=4500, available=3),),
)
REQUEST = ReturnRequest(id="R-1", channel="webshop", order="W-1", message="the shirts are too small")


def said(task: str, outcome: str = "answered", **answer: object) -> Decision:
    by = Provenance(by="rule", name="test", version="1", inputs_hash="")
    return Decision.model_validate({"task": task, "outcome": outcome, "answer": answer, "provenance": by})


def reading(intent: str, *, picked: list[int] | None = None, items: str = "answered", reason: str = "size"):  # type: ignore[no-untyped-def]  # a Reading
    decisions = [
        said("returns.intent", label=intent),
        said("returns.reason", label=reason),
        said("returns.items", items, picked=picked or []),
    ]
    return understand(REQUEST, ORDER, decisions)


def steps(intent: str, picked: list[int]) -> list[tuple[str, int]]:
    plan = plan_for("returns/webshop/R-1", ORDER, reading(intent, picked=picked), NOW)
    return [(effect.step, effect.amount_cents) for effect in plan.effects]


@pytest.mark.parametrize(
    ("message", "order", "part"),
    [
        ("Return the lamp.", "W-1", "Return the lamp."),
        ("Cancel W-100. Return the lamp of W-200. It hums.", "W-200", "Return the lamp of W-200. It hums."),
        ("Cancel #W100; keep the rest. Return #W200.", "W100", "Cancel #W100; keep the rest."),
        ("About W-100 and W-200: where are they?", "W-300", "About W-100 and W-200: where are they?"),
    ],
)
def test_of_a_message_about_several_orders_only_the_part_about_this_one_is_read(
    message: str, order: str, part: str
) -> None:
    assert part_about(message, order) == part


def test_a_return_refunds_restocks_tells_and_marks_in_this_order() -> None:
    assert steps("return", [0]) == [("refund", 8000), ("restock", 0), ("notify", 0), ("mark", 0)]


def test_a_cancellation_refunds_all_that_was_paid() -> None:
    assert steps("cancel", []) == [("cancel", 0), ("refund", 9000), ("notify", 0)]


def test_an_exchange_reserves_first_and_charges_only_the_difference() -> None:
    read = with_variants(ORDER, reading("exchange", picked=[0]), [said("returns.variant", picked=[0])])
    plan = plan_for("returns/webshop/R-1", ORDER, read, NOW)

    assert [(e.step, e.amount_cents) for e in plan.effects][:2] == [("reserve", 0), ("charge", 1000)]


def test_an_exchange_for_nothing_known_proposes_nothing_and_says_what_is_in_doubt() -> None:
    read = with_variants(
        ORDER, reading("exchange", picked=[0]), [said("returns.variant", "unsure", picked=[])]
    )

    assert plan_for("returns/webshop/R-1", ORDER, read, NOW).effects == ()
    assert read.doubts == ("which Shirt is wanted instead",)


def test_items_the_model_is_unsure_of_leave_the_request_not_understood() -> None:
    read = reading("return", picked=[1], items="unsure")

    assert not read.understood
    assert [line.id for line in read.lines] == ["L2"]


def test_items_picked_in_a_form_need_no_model() -> None:
    request = REQUEST.model_copy(update={"items": (FormLine(line="L2"),)})
    decisions = [
        said("returns.intent", label="return"),
        said("returns.reason", "unsure", label="damaged"),
        said("returns.items", "unsure", picked=[]),
    ]

    read = understand(request, ORDER, decisions)

    assert read.understood
    assert [line.id for line in read.lines] == ["L2"]
    assert read.reason is Reason.UNSTATED


def test_an_intent_the_desk_does_not_know_is_other_and_a_persons() -> None:
    read = reading("juggle")

    assert read.intent is Intent.OTHER
    assert plan_for("returns/webshop/R-1", ORDER, read, NOW).effects == ()
