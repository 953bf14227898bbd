"""Listings as systems really page: from either end, with cursors that repeat, alternate or shift."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from temporalio.exceptions import ApplicationError

from contracts.failure import CallFailed
from contracts.listing import Runs, Trail
from contracts.reconciliation.divergence import DivergenceKind
from memory.database import writing
from tests.workflows.reconciliation.conftest import EMPTIED
from tests.workflows.reconciliation.paging import (
    Paging,
    alternating,
    by_page_number,
    clamped,
    in_no_order,
    newest_first,
    oldest_first,
    the_same_cursor,
    the_same_cursor_from_the_newest,
)
from tests.workflows.reconciliation.shop import QUIET, Bookkeeping

Make = Callable[..., Bookkeeping]


@pytest.fixture
def books_of(engine: Engine, tmp_path: Path) -> Make:
    def make(paging: Paging, order: Runs = "") -> Bookkeeping:
        return Bookkeeping(engine, tmp_path, paging=paging, runs=order)

    return make


async def paid(books: Bookkeeping, *numbers: int) -> None:
    for number in numbers:
        await books.paid(number=number)
        books.clock.pass_seconds(60)


async def later(books: Bookkeeping) -> None:
    """Reconcile once everything is older than any patience, twice, for what waits one run."""
    for _ in range(2):
        books.clock.pass_seconds(QUIET.total_seconds())
        await books.reconcile()


@pytest.mark.parametrize("order", ["", "newest-first"])
@pytest.mark.parametrize("paging", [newest_first, by_page_number])
async def test_a_listing_that_begins_with_the_newest_shows_what_came_since_and_ours_is_matched(
    books_of: Make, paging: Paging, order: Runs
) -> None:
    books = books_of(paging, order)
    await paid(books, *range(1, 8))
    await later(books)
    assert books.books.status().open == 0
    books.shop.asked.clear()

    foreign = [books.shop.by_hand(cents).reference for cents in (3333, 4444)]
    books.clock.pass_seconds(60)
    await paid(books, 8)
    await later(books)

    assert {found.reference for found in books.open()} == set(foreign)
    assert books.kinds() == [DivergenceKind.MISSING_HERE] * 2
    assert len(books.shop.asked) < 8, "what was read before is not read again"


@pytest.mark.parametrize("paging", [oldest_first, newest_first, by_page_number, in_no_order])
async def test_a_listing_in_whatever_order_misses_what_is_missing_and_nothing_else(
    books_of: Make, paging: Paging
) -> None:
    books = books_of(paging)
    await paid(books, *range(1, 8))
    await later(books)
    books.shop.hidden.add((await books.paid(number=9)).outside_reference or "")
    books.clock.pass_seconds(60)
    await paid(books, 10, 11)
    await later(books)

    assert books.kinds() == [DivergenceKind.MISSING_OUTSIDE]


@pytest.mark.parametrize("paging", [the_same_cursor, alternating])
async def test_nothing_is_missing_on_the_strength_of_a_listing_that_goes_in_circles(
    books_of: Make, paging: Paging
) -> None:
    books = books_of(paging)
    await paid(books, *range(1, 8))
    await later(books)
    assert books.open() == []

    books.shop.paging = newest_first
    await later(books)
    await paid(books, 8)
    foreign = books.shop.by_hand(3333)
    await later(books)
    assert [found.reference for found in books.open()] == [foreign.reference]


async def test_what_lies_behind_a_cursor_that_stood_still_is_read_once_it_moves(books_of: Make) -> None:
    books = books_of(newest_first)
    await paid(books, 1, 2, 3)
    await later(books)
    foreign = books.shop.by_hand(3333)
    books.clock.pass_seconds(60)
    await paid(books, *range(4, 9))

    books.shop.paging = the_same_cursor_from_the_newest
    await later(books)
    assert books.open() == []

    books.shop.paging = newest_first
    await later(books)
    assert [found.reference for found in books.open()] == [foreign.reference]


async def test_a_listing_whose_last_page_is_short_and_names_itself_has_an_end(books_of: Make) -> None:
    books = books_of(clamped)
    await paid(books, *range(1, 6))
    await later(books)
    books.shop.hidden.update(made.reference for made in books.shop.made[2:4])
    await paid(books, 6, 7)
    books.shop.hidden.add(books.shop.made[-2].reference)
    await paid(books, 8)
    await later(books)

    assert books.kinds() == [DivergenceKind.MISSING_OUTSIDE]


async def test_what_pushes_entries_down_while_they_are_paged_makes_none_missing(books_of: Make) -> None:
    books = books_of(by_page_number)
    await paid(books, *range(1, 8))
    made: list[str] = []

    def meanwhile() -> None:
        if len(made) < 3:
            made.append(books.shop.by_hand(100 + len(made)).reference)

    books.shop.meanwhile = meanwhile
    await later(books)
    await later(books)
    assert {found.reference for found in books.open()} == set(made)


async def test_what_is_taken_away_while_it_is_paged_makes_no_other_missing(books_of: Make) -> None:
    """By page number, an entry that goes pulls another over the edge between two pages."""
    books = books_of(by_page_number)
    books.shop.by_hand(100)
    books.clock.pass_seconds(60)
    await paid(books, *range(1, 8))
    newest = books.shop.by_hand(200)
    books.shop.meanwhile = lambda: books.shop.hidden.add(newest.reference)
    await later(books)
    assert DivergenceKind.MISSING_OUTSIDE not in books.kinds()


async def test_a_manifest_that_says_the_wrong_order_is_told_so_and_nothing_follows(books_of: Make) -> None:
    books = books_of(newest_first, "oldest-first")
    await paid(books, 1, 2, 3)
    books.clock.pass_seconds(QUIET.total_seconds())
    with pytest.raises(ApplicationError, match="its first page runs newest-first, and its manifest says"):
        await books.reconcile()


async def test_a_cursor_that_the_system_does_not_know_any_more_is_let_go(books_of: Make) -> None:
    books = books_of(oldest_first, "oldest-first")
    await paid(books, 1, 2, 3)
    await later(books)

    def refuses(made: object, cursor: str | None, size: int) -> object:
        del made, size
        raise CallFailed("no such cursor", status=400) if cursor else AssertionError

    books.shop.paging = refuses  # type: ignore[assignment]  # it gives no page at all
    with pytest.raises(ApplicationError):
        await books.reconcile()
    books.shop.paging = newest_first
    books.shop.manifests["till"] = Bookkeeping(books.engine, books.folder, runs="").shop.manifests["till"]
    foreign = books.shop.by_hand(3333)
    await later(books)
    assert [found.reference for found in books.open()] == [foreign.reference]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(1, 7))
def test_a_walk_notices_every_circle_and_nothing_else(tail: list[int], length: int) -> None:
    straight = [f"t{place}" for place in range(len(tail))]
    trail: Trail | None = Trail()
    for cursor in straight:
        assert trail is not None
        trail = trail.onto(cursor)
    steps = 0
    while trail is not None:
        trail = trail.onto(f"c{steps % length}")
        steps += 1
        assert steps < 4 * (len(straight) + length + 1)


STEPS = st.lists(st.sampled_from(["ours", "by hand", "reconcile", "page size"]), min_size=3, max_size=14)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, paging=st.sampled_from([oldest_first, newest_first, by_page_number]))
def test_whatever_happens_between_walks_exactly_what_nobody_ordered_is_found(
    sqlite_engine: Engine, tmp_path: Path, steps: list[str], paging: Paging
) -> None:
    asyncio.run(_play(sqlite_engine, tmp_path, steps, paging))


async def _play(engine: Engine, folder: Path, steps: list[str], paging: Paging) -> None:
    with writing(engine) as session:
        for table in EMPTIED:
            session.execute(delete(table))
    books = Bookkeeping(engine, folder, runs="", paging=paging)
    await paid(books, 1)
    foreign = set()
    for number, step in enumerate(steps, start=2):
        if step == "ours":
            await paid(books, number)
        elif step == "by hand":
            foreign.add(books.shop.by_hand(number).reference)
        elif step == "page size":
            books.shop.page_size = 1 + number % 4
        else:
            await later(books)
        books.clock.pass_seconds(30)
    await later(books)
    assert {found.reference for found in books.open()} == foreign
    assert set(books.kinds()) <= {DivergenceKind.MISSING_HERE}
