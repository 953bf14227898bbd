"""A whole Kontor for articles: server, sandbox with a blog and a social channel, and a worker."""

from collections.abc import AsyncIterator, Iterator

import pytest

from benchmarks.environment import free_port
from cli.stack.processes import Children
from settings import Settings
from tests.conftest import ROOT
from tests.workflows.content.articles import Newsroom
from tests.workflows.returns.shop import opened


@pytest.fixture(scope="package")
def outlets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    """The processes."""
    children = Children(
        Settings(
            office=ROOT / "office",
            state=tmp_path_factory.mktemp("content"),
            temporal_address=f"127.0.0.1:{free_port()}",
            temporal_ui_port=free_port(),
            sandbox_port=free_port(),
        )
    )
    try:
        children.start_all()
        yield children
    finally:
        children.stop()


@pytest.fixture
async def newsroom(outlets: Children) -> AsyncIterator[Newsroom]:
    """The same, seen from a test's event loop."""
    async with opened(outlets) as shop:
        yield Newsroom(shop)
