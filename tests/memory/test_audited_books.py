"""Whatever is done to a row of the books behind the log's back is named: the row, what it held, and holds."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from contracts.case import Episode
from contracts.effect import OutsideResult
from contracts.failure import PermitRefused
from memory.authoritative.ledger.view import EffectFilter
from memory.database import MIGRATIONS, migrate, open_engine, table_of
from memory.episodic.audited import AUDITED
from memory.episodic.books_check import RowFinding
from memory.episodic.journal import WRITTEN, ReservedKind
from tests.activities.effects.ledger_helpers import POLICY, refund
from tests.conftest import ROOT
from tests.memory.audit_helpers import NOON
from tests.memory.kept_books import KeptBooks
from tests.memory.payer import CASES


@pytest.fixture
def books(engine: Engine, tmp_path: Path) -> KeptBooks:
    kept = KeptBooks(engine, tmp_path)
    kept.fill()
    return kept


def found(books: KeptBooks) -> list[RowFinding]:
    report = books.verify()
    assert report.findings == ()
    assert report.books is not None
    assert not report.whole
    return list(report.books.findings)


def test_books_that_nobody_touched_are_what_the_log_says(books: KeptBooks) -> None:
    report = books.verify()
    assert report.whole, (report.findings, report.books)
    assert report.books is not None
    assert (report.books.rows, report.books.older) == (3 + 3 + 3 + 3 + 1 + 1 + 1, {})


def test_an_effect_whose_amount_was_changed_is_named_with_what_it_was(books: KeptBooks) -> None:
    books.attack("update effects set amount_cents = 14900 where case_id = 'returns/till/A'")
    [one] = found(books)
    assert (one.wrong, one.table, one.field, one.said, one.holds) == (
        "changed", "effects", "amount_cents", 4000, 14900,
    )  # fmt: skip
    assert one.case_id == "returns/till/A"
    assert one.what == f"amount_cents is 14900; episode {one.position} says 4000"


def test_an_effect_that_was_deleted_with_its_calls_is_named_with_its_money(books: KeptBooks) -> None:
    key = next(iter(keys(books, "effects", "case_id = 'returns/till/A'")))
    books.attack(
        f"delete from effect_attempts where effect_key = '{key}'", f"delete from effects where key = '{key}'"
    )
    call, effect = found(books)
    assert (call.wrong, call.table, call.key) == ("missing", "effect_attempts", f"{key}#1")
    assert (effect.wrong, effect.table, effect.key) == ("missing", "effects", key)
    assert 'state "applied", amount_cents 4000, currency "EUR"' in effect.what


def test_a_permit_for_a_case_that_is_not_on_record_is_named(books: KeptBooks) -> None:
    books.paid(books.order("GHOST", 14_900))
    permit, effect = found(books)
    assert (permit.wrong, permit.table, permit.case_id) == ("no case", "permits", "returns/till/GHOST")
    assert (effect.wrong, effect.table, effect.case_id) == ("no case", "effects", "returns/till/GHOST")
    told = [one for one in books.episodes.of_case("returns/till/GHOST") if one.kind == WRITTEN]
    assert [one.data["what"] for one in told] == [
        "permits are issued", "an effect is begun", "a call was answered",
    ]  # fmt: skip
    [row] = json.loads(json.dumps(told[1].data))["rows"]["effects"].values()
    assert (row["amount_cents"], row["currency"], row["permit_id"]) == (14_900, "EUR", permit.key)


def test_a_row_that_was_written_past_the_journal_has_no_episode(books: KeptBooks) -> None:
    copied = (
        "effect_key, case_id, connector, operation, arguments_hash, connector_version, policy_version,"
        " office_version, basis, expires_at, amount_cents, currency"
    )
    books.attack(
        f"insert into permits (id, {copied}) select 'permit-forged', {copied} from permits"
        " where case_id = 'returns/till/A'"
    )
    [one] = found(books)
    assert (one.wrong, one.table, one.key) == ("no episode", "permits", "permit-forged")
    assert one.what == "no episode tells of it (case returns/till/A)"


def test_a_permit_whose_first_episode_was_removed_is_named_beside_the_gap(books: KeptBooks) -> None:
    books.attack("delete from episodes where position = 2")
    report = books.verify()
    assert [(one.wrong, one.position) for one in report.findings] == [("missing", 2)]
    assert report.books is not None
    [permit] = report.books.findings
    assert (permit.wrong, permit.table, permit.position) == ("no episode", "permits", 3)
    assert permit.what == "no episode tells how it began; the first that tells of it is 3"


def test_each_column_of_a_row_is_told_from_its_first_episode_on(books: KeptBooks) -> None:
    told: dict[str, set[str]] = {}
    for row in (row for case in ("A", "B", "C") for row in books.episodes.of_case(f"returns/till/{case}")):
        if row.kind == WRITTEN:
            for table, rows in json.loads(json.dumps(row.data))["rows"].items():
                for key, columns in rows.items():
                    told.setdefault(f"{table} {key}", set(columns))
    assert len(told) == 15
    for table in AUDITED.values():
        columns = {column.name for column in table_of(table.model).columns} - table.hashed.keys()
        first = [said for name, said in told.items() if name.startswith(f"{table.name} ")]
        assert first
        assert [columns - said for said in first] == [set()] * len(first), table.name


def test_a_late_success_does_not_tell_a_reference_that_somebody_wrote_into_the_row(books: KeptBooks) -> None:
    books.attack("update effects set outside_reference = 'R-forged' where case_id = 'returns/till/B'")
    books.attack("update effects set state = 'failed' where case_id = 'returns/till/B'")
    [key] = keys(books, "effects", "case_id = 'returns/till/B'")
    books.ledger.answered(key, 1, OutsideResult("R-again"), books.clock.now)
    assert {one.field for one in found(books) if one.key == key} == {"outside_reference", "state"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("approval = replace({approval}, 'approved', 'rejected')", "approval.outcome"),
        ("request = replace({request}, 'refund', 'gift')", "request.plan"),
        ("what = 'Nothing of interest'", "what"),
        ("agreed_cents = 1", "agreed_cents"),
    ],
)
def test_an_approval_whose_text_was_changed_is_named_with_the_field(
    books: KeptBooks, change: str, field: str
) -> None:
    as_text = "cast({} as text)" if books.engine.dialect.name == "postgresql" else "{}"
    statement = change.format(approval=as_text.format("approval"), request=as_text.format("request"))
    if books.engine.dialect.name == "postgresql" and "replace" in statement:
        column, _, value = statement.partition(" = ")
        statement = f"{column} = cast({value} as json)"
    books.attack(f"update approvals set {statement}")
    assert field in [one.field for one in found(books)]
    assert {one.table for one in found(books)} == {"approvals"}


def test_what_a_customer_wrote_is_compared_and_stands_in_no_episode(books: KeptBooks) -> None:
    with books.engine.connect() as connection:
        log = " ".join(connection.exec_driver_sql("select data from episodes").scalars())
    assert "Anna" not in log
    assert "She rang" not in log
    [key] = keys(books, "cases", "id = 'returns/till/A'")
    books.attack(f"update cases set request = '{{\"message\": \"Give me everything.\"}}' where id = '{key}'")
    [one] = found(books)
    assert (one.table, one.key, one.field) == ("cases", key, "request")
    assert "is not what episode" in one.what


def test_arguments_that_were_changed_beside_their_hash_are_named(books: KeptBooks) -> None:
    books.attack("update effects set arguments = '{\"order\": \"W-1\"}' where case_id = 'returns/till/A'")
    [one] = found(books)
    assert (one.table, one.field) == ("effects", "arguments")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_values_that_no_column_of_their_type_can_hold_are_named_too(books: KeptBooks) -> None:
    books.attack(
        "update approvals set approval = 'garbage', deadline = 'tomorrow'",
        "update effects set amount_cents = x'ff00', looked_up = 7 where case_id = 'returns/till/A'",
        "update divergences set why = cast(x'ff' as text)",
    )
    assert {(one.table, one.field) for one in found(books)} == {
        ("approvals", "approval"),
        ("approvals", "deadline"),
        ("effects", "amount_cents"),
        ("effects", "looked_up"),
        ("divergences", "why"),
    }


def test_what_rows_hold_cannot_be_handed_in_by_a_workflow(books: KeptBooks) -> None:
    key = next(iter(keys(books, "effects", "case_id = 'returns/till/A'")))
    data = {"what": "nothing", "rows": {"effects": {key: {"amount_cents": 14_900}}}}
    forged = Episode(
        id="x", case_id="returns/till/A", kind=WRITTEN, at=NOON, data=json.loads(json.dumps(data))
    )
    with pytest.raises(ReservedKind):
        books.episodes.append([forged])


def test_a_transaction_that_is_given_up_leaves_no_row_and_one_episode_that_says_it_was_refused(
    books: KeptBooks,
) -> None:
    books.case("D")
    order = books.order("D")
    before = [episode.id for episode in books.episodes.of_case(order.case_id)]
    wider = order.model_copy(update={"effect": refund(9_900, order="W-D")})
    with pytest.raises(PermitRefused):
        books.ledger.begin(wider, books.till, POLICY, books.clock.now)
    *known, refusal = books.episodes.of_case(order.case_id)
    assert [episode.id for episode in known] == before
    assert refusal.kind == "refused"
    assert books.ledger.newest(EffectFilter(case_id=order.case_id)) == ()
    assert books.verify().whole


def test_two_processes_that_change_the_books_at_once_write_one_whole_log(
    books: KeptBooks, tmp_path: Path
) -> None:
    url = books.engine.url.render_as_string(hide_password=False)
    payers = [
        subprocess.Popen([sys.executable, "-m", "tests.memory.payer", url, str(tmp_path), side], cwd=ROOT)
        for side in ("L", "R")
    ]
    assert [payer.wait(240) for payer in payers] == [0, 0]
    report = books.verify()
    assert report.whole, (report.findings, report.books)
    assert report.books is not None
    assert report.books.rows == 15 + 2 * CASES * 4
    assert report.links == report.head.count


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_rows_that_are_older_than_what_the_log_tells_are_counted_and_are_no_tampering(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    engine = open_engine(url)
    command.upgrade(configured(engine), "0016")
    with engine.begin() as connection:
        for statement in OLD_ROWS:
            connection.exec_driver_sql(statement)
    migrate(engine)
    books = KeptBooks(engine, tmp_path)
    report = books.verify()
    assert report.whole, (report.findings, report.books)
    assert report.books is not None
    assert report.books.older == {"cases": 1, "permits": 1}
    assert report.notes == (
        "the list of older rows is not sealed yet: the next change of the books does that",
    )
    books.fill()
    report = books.verify()
    assert (report.whole, report.notes) == (True, ()), (report.findings, report.books)
    books.attack("delete from permits where id = 'permit-old'")
    [gone] = found(books)
    assert (gone.wrong, gone.table, gone.key) == ("missing", "permits", "permit-old")
    books.attack("insert into unlogged_rows values ('permits', 'permit-forged')")
    assert [(one.wrong, one.position) for one in books.verify().findings] == [("boundary", 1)]
    engine.dispose()


def test_the_list_of_older_rows_is_closed(books: KeptBooks) -> None:
    with pytest.raises(DBAPIError, match="closed"), books.engine.begin() as connection:
        connection.exec_driver_sql("insert into unlogged_rows values ('permits', 'permit-forged')")
    books.attack("insert into unlogged_rows values ('permits', 'permit-forged')")
    [one] = books.verify().findings
    assert (one.wrong, one.what) == (
        "boundary", "1 row is listed as older than the log's word on rows; no episode says so",
    )  # fmt: skip


def configured(engine: Engine) -> Config:
    """Alembic's settings for a database, as `migrate` makes them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


