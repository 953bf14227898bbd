"""A difference between our books and the outside world's, and how the two are compared."""

import hashlib
from datetime import datetime
from enum import StrEnum

from contracts.base import Frozen
from contracts.effect import EffectState
from contracts.money import money_text

DESK = "books"
"""The desk that works on divergences."""


class DivergenceKind(StrEnum):
    """What is wrong.

    `missing outside`: our books say it was done, the outside system does not list it.
    `missing here`: the outside system lists it, our books know nothing of it.
    `amount differs`: both know it, with different amounts.
    `duplicate`: the outside system did it once more than our books say.
    `late`: our books closed it as not done, and the outside system did it after all.
    `stuck unknown`: nobody knows whether it was done, and no look-up can tell.
    `above ordered`: more of a line came back than was ordered of it.
    `above paid`: more was paid back than was paid.
    `workflow gone`: our books say that a case is open, and Temporal runs nothing for it any more.
    `contested event`: two events came with one id and different bytes.
    `subscription ended`: what is told to a subscriber was not taken, and is told no more.
    """

    MISSING_OUTSIDE = "missing outside"
    MISSING_HERE = "missing here"
    AMOUNT_DIFFERS = "amount differs"
    DUPLICATE = "duplicate"
    LATE = "late"
    STUCK_UNKNOWN = "stuck unknown"
    ABOVE_ORDERED = "above ordered"
    ABOVE_PAID = "above paid"
    WORKFLOW_GONE = "workflow gone"
    CONTESTED_EVENT = "contested event"
    SUBSCRIPTION_ENDED = "subscription ended"


NO_LONGER_DIFFERS = "it does not differ any more"
"""Why a divergence of a line is closed that is as our books say, after all, and its case withdrawn."""


class Divergence(Frozen):
    """One difference.

    Attributes:
        reference: the outside system's id of what it lists, if it lists it.
        effect_key: the effect of our ledger, if it has one.
        effect_case: that effect's case.
        ours_cents: what our books say, 0 if nothing.
        theirs_cents: what the outside system says, 0 if nothing.
        rounds: how often a case was opened for it.
        why: for `workflow gone`, how the workflow ended; for `contested event`, what is wrong with it; for
            `subscription ended`, how the last try ended; of a line or a payment of a subject
            (`contracts.reconciliation.statement`), what differs. Empty where the two amounts say it.
    """

    id: str
    kind: DivergenceKind
    connector: str
    operation: str
    reference: str = ""
    effect_key: str = ""
    effect_case: str = ""
    ours_cents: int = 0
    theirs_cents: int = 0
    currency: str = ""
    found_at: datetime
    rounds: int = 0
    why: str = ""

    @property
    def at_stake_cents(self) -> int:
        """The money that is not accounted for; where it is not known whether, all of it."""
        if self.kind is DivergenceKind.STUCK_UNKNOWN:
            return self.ours_cents
        return abs(self.theirs_cents - self.ours_cents)

    def words(self) -> str:
        """Return it as one sentence for a person."""
        if self.kind is DivergenceKind.WORKFLOW_GONE:
            return f"{self.effect_case}: {self.why}; its case was open and is closed as not done to its end"
        if self.kind is DivergenceKind.CONTESTED_EVENT:
            return f"event {self.reference} of {self.connector}: {self.why}; the later one is in quarantine"
        if self.kind is DivergenceKind.SUBSCRIPTION_ENDED:
            return f"the subscription {self.reference} is told no more: {self.why}"
        theirs = money_text(self.theirs_cents, self.currency)
        ours = money_text(self.ours_cents, self.currency)
        what = f"{self.operation} {self.reference or self.effect_key} at {self.connector}".lstrip()
        if self.why:
            return f"{self.kind.value}: {what}: {self.why}"
        sentences = {
            DivergenceKind.MISSING_OUTSIDE: f"{ours} is done in our books and not listed",
            DivergenceKind.MISSING_HERE: f"{theirs} was done, and not by Kontor",
            DivergenceKind.AMOUNT_DIFFERS: f"listed as {theirs}, our books say {ours}",
            DivergenceKind.DUPLICATE: f"{theirs} was done once more than our books say",
            DivergenceKind.LATE: f"{theirs} was done after our books closed it as not done",
            DivergenceKind.STUCK_UNKNOWN: f"nobody knows whether {ours} was done",
        }
        return f"{what}: {sentences[self.kind]}"


