"""A worker process killed with -9 while its calls are out, on every channel, before and after the commit."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.chaos_worker import STORM_QUEUE, StormWorkflow
from benchmarks.environment import own_settings
from benchmarks.faults import shop
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from connectors.secrets import EnvironmentSecrets
from contracts.effect import EffectOrder, EffectState, Permit, ProposedEffect
from contracts.ids import effect_key, permit_id
from memory.authoritative.ledger.view import EffectFilter
from memory.episodic.chain import KEY_NAME
from memory.episodic.signing_key import SigningKeyFile
from sandbox.faults import Fault, FaultPlan, Scripted
from sandbox.loading import load
from sandbox.server import Sandbox, running
from sandbox.world import CHANNELS, World
from service.temporal import connect
from settings import Settings
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
SENT = EffectFilter(state=EffectState.SENT)
STALLS = (Fault.STALL_BEFORE, Fault.STALL_AFTER)


def secrets_of(sandbox: Sandbox) -> dict[str, str]:
    """The channels' tokens as the worker's environment."""
    return {EnvironmentSecrets.variable(f"{name}.token"): token for name, token in sandbox.tokens.items()}


def start_worker(settings: Settings, secrets: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A worker process of its own, as `kontor up` runs one."""
    environment = os.environ | secrets
    environment |= {
        "KONTOR_STATE": str(settings.state),
        "KONTOR_OFFICE": str(settings.office),
        "KONTOR_TEMPORAL_ADDRESS": settings.temporal_address,
        "KONTOR_SANDBOX_PORT": str(settings.sandbox_port),
        "KONTOR_SECRETS": "environment",
        EnvironmentSecrets.variable(KEY_NAME): SigningKeyFile(settings.secrets_file).read(KEY_NAME),
    }
    with (settings.state / "worker.log").open("ab") as log:
        command = [sys.executable, "-m", "benchmarks.chaos_worker"]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def allow(kontor: Installation, effect: ProposedEffect, number: int) -> EffectOrder:
    """Issue the permit of one refund."""
    case_id = f"killed/{effect.connector}/{number}"
    key = effect_key(case_id, effect.step)
    permit = Permit(
        id=permit_id(key, effect.arguments_hash, "test"),
        effect_key=key,
        case_id=case_id,
        connector=effect.connector,
        operation=effect.operation,
        arguments_hash=effect.arguments_hash,
        amount_cents=effect.amount_cents,
        currency=effect.currency,
        connector_version=kontor.manifests[effect.connector].connector_version,
        policy_version=kontor.policy_engine.version,
        office_version="test",
        basis="test",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    kontor.authorizations.keep(case_id, (), (), [permit], datetime.now(UTC))
    return EffectOrder(case_id=case_id, key=key, effect=effect, permit_id=permit.id)


def paid(database: Path) -> dict[str, list[int]]:
    """What was refunded, by order, in the sandbox's own database."""
    made: dict[str, list[int]] = {}
    db = sqlite3.connect(database)
    for order, cents in db.execute("SELECT order_id, amount_cents FROM entries WHERE kind = 'refund'"):
        made.setdefault(order, []).append(cents)
    db.close()
    return made


async def all_sent(kontor: Installation, count: int) -> None:
    """Wait until every effect's first call is out."""
    async with asyncio.timeout(40):
        while len(kontor.ledger.newest(SENT)) < count:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)


async def test_calls_that_were_out_when_the_worker_was_killed_end_as_one_refund_each(tmp_path: Path) -> None:
    world = World(tmp_path / "sandbox.db")
    orders, effects = shop(len(CHANNELS) * len(STALLS))
    load(world, orders)
    world.close()
    with running(tmp_path / "sandbox.db", seeded=False, plan=FaultPlan(stall_seconds=30)) as sandbox:
        settings = own_settings(tmp_path).model_copy(update={"sandbox_port": sandbox.port})
        for number, effect in enumerate(effects):
            fault = STALLS[number // len(CHANNELS)]
            sandbox.faults.script.append(Scripted(channel=effect.connector, operation="refund", fault=fault))
        server = DevServer(tmp_path / "temporal.db", int(settings.temporal_address.split(":")[1])).start()
        worker = start_worker(settings, secrets_of(sandbox))
        try:
            client = await connect(settings)
            async with Installation(settings) as kontor:
                ordered = [allow(kontor, effect, number) for number, effect in enumerate(effects)]
                handles = [
                    await client.start_workflow(
                        StormWorkflow.run, each, id=each.case_id, task_queue=STORM_QUEUE
                    )
                    for each in ordered
                ]
                await all_sent(kontor, len(effects))
            worker.kill()
            worker.wait()
            worker = start_worker(settings, secrets_of(sandbox))
            async with asyncio.timeout(90):
                receipts = await asyncio.gather(*(handle.result() for handle in handles))
        finally:
            for process in (worker, server):
                process.kill()
                process.wait()
    assert {receipt.state for receipt in receipts} == {EffectState.APPLIED}
    assert paid(tmp_path / "sandbox.db") == {
        str(effect.arguments["order"]): [effect.amount_cents] for effect in effects
    }
