from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from connectors.connectors import Connectors, SentCall
from contracts.canonical import Arguments
from contracts.failure import CallFailed
from tests.connectors.system import Received, Reply, System

SENT_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
REFUND: Arguments = {"order": "W-1", "amount_cents": 4000}
OURS = {"id": "R-9", "amount": 4000, "at": "2026-03-01T12:00:01Z"}


async def look_up(shop: Connectors, taken: Collection[str] = ()) -> SentCall | None:
    return await shop.look_up("shop", "refund", REFUND, "k1", SENT_AT, taken=taken)


async def test_an_effect_is_found_again_by_what_the_manifest_compares(
    shop: Connectors, system: System
) -> None:
    older = {"id": "R-1", "amount": 4000, "at": "2026-02-01T12:00:00Z"}
    other = {"id": "R-2", "amount": 3999, "at": "2026-03-01T12:00:01Z"}
    system.reply = lambda _: Reply({"refunds": [older, other, OURS]})
    found = await look_up(shop)
    assert found is not None
    assert found.reference == "R-9"
    assert system.received[0].target == "/api/refunds?order=W-1"


async def test_nothing_that_matches_on_any_page_means_surely_absent(shop: Connectors, system: System) -> None:
    def pages(request: Received) -> Reply:
        last = "page=2" in request.target
        return Reply({"refunds": [{**OURS, "amount": 1}], "next": None if last else "2"})

    system.reply = pages
    assert await look_up(shop) is None
    assert [request.target for request in system.received] == [
        "/api/refunds?order=W-1",
        "/api/refunds?order=W-1&page=2",
    ]


async def test_a_match_on_the_second_page_is_found(shop: Connectors, system: System) -> None:
    system.reply = lambda request: (
        Reply({"refunds": [OURS]}) if "page=2" in request.target else Reply({"refunds": [], "next": "2"})
    )
    found = await look_up(shop)
    assert found is not None


async def test_an_effect_that_belongs_to_another_of_ours_is_no_match(
    shop: Connectors, system: System
) -> None:
    system.reply = lambda _: Reply({"refunds": [OURS, {**OURS, "id": "R-10"}]})
    found = await look_up(shop, taken={"R-9"})
    assert found is not None
    assert found.reference == "R-10"
    assert await look_up(shop, taken={"R-9", "R-10"}) is None


async def test_a_declared_status_says_absent_and_no_other_does(shop: Connectors, system: System) -> None:
    system.reply = lambda _: Reply(status=404)
    assert await look_up(shop) is None
    system.reply = lambda _: Reply(status=403)
    with pytest.raises(CallFailed):
        await look_up(shop)


@pytest.mark.parametrize("body", [{"refund": [OURS]}, {"refunds": None}, None, [], {"refunds": [{"id": 1}]}])
async def test_an_answer_that_does_not_fit_is_never_read_as_absent(
    shop: Connectors, system: System, body: object
) -> None:
    system.reply = lambda _: Reply(body)
    with pytest.raises(CallFailed) as caught:
        await look_up(shop)
    assert caught.value.code == "malformed"


async def test_a_listing_without_end_is_never_read_as_absent(shop: Connectors, system: System) -> None:
    system.reply = lambda _: Reply({"refunds": [], "next": "2"})
    with pytest.raises(CallFailed, match="no end"):
        await look_up(shop)
