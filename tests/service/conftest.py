"""A shop that keeps a copy of the example office, which tests edit."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.service.shop import Shop, opened


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(ROOT / "office", tmp_path / "office")
    with opened(tmp_path) as shop:
        yield shop
