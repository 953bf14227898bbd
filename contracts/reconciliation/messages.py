"""The messages between the reconciler and the books, and the facts its policies read."""

from datetime import datetime, timedelta
from typing import Literal

from contracts.authorization import Plan
from contracts.base import Frozen
from contracts.carry import CaseCarry
from contracts.counted import counted
from contracts.effect import EffectOrder
from contracts.evidence import Evidence
from contracts.listing import Trail
from contracts.reconciliation.divergence import Divergence, DivergenceKind

PAGE = 500
"""Entries, effects or divergences that one activity handles."""


class Patience(Frozen):
    """How long the reconciler waits before it calls a difference a divergence.

    Attributes:
        margin: an applied effect must be listed by a walk that began so much later.
        grace: a listed entry may wait so long for our books to know it, and a case whose workflow has
            ended, for the note of its end.
        abandoned: a `sent` effect that nobody moved for so long has no pursuer any more; it is
            longer than `workflows.kernel.options.EFFECT` pursues one.
        failures: a workflow task or activity that has failed so often in a row is named, with its error.
    """

    margin: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(minutes=5)
    abandoned: timedelta = timedelta(hours=73)
    failures: int = 10


class ReconcileRequest(Frozen):
    """What one run of the reconciler does.

    Attributes:
        connectors: these; empty means all of the office that our ledger has an effect at.
        pages_per_run: after so many pages the run continues as new.
        tally: what earlier parts of the same run found, when it continues as new.
        server_lost: believe a server that knows not one of our open cases. Else it is taken for the
            wrong one, and nothing is concluded.
    """

    connectors: tuple[str, ...] = ()
    patience: Patience = Patience()
    pages_per_run: int = 300
    tally: "ReconcileSummary | None" = None
    server_lost: bool = False


class ReconcileSummary(Frozen):
    """What a run did.

    Attributes:
        subjects: orders, or what else effects are for, that were compared line by line.
        cases: open cases that were looked up at the server.
        gone: of these, closed because nothing runs for them any more.
        unlisted: workflows that had no row in our books; they have one now.
        withdrawn: questions to people that nobody waited for any more.
        troubled: cases whose task or activity fails again and again.
        lately: cases whose workflow ended so lately that the note of its end may still come.
        unread: listings that were not read to where they would have to be, with the reason.
        stranger: the server knows none of our open cases, so nothing was concluded from that.
    """

    entries: int = 0
    effects: int = 0
    healed: int = 0
    found: int = 0
    opened: int = 0
    pages: int = 0
    subjects: int = 0
    unreachable: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    cases: int = 0
    gone: int = 0
    unlisted: int = 0
    withdrawn: int = 0
    troubled: int = 0
    lately: int = 0
    stranger: bool = False

    def plus(self, **more: int) -> "ReconcileSummary":
        """Return the tally with these counts added."""
        return self.model_copy(update={name: getattr(self, name) + count for name, count in more.items()})

    def words(self) -> str:
        """Return the tally as one line for a person."""
        line = (
            f"{counted(self.entries, 'listed entry', 'listed entries')} and "
            f"{counted(self.effects, 'effect')} compared, "
            f"{counted(self.subjects, 'order')} line by line, {self.healed} healed, "
            f"{self.found} found, {counted(self.opened, 'case')} opened; "
            f"{counted(self.cases, 'open case')} looked up"
        )
        cases = {
            "without a workflow": self.gone,
            "without a row": self.unlisted,
            "questions withdrawn": self.withdrawn,
            "failing again and again": self.troubled,
            "whose workflow ended within the grace, closed at a later look": self.lately,
        }
        line += "".join(f", {count} {what}" for what, count in cases.items() if count)
        if self.stranger:
            line += "; the server knows none of them: is it the right one? (--server-lost if it lost them)"
        line += f"; not read to the end: {', '.join(self.unread)}" if self.unread else ""
        return line + (f"; no answer from {', '.join(self.unreachable)}" if self.unreachable else "")


class Walk(Frozen):
    """One connector's turn in a run.

    Attributes:
        began_at: before its listing was first asked.
        run: the run that walks, however often it continues as new.
        trail: where the walk has been; None before its first page.
    """

    connector: str
    began_at: datetime
    patience: Patience
    run: str = ""
    trail: Trail | None = None


class Proven(Frozen):
    """An effect whose end nobody knew, and the listed entry that proves it was applied."""

    key: str
    reference: str


