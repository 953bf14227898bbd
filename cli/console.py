"""What every command shares: where it prints, how it says no, how it speaks to scripts."""

import json
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

OUT = Console()
ERR = Console(stderr=True)

EXIT_FOUND = 1
"""Something is wrong with what was looked at: a bad line, a divergence, a failed replay."""
EXIT_USAGE = 2
"""The command was called wrongly."""
EXIT_UNREACHABLE = 3
"""A part that must run does not answer."""


def fail(message: str, code: int = EXIT_FOUND) -> NoReturn:
    """Say on standard error what is wrong and what to do, and leave with `code`."""
    ERR.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(code)


def emit_json(value: Any) -> None:
    """Print `value` as one JSON document on standard output, unstyled, for scripts."""
    typer.echo(json.dumps(value, default=str, ensure_ascii=False, indent=2))
