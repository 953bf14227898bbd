"""`kontor chat`: conversations with customers, from both ends."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.markup import escape

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation
from cli.proving import proof_or_leave, speaker_or_leave
from cli.terminal import EXIT_USAGE, OUT, emit_json, fail, listing
from contracts.conversation import Message, PersonWord, Turn, WordKind
from contracts.field_errors import field_errors_text
from contracts.office import OfficeInvalid
from service.case_updates import NotTaken
from service.conversations import NoAssistant, conversation_id, said_by, say, speak, times
from service.operator import operator
from service.words import when

if TYPE_CHECKING:
    from temporalio.client import Client

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Conversations with customers: what they ask, what answered them, and who waits for a person.\n\n"
        'Example: kontor chat say "How long does delivery take?", or kontor chat talk'
    ),
)
ConversationArgument = Annotated[
    str, typer.Argument(help="A conversation's id (assistant/terminal/ann), or its last part at a terminal.")
]
ConversationOption = Annotated[
    str, typer.Option("--conversation", "-c", help="Which one; the same again goes on with it.")
]
ChannelOption = Annotated[str, typer.Option(help="The door that it comes through; part of its id.")]
CustomerOption = Annotated[
    str, typer.Option(help="An opaque reference of the customer, by which they can be forgotten.")
]
PersonOption = Annotated[
    str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who of the staff does this.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
TERMINAL = "terminal"
Result = TypeVar("Result")


@app.command("say")
def say_(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="The customer's words.")],
    conversation: ConversationOption = "first",
    channel: ChannelOption = TERMINAL,
    customer: CustomerOption = "",
    message_id: Annotated[
        str, typer.Option("--id", help="The client's own id of the message: sent twice, it is one turn.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Say one thing as a customer, and print the answer with its source.

    Example: kontor chat say "May I send shoes back?" -c ann --id m-1
    """
    kontor = installation(ctx)
    message = _message(_case(channel, conversation), message_id or uuid4().hex, text, customer)

    async def saying() -> Turn:
        return await say(await connect_or_leave(kontor), kontor, message)

    _print(_run(saying()), as_json)


