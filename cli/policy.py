"""`kontor policy`: which rule decided and why, and what a change of the rules would do."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import OfficeOption, installation, named_case, office_folder
from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from cli.views.policy import compared, explained, show_explained, show_verdict
from contracts.bounds import read_json
from contracts.field_errors import field_errors_text
from contracts.office import OfficeInvalid, read_text
from policy.calendar import read_calendar
from policy.engine import CedarEngine
from policy.policy_set import POLICIES
from policy.schema import schema_text
from policy.trials import NO_CURRENCY, TESTS, TrialProposal, Tried, run_trials
from workflows.registry import fact_types

app = typer.Typer(
    no_args_is_help=True,
    help="Read, try and test the office's policies. Example: kontor policy explain returns/webshop/RMA-1007",
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def explain(
    ctx: typer.Context,
    case: Annotated[str, typer.Argument(help="A case id, or its last part: RMA-1007.")],
    again: Annotated[
        bool, typer.Option("--again", help="Judge the recorded facts with today's policies, and compare.")
    ] = False,
    office: OfficeOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show which policies decided each effect of a case, with their reasons and the facts they read.

    Verdicts are read from the books, as they were given. Examples:

        kontor policy explain returns/webshop/RMA-1007
        kontor policy explain returns/webshop/RMA-1007 --again
    """
    kontor = installation(ctx)
    case = named_case(kontor, case, listed=False)
    verdicts = kontor.verdicts.of_case(case)
    if not verdicts:
        fail(f"no verdict on {case} in the books")
    engine = _engine(_folder(kontor, office))
    shown = [explained(verdict, engine.policies) for verdict in verdicts]
    if again:
        shown = [
            compared(entry, verdict, engine.judge_again(case, verdict))
            for entry, verdict in zip(shown, verdicts, strict=True)
        ]
    if as_json:
        emit_json({"case": case, "policy_version": engine.version, "verdicts": shown})
    else:
        show_explained(case, shown)


