"""A limit over several cases counts each once, whoever asks at once, and gives back what came to nothing."""

import asyncio
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from contracts.authorization import CountMoved, Reservation
from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectState, Permit
from memory.authoritative.authorizations import SqlAuthorizations
from memory.database import writing
from memory.tables.cases import CaseRow
from memory.tables.ledger import EffectRow
from tests.conftest import ROOT
from tests.memory.audit_helpers import journal

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
IN_90_DAYS = Reservation(
    fact="earlier_returns",
    desk="returns",
    holder="c-1",
    status=CaseStatus.SETTLED,
    since=NOON - timedelta(days=90),
)
ALLOWED = Permit(
    id="permit-1",
    effect_key="refund-1",
    case_id="",
    connector="webshop",
    operation="refund",
    arguments_hash="",
    connector_version="1",
    policy_version="1",
    office_version="1",
    basis="verdict-1",
    amount_cents=0,
    currency="",
    expires_at=NOON,
)


class Row:
    """One customer's cases."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.books = SqlAuthorizations(journal(engine))

    def stands(self, case_id: str, status: CaseStatus = CaseStatus.RUNNING, **changes: object) -> None:
        """Write the case's row."""
        record = CaseRecord(
            id=case_id,
            desk="returns",
            channel="webshop",
            status=status,
            summary="",
            customer="c-1",
            opened_at=NOON,
            updated_at=NOON,
        ).model_copy(update=changes)
        with writing(self.engine) as session:
            session.merge(CaseRow(**dict(record) | {"status": record.status.value}))

    def paid(self, case_id: str, state: EffectState) -> None:
        """Write an effect that moved money, or did not."""
        with writing(self.engine) as session:
            session.add(
                EffectRow(
                    key=f"refund-{case_id}",
                    case_id=case_id,
                    step="refund",
                    connector="webshop",
                    operation="refund",
                    arguments={},
                    arguments_hash="",
                    amount_cents=4000,
                    currency="EUR",
                    connector_version="1",
                    likeness="",
                    state=state.value,
                    intended_at=NOON,
                    updated_at=NOON,
                )
            )

    def before(self, case_id: str) -> int:
        return self.books.counted(case_id, IN_90_DAYS)

    def takes(self, case_id: str, counted: int, *, allowed: bool = True, now: datetime = NOON) -> None:
        permits = (ALLOWED.model_copy(update={"id": f"permit-{case_id}", "case_id": case_id}),)
        place = IN_90_DAYS.model_copy(update={"counted": counted})
        self.books.keep(case_id, (), (), permits if allowed else (), now, reservations=(place,))

    def judged(self, case_id: str, *, allowed: bool = True) -> int:
        """Open a case and give it its place; returns how many came before it."""
        self.stands(case_id)
        counted = self.before(case_id)
        self.takes(case_id, counted, allowed=allowed)
        return counted


@pytest.fixture
def row(engine: Engine) -> Row:
    return Row(engine)


def test_cases_under_way_see_one_another_in_the_order_they_were_judged(row: Row) -> None:
    assert [row.judged(name) for name in ("a", "b", "c")] == [0, 1, 2]
    assert [row.before(name) for name in ("a", "b", "c")] == [0, 1, 2]


def test_settled_cases_of_the_time_count_and_no_others(row: Row) -> None:
    row.stands("recent", CaseStatus.SETTLED)
    row.stands("old", CaseStatus.SETTLED, updated_at=NOON - timedelta(days=91))
    row.stands("denied", CaseStatus.DENIED)
    row.stands("elsewhere", CaseStatus.SETTLED, desk="content")
    row.stands("of another", CaseStatus.SETTLED, customer="c-2")
    assert row.judged("a") == 1


@pytest.mark.parametrize("status", [status for status in CaseStatus if status.ended])
def test_a_case_that_ends_without_money_gives_its_place_back(row: Row, status: CaseStatus) -> None:
    row.judged("a")
    row.stands("a", status)
    assert row.before("b") == (1 if status is CaseStatus.SETTLED else 0)


@pytest.mark.parametrize("state", list(EffectState))
def test_a_case_that_failed_behind_its_refund_counts(row: Row, state: EffectState) -> None:
    row.judged("a")
    row.paid("a", state)
    row.stands("a", CaseStatus.FAILED)
    taken_back = state in (EffectState.FAILED, EffectState.COMPENSATED)
    assert row.before("b") == (0 if taken_back else 1)


def test_a_place_is_not_taken_on_a_count_that_has_moved(row: Row) -> None:
    row.stands("a")
    row.stands("b")
    assert (row.before("a"), row.before("b")) == (0, 0)
    row.takes("a", 0)
    with pytest.raises(CountMoved):
        row.takes("b", 0)
    row.takes("b", 1)


def test_a_case_that_was_only_asked_stands_behind_all_others_when_it_asks_again(row: Row) -> None:
    row.judged("a", allowed=False)
    row.judged("b")
    assert (row.before("a"), row.before("b")) == (1, 1)
    row.takes("a", 1)
    assert (row.before("b"), row.before("a")) == (0, 1)


def test_a_case_that_begins_again_does_not_keep_the_place_it_gave_back(row: Row) -> None:
    row.judged("a")
    row.stands("a", CaseStatus.FAILED)
    row.judged("b")
    row.stands("a", opened_at=NOON + timedelta(hours=1))
    assert row.before("a") == 1


async def test_twelve_at_once_get_twelve_places(row: Row) -> None:
    def judge(name: str) -> int:
        while True:
            try:
                return row.judged(name)
            except CountMoved:
                continue

    found = await asyncio.gather(*(asyncio.to_thread(judge, f"case-{number}") for number in range(12)))
    assert sorted(found) == list(range(12))


def test_two_processes_let_no_more_of_a_customers_returns_pass_than_the_policy_says(engine: Engine) -> None:
    """The office's policy: the fourth return in 90 days is asked about."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.memory.reserver", url]
    racers = [
        subprocess.Popen([*command, side], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for side in ("left", "right")
    ]
    said: Counter[str] = Counter()
    for racer in racers:
        said.update(racer.communicate(timeout=120)[0].split())
    assert [racer.returncode for racer in racers] == [0, 0]
    assert said == {"allow": 3, "ask": 9}
