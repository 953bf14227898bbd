"""Another office is put in force while a worker runs: it says what would change, and starts again on it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.stack.processes import Children
from contracts.case import CaseStatus
from service.offices import apply
from tests.conftest import ROOT
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.orders import RETURN, asking, given_order, waiting
from tests.workflows.returns.shop import Shop, opened
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
