"""What came of a storm: our ledger against what the outside system says, order by order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from benchmarks.chaos_worker import StormEnd
from benchmarks.rows import Row
from bootstrap.installation import Installation
from contracts.effect import EffectState, ProposedEffect
from contracts.ledger import CallOutcome
from contracts.reconciliation.messages import ReconcileSummary
from memory.database import reading
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectCallRow, EffectRow

REFUSED_LAST = (
    select(EffectRow.key)
    .join(EffectCallRow, col(EffectCallRow.effect_key) == col(EffectRow.key))
    .where(
        col(EffectCallRow.number) == col(EffectRow.last_call),
        col(EffectCallRow.outcome) == CallOutcome.NOT_APPLIED_FINAL.value,
    )
)
"""Effects whose last send their system refused for good."""
DONE = (EffectState.APPLIED, EffectState.COMPENSATED)

TERMINATED = "terminated"
"""The word of a case that the server ended."""

Made = Mapping[str, Sequence[int]]
"""What the outside system says was refunded: amounts in cents by order."""


@dataclass(frozen=True)
class Counted:
    """What was counted on the way.

    Attributes:
        ends: how each case ended.
        failing: share of the refund calls that failed.
    """

    ends: Sequence[StormEnd]
    kills: int
    seconds: float
    failing: float
    tally: ReconcileSummary


@dataclass(frozen=True)
class Report:
    """What came of a storm.

    Attributes:
        lost: refunds that neither happened nor wait for a person.
        twice: refunds too many.
        difference_cents: between our ledger and the outside system, summed over the orders.
        waiting: effects that did not end `applied`, or diverge, and are a person's.
        refused: effects that ended `failed` because their system refused them; nothing was done.
        false_failed: effects that are `failed` and done outside, or `applied` and not.
        terminated: cases that the server ended.
        judged_again: cases whose verdict met a worker of another office, and that were judged once more.
    """

    asked: int
    lost: int
    twice: int
    difference_cents: int
    waiting: int
    refused: int
    false_failed: int
    terminated: int
    judged_again: int
    counted: Counted

    def rows(self, suffix: str = "") -> list[Row]:
        """The rows of the issue; the bar of each is 0."""
        return [
            Row(f"effects.faults.lost{suffix}", self.lost, "count", 0),
            Row(f"effects.faults.twice{suffix}", self.twice, "count", 0),
            Row(f"effects.faults.difference_cents{suffix}", self.difference_cents, "cents", 0),
            Row(f"effects.faults.false_failed{suffix}", self.false_failed, "count", 0),
            Row(f"effects.faults.terminated{suffix}", self.terminated, "count", 0),
            Row(f"effects.faults.judged_again{suffix}", self.judged_again, "count"),
            Row(f"effects.faults.waiting{suffix}", self.waiting, "count"),
            Row(f"effects.faults.refused{suffix}", self.refused, "count"),
            Row(f"effects.faults.failing{suffix}", self.counted.failing, "share", 0.12),
            Row(f"effects.faults.kills{suffix}", self.counted.kills, "count"),
            Row(f"effects.faults.seconds{suffix}", self.counted.seconds, "s"),
        ]


def report_on(
    installation: Installation, refunds: Sequence[ProposedEffect], made: Made, counted: Counted
) -> Report:
    """Compare the books with what was made."""
    with reading(installation.database) as session:
        rows = session.exec(select(EffectRow)).all()
        divergent = set(session.exec(select(DivergenceRow.effect_key)).all())
        refusals = set(session.exec(REFUSED_LAST).all())
    ours = {order_of(row.arguments): row for row in rows}
    lost = waiting = twice = difference = refused = false_failed = 0
    for effect in refunds:
        order = order_of(effect.arguments)
        outside = list(made.get(order, []))
        row = ours.get(order)
        applied = row is not None and row.state in DONE
        failed = row is not None and row.state == EffectState.FAILED
        false_failed += (failed and bool(outside)) or (applied and not outside)
        if row is not None and failed and row.key in refusals and not outside:
            refused += 1
        elif row is not None and (not applied or row.key in divergent):
            waiting += 1
        elif not outside:
            lost += 1
        twice += max(0, len(outside) - 1)
        difference += abs(sum(outside) - (row.amount_cents if row is not None and applied else 0))
    return Report(
        asked=len(refunds),
        lost=lost,
        twice=twice,
        difference_cents=difference,
        waiting=waiting,
        refused=refused,
        false_failed=false_failed,
        terminated=sum(end.word == TERMINATED for end in counted.ends),
        judged_again=sum(end.judged > 1 for end in counted.ends),
        counted=counted,
    )


def order_of(arguments: Mapping[str, object]) -> str:
    """Return the order that a refund goes to."""
    return str(arguments["order"])
