"""The fault test through a real Vendure: 100 refunds over three channels, cut connections, ten kills.

`KONTOR_REAL_REFUNDS` and `KONTOR_REAL_KILLS` make it smaller. It needs what `make test-real` needs.
"""

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.chaos import (
    Storm,
    failing_share,
    from_memory,
    office_with,
    storm_plan,
)
from benchmarks.data import DataMissing
from benchmarks.environment import free_port, own_settings
from benchmarks.plain_retries import plain_retries, twice_in
from benchmarks.proxy import proxied
from benchmarks.rows import Row
from benchmarks.storm_report import Made
from cli.stack.processes import ROOT
from connectors.checks.manifests import sound_manifests
from connectors.connectors import Connectors
from contracts.effect import ProposedEffect
from tests.postgres import PostgresServer
from tests.real.installing import Missing
from tests.real.vendure_server import PASSWORD, VendureServer
from tests.real.vendure_shop import CHANNELS, Bought, VendureShop

REFUNDS = int(os.environ.get("KONTOR_REAL_REFUNDS", "100"))
KILLS = int(os.environ.get("KONTOR_REAL_KILLS", "10"))
SEED = 20_262
SECRETS = {"vendure.password": PASSWORD}


def copies(url: str) -> dict[str, str]:
    """Return the shipped manifest once for each channel, as an office with three channels has it."""
    shipped = (ROOT / "office" / "connectors" / "vendure.toml").read_text()
    shipped = shipped.replace("${VENDURE_URL:-http://127.0.0.1:3000}", url)
    return {
        f"vendure-{channel}": shipped.replace('name = "vendure"', f'name = "vendure-{channel}"').replace(
            "${VENDURE_CHANNEL:-}", f"{channel}-token"
        )
        for channel in CHANNELS
    }


def buy(shop: VendureShop, refunds: int) -> list[ProposedEffect]:
    """Place a paid order for each refund, and refund less than half of it."""
    chance = random.Random(SEED)
    effects = []
    for number in range(refunds):
        bought = shop.buy(CHANNELS[number % len(CHANNELS)], f"customer{number}@example.com")
        effects.append(_refund(bought, chance.randint(500, 4000)))
    return effects


def _refund(bought: Bought, cents: int) -> ProposedEffect:
    return ProposedEffect(
        step="refund",
        connector=f"vendure-{bought.channel}",
        operation="refund",
        arguments={
            "order": bought.code,
            "payment_method": bought.payment,
            "amount_cents": cents,
            "currency": "EUR",
            "reason": "size",
            "lines": [{"line": bought.line, "sku": "LAMP", "quantity": 1}],
        },
        amount_cents=cents,
        currency="EUR",
    )


async def storm(
    server: VendureServer, shop: VendureShop, folder: Path, refunds: int, kills: int
) -> list[Row]:
    """Run the storm against a running Vendure and return its rows."""
    effects = buy(shop, refunds)
    with proxied("vendure", server.url, storm_plan(SEED)) as proxy:
        office = office_with(folder, copies(proxy.url))
        settings = own_settings(folder).model_copy(update={"office": office})

        async def made() -> Made:
            return made_in(shop)

        report = await Storm(settings, SECRETS, made).run(
            effects, kills, lambda: failing_share(proxy.faults.stats(), "refund")
        )
    twice = await without_look_up(server, shop, folder / "plain", buy(shop, refunds))
    return [*report.rows(".vendure"), Row("effects.plain_retries.twice.vendure", twice, "count", 0)]


async def without_look_up(
    server: VendureServer, shop: VendureShop, folder: Path, effects: Sequence[ProposedEffect]
) -> int:
    """Refund as many orders on the same seed with plain retries; return how many were made twice."""
    with proxied("vendure", server.url, storm_plan(SEED)) as proxy:
        manifests = sound_manifests(office_with(folder, copies(proxy.url)), {})
        async with Connectors(manifests, from_memory(SECRETS)) as outside:
            await plain_retries(outside, effects)
    return twice_in(made_in(shop), effects)


def made_in(shop: VendureShop) -> Made:
    """Ask Vendure's own API, around the proxy."""
    made: dict[str, list[int]] = {}
    for refund in shop.refunds():
        if refund.state != "Failed":
            made.setdefault(refund.order, []).append(refund.total_cents)
    return made


@contextmanager
def vendure(folder: Path) -> Iterator[tuple[VendureServer, VendureShop]]:
    """Run a PostgreSQL and a Vendure on it."""
    postgres = PostgresServer(folder, free_port())
    postgres.start()
    try:
        server = VendureServer(folder, free_port(), postgres.new_database())
        try:
            yield server, server.start()
        finally:
            server.stop()
    finally:
        postgres.stop()


async def rows() -> list[Row]:
    """Measure, or say what is missing."""
    with tempfile.TemporaryDirectory(prefix="kontor-vendure-") as folder:
        try:
            with vendure(Path(folder)) as (server, shop):
                return await storm(server, shop, Path(folder), REFUNDS, KILLS)
        except Missing as missing:
            raise DataMissing(str(missing)) from missing
