"""The reconciler's work: pages of outside listings against our books, both ways."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import REFUSED, classify, to_application_error
from activities.ports import Compensations, Listings
from activities.retries import heartbeats
from contracts.authorization import Plan
from contracts.base import Arguments
from contracts.effect import OutsideResult, ProposedEffect
from contracts.evidence import Evidence
from contracts.failure import CallFailed
from contracts.ids import workflow_id
from contracts.ledger import ForbiddenMove, LedgerEntry
from contracts.listing import Listing, OutsidePage, Trail
from contracts.money import money_text
from contracts.reconciliation.divergence import DESK, Divergence, DivergenceKind
from contracts.reconciliation.messages import (
    PAGE,
    BooksFacts,
    FixProposal,
    Judgement,
    LedgerPage,
    ListedPage,
    Missing,
    Openings,
    Orders,
    Proven,
    PursuedPage,
    SecondLook,
    SecondLooked,
    Settlement,
    TakenPage,
    Unresolved,
    Walk,
)

if TYPE_CHECKING:
    from activities.callers import Callers
    from memory.authoritative.ledger.ledger import SqlLedger
    from memory.authoritative.reconciliation.store import SqlReconciliation
    from memory.episodic.log import SqlEpisodes

OPENED_AT_ONCE = 50
TRIES_OF_A_CURSOR = 3
ASKED = {
    DivergenceKind.STUCK_UNKNOWN: "Look outside: approve if it was done, reject if it was not.",
    DivergenceKind.WORKFLOW_GONE: "Hand it in again, or bring it to its end by hand, then approve.",
    DivergenceKind.CONTESTED_EVENT: "Ask the source which one is right; `kontor events replay` takes it up.",
    DivergenceKind.SUBSCRIPTION_ENDED: "Mend it there; `kontor events resume {reference}` goes on.",
}
"""What people are asked where no fix is known."""


class ReconcileActivities:
    """Compares, heals what is proved, and prepares cases for the rest. It sends nothing itself."""

    def __init__(
        self,
        *,
        connectors: Sequence[str],
        outside: Listings,
        books: "SqlReconciliation",
        ledger: "SqlLedger",
        log: "SqlEpisodes",
        callers: "Callers",
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the doors.

        Args:
            connectors: the names of all connectors of the office.
            outside: the office's connectors.
            books: listings and divergences.
            ledger: the record of every effect.
            log: the episode log, anchored at the end of a run.
            callers: who may end a divergence.
            clock: the moment, aware, in UTC.
        """
        self._connectors = tuple(connectors)
        self._outside = outside
        self._books = books
        self._ledger = ledger
        self._log = log
        self._callers = callers
        self._clock = clock

    @activity.defn(name="reconcile.connectors")
    async def connectors(self) -> list[str]:
        """Return the names of the office's connectors that our ledger has an effect at."""
        return list(await asyncio.to_thread(self._books.in_use, self._connectors))

    @activity.defn(name="reconcile.listing")
    async def listing(self, walk: Walk) -> ListedPage:
        """Read the next page of a connector's listing, and compare it.

        A connector without a listing has nothing to read.
        """
        listing = self._declared(walk.connector)
        if listing is None:
            return ListedPage(entries=0, healed=0, more=False)
        cursor = await asyncio.to_thread(self._books.place, walk, listing.order, self._clock())
        try:
            page = await self._outside.list_page(walk.connector, cursor, PAGE)
        except CallFailed as failed:
            if cursor is not None and _leads_nowhere(walk, failed):
                await asyncio.to_thread(self._books.start_over, walk.connector, self._clock())
            raise self._unanswered(walk.connector, failed) from failed
        taken = await self._take(walk, page, cursor, listing)
        if taken.strangers:
            ids = self._outside.manifest(walk.connector).ids
            named = {f"{walk.connector}/{ids.compared(subject)}": subject for subject in taken.strangers}
            await asyncio.to_thread(self._books.seen, walk.connector, named)
        healed = await self._heal(walk.connector, taken.proven)
        found = ListedPage(entries=taken.entries, healed=healed, more=taken.more, vanished=taken.vanished)
        if taken.going_on_at is None:
            return found
        stays = taken.going_on_at == cursor
        trail = None if stays else (walk.trail or Trail()).onto(taken.going_on_at, taken.entries)
        if trail is not None:
            return found.model_copy(update={"trail": trail})
        await asyncio.to_thread(self._books.start_over, walk.connector, self._clock())
        return found.model_copy(update={"more": False, "endless": "its cursors come again"})

    async def _take(self, walk: Walk, page: OutsidePage, cursor: str | None, listing: Listing) -> TakenPage:
        try:
            return await asyncio.to_thread(
                partial(self._books.take_page, asked=cursor, declared=listing.order),
                walk,
                page,
                self._clock(),
            )
        except ValueError as wrong_order:
            why = f"the listing of {walk.connector}: {wrong_order}"
        raise ApplicationError(why, type=REFUSED, non_retryable=True)

    @activity.defn(name="reconcile.second_look")
    async def second_look(self, look: SecondLook) -> SecondLooked:
        """Read a listing once more, from its beginning to where each of the suspects would stand.

        It is complete if it came there, or to an end that is one: a cursor that comes again ends nothing.
        """
        walk, listing = look.walk, self._declared(look.walk.connector)
        assert listing is not None, "what is suspected was not listed"
        direction = listing.order or await asyncio.to_thread(
            self._books.direction, walk.connector, self._clock()
        )
        pause = 1 / self._outside.manifest(walk.connector).rate_limit_per_second
        between = min(one.sent_at for one in look.suspects), max(one.changed_at for one in look.suspects)
        looked = SecondLooked(entries=0, complete=False)
        cursor: str | None = None
        trail: Trail | None = Trail()
        async with heartbeats():
            while trail is not None:
                page = await self._page_again(walk, cursor)
                taken = await asyncio.to_thread(self._books.take_again, walk, page, self._clock())
                await self._heal(walk.connector, taken.proven)
                looked = looked.plus(taken)
                if trail.ends_at(page, cursor) or page.lies_behind(direction, *between):
                    return looked.model_copy(update={"complete": True})
                stays, cursor = page.next_cursor == cursor, page.next_cursor
                trail = None if stays or cursor is None else trail.onto(cursor, len(page.entries))
                await asyncio.sleep(pause)
        return looked

    async def _page_again(self, walk: Walk, cursor: str | None) -> OutsidePage:
        try:
            return await self._outside.list_page(walk.connector, cursor, PAGE)
        except CallFailed as failed:
            raise self._unanswered(walk.connector, failed) from failed

    def _unanswered(self, connector: str, failed: CallFailed) -> ApplicationError:
        manifest = self._outside.manifest(connector)
        assert manifest.listing is not None
        return to_application_error(failed, classify(manifest, manifest.listing.operation, failed))

    @activity.defn(name="reconcile.missing")
    async def missing(self, missing: Missing) -> int:
        """Name those of the suspects that are still not listed; returns how many are new."""
        listing = self._declared(missing.walk.connector)
        keyed = listing is not None and bool(listing.key)
        return await asyncio.to_thread(
            partial(self._books.name_missing, keyed=keyed, now=self._clock()), missing
        )

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
        await asyncio.to_thread(self._books.opened, opened.divergences, self._clock())

    @activity.defn(name="reconcile.propose")
    async def propose(self, divergence: Divergence) -> FixProposal:
        """Return what could be done about a divergence, for policy and people to judge."""
        entry = None
        if divergence.effect_key:
            entry = await asyncio.to_thread(self._ledger.entry, divergence.effect_key)
        proposal = _proposal(divergence, fix_of(self._outside, divergence, entry), entry, self._clock())
        if divergence.kind is not DivergenceKind.WORKFLOW_GONE:
            return proposal
        done = await asyncio.to_thread(self._ledger.of_case, divergence.effect_case)
        return proposal.model_copy(update={"evidence": (*proposal.evidence, *_done_so_far(done))})

    @activity.defn(name="reconcile.settle")
    async def settle(self, settlement: Settlement) -> None:
        """Close a divergence as people or the fix ended it, or leave it open for a later run."""
        await self._callers.demand_settled(settlement)
        now = self._clock()
        if not settlement.close:
            await asyncio.to_thread(
                self._books.reopen, settlement.divergence_id, settlement.resolution, self._clock()
            )
            return
        if settlement.applied is not None and settlement.effect_key:
            applied = OutsideResult(reference=None) if settlement.applied else None
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
            applied = OutsideResult(one.reference)
            try:
                await asyncio.to_thread(self._ledger.resolve, one.key, applied, why, self._clock())
            except ForbiddenMove:
                continue
            await asyncio.to_thread(self._books.healed, one, why, self._clock())
            healed += 1
        return healed


