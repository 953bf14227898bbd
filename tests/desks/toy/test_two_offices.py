"""Two versions of an office in one deployment: judged under one, met by a worker that serves the other."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

import worker
from bootstrap.installation import Installation
from settings import Settings
from tests.desks.toy.kontor import OFFICE, Toy
from workflows.kernel import pauses

MORE = """
@id("toy.endless")
@reason("Nobody reads a book on a board.")
forbid (principal, action == toy::Action::"do", resource)
when { context.length > 100000 };
"""


@pytest.fixture
async def client(temporal: Client, office: Settings) -> Client:
    """The office fixture brings the desk in."""
    return temporal


def next_office(folder: Path) -> Path:
    """The office with one more policy, which changes no verdict."""
    changed = folder / "next-office"
    shutil.copytree(OFFICE, changed)
    with (changed / "policies" / "toy.cedar").open("a") as policies:
        policies.write(MORE)
    return changed


@asynccontextmanager
async def connectors(client: Client, settings: Settings) -> AsyncIterator[None]:
    """A process that serves the connectors alone, under the office of these settings."""
    async with Installation(settings) as installation, AsyncExitStack() as stack:
        for one in worker.connectors(client, installation):
            await stack.enter_async_context(one)
        yield


@asynccontextmanager
async def control(client: Client, settings: Settings, folder: Path) -> AsyncIterator[Toy]:
    """A process that serves the cases alone."""
    async with Installation(settings) as installation, AsyncExitStack() as stack:
        for one in worker.control(client, installation):
            await stack.enter_async_context(one)
        yield Toy(client, installation, folder)


async def refused(toy: Toy, case_id: str, times: int) -> None:
    """Wait until the case's effect was refused so often."""
    async with asyncio.timeout(20):
        while await refusals(toy, case_id) < times:  # noqa: ASYNC110 (the server is another process)
            await asyncio.sleep(0.05)


async def refusals(toy: Toy, case_id: str) -> int:
    handle = toy.client.get_workflow_handle(case_id)
    return len(
        [
            event
            async for event in handle.fetch_history_events()
            if event.HasField("activity_task_failed_event_attributes")
        ]
    )


async def test_a_case_judged_under_another_office_than_its_effect_meets_waits_until_the_deploy_is_over(
    client: Client, office: Settings, tmp_path: Path
) -> None:
    behind = office.model_copy(update={"office": next_office(tmp_path)})
    async with control(client, office, tmp_path) as toy:
        async with connectors(client, behind):
            case_id = await toy.submit("Choir on Monday.")
            await refused(toy, case_id, 2)
            assert toy.on_board("pinned") == []
        async with connectors(client, office):
            assert await toy.ended(case_id) == "applied"
        # The pauses were about one, two and four seconds; without them there were hundreds of refusals.
        assert await refusals(toy, case_id) <= 4
        assert len(toy.on_board("pinned")) == 1


async def test_people_who_agreed_are_not_asked_again_because_an_office_is_being_changed(
    client: Client, office: Settings, tmp_path: Path
) -> None:
    behind = office.model_copy(update={"office": next_office(tmp_path)})
    async with control(client, office, tmp_path) as toy:
        async with connectors(client, office):
            await toy.ended(await toy.submit("Choir on Monday."))
        async with connectors(client, behind):
            second = await toy.submit("Choir on Friday.")
            await toy.waiting(second)
            assert (await toy.kontor("approve", second, "--as", "kim")).exit_code == 0
            await refused(toy, second, 1)
        async with connectors(client, office):
            assert await toy.ended(second) == "applied"
        assert len(toy.installation.approvals.of_case(second)) == 1


async def test_a_case_that_never_meets_the_office_it_was_judged_under_becomes_a_persons_with_the_reason(
    client: Client, office: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TRIES", 3)
    monkeypatch.setattr(pauses, "LONGEST", pauses.FIRST / 10)
    behind = office.model_copy(update={"office": next_office(tmp_path)})
    async with control(client, office, tmp_path) as toy, connectors(client, behind):
        case_id = await toy.submit("Choir on Monday.")
        await toy.waiting(case_id)
        [asked] = toy.timeline(case_id).approvals
        assert "policy-version" in asked.request.what
        assert "judged again 3 times; done so far: nothing" in asked.request.what
        assert await refusals(toy, case_id) == 4
        assert (await toy.kontor("approve", case_id, "--as", "kim")).exit_code == 0
        assert await toy.ended(case_id) == "handled_by_hand"
