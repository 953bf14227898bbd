"""The books know when things happened, under which office, and from what was decided, for a while."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from contracts.base import text_hash
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance, Question, inputs_hash
from memory.authoritative.approvals.attention import SqlAttention
from memory.authoritative.case_writer import SqlCaseWriter
from memory.authoritative.decision_inputs import DecisionInputs
from memory.authoritative.decisions import SqlDecisions
from memory.authoritative.erasure import CustomerTextEraser
from memory.database import migrate, open_engine
from memory.redaction import Redactor
from memory.tables.approvals import AttentionRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionInputsRow, DecisionRow
from tests.memory.audit_helpers import NOON, journal, keep_case
from tests.memory.test_audited_books import configured
from tests.memory.test_cases import case

HOUR = timedelta(hours=1)
ASKED = Question(
    task="returns.intent", text="Too small. Write to anna@example.org", choices=("the mat", "a mug")
)


def row(engine: Engine, record: CaseRecord) -> CaseRow:
    with Session(engine) as session:
        return session.exec(select(CaseRow).where(CaseRow.id == record.id)).one()


def test_the_end_of_a_case_stays_when_it_is_undone_later(engine: Engine) -> None:
    keep_case(engine, case(1, event=1))
    assert row(engine, case(1)).ended_at is None
    keep_case(engine, case(1, status=CaseStatus.SETTLED, updated_at=NOON + HOUR, event=2))
    keep_case(engine, case(1, outcome="undoing", updated_at=NOON + 2 * HOUR, event=3))
    keep_case(engine, case(1, status=CaseStatus.UNDONE, updated_at=NOON + 3 * HOUR, event=4))
    assert row(engine, case(1)).ended_at == NOON + HOUR


def test_a_case_that_is_begun_anew_has_an_end_and_an_office_of_its_own(engine: Engine) -> None:
    writer = SqlCaseWriter(journal(engine))
    writer.record(case(1, event=1), (), "office-1")
    keep_case(engine, case(1, status=CaseStatus.EXPIRED, updated_at=NOON + HOUR, event=2))
    assert (row(engine, case(1)).opened_under, row(engine, case(1)).ended_at) == ("office-1", NOON + HOUR)
    writer.record(case(1, opened_at=NOON + 2 * HOUR, updated_at=NOON + 2 * HOUR, event=3), (), "office-2")
    assert (row(engine, case(1)).opened_under, row(engine, case(1)).ended_at) == ("office-2", None)
    end = case(1, status=CaseStatus.SETTLED, opened_at=NOON + 2 * HOUR, updated_at=NOON + 3 * HOUR, event=4)
    keep_case(engine, end)
    assert (row(engine, case(1)).opened_under, row(engine, case(1)).ended_at) == (
        "office-2",
        NOON + 3 * HOUR,
    )


def decided(question: Question) -> Decision:
    made = Provenance(
        by="rule", name="r", version="1", inputs_hash=inputs_hash(question), latency_ms=12.5, confidence=None
    )
    return Decision(task=question.task, outcome="answered", answer={"label": "return"}, provenance=made)


def kept(engine: Engine) -> list[DecisionInputsRow]:
    with Session(engine) as session:
        return list(session.exec(select(DecisionInputsRow)))


def asking(engine: Engine, days: int = 10) -> SqlDecisions:
    return SqlDecisions(engine, DecisionInputs(Redactor(), timedelta(days=days)))


def test_what_a_decision_was_made_from_is_kept_once_redacted_and_as_long_as_it_may(engine: Engine) -> None:
    decisions = asking(engine)
    for number, later in ((1, timedelta()), (2, timedelta(days=5))):
        decisions.keep_all(
            f"returns/webshop/{number}", {"read": decided(ASKED)}, {"read": ASKED}, NOON + later
        )
    [inputs] = kept(engine)
    assert inputs.hash == inputs_hash(ASKED)
    assert (inputs.text, inputs.choices) == ("Too small. Write to [email]", ["the mat", "a mug"])
    with Session(engine) as session:
        rows = session.exec(select(DecisionRow)).all()
    assert {(each.inputs_hash, each.latency_ms) for each in rows} == {(inputs.hash, 12.5)}
    assert {each.at for each in rows} == {NOON, NOON + timedelta(days=5)}
    assert decisions.drop_old_inputs(NOON + timedelta(days=15) - HOUR) == 0
    assert decisions.drop_old_inputs(NOON + timedelta(days=15)) == 1
    assert kept(engine) == []


def test_where_nothing_is_to_be_kept_nothing_is(engine: Engine) -> None:
    asking(engine, days=0).keep_all("returns/webshop/1", {"read": decided(ASKED)}, {"read": ASKED}, NOON)
    assert kept(engine) == []


def test_a_customer_who_is_forgotten_takes_what_was_decided_from_along(engine: Engine) -> None:
    decisions = asking(engine)
    other = ASKED.model_copy(update={"text": "Another one's words."})
    for number, customer, question in ((1, "c-1", ASKED), (2, "c-2", other)):
        keep_case(
            engine, case(number, status=CaseStatus.SETTLED, customer=customer, request={"message": "words"})
        )
        name = f"returns/webshop/RMA-{number}"
        decisions.keep_all(name, {"read": decided(question)}, {"read": question}, NOON)
    eraser = CustomerTextEraser(journal(engine), {"returns": frozenset({"id"})})
    assert eraser.forget("c-1", []) == 2
    assert [inputs.text for inputs in kept(engine)] == ["Another one's words."]


def test_a_look_ends_when_the_person_turns_to_something_else(engine: Engine) -> None:
    attention = SqlAttention(engine)
    attention.shown("ask-1", "ben", NOON)
    attention.shown("ask-1", "anna", NOON)
    attention.shown("ask-2", "ben", NOON + HOUR)
    attention.left("ask-2", "ben", NOON + 2 * HOUR, visible_seconds=90.0)
    attention.left("ask-2", "ben", NOON + 3 * HOUR)
    with Session(engine) as session:
        looks = {(look.request_id, look.person): look for look in session.exec(select(AttentionRow))}
    assert looks["ask-1", "ben"].left_at == NOON + HOUR
    assert looks["ask-1", "anna"].left_at is None
    assert (looks["ask-2", "ben"].left_at, looks["ask-2", "ben"].visible_seconds) == (NOON + 2 * HOUR, 90.0)


def old_case(case_id: str, status: str, updated_at: str = "2026-03-01", outcome: str = "") -> str:
    return (
        "insert into cases (id, desk, channel, status, summary, outcome, amount_cents, currency,"
        " office_version, opened_at, updated_at, request, by_person, customer) values"
        f" ('{case_id}', 'd', 'c', '{status}', '', '{outcome}', 0, '', 'v2', '2026-02-01', '{updated_at}',"
        " '{}', '0', '')"
    )


def old_decision(case_id: str, step: str) -> str:
    body = '{"provenance": {"inputs_hash": "h-1", "latency_ms": 7.25}}'
    return (
        "insert into decisions (case_id, step, position, task, outcome, decided_by, name, version,"
        f" cost_microusd, body) values ('{case_id}', '{step}', 1, 'd.kind', 'answered', 'rule', 'r', '1', 0,"
        f" '{body}')"
    )


def episode(position: int, case_id: str, kind: str, at: str, data: str = "{}") -> str:
    return (
        "insert into episodes (position, id, case_id, kind, at, data, previous, hash) values"
        f" ({position}, 'e-{position}', '{case_id}', '{kind}', '{at}', '{data}',"
        f" '{text_hash(str(position - 1))}', '{text_hash(str(position))}')"
    )


CLOSED = "2026-02-02T10:00:00.250000+00:00"
OLD = (
    old_case("d/c/closed", "undone"),
    old_case("d/c/ended-elsewhere", "failed"),
    old_case("d/c/undone-without-a-word", "undone"),
    old_case("d/c/open", "waiting"),
    "insert into office_releases (number, version, by, at, changes, note, anyway, problems)"
    " values (1, 'v2', 'ben', '2026-01-01', '{}', '', '0', '[]')",
    old_decision("d/c/closed", "read"),
    old_decision("d/c/open", "read"),
    old_decision("d/c/open", "read-again"),
    "insert into verdicts (id, case_id, position, step, outcome, policy_version, conflict, body)"
    " values ('verdict-1', 'd/c/closed', 1, 'refund', 'allow', 'p', '0', '{}'),"
    " ('verdict-2', 'd/c/closed', 2, 'refund', 'ask', 'p', '0', '{}')",
    "insert into permits (id, effect_key, case_id, connector, operation, arguments_hash, connector_version,"
    " policy_version, office_version, basis, expires_at) values ('permit-1', 'k', 'd/c/closed', 'c',"
    " 'refund', '', '', '', '', 'verdict-1', '2026-01-01')",
)
TOLD = (
    ("d/c/closed", "decided", "2026-02-02T09:00:00.000000+00:00", '{"task": "d.kind"}'),
    ("d/c/open", "decided", "2026-02-02T09:00:00.000000+00:00", '{"task": "d.kind"}'),
    ("d/c/open", "decided", "2026-02-02T09:00:01.000000+00:00", '{"task": "d.kind"}'),
    ("d/c/closed", "written", "2026-02-02T09:30:00.000000+00:00", '{"rows": {"permits": {"permit-1": {}}}}'),
    ("d/c/closed", "written", "2026-02-02T09:40:00.000000+00:00", '{"rows": {"permits": {"permit-1": {}}}}'),
    ("d/c/closed", "closed", CLOSED, "{}"),
    ("d/c/closed", "undo_asked", "2026-02-20T09:00:00.000000+00:00", "{}"),
    ("d/c/undone-without-a-word", "undo_asked", "2026-02-20T09:00:00.000000+00:00", "{}"),
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_older_rows_are_filled_in_where_the_books_surely_know_and_stay_empty_elsewhere(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    engine = open_engine(url)
    command.upgrade(configured(engine), "0017")
    with engine.begin() as connection:
        told = [episode(position, *each) for position, each in enumerate(TOLD, 1)]
        for statement in (*OLD, *told):
            connection.exec_driver_sql(statement)
    migrate(engine)

    def read(query: str) -> dict[str, tuple[object, ...]]:
        with engine.connect() as connection:
            return {key: (*values,) for key, *values in connection.execute(text(query)).all()}

    ends = read("select id, cast(ended_at as varchar) from cases")
    assert {name: str(end or "")[:10] for name, (end,) in ends.items()} == {
        "d/c/closed": "2026-02-02",
        "d/c/ended-elsewhere": "2026-03-01",
        "d/c/undone-without-a-word": "",
        "d/c/open": "",
    }
    assert str(*ends["d/c/closed"]).startswith("2026-02-02 10:00:00.25")
    assert set(read("select id, opened_under from cases").values()) == {("v2",)}
    made = read("select case_id || step, cast(at as varchar), inputs_hash, latency_ms from decisions")
    assert {name: str(at or "")[:19] for name, (at, *_) in made.items()} == {
        "d/c/closedread": "2026-02-02 09:00:00",
        "d/c/openread": "",
        "d/c/openread-again": "",
    }
    assert {tuple(more) for _, *more in made.values()} == {("h-1", 7.25)}
    given = read("select id, cast(at as varchar) from verdicts")
    assert {name: str(at or "")[:19] for name, (at,) in given.items()} == {
        "verdict-1": "2026-02-02 09:30:00",
        "verdict-2": "",
    }
    engine.dispose()
