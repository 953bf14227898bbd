"""Bringing requests in: one line is one case, and the same line twice is still one case."""

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Generic

from pydantic import JsonValue, ValidationError
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import content_hash
from contracts.bounds import LONGEST_NAME_CHARS, LONGEST_REQUEST_BYTES, read_json, size
from contracts.case import NOBODY_DECIDED, CaseStatus
from contracts.desk import Desk, R
from contracts.field_errors import field_errors_text
from contracts.ids import CONTROL_QUEUE
from contracts.office import not_utf_8
from memory.authoritative.admissions import SqlAdmissions
from service.operator import operator
from workflows.kernel import search_attributes

OPEN = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
GONE = frozenset(
    {
        WorkflowExecutionStatus.TERMINATED,
        WorkflowExecutionStatus.TIMED_OUT,
        WorkflowExecutionStatus.FAILED,
    }
)
"""How a workflow ends that could not bring its case to an end."""
AT_ONCE = 20
"""Starts under way at once: enough to keep the server busy, few enough for its rate limit."""


@dataclass(frozen=True)
class BadLine:
    """A line that did not become a case: its number from 1, and why."""

    number: int
    why: str


@dataclass(frozen=True)
class GoodLine(Generic[R]):
    """A line that can become a case: its number from 1, and its request."""

    number: int
    request: R


class Started(StrEnum):
    """What became of a request.

    `again`: its case was there, and nothing ran for it any more, or nobody had decided its end; a new run of
    the same case has begun.
    """

    NEW = "new"
    AGAIN = "again"
    JOINED = "joined"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class NotStarted:
    """A request whose case could not be started, and why; handed in again, it may be."""

    why: str


def parse(desk: Desk[R], lines: Iterable[str], sources: Collection[str]) -> Iterator[GoodLine[R] | BadLine]:
    """Read JSON lines; each becomes a request, or a bad line with its number and reason.

    A text's NULs and half characters are replaced; what is too large is refused (`contracts.bounds`).

    Args:
        desk: whose requests they are.
        lines: one JSON document each; empty ones are passed over.
        sources: the connectors of this office that the desk takes requests from.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            request = _request(desk, line)
        except ValidationError as invalid:
            yield BadLine(number, field_errors_text(invalid))
        except ValueError as unusable:
            yield BadLine(number, str(unusable))
        else:
            if request.channel in sources:
                yield GoodLine(number, request)
            else:
                known = ", ".join(sorted(sources))
                why = f"channel: {request.channel!r} is no connector this desk takes requests from ({known})"
                yield BadLine(number, why)


def _request(desk: Desk[R], line: str) -> R:
    """Return a line's request; raises ValueError, ValidationError among them, with what is wrong."""
    if unreadable := not_utf_8(line):
        raise ValueError(unreadable)
    try:
        document = read_json(line, once=True)
    except json.JSONDecodeError as wrong:
        raise ValueError(f"it is no JSON: {wrong.msg} at column {wrong.colno}") from None
    if (long := len(line.encode(errors="replace"))) > LONGEST_REQUEST_BYTES:
        raise ValueError(
            f"{_largest(document)}the line has {long} bytes, and at most {LONGEST_REQUEST_BYTES}"
        )
    request = desk.request.model_validate(document)
    desk.case_id(request)
    return request


def _largest(document: JsonValue) -> str:
    """Return the name of the field that makes a document long."""
    if not isinstance(document, dict) or not document:
        return ""
    return f"{max(document, key=lambda name: size(document[name]))[:LONGEST_NAME_CHARS]}: "


async def start(client: Client, admissions: SqlAdmissions, desk: Desk[R], request: R) -> Started:
    """Let the case of a request in and start it, or find that it is there already.

    Without having been let in here, whatever somebody starts under its id has no right to any effect.

    A case that came to its end is never started again: its id is taken for ever. One whose workflow
    is gone, or whose end was nobody's decision, is, by the same request, in a new run under the same id,
    and so with the same effect keys: what was done stays found done.
    """
    case_id, hashed = desk.case_id(request), content_hash(request)
    now, by = datetime.now(UTC), operator()
    if not await asyncio.to_thread(admissions.admit, case_id, hashed, by, now):
        if await _is_there(client, case_id):
            return Started.CONFLICT
        await asyncio.to_thread(admissions.admit_again, case_id, hashed, by, now)
    if await _begin(client, desk, request, WorkflowIDReusePolicy.REJECT_DUPLICATE):
        return Started.NEW
    described = await client.get_workflow_handle(case_id).describe()
    if await described.memo_value("request_hash", default="") != content_hash(request):
        return Started.CONFLICT
    if not await _may_begin_again(client, desk, described):
        return Started.JOINED
    await asyncio.to_thread(admissions.admit_again, case_id, hashed, by, now)
    anew = await _begin(client, desk, request, WorkflowIDReusePolicy.ALLOW_DUPLICATE)
    return Started.AGAIN if anew else Started.JOINED


async def _is_there(client: Client, case_id: str) -> bool:
    """Say whether the server knows the case."""
    try:
        await client.get_workflow_handle(case_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _may_begin_again(client: Client, desk: Desk[R], described: WorkflowExecutionDescription) -> bool:
    """Say whether the story is gone or ended by itself; an undo does not tell the story again."""
    if described.workflow_type != desk.workflow().__name__ or described.status in OPEN:
        return False
    if described.status in GONE:
        return True
    status = described.typed_search_attributes.get(search_attributes.STATUS)
    if status in NOBODY_DECIDED:
        return True
    return status == CaseStatus.DENIED and await _outcome(client, described) in desk.undecided


async def _outcome(client: Client, described: WorkflowExecutionDescription) -> object:
    """Return the word for the end of a case that ran to it, from its workflow's result."""
    result = await client.get_workflow_handle(described.id, run_id=described.run_id).result()
    return result.get("outcome") if isinstance(result, dict) else result


async def _begin(client: Client, desk: Desk[R], request: R, reuse: WorkflowIDReusePolicy) -> bool:
    """Start the case's workflow; False if its id is taken."""
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(search_attributes.DESK, desk.name),
            SearchAttributePair(search_attributes.CHANNEL, request.channel),
            SearchAttributePair(search_attributes.STATUS, "running"),
            SearchAttributePair(search_attributes.AMOUNT_CENTS, 0),
        ]
    )
    try:
        await client.start_workflow(
            desk.workflow().run,
            request,
            id=desk.case_id(request),
            task_queue=CONTROL_QUEUE,
            id_reuse_policy=reuse,
            search_attributes=attributes,
            static_summary=desk.summary(request),
            static_details=desk.details(request),
            memo={"request_hash": content_hash(request)},
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def start_all(
    client: Client, admissions: SqlAdmissions, desk: Desk[R], requests: Iterable[R]
) -> list[Started | NotStarted]:
    """Start many cases, some at once; return what became of each, in order. One that fails stops no other."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(request: R) -> Started | NotStarted:
        async with slots:
            try:
                return await start(client, admissions, desk, request)
            except RPCError as refused:
                return NotStarted(f"the server says {refused.status.name}: {refused.message}")
            except Exception as broken:  # whatever it is: it is about this request, and the others go on
                return NotStarted(f"{type(broken).__name__}: {broken}")

    return await asyncio.gather(*(one(request) for request in requests))
