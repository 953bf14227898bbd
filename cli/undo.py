"""`kontor undo`: take back what a case did, or one effect of it, and say what cannot be taken back."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation
from cli.durations import DURATION, seconds
from cli.proving import proof_or_leave
from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.approvals.messages import Withdrawal
from contracts.money import money_text
from contracts.proof import Said
from contracts.undo import CannotUndo, UndoCase, UndoPlan, UndoReport
from service.case_updates import NotTaken
from service.undo import (
    NoSuchTarget,
    StillRunning,
    end_waiting,
    find_target,
    plan_undo,
    taking_back,
    undo_case,
)

PATIENCE = timedelta(seconds=20)


def undo(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="A case id, or an effect's key or its beginning.")],
    person: Annotated[
        str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who asks: a person of staff.toml.")
    ],
    note: Annotated[str, typer.Option(help="Why; it is kept with the case.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what could be undone.")] = False,
    wait: Annotated[
        timedelta,
        typer.Option(
            parser=seconds, metavar=DURATION, help="How long to wait for the end: seconds, or 5m, 2h."
        ),
    ] = PATIENCE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Undo a case, or one effect: through policy, and through people where policy says so.

    A case that waits for something outside, such as goods, or for its customer, is ended first; any other
    must have ended.
    What a channel cannot take back is said plainly and stays. Leaves with 1 only if something that
    could be taken back stays, or nothing could.

    Example: kontor undo RMA-1007 --as ben --note 'sent to the wrong customer'
    """
    kontor = installation(ctx)
    if not kontor.policy_engine.on_staff(person):
        fail(f"nobody named {person!r} is on the staff", EXIT_USAGE)
    try:
        record, keys = find_target(kontor, target)
    except NoSuchTarget as unknown:
        fail(str(unknown))
    plan = asyncio.run(plan_undo(kontor, record.id, keys))
    if not as_json:
        _show_plan(plan)
    request = UndoCase(record=record, person=person, note=note, keys=keys)
    if not dry_run and not plan.compensations and asyncio.run(_ended(kontor, request, wait.total_seconds())):
        if as_json:
            emit_json(plan.model_dump(mode="json") | {"taken_back": True})
        else:
            OUT.print(f"{record.id} is taken back; nothing that it did could be undone")
        return
    if dry_run or not plan.compensations:
        if as_json:
            emit_json(plan.model_dump(mode="json"))
        elif not plan.compensations and not plan.impossible:
            OUT.print("nothing that this case did still stands")
        raise typer.Exit(EXIT_FOUND if plan.impossible and not dry_run else 0)
    _prove(kontor, request)
    report = asyncio.run(_undo(kontor, request, wait.total_seconds()))
    _tell(report, plan, record.id, as_json=as_json)


async def _ended(kontor: Installation, request: UndoCase, wait_seconds: float) -> bool:
    """Take back an open case that waits for something outside, or for its customer."""
    if request.keys or request.record.status.ended:
        return False
    withdrawal = _withdrawal(kontor, request)
    try:
        return await end_waiting(await connect_or_leave(kontor), request, wait_seconds, withdrawal)
    except (StillRunning, NotTaken) as problem:
        fail(str(problem))


def _prove(kontor: Installation, request: UndoCase) -> None:
    """Write that the person asks for it: without that nobody undoes anything."""
    said = Said(act="undo", about=request.record.id, words={"keys": list(request.keys)})
    proof_or_leave(kontor, request.person, said)


def _withdrawal(kontor: Installation, request: UndoCase) -> Withdrawal:
    """Return the proved word by which a case that waits is taken back."""
    word = taking_back(request)
    proof = proof_or_leave(kontor, request.person, word.said(request.record.id))
    return word.model_copy(update={"proof": proof})


async def _undo(kontor: Installation, request: UndoCase, wait_seconds: float) -> UndoReport | None:
    waits = not request.keys and not request.record.status.ended
    withdrawal = _withdrawal(kontor, request) if waits else None
    client = await connect_or_leave(kontor)
    try:
        return await undo_case(kontor, client, request, wait_seconds, withdrawal)
    except (StillRunning, NotTaken) as problem:
        fail(str(problem))


def _show_plan(plan: UndoPlan) -> None:
    for compensation in plan.compensations:
        effect = compensation.effect
        money = f" {money_text(effect.amount_cents, effect.currency)}" if effect.amount_cents else ""
        OUT.print(f"to undo: {effect.connector} {compensation.operation}{money} by {effect.operation}")
    _show_rest(plan.impossible)


def _show_rest(rest: tuple[CannotUndo, ...]) -> None:
    for left in rest:
        OUT.print(f"[yellow]stays:[/] {left.step or left.key}: {escape(left.why)}", soft_wrap=True)


def _tell(report: UndoReport | None, plan: UndoPlan, case_id: str, *, as_json: bool) -> None:
    if as_json:
        emit_json({"case": case_id, "report": report.model_dump(mode="json") if report else None})
    elif report is None:
        OUT.print(f"the undo of {case_id} waits: see `kontor approvals list` and `kontor case {case_id}`")
    else:
        OUT.print(report.words(), soft_wrap=True)
    could = {compensation.undoes for compensation in plan.compensations}
    if report is not None and any(left.key in could for left in report.remaining):
        raise typer.Exit(EXIT_FOUND)
