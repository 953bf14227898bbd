"""`kontor inbox claim`, `release`, `hand-on`, `snooze`, `answer`, `close`: one word, at a version."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from temporalio.client import Client, WorkflowUpdateFailedError

from bootstrap.installation import Installation
from bootstrap.serving import approval_activities
from cli.connection import connect_or_leave, installation, named_case
from cli.durations import DURATION, span
from cli.inbox.asked import standing_of
from cli.proving import proof_or_leave
from cli.terminal import EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, OUT, emit_json, fail
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import Answer, AnswerStatus
from contracts.field_errors import field_errors_text
from service.answers import refusal, send_answer
from service.case_updates import CaseOver, NotTaken, tell_case
from service.identity import NotBound, prove_answer
from workflows.inbox.types import DESK
from workflows.inbox.words import HANDLE, Word, WordTaken

Case = Annotated[str, typer.Argument(help="A case id, or its last part, as the queue shows it.")]
Version = Annotated[
    int, typer.Option("--version", min=0, help="The version that you saw: kontor inbox show names it.")
]
Person = Annotated[
    str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who does it: a person of staff.toml.")
]
Why = Annotated[str, typer.Option("--why", help="Your reason; it is kept with the case.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def claim(
    ctx: typer.Context, name: Case, version: Version, person: Person, as_json: JsonFlag = False
) -> None:
    """Take a conversation: nobody else does anything about it until you let go, or are silent too long.

    Example: kontor inbox claim mail-0123 --version 0 --as chris
    """
    _say(ctx, name, {"deed": "claim", "version": version, "person": person}, as_json)


def release(
    ctx: typer.Context, name: Case, version: Version, person: Person, why: Why = "", as_json: JsonFlag = False
) -> None:
    """Let go of a conversation that you claimed.

    Example: kontor inbox release mail-0123 --version 1 --as chris
    """
    _say(ctx, name, {"deed": "release", "version": version, "person": person, "why": why}, as_json)


def hand_on(
    ctx: typer.Context,
    name: Case,
    version: Version,
    person: Person,
    team: Annotated[str, typer.Option(help="To this team of inbox.toml.")] = "",
    topic: Annotated[
        str,
        typer.Option(help="To whoever has this topic: the mail becomes an example of it, to be reviewed."),
    ] = "",
    why: Why = "",
    as_json: JsonFlag = False,
) -> None:
    """Hand a conversation on to another team, or say what it is about: its team is asked, by its clock.

    Example: kontor inbox hand-on mail-0123 --version 1 --topic invoice --as chris
    """
    said = {"deed": "hand_on", "version": version, "person": person, "team": team, "topic": topic, "why": why}
    _say(ctx, name, said, as_json)


def snooze(
    ctx: typer.Context,
    name: Case,
    version: Version,
    person: Person,
    length: Annotated[
        timedelta, typer.Option("--for", parser=span, metavar=DURATION, help="How long, as 90m, 4h, 2d.")
    ],
    why: Why = "",
    as_json: JsonFlag = False,
) -> None:
    """Let a conversation rest; it comes back at its moment, or with the next mail.

    Its resolution and its owner's silence rest, too; an answer that is owed does not.

    Example: kontor inbox snooze mail-0123 --version 1 --for 4h --as chris
    """
    until = datetime.now(UTC) + length
    said = {"deed": "snooze", "version": version, "person": person, "until": until, "why": why}
    _say(ctx, name, said, as_json)


def answer(
    ctx: typer.Context,
    name: Case,
    version: Version,
    person: Person,
    text: Annotated[
        str, typer.Option(help="The words; the office's text `answered` stands around them.")
    ] = "",
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with the words, instead.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer in the thread, through policy and the ledger. The conversation stays open until it is closed.

    Example: kontor inbox answer mail-0123 --version 1 --text "It is on its way." --as chris
    """
    if bool(text) == (file is not None):
        fail("say the words: --text WORDS or --file FILE", EXIT_USAGE)
    words = file.read_text(encoding="utf-8") if file else text
    _say(ctx, name, {"deed": "answer", "version": version, "person": person, "text": words}, as_json)


