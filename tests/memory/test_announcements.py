"""The log as an outbox, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import SQLModel

import memory.tables.every  # noqa: F401  (registers every table with the metadata)
from contracts.case import Episode
from contracts.subscription import Subscription
from memory.authoritative.announcements import KEPT, SqlAnnouncements
from memory.authoritative.reconciliation.store import SqlReconciliation
from memory.episodic.journal import Journal
from tests.memory.audit_helpers import journal

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ERP = Subscription(
    name="erp",
    episodes=("closed", "undo*"),
    desks=("returns",),
    url="https://erp.example.com",
    secrets=("erp.webhook",),
)


def happen(books: Journal, *names: str) -> None:
    """Append episodes `DESK/NUMBER#KIND`."""
    told = [
        Episode(id=name, case_id=name.partition("#")[0], kind=name.partition("#")[2], at=NOW, data={})
        for name in names
    ]
    books.append(told)


def due(told: SqlAnnouncements, now: datetime = NOW) -> list[str]:
    return [each.episode.id for each in told.due("erp", 1000, now)]


def test_the_migration_makes_the_tables_that_the_models_declare(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert [
        each for each in differences if "announcements" in str(each) or "subscriptions" in str(each)
    ] == []


def test_a_new_subscription_begins_at_the_end_of_the_log_and_hears_what_it_wants(engine: Engine) -> None:
    books = journal(engine)
    told = SqlAnnouncements(books)
    happen(books, "returns/1#closed")
    told.take(ERP, NOW)
    happen(books, "returns/2#opened", "returns/2#closed", "content/3#closed", "returns/1#undone")
    told.take(ERP, NOW)

    assert due(told) == ["returns/2#closed", "returns/1#undone"]


def test_each_episode_is_taken_once_however_many_look_at_once(engine: Engine) -> None:
    books = journal(engine)
    told = SqlAnnouncements(books)
    told.take(ERP, NOW)
    happen(books, *(f"returns/{number}#closed" for number in range(1200)))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: told.take(ERP, NOW), range(12)))

    assert len(due(told)) == 1000
    assert [each.waiting for each in told.standings()] == [1200]


def test_what_was_refused_waits_and_what_was_taken_is_done(engine: Engine) -> None:
    books = journal(engine)
    told = SqlAnnouncements(books)
    told.take(ERP, NOW)
    happen(books, "returns/1#closed", "returns/2#closed")
    told.take(ERP, NOW)
    first, second = told.due("erp", 9, NOW)
    told.refused(first, "it answered 500", LATER, NOW)
    told.delivered(second, NOW)

    assert (due(told), due(told, LATER)) == ([], ["returns/1#closed"])
    assert told.next_at("erp") == LATER
    told.delivered(second, LATER)  # a second process tells of the same
    [standing] = told.standings()
    assert (standing.waiting, standing.delivered) == (1, 1)


def test_the_last_try_in_vain_ends_a_subscription_only_if_it_took_nothing_meanwhile(engine: Engine) -> None:
    books = journal(engine)
    told = SqlAnnouncements(books)
    told.take(ERP, NOW)
    happen(books, "returns/1#closed", "returns/2#closed", "returns/3#closed")
    told.take(ERP, NOW)
    poison, good, other = told.due("erp", 9, NOW)
    told.refused(poison, "it answered 422", LATER, NOW)
    told.delivered(good, NOW)
    [again] = [each for each in told.due("erp", 9, LATER) if each.position == poison.position]
    told.refused(again, "it answered 422", None, LATER)
    alive = told.standings()[0].ended_at
    told.refused(other, "it answered 500", None, LATER)

    assert (alive, told.standings()[0].ended_at) == (None, LATER)
    assert due(told, LATER) == []
    [found] = SqlReconciliation(books, "EUR").newest(9, only_open=True)
    assert found.kind == "subscription ended"
    assert told.resume("erp", LATER) == 2
    assert due(told, LATER) == ["returns/1#closed", "returns/3#closed"]


def test_what_was_taken_long_ago_is_dropped_and_what_waits_never(engine: Engine) -> None:
    books = journal(engine)
    told = SqlAnnouncements(books)
    told.take(ERP, NOW)
    happen(books, "returns/1#closed", "returns/2#closed")
    told.take(ERP, NOW)
    told.delivered(told.due("erp", 1, NOW)[0], NOW)
    told.drop_old(NOW + KEPT + timedelta(seconds=1))

    assert [(each.waiting, each.delivered) for each in told.standings()] == [(1, 0)]
