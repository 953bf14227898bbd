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
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import col, func, select
from temporalio.client import Client, WorkflowHandle

import bootstrap
from activities.errors import classify
from benchmarks.rows import Row
from benchmarks.storm_worker import STORM_QUEUE, StormWorkflow
from cli.children import ROOT
from cli.connection import connect
from cli.dev_server import DevServer
from connectors.connectors import Connectors
from connectors.secrets import EnvironmentSecrets
from contracts.effect import EffectOrder, EffectReceipt, EffectState, Permit, ProposedEffect
from contracts.failure import CallFailed, FailureClass
from contracts.ids import CONTROL_QUEUE, effect_key, permit_id
from contracts.reconciling import Patience, ReconcileRequest, ReconcileTally
from memory.database import reading
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectRow
from sandbox.faults import Fault, FaultPlan
from settings import Settings
from workflows.reconcile import ReconcileWorkflow

AT_ONCE = 20
LONGEST_SECONDS = 1200.0
PLAIN_ATTEMPTS = 40
SETTLED = (EffectState.APPLIED.value, EffectState.FAILED.value, EffectState.UNKNOWN.value)
DONE = (EffectState.APPLIED, EffectState.COMPENSATED)

Made = Mapping[str, Sequence[int]]
"""What the outside system says was refunded: amounts in cents by order."""

HARD = {
    Fault.RATE_LIMITED: 0.04,
    Fault.ERROR_BEFORE: 0.03,
    Fault.ERROR_AFTER: 0.04,
    Fault.CUT_BEFORE: 0.03,
    Fault.CUT_AFTER: 0.05,
    Fault.STALL_BEFORE: 0.005,
    Fault.STALL_AFTER: 0.01,
}
LIGHT = {Fault.RATE_LIMITED: 0.04, Fault.ERROR_BEFORE: 0.04, Fault.CUT_BEFORE: 0.05}


def storm_plan(seed: int) -> FaultPlan:
    """One refund call in five fails, one other call in eight; stalls of 30 s."""
    return FaultPlan(seed=seed, rates={"refund": HARD, "*": LIGHT}, stall_seconds=30.0)


@dataclass(frozen=True)
class Report:
    """What came of a storm.

    Attributes:
        lost: refunds that neither happened nor wait for a person.
        twice: refunds too many.
        difference_cents: between our ledger and the outside system, summed over the orders.
        waiting: effects that did not end `applied`, or diverge, and are a person's.
        failing: share of the refund calls that failed.
    """

    asked: int
    lost: int
    twice: int
    difference_cents: int
    waiting: int
    kills: int
    seconds: float
    failing: float
    tally: ReconcileTally

    def rows(self, suffix: str = "") -> list[Row]:
        """The rows of the issue; the bar of each is 0."""
        return [
            Row(f"effects.faults.lost{suffix}", self.lost, "count", 0),
            Row(f"effects.faults.twice{suffix}", self.twice, "count", 0),
            Row(f"effects.faults.difference_cents{suffix}", self.difference_cents, "cents", 0),
            Row(f"effects.faults.waiting{suffix}", self.waiting, "count"),
            Row(f"effects.faults.failing{suffix}", self.failing, "share", 0.12),
            Row(f"effects.faults.kills{suffix}", self.kills, "count"),
            Row(f"effects.faults.seconds{suffix}", self.seconds, "s"),
        ]


def office_with(folder: Path, manifests: Mapping[str, str]) -> Path:
    """Return a copy of the example office with these manifests, by name, besides its own."""
    office = folder / "office"
    shutil.copytree(ROOT / "office", office)
    for name, text in manifests.items():
        (office / "connectors" / f"{name}.toml").write_text(text)
    return office


