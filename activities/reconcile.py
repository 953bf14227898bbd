"""The reconciler's work: pages of outside listings against our books, both ways."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from temporalio import activity

from activities.errors import classify, to_application_error
from activities.ports import AuditLog, Books, Ledger, Outside
from contracts.canonical import Arguments
from contracts.divergence import DESK, Divergence, DivergenceKind
from contracts.effect import ProposedEffect
from contracts.evidence import Evidence
from contracts.failure import CallFailed
from contracts.ids import workflow_id
from contracts.ledger import ForbiddenMove, LedgerEntry
from contracts.manifest import Listing
from contracts.reconciling import (
    PAGE,
    BooksFacts,
    Judgement,
    LedgerPage,
    ListedPage,
    Openings,
    Orders,
    Proposal,
    Proven,
    PursuedPage,
    Settlement,
    Unresolved,
    Walk,
)
from contracts.verdict import Plan

OPENED_AT_ONCE = 50


@dataclass(frozen=True)
class _Listed:
    """A listed entry as what a call would have brought back."""

    reference: str | None
    result: dict[str, JsonValue] = field(default_factory=dict)


class ReconcileActivities:
    """Compares, heals what is proved, and prepares cases for the rest. It sends nothing itself."""

    def __init__(
        self,
        *,
        connectors: Sequence[str],
        outside: Outside,
        books: Books,
        ledger: Ledger,
        log: AuditLog,
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the doors.

        Args:
            connectors: the names of all connectors of the office.
            outside: the office's connectors.
            books: listings and divergences.
            ledger: the record of every effect.
            log: the episode log, anchored at the end of a run.
            clock: the moment, aware, in UTC.
        """
        self._connectors = tuple(connectors)
        self._outside = outside
        self._books = books
        self._ledger = ledger
        self._log = log
        self._clock = clock

    @activity.defn(name="reconcile.connectors")
    async def connectors(self) -> list[str]:
        """Return the names of the office's connectors that our ledger has an effect at."""
        return list(await asyncio.to_thread(self._books.in_use, self._connectors))

    @activity.defn(name="reconcile.listing")
    async def listing(self, walk: Walk) -> ListedPage:
        """Read one page of a connector's listing on from the stored cursor, and compare it.

        A connector without a listing has nothing to read.
        """
        if self._declared(walk.connector) is None:
            return ListedPage(entries=0, healed=0, more=False)
        cursor = await asyncio.to_thread(self._books.cursor, walk.connector, self._clock())
        try:
            page = await self._outside.list_page(walk.connector, cursor, PAGE)
        except CallFailed as failed:
            manifest = self._outside.manifest(walk.connector)
            listing = manifest.listing
            assert listing is not None
            raise to_application_error(failed, classify(manifest, listing.operation, failed)) from failed
        taken = await asyncio.to_thread(self._books.take_page, walk, page, self._clock())
        healed = await self._heal(walk.connector, taken.proven)
        return ListedPage(entries=taken.entries, healed=healed, more=taken.more, vanished=taken.vanished)

    @activity.defn(name="reconcile.ledger")
    async def ledger(self, walk: Walk) -> LedgerPage:
        """Look for a page of our own changed effects in what the connector listed."""
        listing = self._declared(walk.connector)
        if listing is None:
            return LedgerPage(effects=0, found=0, more=False)
        return await asyncio.to_thread(
            self._books.compare_ledger,
            walk,
            listing.matches,
            keyed=bool(listing.key),
            now=self._clock(),
        )

    @activity.defn(name="reconcile.unresolved")
    async def unresolved(self, query: Unresolved) -> Orders:
        """Return a page of effects whose end nobody knows and nobody pursues."""
        orders = await asyncio.to_thread(self._books.unresolved, query.walk, query.after, self._clock())
        return Orders(orders=orders)

    @activity.defn(name="reconcile.pursued")
    async def pursued(self, page: PursuedPage) -> int:
        """Write what taking effects up again brought; returns how many are still unknown."""
        return await asyncio.to_thread(self._books.pursued, page.pursued, self._clock())

    @activity.defn(name="reconcile.judge")
    async def judge(self, walk: Walk) -> Judgement:
        """Compare again the listed entries that nothing explained; beyond the grace they diverge."""
        found, proven = await asyncio.to_thread(self._books.judge, walk, self._clock())
        return Judgement(found=found, healed=await self._heal(walk.connector, proven))

    @activity.defn(name="reconcile.openings")
    async def openings(self) -> Openings:
        """Return some divergences that need a case."""
        return Openings(divergences=await asyncio.to_thread(self._books.openings, OPENED_AT_ONCE))

    @activity.defn(name="reconcile.opened")
    async def opened(self, opened: Openings) -> None:
        """Write that these divergences have a case now."""
        await asyncio.to_thread(self._books.opened, opened.divergences)

    @activity.defn(name="reconcile.propose")
    async def propose(self, divergence: Divergence) -> Proposal:
        """Return what could be done about a divergence, for policy and people to judge."""
        entry = None
        if divergence.effect_key:
            entry = await asyncio.to_thread(self._ledger.entry, divergence.effect_key)
        return _proposal(divergence, self._fix(divergence, entry), entry, self._clock())

    @activity.defn(name="reconcile.settle")
    async def settle(self, settlement: Settlement) -> None:
        """Close a divergence as people or the fix ended it, or leave it open for a later run."""
        now = self._clock()
        if not settlement.close:
            await asyncio.to_thread(self._books.reopen, settlement.divergence_id, settlement.resolution)
            return
        if settlement.applied is not None and settlement.effect_key:
            applied = _Listed(reference=None) if settlement.applied else None
            try:
                await asyncio.to_thread(
                    self._ledger.resolve, settlement.effect_key, applied, settlement.resolution, now
                )
            except ForbiddenMove as moved:
                # Somebody else found out meanwhile; what the ledger says stands.
                activity.logger.info("the effect was settled before: %s", moved)
        await asyncio.to_thread(self._books.close, settlement.divergence_id, settlement.resolution, now)

    @activity.defn(name="audit.anchor")
    async def anchor(self) -> None:
        """Keep the episode log's signed head outside the database."""
        await asyncio.to_thread(self._log.anchor)

    def _declared(self, connector: str) -> Listing | None:
        return self._outside.manifest(connector).listing

    async def _heal(self, connector: str, proven: Sequence[Proven]) -> int:
        """Settle as applied what the listing proves; what moved meanwhile stays as it is."""
        healed = 0
        for one in proven:
            why = f"{connector} lists it as {one.reference}"
            applied = _Listed(one.reference)
            try:
                await asyncio.to_thread(self._ledger.resolve, one.key, applied, why, self._clock())
            except ForbiddenMove:
                continue
            await asyncio.to_thread(self._books.healed, one, why, self._clock())
            healed += 1
        return healed

    def _fix(self, divergence: Divergence, entry: LedgerEntry | None) -> ProposedEffect | None:
        """Return the effect that would mend it, if one can be known."""
        if divergence.kind is DivergenceKind.MISSING_OUTSIDE and entry is not None:
            return entry.order.effect.model_copy(update={"step": "again"})
        if divergence.kind not in (DivergenceKind.DUPLICATE, DivergenceKind.LATE):
            return None
        known: Arguments = entry.order.effect.arguments if entry is not None else {}
        try:
            undoing = self._outside.compensation(
                divergence.connector,
                divergence.operation,
                known,
                divergence.effect_key,
                _Listed(divergence.reference),
            )
        except KeyError:
            return None
        if undoing is None:
            return None
        operation, arguments = undoing
        return ProposedEffect(
            step="void",
            connector=divergence.connector,
            operation=operation,
            arguments=arguments,
            amount_cents=divergence.theirs_cents,
            currency=divergence.currency,
        )


