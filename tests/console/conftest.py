"""The console of the example office, on an empty database, served at a socket."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.approvals import ApprovalActivities
from benchmarks.environment import free_port
from bootstrap.installation import Installation
from console import answering
from contracts.approvals.messages import AnswerReply, AnswerSubmission
from contracts.approvals.request import Answer, ApprovalRequest
from contracts.office import office_files
from settings import Settings
from tests.conftest import ROOT
from tests.console.browser import Served, serving
from tests.console.events import NOW


@pytest.fixture
def kontor(tmp_path: Path, migrated_file: Path) -> Iterator[Installation]:
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(migrated_file, state / "kontor.db")
    with Installation(Settings(office=ROOT / "office", state=state, console_port=free_port())) as opened:
        opened.releases.put_in_force(office_files(ROOT / "office"), by="a test", at=NOW)
        yield opened


@pytest.fixture
def served(kontor: Installation) -> Iterator[Served]:
    with serving(kontor) as found:
        yield found


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are judged by the real data plane, with no server between."""

    async def nobody(_kontor: object) -> None:
        return None

    async def judged(
        _client: Client, books: Callable[[], ApprovalActivities], request: ApprovalRequest, answer: Answer
    ) -> AnswerReply:
        return await books().answer(
            AnswerSubmission(case_id=request.case_id, request_id=request.id, answer=answer, number=1)
        )

    monkeypatch.setattr(answering, "join", nobody)
    monkeypatch.setattr(answering, "send_answer", judged)
