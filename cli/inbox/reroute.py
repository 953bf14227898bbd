"""`kontor inbox reroute`: open conversations by another `inbox.toml`, tried first."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from bootstrap.installation import Installation
from cli.connection import OfficeOption, connect_or_leave, installation, office_folder
from cli.inbox.asked import asked
from cli.proving import proof_or_leave
from cli.terminal import EXIT_FOUND, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from contracts.office import OfficeInvalid
from service.case_updates import NotTaken, tell_case
from workflows.inbox.inbox_file import InboxFile, InboxOfOffice
from workflows.inbox.words import HANDLE, Word, WordTaken


@dataclass(frozen=True)
class Move:
    """A conversation whose team is another one by the file.

    Attributes:
        became: what became of handing it on; `tried` where that was only tried.
    """

    case: str
    version: int
    topic: str
    of: str
    to: str
    became: str = "tried"
    why: str = ""


def reroute(
    ctx: typer.Context,
    office: OfficeOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which would move, and where to.")
    ] = False,
    person: Annotated[str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who hands them on.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="Look at so many, oldest first.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Route what waits for people by the topics and teams of an office folder, as it would come in now.

    What has no topic is unsure's. Without --dry-run each that moves is handed on, unless somebody was faster
    or has claimed it; its team must be in the office in force. Leaves with 1 if one could not be moved.

    Example: kontor inbox reroute --dry-run --office ./office
    """
    kontor = installation(ctx)
    if not dry_run and not person:
        fail("say who hands them on: --as NAME, or try it with --dry-run", EXIT_USAGE)
    file = _file(office_folder(kontor, office))

    async def moving() -> list[Move]:
        client = await connect_or_leave(kontor)
        found = await _moves(kontor, client, file, limit)
        return found if dry_run else [await _move(kontor, client, each, person) for each in found]

    moves = asyncio.run(moving())
    if as_json:
        emit_json([each.__dict__ for each in moves])
    else:
        rows = [
            (each.case, each.topic or "(unsure)", each.of, each.to, each.became, each.why) for each in moves
        ]
        OUT.print(listing(("case", "topic", "from", "to", "became", "why"), rows, ("case",)))
    if any(each.became not in ("tried", "done") for each in moves):
        raise typer.Exit(EXIT_FOUND)


def _file(office: Path) -> InboxFile:
    read = InboxOfOffice(office)
    if read.file is None:
        fail(str(OfficeInvalid(read.problems or [read.missing()])), EXIT_USAGE)
    return read.file


async def _moves(kontor: Installation, client: Client, file: InboxFile, limit: int) -> list[Move]:
    """Return the conversations whose team is another one by the file."""
    found = []
    for each in await asked(kontor, client, limit):
        standing = each.standing
        if standing is None or not standing.open:
            continue
        team = file.team_of(standing.topic)
        if team != standing.team:
            found.append(Move(each.entry.case_id, standing.version, standing.topic, standing.team, team))
    return found


async def _move(kontor: Installation, client: Client, move: Move, person: str) -> Move:
    word = Word(deed="hand_on", version=move.version, team=move.to, person=person, why="rerouted")
    proof = proof_or_leave(kontor, person, word.said(move.case))
    proved = word.model_copy(update={"proof": proof})
    try:
        taken = await tell_case(client, move.case, HANDLE, proved, result_type=WordTaken)
    except NotTaken as refused:
        return Move(move.case, move.version, move.topic, move.of, move.to, "refused", str(refused))
    return Move(move.case, move.version, move.topic, move.of, move.to, taken.became, taken.why)
