"""A state folder that an earlier version left with cases waiting: today's code takes it over."""

import asyncio
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import httpx
import pytest
from temporalio.client import WorkflowHistory
from typer.testing import CliRunner

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from bootstrap.runner import workflow_runner
from cli.app import app
from cli.stack.processes import Children
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import Answer
from service.answers import send_answer
from service.replay import replay_one
from settings import Settings
from tests.conftest import ROOT
from tests.workflows.returns.shop import Shop, opened
from workflows.kernel import history

PARKED = Path(__file__).parent / "parked"
LONGEST_SECONDS = 60


@dataclass(frozen=True)
class Waiting:
    case_id: str
    person: str
    end: tuple[str, str, int]
    choice: Literal["approve", "reject"] = "approve"


CASES = (
    Waiting("returns/webshop/PARK-11", "ben", ("settled", "returned", 20_000)),
    Waiting("returns/webshop/PARK-12", "ben", ("settled", "handled_by_hand", 0)),
    Waiting("returns/webshop/PARK-13", "ben", ("settled", "exchanged", -6_000)),
    Waiting("returns/webshop/PARK-14", "anna", ("settled", "returned", 120_000)),
    Waiting("returns/store/PARK-15", "ben", ("settled", "returned", 20_000)),
    Waiting("returns/marketplace/PARK-16", "ben", ("rejected", "rejected", 20_000), "reject"),
    Waiting("returns/webshop/PARK-17", "anna", ("settled", "partly_undone", 20_000)),
    Waiting(
        "books/marketplace/duplicate-818c6808f6764a06",
        "ben",
        ("settled", "mended: void_refund at marketplace", 4_000),
    ),
)


def histories() -> dict[str, str]:
    with tarfile.open(PARKED / "histories.tar.xz") as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {Path(file.name).stem: _text(archive, file) for file in files}


def _text(archive: tarfile.TarFile, file: tarfile.TarInfo) -> str:
    content = archive.extractfile(file)
    assert content is not None
    return content.read().decode()


HISTORIES = histories()


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_history_that_an_earlier_version_left_replays(name: str) -> None:
    assert await replay_one(WorkflowHistory.from_json(name, HISTORIES[name]), workflow_runner()) is None


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_history_too_long_for_today_replays_as_it_was_before_it_goes_over_into_another_run(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVENTS", 1)
    monkeypatch.setattr(history, "LEAST", 1)
    assert await replay_one(WorkflowHistory.from_json(name, HISTORIES[name]), workflow_runner()) is None


def an_office_of_then(folder: Path) -> Path:
    """Return today's office without what it learned to want since: who answered before showed no passkey."""
    shutil.copytree(ROOT / "office", folder)
    policies = folder / "policies" / "approvals.cedar"
    kept = [part for part in re.split(r"(?=^@id)", policies.read_text(), flags=re.M) if "passkey" not in part]
    policies.write_text("".join(kept))
    (folder / "policies" / "tests" / "approvals.toml").unlink()
    return folder


@pytest.fixture
def taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    """Today's server, sandbox and worker on the earlier version's folder."""
    with tarfile.open(PARKED / "state.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    # What waits is the subject; a reconciliation in between would be another.
    monkeypatch.setenv("KONTOR_RECONCILE_EVERY_MINUTES", "0")
    children = Children(
        Settings(
            office=an_office_of_then(tmp_path / "office"),
            state=tmp_path,
            temporal_address=f"127.0.0.1:{free_port()}",
            temporal_ui_port=free_port(),
            sandbox_port=free_port(),
        )
    )
    try:
        children.start_all()
        yield children
    finally:
        children.stop()


@pytest.mark.slow
async def test_cases_that_an_earlier_version_left_waiting_go_on_and_end(taken_over: Children) -> None:
    async with opened(taken_over) as shop:
        await answer_all(shop)
        for waiting in CASES:
            handle = shop.client.get_workflow_handle(waiting.case_id)
            async with asyncio.timeout(LONGEST_SECONDS):
                await handle.result()
            record = shop.installation.cases.find(waiting.case_id)
            assert record is not None
            assert (record.status.value, record.outcome, record.amount_cents) == waiting.end, waiting.case_id
            assert await replay_one(await handle.fetch_history(), workflow_runner()) is None
        assert not shop.installation.approval_queue.entries(ApprovalFilter())
        assert standing(shop) == {
            "webshop": [4_000, 20_000, 120_000],
            "store": [20_000],
            "marketplace": [4_000],
        }
    found = await asyncio.to_thread(
        CliRunner().invoke, app, ["audit", "verify"], obj=Installation(taken_over.settings)
    )
    assert found.exit_code == 0, found.output


async def answer_all(shop: Shop) -> None:
    """Answer each question as its person would, bound to what it asks."""
    queue = shop.installation.approval_queue.entries(ApprovalFilter())
    asked = {entry.case_id: entry.id for entry in queue}
    assert set(asked) == {waiting.case_id for waiting in CASES}
    for waiting in CASES:
        record = shop.installation.approvals.find(asked[waiting.case_id])
        assert record is not None
        said = Answer(person=waiting.person, choice=waiting.choice, note="after the pause")
        reply = await send_answer(shop.client, _no_books, record.request, said)
        assert reply.standing == "valid", (waiting.case_id, reply)


def _no_books() -> NoReturn:
    raise AssertionError("every case waits in its workflow")


def standing(shop: Shop) -> dict[str, list[int]]:
    """What each channel has paid out and not taken back, by amount."""
    books = httpx.get(f"{shop.admin}/books").json()
    return {
        channel: sorted(entry["amount_cents"] for entry in kinds.get("refund", []) if not entry["undone_by"])
        for channel, kinds in books.items()
        if "refund" in kinds
    }