OLD_ROWS = (
    "insert into cases (id, desk, channel, status, summary, outcome, amount_cents, currency, office_version,"
    " opened_at, updated_at, request, by_person, customer) values ('returns/till/OLD', 'returns', 'till',"
    " 'settled', '', '', 0, '', '', '2026-01-01', '2026-01-01', '{}', '0', '')",
    "insert into permits (id, effect_key, case_id, connector, operation, arguments_hash, connector_version,"
    " policy_version, office_version, basis, expires_at) values ('permit-old', 'refund-old',"
    " 'returns/till/OLD', 'till', 'refund', '', '', '', '', '', '2026-01-01')",
)
"""What an installation of before holds."""


def keys(books: KeptBooks, table: str, where: str = "1 = 1") -> list[str]:
    """The keys of a table's rows, as the log names them."""
    audited = next(one for one in AUDITED.values() if one.name == table)
    columns = " || '#' || ".join(f"cast({name} as text)" for name in audited.key_columns)
    with books.engine.connect() as connection:
        return list(connection.exec_driver_sql(f"select {columns} from {table} where {where}").scalars())


def deleting(table: str, where: str, _column: str) -> str:
    return f"delete from {table} where {where}"


def changing(table: str, where: str, column: str) -> str:
    return f"update {table} set {column} = 'tampered' where {where}"


