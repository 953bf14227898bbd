"""`kontor budgets`: what models may spend today, did spend, and hold back for calls under way."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from cli.connection import installation, named_case
from cli.terminal import EXIT_FOUND, OUT, emit_json, fail
from contracts.budget import BudgetLine
from contracts.office import OfficeInvalid


def budgets(
    ctx: typer.Context,
    case: Annotated[
        str, typer.Option("--case", help="Also this case, for instance returns/webshop/RMA-1001.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the accounts as JSON, in microdollars.")
    ] = False,
) -> None:
    """Show what models may still spend today, by desk, and for a case.

    Example: kontor budgets --case returns/webshop/RMA-1001. The limits stand in office/budgets.toml.
    """
    kontor = installation(ctx)
    now = datetime.now(UTC)
    try:
        books = kontor.budgets
    except OfficeInvalid as invalid:
        fail(str(invalid), EXIT_FOUND)
    lines = list(books.of_day(now))
    if case:
        case = named_case(kontor, case, listed=False)
        wanted = f"case/{case}"
        lines += [line for line in books.lines("", case, now) if line.account == wanted]
    if as_json:
        emit_json([{**line.model_dump(mode="json"), "left": line.left} for line in lines])
    else:
        OUT.print(_table(lines))


def _table(lines: list[BudgetLine]) -> Table:
    table = Table("account", "limit", "spent", "held back", "left", box=None)
    for line in lines:
        amounts = (line.limit, line.spent, line.reserved, line.left)
        table.add_row(line.account, *(f"${amount / 1e6:.6f}" for amount in amounts))
    return table
