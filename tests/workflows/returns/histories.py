"""What a case's history shows of where its steps ran."""

import json
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from tests.workflows.returns.shop import Shop
from workflows.returns.types import ReturnRequest

LOCAL = "core_local_activity"


@dataclass(frozen=True)
class Steps:
    """A case's steps in the order of its history.

    Attributes:
        queued: the types of activities that went over a queue; an effect with its step's name.
        local: the types of those that ran beside the workflow, failed tries included.
        tasks: how many workflow tasks were completed.
    """

    queued: tuple[str, ...]
    local: tuple[str, ...]
    tasks: int


async def steps_of(shop: Shop, request: ReturnRequest) -> Steps:
    return read(await shop.handle(request).fetch_history())


def read(history: WorkflowHistory) -> Steps:
    queued, local, tasks = [], [], 0
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            name = scheduled.activity_type.name
            if name == "effect.perform":
                name = json.loads(scheduled.input.payloads[0].data)["effect"]["step"]
            queued.append(name)
        elif event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == LOCAL:
                local.append(json.loads(marker.details["data"].payloads[0].data)["activity_type"])
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            tasks += 1
    return Steps(tuple(queued), tuple(local), tasks)