def _proposal(
    divergence: Divergence, fix: ProposedEffect | None, entry: LedgerEntry | None, now: datetime
) -> Proposal:
    facts = BooksFacts(
        kind=divergence.kind,
        fix="none" if fix is None else "again" if fix.step == "again" else "void",
        connector=divergence.connector,
        at_stake_cents=divergence.at_stake_cents,
        ours_cents=divergence.ours_cents,
        theirs_cents=divergence.theirs_cents,
        age_days=(now - divergence.found_at).days,
    )
    plan = Plan(
        case_id=workflow_id(DESK, divergence.connector, divergence.id),
        desk=DESK,
        summary=divergence.words(),
        facts=facts.model_dump(mode="json"),
        effects=(fix,) if fix is not None else (),
    )
    return Proposal(plan=plan, what=_question(divergence, fix), evidence=_evidence(divergence, entry))


def _question(divergence: Divergence, fix: ProposedEffect | None) -> str:
    if fix is not None and fix.step == "again":
        return f"Do it once more? {divergence.words()}"
    if fix is not None:
        return f"Take the surplus one back ({fix.operation})? {divergence.words()}"
    if divergence.kind is DivergenceKind.STUCK_UNKNOWN:
        return f"Look outside: approve if it was done, reject if it was not. {divergence.words()}"
    return f"Look at it, mend it by hand where needed, then approve. {divergence.words()}"


def _evidence(divergence: Divergence, entry: LedgerEntry | None) -> tuple[Evidence, ...]:
    pieces = [Evidence(source=f"divergence:{divergence.id}", text=divergence.words())]
    if entry is not None:
        receipt = entry.receipt
        text = (
            f"our ledger: {receipt.state.value}, {receipt.attempts} calls, "
            f"reference {receipt.outside_reference or 'none'}, case {entry.order.case_id}"
        )
        pieces.append(Evidence(source=f"effect:{entry.order.key}", text=text))
        pieces += [
            Evidence(
                source=f"effect:{entry.order.key}#{call.number}",
                text=f"{call.kind} {call.started_at.isoformat()}: {call.outcome.value} {call.why}".rstrip(),
            )
            for call in entry.calls
        ]
    return tuple(pieces)
