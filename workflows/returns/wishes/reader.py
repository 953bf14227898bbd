"""A letter read against its customer's orders: for each order the wishes, the doubts, the question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mail.cleaning import Cleaned, clean
from workflows.returns.types import Order
from workflows.returns.wishes.acts import Act, acts
from workflows.returns.wishes.addresses import address
from workflows.returns.wishes.conditions import Conditional, as_if_in_stock, conditional, evaluated
from workflows.returns.wishes.cues import NO_OTHER
from workflows.returns.wishes.doubting import DENIED, judged
from workflows.returns.wishes.ending import breaks_off, run_together
from workflows.returns.wishes.finding import HERE, LEAST_MARGIN, OPEN, names_action, order_of
from workflows.returns.wishes.glosses import LANGUAGES, in_english
from workflows.returns.wishes.going_back import going_back
from workflows.returns.wishes.letter import (
    Customer,
    Gap,
    Kind,
    LetterReading,
    OrderReading,
    Piece,
    Question,
    Wish,
)
from workflows.returns.wishes.mixed import return_and_exchange
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import CANCEL, EXCHANGE, Part, parts, returns
from workflows.returns.wishes.paying import paid, payment_change
from workflows.returns.wishes.swaps import swaps_of

_MONEY_BACK = re.compile(
    r"\b(?:(?:my|the|our) money back|full refund|refund please|refund me|money for (?:it|them|the))\b", re.I
)
_TO_MACHINES = re.compile(
    r"\b(?:(?:previous|prior|above) instructions|system\s?:|assistant\s?:|"
    r"you are the (?:returns )?desk|prompt|all orders|every order|without asking)\b|</?message>",
    re.I,
)


def read(message: str, customer: Customer, order: str = "", language: str = "en") -> LetterReading:
    """Read a letter.

    Args:
        message: as it came in.
        customer: their orders and payment methods, as the channel knows them.
        order: the order that the request names, if it names one outside its words.
        language: two letters, as recognised.
    """
    own = clean(message)
    glossed = own.model_copy(update={"text": in_english(own.text, language, customer.orders)})
    cleaned, condition = _without_conditions(glossed)
    meant = _meant(cleaned, customer, order)
    if not meant.orders:
        return LetterReading(language=language, question=meant.question, doubts=("which order is meant",))
    found = _readings(meant, customer, condition)
    missed = float(any(not each.wishes for each in found))
    signs = {**_odd(message, cleaned.text, customer), **meant.signs, "missed": missed}
    if language in LANGUAGES and NO_OTHER.search(own.text):
        signs[DENIED] = 1.0  # the English rules do not know where other languages put their no
    shared = _named_with_others(meant.pieces)
    return LetterReading(
        language=language,
        orders=tuple(
            each.model_copy(update={"signs": {**each.signs, **signs, "in_one": float(each.order in shared)}})
            for each in found
        ),
    )


@dataclass(frozen=True)
class _Meant:
    """The orders that a letter is about, none if it is not known which; its pieces, each with its orders."""

    orders: tuple[str, ...]
    pieces: tuple[Part, ...] = ()
    question: Question | None = None
    signs: Mapping[str, float] = field(default_factory=dict)


def _meant(cleaned: Cleaned, customer: Customer, order: str) -> _Meant:
    """Find the orders that a letter names; if it names none, the one that it fits."""
    pieces = parts(cleaned.text, [each.id for each in customer.orders])
    named = tuple(dict.fromkeys(number for piece in pieces for number in piece.orders))
    signs = {"inferred": 0.0, "close": 0.0}
    if not named:
        likely, question, margin = order_of(cleaned, pieces, customer, order)
        if not likely:
            return _Meant((), question=question)
        signs = {"inferred": 1.0, "close": float(margin < LEAST_MARGIN)}
        named = (likely,)
        pieces = [
            piece if piece.elsewhere else piece.model_copy(update={"orders": named}) for piece in pieces
        ]
    return _Meant(named, tuple(_headed(_spread(pieces, named), named)), signs=signs)


def _readings(meant: _Meant, customer: Customer, condition: Conditional) -> list[OrderReading]:
    """Read what is wished for each order; with a condition, first as if all were in stock."""
    told = customer
    if condition.otherwise is not None:
        stocked = tuple(as_if_in_stock(each) for each in customer.orders)
        told = customer.model_copy(update={"orders": stocked})
    found = []
    for number in meant.orders:
        own = [piece for piece in meant.pieces if number in piece.orders]
        reading = wishes_for(told.order(number), own, meant.pieces, customer, len(meant.orders))
        if condition.otherwise is not None:
            # Where nothing else is wished, the condition is still there: it must not be lost.
            wished = reading or OrderReading(order=number, wishes=())
            alone = len(meant.orders) == 1
            reading = evaluated(customer.order(number), wished, condition, alone=alone)
        if reading is not None:
            found.append(reading)
    return found


def _odd(message: str, text: str, customer: Customer) -> dict[str, float]:
    """Return what is odd about a letter as a whole: it ends with a no, speaks to machines, or is mangled."""
    refused = any(
        each.act is Act.DENIES and each.text.endswith(("no", "No", "not")) for each in acts(text)[-1:]
    )
    bought = [line for order in customer.orders for line in order.lines]
    return {
        "refused": float(refused),
        "machine": float(bool(_TO_MACHINES.search(message))),
        "unended": float(breaks_off(text, bought)),
        "run_together": float(run_together(text, bought)),
    }


def _named_with_others(pieces: Sequence[Part]) -> set[str]:
    """Return the orders of which one piece speaks together, unless it cancels them."""
    return {
        number
        for piece in pieces
        if len(piece.orders) > 1 and not CANCEL.search(piece.text)
        for number in piece.orders
    }


def _without_conditions(cleaned: Cleaned) -> tuple[Cleaned, Conditional]:
    """Take out of a letter the conditions that are understood."""
    found = conditional(cleaned.text)
    return cleaned.model_copy(update={"text": found.text}), found


def _spread(pieces: Sequence[Part], named: Sequence[str]) -> list[Part]:
    """Give what stands before the first order's number to the only order, if there is only one."""
    if len(named) > 1:
        return list(pieces)
    return [
        piece if piece.orders or piece.elsewhere else piece.model_copy(update={"orders": tuple(named)})
        for piece in pieces
    ]


