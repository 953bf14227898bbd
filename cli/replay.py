"""`kontor replay`: recorded histories against today's code."""

import asyncio
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Replayer

from cli.connection import connect_or_leave
from cli.console import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from settings import settings
from worker import workflow_runner
from workflows.registry import WORKFLOWS

NAMES_NOBODY = (
    (re.compile(r'"\d+@[^"]*"'), '"worker"'),
    (re.compile(r'"stackTrace": ?"(?:[^"\\]|\\.)*"'), '"stackTrace": ""'),
)
"""What a saved history leaves out: who ran it and where; a replay reads neither."""


def replay(
    case_id: Annotated[str | None, typer.Argument(help="A case id: returns/webshop/RMA-1007.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every history the server still has.")] = False,
    save: Annotated[
        Path | None, typer.Option(help="Also write each history into this folder, for `tests/replay`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Replay recorded histories against today's workflow code: any difference is named.

    Nothing is executed again: no activity runs, no effect happens.

    Example: kontor replay --all
    """
    if (case_id is None) == (not every):
        fail("name one case, or say --all", EXIT_USAGE)
    failures, count = asyncio.run(_replay(case_id, save, quiet=as_json))
    if as_json:
        emit_json({"replayed": count, "failed": failures})
    else:
        for failed, why in failures.items():
            ERR.print(f"[red]{failed}[/]: {why}", highlight=False)
        OUT.print(f"{count} histories replayed, {len(failures)} differ from today's code")
    if failures:
        raise typer.Exit(EXIT_FOUND)


async def _replay(case_id: str | None, save: Path | None, *, quiet: bool) -> tuple[dict[str, str], int]:
    client = await connect_or_leave(settings())
    failures: dict[str, str] = {}
    count = 0
    with Progress(console=ERR, transient=True, disable=quiet) as progress:
        task = progress.add_task("replaying", total=await _total(client, case_id))
        async for history in _histories(client, case_id):
            if (why := await replay_one(history)) is not None:
                failures[history.workflow_id] = why
            if save is not None:
                _save(history, save)
            count += 1
            progress.advance(task)
    return failures, count


async def replay_one(history: WorkflowHistory) -> str | None:
    """Replay one history; return why it differs from today's code, or None if it does not."""
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=workflow_runner(), data_converter=pydantic_data_converter
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return str(result.replay_failure) if result.replay_failure else None


def _save(history: WorkflowHistory, folder: Path) -> None:
    """Write a history as JSON, without the names of the processes and machines that made it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = history.to_json()
    for found, instead in NAMES_NOBODY:
        text = found.sub(instead, text)
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", history.workflow_id)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


async def _total(client: Client, case_id: str | None) -> int:
    return 1 if case_id else (await client.count_workflows()).count


async def _histories(client: Client, case_id: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202
    if case_id is not None:
        try:
            yield await client.get_workflow_handle(case_id).fetch_history()
        except RPCError as error:
            fail(f"no history of {case_id}: {error.message}")
        return
    known = {workflow_type.__name__ for workflow_type in WORKFLOWS}
    async for execution in client.list_workflows():
        if execution.workflow_type in known and execution.status != WorkflowExecutionStatus.CONTINUED_AS_NEW:
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            yield await handle.fetch_history()
