"""The whole command line, put together: one file per noun."""

import typer

from cli import approvals, audit, books, connectors, effects, memory, models, policy
from cli.approvals import approve, reject
from cli.budgets import budgets
from cli.case import case
from cli.cases import cases
from cli.check import check
from cli.demo import demo
from cli.doctor import doctor
from cli.replay import replay
from cli.submit import submit
from cli.undo import undo
from cli.up import up

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=(
        "Kontor: office work that never loses a case, never pays twice, and can show why.\n\n"
        "First evening: kontor up, then in another terminal kontor submit returns FILE, "
        "kontor cases, kontor approvals list."
    ),
)
for command in (demo, up, submit, cases, case, approve, reject, undo, budgets, replay, check, doctor):
    app.command()(command)
app.add_typer(approvals.app, name="approvals")
app.add_typer(audit.app, name="audit")
app.add_typer(books.app, name="books")
app.add_typer(connectors.app, name="connectors")
app.add_typer(effects.app, name="effects")
app.add_typer(memory.app, name="memory")
app.add_typer(models.app, name="models")
app.add_typer(policy.app, name="policy")
