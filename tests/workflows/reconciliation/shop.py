"""A till that also lists what it did, and the reconciler's run with the clock moved by hand."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine
from temporalio.testing import ActivityEnvironment

from activities.reconcile import ReconcileActivities
from contracts.base import Arguments
from contracts.connector import Manifest
from contracts.effect import EffectOrder, EffectReceipt, EffectState
from contracts.listing import Listing, OutsideEntry, OutsidePage, Runs
from contracts.reconciliation.divergence import Divergence, DivergenceKind
from contracts.reconciliation.messages import (
    LedgerPage,
    Missing,
    Patience,
    PursuedPage,
    ReconcileSummary,
    Retried,
    SecondLook,
    Unresolved,
    Walk,
)
from memory.authoritative.reconciliation.store import SqlReconciliation
from memory.episodic.anchor import Anchor, AnchorFile
from memory.episodic.chain import Signer
from memory.episodic.journal import Journal
from memory.episodic.log import SqlEpisodes
from tests.activities.effects.fake_channel import Clock, FakeChannel, Kind, Made, manifest
from tests.activities.effects.ledger_helpers import Door, refund
from tests.activities.grounds import ANYBODY
from tests.memory.audit_helpers import OneKey
from tests.workflows.reconciliation.paging import Paging, oldest_first

QUIET = timedelta(hours=1)
"""Longer than any patience of the reconciler but that for abandoned effects."""


class Shop(FakeChannel):
    """A till with a listing; it shows keys if it keeps them, `page_size` entries at a time."""

    def __init__(self, clock: Clock, *manifests: Manifest, page_size: int = 2) -> None:
        super().__init__(clock, *manifests)
        self.page_size = page_size
        self.hidden: set[str] = set()
        self.asked: list[str | None] = []
        self.paging: Paging = oldest_first
        self.meanwhile: Callable[[], object] = lambda: None

    async def list_page(self, connector: str, cursor: str | None, limit: int) -> OutsidePage:
        self.settle()
        self.asked.append(cursor)
        listed = [made for made in self.made if made.operation == "refund" and made.connector == connector]
        shown = [made for made in listed if made.reference not in self.hidden]
        page, following = self.paging(shown, cursor, self.page_size)
        self.meanwhile()
        listing = self.manifests[connector].listing
        assert listing is not None
        entries = tuple(self._entry(made, listing) for made in page)
        return OutsidePage(entries=entries, next_cursor=following)

    def _entry(self, made: Made, listing: Listing) -> OutsideEntry:
        return OutsideEntry(
            connector=made.connector,
            operation=made.operation,
            reference=made.reference,
            key=made.key if listing.key and made.key else None,
            amount_cents=int(str(made.arguments["amount_cents"])),
            at=made.at,
            subject=str(made.arguments["order"]) if listing.subject else "",
        )

    def by_hand(self, cents: int, key: str = "", order: str = "W-9") -> Made:
        """Do something that nobody ordered."""
        arguments: Arguments = {"order": order, "amount_cents": cents}
        made = Made(f"H-{len(self.made) + 1}", "till", "refund", arguments, key, self.clock.now)
        self.made.append(made)
        return made


def listed(kind: Kind, order: Runs, *, subject: bool = False) -> Manifest:
    """A connector of that kind with a listing; only one that keeps our reference shows it."""
    listing = Listing(
        operation="read_log",
        order=order,
        items="items",
        next_cursor="next",
        reference="id",
        amount_cents="cents",
        at="at",
        key="key" if kind == "client_reference" else "",
        subject="order" if subject else "",
    )
    return manifest(kind).model_copy(update={"listing": listing, "rate_limit_per_second": 1e6})


@dataclass
class Bookkeeping:
    """The books, the shop, and the reconciler between them."""

    engine: Engine
    folder: Path
    kind: Kind = "client_reference"
    runs: Runs = "oldest-first"
    paging: Paging = oldest_first

    def __post_init__(self) -> None:
        self.test = uuid.uuid4().hex[:8]
        self.clock = Clock()
        self.shop = Shop(self.clock, listed(self.kind, self.runs))
        self.shop.paging = self.paging
        self.door = Door(self.engine, self.shop, self.clock)
        anchor = Anchor(AnchorFile(self.folder / "audit.anchor"))
        self.journal = Journal(self.engine, Signer(OneKey()), anchor)
        self.log = SqlEpisodes(self.journal, anchor)
        self.books = SqlReconciliation(self.journal, "EUR")
        self.work = ReconcileActivities(
            connectors=("till",),
            outside=self.shop,
            books=self.books,
            ledger=self.door.ledger,
            log=self.log,
            callers=ANYBODY,
            clock=self.clock,
        )

    def order(self, cents: int = 4000, number: int = 1) -> EffectOrder:
        case_id = f"returns/till/{self.test}-{number}"
        return self.door.order(refund(cents, order=f"W-{number}"), case_id=case_id)

    async def paid(self, cents: int = 4000, number: int = 1) -> EffectReceipt:
        """Pay a refund as the desk does."""
        return await self.door.pursue(self.order(cents, number))

    def unknown(self, order: EffectOrder) -> None:
        """Give an effect up as Temporal does after a day."""
        receipt = self.door.ledger.give_up(order, "given up", self.clock.now)
        assert receipt.state is EffectState.UNKNOWN

    async def reconcile(self) -> ReconcileSummary:
        """One run over the till, as the workflow does it, without opening cases."""
        walk = Walk(connector="till", began_at=self.clock.now, patience=Patience())
        tally = ReconcileSummary()
        more = True
        while more:
            page = await self.work.listing(walk)
            tally, more = tally.plus(entries=page.entries, healed=page.healed, pages=1), page.more
            walk = walk.model_copy(update={"trail": page.trail})
        more = not page.endless
        while more:
            ours = await self.work.ledger(walk)
            tally, more = tally.plus(effects=ours.effects, found=ours.found), ours.more
            if ours.suspects:
                found = await self._missing(walk, ours)
                tally, more = tally.plus(found=found or 0), more and found is not None
        for order in (await self.work.unresolved(Unresolved(walk=walk))).orders:
            await self.door.pursue(order)
            stuck = await self.work.pursued(PursuedPage(pursued=(Retried(key=order.key),)))
            tally = tally.plus(healed=1 - stuck, found=stuck)
        judgement = await self.work.judge(walk)
        return tally.plus(found=judgement.found, healed=judgement.healed)

    async def _missing(self, walk: Walk, ours: LedgerPage) -> int | None:
        """Look again for what was not listed; None if it was not read to where that would stand."""
        look = SecondLook(walk=walk, suspects=ours.suspects)
        looked = await ActivityEnvironment().run(self.work.second_look, look)
        if not looked.complete:
            return None
        assert ours.position is not None
        return await self.work.missing(Missing(walk=walk, suspects=ours.suspects, position=ours.position))

    def state(self, order: EffectOrder) -> EffectState:
        receipt = self.door.ledger.find(order.key)
        assert receipt is not None
        return receipt.state

    def open(self) -> list[Divergence]:
        """The divergences that need a case."""
        return list(self.books.openings(100))

    def kinds(self) -> list[DivergenceKind]:
        return [found.kind for found in self.open()]
