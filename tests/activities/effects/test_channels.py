"""Each strategy over a real socket, against the sandbox's three channels and their own database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.effects import EffectActivities
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.connector import Latency, Manifest
from contracts.effect import EffectOrder, EffectReceipt, EffectState, Permit, ProposedEffect
from contracts.ids import effect_key, permit_id
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from sandbox.faults import MORNING, Fault, FaultPlan, Scripted
from sandbox.loading import LineIn, Load, OrderIn, load
from sandbox.server import Sandbox, running
from sandbox.world import CHANNELS, World
from tests.activities.grounds import ANYBODY
from tests.memory.audit_helpers import journal

QUICK = Latency(timeout_seconds=0.4, settle_seconds=0.3)
"""The channels' own numbers are seconds; what is shown here is the order of things."""
PLAN = FaultPlan(retry_after_seconds=0, stall_seconds=0.6, late_seconds=0.2, slow_seconds=0.05)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    database = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    world = World(database)
    line = LineIn(
        id="L1", sku="S-1", quantity=3, product="P", name="Scarf", options={}, unit_price_cents=9000
    )
    orders = [
        OrderIn(
            id=f"{channel}-{number}",
            channel=channel,
            customer="c",
            status="delivered",
            currency="EUR",
            payment_method="card",
            lines=[line],
        )
        for channel in CHANNELS
        for number in range(60)
    ]
    load(world, Load(orders=orders))
    world.close()
    with running(database, seeded=False, plan=PLAN) as started:
        yield started


def hurried(manifest: Manifest) -> Manifest:
    """The shipped manifest with shorter patience."""
    operations = {
        name: operation.model_copy(update={"latency": QUICK})
        for name, operation in manifest.operations.items()
    }
    return manifest.model_copy(update={"operations": operations})


@dataclass
class Channels:
    """The effect activity on the sandbox."""

    sandbox: Sandbox
    outside: Connectors
    engine: Engine
    orders: Iterator[int]

    def order(self, channel: str) -> EffectOrder:
        """A refund of 40.00 on an order of its own."""
        number = f"{channel}-{next(self.orders)}"
        effect = ProposedEffect(
            step="refund",
            connector=channel,
            operation="refund",
            arguments={
                "order": number,
                "payment_method": "card",
                "amount_cents": 4000,
                "currency": "EUR",
                "reason": "size",
                "lines": [{"line": "L1", "sku": "S-1", "quantity": 1}],
            },
            amount_cents=4000,
            currency="EUR",
        )
        return self.allowed(f"returns/{channel}/{number}", effect)

    def allowed(self, case_id: str, effect: ProposedEffect) -> EffectOrder:
        """The order for an effect, with its permit."""
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
            connector_version=self.outside.manifest(effect.connector).connector_version,
            policy_version="p",
            office_version="o",
            basis="test",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
        SqlAuthorizations(journal(self.engine)).keep(case_id, (), (), [permit], datetime.now(UTC))
        return EffectOrder(case_id=case_id, key=key, effect=effect, permit_id=permit.id)

    def strike(self, order: EffectOrder, *faults: Fault) -> None:
        """The next calls for this order's refund meet these faults."""
        for fault in faults:
            self.sandbox.faults.script.append(
                Scripted(channel=order.effect.connector, operation="refund", fault=fault)
            )

    async def pursue(self, order: EffectOrder) -> EffectReceipt:
        """Temporal's attempts, with its waits."""
        activities = EffectActivities(
            self.outside,
            SqlLedger(journal(self.engine)),
            lambda: "p",
            lambda: datetime.now(UTC),
            callers=ANYBODY,
        )
        for attempt in range(1, 15):
            environment = ActivityEnvironment()
            environment.info = replace(
                environment.info,
                attempt=attempt,
                schedule_to_close_timeout=None,
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=20), maximum_interval=timedelta(milliseconds=200)
                ),
            )
            try:
                return await environment.run(activities.perform, order)
            except ApplicationError as failed:
                if failed.non_retryable or failed.next_retry_delay is None:
                    raise
                await asyncio.sleep(failed.next_retry_delay.total_seconds())
        raise AssertionError("no end")

    def paid(self, order: EffectOrder) -> list[int]:
        """What the channel's own database says was paid back for this order."""
        with sqlite3.connect(self.sandbox.database) as db:
            rows = db.execute(
                "SELECT amount_cents FROM entries WHERE kind = 'refund' AND order_id = ?",
                (order.effect.arguments["order"],),
            ).fetchall()
        db.close()
        return [cents for (cents,) in rows]


_orders = iter(range(10_000))


@pytest.fixture
def shipped(sandbox: Sandbox, office: Path) -> dict[str, Manifest]:
    """The manifests as the office ships them, with all their patience."""
    manifests = load_manifests(office, {"KONTOR_SANDBOX_PORT": str(sandbox.port)})
    return {name: manifests[name] for name in CHANNELS}


@asynccontextmanager
async def reached(
    sandbox: Sandbox, engine: Engine, manifests: Mapping[str, Manifest]
) -> AsyncIterator[Channels]:
    secrets = {f"KONTOR_SECRET_{name.upper()}_TOKEN": sandbox.tokens[name] for name in CHANNELS}
    async with Connectors(manifests, EnvironmentSecrets(secrets)) as outside:
        yield Channels(sandbox, outside, engine, _orders)
    sandbox.faults.script.clear()


