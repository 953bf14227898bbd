"""`kontor submit`: requests from a file or a pipe, validated line by line."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from bootstrap import sales_channels
from cli.connection import connect_or_leave
from cli.console import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from cli.intake import BadLine, Started, parse, start_all
from contracts.returns import ReturnRequest
from settings import Settings, settings
from workflows.desks import DESKS, Desk

BATCH = 100


def submit(
    desk: Annotated[str, typer.Argument(help="Which desk: returns.")],
    file: Annotated[str, typer.Argument(help="A file of JSON lines, or - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Hand requests to a desk; one line of JSON is one case.

    A bad line is named with its number and reason and the good ones go in; the exit code is then 1.
    Submitting the same line again joins the case that is there: nothing runs twice.

    Example: kontor submit returns office/demo/morning.jsonl
    """
    chosen = DESKS.get(desk) or fail(f"no desk {desk!r}; there is: {', '.join(DESKS)}", EXIT_USAGE)
    lines = _lines(file)
    read = list(parse(chosen, lines, sales_channels(settings())))
    bad = [entry for entry in read if isinstance(entry, BadLine)]
    good = [entry for entry in read if isinstance(entry, ReturnRequest)]
    outcomes = asyncio.run(_start(settings(), chosen, good)) if good else []
    conflicts = [chosen.case_id(r) for r, o in zip(good, outcomes, strict=True) if o is Started.CONFLICT]
    if as_json:
        _print_json(chosen, good, outcomes, bad)
    else:
        _print(file, outcomes, bad, conflicts)
    if bad or conflicts:
        raise typer.Exit(EXIT_FOUND)


def _lines(file: str) -> list[str]:
    if file == "-":
        return sys.stdin.read().splitlines()
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}", EXIT_USAGE)


async def _start(found: Settings, desk: Desk, requests: list[ReturnRequest]) -> list[Started]:
    client = await connect_or_leave(found)
    outcomes: list[Started] = []
    batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
    for batch in track(batches, description="submitting", console=ERR, transient=True):
        outcomes += await start_all(client, desk, batch)
    return outcomes


def _print(file: str, outcomes: list[Started], bad: list[BadLine], conflicts: list[str]) -> None:
    name = "standard input" if file == "-" else file
    for line in bad:
        ERR.print(f"[red]{name}:{line.number}[/]: {line.why}", highlight=False, soft_wrap=True)
    for case_id in conflicts:
        ERR.print(f"[red]{case_id}[/]: another request has this id already; give this one its own id")
    new, joined = outcomes.count(Started.NEW), outcomes.count(Started.JOINED)
    OUT.print(f"{new} new, {joined} already there, {len(bad) + len(conflicts)} refused")


def _print_json(desk: Desk, good: list[ReturnRequest], outcomes: list[Started], bad: list[BadLine]) -> None:
    emit_json(
        {
            "cases": [
                {"id": desk.case_id(request), "outcome": outcome.value}
                for request, outcome in zip(good, outcomes, strict=True)
            ],
            "refused": [{"line": line.number, "why": line.why} for line in bad],
        }
    )
