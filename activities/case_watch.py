"""The reconciler's look at the server: which open cases run no more, which workflows no row stands for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import JsonValue
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecution

from activities.executions import Execution, execution
from contracts.bounds import read_json
from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectState
from contracts.reconciliation.messages import PAGE
from contracts.reconciliation.trouble import (
    NO_WORKFLOW,
    CasesPage,
    CasesQuery,
    CaseTrouble,
    GoneCase,
    OpenCase,
)

if TYPE_CHECKING:
    from memory.authoritative.ledger.ledger import SqlLedger
    from memory.authoritative.reconciliation.case_watch import SqlCaseWatch

AT_ONCE = 20
"""Questions to the server at the same time."""
LOOK_BACK = timedelta(days=7)
"""How old an ended workflow may be that no row stands for."""
FEW = 3
"""Of so many open cases, the right server knows one."""
CASE_ID_PARTS = 3


class CaseWatchActivities:
    """Compares our list of cases with the server, both ways; absence is proved by id, after a grace."""

    def __init__(
        self,
        *,
        books: "SqlCaseWatch",
        ledger: "SqlLedger",
        workflow_types: Sequence[str],
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the doors.

        Args:
            books: where cases, questions and troubles stand.
            ledger: the record of every effect.
            workflow_types: the names of the workflow types that run cases.
            clock: the moment, aware, in UTC.
        """
        self._books = books
        self._ledger = ledger
        self._workflow_types = tuple(workflow_types)
        self._clock = clock

    @activity.defn(name="reconcile.cases")
    async def cases(self, query: CasesQuery) -> CasesPage:
        """Look up a page of open cases at the server; close those that nothing runs for any more."""
        client, now = activity.client(), self._clock()
        open_cases = await asyncio.to_thread(self._books.open_cases, query.after, PAGE)
        seen = await _look(client, [case.id for case in open_cases], query.patience.failures)
        known = any(found.known for found in seen)
        stranger = len(seen) >= FEW and not known and not query.server_lost
        gone = troubled = lately = 0
        for case, found in zip(open_cases, seen, strict=True):
            if not found.known and stranger:
                continue
            if found.runs:
                troubled += await self._keep_troubles(case, found, now)
            elif await self._is_over(case, found, query.patience.grace, now):
                gone += await self._close(GoneCase(seen=case, why=found.why, ended_at=found.ended_at), now)
            else:
                lately += 1
        return CasesPage(
            cases=len(open_cases),
            gone=gone,
            troubled=troubled,
            lately=lately,
            stranger=stranger,
            last=open_cases[-1].id if len(open_cases) == PAGE else "",
        )

    @activity.defn(name="reconcile.workflows")
    async def workflows(self, query: CasesQuery) -> CasesPage:
        """Find workflows that no row stands for: a running one gets its row, a lost one is closed.

        What was lost before our first case is another installation's, or of a state that was deleted.
        """
        client, now = activity.client(), self._clock()
        first = await asyncio.to_thread(self._books.first_opened_at)
        unlisted = gone = 0
        async for page in _pages(client, _listing(self._workflow_types, now - LOOK_BACK)):
            ids = {one.id for one in page if _began_before(one, now - query.patience.grace)}
            for case_id in sorted(await asyncio.to_thread(self._books.without_row, ids)):
                record = await self._record(client, case_id)
                if record is None:
                    continue
                found = await execution(client, case_id)
                if found.runs:
                    await asyncio.to_thread(self._books.list_running, record)
                    unlisted += 1
                if found.runs or found.completed or first is None or record.opened_at < first:
                    continue
                seen = OpenCase(id=record.id, status=record.status, updated_at=record.updated_at)
                lost = GoneCase(seen=seen, why=found.why, ended_at=found.ended_at, record=record)
                gone += await self._close(lost, now)
        return CasesPage(unlisted=unlisted, gone=gone)

    @activity.defn(name="reconcile.leftovers")
    async def leftovers(self, query: CasesQuery) -> CasesPage:
        """Withdraw what ended cases still ask, and see which gone cases run again."""
        client, now = activity.client(), self._clock()
        asking = await asyncio.to_thread(self._books.left_asking)
        withdrawn = 0
        for case_id, found in zip(asking, await _look(client, asking), strict=True):
            if not found.runs and _long_ago(found, query.patience.grace, now):
                withdrawn += await asyncio.to_thread(self._books.withdraw, case_id, now)
        gone = await asyncio.to_thread(self._books.gone_cases)
        vanished = []
        for one, found in zip(gone, await _look(client, [one.effect_case for one in gone]), strict=True):
            closed = await asyncio.to_thread(self._books.revived, one, runs=found.runs, now=now)
            vanished += [closed] if closed else []
        await asyncio.to_thread(self._books.forget_troubles_of_ended)
        return CasesPage(withdrawn=withdrawn, vanished=tuple(vanished))

    async def _is_over(self, case: OpenCase, found: Execution, grace: timedelta, now: datetime) -> bool:
        """Say whether a workflow that does not run is surely gone: a grace after its end, or two looks."""
        if found.known:
            return _long_ago(found, grace, now)
        kept = await asyncio.to_thread(self._books.troubles, (case.id,))
        since = next((trouble.since for trouble in kept if trouble.what == NO_WORKFLOW), None)
        if since is not None and since <= now - grace:
            return True
        trouble = CaseTrouble(
            case_id=case.id, what=NO_WORKFLOW, failures=0, error=found.why, since=now, looked_at=now
        )
        await asyncio.to_thread(self._books.keep_troubles, case.id, [trouble])
        return False

    async def _close(self, gone: GoneCase, now: datetime) -> bool:
        """Close a gone case, and hand what it left under way to the reconciler's own pursuit."""
        if not await asyncio.to_thread(self._books.close_gone, gone, now):
            return False
        for entry in await asyncio.to_thread(self._ledger.of_case, gone.seen.id):
            if entry.receipt.state in (EffectState.INTENDED, EffectState.SENT):
                await asyncio.to_thread(self._ledger.give_up, entry.order, gone.why, now)
        return True

    async def _keep_troubles(self, case: OpenCase, found: Execution, now: datetime) -> int:
        troubles = [
            CaseTrouble(
                case_id=case.id,
                what=one.what,
                failures=one.failures,
                error=one.error,
                since=now,
                looked_at=now,
            )
            for one in found.failing
        ]
        await asyncio.to_thread(self._books.keep_troubles, case.id, troubles)
        return bool(troubles)

    async def _record(self, client: Client, case_id: str) -> CaseRecord | None:
        """Return the row that a workflow's start makes; None for one that runs no case."""
        parts = case_id.split("/")
        if len(parts) != CASE_ID_PARTS or not case_id.isprintable():
            return None
        async for event in client.get_workflow_handle(case_id).fetch_history_events(page_size=1):
            started = event.workflow_execution_started_event_attributes
            began = event.event_time.ToDatetime().replace(tzinfo=UTC)
            return CaseRecord(
                id=case_id,
                desk=parts[0],
                channel=parts[1],
                status=CaseStatus.RUNNING,
                summary="known only by its workflow",
                opened_at=began,
                updated_at=began,
                request=_request(started.input.payloads),
            )
        return None


