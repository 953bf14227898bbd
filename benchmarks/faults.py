"""The fault test: 1,000 refunds over the sandbox's three channels, the worker killed ten times.

`KONTOR_STORM_REFUNDS` and `KONTOR_STORM_KILLS` make it smaller. Beside it, the same refunds on the
same seed with plain at-least-once retries.
"""

import os
import random
import sqlite3
import tempfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from benchmarks.chaos import (
    REFUSALS,
    Storm,
    failing_share,
    from_memory,
    storm_plan,
)
from benchmarks.environment import own_settings
from benchmarks.plain_retries import plain_retries, twice_in
from benchmarks.rows import Row
from benchmarks.storm_report import Made
from cli.stack.processes import ROOT
from connectors.checks.manifests import sound_manifests
from connectors.connectors import Connectors
from contracts.effect import ProposedEffect
from sandbox.faults import Fault, Scripted
from sandbox.loading import LineIn, Load, OrderIn, load
from sandbox.server import Sandbox, running
from sandbox.world import CHANNELS, World

REFUNDS = int(os.environ.get("KONTOR_STORM_REFUNDS", "1000"))
KILLS = int(os.environ.get("KONTOR_STORM_KILLS", "10"))
SEED = 20_261
SCRIPTED_EVERY = 4
"""Of so many of the webshop's refunds one loses its answer and is then refused."""


def shop(refunds: int) -> tuple[Load, list[ProposedEffect]]:
    """Return orders for the sandbox and a refund of less than half of each."""
    chance = random.Random(SEED)
    orders, effects = [], []
    for number in range(refunds):
        channel = CHANNELS[number % len(CHANNELS)]
        order, cents = f"STORM-{number:05d}", chance.randint(500, 9000)
        line = LineIn(
            id="L1", sku="S-1", quantity=3, product="P-1", name="Scarf", options={}, unit_price_cents=cents
        )
        orders.append(
            OrderIn(
                id=order,
                channel=channel,
                customer=f"c-{number}",
                status="delivered",
                currency="EUR",
                payment_method="card-1",
                lines=[line],
            )
        )
        effects.append(_refund(channel, order, cents))
    return Load(orders=orders), effects


def _refund(channel: str, order: str, cents: int) -> ProposedEffect:
    return ProposedEffect(
        step="refund",
        connector=channel,
        operation="refund",
        arguments={
            "order": order,
            "payment_method": "card-1",
            "amount_cents": cents,
            "currency": "EUR",
            "reason": "size",
            "lines": [{"line": "L1", "sku": "S-1", "quantity": 1}],
        },
        amount_cents=cents,
        currency="EUR",
    )


def lost_and_refused(effects: Sequence[ProposedEffect]) -> list[Scripted]:
    """Script for some refunds what chance brings too rarely: the answer is lost, and the retry refused.

    They are the webshop's: it is sent its key again, where the others are looked up before.
    """
    struck = [effect for effect in effects if effect.connector == "webshop"][::SCRIPTED_EVERY]
    return [
        Scripted(channel="webshop", operation="refund", fault=fault, order=str(effect.arguments["order"]))
        for effect, refusal in zip(struck, cycle(REFUSALS), strict=False)
        for fault in (Fault.CUT_AFTER, refusal)
    ]


def made_in(database: Path) -> Made:
    """Count in the sandbox's own database."""
    made: dict[str, list[int]] = {}
    db = sqlite3.connect(database)
    for order, cents in db.execute("SELECT order_id, amount_cents FROM entries WHERE kind = 'refund'"):
        made.setdefault(order, []).append(cents)
    db.close()
    return made


def secrets_of(sandbox: Sandbox) -> dict[str, str]:
    """Return the channels' tokens by the names of their secrets."""
    return {f"{name}.token": token for name, token in sandbox.tokens.items()}


async def storm(folder: Path, refunds: int, kills: int) -> list[Row]:
    """Run the storm in `folder` and return its rows."""
    orders, effects = shop(refunds)
    database = folder / "sandbox.db"
    _prepare(database, orders)
    with running(database, seeded=False, plan=storm_plan(SEED)) as sandbox:
        sandbox.faults.script += lost_and_refused(effects)
        settings = own_settings(folder).model_copy(update={"sandbox_port": sandbox.port})

        async def made() -> Made:
            return made_in(database)

        report = await Storm(settings, secrets_of(sandbox), made).run(
            effects, kills, lambda: failing_share(sandbox.faults.stats(), "refund")
        )
    rows = report.rows()
    twice = await without_look_up(folder / "plain.db", orders, effects)
    return [*rows, Row("effects.plain_retries.twice", twice, "count", 0)]


async def without_look_up(database: Path, orders: Load, effects: Sequence[ProposedEffect]) -> int:
    """Refund the same orders on the same seed with plain retries; return how many were made twice."""
    _prepare(database, orders)
    with running(database, seeded=False, plan=storm_plan(SEED)) as sandbox:
        manifests = sound_manifests(ROOT / "office", {"KONTOR_SANDBOX_PORT": str(sandbox.port)})
        async with Connectors(manifests, from_memory(secrets_of(sandbox))) as outside:
            await plain_retries(outside, effects)
    return twice_in(made_in(database), effects)


def _prepare(database: Path, orders: Load) -> None:
    world = World(database)
    load(world, orders)
    world.close()


async def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="kontor-storm-") as folder:
        return await storm(Path(folder), REFUNDS, KILLS)
