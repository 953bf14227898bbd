"""Accounting exports in SQL: imported in batches, matched by the database, the same again changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine, Subquery, and_, case, delete, exists, func, update
from sqlalchemy import select as grouped
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from contracts.reconciliation.accounting import (
    AccountingLine,
    AccountingTotal,
    BadLine,
    ImportReport,
    LineFinding,
    LineKind,
)
from memory.database import insert_into, reading, writing
from memory.tables.accounting import (
    AccountingBadRow,
    AccountingExportRow,
    AccountingLineRow,
    AccountingSeenRow,
)

BATCH = 1000
BAD_SHOWN = 20
GOODS = (LineKind.SALE.value, LineKind.GIFT.value, LineKind.CREDIT.value)
Record = AccountingLine | BadLine


class ImportRaced(Exception):
    """Another process imports the same file at the same time; let it finish."""


class SqlAccounting:
    """The imported books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, export_id: str, name: str, records: Iterable[Record], now: datetime) -> ImportReport:
        """Import a file's records, from where an earlier import of it was cut, and match what is new.

        Args:
            export_id: the hash of the file's content and of how it is read.
            name: the file's name, for people.
            records: all records of the file, in order.
            now: the moment.

        Raises:
            ImportRaced: another process is at the same file.
        """
        started = self._begin(export_id, name, now)
        if started.finished_at is not None:
            return self._report(started, known=True)
        done = resumed_at = started.records
        rest = islice(iter(records), done, None)
        while batch := list(islice(rest, BATCH)):
            self._take_batch(export_id, done, batch)
            done += len(batch)
        self._finish(export_id, now)
        return self._report(self._begin(export_id, name, now), resumed_at=resumed_at)

    def exports(self) -> list[AccountingExportRow]:
        """Return the imported files, the newest first."""
        query = select(AccountingExportRow).order_by(col(AccountingExportRow.started_at).desc())
        with reading(self._engine) as session:
            return list(session.exec(query))

    def totals(self) -> list[AccountingTotal]:
        """Return count and money of every kind and finding."""
        row = AccountingLineRow
        query = (
            grouped(col(row.kind), col(row.finding), func.count(), func.sum(col(row.amount_cents)))
            .group_by(col(row.kind), col(row.finding))
            .order_by(col(row.kind), col(row.finding))
        )
        with reading(self._engine) as session:
            return [
                AccountingTotal(
                    kind=LineKind(kind),
                    finding=LineFinding(finding) if finding else None,
                    count=count,
                    amount_cents=int(cents),
                )
                for kind, finding, count, cents in session.execute(query)
            ]

    def found(self, finding: LineFinding | None, limit: int) -> list[AccountingLineRow]:
        """Return lines with a finding, or with that finding, in order of time."""
        row = AccountingLineRow
        wanted = col(row.finding) != "" if finding is None else col(row.finding) == finding.value
        query = select(row).where(wanted).order_by(col(row.at), col(row.number)).limit(limit)
        with reading(self._engine) as session:
            return list(session.exec(query))

    def _begin(self, export_id: str, name: str, now: datetime) -> AccountingExportRow:
        with writing(self._engine) as session:
            insert = insert_into(session, AccountingExportRow).values(
                id=export_id, name=name, records=0, fresh=0, started_at=now
            )
            session.execute(insert.on_conflict_do_nothing())
            return session.exec(
                select(AccountingExportRow).where(col(AccountingExportRow.id) == export_id)
            ).one()

    def _take_batch(self, export_id: str, done: int, batch: Sequence[Record]) -> None:
        """Write a batch and move on behind it, in one commit."""
        with writing(self._engine) as session:
            export = session.get(AccountingExportRow, export_id, with_for_update=True)
            if export is None or export.records != done:
                raise ImportRaced("another process is importing this file")
            lines = [record for record in batch if isinstance(record, AccountingLine)]
            bad = [record for record in batch if isinstance(record, BadLine)]
            export.fresh += _write_lines(session, export_id, lines)
            export.records = done + len(batch)
            session.add(export)
            if bad:
                rows = [{"export_id": export_id, **line.model_dump()} for line in bad]
                session.execute(insert_into(session, AccountingBadRow).values(rows).on_conflict_do_nothing())

    def _finish(self, export_id: str, now: datetime) -> None:
        with writing(self._engine) as session:
            _match(session, export_id)
            seen = delete(AccountingSeenRow).where(col(AccountingSeenRow.export_id) == export_id)
            session.execute(seen)
            session.execute(
                update(AccountingExportRow)
                .where(col(AccountingExportRow.id) == export_id)
                .values(finished_at=now)
            )

    def _report(
        self, export: AccountingExportRow, *, known: bool = False, resumed_at: int = 0
    ) -> ImportReport:
        bad = AccountingBadRow
        ours = col(bad.export_id) == export.id
        with reading(self._engine) as session:
            count = session.exec(select(func.count()).select_from(bad).where(ours)).one()
            shown = session.exec(select(bad).where(ours).order_by(col(bad.number)).limit(BAD_SHOWN)).all()
        return ImportReport(
            export_id=export.id,
            name=export.name,
            read=export.records,
            fresh=0 if known else export.fresh,
            bad=tuple(BadLine(number=line.number, why=line.why) for line in shown),
            bad_count=count,
            known=known,
            resumed_at=resumed_at,
        )


