"""`kontor submit`: requests from a file or a pipe, validated line by line."""

import asyncio
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import track

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation
from cli.terminal import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.desk import Desk, Request
from contracts.office import decoded, lines_of
from service.intake import BadLine, GoodLine, NotStarted, Started, parse, start_all
from workflows.registry import DESKS

BATCH = 100
CONFLICT = "another request has this id already; give this one its own id"


def submit(
    ctx: typer.Context,
    desk: Annotated[str, typer.Argument(help="Which desk, for instance returns.")],
    file: Annotated[
        str, typer.Argument(help="A file of JSON lines, or - for standard input; of some desks Markdown.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Hand requests to a desk; one line of JSON is one case.

    A return names its order, or, where the customer gave no number, the customer: their reference at the
    channel or their mail address, `"customer": "jo@example.org"`. Then the order is found by what was bought.

    A bad line is named with its number and reason and the good ones go in; the exit code is then 1. So is
    one whose case could not be started. A line has at most a megabyte, a message 20,000 characters.
    Submitting the same line again joins the case that is there: nothing runs twice. If its workflow is
    gone (terminated, timed out), or the case ended by nobody's decision (it failed, nobody answered in
    time, its order was not there), the case begins again; what was done already stays done.

    The content desk takes a Markdown file, too, whose front matter says where it goes and when.

    Example: kontor submit returns office/demo/morning.jsonl
    """
    kontor = installation(ctx)
    chosen = DESKS.get(desk) or fail(f"no desk {desk!r}; there is: {', '.join(DESKS)}", EXIT_USAGE)
    lines = _brief(chosen, file, kontor.sources(chosen)) if file.endswith(".md") else _lines(file)
    read = list(parse(chosen, lines, kontor.sources(chosen)))
    bad = [entry for entry in read if isinstance(entry, BadLine)]
    good = [entry for entry in read if isinstance(entry, GoodLine)]
    outcomes = asyncio.run(_start(kontor, chosen, [line.request for line in good])) if good else []
    begun: list[tuple[str, Started]] = []
    for line, outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, NotStarted):
            bad.append(BadLine(line.number, outcome.why))
        elif outcome is Started.CONFLICT and not as_json:
            bad.append(BadLine(line.number, f"{chosen.case_id(line.request)}: {CONFLICT}"))
        else:
            begun.append((chosen.case_id(line.request), outcome))
    bad.sort(key=lambda line: line.number)
    if as_json:
        _print_json(begun, bad)
    else:
        _print(file, [outcome for _, outcome in begun], bad)
    if bad or any(outcome is Started.CONFLICT for _, outcome in begun):
        raise typer.Exit(EXIT_FOUND)


def _brief(desk: Desk[Any], file: str, sources: Collection[str]) -> list[str]:
    """Return the line that a Markdown file is, or leave saying what is wrong with it."""
    if desk.from_file is None:
        fail(f"{file}: {desk.name} takes lines of JSON, no Markdown", EXIT_USAGE)
    try:
        return [json.dumps(desk.from_file(Path(file), sources), default=str)]
    except OSError as error:
        fail(f"{file} cannot be read: {error}", EXIT_USAGE)
    except ValueError as wrong:
        fail(f"{file}: {wrong}", EXIT_USAGE)


def _lines(file: str) -> list[str]:
    try:
        given = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error}", EXIT_USAGE)
    return lines_of(decoded(given, errors="surrogateescape"))


async def _start(
    kontor: Installation, desk: Desk[Any], requests: list[Request]
) -> list[Started | NotStarted]:
    client = await connect_or_leave(kontor)
    outcomes: list[Started | NotStarted] = []
    batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
    for batch in track(batches, description="submitting", console=ERR, transient=True):
        outcomes += await start_all(client, kontor.admissions, desk, batch)
    return outcomes


def _print(file: str, outcomes: list[Started], bad: list[BadLine]) -> None:
    name = "standard input" if file == "-" else file
    for line in bad:
        ERR.print(f"[red]{name}:{line.number}[/]: {escape(line.why)}", highlight=False, soft_wrap=True)
    new, again, joined = (outcomes.count(each) for each in (Started.NEW, Started.AGAIN, Started.JOINED))
    started = f"{new} new, {again} begun again" if again else f"{new} new"
    OUT.print(f"{started}, {joined} already there, {len(bad)} refused")


def _print_json(begun: list[tuple[str, Started]], bad: list[BadLine]) -> None:
    emit_json(
        {
            "cases": [{"id": case_id, "outcome": outcome.value} for case_id, outcome in begun],
            "refused": [{"line": line.number, "why": line.why} for line in bad],
        }
    )
