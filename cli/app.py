"""The whole command line, put together: one file per noun, loaded when its command is named."""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

COMMANDS: Mapping[str, str] = {
    "demo": "cli.demo.command:demo",
    "up": "cli.stack.up:up",
    "gateway": "gateway.command:gateway",
    "console": "console.command:console",
    "submit": "cli.submit:submit",
    "cases": "cli.cases:cases",
    "case": "cli.cases:case",
    "approve": "cli.answers:approve",
    "reject": "cli.answers:reject",
    "received": "cli.goods:received",
    "inspected": "cli.goods:inspected",
    "reply": "cli.reply:reply",
    "proof": "cli.proof:proof",
    "undo": "cli.undo:undo",
    "budgets": "cli.budgets:budgets",
    "stats": "cli.stats:stats",
    "replay": "cli.replay:replay",
    "check": "cli.check:check",
    "doctor": "cli.doctor.command:doctor",
    "approvals": "cli.approvals:app",
    "audit": "cli.audit:app",
    "books": "cli.books:app",
    "connectors": "cli.connectors:app",
    "effects": "cli.effects:app",
    "events": "cli.events:app",
    "inbox": "cli.inbox.command:app",
    "mail": "cli.mail.command:app",
    "memory": "cli.memory:app",
    "models": "cli.models:app",
    "people": "cli.people:app",
    "office": "cli.office:app",
    "policy": "cli.policy:app",
    "content": "cli.content:app",
    "chat": "cli.chat:app",
}
"""Where each command is: a function, or the Typer of a noun with commands of its own."""


class LazyCommands(TyperGroup):
    """Loads a command's file when the command is named: listing cases needs no models and no worker."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of `kontor --help`."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """Load a command, or return None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found = resolve_name(COMMANDS[cmd_name])
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            return cast(TyperCommand, get_command(alone))
        group = get_group(found)
        group.name = cmd_name
        return group


app = typer.Typer(
    cls=LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=(
        "Kontor: office work that never loses a case, never pays twice, and can show why.\n\n"
        "First evening: kontor up, then in another terminal kontor submit returns FILE, "
        "kontor cases, kontor approvals list."
    ),
)


@app.callback()
def kontor() -> None:
    """Let the commands above be loaded one by one; the help stands with the app."""
