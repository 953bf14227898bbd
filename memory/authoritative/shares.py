"""Shares of effects, booked on accounts by compare-and-set, and what stands on an account."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from sqlalchemy import (
    JSON,
    BigInteger,
    Engine,
    Executable,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from contracts.case import CaseStatus
from contracts.effect import EffectState
from contracts.shares import Accounts, AccountsMoved, Booking, Books, Done, Subject
from memory.database import dialect_of, each_listed, insert_for, reading, table_of
from memory.tables.cases import CaseRow
from memory.tables.ledger import EffectRow
from memory.tables.shares import AccountRow, ShareRow
from memory.tables.subjects import SubjectRow

PAGE = 500
"""Names in one `IN (…)`: well below the limits of both engines."""
ACCOUNTS = table_of(AccountRow).c
NOT_DONE = (EffectState.FAILED, EffectState.COMPENSATED)


class SqlShares:
    """What stands on accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def books(self, wanted: Accounts) -> Books:
        """Return what other cases did for these accounts, and how often each was booked on."""
        with reading(self._engine) as session:
            versions = _versions(session, json.dumps(wanted.names))
            done = tuple(_done(session, wanted)) if versions else ()
        return Books(done=done, versions=versions)


@dataclass(frozen=True)
class Wanted:
    """What a case books, as the database is given it: made before the transaction, for which others wait.

    Attributes:
        accounts: the accounts that the plan was made from, as a JSON list.
        versions: how often each had been booked on then.
        known: those that are booked on and were before, as a JSON list; `new`: those that never were.
        shares: what is booked: lists of effect key, account, case, operation, pieces, money.
        subject: what the accounts belong to, as it was told; None if nothing is kept of it.
    """

    accounts: str
    versions: Mapping[str, int]
    known: str
    new: str
    keys: tuple[str, ...]
    shares: tuple[tuple[str, str, str, str, int, int], ...]
    listed: str
    subject: Subject | None

    @classmethod
    def of(cls, case_id: str, booking: Booking) -> Self:
        """Prepare a booking."""
        shares = sorted(
            (key, share.account, case_id, operation, share.quantity, share.amount_cents)
            for key, (operation, parts) in booking.shares.items()
            for share in parts
        )
        names = sorted({share[1] for share in shares})
        return cls(
            accounts=json.dumps(booking.accounts),
            versions=booking.versions,
            known=json.dumps([name for name in names if name in booking.versions]),
            new=json.dumps([name for name in names if name not in booking.versions]),
            keys=tuple(booking.shares),
            shares=tuple(shares),
            listed=json.dumps(shares),
            subject=booking.subject,
        )


def book(session: Session, wanted: Wanted) -> None:
    """Book the shares of a case's permitted effects, in a transaction that is already open.

    What an earlier permit booked for the same effects is replaced; what is booked already, by the same
    plan judged once more, passes whoever came after it. Accounts are locked in sorted order, so that two
    cases wait for each other in a row and never in a circle. However many there are, it is a handful of
    statements.

    Raises:
        AccountsMoved: an account is not as the plan saw it.
    """
    dialect = dialect_of(session)
    if _versions(session, wanted.accounts, locking=bool(wanted.shares)) != dict(wanted.versions):
        if wanted.shares and _booked(session, wanted.keys) == wanted.shares:
            return
        raise AccountsMoved
    if not wanted.shares:
        return
    session.execute(_count(dialect), {"names": wanted.known})
    opened = session.execute(_open(dialect), {"names": wanted.new}).all()
    if len(opened) != len(json.loads(wanted.new)):
        raise AccountsMoved
    session.execute(delete(ShareRow).where(col(ShareRow.effect_key).in_(wanted.keys)))
    session.execute(_write(dialect), {"shares": wanted.listed})
    if wanted.subject is not None:
        told = wanted.subject
        row = {"name": told.name, "connector": told.connector, "subject": told.id, "before": told.before}
        session.execute(_keep_subject(dialect), row)


def _booked(session: Session, keys: Iterable[str]) -> tuple[tuple[str, str, str, str, int, int], ...]:
    query = rows_of(ShareRow).where(col(ShareRow.effect_key).in_(list(keys)))
    return tuple(sorted(_listed(row) for row in session.exec(query)))


