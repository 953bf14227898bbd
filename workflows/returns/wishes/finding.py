"""Which order a letter is about that names none: the one quoted below it, or the one with its things."""

import re
from collections.abc import Sequence

from mail.cleaning import Cleaned
from workflows.returns.types import Order
from workflows.returns.wishes.letter import Customer, Gap, Question
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import CANCEL, EXCHANGE, Part, returns
from workflows.returns.wishes.words import compiled, normal

LEAST_MARGIN = 0.5


OPEN, HERE = ("pending",), ("delivered",)


_CURRENT = re.compile(
    r"\b(?:pending|open|waiting for|on (?:the|its) way|not (?:been )?(?:shipped|sent)|(?:hasn't|"
    r"has not|hasnt|isn't) (?:been )?(?:gone|shipped|left|sent)|haven't (?:shipped|sent)|"
    r"before (?:it(?:'s| is| "
    r"gets)? (?:ships?|shipped|sent|leaves|goes)|you (?:ship|send|pack)|shipping)|just (?:ordered|"
    r"placed)|still with you|can u still|not shipped)\b",
    re.I,
)


def order_of(
    cleaned: Cleaned, pieces: Sequence[Part], customer: Customer, order: str
) -> tuple[str, Question | None, float]:
    """Find the order of a letter that names none.

    Returns:
        Its number, if one is likelier than the others; else a question; and by how much it is likelier.
    """
    if order:
        return order, None, LEAST_MARGIN
    quoted = [each.id for each in customer.orders if re.sub(r"\D", "", each.id) in cleaned.quoted]
    if len(quoted) == 1:
        return quoted[0], None, LEAST_MARGIN
    own = [piece.text for piece in pieces if not piece.elsewhere]
    text = " . ".join(own)
    wishing = " . ".join(piece.text for piece in pieces if not piece.elsewhere and not piece.keeps) or text
    current = bool(_CURRENT.search(wishing))
    open_now = [each for each in customer.orders if each.status in OPEN]
    here = [each for each in customer.orders if each.status in HERE]
    returning = returns(wishing)
    if CANCEL.search(wishing) and not returning:
        candidates = open_now
    elif (returning or EXCHANGE.search(wishing)) and not current:
        candidates = here
    else:
        candidates = open_now if current else [*open_now, *here]
    telling = " . ".join(
        piece.text for piece in pieces if not piece.elsewhere and not piece.keeps and names_action(piece)
    )
    scored = sorted(((_fit(each, text, wishing, telling), each.id) for each in candidates), reverse=True)
    if not scored or scored[0][0] <= 0:
        if len(candidates) == 1:
            # Nothing of it is named: it may be meant, and the customer is asked whether it is.
            return candidates[0].id, None, LEAST_MARGIN if CANCEL.search(wishing) else 0.0
        return (
            "",
            Question(gap=Gap.ORDER, choices=tuple(each.id for each in candidates or customer.orders)),
            0.0,
        )
    best = [number for score, number in scored if score == scored[0][0]]
    if len(best) == 1:
        return best[0], None, scored[0][0] - (scored[1][0] if len(scored) > 1 else 0.0)
    return "", Question(gap=Gap.ORDER, choices=tuple(sorted(best))), 0.0


def names_action(piece: Part) -> bool:
    """Say whether a piece names something to be done."""
    return returns(piece.text) or any(cue.search(piece.text) for cue in (CANCEL, EXCHANGE))


def _fit(order: Order, text: str, wishing: str, telling: str) -> float:
    """Return how well an order's lines fit the things a text names, above all where it wishes something."""
    told = {order.lines[index].product for each in mentions(telling, order.lines) for index in each.lines}
    wished = {index for each in mentions(wishing, order.lines) for index in each.lines}
    named = {index for each in mentions(text, order.lines) for index in each.lines}
    said = normal(text)
    options = sum(
        0.05
        for index in wished
        for value in order.lines[index].options.values()
        if compiled(rf"(?<![\w.]){re.escape(normal(value))}(?![\w]|\.\d)").search(said)
    )
    return (
        4.0 * len(told) + 2.0 * len({order.lines[index].product for index in wished}) + len(named) + options
    )
