"""The queue as lists read it, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, inspect
from sqlmodel import SQLModel

from contracts.approvals.messages import Reminder
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import Answer
from memory.authoritative.approvals.queue import SqlApprovalQueue
from tests.workflows.kernel.approvals.data_plane import NOW, Clock, DataPlane, question


@pytest.fixture
def queue(engine: Engine) -> SqlApprovalQueue:
    return SqlApprovalQueue(engine)


async def fill(house: DataPlane, clock: Clock, count: int) -> list[str]:
    """Ask `count` questions, a minute apart and each for ten euros more; returns their ids."""
    ids = []
    for number in range(count):
        asking = question(20_000 + 1_000 * number, case_id=f"returns/webshop/Q-{number}")
        ids.append((await house.draft.open(asking)).request.id)
        clock.forward(minutes=1)
    return ids


async def test_pages_show_every_line_once_the_oldest_first_each_twice_as_long_as_the_one_before(
    house: DataPlane, queue: SqlApprovalQueue, clock: Clock
) -> None:
    ids = await fill(house, clock, 7)
    pages = list(queue.pages(ApprovalFilter(limit=2)))
    assert [[entry.id for entry in page] for page in pages] == [ids[:2], ids[2:6], ids[6:]]


async def test_lists_narrow_by_money_age_deadline_role_and_desk(
    house: DataPlane, queue: SqlApprovalQueue, clock: Clock
) -> None:
    ids = await fill(house, clock, 4)

    def shown(wanted: ApprovalFilter) -> list[str]:
        return [entry.id for page in queue.pages(wanted) for entry in page]

    assert shown(ApprovalFilter(min_cents=21_000, max_cents=22_000)) == ids[1:3]
    assert shown(ApprovalFilter(asked_before=NOW + timedelta(minutes=2))) == ids[:2]
    assert shown(ApprovalFilter(due_before=NOW)) == []
    assert shown(ApprovalFilter(role="lead")) == ids
    assert shown(ApprovalFilter(role="warehouse")) == []
    assert shown(ApprovalFilter(desk="content")) == []


async def test_a_line_says_who_is_asked_now_who_agreed_and_to_whom_it_was_handed(
    house: DataPlane, queue: SqlApprovalQueue
) -> None:
    request_id = (await house.draft.open(question(needed=2))).request.id
    await house.draft.remind(Reminder(request_id=request_id, kind="escalated", level=1))
    await house.say(request_id, Answer(person="ben", choice="approve"))
    await house.say(request_id, Answer(person="anna", choice="delegate", delegate_to="dana"))
    await house.say(request_id, Answer(person="mallory", choice="approve"))
    [entry] = queue.entries(ApprovalFilter())
    assert (entry.waiting_for, entry.agreed, entry.needed) == ("lead", 1, 2)
    assert entry.delegated_to == ("dana",)
    assert queue.counts() == {"waiting": 1}
    await house.say(request_id, Answer(person="dana", choice="approve"))
    assert queue.counts() == {"approved": 1}
    assert queue.entries(ApprovalFilter()) == []
    [closed] = queue.entries(ApprovalFilter(status=""))
    assert (closed.status, closed.waiting_for) == ("approved", "")


async def test_what_was_shown_counts_only_as_long_as_it_waits(
    house: DataPlane, queue: SqlApprovalQueue, clock: Clock
) -> None:
    ids = await fill(house, clock, 3)
    queue.show_to("ben", queue.entries(ApprovalFilter(limit=2)), clock.now)
    queue.show_to("ben", queue.entries(ApprovalFilter(limit=2)), clock.now)
    assert set(queue.seen_by("ben")) == set(ids[:2])
    assert queue.seen_by("anna") == {}
    await house.say(ids[0], Answer(person="ben", choice="reject"), case_id="returns/webshop/Q-0")
    assert set(queue.seen_by("ben")) == {ids[1]}


async def test_what_a_person_saw_already_is_not_written_again(
    house: DataPlane, queue: SqlApprovalQueue, clock: Clock, engine: Engine
) -> None:
    await fill(house, clock, 3)
    queue.show_to("ben", queue.entries(ApprovalFilter(limit=2)), clock.now)
    written: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: written.append(given[2]))
    queue.show_to("ben", queue.entries(ApprovalFilter(limit=2)), clock.now)
    assert not [statement for statement in written if statement.startswith("INSERT")]
    queue.show_to("ben", queue.entries(ApprovalFilter(limit=3)), clock.now)
    assert len([statement for statement in written if statement.startswith("INSERT")]) == 1
    assert len(queue.seen_by("ben")) == 3


async def test_a_request_is_found_by_its_beginning_and_by_its_case(
    house: DataPlane, queue: SqlApprovalQueue
) -> None:
    request_id = (await house.draft.open(question())).request.id
    for name in (request_id, request_id[:9], question().plan.case_id):
        assert queue.locate(name) == [request_id]
    assert queue.locate("ask-%") == []
    assert queue.locate("nothing") == []


def test_the_migration_makes_the_tables_that_the_code_means(engine: Engine) -> None:
    """Names, types' nullability, primary keys and indexes of the approvals' tables."""
    found = inspect(engine)
    meant = {name: table for name, table in SQLModel.metadata.tables.items() if name.startswith("approval")}
    assert len(meant) == 4
    for name, table in meant.items():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
        keys = found.get_pk_constraint(name)["constrained_columns"]
        assert keys == [column.name for column in table.primary_key.columns]
        assert {index["name"] for index in found.get_indexes(name)} == {index.name for index in table.indexes}
