"""`kontor received` and `kontor inspected`: what people say of goods that come back."""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import ValidationError

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation, named_case
from cli.proving import proof_or_leave
from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.field_errors import field_errors_text
from contracts.parcel import Condition, Inspection, Parcel
from service.case_updates import NotTaken
from service.goods import tell

_PIECES = re.compile(r"(?P<line>.+?)(?:=(?P<count>[1-9]\d{0,8}))?")

Case = Annotated[str, typer.Argument(help="A case id, or its last part: RMA-1007.")]
Person = Annotated[
    str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who says so: a person of staff.toml.")
]
Items = Annotated[
    list[str] | None,
    typer.Option(
        "--items", help="An order line, LINE or LINE=HOW_MANY; repeat it for several.", show_default=False
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def received(
    ctx: typer.Context, case: Case, person: Person, items: Items = None, as_json: JsonFlag = False
) -> None:
    """Say that goods of a return have come: all that are missing, or these.

    Example: kontor received RMA-1007 --items L1=2 --as anna
    """
    kontor = _for(ctx, person)
    _tell(kontor, case, Parcel, {"person": person, "pieces": _pieces(items)}, as_json=as_json)


def inspected(
    ctx: typer.Context,
    case: Case,
    person: Person,
    condition: Annotated[
        Condition,
        typer.Option(help="How the goods were found."),
    ] = "sellable",
    items: Items = None,
    as_json: JsonFlag = False,
) -> None:
    """Say how goods of a return were found: all that came and were not looked at, or these.

    What was found decides into which stock the goods go, and what is refunded; policy has its word.

    Example: kontor inspected RMA-1007 --condition damaged --items L1=1 --as anna
    """
    kontor = _for(ctx, person)
    said = {"person": person, "pieces": _pieces(items), "condition": condition}
    _tell(kontor, case, Inspection, said, as_json=as_json)


def _for(ctx: typer.Context, person: str) -> Installation:
    kontor = installation(ctx)
    if not kontor.policy_engine.on_staff(person):
        fail(f"nobody named {person!r} is on the staff", EXIT_USAGE)
    return kontor


def _pieces(items: list[str] | None) -> dict[str, int]:
    """Return how many pieces of each line are meant; a line without a number is one piece."""
    found: dict[str, int] = {}
    for item in items or []:
        match = _PIECES.fullmatch(item.strip())
        if match is None:
            fail(f"{item!r} is neither LINE nor LINE=HOW_MANY", EXIT_USAGE)
        found[match["line"]] = found.get(match["line"], 0) + int(match["count"] or 1)
    return found


def _tell(
    kontor: Installation, case: str, kind: type[Parcel], said: Mapping[str, object], *, as_json: bool
) -> None:
    try:
        word = kind.model_validate(said)
    except ValidationError as invalid:
        fail(f"--items {field_errors_text(invalid).replace('pieces.', '')}", EXIT_USAGE)
    case_id = named_case(kontor, case)
    proof = proof_or_leave(kontor, word.person, word.said(case_id))
    proved = word.model_copy(update={"proof": proof})

    async def telling() -> str:
        return await tell(await connect_or_leave(kontor), case_id, proved)

    try:
        reply = asyncio.run(telling())
    except NotTaken as refused:
        fail(str(refused), EXIT_FOUND)
    if as_json:
        emit_json({"case": case_id, "told": reply})
    else:
        OUT.print(reply, highlight=False, soft_wrap=True)
