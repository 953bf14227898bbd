"""Junk at both doors, on both databases: nothing is retried for ever, nothing is left half written.

`make bench AREA=junk` throws 2,000 examples; here it is a few.
"""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.client import Client

from benchmarks.junk import office, throw_junk
from cli.stack.dev_server import DevServer

EXAMPLES = 25


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests stays out."""
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)


async def test_every_case_that_junk_has_touched_comes_to_its_end_and_leaves_nothing_half_written(
    engine: Engine, temporal: Client, temporal_server: DevServer, tmp_path: Path
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    async with office(temporal, tmp_path, temporal_server.address, url) as kontor:
        found = await throw_junk(kontor, EXAMPLES)
    assert found.started > EXAMPLES // 3
    assert found.stuck == []
    assert found.half_written == []