def _listed(row: ShareRow) -> tuple[str, str, str, str, int, int]:
    return row.effect_key, row.account, row.case_id, row.operation, row.quantity, row.amount_cents


@cache
def _write(dialect: str) -> Executable:
    """Return the insert of shares that are given as one JSON list of lists."""
    given = bindparam("shares", type_=String())
    if dialect == "postgresql":
        each = func.json_array_elements(cast(given, JSON)).table_valued("value").c.value
        fields = [func.json_array_element_text(each, place) for place in range(6)]
    else:
        each = func.json_each(given).table_valued("value").c.value
        fields = [func.json_extract(each, f"$[{place}]") for place in range(6)]
    typed = [*fields[:4], *(cast(field, BigInteger()) for field in fields[4:])]
    columns = ["effect_key", "account", "case_id", "operation", "quantity", "amount_cents"]
    return insert(table_of(ShareRow)).from_select(columns, select(*typed))


@cache
def _keep_subject(dialect: str) -> Executable:
    """Return the insert of a subject: what was told when our books first held something of it stays."""
    return (
        insert_for(dialect, SubjectRow)
        .values(learned=False, cases=[], is_open=False)
        .on_conflict_do_nothing(index_elements=["name"])
    )


@cache
def _count(dialect: str) -> Executable:
    named = ACCOUNTS.name.in_(select(each_listed(dialect, "names")))
    return update(table_of(AccountRow)).where(named).values(version=ACCOUNTS.version + 1)


@cache
def _open(dialect: str) -> Executable:
    name = each_listed(dialect, "names")
    # SQLite cannot tell an upsert behind a SELECT from a join without the WHERE.
    new = select(name, literal(1)).where(true()).order_by(name)
    into = insert_for(dialect, AccountRow).from_select(["name", "version"], new)
    return into.on_conflict_do_nothing().returning(ACCOUNTS.name)


def _versions(session: Session, names: str, *, locking: bool = False) -> dict[str, int]:
    found: Any = session.execute(_seen(dialect_of(session), locking=locking), {"names": names})
    return dict(found.all())


@cache
def _seen(dialect: str, *, locking: bool) -> Executable:
    named = ACCOUNTS.name.in_(select(each_listed(dialect, "names")))
    query = select(ACCOUNTS.name, ACCOUNTS.version).where(named).order_by(ACCOUNTS.name)
    return query.with_for_update() if locking else query


def _done(session: Session, wanted: Accounts) -> Iterator[Done]:
    """Yield the sums of the shares that stand, by account and operation."""
    sums: dict[tuple[str, str], Done] = {}
    counted = col(ShareRow.case_id) != wanted.case_id
    if wanted.own_too:
        counted = or_(counted, col(EffectRow.state) == EffectState.APPLIED)
    for some in _pages(wanted.names):
        query = (
            rows_of(ShareRow, EffectRow.state, CaseRow.status)
            .join(EffectRow, col(EffectRow.key) == col(ShareRow.effect_key), isouter=True)
            .join(CaseRow, col(CaseRow.id) == col(ShareRow.case_id), isouter=True)
            .where(col(ShareRow.account).in_(some), counted)
            .order_by(col(ShareRow.account), col(ShareRow.operation))
        )
        for share, state, status in session.exec(query):
            if not _stands(state, status):
                continue
            place = (share.account, share.operation)
            sums[place] = _added(sums.get(place), share, pending=state != EffectState.APPLIED)
    yield from sums.values()


def _stands(state: str | None, status: str | None) -> bool:
    """Say whether a share counts: its effect is done or may be, or its open case may still begin it."""
    if state is not None:
        return state not in NOT_DONE
    return status is None or not CaseStatus(status).ended


def _added(before: Done | None, share: ShareRow, *, pending: bool) -> Done:
    so_far = before or Done(account=share.account, operation=share.operation)
    return so_far.model_copy(
        update={
            "quantity": so_far.quantity + share.quantity,
            "amount_cents": so_far.amount_cents + share.amount_cents,
            "pending_cents": so_far.pending_cents + (share.amount_cents if pending else 0),
        }
    )


def _pages(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + PAGE] for start in range(0, len(names), PAGE))
