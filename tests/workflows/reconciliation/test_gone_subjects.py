"""Orders that their system does not know any more, and what our books hold for them."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete
from temporalio.testing import ActivityEnvironment

from activities.statements import StatementActivities
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.messages import Patience, SubjectsCompared, Walk
from contracts.reconciliation.statement import Statement
from memory.authoritative.reconciliation.subjects import SqlSubjects
from memory.database import writing
from memory.tables.subjects import SubjectRow
from tests.workflows.reconciliation.shop import QUIET, Bookkeeping, listed


class NoOrders:
    """A shop that has forgotten every order, and lists what was paid for them all the same."""

    by = "order"

    async def statement(self, connector: str, id_: str) -> Statement | None:
        del connector, id_
        return None


@pytest.fixture
async def books(engine: Engine, tmp_path: Path) -> Bookkeeping:
    with writing(engine) as session:
        session.execute(delete(SubjectRow))
    books = Bookkeeping(engine, tmp_path)
    books.shop.manifests["till"] = listed(books.kind, books.runs, subject=True)
    return books


async def looked_at(books: Bookkeeping) -> SubjectsCompared:
    """Reconcile, and look at the orders that were named, as the workflow does it."""
    await books.reconcile()
    books.clock.pass_seconds(QUIET.total_seconds())
    subjects = SqlSubjects(books.journal)
    work = StatementActivities({"till": NoOrders()}, books.shop, subjects, books.clock)
    patience = Patience(margin=timedelta(0), grace=timedelta(days=30))
    walk = Walk(connector="till", began_at=books.clock.now, patience=patience)
    return await ActivityEnvironment().run(work.subjects, walk)


async def test_an_order_that_was_never_ours_and_is_gone_differs_from_nothing(books: Bookkeeping) -> None:
    books.shop.by_hand(3333, order="W-77")

    looked = await looked_at(books)

    assert (looked.subjects, looked.found) == (1, 0)
    assert books.open() == []


async def test_an_order_that_we_paid_for_and_is_gone_is_a_case(books: Bookkeeping) -> None:
    await books.paid(number=77)
    books.shop.by_hand(3333, order="W-77")

    looked = await looked_at(books)

    assert (looked.subjects, looked.found) == (1, 1)
    assert books.kinds() == [DivergenceKind.MISSING_OUTSIDE]
