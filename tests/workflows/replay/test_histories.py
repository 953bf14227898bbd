"""Recorded histories run against today's code: what was written once must be read for ever."""

from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

with workflow.unsafe.imports_passed_through():
    from bootstrap.runner import workflow_runner
    from service.replay import replay_one
    from workflows.returns.carried import ReturnCarry
    from workflows.returns.letter_cases import LetterPart
    from workflows.returns.types import ReturnRequest, ReturnResult
    from workflows.returns.workflow import ReturnWorkflow

FOLDER = Path(__file__).parent / "histories"
HISTORIES, CONVERSATIONS = sorted(FOLDER.glob("returns-*.json")), sorted(FOLDER.glob("inbox-*.json"))
ARTICLES = sorted(FOLDER.glob("content-*.json"))


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, file.read_text())


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_return_replays_on_todays_code(file: Path) -> None:
    assert await replay_one(history(file), workflow_runner()) is None


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda file: file.stem)
async def test_a_recorded_conversation_replays_on_todays_code(file: Path) -> None:
    assert await replay_one(history(file), workflow_runner()) is None


@pytest.mark.parametrize("file", ARTICLES, ids=lambda file: file.stem)
async def test_a_recorded_article_replays_on_todays_code(file: Path) -> None:
    assert await replay_one(history(file), workflow_runner()) is None


def test_there_are_histories_to_replay() -> None:
    assert HISTORIES
    assert ARTICLES
    assert CONVERSATIONS


@workflow.defn(name="ReturnWorkflow", sandboxed=False)
class Reordered(ReturnWorkflow):
    """Today's desk with two steps changed about: the order is loaded before the case is opened."""

    @workflow.init
    def __init__(self, asked: ReturnRequest | LetterPart | ReturnCarry) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: ReturnRequest | LetterPart | ReturnCarry) -> ReturnResult:
        await self.orders.load()
        return await super().run(asked)


@pytest.mark.parametrize("file", HISTORIES[:1], ids=lambda file: file.stem)
async def test_a_changed_step_order_is_caught(file: Path) -> None:
    changed: Any = Reordered
    replayer = Replayer(workflows=[changed], data_converter=pydantic_data_converter)

    result = await replayer.replay_workflow(history(file), raise_on_replay_failure=False)

    assert result.replay_failure is not None
    assert "ondeterminism" in str(result.replay_failure)