def divergence_id(kind: DivergenceKind, connector: str, reference: str, effect_key: str) -> str:
    """Return the id of a divergence: finding it again finds the same one."""
    named = reference if reference else effect_key
    digest = hashlib.sha256(f"{kind.value}\n{connector}\n{named}".encode()).hexdigest()
    return f"{kind.value.replace(' ', '-')}-{digest[:16]}"


class OurSide(Frozen):
    """An effect as the comparison sees it."""

    key: str
    case_id: str
    operation: str
    state: EffectState
    reference: str | None
    amount_cents: int
    currency: str


class EntryStatus(StrEnum):
    """How an entry of an outside listing stands to our books.

    `before`: older than our books at this system. `foreign`: not ours, and no money in it.
    `pending`: not explained yet.
    """

    BEFORE = "before"
    FOREIGN = "foreign"
    PENDING = "pending"
    MATCHED = "matched"
    DIVERGENT = "divergent"


class Comparison(Frozen):
    """What the comparison of one listed entry showed.

    Attributes:
        heal: the entry proves that the effect, whose end we do not know, was applied.
    """

    standing: EntryStatus
    kind: DivergenceKind | None = None
    side: OurSide | None = None
    heal: bool = False


_OPEN = (EffectState.INTENDED, EffectState.SENT)


def compare(amount_cents: int, by_reference: OurSide | None, by_key: OurSide | None) -> Comparison:
    """Compare one listed entry with the effects it may be.

    Args:
        amount_cents: what the entry says.
        by_reference: the effect that our ledger knows by this reference.
        by_key: the effect whose key the entry carries.

    Returns:
        `pending` where the entry alone does not tell: other effects and time must.
    """
    if by_reference is not None and by_reference.state is EffectState.FAILED:
        return _divergent(DivergenceKind.LATE, by_reference)
    if by_reference is not None:
        return _same(by_reference, amount_cents)
    if by_key is None or by_key.state in _OPEN:
        return Comparison(standing=EntryStatus.PENDING, side=by_key)
    if by_key.state is EffectState.UNKNOWN:
        return Comparison(standing=EntryStatus.PENDING, side=by_key, heal=True)
    if by_key.state is EffectState.FAILED:
        return _divergent(DivergenceKind.LATE, by_key)
    # It is done. With a reference of its own it is another entry's: this one is surplus.
    return _same(by_key, amount_cents) if by_key.reference is None else _surplus(by_key)


def _same(side: OurSide, amount_cents: int) -> Comparison:
    if side.amount_cents == amount_cents:
        return Comparison(standing=EntryStatus.MATCHED, side=side)
    return _divergent(DivergenceKind.AMOUNT_DIFFERS, side)


def _surplus(side: OurSide) -> Comparison:
    return _divergent(DivergenceKind.DUPLICATE, side)


def _divergent(kind: DivergenceKind, side: OurSide) -> Comparison:
    return Comparison(standing=EntryStatus.DIVERGENT, kind=kind, side=side)


class BacklogLine(Frozen):
    """The open divergences of one kind and currency at one connector."""

    connector: str
    kind: DivergenceKind
    count: int
    with_people: int
    currency: str
    at_stake_cents: int
    oldest_at: datetime


class BooksStatus(Frozen):
    """Where the books stand.

    Attributes:
        backlog: what is open.
        healed: divergences that needed nobody.
        closed: divergences that people closed, or that vanished.
        unknown: effects that are `unknown` now.
        walked_at: by connector, when its listing was last read to the end.
    """

    backlog: tuple[BacklogLine, ...]
    healed: int
    closed: int
    unknown: int
    walked_at: dict[str, datetime]
    entries: int

    @property
    def open(self) -> int:
        """How many divergences are open."""
        return sum(line.count for line in self.backlog)
