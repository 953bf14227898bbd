"""What is accepted is in the books first, and once, whoever signed it and however often it comes."""

import asyncio
import time
from collections.abc import Callable

import pytest

from cli.doctor.work import events
from contracts.event import EventStanding
from tests.gateway.door import (
    JSON,
    OLD,
    TEXT,
    Door,
    body_of,
    cloud_event,
    github,
    press,
    shopify,
    standard,
    stripe,
)

ACCEPTED, UNAUTHORIZED = 202, 401


async def test_an_accepted_event_is_in_the_books_byte_for_byte(door: Door) -> None:
    answer = await door.tell("note.asked", number="e-1", customer="c-1")

    [event] = door.kept()
    assert (answer.status_code, answer.json()) == (ACCEPTED, {"source": "board", "id": "e-1"})
    assert event.body == body_of(cloud_event("note.asked", "e-1", customer="c-1"))
    assert (event.type, event.key, event.standing) == ("note.asked", "c-1", EventStanding.WAITING)


async def test_the_same_event_again_is_answered_as_before_and_kept_once(door: Door) -> None:
    first, again = await door.tell(), await door.tell()

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert len(door.kept()) == 1


async def test_the_same_event_many_times_at_once_is_kept_once(door: Door) -> None:
    answers = await asyncio.gather(*(door.tell() for _ in range(50)))

    assert {answer.status_code for answer in answers} == {ACCEPTED}
    assert len(door.kept()) == 1


async def test_many_events_at_once_are_all_kept(door: Door) -> None:
    await asyncio.gather(*(door.tell(number=f"e-{number}") for number in range(90)))

    assert {event.id for event in door.kept()} == {f"e-{number}" for number in range(90)}


async def test_a_known_id_with_other_bytes_is_kept_aside_and_people_are_asked(door: Door) -> None:
    await door.tell(text="as it was")
    answer = await door.tell(text="as somebody would have it")
    again = await door.tell(text="as somebody would have it")

    first, second = door.kept()
    assert "quarantined" in answer.json()
    assert again.status_code == ACCEPTED
    assert (first.standing, second.standing) == (EventStanding.WAITING, EventStanding.QUARANTINED)
    [asked] = door.kontor.reconciliation.newest(10, only_open=True)
    assert (asked.kind, asked.reference) == ("contested event", "e-1")


async def test_a_cloud_event_in_binary_mode_says_its_type_in_headers(door: Door) -> None:
    body = body_of({"customer": "c-7"})
    told = {**JSON, "ce-specversion": "1.0", "ce-id": "other", "ce-type": "ping", "ce-source": "/board"}
    answer = await door.send(body, {**standard(body, "e-9"), **told})

    [event] = door.kept()
    assert answer.status_code == ACCEPTED
    # The id that is signed is the id: the other header could be anybody's.
    assert (event.id, event.type, event.key, event.structured) == ("e-9", "ping", "c-7", False)


@pytest.mark.parametrize(
    ("source", "sign"),
    [("stripe", stripe), ("shopify", shopify), ("github", github), ("press", press)],
)
async def test_each_scheme_lets_its_own_pass_and_no_changed_byte(
    door: Door, source: str, sign: Callable[[bytes], dict[str, str]]
) -> None:
    body = body_of({"id": "e-1", "type": "push", "at": "2026-11-30T08:00:00Z"})
    good = await door.send(body, sign(body), source)
    bad = await door.send(body.replace(b"push", b"pull"), sign(body), source)

    assert (good.status_code, bad.status_code) == (ACCEPTED, UNAUTHORIZED), good.text
    [event] = door.kept(source)
    assert event.occurred_at is not None


async def test_a_bearer_token_lets_pass_whoever_knows_it(door: Door) -> None:
    body = body_of({"id": 7, "type": "push"})
    good = await door.send(body, {**JSON, "authorization": f"Bearer {TEXT}"}, "bearer")
    bad = await door.send(body, {**JSON, "authorization": "Bearer guess"}, "bearer")

    assert (good.status_code, bad.status_code) == (ACCEPTED, UNAUTHORIZED)
    assert [event.id for event in door.kept()] == ["7"]


async def test_while_a_secret_is_changed_both_count_and_afterwards_the_old_one_does_not(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = body_of(cloud_event())
    during = await door.send(body, standard(body, key=OLD))
    monkeypatch.delenv("KONTOR_SECRET_BOARD_OLD")
    after = await door.send(body, standard(body, key=OLD))

    assert (during.status_code, after.status_code) == (ACCEPTED, UNAUTHORIZED)


async def test_without_any_secret_the_source_is_told_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KONTOR_SECRET_TEXT")
    body = body_of({"id": "e-1", "type": "push"})
    answer = await door.send(body, github(body), "github")

    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert "TEXT" not in answer.text


async def test_a_body_that_is_signed_without_a_moment_counts_once_under_whatever_id(door: Door) -> None:
    body = body_of({"ref": "main"})
    first = await door.send(body, github(body, "d-1"), "github")
    replayed = await door.send(body, github(body, "d-2"), "github")

    assert (first.status_code, replayed.status_code) == (ACCEPTED, ACCEPTED)
    assert len(door.kept("github")) == 1


async def test_a_full_backlog_refuses_what_is_new_and_knows_what_it_has(door: Door) -> None:
    for number in range(100):
        await door.tell(number=f"e-{number}")
    known, new = await door.tell(number="e-3"), await door.tell(number="e-100")

    assert (known.status_code, new.status_code) == (ACCEPTED, 429)
    assert int(new.headers["retry-after"]) > 0
    assert len(door.kept()) == 100


async def test_a_database_that_is_away_refuses_and_nothing_is_said_to_be_kept(door: Door) -> None:
    door.kontor.database.dispose()
    database = door.kontor.settings.database_file
    database.rename(database.with_suffix(".away"))
    database.mkdir()
    answer, ready = await door.tell(), await door.client.get("/readyz")
    database.rmdir()
    database.with_suffix(".away").rename(database)

    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert ready.status_code == 503
    assert (await door.tell()).status_code == ACCEPTED
    assert (await door.client.get("/readyz")).json()["state"] == "ready"
    assert (await door.client.get("/healthz")).status_code == 200


async def test_the_doctor_names_sources_with_events_that_nobody_takes_up_or_that_stand_aside(
    door: Door,
) -> None:
    await door.tell(text="as it was")
    await door.tell(text="as somebody would have it")
    assert [(each.state, each.where) for each in events(door.kontor)] == [("off", "1 stand aside")]

    (door.kontor.settings.office / "sources" / "board.toml").unlink()
    door.kontor._forget("event_sources")
    assert [each.state for each in events(door.kontor)] == ["bad", "off"]


async def test_a_moment_that_a_source_writes_badly_costs_it_no_event(door: Door) -> None:
    body = body_of({**cloud_event(), "time": "last Tuesday"})
    assert (await door.send(body, standard(body))).status_code == ACCEPTED
    assert door.kept()[0].occurred_at is None


async def test_an_old_delivery_is_refused_and_so_is_one_from_the_future(door: Door) -> None:
    body = body_of(cloud_event())
    old = await door.send(body, standard(body, at=time.time() - 301))
    early = await door.send(body, standard(body, at=time.time() + 90))

    assert (old.status_code, early.status_code) == (UNAUTHORIZED, UNAUTHORIZED)
    assert "ago" in old.text
    assert "future" in early.text
