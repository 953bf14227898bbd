"""Money for models, in SQL: reserved before a call, settled after it, so that limits hold at once."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import CursorResult, Engine, update
from sqlmodel import Session, col, select

from contracts.budget import BudgetLine, Limits
from memory.database import insert_into, reading, writing
from memory.tables.budgets import BudgetRow, ReservationRow

LIFETIME = timedelta(minutes=10)
EXPIRED_AT_ONCE = 100


class _DoesNotFit(Exception):
    """Leaves the transaction, so that what was set aside in other accounts is given back."""


class SqlBudgets:
    """Satisfies `models.budget.Budgets` on the authoritative database.

    A reservation adds to its three accounts with one conditional UPDATE each, in the same order
    for everybody: the database decides who still fits, however many ask at once. What was reserved
    and never settled expires and counts as spent in full, because whoever died in between may have
    made the call; a late settlement still replaces that by the real cost.
    """

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits

    def left_microusd(self, desk: str, case_id: str, now: datetime) -> int:
        """Return the smallest of what the day, the desk and the case have left, never below 0."""
        return min(line.left for line in self.lines(desk, case_id, now))

    def lines(self, desk: str, case_id: str, now: datetime) -> tuple[BudgetLine, ...]:
        """Return how the accounts that a case spends from stand."""
        limits = self._accounts(desk, case_id, now)
        with reading(self._engine) as session:
            query = select(BudgetRow).where(col(BudgetRow.account).in_(limits))
            rows = {row.account: row for row in session.exec(query)}
        return tuple(
            BudgetLine(
                account=account,
                limit=limit,
                spent=rows[account].spent_microusd if account in rows else 0,
                reserved=rows[account].reserved_microusd if account in rows else 0,
            )
            for account, limit in limits.items()
        )

    def of_day(self, now: datetime) -> tuple[BudgetLine, ...]:
        """Return how the day's account and each desk's stand: those with a limit and those with a use."""
        day = now.astimezone(UTC).date().isoformat()
        query = select(BudgetRow).where(col(BudgetRow.account).like(f"desk/%/{day}"))
        with reading(self._engine) as session:
            used = [row.account.removeprefix("desk/").removesuffix(f"/{day}") for row in session.exec(query)]
        found: dict[str, BudgetLine] = {}
        for desk in sorted({*self._limits.desks, *used}) or [""]:
            found |= {line.account: line for line in self.lines(desk, "", now)}
        return tuple(line for account, line in sorted(found.items()) if account != f"desk//{day}")

    def reserve(
        self,
        desk: str,
        case_id: str,
        most_microusd: int,
        now: datetime,
        *,
        lifetime: timedelta = LIFETIME,
        name: str = "",
    ) -> str | None:
        """Set the most that a call can cost aside; return the reservation's id, None if it does not fit.

        Reserving again under the same name changes nothing and returns the same id.

        Raises:
            ValueError: the amount is negative.
        """
        if most_microusd < 0:
            raise ValueError(f"{most_microusd} cannot be reserved")
        self.expire(now)
        accounts = self._accounts(desk, case_id, now)
        row = ReservationRow(
            id=name or uuid.uuid4().hex,
            state="open",
            accounts="\n".join(accounts),
            most_microusd=most_microusd,
            counted_microusd=most_microusd,
            reserved_at=now,
            expires_at=now + lifetime,
        )
        try:
            with writing(self._engine) as session:
                if name and session.get(ReservationRow, name) is not None:
                    return name
                for account, limit in accounts.items():
                    _set_aside(session, account, limit, most_microusd)
                session.add(row)
        except _DoesNotFit:
            return None
        return row.id

    def settle(self, reservation: str, spent_microusd: int, now: datetime) -> None:
        """Replace a reservation by what the call did cost; settling twice changes nothing.

        Raises:
            KeyError: there is no such reservation.
        """
        with writing(self._engine) as session:
            row = _locked(session, reservation)
            if row.state == "settled":
                return
            # An expired one is in `spent` already; an open one still in `reserved`.
            reserved = -row.counted_microusd if row.state == "open" else 0
            spent = spent_microusd + (0 if row.state == "open" else -row.counted_microusd)
            _move(session, row, reserved, spent)
            row.state, row.counted_microusd, row.ended_at = "settled", spent_microusd, now

    def expire(self, now: datetime) -> int:
        """Count what was never settled in time as spent in full; return how many that were."""
        query = (
            select(ReservationRow.id)
            .where(ReservationRow.state == "open", col(ReservationRow.expires_at) <= now)
            .order_by(col(ReservationRow.expires_at))
            .limit(EXPIRED_AT_ONCE)
        )
        with reading(self._engine) as session:
            due = list(session.exec(query))
        expired = 0
        for reservation in due:
            with writing(self._engine) as session:
                row = _locked(session, reservation)
                if row.state == "open":
                    _move(session, row, -row.counted_microusd, row.counted_microusd)
                    row.state, row.ended_at = "expired", now
                    expired += 1
        return expired

    def _accounts(self, desk: str, case_id: str, now: datetime) -> dict[str, int]:
        """Return the accounts with their limits, in the order in which everybody takes them."""
        day = now.astimezone(UTC).date().isoformat()
        limits = {f"day/{day}": self._limits.day, f"desk/{desk}/{day}": self._limits.of_desk(desk)}
        if case_id:
            limits[f"case/{case_id}"] = self._limits.case
        return dict(sorted(limits.items()))


def _set_aside(session: Session, account: str, limit: int, most: int) -> None:
    """Add to an account's reserved money, if it fits; raises `_DoesNotFit`."""
    opened = insert_into(session, BudgetRow).values(account=account, spent_microusd=0, reserved_microusd=0)
    session.execute(opened.on_conflict_do_nothing(index_elements=["account"]))
    fits = col(BudgetRow.spent_microusd) + col(BudgetRow.reserved_microusd) + most <= limit
    result = session.execute(
        update(BudgetRow)
        .where(col(BudgetRow.account) == account, fits)
        .values(reserved_microusd=col(BudgetRow.reserved_microusd) + most)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount == 0:
        raise _DoesNotFit(account)


def _locked(session: Session, reservation: str) -> ReservationRow:
    """Return a reservation that nobody else can change before this transaction ends."""
    query = select(ReservationRow).where(ReservationRow.id == reservation).with_for_update()
    row = session.exec(query).one_or_none()
    if row is None:
        raise KeyError(reservation)
    return row


def _move(session: Session, row: ReservationRow, reserved: int, spent: int) -> None:
    for account in row.accounts.split("\n"):
        session.execute(
            update(BudgetRow)
            .where(col(BudgetRow.account) == account)
            .values(
                reserved_microusd=col(BudgetRow.reserved_microusd) + reserved,
                spent_microusd=col(BudgetRow.spent_microusd) + spent,
            )
        )
