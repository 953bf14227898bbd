"""`kontor reply`: what a customer answers to the question of a case."""

import asyncio
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.connection import connect_or_leave, installation, named_case
from cli.proving import proof_or_leave, speaker_or_leave
from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.field_errors import field_errors_text
from contracts.reply import Reply, ReplyTaken
from service.case_updates import NotTaken
from service.photos import PhotoFailed, photo_of
from service.replies import hand_in


def reply(
    ctx: typer.Context,
    case: Annotated[str, typer.Argument(help="A case id, or its last part: RMA-1007.")],
    text: Annotated[str, typer.Argument(help="The customer's words, as they wrote them.")] = "",
    choice: Annotated[
        int | None,
        typer.Option(min=1, help="The number of the choice that they picked, as they were told it."),
    ] = None,
    photo: Annotated[
        list[str] | None,
        typer.Option(
            help="A photo that they sent: a file's path or a web address; say it several times for several. "
            "Its name, type, size, digest and address are kept, never the picture."
        ),
    ] = None,
    question: Annotated[
        str, typer.Option(help="The question's id, where the channel knows which one they answer.")
    ] = "",
    reply_id: Annotated[
        str, typer.Option("--id", help="The channel's own id of the reply: delivered twice, it counts once.")
    ] = "",
    person: Annotated[
        str,
        typer.Option(
            "--as",
            envvar="KONTOR_PERSON",
            help="Who of the staff says so; needed where your account may be several people.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what the customer answered to a case that asked them back (`kontor cases` shows which wait so).

    Only what plainly picks one of the choices is acted on. What is not understood is asked once more, or
    goes to a person; what says something else goes to a person. A reply that is late, doubled or meant for
    another case is recorded, changes nothing, and leaves with 1.

    Example: kontor reply RMA-1007 "the second one, please", kontor reply RMA-1007 --choice 2, or
    kontor reply RMA-1007 --photo crack.jpg
    """
    try:
        photos = tuple(photo_of(each) for each in photo or ())
        said = Reply(text=text, choice=choice, question=question, id=reply_id, photos=photos)
    except PhotoFailed as failed:
        fail(str(failed), EXIT_USAGE)
    except ValidationError as invalid:
        fail(f"{field_errors_text(invalid)}; say TEXT, --choice NUMBER, or --photo FILE", EXIT_USAGE)
    kontor = installation(ctx)
    case_id = named_case(kontor, case)
    said = said.model_copy(update={"person": speaker_or_leave(kontor, person)})
    proof = proof_or_leave(kontor, said.person, said.said(case_id)) if said.person else ""
    proved = said.model_copy(update={"proof": proof})

    async def handing_in() -> ReplyTaken:
        return await hand_in(await connect_or_leave(kontor), kontor, case_id, proved)

    try:
        taken = asyncio.run(handing_in())
    except NotTaken as refused:
        fail(str(refused), EXIT_FOUND)
    if as_json:
        emit_json({"case": case_id, **taken.model_dump(mode="json")})
    else:
        OUT.print(f"{case_id}: {taken.standing}, {taken.why}", highlight=False, soft_wrap=True)
    if taken.standing != "heard":
        raise typer.Exit(EXIT_FOUND)
