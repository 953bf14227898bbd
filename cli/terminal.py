"""What every command shares: where it prints, how it says no, how it speaks to scripts."""

import json
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.harmless import Harmless
from contracts.printable import harmless_json

PIPED_WIDTH = 240
"""Columns where no terminal says how wide it is: a script reads whole lines."""

OUT = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
ERR = Console(stderr=True)
for _console in (OUT, ERR):
    _console.push_render_hook(Harmless())

MOST_LISTED = 1_000_000
"""More lines nobody reads, and no database has to count further."""

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
    typer.echo(harmless_json(json.dumps(value, default=str, ensure_ascii=False, indent=2)))


def listing(headers: Iterable[str], rows: Iterable[tuple[str, ...]], ids: Iterable[str]) -> Table:
    """Return a table whose ids stand whole on every terminal: the other columns give way.

    Args:
        headers: the columns' names.
        rows: a cell for each column.
        ids: the columns that hold ids.
    """
    cells, whole, names = list(rows), set(ids), list(headers)
    widths = [max((len(row[place]) for row in cells), default=0) for place in range(len(names))]
    columns = [
        Column(name, overflow="fold", min_width=width if name in whole else None)
        for name, width in zip(names, widths, strict=True)
    ]
    table = Table(*columns, box=None)
    for row in cells:
        table.add_row(*row)
    return table