async def _look(client: Client, case_ids: Sequence[str], failures: int = 0) -> list[Execution]:
    """Ask the server for many cases, some at once; returns the answers in the order of the ids."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(case_id: str) -> Execution:
        async with slots:
            return await execution(client, case_id, failures)

    return await asyncio.gather(*(one(case_id) for case_id in case_ids))


def _long_ago(found: Execution, grace: timedelta, now: datetime) -> bool:
    return found.ended_at is None or found.ended_at <= now - grace


def _listing(workflow_types: Sequence[str], since: datetime) -> str:
    """Return the query for cases that run, or ended otherwise than they should."""
    names = ", ".join(f"'{name}'" for name in workflow_types)
    statuses = "'Running', 'Terminated', 'TimedOut', 'Failed'"
    moment = since.isoformat(timespec="seconds")
    return f"WorkflowType IN ({names}) AND ExecutionStatus IN ({statuses}) AND StartTime > '{moment}'"


async def _pages(client: Client, query: str) -> AsyncIterator[list[WorkflowExecution]]:
    page: list[WorkflowExecution] = []
    async for one in client.list_workflows(query, page_size=PAGE):
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    yield page


def _began_before(one: WorkflowExecution, moment: datetime) -> bool:
    return one.start_time <= moment


def _request(payloads: Sequence[Payload]) -> dict[str, JsonValue]:
    """Return what a workflow was started with, where that is one JSON object, without what no row takes."""
    try:
        given = read_json(payloads[0].data) if payloads else {}
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
