"""The messages between the reconciler and the books, and the facts its policies read."""

from datetime import datetime, timedelta
from typing import Literal

from contracts.divergence import Divergence, DivergenceKind
from contracts.effect import EffectOrder
from contracts.evidence import Evidence
from contracts.frozen import Frozen
from contracts.verdict import Plan

PAGE = 500
"""Entries, effects or divergences that one activity handles."""


class Patience(Frozen):
    """How long the reconciler waits before it calls a difference a divergence.

    Attributes:
        margin: an applied effect must be listed by a walk that began so much later.
        grace: a listed entry may wait so long for our books to know it.
        abandoned: a `sent` effect that nobody moved for so long has no pursuer any more; it is
            longer than `workflows.options.EFFECT` pursues one.
    """

    margin: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(minutes=5)
    abandoned: timedelta = timedelta(hours=73)


class ReconcileRequest(Frozen):
    """What one run of the reconciler does.

    Attributes:
        connectors: these; empty means all of the office that our ledger has an effect at.
        pages_per_run: after so many pages the run continues as new.
        tally: what earlier parts of the same run found, when it continues as new.
    """

    connectors: tuple[str, ...] = ()
    patience: Patience = Patience()
    pages_per_run: int = 300
    tally: "ReconcileTally | None" = None


class ReconcileTally(Frozen):
    """What a run did."""

    entries: int = 0
    effects: int = 0
    healed: int = 0
    found: int = 0
    opened: int = 0
    pages: int = 0
    unreachable: tuple[str, ...] = ()

    def plus(self, **more: int) -> "ReconcileTally":
        """Return the tally with these counts added."""
        return self.model_copy(update={name: getattr(self, name) + count for name, count in more.items()})

    def words(self) -> str:
        """Return the tally as one line for a person."""
        line = (
            f"{self.entries} listed entries and {self.effects} effects compared, {self.healed} healed, "
            f"{self.found} found, {self.opened} cases opened"
        )
        return line + (f"; no answer from {', '.join(self.unreachable)}" if self.unreachable else "")


class Walk(Frozen):
    """One connector's turn in a run: `began_at` is before its listing was first asked."""

    connector: str
    began_at: datetime
    patience: Patience


class Proven(Frozen):
    """An effect whose end nobody knew, and the listed entry that proves it was applied."""

    key: str
    reference: str


class TakenPage(Frozen):
    """A page of a listing, written and compared.

    Attributes:
        more: False if the listing has no more at the moment.
        vanished: cases of divergences that the page explains after all.
    """

    entries: int
    more: bool
    proven: tuple[Proven, ...] = ()
    vanished: tuple[str, ...] = ()


class ListedPage(Frozen):
    """What a page of the outside listing led to; `vanished` as in `TakenPage`."""

    entries: int
    healed: int
    more: bool
    vanished: tuple[str, ...] = ()


class Judgement(Frozen):
    """What became of the listed entries that nothing had explained."""

    found: int
    healed: int


class LedgerPage(Frozen):
    """What a page of changed effects led to."""

    effects: int
    found: int
    more: bool


class Unresolved(Frozen):
    """Asks for effects whose end nobody knows, in order of their keys, behind `after`."""

    walk: Walk
    after: str = ""


class Orders(Frozen):
    """Effects to be taken up again, each under its first key and permit."""

    orders: tuple[EffectOrder, ...] = ()


class Pursued(Frozen):
    """An effect that was taken up again; the ledger knows how it stands."""

    key: str
    why: str = ""


class PursuedPage(Frozen):
    """Several of them."""

    pursued: tuple[Pursued, ...]


class Openings(Frozen):
    """Divergences that need a case."""

    divergences: tuple[Divergence, ...] = ()


class Proposal(Frozen):
    """What a divergence's case proposes.

    Attributes:
        plan: with the fix as its only effect; without effects there is nothing Kontor can do.
        what: the question for a person.
    """

    plan: Plan
    what: str
    evidence: tuple[Evidence, ...] = ()

    def without_fix(self) -> "Proposal":
        """Return the same question without an effect: a person does what is to be done."""
        plan = self.plan.model_copy(update={"effects": ()})
        what = f"Mend it by hand, then approve: {self.plan.summary}"
        return self.model_copy(update={"plan": plan, "what": what})


class Settlement(Frozen):
    """How a divergence's case ended.

    Attributes:
        effect_key: for `stuck unknown`, the effect.
        applied: for `stuck unknown`: whether a person says that it was done.
        close: False leaves the divergence open, to be asked again by a later run.
    """

    divergence_id: str
    resolution: str
    effect_key: str = ""
    close: bool = True
    applied: bool | None = None


class BooksFacts(Frozen):
    """What the policies of the desk `books` may read.

    Attributes:
        fix: what the proposed effect is: `void` takes something back, `again` does it once more.
        age_days: whole days since the divergence was found.
    """

    kind: DivergenceKind
    fix: Literal["void", "again", "none"]
    connector: str
    at_stake_cents: int
    ours_cents: int
    theirs_cents: int
    age_days: int = 0
