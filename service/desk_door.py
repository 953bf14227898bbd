"""The door by which one desk's case begins another desk's: let in like any request, and found again."""

import asyncio
from typing import TYPE_CHECKING

from pydantic import JsonValue
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts.case import CaseStatus
from contracts.failure import CallFailed
from service.event_cases import Poisoned, begun
from workflows.registry import DESKS

if TYPE_CHECKING:
    from bootstrap.installation import Installation


class DeskDoor:
    """`connectors.transports.desk.Desks`: the desks of an installation, for a worker's activities."""

    def __init__(self, kontor: "Installation") -> None:
        self._kontor = kontor

    async def begin(self, desk: str, request: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Begin the case of a request, or find it begun; return where it stands.

        Raises:
            CallFailed: there is no such desk, or it is no request of its; or the server is away.
        """
        found = DESKS.get(desk)
        if found is None:
            known = ", ".join(DESKS)
            raise CallFailed(f"there is no desk {desk!r} (desks are: {known})", code="desk", sent=False)
        try:
            _, case_id = await begun(_client(), self._kontor, found, str(request.get("channel", "")), request)
        except Poisoned as poisoned:
            raise CallFailed(str(poisoned), code="request", sent=False) from None
        except RPCError as away:
            raise CallFailed(f"the server says {away.status.name}", exception=type(away).__name__) from None
        return await self.find(case_id) or _standing(case_id, CaseStatus.RUNNING)

    async def find(self, case_id: str) -> dict[str, JsonValue] | None:
        """Return where a case stands; None if there is none.

        A case that has begun may not be in the books yet: then the server knows it.

        Raises:
            CallFailed: the server is away.
        """
        record = await asyncio.to_thread(self._kontor.cases.find, case_id)
        if record is not None:
            return _standing(case_id, record.status, record.outcome)
        try:
            await _client().get_workflow_handle(case_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise CallFailed(f"the server says {error.status.name}", exception=type(error).__name__) from None
        return _standing(case_id, CaseStatus.RUNNING)


def _client() -> Client:
    """Return the client of the worker that runs this; raises CallFailed where nothing but a command does."""
    if not activity.in_activity():
        raise CallFailed("a case begins only from a worker", code="worker", sent=False)
    return activity.client()


def _standing(case_id: str, status: CaseStatus, outcome: str = "") -> dict[str, JsonValue]:
    return {"case": case_id, "status": status.value, "outcome": outcome, "ended": status.ended}
