"""The desks this office software knows: each kind of work, its request and its story."""

from dataclasses import dataclass
from typing import Any

from contracts.ids import workflow_id
from contracts.returns import DESK as RETURNS
from contracts.returns import ReturnRequest
from workflows.returns import ReturnWorkflow


@dataclass(frozen=True)
class Desk:
    """One kind of work.

    Attributes:
        request: what one line of `kontor submit` must be.
        workflow: the story that a request starts.
    """

    name: str
    request: type[ReturnRequest]
    workflow: type[Any]

    def case_id(self, request: ReturnRequest) -> str:
        """Return the id of the case that a request makes or joins; raises ValueError if it cannot."""
        return workflow_id(self.name, request.channel, request.id)

    def summary(self, request: ReturnRequest) -> str:
        """Return the case in a line for the Temporal Web UI: no personal data."""
        return f"{self.name}: request {request.id} for order {request.order} at {request.channel}"


DESKS = {RETURNS: Desk(name=RETURNS, request=ReturnRequest, workflow=ReturnWorkflow)}
