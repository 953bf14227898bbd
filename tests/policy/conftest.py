"""The example office's policies, parsed once for all tests."""

import pytest

from policy.engine import CedarEngine
from tests.conftest import ROOT
from workflows.registry import fact_types


@pytest.fixture(scope="session")
def cedar() -> CedarEngine:
    return CedarEngine.from_office(ROOT / "office", fact_types())
