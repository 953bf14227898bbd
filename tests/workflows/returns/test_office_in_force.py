"""Another office is put in force while a worker runs: it says what would change, and starts again on it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cli.stack.processes import Children
from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from service.offices import apply
from tests.conftest import ROOT
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.orders import RETURN, a_waiting_return, asking, given_order, waiting
from tests.workflows.returns.shop import DESK, Shop, opened
from worker import SERVING

pytestmark = pytest.mark.slow


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Shop]:
    """A Kontor with an office folder that the test edits."""
    shutil.copytree(ROOT / "office", tmp_path / "office")
    settings = settings_for(tmp_path / "state").model_copy(update={"office": tmp_path / "office"})
    children = Children(settings)
    try:
        await asyncio.to_thread(children.start_all)
        async with opened(children) as shop:
            yield shop
    finally:
        children.stop()


async def logged(shop: Shop, words: str, times: int = 1) -> str:
    log = shop.settings.state / "worker.log"
    async with asyncio.timeout(120):
        while (text := log.read_text()).count(words) < times:  # noqa: ASYNC110 (a process writes it)
            await asyncio.sleep(0.2)
    return text


async def test_a_running_worker_tells_an_edit_and_judges_by_it_once_it_is_applied(own: Shop) -> None:
    before = await own.run(asking(given_order(own), RETURN))
    assert (before.status, before.outcome) == (CaseStatus.SETTLED, "returned")
    process = own.children.running["worker"]
    policies = own.settings.office / "policies" / "returns.cedar"
    policies.write_text(policies.read_text().replace("amount_cents > 100000", "amount_cents > 3000"))

    text = await logged(own, "the office folder")
    assert "of the last 1 case, 1 would be judged otherwise" in text
    unchanged = await own.run(asking(given_order(own), RETURN))
    assert unchanged.outcome == "returned", "an edit is in force when it is applied, and not before"

    applied = apply(own.installation, own.settings.office, by="anna", anyway=True)
    text = await logged(own, f"{SERVING} [{process.pid}]", times=2)
    assert f"serves the office {applied.version}, release 2 by anna" in text
    assert process.poll() is None, "it is the same process"
    asked = asking(given_order(own), RETURN)
    await own.submit(asked)
    await waiting(own, asked)
    [verdict] = [one for one in own.timeline(asked).verdicts if one.step == "refund"]
    assert (verdict.outcome, verdict.ask_roles, verdict.needed) == ("ask", ("lead", "owner"), 2)


NOT_BEN = """
@id("approvals.not-ben")
@reason("Ben answers for no money any more.")
forbid (principal, action == approvals::Action::"answer", resource)
when { principal.name == "ben" && context.amount_cents > 0 };
"""


async def test_an_approval_that_no_longer_suffices_by_todays_policies_is_asked_for_anew_and_denies_nobody(
    own: Shop,
) -> None:
    order, request = await a_waiting_return(own)
    own.strike("webshop", "get_order", "refused", times=1_000, order=order)
    await own.handle(request).signal("decide", Answer(person="ben", choice="approve"))
    async with asyncio.timeout(60):
        while own.installation.approvals.of_case(DESK.case_id(request))[0].approval is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    policies = own.settings.office / "policies" / "approvals.cedar"
    policies.write_text(f"{policies.read_text()}\n{NOT_BEN}")
    apply(own.installation, own.settings.office, by="anna", anyway=True)
    await logged(own, SERVING, times=2)
    await asyncio.to_thread(httpx.delete, f"{own.admin}/script")

    async with asyncio.timeout(120):
        while len(asked := own.installation.approvals.of_case(DESK.case_id(request))) == 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    again = next(one for one in asked if one.approval is None)
    assert own.entries("webshop", "refund", order) == []
    answer = Answer(person="anna", choice="approve", request_id=again.request.id)
    await own.handle(request).signal("decide", answer)
    result = await own.handle(request).result()
    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 20_000)
