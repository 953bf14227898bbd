"""`kontor check`: is this office folder sound?"""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from connectors.check import check_connectors
from contracts.problem import Problem
from models.check import check_models
from policy.check import check_calendar, check_policies
from settings import settings

CHECKS = (check_calendar, check_connectors, check_policies, check_models)


def check(
    office: Annotated[
        Path | None, typer.Argument(help="The office folder; the one in use if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Validate an office folder: hours, connectors, policies, staff, models, examples.

    Every finding names file and line and says how to mend it; the exit code is 1 if there is any.

    Example: kontor check office
    """
    folder = office or settings().office
    if not folder.is_dir():
        fail(f"{folder} is no folder", EXIT_USAGE)
    problems = check_office(folder)
    if as_json:
        emit_json([problem.model_dump() for problem in problems])
    else:
        for problem in problems:
            ERR.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        OUT.print(f"{folder}: {len(problems)} problems" if problems else f"{folder} is sound")
    if problems:
        raise typer.Exit(EXIT_FOUND)


def check_office(office: Path) -> list[Problem]:
    """Return every problem of an office folder, in the order of files and lines."""
    found = [problem for check_part in CHECKS for problem in check_part(office)]
    return sorted(found, key=lambda problem: (problem.file, problem.line))
