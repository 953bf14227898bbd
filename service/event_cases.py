"""What events do to cases: one begins or is joined, or is told to read its facts again."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, ValidationError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from connectors.extraction import Extraction, ExtractionFailed
from contracts.desk import Desk
from contracts.event import EventHandled, EventStanding
from contracts.field_errors import field_errors_text
from service.intake import Started, start

if TYPE_CHECKING:
    from bootstrap.installation import Installation

STARTED = {
    Started.NEW: EventHandled(standing=EventStanding.STARTED),
    Started.AGAIN: EventHandled(
        standing=EventStanding.STARTED, why="its case had come to no end, and began again"
    ),
}


class Poisoned(Exception):
    """An event that nothing can be done about, however often it is tried; says why."""


def picked(paths: Mapping[str, str], data: JsonValue) -> dict[str, Any]:
    """Return what stands at these paths by name; raises Poisoned where one cannot be followed."""
    found = {}
    for name, path in paths.items():
        try:
            found[name] = Extraction.cached(path).find(data)
        except ExtractionFailed as failed:
            raise Poisoned(f"{name}: {failed}") from None
    return found


async def begin(
    client: Client, kontor: "Installation", desk: Desk[Any], channel: str, said: dict[str, Any]
) -> EventHandled:
    """Start the case of a request, or join it: what it knows is a hint to read the facts again.

    Args and raises as `begun`.
    """
    started, case_id = await begun(client, kontor, desk, channel, said)
    if started is Started.JOINED:
        return await hint(client, [case_id], EventStanding.JOINED)
    return STARTED[started].model_copy(update={"cases": (case_id,)})


async def begun(
    client: Client, kontor: "Installation", desk: Desk[Any], channel: str, said: dict[str, Any]
) -> tuple[Started, str]:
    """Start the case of a request unless it has begun; return which of both, and the case.

    Args:
        client: of the Temporal server.
        kontor: whose office says which channels the desk takes requests from.
        desk: whose request it is.
        channel: the connector that it is about.
        said: the request's fields; those that are None were not said.

    Raises:
        Poisoned: it is no request, or another one made its case.
    """
    given = {name: value for name, value in said.items() if value is not None}
    try:
        request = desk.request.model_validate({"channel": channel} | given)
        case_id = desk.case_id(request)
    except ValidationError as invalid:
        raise Poisoned(field_errors_text(invalid)) from None
    except ValueError as unfit:
        raise Poisoned(str(unfit)) from None
    if request.channel not in kontor.sources(desk):
        raise Poisoned(f"channel: {request.channel!r} is no connector that the desk takes requests from")
    started = await start(client, kontor.admissions, desk, request)
    if started is Started.CONFLICT:
        raise Poisoned(f"another request made {case_id} already: a person must say what of this one is new")
    return started, case_id


async def hint(client: Client, case_ids: Sequence[str], standing: EventStanding) -> EventHandled:
    """Let cases read their facts again; those that have ended by now are too late for it."""
    told = []
    for case_id in case_ids:
        try:
            await client.get_workflow_handle(case_id).signal("facts_changed")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            told.append(case_id)
    return EventHandled(standing=standing, cases=tuple(told)) if told else too_late(case_ids[0])


def too_late(case_id: str) -> EventHandled:
    """Return that an event comes too late for a case."""
    return EventHandled(
        standing=EventStanding.TOO_LATE, why=f"{case_id} has ended, and is not begun again", cases=(case_id,)
    )
