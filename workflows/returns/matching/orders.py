"""Which of a customer's orders a text means that names none: the one that holds every thing it names."""

from collections.abc import Sequence

from workflows.returns.matching.items import Match, mentioned
from workflows.returns.matching.tokens import Clause, clauses


def match_orders(text: str, orders: Sequence[str]) -> Match:
    """Match by the things that are named; an order that merely could be meant is not picked.

    Args:
        text: what the customer wrote.
        orders: of each order its lines, one a line, each with its name and options.

    Returns:
        The orders that fit; sure if there is exactly one.
    """
    held = [frozenset(order.splitlines()) for order in orders]
    things = tuple(dict.fromkeys(line for order in orders for line in order.splitlines()))
    pieces = clauses(text) if things else []
    kept = _named([piece for piece in pieces if piece.keeps], things)[0]
    named, alike = _named([piece for piece in pieces if not piece.keeps], things)
    named, alike = named - kept, alike - kept
    whole = [place for place, lines in enumerate(held) if named and named <= lines]
    some = [place for place, lines in enumerate(held) if (named | alike) & lines]
    picked = tuple(whole or some)
    if not picked:
        return Match(picked=(), rule="nothing that was bought is named", sure=False)
    all_held = bool(whole) or not named
    return Match(picked=picked, rule="they hold what is named", sure=len(picked) == 1 and all_held)


def _named(pieces: Sequence[Clause], things: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the things that clauses name, and those that are named but not told apart."""
    named, alike = mentioned(pieces, things)
    return {things[place] for place in named}, {things[place] for place in alike}
