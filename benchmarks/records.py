"""What our own records of one case cost: statements, commits, processor time.

The stores are driven as the activities of one settled return drive them: the opening note, two
decisions, an authorization with four permits, four effects begun and answered, the closing note;
then recall and the summary in semantic memory. No server, no call outside. The floor is the same
statements, run again by `sqlite3` alone. `KONTOR_RECORD_CASES` makes it smaller.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.environment import own_settings
from benchmarks.record_case import MESSAGE, POLICY_VERSION, CaseInput
from benchmarks.rows import Row
from bootstrap.installation import Installation
from connectors.checks.manifests import sound_manifests
from contracts.authorization import Reservation
from contracts.case import CaseStatus
from contracts.connector import Manifest
from contracts.memory import ContextRequest, Memory
from memory.database import migrate, open_engine
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge
from models.local.embedder import SentenceEmbedder

CASES = int(os.environ.get("KONTOR_RECORD_CASES", "300"))
WARM = 20
ENDING = min(CASES, 60)
"""So many cases also recall and leave a summary."""
BETWEEN_ENDS_SECONDS = 0.1
"""How often a case ends while summaries are measured: not alone, and not all at once."""


class Records:
    """The stores of one database, as a worker wires them."""

    def __init__(self, kontor: Installation) -> None:
        """Open them."""
        self.engine = kontor.database
        self._writer = kontor.case_writer
        self._decisions = kontor.decisions
        self._authorizations = kontor.authorizations
        self._ledger = kontor.ledger

    def keep(self, case: CaseInput, manifest: Manifest) -> None:
        """Write all that one settled return leaves in SQL, memory left out."""
        now = case.now
        self._writer.record(case.opened, case.opening)
        self._decisions.keep_all(case.id, case.decisions, case.questions)
        place = Reservation(
            fact="earlier_returns",
            desk="returns",
            holder=case.customer,
            status=CaseStatus.SETTLED,
            since=now - timedelta(days=90),
        )
        place = place.model_copy(update={"counted": self._authorizations.counted(case.id, place)})
        if held := self._authorizations.keep(
            case.id, case.claims, case.verdicts, case.permits, now, reservations=(place,)
        ):
            raise RuntimeError(f"{case.id} is held by {held}")
        for order, answer in zip(case.orders, case.answers, strict=True):
            dispatch = self._ledger.begin(order, manifest, POLICY_VERSION, now)
            self._ledger.answered(order.key, dispatch.call, answer, now)
        self._writer.record(case.settled, case.closing)


class Statements:
    """Every statement that SQLite itself is given, with its values, while it is switched on."""

    def __init__(self, engine: Engine) -> None:
        """Trace each connection that is taken from the pool."""
        self.texts: list[str] = []
        self.on = False
        event.listen(engine, "checkout", self._trace)

    def _trace(self, connection: Any, _record: object, _proxy: object) -> None:
        connection.set_trace_callback(self._saw if self.on else None)

    def _saw(self, text: str) -> None:
        if self.texts[-1:] != [text]:  # a trigger is told of as its statement once more
            self.texts.append(text)


def replayed_ms(statements: list[str], database: Path) -> float:
    """Run statements again by the driver alone, in a fresh database; return the processor time."""
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    engine.dispose()
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    began = time.process_time()
    for statement in statements:
        connection.execute(statement).fetchall()
    spent = time.process_time() - began
    connection.close()
    return spent * 1000


def kept(kontor: Installation, folder: Path) -> list[Row]:
    """Measure the authoritative records of a case."""
    records = Records(kontor)
    traced = Statements(records.engine)
    manifest = sound_manifests(kontor.settings.office, {"KONTOR_SANDBOX_PORT": "1"})["webshop"]
    now = datetime.now(UTC)
    cases = [CaseInput(number, manifest, now) for number in range(2 * WARM + CASES)]
    traced.on = True
    for case in cases[:WARM]:
        records.keep(case, manifest)
    traced.on = False
    for case in cases[WARM : 2 * WARM]:
        records.keep(case, manifest)
    began = time.process_time()
    for case in cases[2 * WARM :]:
        records.keep(case, manifest)
    spent = (time.process_time() - began) / CASES * 1000
    commits = sum(text == "COMMIT" for text in traced.texts)
    return [
        Row("records.statements", len(traced.texts) / WARM, "count"),
        Row("records.commits", commits / WARM, "count"),
        Row("records.cpu_ms", spent, "ms", replayed_ms(traced.texts, folder / "again.db") / WARM),
    ]


async def remembered(kontor: Installation) -> list[Row]:
    """Measure what the summaries of cases that end one after the other cost in memory."""
    engine = kontor.database
    traced = Statements(engine)
    embedder = SentenceEmbedder()
    memory = SemanticMemory(engine, QdrantEdge(kontor.settings.state / "vectors"), embedder)
    await memory.start()
    await embedder.warm()
    traced.on = True
    spent = time.process_time()
    for number in range(ENDING):
        await end_case(memory, number)
        await asyncio.sleep(BETWEEN_ENDS_SECONDS)
    await memory.settled()
    spent = time.process_time() - spent
    memory.close()
    embedder.close()
    return [
        Row("records.memory_statements", len(traced.texts) / ENDING, "count"),
        Row("records.memory_cpu_ms", spent / ENDING * 1000, "ms"),
    ]


async def end_case(memory: SemanticMemory, number: int) -> None:
    """Recall for a case without asking the embedder, and leave its summary."""
    case_id, customer = f"returns/webshop/RMA-{number}", f"customer-{number % 50}"
    await memory.assemble(
        ContextRequest(case_id=case_id, question=MESSAGE, customer=customer, mode="lexical")
    )
    summary = f"Scarf, size 2 of order W-{number}, too small, 49.90 EUR: settled, 4990 cents refunded"
    note = Memory(text=summary, kind="case", source=f"case:{case_id}", case_id=case_id, customer=customer)
    await memory.remember([note], at_once=False)


async def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="kontor-records-") as place:
        async with Installation(own_settings(Path(place))) as kontor:
            return [*kept(kontor, Path(place)), *await remembered(kontor)]
