"""Events in SQL, on both engines."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import SQLModel

import memory.tables.every  # noqa: F401  (registers every table with the metadata)
from contracts.event import Event, EventHandled, EventReception, EventStanding
from memory.authoritative.events import EventFilter, SqlEvents
from tests.memory.audit_helpers import journal

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
MANY = 1000


def event(number: str, key: str = "", body: bytes = b"{}", *, replayable: bool = False) -> Event:
    digest = hashlib.sha256(body).hexdigest()
    return Event(source="shop", id=number, type="t", key=key, body=body, digest=digest, replayable=replayable)


def books(engine: Engine) -> SqlEvents:
    return SqlEvents(journal(engine))


def said(kept: list[tuple[EventReception, EventStanding]]) -> list[EventReception]:
    return [reception for reception, _ in kept]


def test_the_migration_makes_the_table_that_the_model_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert [each for each in differences if "events_in" in str(each)] == []


def test_one_commit_knows_what_came_before_and_what_came_in_it(engine: Engine) -> None:
    events = books(engine)
    first, second, other = event("1"), event("2", body=b"[2]"), event("1", body=b"[1]")
    assert said(events.accept([(first, 9), (second, 9), (first, 9)], NOW)) == ["new", "new", "known"]
    assert said(events.accept([(second, 9), (other, 9), (other, 9)], NOW)) == ["known", "contested", "known"]
    assert [(each.id, each.contested) for each in events.newest(EventFilter())] == [
        ("1", True),
        ("2", False),
        ("1", False),
    ]


def test_no_more_wait_than_may_and_what_stands_aside_does_not_count(engine: Engine) -> None:
    events = books(engine)
    assert said(events.accept([(event(str(number)), 2) for number in range(3)], NOW)) == [
        "new",
        "new",
        "full",
    ]
    events.put_aside(events.newest(EventFilter())[0].position, "a test")
    assert said(events.accept([(event("2"), 2)], NOW)) == ["new"]


def test_a_copy_under_another_id_is_known_where_the_signature_covers_no_moment(engine: Engine) -> None:
    events = books(engine)
    given = [event("1", replayable=True), event("2", replayable=True), event("3")]
    assert said(events.accept([(each, 9) for each in given], NOW)) == ["new", "known", "new"]


def test_gateways_that_keep_the_same_events_at_once_keep_each_once(engine: Engine) -> None:
    events = [(event(str(number), body=b"%d" % number), MANY) for number in range(40)]

    def gateway(turn: int) -> list[EventReception]:
        return said(books(engine).accept(events[turn:] + events[:turn], NOW))

    with ThreadPoolExecutor(4) as gateways:
        answers = [each for found in gateways.map(gateway, range(4)) for each in found]
    assert answers.count(EventReception.NEW) == len(events)
    assert answers.count(EventReception.KNOWN) == 3 * len(events)


def test_an_event_that_rests_keeps_those_behind_it_about_the_same_and_no_others(engine: Engine) -> None:
    events = books(engine)
    events.accept([(event("1", "a"), 9), (event("2", "a"), 9), (event("3", "b"), 9), (event("4"), 9)], NOW)
    [first, *_] = events.waiting("shop", 9, NOW)
    events.failed(first, "away", timedelta(seconds=5), NOW)

    assert [each.id for each in events.waiting("shop", 9, NOW)] == ["3", "4"]
    assert events.next_rest("shop") == NOW + timedelta(seconds=5)
    assert [each.id for each in events.waiting("shop", 9, NOW + timedelta(seconds=5))] == ["1", "2", "3", "4"]


def test_a_replayed_event_waits_again_and_one_that_waits_is_not_replayed(engine: Engine) -> None:
    events = books(engine)
    events.accept([(event("1"), 9), (event("2"), 9)], NOW)
    first, second = events.waiting("shop", 9, NOW)
    events.handled(first, EventHandled(standing=EventStanding.PASSED, why="so"), NOW)
    [line] = events.backlog()

    assert (line.waiting, line.quarantined, line.oldest_at) == (1, 0, NOW)
    assert events.replay([first.position, second.position]) == [first.position]
    assert events.sources_that_wait() == ["shop"]
