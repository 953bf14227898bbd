"""Our books against the outside world's, both ways: what differs is named, what is proved is healed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from contracts.effect import EffectState
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.messages import Patience, Settlement, Walk
from memory.database import writing
from memory.tables.ledger import EffectRow
from tests.activities.effects.fake_channel import Kind
from tests.workflows.reconciliation.shop import QUIET, Bookkeeping

Make = Callable[..., Bookkeeping]


@pytest.fixture
def books(engine: Engine, tmp_path: Path) -> Bookkeeping:
    """A till that keeps and shows our keys."""
    return Bookkeeping(engine, tmp_path)


@pytest.fixture
def books_of(engine: Engine, tmp_path: Path) -> Make:
    def make(kind: Kind) -> Bookkeeping:
        return Bookkeeping(engine, tmp_path, kind)

    return make


async def test_books_that_agree_have_no_divergence(books: Bookkeeping) -> None:
    for number in range(1, 6):
        await books.paid(number=number)
    books.clock.pass_seconds(QUIET.total_seconds())
    tally = await books.reconcile()
    assert (tally.entries, tally.effects, tally.found, tally.healed) == (5, 5, 0, 0)
    assert books.books.status().open == 0


async def test_a_second_run_reads_on_from_the_cursor_and_finds_nothing_new(books: Bookkeeping) -> None:
    for number in range(1, 6):
        await books.paid(number=number)
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    books.shop.asked.clear()
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.paid(number=6)
    books.clock.pass_seconds(QUIET.total_seconds())
    tally = await books.reconcile()
    assert (tally.entries, tally.effects, tally.found) == (1, 1, 0)
    assert books.shop.asked == ["5", "6"]


async def test_an_unknown_effect_that_is_listed_becomes_applied(books: Bookkeeping) -> None:
    order = books.order()
    books.shop.next.append("cut-after")
    with pytest.raises(Exception, match="cut"):
        await books.door.attempt(order)
    books.unknown(order)
    calls = len(books.shop.calls)
    tally = await books.reconcile()
    assert tally.healed == 1
    assert books.state(order) is EffectState.APPLIED
    assert len(books.shop.calls) == calls
    assert books.books.status().healed == 1
    assert books.open() == []
    assert [told.data["what"] for told in books.log.of_case(order.case_id, told_only=True)] == ["healed"]


async def test_an_unknown_effect_that_is_surely_absent_is_sent_again_under_its_first_key(
    books_of: Make,
) -> None:
    books = books_of("lookup")
    order = books.order()
    books.shop.next.append("cut-before")
    with pytest.raises(Exception, match="cut"):
        await books.door.attempt(order)
    books.unknown(order)
    tally = await books.reconcile()
    assert tally.healed == 1
    assert books.state(order) is EffectState.APPLIED
    assert books.shop.calls == [order.key, order.key]
    assert books.shop.cents(order.key) == [4000]


async def test_an_effect_that_nobody_pursues_any_more_is_taken_up_again(books_of: Make) -> None:
    books = books_of("lookup")
    order = books.order()
    books.shop.next.append("cut-after")
    with pytest.raises(Exception, match="cut"):
        await books.door.attempt(order)
    assert (await books.reconcile()).healed == 0
    books.clock.pass_seconds(Patience().abandoned.total_seconds() + 1)
    assert (await books.reconcile()).healed == 1
    assert books.state(order) is EffectState.APPLIED
    assert books.shop.cents(order.key) == [4000]


async def test_an_effect_that_no_look_up_can_tell_is_stuck_and_people_say_what_it_is(
    books_of: Make,
) -> None:
    books = books_of("none")
    orders = {applied: books.order(number=1 + applied) for applied in (False, True)}
    for order in orders.values():
        books.shop.next.append("cut-before")
        with pytest.raises(Exception, match="cut"):
            await books.door.attempt(order)
        books.unknown(order)
    books.shop.hidden = {"R-1", "R-2"}
    assert (await books.reconcile()).found == 2
    found = {one.effect_key: one for one in books.open()}
    assert {one.kind for one in found.values()} == {DivergenceKind.STUCK_UNKNOWN}
    assert {one.at_stake_cents for one in found.values()} == {4000}
    for applied, order in orders.items():
        one = found[order.key]
        await books.work.settle(
            Settlement(divergence_id=one.id, resolution="ben looked", effect_key=order.key, applied=applied)
        )
        assert books.state(order) is (EffectState.APPLIED if applied else EffectState.FAILED)
    assert books.open() == []
    assert books.books.status().closed == 2
    assert (await books.reconcile()).found == 0


async def test_an_applied_effect_that_is_not_listed_is_missing_outside(books: Bookkeeping) -> None:
    receipt = await books.paid(cents=4200)
    books.shop.hidden = {str(receipt.outside_reference)}
    books.clock.pass_seconds(QUIET.total_seconds())
    assert (await books.reconcile()).found == 1
    [found] = books.open()
    assert found.kind is DivergenceKind.MISSING_OUTSIDE
    assert (found.effect_key, found.at_stake_cents) == (receipt.key, 4200)
    assert (await books.reconcile()).found == 0
    proposal = await books.work.propose(found)
    [again] = proposal.plan.effects
    assert (again.operation, again.amount_cents, again.step) == ("refund", 4200, "again")


async def test_an_effect_applied_just_now_is_not_missed_yet(books: Bookkeeping) -> None:
    receipt = await books.paid()
    books.shop.hidden = {str(receipt.outside_reference)}
    assert (await books.reconcile()).found == 0
    books.clock.pass_seconds(61)
    assert (await books.reconcile()).found == 1


async def test_an_effect_that_is_listed_after_all_closes_its_divergence(books: Bookkeeping) -> None:
    receipt = await books.paid()
    books.shop.hidden = {str(receipt.outside_reference)}
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    books.books.opened(books.open(), books.clock.now)
    books.shop.hidden.clear()
    walk = Walk(connector="till", began_at=books.clock.now, patience=Patience())
    page = await books.work.listing(walk)
    assert [case.split("/")[:2] for case in page.vanished] == [["books", "till"]]
    assert books.books.status().open == 0


async def test_what_somebody_did_by_hand_is_missing_here_once_the_grace_is_over(books: Bookkeeping) -> None:
    await books.paid()
    books.clock.pass_seconds(QUIET.total_seconds())
    made = books.shop.by_hand(999)
    assert (await books.reconcile()).found == 0
    books.clock.pass_seconds(Patience().grace.total_seconds())
    assert (await books.reconcile()).found == 1
    [found] = books.open()
    assert found.kind is DivergenceKind.MISSING_HERE
    assert (found.reference, found.theirs_cents, found.ours_cents) == (made.reference, 999, 0)
    assert (await books.work.propose(found)).plan.effects == ()


async def test_what_others_did_without_money_is_no_concern_of_the_books(books: Bookkeeping) -> None:
    await books.paid()
    books.clock.pass_seconds(QUIET.total_seconds())
    books.shop.by_hand(0)
    await books.reconcile()
    books.clock.pass_seconds(QUIET.total_seconds())
    assert (await books.reconcile()).found == 0
    assert books.open() == []


async def test_what_was_done_before_our_books_began_is_not_ours_to_explain(books: Bookkeeping) -> None:
    books.shop.by_hand(500)
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.paid()
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    books.clock.pass_seconds(QUIET.total_seconds())
    assert (await books.reconcile()).found == 0


async def test_a_different_amount_is_named_with_both(books: Bookkeeping) -> None:
    await books.paid(cents=4000)
    books.shop.made[0].arguments["amount_cents"] = 4400
    await books.reconcile()
    [found] = books.open()
    assert found.kind is DivergenceKind.AMOUNT_DIFFERS
    assert (found.ours_cents, found.theirs_cents, found.at_stake_cents) == (4000, 4400, 400)


async def test_an_amount_that_changes_after_it_was_read_is_found_when_it_is_listed_again(
    books: Bookkeeping,
) -> None:
    await books.paid(cents=4000)
    await books.reconcile()
    books.shop.made[0].arguments["amount_cents"] = 4400
    row = books.shop
    row.page_size = 1
    walk = Walk(connector="till", began_at=books.clock.now, patience=Patience())
    page = await row.list_page("till", None, 1)
    books.books.take_page(walk, page, books.clock.now)
    assert books.kinds() == [DivergenceKind.AMOUNT_DIFFERS]


async def test_the_same_key_twice_outside_is_a_duplicate_and_the_surplus_one_can_be_voided(
    books: Bookkeeping,
) -> None:
    receipt = await books.paid(cents=4000)
    surplus = books.shop.by_hand(4000, key=receipt.key)
    await books.reconcile()
    [found] = books.open()
    assert found.kind is DivergenceKind.DUPLICATE
    assert (found.reference, found.at_stake_cents) == (surplus.reference, 4000)
    [void] = (await books.work.propose(found)).plan.effects
    assert (void.operation, void.arguments) == ("void_refund", {"refund": surplus.reference})


async def test_without_keys_a_surplus_one_beside_an_effect_sent_twice_is_a_duplicate(
    books_of: Make,
) -> None:
    books = books_of("lookup")
    order = books.order()
    books.shop.next.append(429)
    with pytest.raises(Exception, match="429"):
        await books.door.attempt(order)
    await books.door.pursue(order)
    books.shop.by_hand(4000)
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    assert books.kinds() == [DivergenceKind.DUPLICATE]


async def test_what_comes_through_after_we_closed_it_as_failed_is_late(books: Bookkeeping) -> None:
    order = books.order()
    books.shop.next.append(422)
    await books.door.pursue(order)
    assert books.state(order) is EffectState.FAILED
    books.shop.by_hand(4000, key=order.key)
    await books.reconcile()
    [found] = books.open()
    assert (found.kind, found.effect_key) == (DivergenceKind.LATE, order.key)


async def test_a_listed_entry_waits_while_an_effect_of_its_amount_is_under_way(books_of: Make) -> None:
    books = books_of("lookup")
    await books.paid(cents=100, number=7)
    order = books.order()
    books.shop.next.append("cut-after")
    with pytest.raises(Exception, match="cut"):
        await books.door.attempt(order)
    for _ in range(3):
        await books.reconcile()
        books.clock.pass_seconds(QUIET.total_seconds())
        assert books.open() == []
    await books.door.pursue(order)
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    assert books.open() == []
    assert books.state(order) is EffectState.APPLIED


async def test_a_crash_between_reading_a_page_and_healing_loses_nothing(books: Bookkeeping) -> None:
    order = books.order()
    books.shop.next.append("cut-after")
    with pytest.raises(Exception, match="cut"):
        await books.door.attempt(order)
    books.unknown(order)
    walk = Walk(connector="till", began_at=books.clock.now, patience=Patience())
    taken = books.books.take_page(walk, await books.shop.list_page("till", None, 10), books.clock.now)
    assert len(taken.proven) == 1
    assert (await books.work.judge(walk)).healed == 1
    assert books.state(order) is EffectState.APPLIED


async def test_the_backlog_is_told_by_count_age_and_money(books: Bookkeeping) -> None:
    for number, cents in ((1, 1000), (2, 2000)):
        receipt = await books.paid(cents=cents, number=number)
        books.shop.hidden.add(str(receipt.outside_reference))
        books.clock.pass_seconds(QUIET.total_seconds())
        await books.reconcile()
    books.books.opened(books.open()[:1], books.clock.now)
    [line] = books.books.status().backlog
    assert (line.connector, line.kind) == ("till", DivergenceKind.MISSING_OUTSIDE)
    assert (line.count, line.with_people, line.at_stake_cents) == (2, 1, 3000)
    assert books.clock.now - line.oldest_at == QUIET
    assert [found.kind for found in books.open()] == [DivergenceKind.MISSING_OUTSIDE]


async def test_a_question_nobody_answered_is_asked_again_in_another_round(books: Bookkeeping) -> None:
    receipt = await books.paid()
    books.shop.hidden.add(str(receipt.outside_reference))
    books.clock.pass_seconds(QUIET.total_seconds())
    await books.reconcile()
    [first] = books.open()
    books.books.opened([first], books.clock.now)
    assert books.open() == []
    await books.work.settle(Settlement(divergence_id=first.id, resolution="expired", close=False))
    [second] = books.open()
    assert (first.rounds, second.rounds, first.id == second.id) == (1, 2, True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_more_than_a_page_of_effects_of_one_moment_are_all_compared_once(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many rows may carry one moment: the key goes on where the moment cannot."""
    monkeypatch.setattr("memory.authoritative.reconciliation.store.PAGE", 5)
    many, count = Bookkeeping(engine, tmp_path), 12
    for number in range(count):
        await many.paid(cents=100 + number, number=number)
    with writing(many.engine) as session:
        session.execute(update(EffectRow).values(updated_at=many.clock.now))
    many.shop.hidden = {made.reference for made in many.shop.made[::4]}
    many.clock.pass_seconds(QUIET.total_seconds())
    tally = await many.reconcile()
    assert (tally.effects, tally.found) == (count, len(many.shop.hidden))
    many.clock.pass_seconds(timedelta(days=1).total_seconds())
    assert (await many.reconcile()).effects == 0
