"""What a run of the reconciler costs when little changed, at ledgers of growing size.

A ledger of N applied refunds and an outside listing of the same N are reconciled once. Then a fixed
number of things happen, and the next run is timed: the workflow on a real server, real pages, real
SQL; only the outside system is a list in memory. The floor is one bare SQL comparison of everything
with everything, both ways, which knows no cursors: its cost grows with N.

`KONTOR_BENCH_RECONCILE_SIZES` sets the sizes, for instance `1000,10000`.
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.reconcile import ReconcileActivities
from activities.statements import StatementActivities
from benchmarks.environment import free_port
from benchmarks.rows import Row
from cli.stack.dev_server import DevServer
from contracts.base import Arguments
from contracts.connector import Manifest
from contracts.effect import EffectState, OutsideResult
from contracts.ids import CONTROL_QUEUE, connector_queue
from contracts.listing import Listing, OutsideEntry, OutsidePage
from contracts.reconciliation.messages import Patience, ReconcileRequest, ReconcileSummary
from contracts.reconciliation.statement import LineTold, PaymentTold, Statement
from contracts.shares import Subject
from memory.authoritative.ledger.ledger import SqlLedger
from memory.authoritative.reconciliation.store import SqlReconciliation
from memory.authoritative.reconciliation.subjects import SqlSubjects
from memory.database import migrate, open_engine, writing
from memory.episodic.anchor import Anchor, AnchorFile
from memory.episodic.chain import Signer, new_key
from memory.episodic.journal import Journal
from memory.episodic.log import SqlEpisodes
from memory.tables.ledger import EffectRow
from memory.tables.shares import ShareRow
from tests.activities.grounds import ANYBODY
from workflows.reconciliation.reconcile import ReconcileWorkflow

SIZES = "1000,10000,100000"
CHANGED = 50
"""Effects that are applied and listed between two runs."""
LOST = 10
"""Effects among them whose answer was lost: `unknown` in our ledger, listed outside."""
APART = timedelta(milliseconds=1)
"""Between two effects: no two change in the same moment."""
RUNS = 3
"""Timed runs at each size; the middle one counts."""
NAMES = {1000: "1k", 10_000: "10k", 100_000: "100k"}
SHOP = "shop"
PATIENCE = Patience(margin=timedelta(0), grace=timedelta(0))

FLOOR = """
SELECT count(*) FROM effects e LEFT JOIN outside_entries o
  ON o.connector = e.connector AND o.operation = e.operation AND o.reference = e.outside_reference
  WHERE e.connector = 'shop' AND (o.reference IS NULL OR o.amount_cents <> e.amount_cents)
UNION ALL
SELECT count(*) FROM outside_entries o LEFT JOIN effects e
  ON e.connector = o.connector AND e.outside_reference = o.reference AND e.operation = o.operation
  WHERE o.connector = 'shop' AND (e.key IS NULL OR o.amount_cents <> e.amount_cents)
"""


class _Keys:
    """Secrets with one key, made here."""

    def __init__(self) -> None:
        self._key = new_key()

    def read(self, _name: str) -> str:
        return self._key


class _Shop:
    """An outside system that lists what happened, in order, with our keys, and tells each order's line."""

    by = "order"

    def __init__(self) -> None:
        self.listed: list[OutsideEntry] = []
        listing = Listing(
            operation="list",
            order="oldest-first",
            items="i",
            next_cursor="n",
            reference="r",
            amount_cents="a",
            at="t",
            key="k",
        )
        self._manifest = Manifest(
            name=SHOP,
            version="1",
            transport="http",
            base_url="",
            rate_limit_per_second=1000.0,
            operations={},
            listing=listing,
        )

    def manifest(self, _connector: str) -> Manifest:
        return self._manifest

    async def list_page(self, _connector: str, cursor: str | None, limit: int) -> OutsidePage:
        start = int(cursor or 0)
        page = tuple(self.listed[start : start + limit])
        return OutsidePage(entries=page, next_cursor=str(start + len(page)))

    async def statement(self, connector: str, id_: str) -> Statement | None:
        name, cents = f"{connector}/{id_}", _cents(int(id_))
        return Statement(
            subject=Subject(name=name, connector=connector, id=id_),
            by=self.by,
            id=id_,
            currency="EUR",
            directions={"refund": "out"},
            lines=(LineTold(account=f"{name}/1", pieces=1, paid_cents=cents, counted={"refund": 1}),),
            payments=(PaymentTold(account=f"{name}#paid-by/card", operation="refund", cents=cents),),
        )

    def compensation(
        self, connector: str, operation: str, arguments: Arguments, key: str, sent: OutsideResult
    ) -> tuple[str, Arguments] | None:
        raise NotImplementedError


