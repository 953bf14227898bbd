"""A request that names no order, end to end: the order is found by what was bought, or asked for."""

import itertools
from typing import Any

import pytest
from sqlalchemy import MetaData

from contracts.case import CaseStatus
from service.intake import BadLine, parse
from service.memory_access import AskedWorker
from tests.workflows.returns.orders import SHIRT, an_order, asked, waiting
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_asking_back import LAMP, replies, told
from workflows.returns.types import ReturnRequest

_numbers = itertools.count(1)
SHIRT_BACK = "The linen shirt is too small for me. I would like to return it and get my money back, please."
SOMETHING_BACK = "I would like to return my order and get my money back, please. It does not work for me."
TOASTER_BACK = "I would like to return the toaster and get my money back, please. It is too small for me."
ONE_SHIRT: list[dict[str, Any]] = [{"id": "L1", "sku": "SHIRT-S"}]
ONE_LAMP: list[dict[str, Any]] = [{"id": "L1", "sku": "E2E-LAMP-BLACK"}]


def a_customer() -> tuple[str, str]:
    """Return a customer's reference, and their mail address."""
    number = next(_numbers)
    return f"buyer-{number}", f"jo.{number}@example.org"


def bought(
    shop: Shop,
    customer: str,
    email: str,
    *orders: list[dict[str, Any]],
    channel: str = "webshop",
    **more: Any,
) -> list[str]:
    """Let a customer have bought these orders, the last one first; return their numbers."""
    numbers = [f"F-{next(_numbers):04}" for _ in orders]
    made = [
        an_order(number, channel, customer=customer, lines=lines, placed_days_ago=9 + place, **more)
        | ({"email": email} if email else {})
        for place, (number, lines) in enumerate(zip(numbers, orders, strict=True))
    ]
    shop.load(products=[SHIRT, LAMP], orders=made)
    return numbers


def without_number(customer: str, message: str, channel: str = "webshop", **more: Any) -> ReturnRequest:
    return ReturnRequest(
        id=f"RMA-F{next(_numbers):04}", channel=channel, customer=customer, message=message, **more
    )


async def handed_over(shop: Shop, request: ReturnRequest) -> str:
    """Hand a request in, and return what people are asked."""
    await shop.submit(request)
    await waiting(shop, request)
    [question] = shop.timeline(request).approvals
    return question.request.what


def found_by(shop: Shop, request: ReturnRequest) -> list[tuple[object, object]]:
    episodes = shop.timeline(request).episodes
    return [(one.data["order"], one.data["by"]) for one in episodes if one.kind == "order_found"]


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["webshop", "marketplace"])
@pytest.mark.parametrize("by_address", [True, False])
async def test_the_one_order_that_holds_what_is_named_is_taken(
    shop: Shop, channel: str, by_address: bool
) -> None:
    customer, email = a_customer()
    lamp, shirt = bought(shop, customer, email, ONE_LAMP, ONE_SHIRT, channel=channel)
    request = without_number(email.upper() if by_address else customer, SHIRT_BACK, channel)

    result = await shop.run(request)

    assert (result.outcome, result.amount_cents) == ("returned", 4000)
    assert found_by(shop, request) == [(shirt, "things")]
    assert shop.entries(channel, "refund", lamp) == []
    assert len(shop.entries(channel, "refund", shirt)) == 1
    assert shop.timeline(request).record.customer == customer


@pytest.mark.slow
async def test_a_customer_with_two_orders_that_fit_is_asked_and_answers_by_number(shop: Shop) -> None:
    customer, email = a_customer()
    first, second = bought(shop, customer, email, ONE_SHIRT, ONE_SHIRT)
    request = without_number(email, SHIRT_BACK)

    says = await asked(shop, request)
    assert "which order is meant (1 " in says
    [text] = told(shop, first, "webshop")
    assert f"1. {first} (" in text
    assert f"2. {second} (" in text
    assert text.count("): Linen shirt S white") == 2
    assert shop.entries("webshop", "refund", first) == shop.entries("webshop", "refund", second) == []

    await replies(shop, request, text="2")
    result = await shop.handle(request).result()

    assert (result.outcome, result.amount_cents) == ("returned", 4000)
    assert found_by(shop, request) == [(second, "customer")]
    assert shop.entries("webshop", "refund", first) == []
    assert len(shop.entries("webshop", "refund", second)) == 1


@pytest.mark.slow
async def test_who_names_nothing_is_asked_and_answers_with_the_number_of_the_order(shop: Shop) -> None:
    customer, email = a_customer()
    shirt, lamp = bought(shop, customer, email, ONE_SHIRT, ONE_LAMP)
    request = without_number(customer, SOMETHING_BACK)
    await asked(shop, request)

    await replies(shop, request, text=f"It is {lamp}.")
    result = await shop.handle(request).result()

    assert (result.outcome, result.amount_cents) == ("returned", 3000)
    assert shop.entries("webshop", "refund", shirt) == []


