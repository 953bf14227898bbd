"""Cases, decisions and verdicts, as the office's books keep them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from contracts.authorization import PolicyReason, Verdict
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance
from contracts.evidence import Evidence
from memory.authoritative.authorizations import SqlAuthorizations, SqlVerdicts
from memory.authoritative.cases import CaseFilter, SqlCases
from memory.authoritative.decisions import SqlDecisions
from tests.memory.audit_helpers import journal, keep_case

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


def case(number: int, **changes: object) -> CaseRecord:
    record = CaseRecord(
        id=f"returns/webshop/RMA-{number}",
        desk="returns",
        channel="webshop",
        status=CaseStatus.RUNNING,
        summary="a return",
        amount_cents=5_000_000_000,
        opened_at=NOON + timedelta(minutes=number),
        updated_at=NOON + timedelta(minutes=number),
        request={"order": "W-1001", "items": ["größer"]},
        customer="c-1",
    )
    return CaseRecord.model_validate(record.model_dump() | changes)


def test_a_case_is_read_back_as_it_was_saved(engine: Engine) -> None:
    cases = SqlCases(engine)
    keep_case(engine, case(1))
    assert cases.find("returns/webshop/RMA-1") == case(1)
    assert cases.find("returns/webshop/RMA-2") is None


def test_an_older_note_never_overwrites_a_newer_one(engine: Engine) -> None:
    cases = SqlCases(engine)
    settled = case(1, status=CaseStatus.SETTLED, updated_at=NOON + timedelta(hours=1, microseconds=1))
    keep_case(engine, settled)
    keep_case(engine, case(1, updated_at=NOON + timedelta(hours=1)))
    assert cases.find(settled.id) == settled
    later = case(1, status=CaseStatus.UNDONE, updated_at=NOON + timedelta(hours=2))
    keep_case(engine, later)
    assert cases.find(settled.id) == later


def test_a_closing_note_whose_clock_was_set_back_still_closes_the_case(engine: Engine) -> None:
    cases = SqlCases(engine)
    keep_case(engine, case(1, updated_at=NOON, event=7))
    closing = case(1, status=CaseStatus.SETTLED, updated_at=NOON - timedelta(seconds=1), event=8)
    keep_case(engine, closing)
    assert cases.find(closing.id) == closing
    keep_case(engine, case(1, updated_at=NOON + timedelta(hours=1), event=7))
    assert cases.find(closing.id) == closing


def test_the_note_of_a_worker_that_counts_no_events_is_not_lost_beside_one_that_does(engine: Engine) -> None:
    cases = SqlCases(engine)
    keep_case(engine, case(1, updated_at=NOON, event=7))
    closing = case(1, status=CaseStatus.SETTLED, updated_at=NOON - timedelta(seconds=1))
    keep_case(engine, closing)
    assert cases.find(closing.id) == closing
    keep_case(engine, case(1, updated_at=NOON - timedelta(seconds=2)))
    assert cases.find(closing.id) == closing


def test_moments_in_other_zones_are_compared_as_moments(engine: Engine) -> None:
    cases = SqlCases(engine)
    keep_case(engine, case(1, status=CaseStatus.SETTLED, updated_at="2026-11-05T14:30:00+02:00"))
    keep_case(engine, case(1, updated_at="2026-11-05T13:00:00+01:00"))
    found = cases.find("returns/webshop/RMA-1")
    assert found is not None
    assert found.status is CaseStatus.SETTLED
    assert found.updated_at == datetime(2026, 11, 5, 12, 30, tzinfo=UTC)


def test_cases_are_listed_newest_first_and_filtered(engine: Engine) -> None:
    cases = SqlCases(engine)
    for number in range(1, 7):
        channel = "store" if number % 2 else "webshop"
        keep_case(
            engine, case(number, channel=channel, status=CaseStatus.SETTLED if number > 4 else "waiting")
        )

    def listed(wanted: CaseFilter) -> list[str]:
        return [record.id.rpartition("-")[2] for record in cases.newest(wanted)]

    assert listed(CaseFilter()) == ["6", "5", "4", "3", "2", "1"]
    assert listed(CaseFilter(limit=2)) == ["6", "5"]
    assert listed(CaseFilter(channel="store")) == ["5", "3", "1"]
    assert listed(CaseFilter(status=CaseStatus.WAITING, channel="webshop")) == ["4", "2"]
    assert listed(CaseFilter(since=NOON + timedelta(minutes=5))) == ["6", "5"]
    assert listed(CaseFilter(desk="content")) == []
    assert cases.count(CaseFilter(channel="webshop", limit=1)) == {
        CaseStatus.WAITING: 2,
        CaseStatus.SETTLED: 1,
    }
    assert cases.count(CaseFilter(desk="returns")) == {CaseStatus.SETTLED: 2, CaseStatus.WAITING: 4}


def decision(label: str) -> Decision:
    return Decision(
        task="returns.intent",
        outcome="answered",
        answer={"label": label},
        provenance=Provenance(
            by="local",
            name="returns.intent@minilm-l6",
            version="v1",
            inputs_hash="0" * 64,
            confidence=0.97,
            evidence=(Evidence(source="order:webshop/W-1", text="two shirts"),),
            cost_microusd=12,
        ),
    )


def test_a_decision_keeps_its_provenance_and_the_first_one_stands(engine: Engine) -> None:
    decisions = SqlDecisions(engine)
    decisions.keep_all("returns/webshop/RMA-1", {"intent": decision("return")})
    decisions.keep_all("returns/webshop/RMA-1", {"amount": decision("all")})
    decisions.keep_all("returns/webshop/RMA-1", {"intent": decision("exchange")})
    decisions.keep_all("returns/webshop/RMA-2", {"intent": decision("cancel")})
    kept = decisions.of_case("returns/webshop/RMA-1")
    assert list(kept.items()) == [("intent", decision("return")), ("amount", decision("all"))]
    assert decisions.cost_microusd() == 36


def verdict(number: int, **changes: object) -> Verdict:
    made = Verdict(
        id=f"v{number}",
        outcome="ask",
        step="refund",
        reasons=(PolicyReason(id="late", reason="too late", effect="forbid", question="unattended"),),
        facts={"amount_cents": 4200},
        policy_version="p1",
    )
    return Verdict.model_validate(made.model_dump() | changes)


def test_verdicts_are_kept_once_in_order_and_conflicts_counted(engine: Engine) -> None:
    verdicts, keep = SqlVerdicts(engine), SqlAuthorizations(journal(engine)).keep
    keep("returns/webshop/RMA-1", (), [verdict(2), verdict(1, conflict=True, step="restock")], (), NOON)
    keep("returns/webshop/RMA-1", (), [verdict(2, outcome="allow"), verdict(3, outcome="deny")], (), NOON)
    keep("returns/webshop/RMA-2", (), [verdict(4)], (), NOON)
    assert [kept.id for kept in verdicts.of_case("returns/webshop/RMA-1")] == ["v2", "v1", "v3"]
    assert verdicts.find("v2") == ("returns/webshop/RMA-1", verdict(2))
    assert verdicts.find("v9") is None
    assert [kept.id for _, kept in verdicts.conflicting()] == ["v1"]
    assert verdicts.count() == {"ask": 3, "deny": 1}
