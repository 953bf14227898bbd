"""`kontor replay`: recorded histories against today's code."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from bootstrap.installation import Installation
from bootstrap.runner import workflow_runner
from cli.connection import connect_or_leave, installation, named_case
from cli.terminal import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from service.replay import NoHistory, count_histories, histories, replay_one, save_history


def replay(
    ctx: typer.Context,
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
    kontor = installation(ctx)
    if (case_id is None) == (not every):
        fail("name one case, or say --all", EXIT_USAGE)
    if case_id is not None:
        case_id = named_case(kontor, case_id, listed=False)
    failures, count = asyncio.run(_replay(kontor, case_id, save, quiet=as_json))
    if as_json:
        emit_json({"replayed": count, "failed": failures})
    else:
        for failed, why in failures.items():
            ERR.print(f"[red]{failed}[/]: {why}", highlight=False)
        OUT.print(f"{count} histories replayed, {len(failures)} differ from today's code")
    if failures:
        raise typer.Exit(EXIT_FOUND)


async def _replay(
    kontor: Installation, case_id: str | None, save: Path | None, *, quiet: bool
) -> tuple[dict[str, str], int]:
    client = await connect_or_leave(kontor)
    runner, failures, count = workflow_runner(), dict[str, str](), 0
    with Progress(console=ERR, transient=True, disable=quiet) as progress:
        task = progress.add_task("replaying", total=await count_histories(client, case_id))
        try:
            async for history in histories(client, case_id):
                if (why := await replay_one(history, runner)) is not None:
                    failures[history.workflow_id] = why
                if save is not None:
                    save_history(history, save)
                count += 1
                progress.advance(task)
        except NoHistory as none:
            fail(str(none))
    return failures, count
