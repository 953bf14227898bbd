"""A case that waits for people for sixty days, whose order of 0.9 MB is read again every two hours.

Time is skipped: the server's clock runs ahead to the next timer whenever the case idles. Measured is what
one run of the case leaves at the server. `KONTOR_WAIT_DAYS` makes it shorter.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

import worker
from benchmarks.environment import own_settings
from benchmarks.rows import Row
from bootstrap import serving
from bootstrap.installation import Installation
from cli.stack.dev_server import temporal_binary
from cli.stack.processes import ROOT
from sandbox.faults import Faults
from sandbox.loading import LineIn, Load, OrderIn, load
from sandbox.server import Sandbox, running
from sandbox.world import World
from service.intake import start
from workflows.kernel import search_attributes
from workflows.registry import DESKS
from workflows.returns.types import ReturnRequest, ReturnResult

DAYS = int(os.environ.get("KONTOR_WAIT_DAYS", "60"))
ORDER_BYTES = 900_000
MOST_BYTES = 5_000_000
MOST_EVENTS = 10_000
ROLES = (worker.Role.CONTROL, worker.Role.MODELS, worker.Role.MEMORY, worker.Role.CONNECTORS)
SKIPPING = [
    "--dynamic-config-value",
    "frontend.WorkflowTimeSkippingEnabled=true",
    "--dynamic-config-value",
    'history.timerProcessorMaxTimeShift="10ms"',
    "--dynamic-config-value",
    'history.workflowIdReuseMinimalInterval="-87600h"',
]
"""The last is the pause before a run that goes on with another's case. The server counts it by its own clock
and by the case's, which is weeks ahead, and would hold the next run back for as long."""
MOST_SKIPS = 100_000


@dataclass(frozen=True)
class Run:
    """One run of a case at the server.

    Attributes:
        size: of its history, in bytes.
        looks: how often the order was read again.
    """

    events: int
    size: int
    looks: int


@dataclass
class Office:
    """A whole Kontor in this process, at a server that skips time, before its sandbox."""

    client: Client
    installation: Installation
    sandbox: Sandbox
    world: World

    @property
    def faults(self) -> Faults:
        """The sandbox's faults."""
        return self.sandbox.faults

    def give(self, order: OrderIn, *, replace: bool = False) -> None:
        """Put an order into its channel."""
        load(self.world, Load(orders=[order], replace=replace))

    async def hand_in(self, request: ReturnRequest) -> WorkflowHandle[Any, ReturnResult]:
        """Start the case of a request."""
        desk = DESKS["returns"]
        await start(self.client, self.installation.admissions, desk, request)
        return self.client.get_workflow_handle(desk.case_id(request), result_type=ReturnResult)

    async def runs(self, handle: WorkflowHandle[Any, ReturnResult]) -> list[Run]:
        """Return the runs of a case, the first first."""
        found, run_id = [], await self._first_run(handle)
        while run_id:
            run = self.client.get_workflow_handle(handle.id, run_id=run_id)
            size = (await run.describe()).raw_description.workflow_execution_info.history_size_bytes
            looks, events, run_id = 0, 0, ""
            async for event in run.fetch_history_events():
                events += 1
                looks += _is_look(event)
                run_id = event.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
            found.append(Run(events, size, looks))
        return found

    async def _first_run(self, handle: WorkflowHandle[Any, ReturnResult]) -> str:
        described = await handle.describe()
        return described.raw_description.workflow_execution_info.first_run_id


def _is_look(event: Any) -> bool:
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        return bool(event.activity_task_scheduled_event_attributes.activity_type.name == "order.look")
    if event.event_type != EventType.EVENT_TYPE_MARKER_RECORDED:
        return False
    details = event.marker_recorded_event_attributes.details
    return "data" in details and b'"order.look"' in details["data"].payloads[0].data


