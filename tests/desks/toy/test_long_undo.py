"""An undo that waits for people while its history grows: another run goes on with it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from settings import Settings
from tests.desks.toy.kontor import OFFICE, Toy
from tests.desks.toy.test_two_offices import connectors, control
from workflows.kernel import history

LOU = """
[people.lou]
name = "Lou"
roles = ["keeper"]
limit_cents = 1
mail = "lou@board.example"
"""


@pytest.fixture
async def asking(temporal: Client, office: Settings, tmp_path: Path) -> AsyncIterator[Toy]:
    """The toy office, whose people want to be asked before a note comes down."""
    changed = tmp_path / "asking-office"
    shutil.copytree(OFFICE, changed)
    policies = changed / "policies" / "toy.cedar"
    policy, rest = policies.read_text().split('@id("toy.undo-unattended")')
    policies.write_text(policy + '@id("toy.keeper")' + rest.split('@id("toy.keeper")')[1])
    with (changed / "staff.toml").open("a") as staff:
        staff.write(LOU)
    settings = office.model_copy(update={"office": changed})
    async with control(temporal, settings, tmp_path) as toy, connectors(temporal, settings):
        yield toy


async def test_an_undo_that_people_are_asked_about_goes_over_into_another_run_and_is_done_once(
    asking: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVENTS", 40)
    case_id = await asking.submit("Choir on Monday.")
    assert await asking.ended(case_id) == "applied"
    undoing = asyncio.create_task(asking.kontor("undo", case_id, "--as", "kim", "--json"))
    await asking.waiting(case_id)
    handle = asking.client.get_workflow_handle(case_id)
    first_run = (await handle.describe()).run_id

    for _ in range(12):
        said = Answer(person="mallory", choice="approve")
        reply = await handle.execute_update("decide", said, result_type=AnswerReply)
        assert reply.standing == "foreign"
    async with asyncio.timeout(20):
        while (await handle.describe()).run_id == first_run:  # noqa: ASYNC110 (the server goes over)
            await asyncio.sleep(0.05)
    reply = await handle.execute_update(
        "decide", Answer(person="lou", choice="approve"), result_type=AnswerReply
    )

    assert reply.standing == "valid", reply.why
    result = await undoing
    assert result.exit_code == 0, result.output
    assert len(asking.on_board("unpinned")) == 1
    found = asking.timeline(case_id)
    assert found.record.status is CaseStatus.UNDONE
    assert len(found.approvals) == 1
    kinds = [episode.kind for episode in found.episodes]
    assert kinds.count("undo_asked") == 1
