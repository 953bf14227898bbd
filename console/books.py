"""The books: what differs from the outside world, and effects that nobody knows the end of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from console.cases import path_of
from console.effects import DoneLine, done_line
from console.visit import Visit
from contracts.effect import EffectState
from contracts.money import money_text
from contracts.reconciliation.divergence import Divergence
from memory.authoritative.ledger.view import EffectFilter
from memory.authoritative.reconciliation.divergences import case_id, divergence_of
from memory.tables.divergences import DivergenceRow
from service.words import age

MOST = 100
OPEN = "open"


@dataclass(frozen=True)
class BacklogRow:
    """The open differences of one kind at one connector."""

    connector: str
    kind: str
    count: int
    with_people: int
    money: str
    oldest: str


@dataclass(frozen=True)
class DifferenceLine:
    """One difference.

    Attributes:
        case: the address of the case that people answer it in; empty while there is none.
        effect_case: the address of the case whose effect it is about; empty if it is about none of ours.
        next: what happens next.
    """

    words: str
    kind: str
    money: str
    found_at: datetime
    case: str
    effect_case: str
    next: str


@dataclass(frozen=True)
class DoubtLine:
    """An effect in doubt, its case, and what happens next."""

    effect: DoneLine
    case_id: str
    case: str
    since: datetime
    next: str


@dataclass(frozen=True)
class ListingLine:
    """When a system's own listing was last read to its end."""

    connector: str
    ago: str


@dataclass(frozen=True)
class BooksView:
    """The page."""

    backlog: Sequence[BacklogRow]
    differences: Sequence[DifferenceLine]
    doubts: Sequence[DoubtLine]
    held_up: Sequence[DoubtLine]
    listings: Sequence[ListingLine]
    healed: int
    closed: int
    entries: int


def show(visit: Visit) -> Response:
    """Show it."""
    books, ledger = visit.kontor.reconciliation, visit.kontor.ledger
    status = books.status()
    unknown = ledger.newest(EffectFilter(state=EffectState.UNKNOWN, limit=MOST))
    view = BooksView(
        backlog=tuple(
            BacklogRow(
                line.connector,
                line.kind.value,
                line.count,
                line.with_people,
                money_text(line.at_stake_cents, line.currency) if line.at_stake_cents else "",
                age(visit.now, line.oldest_at),
            )
            for line in status.backlog
        ),
        differences=tuple(_difference(row) for row in books.newest(MOST)),
        doubts=tuple(
            DoubtLine(
                done_line(entry),
                entry.order.case_id,
                path_of(entry.order.case_id),
                entry.sent_at or entry.intended_at,
                "The reconciler looks for it in the system's own listing; what it cannot tell becomes a case"
                " that a person answers.",
            )
            for entry in unknown
        ),
        held_up=tuple(
            DoubtLine(
                done_line(entry),
                entry.order.case_id,
                path_of(entry.order.case_id),
                entry.intended_at,
                entry.calls[-1].why if entry.calls else "",
            )
            for entry in ledger.held_up(MOST)
        ),
        listings=tuple(
            ListingLine(name, age(visit.now, at)) for name, at in sorted(status.walked_at.items())
        ),
        healed=status.healed,
        closed=status.closed,
        entries=status.entries,
    )
    return visit.page("books.html", "Books", view, hears=("divergences", "effects", "effect_calls"))


def _difference(row: DivergenceRow) -> DifferenceLine:
    found: Divergence = divergence_of(row)
    has_case = row.standing != OPEN
    return DifferenceLine(
        words=found.words(),
        kind=found.kind.value,
        money=money_text(found.at_stake_cents, found.currency) if found.at_stake_cents else "",
        found_at=found.found_at,
        case=path_of(case_id(found)) if has_case else "",
        effect_case=path_of(found.effect_case) if found.effect_case else "",
        next="People have it." if has_case else "The reconciler opens a case for it at its next run.",
    )
