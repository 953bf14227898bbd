"""`kontor check`: is this office folder sound?"""

from pathlib import Path
from typing import Annotated

import typer

from cli.connection import installation, office_folder
from cli.terminal import ERR, EXIT_FOUND, OUT, emit_json
from contracts.counted import counted
from service.soundness import channel_notes, check_office, language_notes, staff_notes


def check(
    ctx: typer.Context,
    office: Annotated[
        Path | None, typer.Argument(help="The office folder; else the setting KONTOR_OFFICE, or ./office.")
    ] = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="Print what is no fault and left to people, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Validate an office folder: hours, connectors, imports, policies, staff, models, examples.

    Every finding names file and line and says how to mend it; the exit code is 1 if there is any. With
    --notes it tells what a channel cannot do for a desk, too, which tasks have no measured quality in one of
    the office's languages, and who has no mail address of their own: none is a fault, all are left to people.

    Example: kontor check office
    """
    folder = office_folder(installation(ctx), office)
    problems = check_office(folder)
    if as_json:
        emit_json([problem.model_dump() for problem in problems])
    else:
        for problem in problems:
            ERR.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        OUT.print(f"{folder}: {counted(len(problems), 'problem')}" if problems else f"{folder} is sound")
        _print_notes([*channel_notes(folder), *language_notes(folder), *staff_notes(folder)], in_full=notes)
    if problems:
        raise typer.Exit(EXIT_FOUND)


def _print_notes(found: list[str], *, in_full: bool) -> None:
    if in_full:
        for note in found:
            OUT.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    elif found:
        OUT.print(f"{counted(len(found), 'thing')} left to people, none of them a fault: --notes names them")
