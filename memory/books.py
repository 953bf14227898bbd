"""The books against the outside world: what the reconciler reads and writes, a transaction each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, exists
from sqlalchemy import select as grouped
from sqlmodel import Session, col, select

from contracts.divergence import BooksStatus, Divergence, DivergenceKind, OurSide, Standing
from contracts.effect import EffectOrder, EffectState
from contracts.episode import Episode
from contracts.listing import OutsidePage
from contracts.reconciling import PAGE, LedgerPage, Proven, Pursued, TakenPage, Walk
from memory import divergences
from memory.chain import Signer
from memory.database import reading, writing
from memory.episodes import append_episodes
from memory.ledger_view import entry_of
from memory.listings import (
    SIDE,
    Judged,
    account_for,
    cursor_row,
    judge_again,
    pending,
    side_of,
    take_page,
    unindexed,
)
from memory.tables.divergences import DivergenceRow, ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectRow

OVERLAP = timedelta(minutes=2)
"""Rows may be committed a little after the moment they carry; so much of the ledger is read again."""


class SqlBooks:
    """`activities.ports.Books` on the authoritative database."""

    def __init__(self, engine: Engine, signer: Signer) -> None:
        """Take the database and what signs its log; the log is anchored when the run ends."""
        self._engine = engine
        self._signer = signer

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

    def cursor(self, connector: str, now: datetime) -> str | None:
        """Return where a connector's listing is to be read on; None is its beginning."""
        with writing(self._engine) as session:
            return cursor_row(session, connector, now).cursor

    def take_page(self, walk: Walk, page: OutsidePage, now: datetime) -> TakenPage:
        """Write a page of a listing, compare it, and move the cursor behind it, in one commit."""
        episodes: list[Episode] = []
        with writing(self._engine) as session:
            row = cursor_row(session, walk.connector, now)
            more = bool(page.entries) and page.next_cursor not in (None, row.cursor)
            judged = take_page(session, row, page, now)
            proven = self._follow(session, judged, now, episodes)
            matched = [one.comparison.side.key for one in judged if one.comparison.side]
            vanished, closed = divergences.explained(session, matched, now)
            if not more:
                row.walked_at = walk.began_at
            session.add(row)
            self._log(session, [*episodes, *closed])
        return TakenPage(entries=len(page.entries), more=more, proven=tuple(proven), vanished=tuple(vanished))

    def compare_ledger(self, walk: Walk, operation: str, *, keyed: bool, now: datetime) -> LedgerPage:
        """Look for a page of our effects, of those that changed, in what was listed.

        Args:
            walk: its listing was read to the end.
            operation: the write that the listing lists.
            keyed: entries carry our key: an effect without a reference can be found as well.
            now: the moment.
        """
        until = walk.began_at - walk.patience.margin
        with writing(self._engine) as session:
            row = cursor_row(session, walk.connector, now)
            effects = _changed(session, row, operation, until)
            sides = [side for _, side in effects]
            found = self._find_listed(session, walk.connector, sides, keyed=keyed, now=now)
            more = len(effects) == PAGE
            last_at, last = effects[-1] if more else (max(until, row.ledger_at or until), None)
            row.ledger_at, row.ledger_key = last_at, last.key if last else ""
            session.add(row)
        return LedgerPage(effects=len(effects), found=found, more=more)

    def judge(self, walk: Walk, now: datetime) -> tuple[int, tuple[Proven, ...]]:
        """Compare the entries that nothing explained; returns how many are divergences, what is proven."""
        found = 0
        proven: list[Proven] = []
        after: tuple[datetime, str] | None = None
        while True:
            episodes: list[Episode] = []
            with writing(self._engine) as session:
                rows = pending(session, walk.connector, after)
                judged = list(judge_again(session, rows, walk, now))
                proven += self._follow(session, judged, now, episodes)
                found += sum(one.comparison.standing is Standing.DIVERGENT for one in judged)
                self._log(session, episodes)
            if len(rows) < PAGE:
                return found, tuple(proven)
            after = (rows[-1].seen_at, rows[-1].reference)

    def healed(self, proven: Proven, why: str, now: datetime) -> None:
        """Write that an effect nobody knew the end of was found in the listing."""
        with writing(self._engine) as session:
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
            return tuple(entry_of(row, ()).order for row in session.exec(query))

    def pursued(self, results: Sequence[Pursued], now: datetime) -> int:
        """Write what taking effects up again brought; returns how many are still unknown."""
        stuck = 0
        for result in results:
            with writing(self._engine) as session:
                row = session.get(EffectRow, result.key)
                assert row is not None
                if row.state in (EffectState.UNKNOWN.value, EffectState.SENT.value):
                    stuck += 1
                    found = divergences.unlisted(
                        DivergenceKind.STUCK_UNKNOWN, row.connector, side_of(row), now
                    )
                    self._log(session, divergences.keep(session, found, now)[1])
                else:
                    self._heal(session, row, f"taken up again: {row.state}", now)
        return stuck

    def openings(self, limit: int) -> tuple[Divergence, ...]:
        """Return divergences that need a case, the oldest first, counted for their next round."""
        with reading(self._engine) as session:
            found = divergences.openings(session, limit)
        return tuple(one.model_copy(update={"rounds": one.rounds + 1}) for one in found)

    def opened(self, opened: Sequence[Divergence]) -> None:
        """Write that these have a case now."""
        with writing(self._engine) as session:
            divergences.mark_opened(session, opened)

    def close(self, divergence_id: str, why: str, now: datetime) -> None:
        """Close a divergence."""
        with writing(self._engine) as session:
            self._log(session, divergences.close(session, divergence_id, divergences.CLOSED, why, now))

    def reopen(self, divergence_id: str, why: str) -> None:
        """Leave a divergence open that people did not answer for."""
        with writing(self._engine) as session:
            divergences.reopen(session, divergence_id, why)

    def status(self) -> BooksStatus:
        """Return the backlog by count, age and money, and what was done."""
        with reading(self._engine) as session:
            return divergences.status(session)

    def newest(self, limit: int = 50, *, only_open: bool = True) -> list[DivergenceRow]:
        """Return divergences for people to look at, the newest first."""
        with reading(self._engine) as session:
            return divergences.newest(session, limit, only_open=only_open)

    def _follow(
        self, session: Session, judged: Sequence[Judged], now: datetime, episodes: list[Episode]
    ) -> list[Proven]:
        """Keep the divergences among what was compared; return the effects proved to be applied."""
        proven: list[Proven] = []
        for one in judged:
            side, kind = one.comparison.side, one.comparison.kind
            if kind is not None:
                found = divergences.listed(kind, one.entry, side, now)
                episodes += divergences.keep(session, found, now)[1]
            elif one.comparison.heal and side is not None:
                proven.append(Proven(key=side.key, reference=one.entry.reference))
        return proven

    def _heal(self, session: Session, row: EffectRow, why: str, now: datetime) -> None:
        found = divergences.unlisted(DivergenceKind.STUCK_UNKNOWN, row.connector, side_of(row), now)
        self._log(session, divergences.keep(session, found, now, healed=why)[1])

    def _find_listed(
        self, session: Session, connector: str, effects: Sequence[OurSide], *, keyed: bool, now: datetime
    ) -> int:
        """Keep as divergences the effects that are not listed; returns how many are new."""
        entry = OutsideEntryRow
        listed = set(
            session.exec(
                select(entry.operation, entry.reference).where(
                    col(entry.connector) == connector,
                    col(entry.operation).in_({effect.operation for effect in effects}),
                    col(entry.reference).in_([effect.reference for effect in effects if effect.reference]),
                )
            ).all()
        )
        unreferenced = [effect.key for effect in effects if not effect.reference]
        keys = set(
            session.exec(
                select(entry.key).where(col(entry.connector) == connector, col(entry.key).in_(unreferenced))
            ).all()
        )
        found = 0
        for effect in effects:
            if effect.reference:
                missing = (effect.operation, effect.reference) not in listed
            else:
                missing = keyed and effect.key not in keys
            if missing and effect.state is EffectState.APPLIED:
                lost = divergences.unlisted(DivergenceKind.MISSING_OUTSIDE, connector, effect, now)
                new, episodes = divergences.keep(session, lost, now)
                found += new
                self._log(session, episodes)
        return found

    def _log(self, session: Session, episodes: Sequence[Episode]) -> None:
        if episodes:
            append_episodes(session, episodes, self._signer)


def _changed(
    session: Session, row: ListingCursorRow, operation: str, until: datetime
) -> list[tuple[datetime, OurSide]]:
    """Return a page of done effects that changed since the last one, with when, in order of change."""
    done = [EffectState.APPLIED.value, EffectState.COMPENSATED.value]
    updated_at, key = col(EffectRow.updated_at), col(EffectRow.key)
    query = grouped(updated_at, *SIDE).where(
        col(EffectRow.connector) == row.connector,
        updated_at <= until,
        col(EffectRow.operation) == operation,
        col(EffectRow.state).in_(done),
    )
    if row.ledger_at is not None:
        if row.ledger_key:
            query = query.where(updated_at >= row.ledger_at)
            query = query.where((updated_at > row.ledger_at) | (key > row.ledger_key))
        else:
            query = query.where(updated_at > row.ledger_at - OVERLAP)
    page = session.execute(query.order_by(updated_at, key).limit(PAGE))
    return [(found.updated_at, side_of(found)) for found in page]