def _write_lines(session: Session, export_id: str, lines: Sequence[AccountingLine]) -> int:
    """Insert lines that no export held before; returns how many."""
    if not lines:
        return 0
    occurrences = _count_occurrences(session, export_id, [line.content for line in lines])
    rows = [
        {
            "id": f"{content}-{occurrence}",
            "export_id": export_id,
            "occurrence": occurrence,
            "finding": LineFinding.DUPLICATE.value if occurrence > 1 else "",
            "excess": 0,
            **line.model_dump(exclude={"kind"}),
            "kind": line.kind.value,
        }
        for line, (content, occurrence) in zip(lines, occurrences, strict=True)
    ]
    table = AccountingLineRow.__table__  # type: ignore[attr-defined]  # SQLModel hides its table from mypy
    insert = insert_into(session, AccountingLineRow).on_conflict_do_nothing().returning(table.c.id)
    return len(session.execute(insert, rows).all())


def _count_occurrences(session: Session, export_id: str, contents: Sequence[str]) -> list[tuple[str, int]]:
    """Say which of several equal lines of this file each is, from 1, across batches."""
    seen = AccountingSeenRow
    known = select(seen).where(col(seen.export_id) == export_id, col(seen.content).in_(set(contents)))
    counts = {row.content: row.count for row in session.exec(known)}
    numbered = []
    for content in contents:
        counts[content] = counts.get(content, 0) + 1
        numbered.append((content, counts[content]))
    insert = insert_into(session, seen)
    rows = [{"export_id": export_id, "content": content, "count": count} for content, count in counts.items()]
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["export_id", "content"], set_={"count": insert.excluded["count"]}
        ),
        rows,
    )
    return numbered


def _match(session: Session, export_id: str) -> None:
    """Have SQL judge every credit of goods that this export says something about."""
    judged = _running(export_id)
    finding = case(
        (judged.c.bought == 0, LineFinding.CREDIT_WITHOUT_SALE.value),
        (judged.c.balance < 0, LineFinding.ABOVE_BOUGHT.value),
        else_="",
    )
    over = case((-judged.c.balance < -judged.c.quantity, -judged.c.balance), else_=-judged.c.quantity)
    excess = case((judged.c.balance < 0, over), else_=0)
    session.execute(
        update(AccountingLineRow)
        .where(
            col(AccountingLineRow.id) == judged.c.id,
            col(AccountingLineRow.kind) == LineKind.CREDIT.value,
        )
        .values(finding=finding, excess=excess)
        .execution_options(synchronize_session=False)
    )


def _running(export_id: str) -> Subquery:
    """Return each line with what its customer had bought of its goods until then, and kept.

    Only goods that were ever credited to a customer this export speaks of. Equal lines count once. A
    sale of the same moment stands before a credit.
    """
    line, pairs = AccountingLineRow, _credited(export_id)
    bought = case((col(line.quantity) > 0, col(line.quantity)), else_=0)
    is_credit = case((col(line.kind) == LineKind.CREDIT.value, 1), else_=0)
    whose = (col(line.customer), col(line.sku))
    until_then = (col(line.at), is_credit, col(line.export_id), col(line.number))
    balance = func.sum(col(line.quantity)).over(partition_by=whose, order_by=until_then, rows=(None, 0))
    return (
        grouped(
            col(line.id).label("id"),
            col(line.quantity).label("quantity"),
            func.sum(bought).over(partition_by=whose, order_by=until_then, rows=(None, 0)).label("bought"),
            balance.label("balance"),
        )
        .join_from(
            pairs,
            line,
            and_(col(line.customer) == pairs.c.customer, col(line.sku) == pairs.c.sku),
        )
        .where(col(line.kind).in_(GOODS), col(line.occurrence) == 1)
        .subquery()
    )


def _credited(export_id: str) -> Subquery:
    """Return the pairs of customer and goods that have a credit and stand in this export."""
    credit = AccountingLineRow
    here = aliased(AccountingLineRow)
    return (
        grouped(col(credit.customer).label("customer"), col(credit.sku).label("sku"))
        .where(
            col(credit.kind) == LineKind.CREDIT.value,
            col(credit.occurrence) == 1,
            exists().where(
                col(here.customer) == col(credit.customer),
                col(here.sku) == col(credit.sku),
                col(here.export_id) == export_id,
            ),
        )
        .distinct()
        .subquery()
    )
