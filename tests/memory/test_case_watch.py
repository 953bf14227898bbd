"""What becomes of a case that nothing runs for any more: by rule, in one transaction."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError

from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectOrder, EffectState, OutsideResult
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.trouble import CaseTrouble, GoneCase, OpenCase
from memory.authoritative.cases import SqlCases
from memory.authoritative.reconciliation.case_watch import SqlCaseWatch
from tests.activities.effects.ledger_helpers import refusal
from tests.memory.audit_helpers import keep_case
from tests.memory.claims import claim
from tests.workflows.reconciliation.shop import Bookkeeping

CLAIM = "till/W-1/L1"
SECOND = timedelta(seconds=1)


class Desk(Bookkeeping):
    """A case that is open in the books, with a claim and leave for one refund."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.watch = SqlCaseWatch(
            self.journal, currency=lambda: "EUR", redact=lambda text: text.replace("anna@", "[email]")
        )
        self.cases = SqlCases(self.engine)
        self.ordered: EffectOrder = self.order()
        self.case_id = self.ordered.case_id
        self.note(CaseStatus.RUNNING)
        claim(self.engine, self.case_id, [CLAIM], self.clock.now)

    def note(self, status: CaseStatus) -> None:
        """Write the row as the workflow does."""
        keep_case(
            self.engine,
            CaseRecord(
                id=self.case_id,
                desk="returns",
                channel="till",
                status=status,
                summary="",
                opened_at=self.clock.now,
                updated_at=self.clock.now,
            ),
        )

    @property
    def row(self) -> CaseRecord:
        found = self.cases.find(self.case_id)
        assert found is not None
        return found

    def gone(self) -> GoneCase:
        """The case as the reconciler read it, before its workflow was terminated."""
        [seen] = [case for case in self.watch.open_cases("", 1000) if case.id == self.case_id]
        ended = self.clock.now + SECOND
        return GoneCase(seen=seen, why="its workflow has ended: terminated", ended_at=ended)

    def close(self) -> bool:
        return self.watch.close_gone(self.gone(), self.clock.now + 2 * SECOND)

    def holder(self) -> str | None:
        """Which case keeps another one from the same line."""
        return claim(self.engine, f"another-{self.test}", [CLAIM], self.clock.now)


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    return Desk(engine, tmp_path)


async def test_nothing_begun_frees_the_claims_and_ends_the_permits(desk: Desk) -> None:
    assert desk.close()
    assert (desk.row.status, desk.row.outcome) == (CaseStatus.FAILED, "workflow_gone")
    assert desk.holder() is None
    desk.clock.pass_seconds(3)
    with pytest.raises(ApplicationError) as refused:
        await desk.door.attempt(desk.ordered)
    assert refusal(refused.value) == "expired"
    assert desk.shop.made == []


async def test_a_settled_effect_frees_the_claims_and_stays_found_done(desk: Desk) -> None:
    await desk.door.pursue(desk.ordered)
    assert desk.close()
    assert desk.holder() is None
    again = await desk.door.attempt(desk.ordered)
    assert again.state is EffectState.APPLIED
    assert len(desk.shop.made) == 1


@pytest.mark.parametrize("applied", [OutsideResult("R-1"), None], ids=["applied", "not applied"])
async def test_an_effect_in_doubt_keeps_the_claims_until_the_doubt_is_settled(
    desk: Desk, applied: OutsideResult | None
) -> None:
    desk.shop.next.append("cut-before")
    with pytest.raises(ApplicationError):
        await desk.door.attempt(desk.ordered)
    assert desk.state(desk.ordered) is EffectState.SENT
    assert desk.close()
    assert desk.holder() == desk.case_id
    desk.unknown(desk.ordered)
    assert desk.holder() == desk.case_id
    desk.door.ledger.resolve(desk.ordered.key, applied, "a person looked", desk.clock.now)
    assert desk.holder() is None


async def test_a_row_that_moved_since_it_was_read_is_left_alone(desk: Desk) -> None:
    gone = desk.gone()
    desk.clock.pass_seconds(1)
    desk.note(CaseStatus.WAITING)
    assert not desk.watch.close_gone(gone, desk.clock.now)
    assert desk.row.status is CaseStatus.WAITING


async def test_a_new_run_writes_over_the_closed_row_however_far_ahead_our_clock_is(desk: Desk) -> None:
    gone = desk.gone()
    assert desk.watch.close_gone(gone, desk.clock.now + timedelta(hours=1))
    desk.clock.pass_seconds(2)
    desk.note(CaseStatus.RUNNING)
    assert desk.row.status is CaseStatus.RUNNING
    [divergence] = desk.open()
    assert desk.watch.revived(divergence, runs=True, now=desk.clock.now) == ""
    assert desk.open() == []


async def test_each_time_it_is_gone_a_person_gets_it_and_once_only(desk: Desk) -> None:
    gone = desk.gone()
    assert desk.watch.close_gone(gone, desk.clock.now)
    assert not desk.watch.close_gone(gone, desk.clock.now)
    assert [one.kind for one in desk.open()] == [DivergenceKind.WORKFLOW_GONE]
    assert "terminated" in desk.open()[0].words()
    desk.clock.pass_seconds(5)
    desk.note(CaseStatus.RUNNING)
    assert desk.close()
    assert len(desk.open()) == 2


async def test_the_case_of_a_divergence_that_is_gone_opens_the_divergence_again(desk: Desk) -> None:
    assert desk.close()
    [found] = desk.open()
    desk.books.opened([found.model_copy(update={"rounds": 1})], desk.clock.now)
    case_id = f"books/till/{found.id}"
    now = desk.clock.now
    record = CaseRecord(
        id=case_id,
        desk="books",
        channel="till",
        status=CaseStatus.WAITING,
        summary="",
        opened_at=now,
        updated_at=now,
    )
    keep_case(desk.engine, record)
    seen = OpenCase(id=case_id, status=CaseStatus.WAITING, updated_at=now)
    assert desk.open() == []
    assert desk.watch.close_gone(GoneCase(seen=seen, why="terminated", ended_at=now), now)
    assert [(one.id, one.rounds) for one in desk.open()] == [(found.id, 2)]


async def test_a_trouble_keeps_when_it_began_says_no_secret_and_goes_when_it_is_over(desk: Desk) -> None:
    def trouble(failures: int) -> CaseTrouble:
        return CaseTrouble(
            case_id=desk.case_id,
            what="order.load",
            failures=failures,
            error="no such customer anna@",
            since=desk.clock.now,
            looked_at=desk.clock.now,
        )

    began = desk.clock.now
    desk.watch.keep_troubles(desk.case_id, [trouble(10)])
    desk.clock.pass_seconds(900)
    desk.watch.keep_troubles(desk.case_id, [trouble(40)])
    [kept] = desk.watch.troubles((desk.case_id,))
    assert (kept.since, kept.failures, kept.looked_at) == (began, 40, desk.clock.now)
    assert kept.error == "no such customer [email]"
    desk.watch.keep_troubles(desk.case_id, [])
    assert desk.watch.troubles((desk.case_id,)) == ()
