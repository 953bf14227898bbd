"""What a plan says of its order is compared with the order on record, whoever made the plan."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from connectors.manifest import load_manifests
from contracts.admission import OnRecord
from contracts.authorization import Plan
from contracts.base import content_hash
from workflows.returns.plan import plan_for
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Intent, Order, OrderLine, Payment, Reason, ReturnRequest
from workflows.returns.witness import contradiction, is_part

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LINES = tuple(
    OrderLine(id=f"L{n}", sku=f"S-{n}", product=f"P{n}", name="Cup", quantity=2, unit_price_cents=2000)
    for n in (1, 2)
)
ORDER = Order(
    id="W-1", channel="webshop", known_as="W-1", status="delivered", customer="c-1", currency="EUR",
    placed_at=NOW - timedelta(days=9), delivered_at=NOW - timedelta(days=5), paid_cents=8000,
    payment_method="card", lines=LINES,
    payments=(Payment(method="card", paid_cents=5000), Payment(method="gift", paid_cents=3000)),
)  # fmt: skip
REQUEST = ReturnRequest(
    id="RMA-1", channel="webshop", order="W-1", message="Both cups of W-1 and those of W-2, please."
)


def asked(order: Order = ORDER, count: int = 2) -> Plan:
    reading = Reading(
        intent=Intent.RETURN, reason=Reason.SIZE, wanted=(Wanted(line=order.lines[0], quantity=count),)
    )
    return plan_for("returns/webshop/RMA-1", order, reading, NOW)


def on_record(office: Path, order: Order | None = ORDER, **more: Any) -> OnRecord:
    known = {content_hash({"order": order.id}): order.model_dump(mode="json")} if order else {}
    return OnRecord(
        request=REQUEST.model_dump(mode="json"),
        opened_at=NOW,
        manifest=load_manifests(office, {"KONTOR_SANDBOX_PORT": "1"})["webshop"],
        told=lambda _operation, arguments: known.get(content_hash(arguments)),
        begun=more.get("begun", frozenset()),
        earlier=more.get("earlier", list),
    )


def with_facts(**facts: Any) -> Callable[[Plan], Plan]:
    return lambda plan: plan.model_copy(update={"facts": {**plan.facts, **facts}})


def with_refund(**changes: Any) -> Callable[[Plan], Plan]:
    """Change the first payment, its arguments along with it."""

    def changed(plan: Plan) -> Plan:
        place = next(n for n, one in enumerate(plan.effects) if one.operation == "refund")
        first = plan.effects[place]
        arguments = {**first.arguments, **changes.get("arguments", {})}
        first = first.model_copy(update={**changes, "arguments": arguments})
        return plan.model_copy(update={"effects": (*plan.effects[:place], first, *plan.effects[place + 1 :])})

    return changed


def test_a_plan_made_from_the_order_on_record_stands(office: Path) -> None:
    plan = asked()

    assert len([one for one in plan.effects if one.operation == "refund"]) == 2
    assert contradiction(plan, on_record(office)) == ""


LIES: dict[str, Callable[[Plan], Plan]] = {
    "another customer": with_facts(customer="c-2"),
    "more was paid": with_facts(paid_cents=80_000),
    "a better customer": with_facts(member_level="gold"),
    "another state": with_facts(order_status="pending"),
    "another currency": with_facts(currency="USD"),
    "another channel": with_facts(channel="store"),
    "delivered later": with_facts(days_since_delivery=0),
    "less than it pays": with_facts(amount_cents=100),
    "a stranger's card": with_refund(arguments={"payment_method": "card-of-mine"}),
    "another order": with_refund(arguments={"order": "W-2"}),
    "another connector": with_refund(connector="store"),
    "money of another currency": with_refund(currency="USD"),
    "a line it has not": with_refund(arguments={"lines": [{"line": "L9", "sku": "S-1", "quantity": 1}]}),
    "another thing": with_refund(arguments={"lines": [{"line": "L1", "sku": "S-9", "quantity": 1}]}),
    "more pieces": with_refund(arguments={"lines": [{"line": "L1", "sku": "S-1", "quantity": 3}]}),
    "more by one way": lambda plan: with_facts(amount_cents=9000)(with_refund(amount_cents=6000)(plan)),
    "facts of an effect": with_refund(facts={"member_level": "gold"}),
    "an amount of an effect": with_refund(facts={"amount_cents": 1}),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_plan_that_says_something_else_than_the_order_on_record_is_found_out(
    office: Path, lie: Callable[[Plan], Plan]
) -> None:
    assert contradiction(lie(asked()), on_record(office))


def test_a_case_whose_photos_were_forgotten_with_their_customer_is_still_compared(office: Path) -> None:
    found = on_record(office)
    gone: dict[str, JsonValue] = dict.fromkeys(("name", "media_type", "address"), "[forgotten]")
    assert contradiction(asked(), replace(found, request={**found.request, "photos": [gone]})) == ""


def test_an_order_that_was_not_read_for_the_case_bears_nothing(office: Path) -> None:
    assert "not read" in contradiction(asked(), on_record(office, None))


def test_what_went_back_meanwhile_is_not_paid_again(office: Path) -> None:
    gone = tuple(one.model_copy(update={"refunded_cents": one.paid_cents}) for one in ORDER.payments)
    today = ORDER.model_copy(update={"refunded_cents": 8000, "payments": gone})

    assert "way of paying" in contradiction(asked(), on_record(office, today))


def test_payments_that_the_ledger_has_are_not_counted_again(office: Path) -> None:
    gone = tuple(one.model_copy(update={"refunded_cents": one.paid_cents}) for one in ORDER.payments)
    today = ORDER.model_copy(update={"refunded_cents": 8000, "payments": gone})
    begun = frozenset(one.step for one in asked().effects if one.operation == "refund")

    assert contradiction(asked(), on_record(office, today, begun=begun)) == ""


def test_facts_that_the_case_was_judged_by_before_still_hold(office: Path) -> None:
    today = ORDER.model_copy(update={"member_level": "silver"})
    plan = asked()

    assert "member_level" in contradiction(plan, on_record(office, today))
    assert contradiction(plan, on_record(office, today, earlier=lambda: [plan.facts])) == ""


def test_an_order_whose_customer_is_named_anew_still_takes_back_what_was_paid_for(office: Path) -> None:
    today = ORDER.model_copy(update={"customer": "c-1-merged"})
    plan = asked()
    begun = frozenset(one.step for one in plan.effects if one.amount_cents)

    assert "another customer" in contradiction(plan, on_record(office, today))
    assert contradiction(plan, on_record(office, today, begun=begun)) == ""


def test_a_request_without_an_order_bears_only_orders_that_were_found_for_its_customer(office: Path) -> None:
    nameless = REQUEST.model_copy(update={"order": "", "customer": "c-1"})
    found = replace(on_record(office), request=nameless.model_dump(mode="json"))
    theirs = replace(found, told=_and_found(found.told, ["W-1"]))
    others = replace(found, told=_and_found(found.told, ["W-7"]))

    assert contradiction(asked(), theirs) == ""
    assert "not read" in contradiction(asked(), others)


def _and_found(told: Callable[..., Any], orders: list[str]) -> Callable[..., Any]:
    return lambda operation, arguments: (
        {"orders": orders} if operation == "find_orders" else told(operation, arguments)
    )


@pytest.mark.parametrize(
    ("changes", "is_one"),
    [
        ({}, True),
        ({"order": "W-3", "id": "RMA-1.W-3"}, False),
        ({"id": "RMA-2"}, False),
        ({"message": "all of it"}, False),
        ({"customer": "c-9"}, False),
    ],
)
def test_a_part_of_a_letter_is_for_an_order_that_the_letter_names(
    changes: dict[str, str], is_one: bool
) -> None:
    part = REQUEST.model_copy(update={"id": "RMA-1.W-2", "order": "W-2", **changes})

    assert is_part(REQUEST.model_dump(mode="json"), part.model_dump(mode="json")) is is_one
