"""An order as shops really send it: read by a rule of the manifest, or refused where it is read."""

import asyncio
import contextlib
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import JsonValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import MISFIT
from connectors.connectors import Connectors
from connectors.prepared import Prepared, Response
from connectors.secrets import EnvironmentSecrets
from connectors.templates import Scope
from contracts.connector import Manifest
from contracts.failure import Absent
from logs import is_expected
from tests.connectors.junk import Says, spoilt
from tests.workflows.returns.test_reading import REQUEST, said
from workflows.returns.activities import OrderActivities, OrderQuery, OrderStatements
from workflows.returns.plan import plan_for
from workflows.returns.reading import about_order, understand
from workflows.returns.types import Order
from workflows.returns.worth import order_name

MANIFEST = """
name = "tiny"
version = "1"
transport = "http"
base_url = "http://127.0.0.1:1"
[operations.get_order]
effect = "read"
arguments.order = { type = "string" }
request = { method = "GET", path = "/orders/{{ order }}" }
result.order = { type = "object", path = "@" }
"""
ORDER: dict[str, Any] = {
    "id": 4711,
    "channel": "tiny",
    "customer": 17,
    "status": "delivered",
    "currency": "EUR",
    "placed_at": "2026-11-10T10:00:00Z",
    "delivered_at": "2026-11-20T10:00:00Z",
    "tracking": None,
    "payment_method": "card",
    "paid_cents": 4900,
    "refunded_cents": 0,
    "lines": [
        {"id": 1, "sku": "S1", "product": 7, "name": "Wool sweater", "options": {"size": 42}, "quantity": 1,
         "returned_quantity": 0, "unit_price_cents": 4900}
    ],
    "variants": None,
}  # fmt: skip


async def answering(answer: object, rules: str, executor: type[Says] = Says) -> Connectors:
    outside = Connectors(
        {"tiny": Manifest.model_validate(tomllib.loads(MANIFEST + rules))}, EnvironmentSecrets({})
    )
    await outside.close()
    outside._connectors["tiny"].executor = executor(answer)
    return outside


async def load(
    answer: object, rules: str = "", *, asked: str = "4711", executor: type[Says] = Says
) -> Order | None:
    outside = await answering(answer, rules, executor)
    query = OrderQuery(channel="tiny", order=asked)
    return await ActivityEnvironment().run(OrderActivities(outside).load, query)


async def test_integers_are_ids_and_null_is_what_a_field_is_by_default() -> None:
    order = await load(ORDER)
    assert order is not None
    assert (order.id, order.customer, order.lines[0].id, order.lines[0].product) == ("4711", "17", "1", "7")
    assert (order.tracking, order.variants, order.lines[0].options) == ("", (), {"size": "42"})


@pytest.mark.parametrize("written", ["2026-11-20T11:00:00", "2026-11-20 11:00:00"])
async def test_a_time_without_a_zone_is_read_by_the_manifests_rule(written: str) -> None:
    order = await load({**ORDER, "delivered_at": written}, '[times]\nzone = "Europe/Berlin"')
    assert order is not None
    assert order.delivered_at is not None
    assert order.delivered_at.isoformat() == "2026-11-20T10:00:00+00:00"


async def test_a_zero_date_is_no_date() -> None:
    order = await load({**ORDER, "delivered_at": "0000-00-00 00:00:00"})
    assert order is not None
    assert order.delivered_at is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("delivered_at", "2026-11-20T10:00:00", r"delivered_at: names no time zone: \[times\] zone"),
        ("delivered_at", "2026-11-20", r"delivered_at: is a date alone: \[times\] day"),
        ("placed_at", "0000-00-00 00:00:00", "placed_at"),
        ("paid_cents", 59.98, r"paid_cents: has a fraction, .*: cents\(PATH\)"),
        ("paid_cents", "59,98", r"paid_cents: is text, and no whole number: cents\(PATH\)"),
        ("paid_cents", "4900", r"paid_cents: is text, .* or to_number\(PATH\)"),
        ("paid_cents", True, "paid_cents: is true or false"),
        (
            "lines",
            [{**ORDER["lines"][0], "quantity": 1.5}],
            r"lines\.0\.quantity: has a fraction, and a whole number is meant$",
        ),
        ("lines", [{**ORDER["lines"][0], "quantity": True}], r"lines\.0\.quantity: is true or false"),
        ("status", None, "status: is null"),
        ("status", "wc-completed", r"status: is none of .*: get\(\{THEIRS: 'ours'\}, WORD\)"),
        ("lines", None, "lines: is null"),
    ],
)
async def test_what_no_rule_covers_is_refused_with_the_fields_name_and_what_to_write(
    field: str, value: JsonValue, words: str
) -> None:
    with pytest.raises(ApplicationError, match=words) as caught:
        await load({**ORDER, field: value})
    assert caught.value.type == MISFIT
    assert not caught.value.non_retryable
    assert "connectors/tiny.toml" in str(caught.value)


