"""The example office's policies, parsed once for all tests."""

from pathlib import Path

import pytest

from policy.engine import CedarEngine

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def cedar() -> CedarEngine:
    return CedarEngine.from_office(ROOT / "office")