@asynccontextmanager
async def office_where_time_flies(folder: Path, days: int) -> AsyncIterator[Office]:
    """Run an office at a server that skips time, whose people have so many days for an answer."""
    with running(folder / "sandbox.db", seeded=False) as sandbox:
        settings = own_settings(folder / "state").model_copy(
            update={"sandbox_port": sandbox.port, "office": _patient_office(folder, days)}
        )
        settings.state.mkdir()
        secrets = [f'{name}.token = "{token}"\n' for name, token in sandbox.tokens.items()]
        settings.secrets_file.touch(mode=0o600)
        settings.secrets_file.write_text("".join(secrets))
        async with AsyncExitStack() as stack:
            environment = await stack.enter_async_context(await _server())
            installation = await stack.enter_async_context(Installation(settings))
            await serving.warm_models(installation)
            await installation.memory.start()
            for role in ROLES:
                for one in worker.ROLES[role](environment.client, installation, ROLES):
                    await stack.enter_async_context(one)
            world = World(sandbox.database)
            stack.callback(world.close)
            yield Office(environment.client, installation, sandbox, world)


async def _server() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(max_session_skip_count=MOST_SKIPS),
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=SKIPPING,
        dev_server_log_level="error",
        search_attributes=search_attributes.ALL,
        data_converter=pydantic_data_converter,
    )


def _patient_office(folder: Path, days: int) -> Path:
    """Return a copy of the example office that works round the clock and gives people so many days."""
    office = folder / "office"
    shutil.copytree(ROOT / "office", office)
    file = office / "office.toml"
    always = re.sub(r"\[\"09:00.*\]", '["00:00-24:00"]', file.read_text())
    weekend = always.replace(
        "[holidays]", 'saturday = ["00:00-24:00"]\nsunday = ["00:00-24:00"]\n\n[holidays]'
    )
    nobody_free = re.sub(r"(?m)^(country|subdivision|closed) .*\n", "", weekend)
    file.write_text(re.sub(r"(?m)^deadline_hours = .*$", f"deadline_hours = {24 * days}", nobody_free))
    return office


def big_order(number: str, size: int) -> OrderIn:
    """Return an order of so many bytes, whose first line costs more than is refunded unattended."""
    words = "Hand-printed linen, cut and sewn to the measure of the drawing that came with the order"
    lines = [
        LineIn(
            id=f"L{place:04d}",
            sku=f"SKU-{place:04d}",
            product="P-1",
            name=f"Cushion cover number {place}",
            options={"size": "40 x 40 cm", "make": words},
            unit_price_cents=50_000 if place == 1 else 1_000,
        )
        for place in range(1, size // 285 + 1)
    ]
    return OrderIn(
        id=number,
        channel="webshop",
        customer="c-1",
        status="delivered",
        placed_days_ago=9,
        delivered_days_ago=5,
        currency="EUR",
        payment_method="card-1",
        lines=lines,
    )


def asking_for_the_first_line(order: str) -> ReturnRequest:
    """Return the request that a customer makes of the order's first line."""
    return ReturnRequest(
        id=f"WAIT-{order}",
        channel="webshop",
        order=order,
        message="The cushion cover is too small. I want to return it and get my money back, please.",
        items=("L0001",),
    )


async def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="kontor-wait-") as folder:
        async with office_where_time_flies(Path(folder), DAYS) as office:
            office.give(big_order("BIG-1", ORDER_BYTES))
            fields = await office.installation.connectors.read("webshop", "get_order", {"order": "BIG-1"})
            began = time.monotonic()
            handle = await office.hand_in(asking_for_the_first_line("BIG-1"))
            result = await handle.result()
            seconds = time.monotonic() - began
            runs = await office.runs(handle)
            asked = office.installation.approvals.of_case(handle.id)
    assert result.outcome == "expired", result
    return _rows(runs, len(str(fields)), len(asked), seconds)


def _rows(runs: Sequence[Run], order_bytes: int, asked: int, seconds: float) -> list[Row]:
    return [
        Row("long_wait.bytes_a_run", max(run.size for run in runs), "bytes", MOST_BYTES),
        Row("long_wait.events_a_run", max(run.events for run in runs), "count", MOST_EVENTS),
        Row("long_wait.bytes_in_all", sum(run.size for run in runs), "bytes"),
        Row("long_wait.runs", len(runs), "count"),
        Row("long_wait.looks", sum(run.looks for run in runs), "count", 12 * DAYS),
        Row("long_wait.order_bytes", order_bytes, "bytes", ORDER_BYTES),
        Row("long_wait.questions", asked, "count", 1),
        Row("long_wait.seconds", seconds, "s"),
    ]
