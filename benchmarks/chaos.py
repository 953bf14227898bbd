"""Many refunds through a system that fails, under a worker that is killed: what was lost, what twice.

Every refund goes to an order of its own, so that what the outside system itself says can be counted
order by order. The same orders can also be refunded by plain at-least-once retries, without ledger
and look-up, to see the difference.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlmodel import col, func, select
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import TerminatedError

from benchmarks.chaos_worker import SERVING, STORM_QUEUE, StormCase, StormEnd
from benchmarks.storm_report import TERMINATED, Counted, Made, Report, report_on
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from cli.stack.processes import ROOT
from connectors.secrets import EnvironmentSecrets
from contracts.authorization import Plan
from contracts.effect import EffectState, ProposedEffect
from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.messages import Patience, ReconcileRequest, ReconcileSummary
from memory.database import reading
from memory.tables.ledger import EffectRow
from sandbox.faults import Fault, FaultPlan
from service.temporal import connect
from settings import Settings
from workflows.reconciliation.reconcile import ReconcileWorkflow
from workflows.returns.facts import ReturnFacts
from workflows.returns.types import Intent, Reason

AT_ONCE = 20
LONGEST_SECONDS = 3600.0
DEPLOY_AFTER = 4
"""When one refund of so many is settled, the next version of the office comes in."""
DEPLOY_SECONDS = 60.0
"""So long both versions serve; half of the refunds begin in that minute."""
ONE_MORE = """
@id("returns.storm")
@reason("Nobody returns what is worth a million.")
forbid (principal, action == returns::Action::"do", resource)
when { context.amount_cents > 100000000 };
"""
SETTLED = (EffectState.APPLIED.value, EffectState.FAILED.value, EffectState.UNKNOWN.value)
Handle = WorkflowHandle[StormCase, StormEnd]

HARD = {
    Fault.RATE_LIMITED: 0.04,
    Fault.ERROR_BEFORE: 0.03,
    Fault.ERROR_AFTER: 0.04,
    Fault.CUT_BEFORE: 0.03,
    Fault.CUT_AFTER: 0.05,
    Fault.STALL_BEFORE: 0.005,
    Fault.STALL_AFTER: 0.01,
    Fault.LATE_COMMIT: 0.01,
}
REFUSALS = {
    Fault.UNAUTHORIZED: 0.0075,
    Fault.FORBIDDEN: 0.0075,
    Fault.CONFLICT: 0.0075,
    Fault.REFUSED: 0.0075,
}
"""Three calls in a hundred are refused, whatever was done before: of the refunds and of the `LOOK_UPS`. A
listing that is refused would wait for the next run of the reconciler."""
LOOK_UPS = ("find", "refunds")
LIGHT = {Fault.RATE_LIMITED: 0.04, Fault.ERROR_BEFORE: 0.04, Fault.CUT_BEFORE: 0.05}


def storm_plan(seed: int) -> FaultPlan:
    """One refund call in five fails, one other call in eight, and some are refused; stalls of 30 s."""
    looked_up = dict.fromkeys(LOOK_UPS, LIGHT | REFUSALS)
    rates = {"refund": HARD | REFUSALS, "*": LIGHT, **looked_up}
    return FaultPlan(seed=seed, rates=rates, stall_seconds=30.0)


def office_with(folder: Path, manifests: Mapping[str, str]) -> Path:
    """Return a copy of the example office with these manifests, by name, besides its own."""
    office = folder / "office"
    shutil.copytree(ROOT / "office", office)
    for name, text in manifests.items():
        (office / "connectors" / f"{name}.toml").write_text(text)
    return office


def next_office(settings: Settings) -> Path:
    """Return a copy of the office with one more policy, which changes no verdict of the storm."""
    office = settings.state / "next-office"
    shutil.copytree(settings.office, office)
    with (office / "policies" / "returns.cedar").open("a") as policies:
        policies.write(ONE_MORE)
    return office


def _plan(number: int, effect: ProposedEffect) -> Plan:
    """Return what a desk would propose about a delivered order whose one line comes back."""
    facts = ReturnFacts(
        intent=Intent.RETURN,
        reason=Reason.SIZE,
        understood=True,
        order_status="delivered",
        amount_cents=effect.amount_cents,
        paid_cents=3 * effect.amount_cents,
        remaining_cents=3 * effect.amount_cents,
        days_since_delivery=3,
        member_level="guest",
        earlier_returns=0,
        already_returned=False,
        currency=effect.currency,
        channel=effect.connector,
    )
    return Plan(
        case_id=f"storm/{effect.connector}/{number:05d}",
        desk="returns",
        summary="a refund in the storm",
        facts=facts.model_dump(mode="json"),
        effects=(effect,),
    )


async def _end_of(handle: Handle) -> StormEnd:
    try:
        return await handle.result()
    except WorkflowFailureError as failed:
        if isinstance(failed.cause, TerminatedError):
            return StormEnd(word=TERMINATED, judged=0)
        raise


@dataclass
class Storm:
    """A server and workers of its own, first on one office, then on the next version of it.

    Attributes:
        settings: where everything is; the database must be empty.
        secrets: values by name, `webshop.token`, for the worker.
        made: asks the outside system, out of band, what it refunded.
    """

    settings: Settings
    secrets: Mapping[str, str]
    made: Callable[[], Awaitable[Made]]
    chance: random.Random = field(default_factory=lambda: random.Random(11))
    kills: int = 0
    workers: "dict[Path, subprocess.Popen[bytes]]" = field(default_factory=dict)
    both_serve: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.installation = Installation(self.settings)

    async def run(
        self, refunds: Sequence[ProposedEffect], kills: int, failing: Callable[[], float]
    ) -> Report:
        """Get every refund done, killing the worker meanwhile, then reconcile and count."""
        async with self.installation:
            return await self._run(refunds, kills, failing)

    async def _run(
        self, refunds: Sequence[ProposedEffect], kills: int, failing: Callable[[], float]
    ) -> Report:
        began = time.monotonic()
        self._keep_secrets()
        port = int(self.settings.temporal_address.rsplit(":", 1)[1])
        server = DevServer(self.settings.state / "temporal.db", port).start()
        self._start_worker(self.settings.office)
        try:
            async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as group:
                watching = group.create_task(self._watch())
                deploying = group.create_task(self._deploy(len(refunds) // DEPLOY_AFTER))
                tally, ends = await self._through(refunds, kills, deploying)
                watching.cancel()
        finally:
            for process in (*self.workers.values(), server):
                process.kill()
                process.wait()
        counted = Counted(
            ends=ends, kills=self.kills, seconds=time.monotonic() - began, failing=failing(), tally=tally
        )
        return report_on(self.installation, refunds, await self.made(), counted)

    async def _through(
        self, refunds: Sequence[ProposedEffect], kills: int, deploying: "asyncio.Task[None]"
    ) -> tuple[ReconcileSummary, list[StormEnd]]:
        client = await connect(self.settings)
        plans = [_plan(number, each) for number, each in enumerate(refunds)]
        half = len(plans) // 2
        handles = await self._start(client, plans[:half])
        killing = asyncio.create_task(self._kill_now_and_then(len(refunds), kills))
        await self.both_serve.wait()
        handles += await self._start(client, plans[half:])
        await killing
        ends = [await _end_of(handle) for handle in handles]
        await deploying
        return await self._reconcile(client, {effect.connector for effect in refunds}), ends

    async def _kill_now_and_then(self, refunds: int, kills: int) -> None:
        for moment in sorted(self.chance.sample(range(1, refunds), kills)):
            await self._until_settled(moment)
            self._kill_worker()

    async def _deploy(self, after: int) -> None:
        """Bring in a worker with the next version of the office, and a minute later take the old one away."""
        await self._until_settled(after)
        now, then = self.settings.office, next_office(self.settings)
        self._start_worker(then)
        while f"{SERVING} [{self.workers[then].pid}]" not in self._log():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)
        self.both_serve.set()
        await asyncio.sleep(DEPLOY_SECONDS)
        old = self.workers.pop(now)
        old.terminate()
        await asyncio.to_thread(old.wait)

    @property
    def _secrets_file(self) -> Path:
        return self.settings.state / "secrets.toml"

    def _keep_secrets(self) -> None:
        lines = (f"{name} = {json.dumps(value)}\n" for name, value in self.secrets.items())
        self._secrets_file.touch(mode=0o600)
        self._secrets_file.write_text("".join(lines))

    async def _start(self, client: Client, plans: Sequence[Plan]) -> list[Handle]:
        door = asyncio.Semaphore(AT_ONCE)

        async def start(plan: Plan) -> Handle:
            async with door:
                return await client.start_workflow(
                    StormCase.run, plan, id=plan.case_id, task_queue=STORM_QUEUE
                )

        return await asyncio.gather(*(start(plan) for plan in plans))

    def _start_worker(self, office: Path) -> None:
        own = self.settings
        environment = {
            **os.environ,
            "KONTOR_STATE": str(own.state),
            "KONTOR_OFFICE": str(office),
            "KONTOR_TEMPORAL_ADDRESS": own.temporal_address,
            "KONTOR_SANDBOX_PORT": str(own.sandbox_port),
            "KONTOR_SECRETS_FILE": str(self._secrets_file),
        }
        with (own.state / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "benchmarks.chaos_worker"]
            started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
        self.workers[office] = started

    def _kill_worker(self) -> None:
        """Kill a worker, and start another on the same office."""
        office = self.chance.choice(list(self.workers))
        self.workers[office].kill()
        self.workers[office].wait()
        self.kills += 1
        self._start_worker(office)

    async def _watch(self) -> None:
        """Say so if a worker ends by itself: nobody would finish what it left."""
        while True:
            await asyncio.sleep(0.5)
            if any(worker.poll() is not None for worker in self.workers.values()):
                raise RuntimeError(f"a worker ended by itself:\n{self._log()[-800:]}")

    def _log(self) -> str:
        return (self.settings.state / "worker.log").read_text(errors="replace")

    async def _until_settled(self, refunds: int) -> None:
        while self._settled() < refunds:  # noqa: ASYNC110 - the worker is another process: its books are asked
            await asyncio.sleep(self.chance.uniform(0.02, 0.2))

    def _settled(self) -> int:
        with reading(self.installation.database) as session:
            query = select(func.count()).select_from(EffectRow).where(col(EffectRow.state).in_(SETTLED))
            return session.exec(query).one()

    async def _reconcile(self, client: Client, connectors: set[str]) -> ReconcileSummary:
        patience = Patience(margin=timedelta(0), grace=timedelta(0))
        return await client.execute_workflow(
            ReconcileWorkflow.run,
            ReconcileRequest(connectors=tuple(sorted(connectors)), patience=patience),
            id="storm-reconcile",
            task_queue=CONTROL_QUEUE,
        )


def from_memory(secrets: Mapping[str, str]) -> EnvironmentSecrets:
    """Return secrets of this process alone, by the names that manifests use."""
    return EnvironmentSecrets({EnvironmentSecrets.variable(name): value for name, value in secrets.items()})


def failing_share(stats: Mapping[str, Mapping[str, Mapping[str, int]]], operation: str) -> float:
    """Return the share of an operation's calls that failed, from the sandbox's counters."""
    counted: Counter[str] = Counter()
    for operations in stats.values():
        counted.update(operations.get(operation, {}))
    failed = sum(times for what, times in counted.items() if what not in ("calls", Fault.SLOW.value))
    return failed / counted["calls"] if counted["calls"] else 0.0