def close(
    ctx: typer.Context,
    name: Case,
    version: Version,
    person: Person,
    why: Annotated[str, typer.Option("--why", help="How it was done; it is kept with the case.")],
    as_json: JsonFlag = False,
) -> None:
    """Close a conversation: it is done, and all that came was read.

    Example: kontor inbox close mail-0123 --version 2 --why "sent the invoice" --as chris
    """
    kontor = installation(ctx)
    case_id = named_case(kontor, name)

    async def closing() -> dict[str, Any]:
        return await _closed(
            kontor,
            await connect_or_leave(kontor),
            case_id,
            version,
            Answer(person=person, choice="approve", note=why),
        )

    said = asyncio.run(closing())
    _tell(said, as_json, case_id)


async def _closed(
    kontor: Installation, client: Client, case_id: str, version: int, said: Answer
) -> dict[str, Any]:
    """Answer the question that is open, if the conversation stands at that version.

    The answer is bound to the question: a mail that comes meanwhile makes another one of it.
    """
    entries = [
        each
        for page in kontor.approval_queue.pages(ApprovalFilter(desk=DESK))
        for each in page
        if each.case_id == case_id
    ]
    standing = await standing_of(client, case_id)
    if standing is None:
        fail(f"{case_id} does not say who has it: is a worker running?", EXIT_UNREACHABLE)
    if standing.version != version:
        why = f"it has changed since: {standing.changed or 'another mail came'}"
        return {"became": "stale", "why": why, "standing": standing.model_dump(mode="json")}
    if standing.owner not in ("", said.person) or not entries:
        why = f"{standing.owner} has it" if standing.owner else "nobody is asked about it now"
        return {"became": "refused", "why": why, "standing": standing.model_dump(mode="json")}
    record = kontor.approvals.find(entries[0].id)
    assert record is not None, "the queue named it"
    try:
        proved = prove_answer(kontor, record.request, said)
    except NotBound as unknown:
        fail(str(unknown), EXIT_USAGE)
    try:
        reply = await send_answer(client, lambda: approval_activities(kontor), record.request, proved)
    except WorkflowUpdateFailedError as refused:
        return {"became": "refused", "why": refusal(refused)}
    done = reply.standing in (AnswerStatus.VALID, AnswerStatus.EARLY)
    return {"became": "done" if done else "refused", "why": reply.why}


def _say(ctx: typer.Context, name: str, said: dict[str, Any], as_json: bool) -> None:
    """Prove a word, tell it to its case, and say what became of it."""
    kontor = installation(ctx)
    case_id = named_case(kontor, name)
    try:
        word = Word.model_validate(said)
    except ValidationError as invalid:
        fail(field_errors_text(invalid), EXIT_USAGE)
    proof = proof_or_leave(kontor, word.person, word.said(case_id))
    proved = word.model_copy(update={"proof": proof})

    async def saying() -> WordTaken:
        client = await connect_or_leave(kontor)
        return await tell_case(client, case_id, HANDLE, proved, result_type=WordTaken)

    try:
        taken = asyncio.run(saying())
    except CaseOver as over:
        fail(str(over), EXIT_FOUND)
    except NotTaken as refused:
        fail(str(refused), EXIT_FOUND)
    _tell(taken.model_dump(mode="json"), as_json, case_id)


def _tell(said: dict[str, Any], as_json: bool, case_id: str) -> None:
    if as_json:
        emit_json({"case": case_id, **said})
    else:
        version = said.get("standing", {}).get("version", "")
        now = f"; it is at version {version} now" if version != "" else ""
        OUT.print(f"{case_id}: {said['became']} {said['why']}{now}", highlight=False, soft_wrap=True)
    if said["became"] != "done":
        raise typer.Exit(EXIT_FOUND)
