"""The fault test over the three channels, counted in the sandbox's own database.

The full bar is `KONTOR_STORM_REFUNDS=1000 KONTOR_STORM_KILLS=10`; `make bench AREA=faults` measures it.
"""

import os
from pathlib import Path

import pytest

from benchmarks import chaos
from benchmarks.faults import storm

REFUNDS = int(os.environ.get("KONTOR_STORM_REFUNDS", "45"))
KILLS = int(os.environ.get("KONTOR_STORM_KILLS", "2"))

pytestmark = pytest.mark.slow


async def test_failing_calls_killed_workers_and_a_deploy_lose_no_refund_and_make_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaos, "DEPLOY_SECONDS", 20.0)
    found = {row.name: row.value for row in await storm(tmp_path, REFUNDS, KILLS)}
    assert found["effects.faults.failing"] > 0.12
    assert found["effects.faults.kills"] == KILLS
    assert found["effects.faults.lost"] == 0
    assert found["effects.faults.twice"] == 0
    assert found["effects.faults.false_failed"] == 0
    assert found["effects.faults.difference_cents"] == 0
    assert found["effects.faults.terminated"] == 0
    assert found["effects.faults.judged_again"] > 0, "no verdict met a worker of the other office"
    assert found["effects.faults.waiting"] == 0
    assert found["effects.plain_retries.twice"] > 0, "the same faults do hurt plain retries"
