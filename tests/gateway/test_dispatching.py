"""What becomes of an event: it starts or joins a case, is a hint, comes too late, or stands aside."""

import json
from contextlib import suppress
from datetime import datetime

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from contracts.case import CaseStatus
from contracts.event import EventStanding
from memory.authoritative.erasure import CustomerTextEraser
from tests.desks.toy.desk import DESK
from tests.gateway.door import body_of, cloud_event, standard
from tests.gateway.working import Office
from workflows.registry import kept_fields

LONG = "x" * 300
"""A text that policy asks a person about: its case waits."""


def asked(number: str, text: str = "Choir on Monday.") -> dict[str, str]:
    return {"note": number, "customer": f"c-{number}", "text": text}


def moment_of(office: Office, case_id: str) -> datetime:
    """When the log of a case tells of its event."""
    return next(each.at for each in office.door.kontor.episodes.of_case(case_id) if each.kind == "event")


async def signals(client: Client, case_id: str) -> list[str]:
    history = await client.get_workflow_handle(case_id).fetch_history()
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def test_an_event_starts_the_case_of_its_request_and_its_log_says_so(office: Office) -> None:
    event = await office.told("note.asked", "e-1", **asked("E-1"))

    assert (event.standing, event.case_id) == (EventStanding.STARTED, "toy/board/E-1")
    assert await office.client.get_workflow_handle("toy/board/E-1").result() == "applied"
    told = office.door.kontor.episodes.of_case("toy/board/E-1")
    assert "event" in {episode.kind for episode in told}


async def test_another_event_with_the_same_request_joins_its_case_or_comes_too_late(office: Office) -> None:
    await office.told("note.asked", "e-1", **asked("E-2", LONG))
    joined = await office.told("note.asked", "e-2", **asked("E-2", LONG))
    # The toy desk reads no facts again: the hint by which it was joined withdraws its question, some time.
    with suppress(RPCError):
        await office.client.get_workflow_handle("toy/board/E-2").signal("withdraw", {"why": "", "by": "ben"})
    await office.client.get_workflow_handle("toy/board/E-2").result()
    late = await office.told("note.asked", "e-3", **asked("E-2", LONG))

    assert (joined.standing, joined.case_id) == (EventStanding.JOINED, "toy/board/E-2")
    assert (late.standing, "has ended" in late.why) == (EventStanding.TOO_LATE, True)


async def test_a_request_that_says_something_else_than_its_case_waits_for_a_person(office: Office) -> None:
    await office.told("note.asked", "e-1", **asked("E-3", LONG))
    other = await office.told("note.asked", "e-2", **asked("E-3", "Something else."))

    assert (other.standing, "another request" in other.why) == (EventStanding.QUARANTINED, True)


async def test_a_hint_is_told_to_the_open_cases_that_it_is_about(office: Office) -> None:
    early = await office.told("note.changed", "e-0", customer="c-E-4")
    await office.told("note.asked", "e-1", **asked("E-4", LONG))
    await office.waiting("toy/board/E-4")
    told = await office.told("note.changed", "e-2", customer="c-E-4")

    assert (early.standing, early.case_id) == (EventStanding.NOBODY, "")
    assert (told.standing, told.case_id) == (EventStanding.TOLD, "toy/board/E-4")
    assert await signals(office.client, "toy/board/E-4") == ["facts_changed"]


async def test_events_about_the_same_are_taken_up_in_the_order_in_which_they_came(office: Office) -> None:
    numbers = [f"o-{number}" for number in range(12)]
    for number in numbers:
        await office.door.tell("note.asked", number, **{**asked(f"O-{number}"), "customer": "one"})
    for event in office.door.kept():
        await office.settled(event.position)

    moments = [moment_of(office, f"toy/board/O-{number}") for number in numbers]
    assert moments == sorted(moments)


