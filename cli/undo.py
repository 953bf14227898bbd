"""`kontor undo`: take back what a case did, or one effect of it, and say what cannot be taken back."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

import bootstrap
from cli.connection import connect_or_leave
from cli.console import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.case import CaseRecord, CaseStatus
from contracts.compensation import CannotUndo, UndoCase, UndoPlan, UndoReport, UndoRequest
from contracts.ids import CONTROL_QUEUE
from settings import Settings, settings
from workflows.undo import UndoWorkflow

PATIENCE_SECONDS = 20.0


def undo(
    target: Annotated[str, typer.Argument(help="A case id, or an effect's key or its beginning.")],
    person: Annotated[
        str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who asks: a person of staff.toml.")
    ],
    note: Annotated[str, typer.Option(help="Why; it is kept with the case.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what could be undone.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the end.")] = PATIENCE_SECONDS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Undo a case, or one effect: through policy, and through people where policy says so.

    What a channel cannot take back is said plainly and stays. Leaves with 1 if anything stays.

    Example: kontor undo returns/webshop/RMA-1007 --as ben --note 'sent to the wrong customer'
    """
    found = settings()
    if not bootstrap.policy_engine(found).on_staff(person):
        fail(f"nobody named {person!r} is on the staff", EXIT_USAGE)
    record, keys = _target(found, target)
    plan = asyncio.run(_plan(found, record.id, keys))
    if not as_json:
        _show_plan(plan)
    if dry_run or not plan.compensations:
        if as_json:
            emit_json(plan.model_dump(mode="json"))
        elif not plan.compensations and not plan.impossible:
            OUT.print("nothing that this case did still stands")
        raise typer.Exit(EXIT_FOUND if plan.impossible else 0)
    request = UndoCase(record=record, person=person, note=note, keys=keys)
    report = asyncio.run(_undo(found, request, wait))
    _tell(report, record.id, as_json=as_json)


def _target(found: Settings, target: str) -> tuple[CaseRecord, tuple[str, ...]]:
    """Return the case, and the one effect of it that is meant, if it is one."""
    store = bootstrap.cases(found)
    if record := store.find(target):
        return record, ()
    ledger = bootstrap.ledger(found)
    if ledger.of_case(target):
        return _unlisted(target), ()
    entries = ledger.beginning_with(target, limit=2)
    if len(entries) != 1:
        why = "is the beginning of several effects' keys" if entries else "is no case and no effect"
        fail(f"{target} {why}; `kontor cases` and `kontor effects list` list them")
    case_id = entries[0].order.case_id
    return store.find(case_id) or _unlisted(case_id), (entries[0].order.key,)


def _unlisted(case_id: str) -> CaseRecord:
    """Return a row for a case that has effects and no row, such as one begun by hand."""
    desk, channel = (*case_id.split("/"), "", "")[:2]
    now = datetime.now(UTC)
    return CaseRecord(
        id=case_id,
        desk=desk,
        channel=channel,
        status=CaseStatus.FAILED,
        summary="known only by its effects",
        opened_at=now,
        updated_at=now,
    )


async def _plan(found: Settings, case_id: str, keys: tuple[str, ...]) -> UndoPlan:
    async with bootstrap.connectors(found) as outside:
        return await bootstrap.undo_activities(found, outside).plan(UndoRequest(case_id=case_id, keys=keys))


async def _undo(found: Settings, request: UndoCase, wait_seconds: float) -> UndoReport | None:
    """Start the undo under the case's own id and wait for its end; None if it takes longer."""
    client = await connect_or_leave(found)
    handle = await _start(client, request)
    try:
        async with asyncio.timeout(wait_seconds):
            return await handle.result()
    except TimeoutError:
        return None


async def _start(client: Client, request: UndoCase) -> WorkflowHandle[UndoWorkflow, UndoReport]:
    case_id = request.record.id
    try:
        return await client.start_workflow(
            UndoWorkflow.run,
            request,
            id=case_id,
            task_queue=CONTROL_QUEUE,
            # The case itself has ended; while anything runs under its id, this fails.
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"undo by {request.person}: {request.record.summary}"[:200],
            memo=await _memo(client, case_id),
        )
    except WorkflowAlreadyStartedError:
        fail(f"{case_id} is still running; it can be undone once it has ended")


async def _memo(client: Client, case_id: str) -> dict[str, object]:
    """Return the case's own memo, by which a request that comes twice is known."""
    try:
        described = await client.get_workflow_handle(case_id).describe()
        return dict(await described.memo())
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return {}


def _show_plan(plan: UndoPlan) -> None:
    for compensation in plan.compensations:
        effect = compensation.effect
        money = f" {effect.amount_cents / 100:.2f} {effect.currency}" if effect.amount_cents else ""
        OUT.print(f"to undo: {effect.connector} {compensation.operation}{money} by {effect.operation}")
    _show_rest(plan.impossible)


def _show_rest(rest: tuple[CannotUndo, ...]) -> None:
    for left in rest:
        OUT.print(f"[yellow]stays:[/] {left.step or left.key}: {escape(left.why)}", soft_wrap=True)


def _tell(report: UndoReport | None, case_id: str, *, as_json: bool) -> None:
    if as_json:
        emit_json({"case": case_id, "report": report.model_dump(mode="json") if report else None})
    elif report is None:
        OUT.print(f"the undo of {case_id} waits: see `kontor approvals list` and `kontor case {case_id}`")
    else:
        OUT.print(report.words(), soft_wrap=True)
    if report is not None and not report.complete:
        raise typer.Exit(EXIT_FOUND)