@app.command(name="try")
def try_(
    ctx: typer.Context,
    facts: Annotated[str, typer.Argument(help="A JSON file, or - for standard input.")],
    office: OfficeOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Judge facts that are not (yet) a case. Nothing is written, nothing is done.

    The document names the desk, the facts and the effect:
    {"desk": "returns", "facts": {…}, "effect": {"operation": "refund", "amount_cents": 16000}}.
    The `facts` of a recorded verdict (`kontor policy explain CASE --json`) fit as they are. Examples:

        kontor policy try facts.json
        kontor policy explain CASE --json | jq '.verdicts[0].facts' | kontor policy try -
    """
    kontor = installation(ctx)
    folder = _folder(kontor, office)
    engine = _engine(folder)
    calendar, _ = read_calendar(folder)
    proposal = _proposal(facts, calendar.currency if calendar else NO_CURRENCY)
    verdict = engine.judge(proposal.plan)[0]
    if as_json:
        emit_json(verdict.model_dump(mode="json"))
    else:
        show_verdict(explained(verdict, engine.policies))
    if verdict.errors:
        raise typer.Exit(EXIT_FOUND)


@app.command(name="test")
def run_tests(ctx: typer.Context, office: OfficeOption = None, as_json: JsonFlag = False) -> None:
    """Run the policy tests in `policies/tests/*.toml`; leaves with 1 if one fails, with 2 if there are none.

    Example: kontor policy test --office examples/tau_retail
    """
    folder = _folder(installation(ctx), office)
    engine = _engine(folder)
    try:
        tried = run_trials(folder, engine)
    except OfficeInvalid as invalid:
        fail(str(invalid))
    if not tried:
        fail(f"{folder} has no policy tests: write them into {folder / TESTS}/*.toml", EXIT_USAGE)
    failed = [each for each in tried if each.failures]
    unused = sorted(engine.policies.keys() - {r.id for each in tried for r in each.verdict.reasons})
    if as_json:
        emit_json(
            {"passed": len(tried) - len(failed), "failed": [_failed(e) for e in failed], "unused": unused}
        )
    else:
        for each in failed:
            where = f"{each.file}:{each.line}"
            OUT.print(f"[red]failed[/] {where} {escape(each.trial.name)}: {escape('; '.join(each.failures))}")
        OUT.print(f"{len(tried) - len(failed)} passed, {len(failed)} failed", highlight=False)
        if unused:
            OUT.print(f"[yellow]decided in no test:[/] {', '.join(unused)}")
    if failed:
        raise typer.Exit(EXIT_FOUND)


@app.command(name="list")
def list_(ctx: typer.Context, office: OfficeOption = None, as_json: JsonFlag = False) -> None:
    """List every policy: what it answers, where it stands, and its reason.

    Example: kontor policy list
    """
    engine = _engine(_folder(installation(ctx), office))
    if as_json:
        emit_json(
            [
                {
                    "id": policy.id,
                    "effect": policy.effect,
                    "questions": policy.heads,
                    "reason": policy.reason,
                    "facts": policy.facts_read,
                    "roles": policy.roles,
                    "needed": policy.needed,
                    "file": policy.file,
                    "line": policy.line,
                }
                for policy in engine.policies.values()
            ]
        )
        return
    table = Table("id", "", "question", "reason", "where")
    for policy in engine.policies.values():
        colour = "green" if policy.effect == "permit" else "red"
        table.add_row(
            policy.id,
            f"[{colour}]{policy.effect}[/]",
            ", ".join(policy.heads),
            escape(policy.reason),
            f"{policy.file}:{policy.line}",
        )
    OUT.print(table)
    OUT.print(f"version {engine.version}", highlight=False)


@app.command()
def conflicts(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Count which forbid beat which permit, over all verdicts in the books.

    Example: kontor policy conflicts
    """
    kontor = installation(ctx)
    counted: dict[tuple[str, str, str], int] = {}
    for _, verdict in kontor.verdicts.conflicting():
        for lost in verdict.beaten:
            for won in verdict.reasons:
                if won.effect == "forbid" and won.question == lost.question:
                    pair = (won.question, won.id, lost.id)
                    counted[pair] = counted.get(pair, 0) + 1
    rows = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        emit_json([{"question": q, "forbid": won, "permit": lost, "times": n} for (q, won, lost), n in rows])
        return
    table = Table("question", "this forbid", "beat this permit", "times")
    for names, times in rows:
        table.add_row(*names, str(times))
    OUT.print(table)


@app.command()
def schema(ctx: typer.Context, office: OfficeOption = None) -> None:
    """Print what a policy may name: facts, operations, desks and roles.

    Example: kontor policy schema
    """
    engine = _engine(_folder(installation(ctx), office))
    typer.echo(schema_text(engine.book.words), nl=False)


def _folder(kontor: Installation, given: Path | None) -> Path:
    """Return the folder whose policies are meant; where there is none, that of the office in force."""
    in_force = given is None and not kontor.settings.office.is_dir()
    folder = office_folder(kontor, kontor.office if in_force else given)
    if not any((folder / POLICIES).glob("*.cedar")):
        fail(f"{folder} is no office: it has no {POLICIES}/*.cedar", EXIT_USAGE)
    return folder


def _engine(folder: Path) -> CedarEngine:
    try:
        return CedarEngine.from_office(folder, fact_types())
    except OfficeInvalid as invalid:
        fail(f"these policies cannot be used:\n{invalid}")


def _proposal(source: str, currency: str) -> TrialProposal:
    """Read what is to be judged; an effect that names no currency is in the office's."""
    try:
        text = sys.stdin.read() if source == "-" else read_text(Path(source))
        document = read_json(text, once=True)
    except OSError as error:
        fail(f"{source} cannot be read: {error.strerror}", EXIT_USAGE)
    except ValueError as error:
        fail(f"{source} is not JSON: {error}", EXIT_USAGE)
    try:
        proposal = TrialProposal.model_validate(document)
    except ValidationError as invalid:
        fail(f"{source}: {field_errors_text(invalid)}", EXIT_USAGE)
    if proposal.effect.currency != NO_CURRENCY:
        return proposal
    effect = proposal.effect.model_copy(update={"currency": currency})
    return proposal.model_copy(update={"effect": effect})


def _failed(tried: Tried) -> dict[str, object]:
    return {"file": tried.file, "line": tried.line, "name": tried.trial.name, "failures": tried.failures}
