"""The fault test through a real Vendure, counted by Vendure itself."""

import os
from pathlib import Path

from benchmarks.faults_vendure import storm
from tests.real.vendure_server import VendureServer
from tests.real.vendure_shop import VendureShop

REFUNDS = int(os.environ.get("KONTOR_REAL_REFUNDS", "30"))
KILLS = int(os.environ.get("KONTOR_REAL_KILLS", "3"))
"""A third of the full size, which `make bench AREA=faults_vendure` runs."""


async def test_cut_connections_and_a_killed_worker_lose_no_refund_and_make_none_twice(
    vendure: tuple[VendureServer, VendureShop], tmp_path: Path
) -> None:
    server, shop = vendure
    found = {row.name: row.value for row in await storm(server, shop, tmp_path, REFUNDS, KILLS)}
    assert found["effects.faults.failing.vendure"] > 0.12
    assert found["effects.faults.kills.vendure"] == KILLS
    assert found["effects.faults.lost.vendure"] == 0
    assert found["effects.faults.twice.vendure"] == 0
    assert found["effects.faults.false_failed.vendure"] == 0
    assert found["effects.faults.difference_cents.vendure"] == 0
    assert found["effects.faults.waiting.vendure"] == 0
    assert found["effects.plain_retries.twice.vendure"] > 0, "the same faults do hurt plain retries"