async def test_what_fails_rests_and_keeps_only_what_is_about_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = DESK.workflow

    def broken() -> type[object]:
        raise RuntimeError("a defect of ours")

    object.__setattr__(DESK, "workflow", broken)
    try:
        await office.door.tell("note.asked", "e-1", **asked("E-5"))
        await office.door.tell("ping", "e-2", customer="c-E-5")
        await office.door.tell("ping", "e-3", customer="somebody else")
        first, second, third = office.door.kept()
        passed = await office.settled(third.position)
        held = office.door.kontor.events.find(second.position)
        rests = office.door.kontor.events.find(first.position)
    finally:
        object.__setattr__(DESK, "workflow", real)

    assert passed.standing is EventStanding.PASSED
    assert held is not None
    assert held.standing is EventStanding.WAITING
    assert rests is not None
    assert "a defect of ours" in rests.why
    assert (await office.settled(first.position)).standing is EventStanding.STARTED
    assert (await office.settled(second.position)).standing is EventStanding.PASSED


async def test_people_list_show_put_aside_and_replay_events(office: Office) -> None:
    poison = await office.told("note.deleted", "e-1", customer="c-1")
    shown = await office.kontor("events", "show", str(poison.position))
    listed = json.loads((await office.kontor("events", "list", "--standing", "quarantined", "--json")).output)
    dry = json.loads((await office.kontor("events", "replay", "--dry-run", "--json")).output)
    source = office.door.kontor.settings.office / "sources" / "board.toml"
    source.write_text(source.read_text().replace("note.changed", "note.*"))
    office.door.kontor._forget("event_sources")
    again = await office.kontor("events", "replay", "--source", "board")
    settled = await office.settled(poison.position)
    twice = await office.kontor("events", "quarantine", str(poison.position), "--why", "a test")

    assert "says nothing of events" in shown.output
    assert [each["position"] for each in listed] == [poison.position]
    assert dry == {"would_replay": [poison.position]}
    assert again.exit_code == 0
    assert settled.standing is EventStanding.NOBODY
    assert (twice.exit_code, "does not wait" in twice.output) == (1, True)


async def test_events_are_handed_in_by_a_person_and_a_bad_line_is_named(office: Office) -> None:
    lines = "\n".join([json.dumps(cloud_event("ping", "p-1")), "{", json.dumps(cloud_event("ping", "p-2"))])
    first = await office.kontor("events", "submit", "board", "-", given=lines)
    again = await office.kontor("events", "submit", "board", "-", "--json", given=lines)

    assert (first.exit_code, "line 2" in first.output) == (1, True)
    assert [each.get("outcome") for each in json.loads(again.output)] == ["known", None, "known"]
    assert {event.id for event in office.door.kept()} == {"p-1", "p-2"}


async def test_of_two_events_with_one_id_a_person_decides(office: Office) -> None:
    body = body_of(cloud_event("ping", "e-1", text="changed"))
    await office.door.tell("ping", "e-1")
    await office.door.send(body, standard(body))
    await office.kontor("books", "reconcile")

    found = office.door.kontor.reconciliation.newest(10, only_open=True)
    assert [each.standing for each in found] == ["case"]
    case = office.door.kontor.cases.find(f"books/board/{found[0].id}")
    assert case is not None
    assert case.status in (CaseStatus.RUNNING, CaseStatus.WAITING)


async def test_a_forgotten_customers_events_lose_their_words_and_keep_their_ids(office: Office) -> None:
    event = await office.told("note.asked", "e-1", **asked("E-6"))
    await office.client.get_workflow_handle("toy/board/E-6").result()
    kontor = office.door.kontor
    CustomerTextEraser(kontor.journal, kept_fields()).forget("c-E-6", [])
    again = await office.door.tell("note.asked", "e-1", **asked("E-6"))

    emptied = kontor.events.find(event.position)
    assert emptied is not None
    assert (emptied.body, emptied.digest) == (b"", event.digest)
    assert again.status_code == 202
    assert len(office.door.kept()) == 1
