"""What an authorization writes: places, claims, verdicts, permits and shares, in one commit."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Engine, Executable, bindparam, func
from sqlmodel import Session, col, select

from contracts.authorization import Reservation, Verdict
from contracts.effect import Permit
from contracts.shares import Booking, PieceClaim
from memory.authoritative.claims import ClaimHeld, Wanted, take_claims
from memory.authoritative.piece_claims import no_pieces_of, take_pieces
from memory.authoritative.reservations import counted, reserve
from memory.authoritative.shares import Wanted as Shares
from memory.authoritative.shares import book
from memory.database import dialect_of, insert_for, reading, table_of, take_turn
from memory.episodic.journal import Books, Journal
from memory.tables.cases import CaseRow
from memory.tables.ledger import PermitRow
from memory.tables.verdicts import VerdictRow

UNREDEEMED = {"redeemed_by": None, "redeemed_at": None}
RENEWED = ("amount_cents", "currency", "connector_version", "policy_version", "office_version", "expires_at")
PERMITS = table_of(PermitRow).c
VERDICTS = table_of(VerdictRow).c


class SqlAuthorizations:
    """Everything an authorization writes: one wait for the disk instead of four."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def counted(self, case_id: str, reservation: Reservation) -> int:
        """Return how many cases of the reservation's holder count before this one."""
        with reading(self._journal.engine) as session:
            return counted(session, case_id, reservation)

    def keep(
        self,
        case_id: str,
        claims: Sequence[str],
        verdicts: Sequence[Verdict],
        permits: Sequence[Permit],
        now: datetime,
        *,
        reservations: Sequence[Reservation] = (),
        booking: Booking | None = None,
        pieces: Sequence[PieceClaim] = (),
    ) -> str | None:
        """Take all places and claims, then write the verdicts, permits and shares; all or nothing.

        Returns:
            The open case that holds one of the claims, if any: then nothing was written.

        Raises:
            CountMoved: other cases took places since this one was judged; nothing was written.
            AccountsMoved: somebody booked on an account since it was looked up; nothing was written.
            HeldInPart: other open cases ask for some of the pieces; nothing was written.
        """
        wanted = Wanted.of(claims)
        shares = Shares.of(case_id, booking) if booking is not None and booking.accounts else None
        try:
            with self._journal.writing("permits are issued", now) as session:
                if booking is not None and booking.subject is not None:
                    take_turn(session, f"claims of {booking.subject.name}")
                reserve(session, case_id, reservations, allowed=bool(permits), now=now)
                take_claims(session, case_id, wanted, now)
                no_pieces_of(session, case_id, wanted)
                take_pieces(session, case_id, pieces, booking, now)
                if shares is not None:
                    book(session, shares)
                keep_verdicts(session, case_id, verdicts, now)
                _issue(session, permits)
        except ClaimHeld as held:
            return held.case_id
        return None


def _issue(session: Books, permits: Sequence[Permit]) -> None:
    """Write permits; an unused one is renewed.

    The same question asked again later (after a reset, a new office, an undo tried twice) leads to
    the same permit id: what it was judged under is then today's, and so must its expiry be.
    """
    if not permits:
        return
    rows = [permit.model_dump() for permit in permits]
    issued = set(session.execute(_issue_permit(dialect_of(session)), rows).scalars())
    for row in rows:
        if row["id"] in issued:
            session.wrote(PermitRow, row["case_id"], row | UNREDEEMED)


@cache
def _issue_permit(dialect: str) -> Executable:
    insert = insert_for(dialect, PermitRow)
    return insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in RENEWED},
        where=PERMITS.redeemed_by.is_(None),
    ).returning(PERMITS.id)


class SqlVerdicts:
    """Every verdict, on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_case(self, case_id: str) -> tuple[Verdict, ...]:
        """Return a case's verdicts in the order they were given."""
        query = (
            select(VerdictRow)
            .where(col(VerdictRow.case_id) == case_id)
            .order_by(col(VerdictRow.position), col(VerdictRow.id))
        )
        with reading(self._engine) as session:
            return tuple(Verdict.model_validate(row.body) for row in session.exec(query))

    def of_newest_cases(self, limit: int) -> dict[str, tuple[Verdict, ...]]:
        """Return the verdicts of the cases that were opened last, a case's in the order they were given."""
        newest = select(CaseRow.id).order_by(col(CaseRow.opened_at).desc(), col(CaseRow.id)).limit(limit)
        with reading(self._engine) as session:
            found: dict[str, list[Verdict]] = {case_id: [] for case_id in session.exec(newest)}
            query = select(VerdictRow).where(col(VerdictRow.case_id).in_(found))
            for row in session.exec(query.order_by(col(VerdictRow.position), col(VerdictRow.id))):
                found[row.case_id].append(Verdict.model_validate(row.body))
        return {case_id: tuple(verdicts) for case_id, verdicts in found.items() if verdicts}

    def find(self, verdict_id: str) -> tuple[str, Verdict] | None:
        """Return a verdict with its case's id."""
        with reading(self._engine) as session:
            row = session.get(VerdictRow, verdict_id)
            return (row.case_id, Verdict.model_validate(row.body)) if row else None

    def conflicting(self) -> Iterator[tuple[str, Verdict]]:
        """Yield the verdicts in which a `forbid` beat a `permit`, each with its case's id."""
        query = select(VerdictRow).where(col(VerdictRow.conflict).is_(True)).order_by(col(VerdictRow.id))
        with reading(self._engine) as session:
            for row in session.exec(query.execution_options(yield_per=500)):
                yield row.case_id, Verdict.model_validate(row.body)

    def count(self) -> dict[str, int]:
        """Return how many verdicts there are of each outcome."""
        query = select(col(VerdictRow.outcome), func.count()).group_by(col(VerdictRow.outcome))
        with reading(self._engine) as session:
            return dict(session.exec(query).all())


def keep_verdicts(session: Session, case_id: str, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Write verdicts in a transaction that is already open."""
    rows = [
        {
            "id": verdict.id,
            "case_id": case_id,
            "of_case": case_id,
            "step": verdict.step,
            "outcome": verdict.outcome,
            "policy_version": verdict.policy_version,
            "conflict": verdict.conflict,
            "at": now,
            "body": verdict.model_dump(mode="json"),
        }
        for verdict in verdicts
    ]
    if rows:
        session.execute(_keep_verdict(dialect_of(session)), rows)


@cache
def _keep_verdict(dialect: str) -> Executable:
    """Return the insert of one verdict behind its case's others; one that is there stays as it was."""
    last = select(func.coalesce(func.max(VERDICTS.position), 0) + 1)
    place = last.where(VERDICTS.case_id == bindparam("of_case")).scalar_subquery()
    return (
        insert_for(dialect, VerdictRow).values(position=place).on_conflict_do_nothing(index_elements=["id"])
    )
