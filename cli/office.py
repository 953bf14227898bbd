"""`kontor office`: which office is in force, what another one would change, and putting it in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bootstrap.installation import Installation
from cli.connection import installation
from cli.terminal import EXIT_FOUND, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail
from cli.views.office import comparison_json, show_comparison, show_history, show_release, told
from contracts.office import LAST_CASES, version_of
from service.operator import operator

if TYPE_CHECKING:
    from service.office_changes import Comparison

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Which office is in force for all workers, what an edit would change, and putting it in force.\n\n"
        "Example: edit office/policies/returns.cedar, then kontor office diff, then kontor office apply"
    ),
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Office = Annotated[
    str,
    typer.Argument(
        help="A folder, or a version of the history (or its beginning); the office folder if left out.",
        show_default=False,
    ),
]
Cases = Annotated[
    int,
    typer.Option(min=0, max=MOST_LISTED, help="Judge so many of the last cases again, with both offices."),
]


@app.command()
def status(ctx: typer.Context, cases: Cases = LAST_CASES, as_json: JsonFlag = False) -> None:
    """Say which office is in force, since when and by whom, and whether the folder is another one.

    Example: kontor office status
    """
    kontor = installation(ctx)
    release, folder = kontor.offices.in_force(), kontor.settings.office
    version = version_of(folder) if folder.is_dir() else ""
    other = version and (release is None or release.version != version)
    found = _compared(kontor, folder, cases) if other else None
    if as_json:
        emit_json(
            {
                "in_force": release.model_dump(mode="json") if release else None,
                "folder": str(folder),
                "version": version,
                "comparison": comparison_json(found) if found else None,
            }
        )
        return
    if release:
        show_release(release, kontor.zone)
    else:
        OUT.print("no office is in force yet: the first start of a worker, or of `kontor up`, puts one")
    OUT.print(told(folder, version, found), highlight=False, soft_wrap=True)


@app.command()
def diff(
    ctx: typer.Context,
    office: Office = "",
    cases: Cases = LAST_CASES,
    text: Annotated[bool, typer.Option("--text", help="Show the changed lines of text files, too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what an office would change before it is applied: files, policies, tests, the last cases.

    The last cases are judged again on the facts that are on record, by the office in force and by the
    other one; what differs is listed with both verdicts. Leaves with 1 if the office has problems.

    For instance:

        kontor office diff
        kontor office diff --cases 1000 --text
        kontor office diff 3f2a    (an earlier version)
    """
    kontor = installation(ctx)
    folder = _folder(kontor, office)
    found = _compared(kontor, folder, cases)
    if as_json:
        emit_json(comparison_json(found))
    else:
        show_comparison(found, _files(kontor, found, folder) if text else None)
    if found.problems:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def apply(
    ctx: typer.Context,
    office: Office = "",
    by: Annotated[
        str, typer.Option("--as", help="Who does it; your log-in name, or KONTOR_PERSON, if left out.")
    ] = "",
    note: Annotated[str, typer.Option(help="Why; it stands in the history.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Although its own tests fail; that is on record.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Put an office in force for all workers; they start again on it by themselves, within seconds.

    An office that `kontor check` finds problems in, failing policy tests included, is refused. Cases that
    were authorized under the office before wait, and are judged again. Examples:

        kontor office apply --note "clerks may refund 80.00"
        kontor office apply 3f2a --note "back to what was in force yesterday"
    """
    # What a check needs takes half a second to import; the history needs none of it.
    from service.offices import OfficeRefused  # noqa: PLC0415 (see above)
    from service.offices import apply as put_in_force  # noqa: PLC0415 (see above)

    kontor = installation(ctx)
    before, folder = kontor.offices.in_force(), _folder(kontor, office)
    try:
        release = put_in_force(kontor, folder, by=by or operator(), note=note, anyway=anyway)
    except OfficeRefused as refused:
        if as_json:
            emit_json({"refused": [problem.model_dump() for problem in refused.problems]})
        fail(str(refused))
    new = before is None or before.number != release.number
    if as_json:
        emit_json(release.model_dump(mode="json") | {"new": new})
        return
    if not new:
        OUT.print(f"{folder} is in force already:")
    show_release(release, kontor.zone)


@app.command()
def history(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the newest first.")
    ] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List which office was in force when, who put it there, what changed, and whether anyway.

    Example: kontor office history
    """
    kontor = installation(ctx)
    found = kontor.offices.history(limit)
    if as_json:
        emit_json([release.model_dump(mode="json") for release in found])
    else:
        show_history(found, kontor.zone)


def _compared(kontor: Installation, folder: Path, cases: int) -> "Comparison":
    from service.office_changes import compare  # noqa: PLC0415 (as in `apply`)

    return compare(kontor, folder, cases=cases)


def _folder(kontor: Installation, name: str) -> Path:
    from service.offices import NoSuchOffice, folder_of  # noqa: PLC0415 (as in `apply`)

    try:
        return folder_of(kontor, name)
    except NoSuchOffice as none:
        fail(str(none), EXIT_USAGE)


def _files(kontor: Installation, found: "Comparison", folder: Path) -> tuple[Path | None, Path]:
    """Return the folders of both offices."""
    return kontor.unpacked(found.in_force.version) if found.in_force else None, folder
