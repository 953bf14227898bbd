"""Memory: what the office remembers, found by meaning and by words, each with its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response
from temporalio.service import RPCError

from console.cases import path_of
from console.visit import Visit
from contracts.memory import Recalled, Search
from service.memory_access import AskedWorker, WorkerAway
from service.ownership import join

MOST = 20
KINDS = ("case", "policy", "post", "note")


@dataclass(frozen=True)
class MemoryLine:
    """One memory.

    Attributes:
        case: the address of the case that it is from; empty if it is from none.
        score: how well it fits, from 0 to 1.
    """

    text: str
    kind: str
    source: str
    case: str
    at: datetime
    score: float


@dataclass(frozen=True)
class MemoryView:
    """The page.

    Attributes:
        away: why nothing can be found now; empty if it can.
    """

    question: str
    kind: str
    kinds: Sequence[str]
    lines: Sequence[MemoryLine]
    away: str


async def show(visit: Visit) -> Response:
    """Search, if anything is asked for."""
    question, kind = visit.asked("question"), visit.asked("kind")
    found: tuple[Recalled, ...] = ()
    away = ""
    if question:
        kinds = (kind,) if kind in KINDS else ()
        try:
            # The worker has the models at hand; this process never loads them.
            worker = AskedWorker(await join(visit.kontor))
            found = await worker.search(Search(question=question, limit=MOST, kinds=kinds))
        except (WorkerAway, RPCError, RuntimeError) as gone:
            away = str(gone)
    view = MemoryView(question, kind, KINDS, tuple(_line(each) for each in found), away)
    return visit.page("memory.html", "Memory", view)


def _line(memory: Recalled) -> MemoryLine:
    return MemoryLine(
        text=memory.text,
        kind=memory.kind,
        source=memory.source,
        case=path_of(memory.case_id) if memory.case_id else "",
        at=memory.at,
        score=memory.score or 0.0,
    )
