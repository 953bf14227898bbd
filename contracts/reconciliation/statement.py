"""What an outside system says of one subject (an order), against what our books say of it, line by line."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.base import Frozen
from contracts.effect import EffectState
from contracts.money import Direction, money_text
from contracts.reconciliation.divergence import Divergence, DivergenceKind
from contracts.shares import Subject


class LineTold(Frozen):
    """One line of a subject, as its system tells it.

    Attributes:
        account: the account that our books keep of it.
        pieces: how many there are at all.
        paid_cents: what was paid for all of them.
        counted: by operation of ours, how many pieces the system says it was done for; what it does not
            count is left out.
    """

    account: str
    pieces: int
    paid_cents: int
    counted: dict[str, int] = {}


class PaymentTold(Frozen):
    """Money that moved one way for a subject, as its system tells it.

    Attributes:
        account: names it in our books.
        operation: the write of ours that moves money so.
        where: arguments of that write that say so, such as the way of paying.
        unless: arguments of those that the system does not count here.
        cents: what moved, all of it.
        most_cents: what may have moved at most; None if nothing bounds it.
    """

    account: str
    operation: str
    where: dict[str, str] = {}
    unless: dict[str, str] = {}
    cents: int
    most_cents: int | None = None

    def counts(self, arguments: Mapping[str, Any]) -> bool:
        """Say whether an effect with these arguments is one of them."""
        wanted = all(arguments.get(name) == value for name, value in self.where.items())
        return wanted and not any(arguments.get(name) == value for name, value in self.unless.items())


class Statement(Frozen):
    """What a system says of one subject.

    Attributes:
        subject: its name and what stood there before our books held anything of it; what is told of now.
        by: the argument by which our effects name it.
        id: its own id, as `by` says it.
        directions: the writes of ours that move money for it.
    """

    subject: Subject
    by: str
    id: str
    currency: str
    directions: dict[str, Direction]
    lines: tuple[LineTold, ...] = ()
    payments: tuple[PaymentTold, ...] = ()

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that something is told of."""
        return (*(line.account for line in self.lines), *(each.account for each in self.payments))


@dataclass(frozen=True)
class OwnEffect:
    """One effect of our ledger that was done for a subject."""

    key: str
    case_id: str
    operation: str
    state: EffectState
    amount_cents: int
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class OwnShare:
    """What of one effect was booked on one line."""

    account: str
    effect: OwnEffect
    quantity: int
    amount_cents: int


@dataclass(frozen=True)
class OwnBooks:
    """What our books say of a subject.

    Attributes:
        before: what its system said of it before they held anything; by account, or by account and
            operation (`counted_as`).
        learned: nobody kept that then; it is what a first comparison found beyond our books, and no reason to
            miss any of it later.
    """

    effects: Sequence[OwnEffect]
    shares: Sequence[OwnShare]
    before: Mapping[str, int]
    learned: bool = False


@dataclass(frozen=True)
class Difference:
    """One thing in which a statement and our books differ, or which cannot be right in either.

    Attributes:
        account: on which account.
        operation: the write that it is about.
        by_hand: what the system says beyond our books, or, negative, what it lacks.
        why: for a person.
        effects: those of ours that it is about.
    """

    kind: DivergenceKind
    account: str
    operation: str
    by_hand: int
    why: str
    ours_cents: int = 0
    theirs_cents: int = 0
    pieces: bool = False
    effects: tuple[OwnEffect, ...] = ()

    def divergence(self, connector: str, statement: Statement, case_id: str, now: datetime) -> Divergence:
        """Return it as a divergence: found again it is the same one, as long as as much differs."""
        said = f"{self.kind.value}\n{connector}\n{self.account}\n{self.operation}\n{self.by_hand}"
        digest = hashlib.sha256(said.encode()).hexdigest()
        return Divergence(
            id=f"{self.kind.value.replace(' ', '-')}-{digest[:16]}",
            kind=self.kind,
            connector=connector,
            operation=self.operation,
            reference=self.account,
            effect_case=case_id,
            ours_cents=self.ours_cents,
            theirs_cents=self.theirs_cents,
            currency=statement.currency,
            found_at=now,
            why=self.why,
        )


def counted_as(account: str, operation: str) -> str:
    """Return the name under which is kept how many pieces of an account an operation was done for."""
    return f"{account} {operation}"


def beyond(statement: Statement, ours: OwnBooks) -> dict[str, int]:
    """Return what a system says of a subject beyond our books, by account: nobody explains it yet."""
    found = {
        counted_as(line.account, operation): count - _most_pieces(line.account, ours)
        for line in statement.lines
        for operation, count in line.counted.items()
    }
    found |= {told.account: told.cents - sum(_cents(told, ours)) for told in statement.payments}
    return {name: count for name, count in found.items() if count > 0}


def differences(statement: Statement, ours: OwnBooks) -> Iterator[Difference]:
    """Yield everything in which a statement and our books differ, and what cannot be right."""
    for line in statement.lines:
        yield from _of_line(statement, line, ours)
    for told in statement.payments:
        yield from _of_payment(statement, told, ours)