def _headed(pieces: Sequence[Part], named: Sequence[str]) -> list[Part]:
    """Give `cancel the following:` to each order below it that says nothing of its own."""
    first = next((place for place, piece in enumerate(pieces) if piece.orders), len(pieces))
    heads = [
        piece for piece in pieces[:first] if not piece.keeps and not piece.elsewhere and names_action(piece)
    ]
    if not heads or len(named) == 1:
        return list(pieces)
    head = heads[-1]
    silent = [
        number for number in named if _only_lists([each for each in pieces if number in each.orders], number)
    ]
    given = [head.model_copy(update={"orders": (number,)}) for number in silent]
    return [*pieces[:first], *given, *pieces[first:]]


def _only_lists(pieces: Sequence[Part], number: str) -> bool:
    """Say whether an order's parts say nothing of what shall be done, but for things of it that are kept."""
    if any(names_action(each) for each in pieces):
        return False
    return not any(each.keeps for each in pieces) or any(
        number in each.text and not each.keeps and each.text.strip(" .:#-") != number for each in pieces
    )


def wishes_for(
    order: Order, pieces: Sequence[Part], everything: Sequence[Part], customer: Customer, orders: int
) -> OrderReading | None:
    """Read what is wished for one order; None if nothing is."""
    active = [piece for piece in pieces if not piece.keeps]
    text = "\n".join(piece.text for piece in active)
    if order.status in OPEN:
        reading = _open(order, pieces, customer)
    elif order.status in HERE:
        reading = _here(order, pieces, text)
    else:
        reading = OrderReading(order=order.id, wishes=(), doubts=(f"the order is {order.status}",))
    if reading is None:
        if not active or all(piece.keeps or not piece.text.strip(" .:#W0123456789") for piece in pieces):
            return None
        reading = OrderReading(
            order=order.id, wishes=(), doubts=("nothing that it asks for this order was understood",)
        )
    return judged(paid(reading, order, pieces, everything, customer), order, pieces, everything, orders)


