"""One order of which some things go back and others are exchanged: told apart clause by clause."""

import re
from collections.abc import Sequence

from workflows.returns.types import Order
from workflows.returns.wishes.going_back import going_back
from workflows.returns.wishes.letter import Kind, OrderReading, Piece, Wish
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import EXCHANGE, Part, returns
from workflows.returns.wishes.swaps import swaps_of

_MONEY = re.compile(r"\b(?:refund\w*|money)\b", re.I)


def return_and_exchange(order: Order, pieces: Sequence[Part]) -> OrderReading | None:
    """Read what goes back and what is exchanged; None unless every clause says one of them, of other lines.

    Args:
        order: it has arrived.
        pieces: the letter's parts about it.
    """
    kinds = _kinds(order, pieces)
    if kinds is None:
        return None
    back = [piece for piece, kind in zip(pieces, kinds, strict=True) if kind is not Kind.EXCHANGE]
    swapped = [piece for piece, kind in zip(pieces, kinds, strict=True) if kind is not Kind.RETURN]
    if not all(any(not piece.keeps for piece in group) for group in (back, swapped)):
        return None
    lines, signs = going_back(order, back)
    swaps = swaps_of(order, swapped)
    apart = not {order.lines[index].id for index in lines} & {piece.line for piece in swaps.pieces}
    if not (lines and swaps.pieces and apart) or swaps.question:
        return None
    returned = tuple(Piece(line=order.lines[index].id) for index in lines)
    # Of a letter that exchanges the rest, what is neither is spoken of no less.
    of_both = {**swaps.signs, **signs, "unspoken": max(0.0, signs["unspoken"] - len(swaps.pieces))}
    return OrderReading(
        order=order.id,
        wishes=(
            Wish(order=order.id, kind=Kind.EXCHANGE, pieces=swaps.pieces),
            Wish(order=order.id, kind=Kind.RETURN, pieces=returned),
        ),
        signs={**of_both, "outside": 0.0, "mixed": 1.0},
    )


def _kinds(order: Order, pieces: Sequence[Part]) -> list[Kind | None] | None:
    """Say of each part which wish it is of, both (None), or that they cannot be told apart.

    What names no wish is of its sentence's: of the one after it, else of the one before.
    """
    said = [_kind(order, piece) for piece in pieces]
    if any(kind == "both" for kind in said):
        return None
    found: list[Kind | None] = []
    for place, (piece, kind) in enumerate(zip(pieces, said, strict=True)):
        if isinstance(kind, Kind) or piece.keeps:
            found.append(kind if isinstance(kind, Kind) else None)
            continue
        after = _nearest(pieces, said, range(place + 1, len(pieces)), piece.sentence)
        before = _nearest(pieces, said, range(place - 1, -1, -1), piece.sentence)
        found.append(after or before)
    named = [
        kind
        for piece, kind in zip(pieces, found, strict=True)
        if not piece.keeps and mentions(piece.text, order.lines)
    ]
    return None if None in named else found


def _nearest(
    pieces: Sequence[Part], said: Sequence[Kind | str], places: Sequence[int], sentence: int
) -> Kind | None:
    for place in places:
        if pieces[place].sentence != sentence:
            return None
        if isinstance(kind := said[place], Kind):
            return kind
    return None


def _kind(order: Order, piece: Part) -> Kind | str:
    """Say which wish a part names by itself; empty for none."""
    back, exchange = returns(piece.text), bool(EXCHANGE.search(piece.text))
    if piece.keeps:
        return ""
    if back or exchange:
        return "both" if back and exchange else Kind.RETURN if back else Kind.EXCHANGE
    if mentions(piece.text, order.lines) and swaps_of(order, [piece]).pieces:
        return Kind.EXCHANGE
    return Kind.RETURN if _MONEY.search(piece.text) and mentions(piece.text, order.lines) else ""
