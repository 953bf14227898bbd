"""What a system answers is cleaned, or refused for good, before a case sees it."""

import json
from typing import Any

import pytest

from activities.errors import classify
from connectors.connectors import Connectors
from contracts.base import Arguments
from contracts.failure import OUT_OF_BOUNDS, CallFailed, FailureClass
from tests.connectors.system import Reply, System

REFUND: Arguments = {"order": "W-1", "amount_cents": 4000}
ORDER = {"total": "40.00", "status": "shipped", "customer": {"id": "c-1"}, "rows": []}


def answering(system: System, raw: str) -> None:
    system.reply = lambda _: Reply(raw=raw.encode(errors="surrogatepass"))


async def refused_read(shop: Connectors) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await shop.read("shop", "get_order", {"order": "W-1"})
    return caught.value


async def test_nul_and_half_an_emoji_in_an_answer_are_replaced(shop: Connectors, system: System) -> None:
    answering(system, json.dumps({**ORDER, "note": "a\0b \ud83d"}))
    assert (await shop.read("shop", "get_order", {"order": "W-1"}))["note"] == "a\ufffdb \ufffd"
    answering(system, '{"total": "40.00", "note": "\ud83d"}')
    assert set(str((await shop.read("shop", "get_order", {"order": "W-1"}))["note"])) == {"\ufffd"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"total": "1e20"}, "total_cents"),
        ({"total": "1e9999"}, "total_cents"),
        ({"note": "x" * 1_100_000}, "note is too large"),
    ],
)
async def test_an_answer_that_no_record_can_hold_is_refused_for_good_and_its_field_is_named(
    shop: Connectors, system: System, changes: dict[str, Any], named: str
) -> None:
    answering(system, json.dumps({**ORDER, **changes}))
    failure = await refused_read(shop)
    assert named in failure.why
    assert failure.code == OUT_OF_BOUNDS
    assert classify(shop.manifest("shop"), "get_order", failure) is FailureClass.NOT_APPLIED_FINAL


@pytest.mark.parametrize("total", ["1e99999999999", "nan", "-inf", "abc", "4000.001"])
async def test_what_is_no_amount_is_malformed(shop: Connectors, system: System, total: str) -> None:
    answering(system, json.dumps({**ORDER, "total": total}))
    assert (await refused_read(shop)).code == "malformed"


@pytest.mark.parametrize("raw", ["[" * 100_000, '{"total": ' + "9" * 5000 + "}"])
async def test_json_that_cannot_be_read_is_an_answer_that_is_none(
    shop: Connectors, system: System, raw: str
) -> None:
    answering(system, raw)
    assert (await refused_read(shop)).code == "malformed"


async def test_a_write_whose_answer_is_beyond_all_bounds_may_have_been_done(
    shop: Connectors, system: System
) -> None:
    answering(system, json.dumps({"id": "R" * 2000}))
    with pytest.raises(CallFailed) as caught:
        await shop.send("shop", "refund", REFUND, "refund-k1")
    assert caught.value.code == OUT_OF_BOUNDS
    assert classify(shop.manifest("shop"), "refund", caught.value) is FailureClass.AMBIGUOUS


async def test_a_listed_amount_beyond_all_bounds_is_refused(shop: Connectors, system: System) -> None:
    entry = {"id": 7, "amount": "1e20", "at": "2026-03-01T10:00:00Z", "ref": "refund-k1"}
    answering(system, json.dumps({"refunds": [entry], "next": None}))
    with pytest.raises(CallFailed) as caught:
        await shop.list_page("shop", None, 50)
    assert caught.value.code == OUT_OF_BOUNDS