@pytest.mark.slow
@pytest.mark.parametrize("words", [SOMETHING_BACK, TOASTER_BACK])
async def test_a_customer_is_asked_whether_it_is_their_only_order_that_they_mean(
    shop: Shop, words: str
) -> None:
    customer, email = a_customer()
    [only] = bought(shop, customer, email, ONE_SHIRT)
    request = without_number(email, words)

    assert f"which order is meant (1 {only} " in await asked(shop, request)
    assert shop.entries("webshop", "refund", only) == []

    await replies(shop, request, text="1")
    result = await shop.handle(request).result()

    assert (result.outcome, result.amount_cents) == ("returned", 4000)
    assert found_by(shop, request) == [(only, "customer")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("cancelled", SHIRT_BACK),
        ("delivered", "Please refund order F-99 to me, I return the linen shirt, it is too small."),
    ],
)
async def test_where_no_order_fits_a_person_has_the_case(shop: Shop, status: str, message: str) -> None:
    customer, email = a_customer()
    [order] = bought(shop, customer, email, ONE_SHIRT, status=status)
    request = without_number(email, message.replace("F-99", "F-9999"))

    what = await handed_over(shop, request)

    assert what.startswith("Handle by hand (")
    assert "order" in what.split(")")[0]
    assert shop.entries("webshop", "refund", order) == []
    assert told(shop, order, "webshop") == []


@pytest.mark.slow
async def test_a_channel_that_finds_no_orders_leaves_it_to_a_person(shop: Shop) -> None:
    customer, email = a_customer()
    bought(shop, customer, email, ONE_SHIRT, channel="store")

    what = await handed_over(shop, without_number(customer, SHIRT_BACK, "store"))

    assert "its channel does not find a customer's orders" in what


@pytest.mark.slow
async def test_a_customer_without_orders_is_told_as_one_whose_order_is_not_there(shop: Shop) -> None:
    customer, email = a_customer()
    request = without_number(email, SHIRT_BACK)

    result = await shop.run(request)
    assert (result.status, result.outcome) == (CaseStatus.DENIED, "order_not_found")

    bought(shop, customer, email, ONE_SHIRT)
    again = await shop.run(request)
    assert again.outcome == "returned"


@pytest.mark.slow
async def test_the_lines_of_a_form_say_which_order_is_meant(shop: Shop) -> None:
    customer, email = a_customer()
    two = [*ONE_SHIRT, {"id": "L2", "sku": "E2E-LAMP-BLACK"}]
    _, order = bought(shop, customer, email, ONE_LAMP, two)
    lamp_back = "The desk lamp flickers. I would like to return it and get my money back, please."
    request = without_number(email, lamp_back, items=["L2"])

    result = await shop.run(request)

    assert (result.outcome, result.amount_cents) == ("returned", 3000)
    [mark] = shop.entries("webshop", "mark", order)
    assert [line["line"] for line in mark["lines"]] == ["L2"]


@pytest.mark.slow
async def test_where_the_channel_tells_of_several_customers_none_of_their_orders_is_taken(shop: Shop) -> None:
    (one, email), (other, _) = a_customer(), a_customer()
    bought(shop, one, email, ONE_LAMP)
    [shirt] = bought(shop, other, email, ONE_SHIRT)

    what = await handed_over(shop, without_number(email, SHIRT_BACK))

    assert "orders of several customers" in what
    assert shop.entries("webshop", "refund", shirt) == []


@pytest.mark.slow
async def test_a_mail_address_stands_in_the_request_alone_and_goes_when_it_is_forgotten(shop: Shop) -> None:
    customer, email = a_customer()
    bought(shop, customer, email, ONE_SHIRT, ONE_LAMP)
    request = without_number(email, SHIRT_BACK)
    await shop.run(request)
    timeline = shop.timeline(request)
    assert timeline.record.request["customer"] == email

    assert _tables_with(shop, email) == {"cases"}
    record = timeline.record.model_copy(update={"request": {}})
    assert email not in record.model_dump_json()
    described = await shop.handle(request).describe()
    shown = [*(await described.memo()).values(), *described.typed_search_attributes, described.id]
    shown += [await described.static_summary(), await described.static_details()]
    assert email not in str(shown)
    logs = [file.read_text() for file in shop.settings.state.rglob("*.log")]
    assert logs
    assert not [log for log in logs if email in log]

    await AskedWorker(shop.client).forget(email.upper())
    assert shop.timeline(request).record.request["customer"] == "[forgotten]"
    assert _tables_with(shop, email) == set()


def _tables_with(shop: Shop, word: str) -> set[str]:
    """Return the tables of our own records that hold a word anywhere."""
    tables = MetaData()
    with shop.installation.database.connect() as connection:
        tables.reflect(connection)
        return {
            table.name
            for table in tables.sorted_tables
            if any(word in str(tuple(row)) for row in connection.execute(table.select()))
        }


def test_a_line_without_order_and_customer_is_refused_with_what_to_give() -> None:
    line = '{"id": "RMA-1", "channel": "webshop", "message": "hello"}'
    [bad] = parse(DESK, [line], ["webshop"])
    assert isinstance(bad, BadLine)
    assert bad.number == 1
    assert "order: it is missing, and so is customer" in bad.why


def test_a_request_that_names_its_order_hashes_as_it_always_did() -> None:
    request = ReturnRequest(id="RMA-1", channel="webshop", order="W-1", message="hello")
    assert "customer" not in request.model_dump(mode="json")
