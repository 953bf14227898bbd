"""`kontor stats`: the office's numbers, how sure they are, and the cases behind each."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.connection import installation
from cli.durations import DURATION, days
from cli.terminal import EXIT_USAGE, OUT, emit_json, fail
from cli.views.numbers import behind_table, number_table


def stats(
    ctx: typer.Context,
    since: Annotated[
        timedelta,
        typer.Option("--since", parser=days, metavar=DURATION, help="Look back so far: days, or 12h."),
    ] = timedelta(days=30),
    undo_within: Annotated[
        timedelta,
        typer.Option(
            "--undo-days",
            parser=days,
            metavar=DURATION,
            help="So long after an effect its case is mature: days, or 12h.",
        ),
    ] = timedelta(days=30),
    cases: Annotated[str, typer.Option("--cases", metavar="NUMBER", help="List the cases behind it.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many of them.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show the office's numbers, how sure they are, and the cases behind each.

    Example: kontor stats --since 90d, then kontor stats --cases kontor_rejection_ratio
    """
    from memory.authoritative.numbers.catalogue import NUMBERS  # noqa: PLC0415 (SQLAlchemy, for no `--help`)
    from service.numbers import scope_of  # noqa: PLC0415 (the same)

    kontor = installation(ctx)
    scope = scope_of(kontor, datetime.now(UTC), since, undo_within)
    if cases:
        number = next((each for each in NUMBERS if each.name == cases), None)
        if number is None:
            fail(
                f"there is no number {cases!r}; there are: {', '.join(each.name for each in NUMBERS)}",
                EXIT_USAGE,
            )
        found = kontor.numbers.cases(number, scope, limit=limit)
        if as_json:
            emit_json([vars(each) for each in found])
        else:
            OUT.print(behind_table(number, found))
        return
    readings = kontor.numbers.read(scope)
    if as_json:
        emit_json([vars(each) | {"few": each.few} for each in readings])
    elif readings:
        OUT.print(number_table(readings))
    else:
        OUT.print("nothing happened yet that could be counted")
