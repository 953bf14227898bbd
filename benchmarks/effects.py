"""What permit and ledger add to a call: the same refund by the effect activity and by the bare connector.

Over a real socket to the sandbox's webshop, one after the other, so that neither waits for the
other; SQLite in the state Kontor ships with (WAL, `synchronous=FULL`): two commits an effect.
`KONTOR_EFFECT_CALLS` makes it smaller.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.clock import utc_now
from activities.effects import EffectActivities
from benchmarks.environment import own_settings
from benchmarks.rows import Row
from bootstrap.installation import Installation
from connectors.checks.manifests import sound_manifests
from connectors.connectors import Connectors
from connectors.secrets import EnvironmentSecrets
from contracts.effect import EffectOrder, EffectState, Permit, ProposedEffect
from contracts.ids import effect_key, permit_id
from sandbox.loading import LineIn, Load, OrderIn, load
from sandbox.server import Sandbox, running
from sandbox.world import World
from settings import Settings
from tests.activities.grounds import ANYBODY

CALLS = int(os.environ.get("KONTOR_EFFECT_CALLS", "300"))
WARM = 10
CHANNEL = "webshop"


def effect(number: int) -> ProposedEffect:
    """Return a refund on an order of its own."""
    return ProposedEffect(
        step="refund",
        connector=CHANNEL,
        operation="refund",
        arguments={
            "order": f"W-{number}",
            "payment_method": "card",
            "amount_cents": 100,
            "currency": "EUR",
            "reason": "size",
            "lines": [{"line": "L1", "sku": "S-1", "quantity": 1}],
        },
        amount_cents=100,
        currency="EUR",
    )


def permitted(
    kontor: Installation, outside: Connectors, proposed: ProposedEffect, number: int
) -> EffectOrder:
    """Issue the permit of one effect and return its order."""
    case_id = f"bench/{CHANNEL}/{number}"
    key = effect_key(case_id, proposed.step)
    permit = Permit(
        id=permit_id(key, proposed.arguments_hash, "bench"),
        effect_key=key,
        case_id=case_id,
        connector=CHANNEL,
        operation=proposed.operation,
        arguments_hash=proposed.arguments_hash,
        amount_cents=proposed.amount_cents,
        currency=proposed.currency,
        connector_version=outside.manifest(CHANNEL).connector_version,
        policy_version=kontor.policy_engine.version,
        office_version="bench",
        basis="bench",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    kontor.authorizations.keep(case_id, (), (), [permit], datetime.now(UTC))
    return EffectOrder(case_id=case_id, key=key, effect=proposed, permit_id=permit.id)


async def median_ms(calls: int, call: Callable[[int], Awaitable[object]]) -> float:
    """Return the median time of one call, after a few that warm up."""
    taken = []
    for number in range(WARM + calls):
        began = time.perf_counter()
        await call(number)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[WARM:]) * 1000


async def overhead(settings: Settings, sandbox: Sandbox, calls: int) -> list[Row]:
    """Measure both ways against a running sandbox."""
    manifests = sound_manifests(settings.office, {"KONTOR_SANDBOX_PORT": str(sandbox.port)})
    variables = {
        EnvironmentSecrets.variable(f"{name}.token"): token for name, token in sandbox.tokens.items()
    }
    secrets = EnvironmentSecrets(variables)
    async with Installation(settings) as kontor, Connectors(manifests, secrets) as outside:
        activities = EffectActivities(
            outside, kontor.ledger, lambda: kontor.policy_engine.version, utc_now, callers=ANYBODY
        )
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, schedule_to_close_timeout=None)
        ordered = [permitted(kontor, outside, effect(number), number) for number in range(WARM + calls)]

        async def bare(number: int) -> None:
            sent = effect(WARM + calls + number)
            await outside.send(CHANNEL, "refund", sent.arguments, f"bare-{number}")

        async def kept(number: int) -> None:
            receipt = await environment.run(activities.perform, ordered[number])
            if receipt.state is not EffectState.APPLIED:
                raise RuntimeError(f"the refund is {receipt.state}: {receipt.reason}")

        floor = await median_ms(calls, bare)
        value = await median_ms(calls, kept)
    return [
        Row("effects.overhead_ms", value - floor, "ms"),
        Row("effects.call_ms", value, "ms", floor),
    ]


def stock(database: Path, orders: int) -> None:
    """Put an order for every call into the sandbox."""
    line = LineIn(id="L1", sku="S-1", quantity=3, product="P", name="Scarf", options={}, unit_price_cents=900)
    world = World(database)
    made = [
        OrderIn(
            id=f"W-{number}",
            channel=CHANNEL,
            customer="c",
            status="delivered",
            currency="EUR",
            payment_method="card",
            lines=[line],
        )
        for number in range(orders)
    ]
    load(world, Load(orders=made))
    world.close()


async def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="kontor-effects-") as place:
        folder = Path(place)
        stock(folder / "sandbox.db", 2 * (WARM + CALLS))
        with running(folder / "sandbox.db", seeded=False) as sandbox:
            settings = own_settings(folder).model_copy(update={"sandbox_port": sandbox.port})
            return await overhead(settings, sandbox, CALLS)
