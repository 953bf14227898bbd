"""The books against the outside world: what the reconciler reads and writes, a transaction each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import exists
from sqlmodel import col, select

from contracts.effect import EffectOrder, EffectState
from contracts.listing import OutsidePage, Runs
from contracts.reconciliation.divergence import BooksStatus, Divergence, DivergenceKind, EntryStatus
from contracts.reconciliation.messages import (
    PAGE,
    LedgerPage,
    Missing,
    Position,
    Proven,
    Retried,
    TakenPage,
    Walk,
)
from memory.authoritative.reconciliation import divergences, own_side, walks
from memory.authoritative.reconciliation.listings import (
    Judged,
    account_for,
    cursor_row,
    judge_again,
    pending,
    side_of,
    take_page,
    unindexed,
)
from memory.authoritative.reconciliation.subjects import seen
from memory.database import reading, writing
from memory.episodic.journal import Books, Journal
from memory.tables.divergences import DivergenceRow, ListingCursorRow
from memory.tables.ledger import EffectRow

COMPARED = "our records are compared with a listing"


class SqlReconciliation:
    """Our books against the outside world's. Each method is a transaction, or one for each page."""

    def __init__(self, journal: Journal, currency: str) -> None:
        """Take what the records are kept with.

        Args:
            journal: writes the books.
            currency: of a listed entry that no effect of ours explains.
        """
        self._journal = journal
        self._engine = journal.engine
        self._currency = currency

    def in_use(self, connectors: Sequence[str]) -> tuple[str, ...]:
        """Return those connectors that our ledger has an effect at; at the others nothing is ours."""
        with reading(self._engine) as session:
            return tuple(
                connector
                for connector in connectors
                if session.exec(
                    select(EffectRow.key).where(col(EffectRow.connector) == connector).limit(1)
                ).first()
            )

    def place(self, walk: Walk, declared: Runs, now: datetime) -> str | None:
        """Return the cursor of the page that a walk reads now; None is the listing's beginning."""
        with writing(self._engine) as session:
            return walks.place(cursor_row(session, walk.connector, now), walk, declared)

    def start_over(self, connector: str, now: datetime) -> None:
        """Forget a place in a listing that leads nowhere: it is read from its beginning next time."""
        with writing(self._engine) as session:
            row = cursor_row(session, connector, now)
            walks.start_over(row)
            session.add(row)

    def take_page(
        self, walk: Walk, page: OutsidePage, now: datetime, *, asked: str | None = None, declared: Runs = ""
    ) -> TakenPage:
        """Write a page of a listing, compare it, and go on behind it, in one commit.

        Args:
            walk: the run's.
            page: what came back.
            now: the moment.
            asked: the cursor that it was asked with.
            declared: the order that the manifest declares.

        Raises:
            WrongOrder: the listing does not run so.
        """
        with self._journal.writing(COMPARED, now) as session:
            row = cursor_row(session, walk.connector, now)
            following = walks.advance(row, walk, page, asked, declared)
            if following is None:
                row.walked_at = walk.began_at
            session.add(row)
            taken = self._take(session, row, page, now)
        return taken.model_copy(update={"more": following is not None, "going_on_at": following})

    def take_again(self, walk: Walk, page: OutsidePage, now: datetime) -> TakenPage:
        """Write a page that is read a second time, and compare it; what was read up to now stays so."""
        with self._journal.writing(COMPARED, now) as session:
            return self._take(session, cursor_row(session, walk.connector, now), page, now)

    def direction(self, connector: str, now: datetime) -> Runs:
        """Return which way a connector's listing runs, as far as it has shown."""
        with writing(self._engine) as session:
            return cast("Runs", cursor_row(session, connector, now).direction)

    def _take(self, session: Books, row: ListingCursorRow, page: OutsidePage, now: datetime) -> TakenPage:
        judged = take_page(session, row, page, now)
        proven = self._follow(session, judged, now)
        matched = [one.comparison.side.key for one in judged if one.comparison.side]
        vanished = divergences.explained(session, matched, now)
        strange = (one.entry.subject for one in judged if one.comparison.side is None)
        return TakenPage(
            entries=len(page.entries),
            more=False,
            proven=tuple(proven),
            vanished=tuple(vanished),
            strangers=tuple(dict.fromkeys(subject for subject in strange if subject)),
        )

    def seen(self, connector: str, subjects: Mapping[str, str]) -> None:
        """Keep subjects that a listing shows, by name and their own id: a look at their lines follows."""
        with writing(self._engine) as session:
            seen(session, connector, subjects)

    def compare_ledger(self, walk: Walk, operation: str, *, keyed: bool, now: datetime) -> LedgerPage:
        """Look for a page of our effects, of those that changed, in what was listed.

        Args:
            walk: its listing was read to the end.
            operation: the write that the listing lists.
            keyed: entries carry our key: an effect without a reference can be found as well.
            now: the moment.
        """
        until = walk.began_at - walk.patience.margin
        with self._journal.writing(COMPARED, now) as session:
            row = cursor_row(session, walk.connector, now)
            effects = own_side.changed(session, row, operation, until)
            missed = own_side.unlisted(session, walk.connector, [one.side for one in effects], keyed=keyed)
            more = len(effects) == PAGE
            position = Position(at=max(until, row.ledger_at or until))
            if more:
                position = Position(at=effects[-1].changed_at, key=effects[-1].side.key)
            if not missed:
                own_side.move(row, position)
                session.add(row)
        suspects = tuple(one.suspect for one in effects if one.side.key in missed)
        return LedgerPage(effects=len(effects), found=0, more=more, suspects=suspects, position=position)

    def name_missing(self, missing: Missing, *, keyed: bool, now: datetime) -> int:
        """Keep as divergences those suspects that are still not listed; returns how many are new."""
        connector, found = missing.walk.connector, 0
        with self._journal.writing(COMPARED, now) as session:
            sides = own_side.sides(session, [suspect.key for suspect in missing.suspects])
            missed = own_side.unlisted(session, connector, sides, keyed=keyed)
            for side in sides:
                if side.key in missed:
                    lost = divergences.unlisted(DivergenceKind.MISSING_OUTSIDE, connector, side, now)
                    found += divergences.keep(session, lost, now)
            row = cursor_row(session, connector, now)
            own_side.move(row, missing.position)
            session.add(row)
        return found

    def judge(self, walk: Walk, now: datetime) -> tuple[int, tuple[Proven, ...]]:
        """Compare the entries that nothing explained; returns how many are divergences, what is proven."""
        found = 0
        proven: list[Proven] = []
        after: tuple[datetime, str] | None = None
        while True:
            with self._journal.writing(COMPARED, now) as session:
                rows = pending(session, walk.connector, after)
                judged = list(judge_again(session, rows, walk, now))
                proven += self._follow(session, judged, now)
                found += sum(one.comparison.standing is EntryStatus.DIVERGENT for one in judged)
            if len(rows) < PAGE:
                return found, tuple(proven)
            after = (rows[-1].seen_at, rows[-1].reference)

    def healed(self, proven: Proven, why: str, now: datetime) -> None:
        """Write that an effect nobody knew the end of was found in the listing."""
        with self._journal.writing(COMPARED, now) as session:
            row = session.get(EffectRow, proven.key)
            assert row is not None
            account_for(session, row.connector, row.operation, proven.reference, proven.key)
            self._heal(session, row, why, now)

    def unresolved(self, walk: Walk, after: str, now: datetime) -> tuple[EffectOrder, ...]:
        """Return a page of effects whose end nobody knows and nobody pursues, in order of their keys."""
        abandoned = now - walk.patience.abandoned
        state, updated_at = col(EffectRow.state), col(EffectRow.updated_at)
        with_people = exists().where(
            col(DivergenceRow.effect_key) == col(EffectRow.key),
            col(DivergenceRow.kind) == DivergenceKind.STUCK_UNKNOWN.value,
            col(DivergenceRow.standing) == divergences.CASE,
        )
        query = (
            select(EffectRow)
            .where(
                state.in_([EffectState.SENT.value, EffectState.UNKNOWN.value]),
                (state == EffectState.UNKNOWN.value) | (updated_at < abandoned),
                unindexed(col(EffectRow.connector)) == walk.connector,
                col(EffectRow.key) > after,
                ~with_people,
            )
            .order_by(col(EffectRow.key))
            .limit(PAGE)
        )
        with reading(self._engine) as session:
            return tuple(row.order for row in session.exec(query))

    def pursued(self, results: Sequence[Retried], now: datetime) -> int:
        """Write what taking effects up again brought; returns how many are still unknown."""
        stuck = 0
        for result in results:
            with self._journal.writing("an effect is taken up again", now) as session:
                row = session.get(EffectRow, result.key)
                assert row is not None
                if row.state in (EffectState.UNKNOWN.value, EffectState.SENT.value):
                    stuck += 1
                    found = divergences.unlisted(
                        DivergenceKind.STUCK_UNKNOWN, row.connector, side_of(row), now
                    )
                    divergences.keep(session, found, now)
                else:
                    self._heal(session, row, f"taken up again: {row.state}", now)
        return stuck

    def openings(self, limit: int) -> tuple[Divergence, ...]:
        """Return divergences that need a case, the oldest first, counted for their next round."""
        with reading(self._engine) as session:
            found = divergences.openings(session, limit)
        return tuple(one.model_copy(update={"rounds": one.rounds + 1}) for one in found)

    def opened(self, opened: Sequence[Divergence], now: datetime) -> None:
        """Write that these have a case now."""
        with self._journal.writing("people have a divergence", now) as session:
            divergences.mark_opened(session, opened)

    def close(self, divergence_id: str, why: str, now: datetime) -> None:
        """Close a divergence."""
        with self._journal.writing("a divergence is closed", now) as session:
            divergences.close(session, divergence_id, divergences.CLOSED, why, now)

    def reopen(self, divergence_id: str, why: str, now: datetime) -> None:
        """Leave a divergence open that people did not answer for."""
        with self._journal.writing("a divergence stays open", now) as session:
            divergences.reopen(session, divergence_id, why)

    def status(self) -> BooksStatus:
        """Return the backlog by count, age and money, and what was done."""
        with reading(self._engine) as session:
            return divergences.status(session)

    def newest(self, limit: int = 50, *, only_open: bool = True) -> list[DivergenceRow]:
        """Return divergences for people to look at, the newest first."""
        with reading(self._engine) as session:
            return divergences.newest(session, limit, only_open=only_open)

    def _follow(self, session: Books, judged: Sequence[Judged], now: datetime) -> list[Proven]:
        """Keep the divergences among what was compared; return the effects proved to be applied."""
        proven: list[Proven] = []
        for one in judged:
            side, kind = one.comparison.side, one.comparison.kind
            if kind is not None:
                found = divergences.listed(kind, one.entry, side, self._currency, now)
                divergences.keep(session, found, now)
            elif one.comparison.heal and side is not None:
                proven.append(Proven(key=side.key, reference=one.entry.reference))
        return proven

    def _heal(self, session: Books, row: EffectRow, why: str, now: datetime) -> None:
        found = divergences.unlisted(DivergenceKind.STUCK_UNKNOWN, row.connector, side_of(row), now)
        divergences.keep(session, found, now, healed=why)