async def test_an_answer_that_does_not_fit_is_one_line_of_a_workers_log_at_each_try() -> None:
    with pytest.raises(ApplicationError) as caught:
        await load({**ORDER, "status": None})
    assert is_expected(caught.value)


async def test_a_refusal_repeats_nothing_of_the_answer() -> None:
    with pytest.raises(ApplicationError) as caught:
        await load({**ORDER, "customer": {"name": "Zoë Quist"}, "paid_cents": "Zoë", "placed_at": "Zoë"})
    assert "Zo" not in str(caught.value)


@pytest.mark.parametrize("typed", ["case-1", "CASE-1", "#case-1", "00Case-1"])
async def test_however_a_customer_spells_it_an_order_is_claimed_by_one_name(typed: str) -> None:
    """The channel gives back what was typed, as some do."""
    rules = '[ids]\ncase = "ignored"\nzeros = "ignored"\nignored = "#"'
    order = await load({**ORDER, "id": typed}, rules)
    assert order is not None
    assert order.id == typed
    assert order_name(order) == "tiny/case-1"


async def test_an_id_that_is_not_known_as_it_was_typed_is_asked_for_as_the_channel_compares_it() -> None:
    class Exact(Says):
        async def call(self, prepared: Prepared, scope: Scope) -> Response:
            if scope["order"] != "1001":
                raise Absent("no such order", status=404, code="unknown")
            return await super().call(prepared, scope)

    order = await load({**ORDER, "id": "1001"}, '[ids]\nignored = "#"', asked="#1001", executor=Exact)
    assert order is not None
    assert order.id == "1001"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("", "4711"),
        ('[ids]\nanother = "taken"', "4711"),
        ('[ids]\nanother = "refused"', None),
        ('[ids]\nanother = "refused"\nignored = "#"\nzeros = "ignored"', None),
    ],
)
async def test_another_order_than_was_asked_for_is_believed_only_where_the_manifest_lets_it(
    rules: str, told: str | None
) -> None:
    asked = "INT-1"
    if told is None:
        with pytest.raises(ApplicationError, match="answers with another order than was asked for") as caught:
            await load(ORDER, rules, asked=asked)
        assert caught.value.type == MISFIT
        return
    order = await load(ORDER, rules, asked=asked)
    assert order is not None
    assert order.id == told


async def test_the_reconciler_compares_no_other_order_than_it_asked_for() -> None:
    outside = await answering(ORDER, '[ids]\nanother = "refused"')
    read = ActivityEnvironment().run
    with pytest.raises(ApplicationError, match="answers with another order than was asked for") as caught:
        await read(OrderStatements(outside).statement, "tiny", "INT-1")
    assert caught.value.type == MISFIT
    assert await read(OrderStatements(outside).statement, "tiny", "4711") is not None


async def test_another_spelling_of_the_order_that_was_asked_for_is_no_other_order() -> None:
    rules = '[ids]\nanother = "refused"\nignored = "#"\nzeros = "ignored"'
    order = await load(ORDER, rules, asked="#004711")
    assert order is not None
    assert order.id == "4711"


@settings(max_examples=150, deadline=None)
@given(answer=spoilt(ORDER))
def test_no_answer_gets_into_a_history_that_a_case_could_not_go_on_with(answer: JsonValue) -> None:
    asyncio.run(_read_and_plan(answer))


async def _read_and_plan(answer: JsonValue) -> None:
    order = None
    with contextlib.suppress(ApplicationError):
        order = await load(answer)
    if order is None:
        return
    [payload] = await pydantic_data_converter.encode([order])
    [again] = await pydantic_data_converter.decode([payload], [Order])
    assert again == order
    assert about_order(again)
    assert again.delivered_at is None or again.delivered_at.tzinfo is not None
    decided = [said("returns.intent", label="return"), said("returns.reason", label="size")]
    reading = understand(REQUEST, again, [*decided, said("returns.items", picked=[0])])
    assert plan_for("returns/tiny/R-1", again, reading, again.placed_at).summary
