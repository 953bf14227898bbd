"""Whatever a system answers, a read ends in typed fields or in `CallFailed`, and nothing else."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from pydantic import JsonValue

from connectors.connectors import Connectors
from connectors.fields import FITS
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.connector import FieldType, Manifest
from contracts.failure import CallFailed
from tests.conftest import ROOT
from tests.connectors.junk import Says, junk, spoilt

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFESTS = load_manifests(ROOT / "office", {})
GIVEN: dict[FieldType, JsonValue] = {
    "string": "x",
    "integer": 1,
    "cents": 100,
    "number": 1.5,
    "boolean": True,
    "datetime": "2026-11-20T10:00:00Z",
    "object": {},
    "list": [],
}
ENTRY: JsonValue = {
    "id": "R-1",
    "entry": "R-1",
    "actionId": "R-1",
    "amount": 100,
    "amount_minor": 100,
    "cents": 100,
    "at": "2026-11-20T10:00:00Z",
    "created_at": "2026-11-20T10:00:00Z",
    "createdAt": "2026-11-20T10:00:00Z",
    "clientReference": "k",
}
GOOD: JsonValue = {
    "items": [ENTRY],
    "data": [ENTRY],
    "log": [ENTRY],
    "after": "1",
    "nextPageToken": "1",
    "from": "1",
}


def arguments(manifest: Manifest, operation: str) -> Arguments:
    declared = manifest.operations[operation].arguments
    return {name: field.values[0] if field.values else GIVEN[field.type] for name, field in declared.items()}


@pytest.fixture(scope="module", params=sorted(MANIFESTS))
def outside(request: pytest.FixtureRequest) -> tuple[Manifest, Connectors, Says]:
    """One shipped connector, and what it answers."""
    manifest = MANIFESTS[request.param]
    connectors = Connectors({manifest.name: manifest}, EnvironmentSecrets({}))
    asyncio.run(connectors.close())
    says = Says()
    connectors._connectors[manifest.name].executor = says
    return manifest, connectors, says


@settings(max_examples=60, deadline=None)
@given(answer=junk | spoilt(GOOD))
def test_junk_never_gets_through_a_read_a_look_up_or_a_listing(
    outside: tuple[Manifest, Connectors, Says], answer: JsonValue
) -> None:
    asyncio.run(_ask_everything(outside[0], outside[1], outside[2], answer))


async def _ask_everything(manifest: Manifest, connectors: Connectors, says: Says, answer: JsonValue) -> None:
    says.body = answer
    for name, operation in manifest.operations.items():
        asked = arguments(manifest, name)
        with contextlib.suppress(CallFailed):
            if operation.effect == "read":
                result = await connectors.read(manifest.name, name, asked)
                assert all(FITS[operation.result[each].type](value) for each, value in result.items())
            elif operation.lookup is not None:
                found = await connectors.look_up(manifest.name, name, asked, "k", NOW)
                assert found is None or isinstance(found.reference, str | None)
    with contextlib.suppress(CallFailed):
        if manifest.listing is not None:
            page = await connectors.list_page(manifest.name, None, 10)
            assert all(entry.at.tzinfo and entry.amount_cents >= 0 for entry in page.entries)


def test_a_good_page_does_get_through() -> None:
    for name in ("webshop", "marketplace", "store"):
        connectors = Connectors({name: MANIFESTS[name]}, EnvironmentSecrets({}))
        connectors._connectors[name].executor = Says(GOOD)
        page = asyncio.run(connectors.list_page(name, None, 10))
        assert [entry.reference for entry in page.entries] == ["R-1"]
