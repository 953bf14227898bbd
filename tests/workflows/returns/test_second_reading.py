"""A message is read twice, question by question and as a whole; what the two say together counts."""

from datetime import UTC, datetime

import pytest

from contracts.decision import TOO_LARGE, Decision, Provenance, Question, undecided
from workflows.returns.reading import WHICH_ITEMS, Reading, Wanted
from workflows.returns.second_reading import MOST_ORDERS, beside, read_by_nobody, together, unread
from workflows.returns.types import FormLine, Intent, Order, OrderLine, Reason, ReturnRequest, Variant
from workflows.returns.wishes.conditions import CONDITIONAL
from workflows.returns.wishes.letter import Kind, OrderReading, Piece, Wish

ORDER = Order(
    id="W-1",
    channel="webshop",
    status="delivered",
    currency="EUR",
    customer="cust-1",
    placed_at=datetime(2026, 11, 5, tzinfo=UTC),
    paid_cents=5000,
    payment_method="card",
    lines=(
        OrderLine(id="L1", sku="S", product="S", name="Shirt", unit_price_cents=4000),
        OrderLine(id="L2", sku="C", product="C", name="Cap", unit_price_cents=1000),
    ),
)
LARGE = Variant(sku="SL", product="S", price_cents=4500, available=2)
REQUEST = ReturnRequest(id="R-1", channel="webshop", order="W-1", message="I return the cap, refund please.")


def read(intent: Intent, line: int, *doubts: str, settleable: bool = False) -> Reading:
    return Reading(
        intent=intent,
        reason=Reason.UNSTATED,
        wanted=(Wanted(line=ORDER.lines[line]),),
        understood=not doubts,
        doubts=doubts,
        settleable=doubts if settleable else (),
    )


def letter(*wishes: Wish, stands: bool = True) -> Decision:
    return Decision(
        task="returns.wishes",
        outcome="answered" if stands else "unsure",
        answer={"reading": OrderReading(order="W-1", wishes=wishes).model_dump(mode="json")},
        provenance=Provenance(by="rule", name="test", version="1", inputs_hash=""),
    )


def back(line: str) -> Wish:
    return Wish(order="W-1", kind=Kind.RETURN, pieces=(Piece(line=line),))


def test_two_readings_that_agree_stand() -> None:
    assert together(REQUEST, ORDER, read(Intent.RETURN, 1), letter(back("L2"))).understood


def test_two_readings_that_name_different_items_are_a_persons() -> None:
    found = together(REQUEST, ORDER, read(Intent.RETURN, 0), letter(back("L2")))

    assert found.doubts == ("two readings name different items",)


def test_two_readings_of_different_intents_are_a_persons() -> None:
    found = together(REQUEST, ORDER, read(Intent.EXCHANGE, 1), letter(back("L2")))

    assert found.doubts == ("one reading says exchange, the other return",)


def test_a_wish_that_the_desk_cannot_carry_out_is_not_dropped_silently() -> None:
    move = Wish(order="W-1", kind=Kind.CHANGE_ADDRESS, address="1 Main Street")
    found = together(REQUEST, ORDER, read(Intent.RETURN, 1), letter(back("L2"), move, stands=False))

    assert found.doubts == ("the letter also wishes: change_address",)


def test_a_whole_reading_settles_which_items_are_meant() -> None:
    found = together(REQUEST, ORDER, read(Intent.RETURN, 0, WHICH_ITEMS, settleable=True), letter(back("L2")))

    assert found.understood
    assert [line.id for line in found.lines] == ["L2"]


def test_a_whole_reading_never_settles_whether_it_is_asked_for() -> None:
    doubt = "the customer says that they do not want it"

    assert not together(REQUEST, ORDER, read(Intent.RETURN, 1, doubt), letter(back("L2"))).understood


def swap(line: str, sku: str) -> Wish:
    return Wish(order="W-1", kind=Kind.EXCHANGE, pieces=(Piece(line=line, sku=sku),))


def test_several_wishes_for_one_order_are_read_as_one_request() -> None:
    order = ORDER.model_copy(update={"variants": (LARGE,)})
    found = together(REQUEST, order, read(Intent.RETURN, 1), letter(swap("L1", "SL"), back("L2")))

    assert found.understood
    assert [each.intent for each in found.each] == [Intent.EXCHANGE, Intent.RETURN]
    assert [item.variant for item in found.wanted] == [LARGE]
    assert [line.id for line in found.also[0].lines] == ["L2"]


