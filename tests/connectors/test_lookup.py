from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import classify
from connectors.connectors import Connectors
from contracts.base import Arguments
from contracts.effect import OutsideResult
from contracts.failure import CallFailed, FailureClass
from tests.connectors.conftest import Opener
from tests.connectors.system import SHOP, Received, Reply, System
from workflows.returns.activities import OrderActivities, OrderQuery

SENT_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
REFUND: Arguments = {"order": "W-1", "amount_cents": 4000}
OURS = {"id": "R-9", "amount": 4000, "at": "2026-03-01T12:00:01Z"}


LOGIN = """
[auth]
kind = "login"
user = "me"
secret = "shop.password"
[auth.login]
token = "token"
request = { path = "/login", body = { password = "{{ secret }}" } }
"""


async def look_up(shop: Connectors, taken: Collection[str] = ()) -> OutsideResult | None:
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


async def test_what_the_manifest_declares_proves_an_effect_absent(shop: Connectors, system: System) -> None:
    system.reply = lambda _: Reply({"code": "no_such_order"}, status=404)
    assert await look_up(shop) is None


@pytest.mark.parametrize(
    "answer",
    [
        Reply(status=404),
        Reply({"code": "rest_no_route"}, status=404),
        Reply(raw=b"<h1>404 Not Found</h1>", status=404, headers={"Content-Type": "text/html"}),
        Reply({"code": "no_such_order"}, status=403),
    ],
    ids=["bare", "route", "proxy", "shut"],
)
async def test_a_404_of_a_proxy_or_of_a_missing_route_proves_no_effect_absent(
    shop: Connectors, system: System, answer: Reply
) -> None:
    system.reply = lambda _: answer
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


async def test_a_log_in_that_answers_404_proves_no_absence(opened: Opener, system: System) -> None:
    manifest = SHOP.replace('auth = { kind = "bearer", secret = "shop.token" }', "") + LOGIN
    shop = opened(manifest)
    system.reply = lambda request: Reply({"code": "no_such_order"}, status=404)
    with pytest.raises(CallFailed, match="logging in was refused") as caught:
        await look_up(shop)
    assert not caught.value.sent
    assert classify(shop.manifest("shop"), "refund", caught.value) is FailureClass.NOT_APPLIED_RETRY
    with pytest.raises(ApplicationError, match="logging in was refused") as waiting:
        await ActivityEnvironment().run(OrderActivities(shop).load, OrderQuery(channel="shop", order="W-1"))
    assert not waiting.value.non_retryable
