"""Answers as they come: what proves absence, what is read by a rule, what is refused with its name."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.errors import classify
from connectors.connectors import Connectors
from contracts.base import Arguments
from contracts.failure import Absent, CallFailed, FailureClass
from tests.connectors.conftest import Opener
from tests.connectors.system import SHOP, Reply, System

ABSENT = """
absent = [{ status = [404], code = ["order_not_found"] }, { when = "orders == `[]`" }]
request = { method = "GET", path = "/orders/{{ order }}" }"""
PLAIN = '\nrequest = { method = "GET", path = "/orders/{{ order }}" }'


@pytest.fixture
def shop(opened: Opener) -> Connectors:
    return opened(SHOP.replace(PLAIN, ABSENT, 1))


async def read(shop: Connectors) -> dict[str, Any]:
    return await shop.read("shop", "get_order", {"order": "W-1"})


@pytest.mark.parametrize(
    "answer", [Reply({"code": "order_not_found"}, status=404), Reply({"orders": []})], ids=["word", "search"]
)
async def test_there_is_no_such_order_where_the_system_says_so_in_its_own_words(
    shop: Connectors, system: System, answer: Reply
) -> None:
    system.reply = lambda _: answer
    with pytest.raises(Absent):
        await read(shop)


PASSING = {
    "flushed routes": Reply({"code": "rest_no_route", "message": "No route was found"}, status=404),
    "a proxy": Reply(raw=b"<h1>404</h1>", status=404, headers={"Content-Type": "text/html"}),
    "an error inside": Reply({"message": "Requested product doesn't exist"}),
    "a rotated token": Reply({"code": "order_not_found"}, status=401),
    "under repair": Reply(raw=b"<html>Briefly unavailable</html>", headers={"Content-Type": "text/html"}),
    "moved": Reply({}, status=301, headers={"Location": "http://127.0.0.1/elsewhere"}),
    "a wrong request": Reply({"code": "order_not_found_in_cache"}, status=422),
    "another charset": Reply(
        raw='{"total": "1", "name": "Müller"}'.encode("latin-1"), headers={"Content-Type": "application/json"}
    ),
    "a deep answer": Reply(raw=b"[" * 100_000),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
async def test_every_other_answer_is_waited_for(shop: Connectors, system: System, answer: Reply) -> None:
    system.reply = lambda _: answer
    with pytest.raises(CallFailed) as caught:
        await read(shop)
    assert not isinstance(caught.value, Absent)
    assert classify(shop.manifest("shop"), "get_order", caught.value) is FailureClass.NOT_APPLIED_RETRY


async def test_an_answer_is_read_in_the_charset_that_it_names(shop: Connectors, system: System) -> None:
    answer = json.dumps({"total": "12.34", "note": "Müller"}, ensure_ascii=False).encode("latin-1")
    header = {"Content-Type": "application/json; charset=iso-8859-1"}
    system.reply = lambda _: Reply(raw=answer, headers=header)
    assert await read(shop) == {"total_cents": 1234, "note": "Müller"}


async def test_the_noise_of_a_binary_fraction_is_no_part_of_an_amount(
    shop: Connectors, system: System
) -> None:
    system.reply = lambda _: Reply({"total": 59.980000000000004})
    assert await read(shop) == {"total_cents": 5998}


MISFITS = [
    ("cents", "cents(total)", {"total": "29.975"}, r"seen has a part smaller than .*minor\("),
    ("cents", "cents(total)", {"total": "29,99"}, r"seen is no number .*\[numbers\] decimal"),
    ("cents", "total", {"total": 29.99}, r"seen has a fraction \(cents\(PATH\)"),
    ("string", "total", {"total": 4711}, r"seen is integer, not string \(to_string"),
    ("datetime", "total", {"total": "2026-11-20"}, r"seen is a date alone: \[times\] day"),
    ("object", "@.{lines: rows[].{unit: cents(price)}}", {"rows": [{"price": "1.005"}]}, "seen.lines.unit: "),
    ("object", "@.{state: get({A: `1`}, state)}", {"state": None}, r"seen.state: get\(\) finds null"),
]


@pytest.mark.parametrize("misfit", MISFITS, ids=[words for *_, words in MISFITS])
async def test_what_does_not_fit_is_named_with_its_path_and_what_to_write(
    opened: Opener, system: System, misfit: tuple[str, str, object, str]
) -> None:
    kind, path, answer, words = misfit
    old = 'result.total_cents = { type = "cents", path = "cents(total)" }'
    shop = opened(SHOP.replace(old, f"result.seen = {{ type = '{kind}', path = '{path}' }}", 1))
    system.reply = lambda _: Reply(answer)
    with pytest.raises(CallFailed, match=f"the answer's {words}"):
        await read(shop)


async def test_a_look_up_reads_times_by_the_same_rule(opened: Opener, system: System) -> None:
    """Ten o'clock in Berlin is nine in UTC: read as UTC, an older effect would be taken for this one."""
    sent_at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    item = {"id": "R-1", "amount": 4000, "at": "2026-11-20 10:00:00"}
    system.reply = lambda _: Reply({"refunds": [item]})
    refund: Arguments = {"order": "W-1", "amount_cents": 4000}
    with pytest.raises(CallFailed, match="names no time zone"):
        await opened(SHOP).look_up("shop", "refund", refund, "k", sent_at)
    berlin = opened(SHOP + '\n[times]\nzone = "Europe/Berlin"\n')
    assert await berlin.look_up("shop", "refund", refund, "k", sent_at) is None
    item["at"] = "2026-11-20 10:30:00"
    assert await berlin.look_up("shop", "refund", refund, "k", sent_at) is not None