def test_several_wishes_that_do_not_stand_are_a_persons() -> None:
    wishes = letter(swap("L1", "SL"), back("L2"), stands=False)

    assert not together(REQUEST, ORDER, read(Intent.RETURN, 1), wishes).understood


def test_several_wishes_of_which_none_is_what_the_questions_heard_are_a_persons() -> None:
    found = together(REQUEST, ORDER, read(Intent.CANCEL, 1), letter(swap("L1", "SL"), back("L2")))

    assert found.doubts == ("one reading says cancel, the other exchange",)


def test_a_reading_that_does_not_stand_says_nothing() -> None:
    unsure = read(Intent.RETURN, 0, WHICH_ITEMS, settleable=True)

    assert together(REQUEST, ORDER, unsure, letter(back("L2"), stands=False)) == unsure


def test_a_reading_that_does_not_stand_still_says_that_something_else_is_wished() -> None:
    found = together(REQUEST, ORDER, read(Intent.EXCHANGE, 1), letter(back("L2"), stands=False))

    assert found.doubts == ("one reading says exchange, the other return",)


def test_of_a_forms_items_an_unsure_reading_of_the_words_says_nothing() -> None:
    form = REQUEST.model_copy(update={"items": (FormLine(line="L1"),)})

    assert together(form, ORDER, read(Intent.RETURN, 0), letter(back("L2"), stands=False)).understood


@pytest.mark.parametrize("sign", ["swap_in_return", "outside", "conflict"])
def test_a_letter_that_says_more_of_its_items_than_was_understood_is_a_persons(sign: str) -> None:
    reading = OrderReading(order="W-1", wishes=(back("L2"),), signs={sign: 1.0})
    unsure = letter(stands=False).model_copy(update={"answer": {"reading": reading.model_dump(mode="json")}})

    assert not together(REQUEST, ORDER, read(Intent.RETURN, 1), unsure).understood


@pytest.mark.parametrize("sign", ["conditional", "conditions"])
def test_a_condition_that_does_not_stand_is_never_ignored(sign: str) -> None:
    reading = OrderReading(order="W-1", wishes=(back("L2"),), signs={sign: 1.0})
    unsure = letter(stands=False).model_copy(update={"answer": {"reading": reading.model_dump(mode="json")}})

    found = together(REQUEST, ORDER, read(Intent.RETURN, 1), unsure)

    assert found.doubts == ("what shall be done on which condition",)


@pytest.mark.parametrize("passed_over", [True, False])
def test_a_condition_that_the_guard_passed_over_is_a_persons_where_nobody_read_the_letter(
    passed_over: bool,
) -> None:
    unread = letter(stands=False).model_copy(update={"answer": None})
    asks = unread.model_copy(
        update={"outcome": "answered", "answer": {"label": "asks", CONDITIONAL: passed_over}}
    )

    found = together(REQUEST, ORDER, read(Intent.RETURN, 1), unread, [asks])

    assert found.understood is not passed_over


@pytest.mark.parametrize(
    ("named", "doubts"), [(MOST_ORDERS, ()), (MOST_ORDERS + 1, ("it names 6 other orders",))]
)
def test_more_orders_than_are_read_are_a_persons_even_where_the_channel_does_not_know_them(
    named: int, doubts: tuple[str, ...]
) -> None:
    others = " ".join(f"W-{number}" for number in range(11, 11 + named))
    request = REQUEST.model_copy(update={"message": f"I return the cap of W-1. Cancel {others}."})
    known = [ORDER.model_copy(update={"id": f"W-{number}"}) for number in range(11, 11 + named - 2)]

    assert beside(request, ORDER, read(Intent.RETURN, 1), letter(back("L2")), known).doubts == doubts


def test_a_letter_that_nobody_read_settles_nothing_by_the_questions_alone() -> None:
    question = Question(task="returns.wishes", text="")
    silent = undecided(question, "models", "it did not answer")
    form = REQUEST.model_copy(update={"items": (FormLine(line="L1"),)})

    assert unread(REQUEST, silent)
    assert not read_by_nobody(read(Intent.RETURN, 1)).understood
    assert not unread(form, silent)
    assert not unread(REQUEST, undecided(question, "models", TOO_LARGE))
