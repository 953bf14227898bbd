"""An outside system on a real socket, and connectors that are opened on it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from tests.connectors.system import ENVIRONMENT, SHOP, System, write_office


@pytest.fixture
async def system() -> AsyncIterator[System]:
    """A started outside system."""
    started = System()
    await started.start()
    yield started
    await started.stop()


Opener = Callable[..., Connectors]


@pytest.fixture
async def opened(system: System, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens connectors from a manifest's text; closes them at the end."""
    made: list[Connectors] = []

    def open_connectors(manifest: str, name: str = "shop") -> Connectors:
        manifests = load_manifests(write_office(tmp_path, manifest, name), {"PORT": str(system.port)})
        made.append(Connectors(manifests, EnvironmentSecrets(ENVIRONMENT)))
        return made[-1]

    yield open_connectors
    for one in made:
        await one.close()


@pytest.fixture
def shop(opened: Opener) -> Connectors:
    """The connectors of an office with one REST shop."""
    return opened(SHOP)
