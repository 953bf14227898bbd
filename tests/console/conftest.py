"""The console of the example office, on an empty database, served at a socket."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from contracts.office import office_files
from settings import Settings
from tests.conftest import ROOT
from tests.console.browser import Served, serving
from tests.console.events import NOW


@pytest.fixture
def kontor(tmp_path: Path, migrated_file: Path) -> Iterator[Installation]:
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(migrated_file, state / "kontor.db")
    with Installation(Settings(office=ROOT / "office", state=state, console_port=free_port())) as opened:
        opened.releases.put_in_force(office_files(ROOT / "office"), by="a test", at=NOW)
        yield opened


@pytest.fixture
def served(kontor: Installation) -> Iterator[Served]:
    with serving(kontor) as found:
        yield found
