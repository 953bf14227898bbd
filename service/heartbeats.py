"""Which worker processes the Temporal server has heard of, on all machines, and how long ago."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import WorkerStatus
from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.client import Client
from temporalio.service import RPCError

ANSWER = timedelta(seconds=3)
SILENT_SECONDS = 30.0
"""A worker tells the server every ten seconds that it lives."""
LEAVING = (WorkerStatus.WORKER_STATUS_SHUTTING_DOWN, WorkerStatus.WORKER_STATUS_SHUTDOWN)


@dataclass
class Heard:
    """One process, by what its workers last said.

    Attributes:
        identity: `PID@HOST`, as it stands in histories and among a queue's pollers.
        queues: the task queues it serves.
        seconds_ago: by the clocks of both machines (`docs/decisions/0013` says how far apart they may be).
        leaving: whether it has said goodbye.
    """

    identity: str
    host: str
    pid: int
    seconds_ago: float
    leaving: bool
    queues: set[str] = field(default_factory=set)

    @property
    def silent(self) -> bool:
        """Whether it said nothing for so long that it must have died."""
        return not self.leaving and self.seconds_ago > SILENT_SECONDS


async def heard_of(client: Client) -> list[Heard]:
    """Return every process; none where the server keeps no heartbeats (an old one, or switched off)."""
    now = datetime.now(UTC)
    found: dict[str, Heard] = {}
    token = b""
    while True:
        asked = ListWorkersRequest(namespace=client.namespace, next_page_token=token)
        try:
            page = await client.workflow_service.list_workers(asked, timeout=ANSWER)
        except RPCError:
            return []
        for info in page.workers_info:
            beat = info.worker_heartbeat
            host, pid = beat.host_info.host_name, beat.host_info.process_id
            ago = (now - beat.heartbeat_time.ToDatetime(UTC)).total_seconds()
            one = found.setdefault(
                beat.worker_identity,
                Heard(beat.worker_identity, host, int(pid or 0), ago, leaving=True),
            )
            one.queues.add(beat.task_queue)
            one.seconds_ago = min(one.seconds_ago, ago)
            one.leaving = one.leaving and beat.status in LEAVING
        token = page.next_page_token
        if not token:
            return list(found.values())
