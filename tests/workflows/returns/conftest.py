"""One shop for all end-to-end tests; each test uses orders of its own."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.environment import free_port
from cli.stack.processes import Children
from settings import Settings
from tests.conftest import ROOT
from tests.workflows.returns.shop import Shop, opened


def settings_for(state: Path) -> Settings:
    """Settings of a Kontor of its own: its own state and ports."""
    return Settings(
        office=Path(os.environ.get("KONTOR_TEST_OFFICE", ROOT / "office")),
        state=state,
        temporal_address=f"127.0.0.1:{free_port()}",
        temporal_ui_port=free_port(),
        sandbox_port=free_port(),
    )


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    """Server, sandbox and worker, as `kontor up` runs them."""
    children = Children(settings_for(tmp_path_factory.mktemp("kontor")))
    try:
        children.start_all()
        yield children
    finally:
        children.stop()


@pytest.fixture
async def shop(running: Children) -> AsyncIterator[Shop]:
    """The running Kontor, seen from a test's event loop."""
    async with opened(running) as shop:
        yield shop
