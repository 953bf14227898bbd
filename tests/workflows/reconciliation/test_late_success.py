"""A success that comes after the books closed an effect is a divergence at once, and only one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from activities.undo import UndoActivities
from contracts.effect import EffectOrder, EffectState
from contracts.reconciliation.divergence import DivergenceKind
from contracts.undo import UndoPlan, UndoRequest
from tests.activities.effects.fake_channel import Kind, Made
from tests.workflows.reconciliation.shop import QUIET, Bookkeeping

Make = Callable[[Kind], Bookkeeping]


@pytest.fixture
def books_of(engine: Engine, tmp_path: Path) -> Make:
    def make(kind: Kind) -> Bookkeeping:
        books = Bookkeeping(engine, tmp_path, kind)
        # The log is never emptied, and it names a divergence by its reference.
        books.shop.prefix = f"{books.test}-"
        return books

    return make


def begun(books: Bookkeeping, order: EffectOrder) -> int:
    """Put a call under way whose answer nobody has yet."""
    door = books.door
    return door.ledger.begin(order, books.shop.manifest("till"), door.policy_version, books.clock.now).call


def made(books: Bookkeeping, order: EffectOrder) -> Made:
    """Let the till do what it was asked, once more if need be."""
    effect = order.effect
    before = len(books.shop.made)
    found = books.shop.commit("till", effect.operation, effect.arguments, order.key)
    assert len(books.shop.made) == before + 1
    return found


def closed_by_a_person(books: Bookkeeping, order: EffectOrder) -> None:
    books.unknown(order)
    receipt = books.door.ledger.resolve(order.key, None, "ben did not see it", books.clock.now)
    assert receipt.state is EffectState.FAILED


@pytest.mark.parametrize("kind", ["client_reference", "lookup", "none"])
async def test_an_answer_after_the_books_closed_it_as_failed_is_a_divergence_at_once(
    books_of: Make, kind: Kind
) -> None:
    books = books_of(kind)
    order = books.order()
    call = begun(books, order)
    closed_by_a_person(books, order)
    late = made(books, order)
    receipt = books.door.ledger.answered(order.key, call, late.told, books.clock.now)
    assert (receipt.state, receipt.outside_reference) == (EffectState.FAILED, late.reference)
    assert receipt.reason == "ben did not see it; it was done after all"
    [found] = books.open()
    assert (found.kind, found.reference, found.effect_key) == (DivergenceKind.LATE, late.reference, order.key)
    assert (found.ours_cents, found.theirs_cents) == (0, 4000)
    assert [told.data["what"] for told in books.log.of_case(order.case_id, told_only=True)] == ["found"]


@pytest.mark.parametrize("kind", ["native_key", "client_reference", "lookup"])
async def test_what_is_made_later_than_its_system_promises_is_found_in_the_listing(
    books_of: Make, kind: Kind
) -> None:
    books = books_of(kind)
    order = books.order()
    books.shop.next.extend(["cut-before", 422])
    receipt = await books.door.pursue(order)
    assert receipt.state is EffectState.FAILED
    late = made(books, order)
    for _ in range(2):
        await books.reconcile()
        books.clock.pass_seconds(QUIET.total_seconds())
    [found] = books.open()
    assert (found.reference, found.theirs_cents) == (late.reference, 4000)
    assert found.kind is (DivergenceKind.LATE if kind == "client_reference" else DivergenceKind.MISSING_HERE)


@pytest.mark.parametrize("kind", ["client_reference", "lookup"])
async def test_what_was_found_at_once_is_not_found_again_in_the_listing(books_of: Make, kind: Kind) -> None:
    books = books_of(kind)
    order = books.order()
    call = begun(books, order)
    closed_by_a_person(books, order)
    late = made(books, order)
    for _ in range(2):
        books.door.ledger.answered(order.key, call, late.told, books.clock.now)
    for _ in range(2):
        await books.reconcile()
        books.clock.pass_seconds(QUIET.total_seconds())
    assert books.kinds() == [DivergenceKind.LATE]


async def test_a_look_up_that_finds_what_was_closed_as_failed_says_so_at_once(books_of: Make) -> None:
    books = books_of("client_reference")
    order = books.order()
    begun(books, order)
    closed_by_a_person(books, order)
    late = made(books, order)
    till = books.shop.manifest("till")
    found = books.door.ledger.found(order.key, till, late.told, books.clock.now)
    assert found.receipt.state is EffectState.FAILED
    assert books.kinds() == [DivergenceKind.LATE]


async def test_what_a_look_up_finds_is_not_blamed_on_a_failed_effect_if_its_twin_did_it(
    books_of: Make,
) -> None:
    books = books_of("lookup")
    order, twin = books.order(number=1), books.order(number=1)
    twin = books.door.order(twin.effect, case_id=f"{twin.case_id}-twin")
    begun(books, order)
    closed_by_a_person(books, order)
    receipt = await books.door.pursue(twin)
    till = books.shop.manifest("till")
    books.door.ledger.found(order.key, till, books.shop.made[0].told, books.clock.now)
    assert receipt.state is EffectState.APPLIED
    assert books.open() == []


async def test_a_second_answer_with_another_reference_is_a_duplicate_at_once(books_of: Make) -> None:
    books = books_of("lookup")
    order = books.order()
    call = begun(books, order)
    first, second = made(books, order), made(books, order)
    for answer in (first, first, second):
        receipt = books.door.ledger.answered(order.key, call, answer.told, books.clock.now)
        assert (receipt.state, receipt.outside_reference) == (EffectState.APPLIED, first.reference)
    [found] = books.open()
    assert (found.kind, found.reference) == (DivergenceKind.DUPLICATE, second.reference)


async def test_an_effect_without_money_that_was_done_after_all_is_a_divergence_too(books_of: Make) -> None:
    books = books_of("client_reference")
    note = books.order().effect.model_copy(
        update={"step": "notify", "operation": "notify", "amount_cents": 0, "currency": ""}
    )
    order = books.door.order(note, case_id=f"returns/till/{books.test}-9")
    call = begun(books, order)
    closed_by_a_person(books, order)
    books.door.ledger.answered(order.key, call, made(books, order).told, books.clock.now)
    assert books.kinds() == [DivergenceKind.LATE]


async def undo_plan(books: Bookkeeping, order: EffectOrder, *keys: str) -> UndoPlan:
    undo = UndoActivities(books.shop, books.door.ledger)
    return await undo.plan(UndoRequest(case_id=order.case_id, keys=keys))


@pytest.mark.parametrize("kind", ["client_reference", "lookup", "none"])
async def test_undoing_a_case_names_what_was_done_after_it_was_closed_as_failed_and_who_deals_with_it(
    books_of: Make, kind: Kind
) -> None:
    books = books_of(kind)
    order = books.order()
    call = begun(books, order)
    closed_by_a_person(books, order)
    assert await undo_plan(books, order) == UndoPlan(case_id=order.case_id)
    books.door.ledger.answered(order.key, call, made(books, order).told, books.clock.now)
    [found] = books.open()
    for plan in (await undo_plan(books, order), await undo_plan(books, order, order.key)):
        [left] = plan.impossible
        assert plan.compensations == ()
        assert left.step == "refund"
        assert left.why == f"it was done after it was closed as failed: books/till/{found.id} deals with it"


async def test_undoing_a_case_names_what_only_the_listing_showed_to_be_done_after_all(books_of: Make) -> None:
    books = books_of("client_reference")
    order = books.order()
    books.shop.next.extend(["cut-before", 422])
    assert (await books.door.pursue(order)).state is EffectState.FAILED
    made(books, order)
    await books.reconcile()
    [left] = (await undo_plan(books, order)).impossible
    assert left.why.startswith("it was done after it was closed as failed: books/till/")