def _of_line(statement: Statement, line: LineTold, ours: OwnBooks) -> Iterator[Difference]:
    shares = [share for share in ours.shares if share.account == line.account]
    most = _most_pieces(line.account, ours)
    for operation, count in line.counted.items():
        before = ours.before.get(counted_as(line.account, operation), 0)
        done = [one for one in shares if one.effect.operation == operation]
        applied = sum(one.quantity for one in done if one.effect.state is EffectState.APPLIED)
        words = f"{operation} of {count} pieces is told, our books hold {max(most, applied)}"
        words += f" and {before} from before" if before else ""
        if count > most + before:
            kind, by_hand = DivergenceKind.MISSING_HERE, count - most - before
        elif count < applied:
            kind, by_hand = DivergenceKind.MISSING_OUTSIDE, count - applied
        else:
            continue
        yield Difference(
            kind,
            line.account,
            operation,
            by_hand,
            words,
            ours_cents=_worth(line, max(most, applied)),
            theirs_cents=_worth(line, count),
            pieces=True,
            effects=tuple(one.effect for one in done),
        )
    yield from _beyond_what_was_bought(statement, line, shares, most)


def _beyond_what_was_bought(
    statement: Statement, line: LineTold, shares: Sequence[OwnShare], most: int
) -> Iterator[Difference]:
    """Yield what of a line came back, or was paid back, beyond what there was of it."""
    told = max(line.counted.values(), default=0)
    if max(told, most) > line.pieces:
        words = f"{line.pieces} pieces were ordered; {told} are told to be back, our books hold {most}"
        over = max(told, most) - line.pieces
        yield Difference(DivergenceKind.ABOVE_ORDERED, line.account, "", over, words, pieces=True)
    moved = {"in": line.paid_cents, "out": 0}
    for share in (share for share in shares if share.effect.state.stands and share.amount_cents):
        moved[statement.directions[share.effect.operation]] += share.amount_cents
    paid_in, back = moved["in"], moved["out"]
    if back > paid_in:
        paid, gone = (money_text(cents, statement.currency) for cents in (paid_in, back))
        words = f"{paid} were paid for it, and our books refunded {gone}"
        yield Difference(
            DivergenceKind.ABOVE_PAID,
            line.account,
            "",
            back - paid_in,
            words,
            ours_cents=back,
            theirs_cents=paid_in,
        )


def _of_payment(statement: Statement, told: PaymentTold, ours: OwnBooks) -> Iterator[Difference]:
    applied, pending = _cents(told, ours)
    before = ours.before.get(told.account, 0)

    def said(cents: int) -> str:
        return money_text(cents, statement.currency)

    words = f"{told.operation} of {said(told.cents)} is told, our books hold {said(applied + pending)}"
    words += f" and {said(before)} from before" if before else ""
    by_hand, kind = 0, DivergenceKind.MISSING_HERE
    if told.cents > applied + pending + before:
        by_hand = told.cents - applied - pending - before
    elif told.cents < (least := applied + (0 if ours.learned else before)):
        by_hand, kind = told.cents - least, DivergenceKind.MISSING_OUTSIDE
    if by_hand:
        yield Difference(
            kind,
            told.account,
            told.operation,
            by_hand,
            words,
            ours_cents=applied + pending + before,
            theirs_cents=told.cents,
            effects=tuple(_counted(told, ours)),
        )
    if told.most_cents is not None and told.cents > told.most_cents:
        words = f"{said(told.most_cents)} were paid that way, and {said(told.cents)} went back"
        yield Difference(
            DivergenceKind.ABOVE_PAID,
            told.account,
            told.operation,
            told.cents - told.most_cents,
            words,
            ours_cents=told.most_cents,
            theirs_cents=told.cents,
        )


def _counted(told: PaymentTold, ours: OwnBooks) -> Iterator[OwnEffect]:
    for effect in ours.effects:
        if effect.operation == told.operation and effect.state.stands and told.counts(effect.arguments):
            yield effect


def _cents(told: PaymentTold, ours: OwnBooks) -> tuple[int, int]:
    """Return what our books moved that way: what is done, and what may be."""
    applied = pending = 0
    for effect in _counted(told, ours):
        if effect.state is EffectState.APPLIED:
            applied += effect.amount_cents
        else:
            pending += effect.amount_cents
    return applied, pending


def _most_pieces(account: str, ours: OwnBooks) -> int:
    """Return how many pieces of a line are gone by our books: several operations speak of the same ones."""
    by_operation: dict[str, int] = {}
    for share in ours.shares:
        if share.account == account and share.effect.state.stands:
            operation = share.effect.operation
            by_operation[operation] = by_operation.get(operation, 0) + share.quantity
    return max(by_operation.values(), default=0)


def _worth(line: LineTold, pieces: int) -> int:
    """Return what so many pieces of a line are worth, about: it says how much is at stake."""
    return line.paid_cents * min(pieces, line.pieces) // line.pieces if line.pieces else 0