class _Books:
    """One synthetic ledger with the listing that belongs to it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.shop = _Shop()
        self.count = 0
        anchor = Anchor(AnchorFile(folder / "audit.anchor"))
        journal = Journal(engine, Signer(_Keys()), anchor)
        log = SqlEpisodes(journal, anchor)
        self.lines = StatementActivities(
            {SHOP: self.shop}, self.shop, SqlSubjects(journal), clock=lambda: datetime.now(UTC)
        )
        self.work = ReconcileActivities(
            connectors=(SHOP,),
            outside=self.shop,
            books=SqlReconciliation(journal, "EUR"),
            ledger=SqlLedger(journal),
            log=log,
            callers=ANYBODY,
            clock=lambda: datetime.now(UTC),
        )

    def grow(self, count: int, *, lost: int = 0, at: datetime) -> None:
        """Let effects happen, here and outside; of the last `lost` our ledger knows no end."""
        numbers = range(self.count, self.count + count)
        self.count += count
        with writing(self.engine) as session:
            for start in range(0, count, 5000):
                rows = [
                    _effect(each, each >= self.count - lost, at) for each in numbers[start : start + 5000]
                ]
                session.execute(insert(EffectRow), rows)
                some = numbers[start : start + 5000]
                parts = (("/1", 1), ("#paid-by/card", 0))
                session.execute(insert(ShareRow), [_share(each, *part) for each in some for part in parts])
        self.shop.listed += [_entry(each, at) for each in numbers]

    def floor_seconds(self) -> float:
        """Compare everything with everything in one statement."""
        begun = time.perf_counter()
        with self.engine.connect() as connection:
            connection.exec_driver_sql(FLOOR).all()
        return time.perf_counter() - begun


def _effect(number: int, lost: bool, at: datetime) -> dict[str, Any]:
    moment = at + number * APART
    return {
        "key": f"refund-{number}",
        "case_id": f"returns/shop/{number}",
        "step": "refund",
        "connector": SHOP,
        "operation": "refund",
        "arguments": {"order": str(number), "amount_cents": _cents(number)},
        "arguments_hash": str(number),
        "amount_cents": _cents(number),
        "currency": "EUR",
        "permit_id": f"permit-{number}",
        "connector_version": "1",
        "likeness": str(number),
        "state": EffectState.UNKNOWN.value if lost else EffectState.APPLIED.value,
        "outside_reference": None if lost else f"R-{number}",
        "result": {},
        "attempts": 1,
        "last_call": 1,
        "looked_up": False,
        "intended_at": moment,
        "sent_at": moment,
        "settled_at": moment,
        "updated_at": moment,
    }


def _share(number: int, account: str, pieces: int) -> dict[str, Any]:
    return {
        "effect_key": f"refund-{number}",
        "account": f"{SHOP}/{number}{account}",
        "case_id": f"returns/shop/{number}",
        "operation": "refund",
        "quantity": pieces,
        "amount_cents": _cents(number),
    }


def _cents(number: int) -> int:
    return 1000 + number % 700


def _entry(number: int, now: datetime) -> OutsideEntry:
    return OutsideEntry(
        connector=SHOP,
        operation="refund",
        reference=f"R-{number}",
        key=f"refund-{number}",
        amount_cents=_cents(number),
        at=now,
    )


def _workers(client: Client, books: _Books) -> list[Worker]:
    work = books.work
    ours: list[Callable[..., Any]] = [work.ledger, work.unresolved, work.pursued, work.judge]
    return [
        Worker(
            client,
            task_queue=CONTROL_QUEUE,
            workflows=[ReconcileWorkflow],
            workflow_runner=UnsandboxedWorkflowRunner(),
            activities=[*ours, work.openings, work.opened, work.anchor],
        ),
        Worker(client, task_queue=connector_queue(SHOP), activities=[work.listing, books.lines.subjects]),
    ]


async def _run(client: Client) -> tuple[float, ReconcileSummary]:
    begun = time.perf_counter()
    tally = await client.execute_workflow(
        ReconcileWorkflow.run,
        # A run that has begun does not ask the server for open cases: there are none here.
        ReconcileRequest(connectors=(SHOP,), patience=PATIENCE, tally=ReconcileSummary()),
        id=f"reconcile-{time.time_ns()}",
        task_queue=CONTROL_QUEUE,
    )
    return time.perf_counter() - begun, tally


async def _measured(client: Client, size: int, folder: Path) -> Iterable[Row]:
    engine = open_engine(f"sqlite:///{folder / 'kontor.db'}")
    migrate(engine)
    books = _Books(engine, folder)
    books.grow(size, at=datetime.now(UTC) - timedelta(days=1))
    first, second = _workers(client, books)
    async with first, second:
        whole_seconds, tally = await _run(client)
        if (tally.entries, tally.effects, tally.found) != (size, size, 0):
            raise RuntimeError(f"the first run is wrong: {tally}")
        runs = []
        for _ in range(RUNS):
            books.grow(CHANGED, lost=LOST, at=datetime.now(UTC) - books.count * APART)
            seconds, tally = await _run(client)
            if (tally.entries, tally.healed, tally.found) != (CHANGED, LOST, 0):
                raise RuntimeError(f"a run is wrong: {tally}")
            runs.append(seconds)
    name = NAMES.get(size, str(size))
    floor = books.floor_seconds()
    engine.dispose()
    return (
        Row(f"reconcile.seconds_{name}", sorted(runs)[RUNS // 2], "s", floor),
        Row(f"reconcile.first_run_seconds_{name}", whole_seconds, "s", floor),
    )


async def rows() -> list[Row]:
    """Return, for each size, a run after 50 changes and the first run, beside the bare comparison."""
    sizes = [int(size) for size in os.environ.get("KONTOR_BENCH_RECONCILE_SIZES", SIZES).split(",")]
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        server = DevServer(Path(folder) / "temporal.db", free_port())
        process = server.start()
        try:
            client = await Client.connect(server.address, data_converter=pydantic_data_converter)
            for size in sizes:
                place = Path(folder) / str(size)
                place.mkdir()
                found += await _measured(client, size, place)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    return found
