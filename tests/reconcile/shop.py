"""A till that also lists what it did, and the reconciler's run with the clock moved by hand."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from activities.reconcile import ReconcileActivities
from contracts.canonical import Arguments
from contracts.divergence import Divergence, DivergenceKind
from contracts.effect import EffectOrder, EffectReceipt, EffectState
from contracts.listing import OutsideEntry, OutsidePage
from contracts.manifest import Listing, Manifest
from contracts.reconciling import Patience, Pursued, PursuedPage, ReconcileTally, Unresolved, Walk
from memory.anchor import Anchor, AnchorFile
from memory.books import SqlBooks
from memory.chain import Signer
from memory.episodes import SqlEpisodes
from tests.effects.doors import Door, refund
from tests.effects.till import Clock, Kind, Made, Till, manifest
from tests.memory.ink import OneKey

QUIET = timedelta(hours=1)
"""Longer than any patience of the reconciler but that for abandoned effects."""


class Shop(Till):
    """A till with a listing; it shows keys if it keeps them, `page_size` entries at a time."""

    def __init__(self, clock: Clock, *manifests: Manifest, page_size: int = 2) -> None:
        super().__init__(clock, *manifests)
        self.page_size = page_size
        self.hidden: set[str] = set()
        self.asked: list[str | None] = []

    async def list_page(self, connector: str, cursor: str | None, limit: int) -> OutsidePage:
        self.settle()
        self.asked.append(cursor)
        listed = [made for made in self.made if made.operation == "refund" and made.connector == connector]
        shown = [made for made in listed if made.reference not in self.hidden]
        start = int(cursor or 0)
        page = shown[start : start + self.page_size]
        keyed = self.manifests[connector].listing
        entries = tuple(self._entry(made, keyed=bool(keyed and keyed.key)) for made in page)
        return OutsidePage(entries=entries, next_cursor=str(start + len(page)))

    def _entry(self, made: Made, *, keyed: bool) -> OutsideEntry:
        return OutsideEntry(
            connector=made.connector,
            operation=made.operation,
            reference=made.reference,
            key=made.key if keyed and made.key else None,
            amount_cents=int(str(made.arguments["amount_cents"])),
            at=made.at,
        )

    def by_hand(self, cents: int, key: str = "") -> Made:
        """Do something that nobody ordered."""
        arguments: Arguments = {"order": "W-9", "amount_cents": cents}
        made = Made(f"H-{len(self.made) + 1}", "till", "refund", arguments, key, self.clock.now)
        self.made.append(made)
        return made


def listed(kind: Kind) -> Manifest:
    """A connector of that kind with a listing; only one that keeps our reference shows it."""
    listing = Listing(
        operation="read_log",
        items="items",
        next_cursor="next",
        reference="id",
        amount_cents="cents",
        at="at",
        key="key" if kind == "client_reference" else "",
    )
    return manifest(kind).model_copy(update={"listing": listing})


@dataclass
class Bookkeeping:
    """The books, the shop, and the reconciler between them."""

    engine: Engine
    folder: Path
    kind: Kind = "client_reference"

    def __post_init__(self) -> None:
        self.test = uuid.uuid4().hex[:8]
        self.clock = Clock()
        self.shop = Shop(self.clock, listed(self.kind))
        self.door = Door(self.engine, self.shop, self.clock)
        signer = Signer(OneKey())
        self.log = SqlEpisodes(self.engine, signer, Anchor(AnchorFile(self.folder / "audit.anchor")))
        self.books = SqlBooks(self.engine, signer)
        self.work = ReconcileActivities(
            connectors=("till",),
            outside=self.shop,
            books=self.books,
            ledger=self.door.ledger,
            log=self.log,
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

    async def reconcile(self) -> ReconcileTally:
        """One run over the till, as the workflow does it, without opening cases."""
        walk = Walk(connector="till", began_at=self.clock.now, patience=Patience())
        tally = ReconcileTally()
        more = True
        while more:
            page = await self.work.listing(walk)
            tally, more = tally.plus(entries=page.entries, healed=page.healed, pages=1), page.more
        more = True
        while more:
            ours = await self.work.ledger(walk)
            tally, more = tally.plus(effects=ours.effects, found=ours.found), ours.more
        for order in (await self.work.unresolved(Unresolved(walk=walk))).orders:
            await self.door.pursue(order)
            stuck = await self.work.pursued(PursuedPage(pursued=(Pursued(key=order.key),)))
            tally = tally.plus(healed=1 - stuck, found=stuck)
        judgement = await self.work.judge(walk)
        return tally.plus(found=judgement.found, healed=judgement.healed)

    def state(self, order: EffectOrder) -> EffectState:
        receipt = self.door.ledger.find(order.key)
        assert receipt is not None
        return receipt.state

    def open(self) -> list[Divergence]:
        """The divergences that need a case."""
        return list(self.books.openings(100))

    def kinds(self) -> list[DivergenceKind]:
        return [found.kind for found in self.open()]
