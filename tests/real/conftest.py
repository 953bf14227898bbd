"""The real systems, each started once for all tests that ask for it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.environment import free_port
from benchmarks.proxy import RunningProxy, proxied
from connectors.connectors import Connectors
from connectors.manifest import read_manifest
from connectors.secrets import EnvironmentSecrets
from contracts.connector import Manifest
from tests.postgres import PostgresServer
from tests.real.installing import Missing
from tests.real.vendure_server import PASSWORD, VendureServer
from tests.real.vendure_shop import CHANNELS, VendureShop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs real systems."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def vendure(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[tuple[VendureServer, VendureShop]]:
    """A real Vendure and the shop in it."""
    server = VendureServer(tmp_path_factory.mktemp("vendure"), free_port(), postgres.new_database())
    try:
        shop = server.start()
    except Missing as missing:
        pytest.fail(str(missing), pytrace=False)
    yield server, shop
    server.stop()


@pytest.fixture(scope="session")
def shop(vendure: tuple[VendureServer, VendureShop]) -> VendureShop:
    return vendure[1]


@pytest.fixture(scope="session")
def proxy(vendure: tuple[VendureServer, VendureShop]) -> Iterator[RunningProxy]:
    """What stands between Kontor and Vendure; without a script it only passes on."""
    with proxied("vendure", vendure[0].url) as running:
        yield running


def channel_manifests(office: Path, url: str) -> dict[str, Manifest]:
    """The shipped manifest once for each Vendure channel, as an office with three copies has it."""
    shipped = office / "connectors" / "vendure.toml"
    made = {}
    for channel in CHANNELS:
        variables = {"VENDURE_URL": url, "VENDURE_CHANNEL": f"{channel}-token"}
        manifest = read_manifest(shipped, variables).manifest
        made[f"vendure-{channel}"] = manifest.model_copy(update={"name": f"vendure-{channel}"})
    return made


@pytest.fixture(scope="session")
def manifests(office: Path, proxy: RunningProxy) -> dict[str, Manifest]:
    return channel_manifests(office, proxy.url)


@pytest.fixture
async def channels(manifests: dict[str, Manifest]) -> AsyncIterator[Connectors]:
    """Kontor's connectors to the three channels, through the proxy."""
    secrets = EnvironmentSecrets({"KONTOR_SECRET_VENDURE_PASSWORD": PASSWORD})
    async with Connectors(manifests, secrets) as connectors:
        yield connectors