@pytest.fixture
async def channels(
    sandbox: Sandbox, sqlite_engine: Engine, shipped: dict[str, Manifest]
) -> AsyncIterator[Channels]:
    manifests = {name: hurried(manifest) for name, manifest in shipped.items()}
    async with reached(sandbox, sqlite_engine, manifests) as channels:
        yield channels


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "faults",
    [
        (Fault.RATE_LIMITED,),
        (Fault.ERROR_BEFORE,),
        (Fault.ERROR_AFTER,),
        (Fault.CUT_BEFORE,),
        (Fault.CUT_AFTER,),
        (Fault.STALL_BEFORE,),
        (Fault.STALL_AFTER,),
        (Fault.LATE_COMMIT,),
        (Fault.RATE_LIMITED, Fault.CUT_BEFORE, Fault.CUT_AFTER),
        (Fault.CUT_AFTER, Fault.REFUSED),
        (Fault.CUT_AFTER, Fault.UNAUTHORIZED, Fault.FORBIDDEN),
        (Fault.CUT_AFTER, Fault.CONFLICT, Fault.REFUSED),
        (Fault.LATE_COMMIT, Fault.REFUSED),
        (Fault.STALL_AFTER, Fault.REFUSED),
        (Fault.UNAUTHORIZED, Fault.FORBIDDEN, Fault.CUT_AFTER),
    ],
    ids="+".join,
)
async def test_a_refund_happens_exactly_once_whatever_the_call_meets(
    channels: Channels, channel: str, faults: tuple[Fault, ...]
) -> None:
    order = channels.order(channel)
    channels.strike(order, *faults)
    receipt = await channels.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert receipt.outside_reference
    assert channels.paid(order) == [4000]


async def test_a_refusal_after_a_lost_answer_is_looked_up_in_the_orders_own_list(channels: Channels) -> None:
    order = channels.order("webshop")
    channels.strike(order, Fault.CUT_AFTER, Fault.REFUSED)
    receipt = await channels.pursue(order)
    assert (receipt.looked_up, receipt.attempts) == (True, 2)
    assert channels.paid(order) == [4000]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_refusal_after_a_call_that_did_nothing_ends_failed_and_nothing_is_paid(
    channels: Channels, channel: str
) -> None:
    order = channels.order(channel)
    channels.strike(order, Fault.CUT_BEFORE, Fault.REFUSED)
    receipt = await channels.pursue(order)
    assert receipt.state is EffectState.FAILED
    assert channels.paid(order) == []


@pytest.mark.parametrize("plan", [FaultPlan(), MORNING], ids=["default", "morning"])
def test_the_channels_make_nothing_later_than_their_manifests_say(
    shipped: dict[str, Manifest], plan: FaultPlan
) -> None:
    says = {
        (channel, name): operation.latency.settle_seconds
        for channel, manifest in shipped.items()
        for name, operation in manifest.operations.items()
        if operation.effect == "write"
    }
    early = {each for each, settles in says.items() if settles is None or settles < 4 * plan.late_seconds}
    assert len(says) > 30
    assert early == set()


async def test_a_refund_that_is_made_after_its_refusal_is_waited_for_as_the_shipped_manifests_say(
    sandbox: Sandbox, sqlite_engine: Engine, shipped: dict[str, Manifest]
) -> None:
    sandbox.faults.adjust(FaultPlan())
    try:
        async with reached(sandbox, sqlite_engine, shipped) as channels:
            orders = [channels.order(channel) for channel in CHANNELS]
            for order in orders:
                channels.strike(order, Fault.LATE_COMMIT, Fault.REFUSED)
            receipts = await asyncio.gather(*(channels.pursue(order) for order in orders))
            assert {receipt.state for receipt in receipts} == {EffectState.APPLIED}
            assert [channels.paid(order) for order in orders] == [[4000]] * len(CHANNELS)
    finally:
        sandbox.faults.adjust(PLAN)


@pytest.mark.parametrize("channel", ["marketplace", "store"])
async def test_an_answer_lost_after_the_commit_is_found_and_not_sent_again(
    channels: Channels, channel: str
) -> None:
    order = channels.order(channel)
    channels.strike(order, Fault.CUT_AFTER)
    receipt = await channels.pursue(order)
    assert (receipt.looked_up, receipt.attempts) == (True, 1)


async def test_the_webshop_is_sent_the_same_key_again_and_answers_with_the_same_refund(
    channels: Channels,
) -> None:
    order = channels.order("webshop")
    channels.strike(order, Fault.CUT_AFTER)
    receipt = await channels.pursue(order)
    assert (receipt.looked_up, receipt.attempts) == (False, 2)
    assert channels.paid(order) == [4000]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_the_channel_refuses_ends_failed_in_its_own_words(
    channels: Channels, channel: str
) -> None:
    order = channels.order(channel)
    await channels.pursue(order)
    too_much = order.effect.model_copy(
        update={
            "step": "refund-2",
            "arguments": order.effect.arguments | {"amount_cents": 99_999_00},
            "amount_cents": 99_999_00,
        }
    )
    receipt = await channels.pursue(channels.allowed(order.case_id, too_much))
    assert receipt.state is EffectState.FAILED
    assert receipt.reason
    assert channels.paid(order) == [4000]
