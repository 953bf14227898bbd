"""Cases, decisions and verdicts, as the office's books keep them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance
from contracts.evidence import Evidence
from contracts.verdict import PolicyReason, Verdict
from memory.cases import CaseFilter, SqlCases
from memory.decisions import SqlDecisions
from memory.verdicts import SqlVerdicts

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
    cases.save(case(1))
    assert cases.find("returns/webshop/RMA-1") == case(1)
    assert cases.find("returns/webshop/RMA-2") is None


def test_an_older_note_never_overwrites_a_newer_one(engine: Engine) -> None:
    cases = SqlCases(engine)
    settled = case(1, status=CaseStatus.SETTLED, updated_at=NOON + timedelta(hours=1, microseconds=1))
    cases.save(settled)
    cases.save(case(1, updated_at=NOON + timedelta(hours=1)))
    assert cases.find(settled.id) == settled
    later = case(1, status=CaseStatus.UNDONE, updated_at=NOON + timedelta(hours=2))
    cases.save(later)
    assert cases.find(settled.id) == later


def test_moments_in_other_zones_are_compared_as_moments(engine: Engine) -> None:
    cases = SqlCases(engine)
    cases.save(case(1, status=CaseStatus.SETTLED, updated_at="2026-11-05T14:30:00+02:00"))
    cases.save(case(1, updated_at="2026-11-05T13:00:00+01:00"))
    found = cases.find("returns/webshop/RMA-1")
    assert found is not None
    assert found.status is CaseStatus.SETTLED
    assert found.updated_at == datetime(2026, 11, 5, 12, 30, tzinfo=UTC)


def test_cases_are_listed_newest_first_and_filtered(engine: Engine) -> None:
    cases = SqlCases(engine)
    for number in range(1, 7):
        channel = "store" if number % 2 else "webshop"
        cases.save(case(number, channel=channel, status=CaseStatus.SETTLED if number > 4 else "waiting"))

    def listed(wanted: CaseFilter) -> list[str]:
        return [record.id.rpartition("-")[2] for record in cases.newest(wanted)]

    assert listed(CaseFilter()) == ["6", "5", "4", "3", "2", "1"]
    assert listed(CaseFilter(limit=2)) == ["6", "5"]
    assert listed(CaseFilter(channel="store")) == ["5", "3", "1"]
    assert listed(CaseFilter(status=CaseStatus.WAITING, channel="webshop")) == ["4", "2"]
    assert listed(CaseFilter(since=NOON + timedelta(minutes=5))) == ["6", "5"]
    assert listed(CaseFilter(desk="content")) == []
    assert cases.count("returns") == {CaseStatus.SETTLED: 2, CaseStatus.WAITING: 4}


def test_a_customers_earlier_cases_are_counted_by_status_desk_and_time(engine: Engine) -> None:
    cases = SqlCases(engine)
    changed: list[dict[str, object]] = [
        {"status": CaseStatus.SETTLED},
        {"status": CaseStatus.SETTLED, "updated_at": NOON - timedelta(days=91)},
        {"status": CaseStatus.DENIED},
        {"status": CaseStatus.SETTLED, "desk": "content"},
        {"status": CaseStatus.SETTLED, "customer": "c-2"},
        {"status": CaseStatus.SETTLED, "customer": ""},
    ]
    for number, changes in enumerate(changed):
        cases.save(case(number, **changes))
    since = NOON - timedelta(days=90)
    assert cases.earlier("c-1", "returns", CaseStatus.SETTLED, since) == 1
    assert cases.earlier("", "returns", CaseStatus.SETTLED, since) == 0


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
    decisions.keep("returns/webshop/RMA-1", "intent", decision("return"))
    decisions.keep("returns/webshop/RMA-1", "amount", decision("all"))
    decisions.keep("returns/webshop/RMA-1", "intent", decision("exchange"))
    decisions.keep("returns/webshop/RMA-2", "intent", decision("cancel"))
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
    verdicts = SqlVerdicts(engine)
    verdicts.keep("returns/webshop/RMA-1", [verdict(2), verdict(1, conflict=True, step="restock")])
    verdicts.keep("returns/webshop/RMA-1", [verdict(2, outcome="allow"), verdict(3, outcome="deny")])
    verdicts.keep("returns/webshop/RMA-2", [verdict(4)])
    assert [kept.id for kept in verdicts.of_case("returns/webshop/RMA-1")] == ["v2", "v1", "v3"]
    assert verdicts.find("v2") == ("returns/webshop/RMA-1", verdict(2))
    assert verdicts.find("v9") is None
    assert verdicts.conflicts() == 1
    assert verdicts.count() == {"ask": 3, "deny": 1}
