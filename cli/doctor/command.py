"""`kontor doctor`, the command."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import installation
from cli.doctor import machine, server, work
from cli.doctor.finding import Finding
from cli.terminal import EXIT_FOUND, OUT, emit_json

Examine = Callable[[Installation], list[Finding]]
EXAMINERS: dict[str, Examine] = {
    "packages": machine.packages,
    "Temporal": server.temporal,
    "sandbox": machine.sandbox,
    "disk": machine.disk,
    "database": machine.database,
    "stuck cases": work.stuck_cases,
    "effects": work.held_up,
    "events": work.events,
    "subscriptions": work.announcements,
    "vectors": machine.vectors,
    "office": machine.office,
    "Gemini": machine.gemini,
    "OpenID provider": machine.openid,
}
ON_DATABASE = ("stuck cases", "effects", "events", "subscriptions", "vectors", "office")
COLOURS = {"ok": "green", "off": "yellow", "bad": "red"}


def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what runs where, what is dead, stuck or missing, how much waits, and what to do about it.

    Workers of this machine are asked themselves, others are known by their word to the Temporal
    server. The exit code is 1 if something is broken; a part that is merely not running is not.
    """
    findings = examine(installation(ctx))
    if as_json:
        emit_json([asdict(finding) for finding in findings])
    else:
        table = Table("part", "state", "where", "what to do", box=None)
        for finding in findings:
            state = f"[{COLOURS[finding.state]}]{finding.state}[/]"
            table.add_row(escape(finding.part), state, escape(finding.where), escape(finding.advice))
        OUT.print(table)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(EXIT_FOUND)


def examine(found: Installation) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding of its own."""
    findings: list[Finding] = []
    for part, look in EXAMINERS.items():
        away = any(each.part == "database" and each.state == "bad" for each in findings)
        if away and part in ON_DATABASE:
            findings.append(Finding(part, "off", "not looked at: it is in the database", "see the database"))
        else:
            findings += _safely(part, look, found)
    return findings


def _safely(part: str, look: Examine, found: Installation) -> list[Finding]:
    try:
        return look(found)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"[:200]
        return [
            Finding(part, "bad", f"it could not be looked at: {why}", "kontor check, and the worker's log")
        ]