@app.command("talk")
def talk(
    ctx: typer.Context,
    conversation: ConversationOption = "",
    channel: ChannelOption = TERMINAL,
    customer: CustomerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Talk as a customer, a line at a time, until the end of the input; with --json a document each line.

    Example: kontor chat talk -c ann, or kontor chat talk --json < questions.txt
    """
    kontor = installation(ctx)
    case_id = _case(channel, conversation or uuid4().hex[:8])
    if not as_json:
        OUT.print(f"{case_id}; end with Ctrl-D", highlight=False)
    _run(_talking(kontor, case_id, customer, as_json))


async def _talking(kontor: Installation, case_id: str, customer: str, as_json: bool) -> None:
    client: Client = await connect_or_leave(kontor)
    seen = max((turn.number for turn in kontor.conversations.turns(case_id)), default=0)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if not line.strip():
            continue
        turn = await say(client, kontor, _message(case_id, uuid4().hex, line.strip(), customer))
        # What people said meanwhile stands before it.
        for each in kontor.conversations.turns(case_id, after=seen):
            _print(each, as_json)
        seen = turn.number


@app.command("show")
def show(ctx: typer.Context, conversation: ConversationArgument, as_json: JsonOption = False) -> None:
    """Show a conversation turn by turn: who or what answered, from where, and how long it took.

    Example: kontor chat show ann
    """
    kontor = installation(ctx)
    case_id = _meant(conversation)
    record = kontor.conversations.record(case_id)
    if record is None:
        fail(f"{case_id} never began: `kontor chat waiting` lists who waits")
    turns = kontor.conversations.turns(case_id)
    if as_json:
        emit_json(
            {**record.model_dump(mode="json"), "turns": [each.model_dump(mode="json") for each in turns]}
        )
        return
    owner = (
        f"{record.owner} has it" if record.owner else "waits for a person" if record.waits_since else "open"
    )
    OUT.print(f"{case_id}: {owner}", highlight=False, soft_wrap=True)
    for turn in turns:
        if turn.said:
            OUT.print(
                f"[dim]{turn.number:>3}[/] customer: {escape(turn.said)}", highlight=False, soft_wrap=True
            )
        _print_answer(turn)


@app.command("waiting")
def waiting(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the conversations in which somebody waits for a person, or has one; who waits longest first.

    Example: kontor chat waiting
    """
    kontor = installation(ctx)
    found = kontor.conversations.waiting()
    if as_json:
        emit_json([each.model_dump(mode="json") for each in found])
        return
    zone = ZoneInfo(kontor.calendar.file.time_zone)
    rows = (
        (
            escape(each.id),
            when(each.waits_since, zone) if each.waits_since else "",
            escape(each.owner),
            escape(each.question),
        )
        for each in found
    )
    OUT.print(listing(("conversation", "waits since", "has it", "last words"), rows, ("conversation",)))


@app.command("take")
def take(
    ctx: typer.Context,
    conversation: ConversationArgument,
    person: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a conversation over: from now on the machine is silent in it.

    Example: kontor chat take ann --as kim
    """
    _print(_speak(ctx, conversation, WordKind.TAKE, person), as_json)


@app.command("reply")
def reply(
    ctx: typer.Context,
    conversation: ConversationArgument,
    text: Annotated[str, typer.Argument(help="What the customer is told.")],
    person: PersonOption = "",
    message_id: Annotated[
        str, typer.Option("--id", help="Your own id of it: sent twice, it is said once.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Tell the customer something, as a person; what nobody has taken is taken by it.

    Example: kontor chat reply ann "It left this morning." --as kim
    """
    _print(_speak(ctx, conversation, WordKind.REPLY, person, text, message_id), as_json)


@app.command("back")
def back(
    ctx: typer.Context,
    conversation: ConversationArgument,
    text: Annotated[str, typer.Argument(help="A last word to the customer.")] = "",
    person: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a conversation back to the machine.

    Example: kontor chat back ann --as kim
    """
    _print(_speak(ctx, conversation, WordKind.GIVE_BACK, person, text), as_json)


@app.command("stats")
def stats(
    ctx: typer.Context,
    days: Annotated[float, typer.Option(min=0, help="Of the last so many days.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Show how many turns each path answered, and how long they took at the worker.

    Example: kontor chat stats --days 1
    """
    found = times(installation(ctx), days)
    if as_json:
        emit_json([each.model_dump(mode="json") for each in found])
        return
    rows = ((each.path, str(each.turns), f"{each.p50_ms:.1f}", f"{each.p99_ms:.1f}") for each in found)
    OUT.print(listing(("path", "turns", "p50 ms", "p99 ms"), rows, ("path",)))


def _speak(
    ctx: typer.Context, conversation: str, kind: WordKind, person: str, text: str = "", id_: str = ""
) -> Turn:
    kontor = installation(ctx)
    who = speaker_or_leave(kontor, person) or operator()
    try:
        word = PersonWord(
            conversation=_meant(conversation), id=id_ or uuid4().hex, kind=kind, person=who, text=text
        )
    except ValidationError as invalid:
        fail(field_errors_text(invalid), EXIT_USAGE)
    proof = proof_or_leave(kontor, who, said_by(word))

    async def speaking() -> Turn:
        return await speak(await connect_or_leave(kontor), kontor, word.model_copy(update={"proof": proof}))

    return _run(speaking())


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except NoAssistant as none:
        fail(str(none), EXIT_USAGE)
    except OfficeInvalid as invalid:
        fail(str(invalid), EXIT_USAGE)
    except NotTaken as refused:
        fail(str(refused))


def _message(case_id: str, id_: str, text: str, customer: str) -> Message:
    try:
        return Message(conversation=case_id, id=id_, text=text, customer=customer)
    except ValidationError as invalid:
        fail(field_errors_text(invalid), EXIT_USAGE)


def _case(channel: str, name: str) -> str:
    try:
        return conversation_id(channel, name)
    except ValueError as unfit:
        fail(str(unfit), EXIT_USAGE)


def _meant(conversation: str) -> str:
    return conversation if "/" in conversation else _case(TERMINAL, conversation)


def _print(turn: Turn, as_json: bool) -> None:
    if as_json:
        typer.echo(turn.model_dump_json())
    else:
        _print_answer(turn)


def _print_answer(turn: Turn) -> None:
    who = turn.by or "assistant"
    source = f" [dim]({escape(turn.source)})[/]" if turn.source else ""
    words = escape(turn.answer) or f"[dim]{turn.path}[/]"
    OUT.print(
        f"[dim]{turn.number:>3}[/] [bold]{escape(who)}[/]: {words}{source}", highlight=False, soft_wrap=True
    )