def _leads_nowhere(walk: Walk, failed: CallFailed) -> bool:
    """Say whether it is the cursor that a system refuses: it says so, or it answered without one just now."""
    if failed.sent and failed.status in (400, 404, 410, 422):
        return True
    tries = activity.info().attempt if activity.in_activity() else 1
    return walk.trail is not None and tries >= TRIES_OF_A_CURSOR


def fix_of(
    outside: Compensations, divergence: Divergence, entry: LedgerEntry | None
) -> ProposedEffect | None:
    """Return the effect that would mend a divergence, if one can be known."""
    if divergence.kind is DivergenceKind.MISSING_OUTSIDE and entry is not None:
        return entry.order.effect.model_copy(update={"step": "again"})
    if divergence.kind not in (DivergenceKind.DUPLICATE, DivergenceKind.LATE):
        return None
    known: Arguments = entry.order.effect.arguments if entry is not None else {}
    try:
        undoing = outside.compensation(
            divergence.connector,
            divergence.operation,
            known,
            divergence.effect_key,
            OutsideResult(divergence.reference),
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
) -> FixProposal:
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
    return FixProposal(plan=plan, what=_question(divergence, fix), evidence=_evidence(divergence, entry))


def _question(divergence: Divergence, fix: ProposedEffect | None) -> str:
    if fix is not None and fix.step == "again":
        return f"Do it once more? {divergence.words()}"
    if fix is not None:
        return f"Take the surplus one back ({fix.operation})? {divergence.words()}"
    asked = ASKED.get(divergence.kind, "Look at it, mend it by hand where needed, then approve.")
    return f"{asked.format(reference=divergence.reference)} {divergence.words()}"


def _done_so_far(entries: Sequence[LedgerEntry]) -> Iterator[Evidence]:
    """Yield what a case did and began outside before its workflow was gone."""
    if not entries:
        yield Evidence(source="ledger", text="nothing was begun outside")
    for entry in entries:
        effect, receipt = entry.order.effect, entry.receipt
        money = f" {money_text(effect.amount_cents, effect.currency)}" if effect.amount_cents else ""
        text = (
            f"{effect.operation} at {effect.connector}{money}: {receipt.state.value}, "
            f"reference {receipt.outside_reference or 'none'}"
        )
        yield Evidence(source=f"effect:{receipt.key}", text=text)


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
