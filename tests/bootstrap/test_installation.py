"""An installation opens what is used, closes what it opened, and imports nothing before."""

import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.installation import Installation
from settings import Settings
from tests.conftest import ROOT

HEAVY = (
    "torch", "sentence_transformers", "sklearn", "qdrant_client", "qdrant_edge", "google.genai", "cedarpy",
    "holidays", "temporalio", "alembic", "worker",
)  # fmt: skip


def loaded(code: str, folder: Path) -> set[str]:
    """The modules of a fresh process after some code."""
    code += "\nimport sys; print('\\n'.join(['', 'loaded:', *sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "KONTOR_STATE": str(folder / "state")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.partition("loaded:")[2].split())


def test_listing_cases_imports_no_models_no_vectors_no_policies_and_no_worker(tmp_path: Path) -> None:
    code = "from starter import _run; import sys; sys.argv = ['kontor', 'cases']; assert _run() == 0"
    with Installation(Settings(state=tmp_path / "state")) as kontor:
        assert kontor.cases.count() == {}  # the schema is there

    assert loaded(code, tmp_path).isdisjoint({*HEAVY, "cryptography", "memory.episodic.journal"})


def test_checking_an_office_imports_no_models_no_workflows_no_database_and_no_http(tmp_path: Path) -> None:
    """NumPy is there, for what tells languages apart: an office is told where nobody measured."""
    code = f"from starter import _run; import sys; sys.argv = ['kontor', 'check', {str(ROOT / 'office')!r}]"
    found = loaded(f"{code}; assert _run() == 0", tmp_path)

    assert found.isdisjoint((set(HEAVY) - {"cedarpy", "holidays"}) | {"sqlalchemy", "httpx"})


@pytest.mark.parametrize("module", ["worker", "service.undo", "service.approvals", "service.rebuild"])
def test_worker_and_use_cases_know_no_terminal(module: str, tmp_path: Path) -> None:
    found = loaded(f"import {module}", tmp_path)

    assert found.isdisjoint({"typer", "cli", "cli.terminal"})


def test_what_was_opened_is_closed_and_opened_anew_when_used_again(tmp_path: Path) -> None:
    kontor = Installation(Settings(state=tmp_path))
    with kontor:
        first, embedder = kontor.database, kontor.embedder
        assert kontor.database is first

    assert kontor.database is not first
    assert kontor.embedder is not embedder
    kontor.close()


async def test_connections_end_with_their_event_loop_and_the_database_stays_open(tmp_path: Path) -> None:
    async with Installation(Settings(state=tmp_path, office=ROOT / "office")) as kontor:
        connectors, database = kontor.connectors, kontor.database
        await kontor.disconnect()

        assert kontor.connectors is not connectors
        assert kontor.database is database