class TakenPage(Frozen):
    """A page of a listing, written and compared.

    Attributes:
        more: False if the listing has no more at the moment.
        going_on_at: the cursor of the next page, if there is more.
        vanished: cases of divergences that the page explains after all.
        strangers: what the entries are for that no effect of ours accounts for, by its system's own id.
    """

    entries: int
    more: bool
    going_on_at: str | None = None
    proven: tuple[Proven, ...] = ()
    vanished: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


class ListedPage(Frozen):
    """What a page of the outside listing led to.

    Attributes:
        vanished: as in `TakenPage`.
        trail: for the walk to the next page.
        endless: why the listing is never read to its end; empty if it is.
    """

    entries: int
    healed: int
    more: bool
    vanished: tuple[str, ...] = ()
    trail: Trail | None = None
    endless: str = ""


class Judgement(Frozen):
    """What became of the listed entries that nothing had explained."""

    found: int
    healed: int


class Suspect(Frozen):
    """An applied effect that was not listed; it stands outside between these moments, if at all."""

    key: str
    sent_at: datetime
    changed_at: datetime


class Position(Frozen):
    """How far our own ledger has been compared: effects that changed until then, within it up to a key."""

    at: datetime
    key: str = ""


class LedgerPage(Frozen):
    """What a page of changed effects led to.

    Attributes:
        suspects: effects that were not listed. They are named once the listing was read again to where
            each would stand; until then the ledger counts as compared only up to this page.
        position: how far it is compared with this page.
    """

    effects: int
    found: int
    more: bool
    suspects: tuple[Suspect, ...] = ()
    position: Position | None = None


class SecondLook(Frozen):
    """Asks to read a listing again, from its beginning to where each of the suspects would stand."""

    walk: Walk
    suspects: tuple[Suspect, ...]


class SecondLooked(Frozen):
    """What reading it again brought; `complete` if it came to where every suspect would stand."""

    entries: int
    complete: bool
    vanished: tuple[str, ...] = ()

    def plus(self, taken: TakenPage) -> "SecondLooked":
        """Return it with one more page read."""
        read = {"entries": self.entries + taken.entries, "vanished": (*self.vanished, *taken.vanished)}
        return self.model_copy(update=read)


class Missing(Frozen):
    """Asks to name those of the suspects that are still not listed, and to count the page as compared."""

    walk: Walk
    suspects: tuple[Suspect, ...]
    position: Position


class SubjectsPage(Frozen):
    """Subjects (orders) to be compared with what their system says of them.

    Attributes:
        ids: their own ids there, each with the cases whose effects named it lately.
        position: how far our own ledger has been looked through for them with this page.
        more: there may be others.
    """

    ids: dict[str, tuple[str, ...]]
    position: Position
    more: bool = False


class SubjectsCompared(Frozen):
    """What comparing a page of subjects led to.

    Attributes:
        unread: those whose system did not give what could be compared, with why.
        vanished: as in `TakenPage`.
    """

    subjects: int = 0
    found: int = 0
    unread: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    more: bool = False


class Unresolved(Frozen):
    """Asks for effects whose end nobody knows, in order of their keys, behind `after`."""

    walk: Walk
    after: str = ""


class Orders(Frozen):
    """Effects to be taken up again, each under its first key and permit."""

    orders: tuple[EffectOrder, ...] = ()


class Retried(Frozen):
    """An effect that was taken up again; the ledger knows how it stands."""

    key: str
    why: str = ""


class PursuedPage(Frozen):
    """Several of them."""

    pursued: tuple[Retried, ...]


class Openings(Frozen):
    """Divergences that need a case."""

    divergences: tuple[Divergence, ...] = ()


class FixProposal(Frozen):
    """What a divergence's case proposes.

    Attributes:
        plan: with the fix as its only effect; without effects there is nothing Kontor can do.
        what: the question for a person.
    """

    plan: Plan
    what: str
    evidence: tuple[Evidence, ...] = ()

    def without_fix(self) -> "FixProposal":
        """Return the same question without an effect: a person does what is to be done."""
        plan = self.plan.model_copy(update={"effects": ()})
        what = f"Mend it by hand, then approve: {self.plan.summary}"
        return self.model_copy(update={"plan": plan, "what": what})


class DivergenceCarry(Frozen):
    """The case of a divergence that waits, for the run that goes on with it.

    Attributes:
        proposal: the fix that people are asked about; without effects, they are to handle it by hand.
    """

    case: CaseCarry
    divergence: Divergence
    proposal: FixProposal


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
