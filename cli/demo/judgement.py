"""How each message of the morning ended, held against what was written down before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from cli.demo.expectation import Done, Expected
from contracts.base import Frozen
from contracts.case import CaseRecord, CaseStatus
from contracts.ledger import LedgerEntry
from contracts.reply import STEP

OF_CUSTOMER = "for the customer:"
OF_GOODS = "pieces of return"
OF_PARTS = "for the other cases"
"""The words by which a case says what it waits for."""
ENDS: Mapping[str, CaseStatus] = {
    "settled": CaseStatus.SETTLED,
    "denied": CaseStatus.DENIED,
    "answered": CaseStatus.SETTLED,
}


class Verdict(StrEnum):
    """What became of a message.

    `ALONE`: it ended, or stands, as it should, and nobody was asked. `ASKED_BACK`: the customer was asked,
    and it ended as it should, or waits for them. `PEOPLE`: it waits for a person. `WRONG`: something was
    done, or told, that should not be.
    """

    ALONE = "settled alone"
    ASKED_BACK = "asked back"
    PEOPLE = "asked of people"
    WRONG = "wrong"


class Judged(Frozen):
    """One message: what should have become of it, what did, and the verdict."""

    expected: Expected
    status: CaseStatus
    outcome: str
    done: dict[str, Done]
    verdict: Verdict

    @property
    def words(self) -> str:
        """Say what was wrong, for whoever has to mend it."""
        name = f"{self.expected.channel}/{self.expected.id}"
        ended = f"{self.status.value} ({self.outcome}) {_told(self.done)}"
        return f"{name}: {ended}, expected {self.expected.end} {_told(self.expected.does)}"


def _told(done: Mapping[str, Done]) -> str:
    return str({order: each.model_dump(exclude_defaults=True) for order, each in done.items()} or "nothing")


def judge(expected: Expected, cases: Sequence[CaseRecord], entries: Iterable[LedgerEntry]) -> Judged:
    """Judge one message.

    Args:
        expected: what should have become of it.
        cases: its own case first, then those of its letter's other orders.
        entries: the effects of all of them.
    """
    by_order: dict[str, list[LedgerEntry]] = defaultdict(list)
    asked_back = False
    for entry in entries:
        asked_back = asked_back or entry.order.effect.step.startswith(STEP)
        by_order[str(entry.order.effect.arguments.get("order", ""))].append(entry)
    done = {order: made for order, each in by_order.items() if (made := Done.of(each)) != Done()}
    verdict = _verdict(expected, cases, done, asked_back=asked_back)
    own = cases[0]
    return Judged(expected=expected, status=own.status, outcome=own.outcome, done=done, verdict=verdict)


def _verdict(
    expected: Expected, cases: Sequence[CaseRecord], done: Mapping[str, Done], *, asked_back: bool
) -> Verdict:
    if not expected.allows(done):
        return Verdict.WRONG
    if any(waits_for_people(case) for case in cases):
        return Verdict.PEOPLE
    if any(waits_for_customer(case) for case in cases):
        return Verdict.ASKED_BACK
    right = _as_expected(expected, cases, done)
    well = Verdict.ASKED_BACK if asked_back else Verdict.ALONE
    return well if right else Verdict.WRONG


def _as_expected(expected: Expected, cases: Sequence[CaseRecord], done: Mapping[str, Done]) -> bool:
    """Say whether what has ended, or waits for goods, is what should be."""
    if not expected.fits(done):
        return False
    if any(waits_for_goods(case) for case in cases):
        return expected.end in ("settled", "awaited")
    answered = all(case.outcome == "answered" for case in cases)
    ends = expected.end in ENDS and all(case.status is ENDS[expected.end] for case in cases)
    return ends and answered == (expected.end == "answered")


def waits_for_people(case: CaseRecord) -> bool:
    """Say whether a person has to answer."""
    return case.status is CaseStatus.WAITING and not case.waits_for


def waits_for_customer(case: CaseRecord) -> bool:
    """Say whether its customer was asked back and has not answered."""
    return not case.status.ended and case.waits_for.startswith(OF_CUSTOMER)


def waits_for_goods(case: CaseRecord) -> bool:
    """Say whether it waits for a parcel."""
    return not case.status.ended and OF_GOODS in case.waits_for


def waits_for_parts(case: CaseRecord) -> bool:
    """Say whether it is done, and waits for the other orders of its letter."""
    return not case.status.ended and case.waits_for.startswith(OF_PARTS)


def stands(case: CaseRecord) -> bool:
    """Say whether a case goes on only once somebody outside the office's machines does something."""
    waits = (waits_for_people, waits_for_customer, waits_for_goods, waits_for_parts)
    return case.status.ended or any(each(case) for each in waits)
