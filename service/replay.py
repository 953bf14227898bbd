"""Recorded histories against today's code: nothing is executed again, no effect happens."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Replayer, WorkflowRunner

from workflows.registry import workflow_types

NAMES_NOBODY = (
    (re.compile(r'"\d+@[^"]*"'), '"worker"'),
    (re.compile(r'"stackTrace": ?"(?:[^"\\]|\\.)*"'), '"stackTrace": ""'),
)
"""What a saved history leaves out: who ran it and where; a replay reads neither."""


class NoHistory(LookupError):
    """The server has no history of a case; the message says why."""


async def replay_one(history: WorkflowHistory, runner: WorkflowRunner) -> str | None:
    """Replay one history; return why it differs from today's code, or None if it does not."""
    replayer = Replayer(
        workflows=workflow_types(), workflow_runner=runner, data_converter=pydantic_data_converter
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return str(result.replay_failure) if result.replay_failure else None


async def count_histories(client: Client, case_id: str | None) -> int:
    """Return how many histories `histories` will go through, about."""
    return 1 if case_id else (await client.count_workflows()).count


async def histories(client: Client, case_id: str | None) -> AsyncIterator[WorkflowHistory]:
    """Read the history of one case, or with None every history of ours that the server still has.

    Raises:
        NoHistory: there is none of this case.
    """
    if case_id is not None:
        try:
            yield await client.get_workflow_handle(case_id).fetch_history()
        except RPCError as error:
            raise NoHistory(f"no history of {case_id}: {error.message}") from error
        return
    known = {workflow_type.__name__ for workflow_type in workflow_types()}
    async for execution in client.list_workflows():
        if execution.workflow_type in known and execution.status != WorkflowExecutionStatus.CONTINUED_AS_NEW:
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            yield await handle.fetch_history()


def save_history(history: WorkflowHistory, folder: Path) -> None:
    """Write a history as JSON, without the names of the processes and machines that made it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = history.to_json()
    for found, instead in NAMES_NOBODY:
        text = found.sub(instead, text)
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", history.workflow_id)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