def _open(order: Order, pieces: Sequence[Part], customer: Customer) -> OrderReading | None:
    """Read wishes for an order that has not left: cancel it, or change items, address, payment."""
    cancelling = [
        piece
        for piece in pieces
        if CANCEL.search(piece.text)
        and not re.search(
            r"\b(?:not|don't|dont|n't|never|got|was|were|been|is|already) cancel", piece.text, re.I
        )
    ]
    signs: dict[str, float] = {}
    if cancelling:
        named = {
            index
            for piece in cancelling
            for each in mentions(piece.text, order.lines)
            for index in each.lines
        }
        kept = {
            index
            for piece in pieces
            if piece.keeps and piece not in cancelling
            for each in mentions(piece.text, order.lines)
            for index in each.lines
        }
        signs["partial_cancel"] = float(
            bool(kept) or (0 < len(named) < len(order.lines) and len(named) <= 1 and len(order.lines) > 1)
        )
        return OrderReading(order=order.id, wishes=(Wish(order=order.id, kind=Kind.CANCEL),), signs=signs)
    wishes: list[Wish] = []
    where = address("\n".join(piece.text for piece in pieces))
    joined = re.sub(r"\n", " ", ", ".join(piece.text for piece in pieces))
    where = where or address(joined)
    if where:
        wishes.append(Wish(order=order.id, kind=Kind.CHANGE_ADDRESS, address=where))
    paying = payment_change(order, pieces, customer)
    if paying:
        wishes.append(Wish(order=order.id, kind=Kind.CHANGE_PAYMENT, method=paying))
    swaps = swaps_of(order, pieces)
    if swaps.pieces or swaps.open_lines:
        wishes.append(Wish(order=order.id, kind=Kind.CHANGE_ITEMS, pieces=swaps.pieces))
    if not wishes:
        return None
    return OrderReading(order=order.id, wishes=tuple(wishes), question=swaps.question, signs=swaps.signs)


def _here(order: Order, pieces: Sequence[Part], text: str) -> OrderReading | None:
    """Read the wish for an order that has arrived: return or exchange."""
    returning = returns(text)
    exchanging = bool(EXCHANGE.search(text))
    swaps = swaps_of(order, pieces)
    settled = bool(swaps.pieces)
    returning = returning or (bool(_MONEY_BACK.search(text)) and not exchanging)
    if returning and (exchanging or settled) and (both := return_and_exchange(order, pieces)):
        return both
    if exchanging or (settled and not returning):
        if not swaps.pieces and not swaps.open_lines:
            return OrderReading(
                order=order.id,
                wishes=(Wish(order=order.id, kind=Kind.EXCHANGE),),
                signs={"no_lines": 1.0},
                question=_which_lines(order),
            )
        signs = {
            **swaps.signs,
            "both_kinds": float(returning and exchanging),
            "no_cue": float(not exchanging),
        }
        return OrderReading(
            order=order.id,
            wishes=(Wish(order=order.id, kind=Kind.EXCHANGE, pieces=swaps.pieces),),
            question=swaps.question,
            signs=signs,
        )
    if not returning and not re.search(r"\brefund|money\b", text, re.I):
        return None
    lines, signs = going_back(order, pieces)
    signs["no_cue"] = float(not returning)
    signs["swap_in_return"] = float(settled)
    wish = Wish(
        order=order.id, kind=Kind.RETURN, pieces=tuple(Piece(line=order.lines[index].id) for index in lines)
    )
    question = _which_lines(order) if not lines or signs.get("ambiguous") else None
    return OrderReading(order=order.id, wishes=(wish,), question=question, signs=signs)


def _which_lines(order: Order) -> Question:
    return Question(gap=Gap.LINES, choices=tuple(line.id for line in order.lines))