CHANGED = {
    "cases": ("status", "outcome", "currency", "summary", "customer", "channel"),
    "permits": ("basis", "operation", "redeemed_by", "currency", "policy_version"),
    "effect_attempts": ("outcome", "why", "kind", "settled_by"),
    "effects": ("operation", "currency", "outside_reference", "reason", "step"),
    "approvals": ("what", "status", "asked_by", "by_model"),
    "approval_answers": ("person", "choice", "standing", "why"),
    "divergences": ("standing", "kind", "reference", "resolution"),
}
"""Columns of text, which take any."""


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_row_of_any_table_that_is_changed_or_deleted_is_named_and_no_other(
    books: KeptBooks, data: st.DataObject
) -> None:
    table = data.draw(st.sampled_from(sorted(CHANGED)))
    key = data.draw(st.sampled_from(sorted(keys(books, table))))
    column = data.draw(st.sampled_from(CHANGED[table]))
    how: Callable[[str, str, str], str] = data.draw(st.sampled_from([deleting, changing]))
    audited = next(one for one in AUDITED.values() if one.name == table)
    where = " and ".join(
        f"cast({name} as text) = '{part}'"
        for name, part in zip(audited.key_columns, key.split("#"), strict=True)
    )
    with books.tampered(table, where, how(table, where, column)):
        report = books.verify()
    assert report.books is not None
    named = {(one.wrong, one.table, one.key, one.field) for one in report.books.findings}
    expected = ("missing", table, key, "") if how is deleting else ("changed", table, key, column)
    assert named == {expected}
    assert books.verify().whole
