"""A source that says nothing: somebody is told once, and what it told of is fetched where it lists it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.service import RPCError

from contracts.event import EventStanding
from contracts.source import OF_SOURCES
from sandbox.server import Sandbox, running
from service.silence import look_for_silence, note, see_to, silent_sources
from service.sources import check_sources
from settings import Settings
from tests.gateway.door import standard
from tests.gateway.working import Office

SHOP = """
name = "shop"
version = "1"
transport = "http"
base_url = "{url}/webshop"
auth = {{ kind = "bearer", secret = "shop.token" }}
[operations.list_events]
effect = "read"
arguments.since = {{ type = "string", required = false }}
arguments.cursor = {{ type = "string", required = false }}
arguments.limit = {{ type = "integer", required = false }}
request = {{ method = "GET", path = "/events", query = {{ since = "{{{{ since }}}}", after = "{{{{ cursor }}}}", limit = "{{{{ limit }}}}" }} }}
result.events = {{ type = "list" }}
result.after = {{ type = "integer", required = false }}
"""  # noqa: E501 (a manifest's line)
SOURCE = """
channel = "shop"
[signature]
scheme = "standard"
secrets = ["board.webhook"]
[silence]
after_minutes = 0.02
hours = "always"
[silence.listing]
operation = "list_events"
items = "events"
next_cursor = "after"
[events."*"]
nothing = "only kept"
"""


@pytest.fixture
def shop(own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A shop at a socket whose webhooks go nowhere, and the office's source for it."""
    with running(tmp_path / "shop.db") as found:
        monkeypatch.setenv("KONTOR_SECRET_SHOP_TOKEN", found.tokens["webshop"])
        (own.office / "connectors" / "shop.toml").write_text(SHOP.format(url=found.url))
        (own.office / "sources" / "shop.toml").write_text(SOURCE)
        yield found


async def happen(shop: Sandbox, count: int) -> list[dict[str, object]]:
    """Let parcels arrive, each of which the shop would tell of; returns the events as it lists them."""
    auth = {"authorization": f"Bearer {shop.tokens['webshop']}"}
    async with httpx.AsyncClient(base_url=shop.url) as client:
        for _ in range(count):
            parcel = {"channel": "webshop", "order": "W-1001", "received": [], "inspected": []}
            (await client.post("/admin/parcels", json=parcel)).raise_for_status()
        answer = await client.get("/webshop/events", headers=auth)
        return list(answer.raise_for_status().json()["events"])


async def bring(office: Office, event: dict[str, object]) -> httpx.Response:
    """Let the shop's webhook come after all, in bytes of its own."""
    body = json.dumps(event, indent=1).encode()
    return await office.door.send(body, standard(body, str(event["id"])), "shop")


def kept(office: Office) -> dict[str, bool]:
    return {event.id: event.fetched for event in office.door.kept("shop")}


async def test_what_a_silent_source_told_of_is_fetched_and_the_same_id_joins(
    shop: Sandbox, office: Office
) -> None:
    first, second, third = await happen(shop, 3)
    await bring(office, first)
    looking = asyncio.create_task(look_for_silence(office.door.kontor, office.client, 0.1))
    await office.until(lambda: len(kept(office)) == 3)
    looking.cancel()
    fetched = kept(office)
    after_all = await bring(office, second)
    for event in office.door.kept("shop"):
        await office.settled(event.position)
    with suppress(RPCError):
        await office.client.get_workflow_handle("kontor-silence/shop").terminate("end of a test")

    assert fetched == {first["id"]: False, second["id"]: True, third["id"]: True}
    assert (after_all.status_code, "quarantined" in after_all.json()) == (202, False)
    assert kept(office) == {first["id"]: False, second["id"]: False, third["id"]: True}
    assert {event.standing for event in office.door.kept("shop")} == {EventStanding.PASSED}


async def test_a_silence_is_told_of_once_and_shown_while_it_lasts(shop: Sandbox, office: Office) -> None:
    kontor = office.door.kontor
    [event] = await happen(shop, 1)
    await bring(office, event)
    [record] = office.door.kept("shop")
    due = record.received_at + timedelta(seconds=1.2)

    assert silent_sources(kontor, due - timedelta(milliseconds=1)) == []
    [silent] = silent_sources(kontor, due)
    for _ in range(3):
        note(kontor, silent, due)
    told = [each for each in kontor.episodes.of_case(OF_SOURCES) if each.kind == "silent"]
    assert [(each.data["source"], each.data["heard"]) for each in told] == [
        ("shop", record.received_at.isoformat())
    ]
    await office.until(lambda: datetime.now(UTC) > due)
    assert "shop is silent: nothing came since" in (await office.kontor("events", "list")).output
    found = json.loads((await office.kontor("doctor", "--json")).output)
    assert any(each["part"] == "events of shop" and "silent" in each["where"] for each in found)


async def test_a_source_is_waited_for_in_the_hours_of_the_office_only(shop: Sandbox, office: Office) -> None:
    kontor = office.door.kontor
    source = kontor.settings.office / "sources" / "shop.toml"
    source.write_text(
        source.read_text().replace('after_minutes = 0.02\nhours = "always"', "after_minutes = 60")
    )
    rules = kontor.settings.office / "office.toml"
    rules.write_text(
        rules.read_text().replace('"00:00-24:00"', '"09:00-17:00"') + "\n[holidays]\nclosed = []\n"
    )
    kontor._forget("event_sources", "calendar")
    [event] = await happen(shop, 1)
    await bring(office, event)
    [record] = office.door.kept("shop")

    due = kontor.calendar.after(1.0, record.received_at)
    assert silent_sources(kontor, due - timedelta(seconds=1)) == []
    assert [each.due_at for each in silent_sources(kontor, due)] == [due]


async def test_a_listing_that_does_not_answer_is_asked_again_and_loses_nothing(
    shop: Sandbox, office: Office
) -> None:
    first, second = await happen(shop, 2)
    await bring(office, first)
    async with httpx.AsyncClient(base_url=shop.url) as client:
        broken = {"channel": "webshop", "operation": "list_events", "fault": "error_before", "times": 2}
        (await client.post("/admin/script", json=broken)).raise_for_status()
    await office.until(lambda: bool(silent_sources(office.door.kontor, datetime.now(UTC))))
    await see_to(office.client, "shop")
    await office.until(lambda: len(kept(office)) == 2)
    with suppress(RPCError):
        await office.client.get_workflow_handle("kontor-silence/shop").terminate("end of a test")

    assert kept(office) == {first["id"]: False, second["id"]: True}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('operation = "list_events"', 'operation = "list_all"', "10: [silence.listing] operation"),
        ('items = "events"', 'items = "events["', "11: [silence.listing] items"),
        ("after_minutes = 0.02", "after_minutes = 0", "7: [silence] after_minutes"),
        ('hours = "always"', 'hours = "night"', "8: [silence] hours"),
    ],
)
def test_what_is_wrong_with_a_silence_is_named_with_its_line(
    shop: Sandbox, own: Settings, old: str, new: str, told: str
) -> None:
    del shop
    file = own.office / "sources" / "shop.toml"
    assert [each for each in check_sources(own.office) if each.file.endswith("shop.toml")] == []
    file.write_text(SOURCE.replace(old, new, 1))

    problems = [str(each) for each in check_sources(own.office)]
    assert any(problem.startswith(f"sources/shop.toml:{told}") for problem in problems), problems
