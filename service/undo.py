"""Taking back what a case did: finding what is meant, saying what could be undone, and doing it."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.undo import UndoActivities
from contracts.approvals.messages import Withdrawal
from contracts.case import CaseRecord, CaseStatus
from contracts.ids import CONTROL_QUEUE
from contracts.undo import UndoCase, UndoPlan, UndoReport, UndoRequest
from service.answers import refusal
from service.case_updates import NotTaken
from workflows.kernel.awaiting import TAKE_BACK
from workflows.kernel.proving import UNPROVED
from workflows.kernel.undo import UndoWorkflow

if TYPE_CHECKING:
    from bootstrap.installation import Installation


class NoSuchTarget(LookupError):
    """What is to be undone cannot be told; the message says why."""


class StillRunning(RuntimeError):
    """The case has not ended."""


def find_target(installation: "Installation", target: str) -> tuple[CaseRecord, tuple[str, ...]]:
    """Return the case, and the one effect of it that is meant, if it is one.

    Args:
        installation: whose records are read.
        target: a case id or its last part, or an effect's key or its beginning.

    Raises:
        NoSuchTarget: it is neither, or could be several.
    """
    cases, ledger = installation.cases, installation.ledger
    if record := cases.find(target):
        return record, ()
    if len(named := cases.locate(target)) == 1 and (record := cases.find(named[0])):
        return record, ()
    if named:
        raise NoSuchTarget(f"{target} could be {', '.join(named)}: say more of it")
    if ledger.of_case(target):
        return _unlisted(target), ()
    entries = ledger.beginning_with(target, limit=2)
    if len(entries) != 1:
        why = "is the beginning of several effects' keys" if entries else "is no case and no effect"
        raise NoSuchTarget(f"{target} {why}; `kontor cases` and `kontor effects list` list them")
    case_id = entries[0].order.case_id
    return cases.find(case_id) or _unlisted(case_id), (entries[0].order.key,)


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


async def plan_undo(installation: "Installation", case_id: str, keys: tuple[str, ...]) -> UndoPlan:
    """Return what could be undone of a case, or of some of its effects; nothing is called."""
    planning = UndoActivities(installation.connectors, installation.ledger)
    return await planning.plan(UndoRequest(case_id=case_id, keys=keys))


async def undo_case(
    installation: "Installation",
    client: Client,
    request: UndoCase,
    wait_seconds: float,
    withdrawal: Withdrawal | None = None,
) -> UndoReport | None:
    """Start the undo under the case's own id and wait for its end; None if it takes longer.

    Args:
        installation: whose case it is.
        client: the Temporal server's.
        request: what is to be undone.
        wait_seconds: at most.
        withdrawal: by which a case that waits for something outside is taken back first, so that it ends;
            None leaves it waiting.

    Raises:
        StillRunning: the case has not ended.
    """
    try:
        async with asyncio.timeout(wait_seconds):
            if withdrawal and await take_back(client, request.record.id, withdrawal):
                record = await asyncio.to_thread(installation.cases.find, request.record.id)
                request = request.model_copy(update={"record": record or request.record})
            handle = await _start(client, request)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise StillRunning(_not_yet(request)) from None
    try:
        async with asyncio.timeout(wait_seconds):
            return await handle.result()
    except TimeoutError:
        return None


async def end_waiting(client: Client, request: UndoCase, wait_seconds: float, withdrawal: Withdrawal) -> bool:
    """Take back a case of which nothing could be undone; return whether it waited, and has ended.

    Raises:
        StillRunning: no worker took it in time.
        NotTaken: it is nobody's word.
    """
    try:
        async with asyncio.timeout(wait_seconds):
            return await take_back(client, request.record.id, withdrawal)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise StillRunning(_not_yet(request)) from None


def _not_yet(request: UndoCase) -> str:
    return f"{request.record.id} has not ended yet; while a worker runs, it is taken back: undo it again"


def taking_back(request: UndoCase) -> Withdrawal:
    """Return what a person says who takes a waiting case back, for the door to prove."""
    return Withdrawal(why=f"undone by {request.person}", by=request.person)


async def take_back(client: Client, case_id: str, withdrawal: Withdrawal) -> bool:
    """End a case that waits for something outside, or for its customer; leave any other as it is.

    Returns:
        Whether it waited so, and has ended.

    Raises:
        NotTaken: it is nobody's word.
    """
    handle = client.get_workflow_handle(case_id)
    try:
        await handle.execute_update(TAKE_BACK, withdrawal)
    except WorkflowUpdateFailedError as refused:
        if getattr(refused.cause, "type", "") == UNPROVED:
            raise NotTaken(refusal(refused)) from None
        return False  # it does not wait so
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False  # it has ended, or never ran
    with contextlib.suppress(WorkflowFailureError):
        await handle.result()
    return True


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
    except WorkflowAlreadyStartedError as running:
        raise StillRunning(f"{case_id} is still running; it can be undone once it has ended") from running


async def _memo(client: Client, case_id: str) -> dict[str, object]:
    """Return the case's own memo, by which a request that comes twice is known."""
    try:
        described = await client.get_workflow_handle(case_id).describe()
        return dict(await described.memo())
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return {}
