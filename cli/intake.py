"""Bringing requests in: one line is one case, and the same line twice is still one case."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.canonical import content_hash
from contracts.ids import CONTROL_QUEUE
from contracts.returns import ReturnRequest
from workflows import search_attributes
from workflows.desks import Desk

AT_ONCE = 20
"""Starts under way at once: enough to keep the server busy, few enough for its rate limit."""


@dataclass(frozen=True)
class BadLine:
    """A line that did not become a case: its number from 1, and why."""

    number: int
    why: str


class Started(StrEnum):
    """What became of a request."""

    NEW = "new"
    JOINED = "joined"
    CONFLICT = "conflict"


def parse(desk: Desk, lines: Iterable[str], channels: frozenset[str]) -> Iterator[ReturnRequest | BadLine]:
    """Read JSON lines; each becomes a request, or a bad line with its number and reason."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            request = desk.request.model_validate_json(line)
            desk.case_id(request)
        except ValidationError as invalid:
            yield BadLine(number, "; ".join(_reason(error) for error in invalid.errors(include_url=False)))
        except ValueError as unusable:
            yield BadLine(number, str(unusable))
        else:
            if request.channel not in channels:
                known = ", ".join(sorted(channels))
                yield BadLine(
                    number, f"channel: {request.channel!r} is no connector of this office ({known})"
                )
            else:
                yield request


def _reason(error: object) -> str:
    assert isinstance(error, dict)
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])


async def start(client: Client, desk: Desk, request: ReturnRequest) -> Started:
    """Start the case of a request, or find that it is there already.

    A case is started at most once, for ever: the id of an ended case is taken, too.
    """
    case_id = desk.case_id(request)
    digest = content_hash(request)
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(search_attributes.DESK, desk.name),
            SearchAttributePair(search_attributes.CHANNEL, request.channel),
            SearchAttributePair(search_attributes.STATUS, "running"),
        ]
    )
    try:
        await client.start_workflow(
            desk.workflow.run,
            request,
            id=case_id,
            task_queue=CONTROL_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=attributes,
            static_summary=desk.summary(request),
            static_details=f"**{request.id}**, order **{request.order}** at **{request.channel}**",
            memo={"request_hash": digest},
        )
    except WorkflowAlreadyStartedError:
        described = await client.get_workflow_handle(case_id).describe()
        same = await described.memo_value("request_hash", default="") == digest
        return Started.JOINED if same else Started.CONFLICT
    return Started.NEW


async def start_all(client: Client, desk: Desk, requests: Iterable[ReturnRequest]) -> list[Started]:
    """Start many cases, some at once; return what became of each, in order."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(request: ReturnRequest) -> Started:
        async with slots:
            return await start(client, desk, request)

    return await asyncio.gather(*(one(request) for request in requests))