@dataclass
class Storm:
    """A server and a worker of its own on one office.

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
    worker: "subprocess.Popen[bytes] | None" = None

    async def run(
        self, refunds: Sequence[ProposedEffect], kills: int, failing: Callable[[], float]
    ) -> Report:
        """Get every refund done, killing the worker meanwhile, then reconcile and count."""
        began = time.monotonic()
        self._keep_secrets()
        port = int(self.settings.temporal_address.rsplit(":", 1)[1])
        server = DevServer(self.settings.state / "temporal.db", port).start()
        self._start_worker()
        try:
            async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as group:
                watching = group.create_task(self._watch())
                tally = await self._through(refunds, kills)
                watching.cancel()
        finally:
            for process in (self.worker, server):
                if process is not None:
                    process.kill()
                    process.wait()
        return self._report(refunds, await self.made(), tally, failing(), time.monotonic() - began)

    async def _through(self, refunds: Sequence[ProposedEffect], kills: int) -> ReconcileTally:
        client = await connect(self.settings)
        handles = await self._start(client, self._permitted(refunds))
        for moment in sorted(self.chance.sample(range(1, len(refunds)), kills)):
            await self._until_settled(moment)
            self._kill_worker()
            self._start_worker()
        await asyncio.gather(*(handle.result() for handle in handles))
        return await self._reconcile(client, {effect.connector for effect in refunds})

    @property
    def _secrets_file(self) -> Path:
        return self.settings.state / "secrets.toml"

    def _keep_secrets(self) -> None:
        lines = (f"{name} = {json.dumps(value)}\n" for name, value in self.secrets.items())
        self._secrets_file.touch(mode=0o600)
        self._secrets_file.write_text("".join(lines))

    def _permitted(self, refunds: Sequence[ProposedEffect]) -> list[EffectOrder]:
        """Issue a permit for each refund, as the authorization of a case does."""
        outside = bootstrap.connectors(self.settings)
        policy_version = bootstrap.policy_engine(self.settings).version
        orders, permits = [], []
        for number, effect in enumerate(refunds):
            case_id = f"storm/{effect.connector}/{number:05d}"
            key = effect_key(case_id, effect.step)
            permit = Permit(
                id=permit_id(key, effect.arguments_hash, "storm"),
                effect_key=key,
                case_id=case_id,
                connector=effect.connector,
                operation=effect.operation,
                arguments_hash=effect.arguments_hash,
                connector_version=outside.manifest(effect.connector).connector_version,
                policy_version=policy_version,
                office_version="storm",
                basis="storm",
                expires_at=datetime.now(UTC) + timedelta(days=1),
            )
            permits.append(permit)
            orders.append(EffectOrder(case_id=case_id, key=key, effect=effect, permit_id=permit.id))
        bootstrap.permits(self.settings).issue(permits)
        return orders

    async def _start(
        self, client: Client, orders: Sequence[EffectOrder]
    ) -> list[WorkflowHandle[StormWorkflow, EffectReceipt]]:
        door = asyncio.Semaphore(AT_ONCE)

        async def start(order: EffectOrder) -> WorkflowHandle[StormWorkflow, EffectReceipt]:
            async with door:
                return await client.start_workflow(
                    StormWorkflow.run, order, id=order.case_id, task_queue=STORM_QUEUE
                )

        return await asyncio.gather(*(start(order) for order in orders))

    def _start_worker(self) -> None:
        own = self.settings
        environment = {
            **os.environ,
            "KONTOR_STATE": str(own.state),
            "KONTOR_OFFICE": str(own.office),
            "KONTOR_TEMPORAL_ADDRESS": own.temporal_address,
            "KONTOR_SANDBOX_PORT": str(own.sandbox_port),
            "KONTOR_SECRETS_FILE": str(self._secrets_file),
        }
        with (own.state / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "benchmarks.storm_worker"]
            self.worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own

    def _kill_worker(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            self.kills += 1

    async def _watch(self) -> None:
        """Say so if the worker ends by itself: nobody would finish what it left."""
        while True:
            await asyncio.sleep(0.5)
            if self.worker is not None and self.worker.poll() is not None:
                words = (self.settings.state / "worker.log").read_text(errors="replace")[-800:]
                raise RuntimeError(f"the worker ended by itself:\n{words}")

    async def _until_settled(self, refunds: int) -> None:
        while self._settled() < refunds:  # noqa: ASYNC110 - the worker is another process: its books are asked
            await asyncio.sleep(self.chance.uniform(0.02, 0.2))

    def _settled(self) -> int:
        with reading(bootstrap.database(self.settings)) as session:
            query = select(func.count()).select_from(EffectRow).where(col(EffectRow.state).in_(SETTLED))
            return session.exec(query).one()

    async def _reconcile(self, client: Client, connectors: set[str]) -> ReconcileTally:
        patience = Patience(margin=timedelta(0), grace=timedelta(0))
        return await client.execute_workflow(
            ReconcileWorkflow.run,
            ReconcileRequest(connectors=tuple(sorted(connectors)), patience=patience),
            id="storm-reconcile",
            task_queue=CONTROL_QUEUE,
        )

    def _report(
        self,
        refunds: Sequence[ProposedEffect],
        made: Made,
        tally: ReconcileTally,
        failing: float,
        seconds: float,
    ) -> Report:
        with reading(bootstrap.database(self.settings)) as session:
            rows = session.exec(select(EffectRow)).all()
            divergent = set(session.exec(select(DivergenceRow.effect_key)).all())
        ours = {order_of(row.arguments): row for row in rows}
        lost = waiting = twice = difference = 0
        for effect in refunds:
            order = order_of(effect.arguments)
            outside = list(made.get(order, []))
            row = ours.get(order)
            applied = row is not None and row.state in DONE
            if row is not None and (not applied or row.key in divergent):
                waiting += 1
            elif not outside:
                lost += 1
            twice += max(0, len(outside) - 1)
            difference += abs(sum(outside) - (row.amount_cents if row is not None and applied else 0))
        return Report(
            asked=len(refunds),
            lost=lost,
            twice=twice,
            difference_cents=difference,
            waiting=waiting,
            kills=self.kills,
            seconds=seconds,
            failing=failing,
            tally=tally,
        )


def from_memory(secrets: Mapping[str, str]) -> EnvironmentSecrets:
    """Return secrets of this process alone, by the names that manifests use."""
    return EnvironmentSecrets({EnvironmentSecrets.variable(name): value for name, value in secrets.items()})


async def plain_retries(outside: Connectors, refunds: Sequence[ProposedEffect]) -> None:
    """Refund with at-least-once retries only: the same call with the same key until it answers."""
    door = asyncio.Semaphore(AT_ONCE)

    async def refund(number: int, effect: ProposedEffect) -> None:
        key = effect_key(f"storm/{effect.connector}/{number:05d}", effect.step)
        async with door:
            for _attempt in range(PLAIN_ATTEMPTS):
                try:
                    await outside.send(effect.connector, effect.operation, effect.arguments, key)
                except CallFailed as failed:
                    meaning = classify(outside.manifest(effect.connector), effect.operation, failed)
                    if meaning is FailureClass.NOT_APPLIED_FINAL:
                        return
                    await asyncio.sleep(failed.retry_after_seconds or 0.1)
                else:
                    return

    await asyncio.gather(*(refund(number, effect) for number, effect in enumerate(refunds)))


def twice_in(made: Made, refunds: Sequence[ProposedEffect]) -> int:
    """Count the refunds too many."""
    asked = Counter(order_of(effect.arguments) for effect in refunds)
    return sum(max(0, len(made.get(order, [])) - times) for order, times in asked.items())


def order_of(arguments: Mapping[str, object]) -> str:
    """Return the order that a refund goes to."""
    return str(arguments["order"])


def failing_share(stats: Mapping[str, Mapping[str, Mapping[str, int]]], operation: str) -> float:
    """Return the share of an operation's calls that failed, from the sandbox's counters."""
    counted: Counter[str] = Counter()
    for operations in stats.values():
        counted.update(operations.get(operation, {}))
    failed = sum(times for what, times in counted.items() if what not in ("calls", Fault.SLOW.value))
    return failed / counted["calls"] if counted["calls"] else 0.0
