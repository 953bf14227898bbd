"""Memory: what the office remembers, found by meaning and by words, each with its source."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from starlette.responses import Response
from temporalio.service import RPCError

from console.cases import path_of
from console.visit import Refused, Visit
from contracts.memory import Recalled, Search
from memory.authoritative.staff_episodes import staff_episode
from service.memory_access import AskedWorker, WorkerAway
from service.ownership import join

MOST = 20
FORGETS = "forgets_a_customer"
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


@dataclass(frozen=True)
class ForgettingView:
    """The page that asks once more, or says what was forgotten.

    Attributes:
        customer: whose memories.
        gone: how many memories were deleted; None before.
        away: why nothing can be forgotten now; empty if it can.
    """

    customer: str
    gone: int | None = None
    away: str = ""


async def forget(visit: Visit) -> Response:
    """Delete what is remembered of a customer; asked for the first time, ask once more.

    That somebody did is on record before it is done; of whom is not, as the log holds no personal data.
    """
    customer = visit.field("customer").strip()
    if not customer:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Whose memories?", "Name the customer.")
    view = ForgettingView(customer)
    if visit.field("sure") == "yes":
        told = staff_episode(FORGETS, secrets.token_hex(8), visit.now, {"person": visit.person})
        await asyncio.to_thread(visit.kontor.episodes.append, [told])
        try:
            gone = await AskedWorker(await join(visit.kontor)).forget(customer)
            view = ForgettingView(customer, gone.memories)
        except (WorkerAway, RPCError, RuntimeError) as away:
            view = ForgettingView(customer, away=str(away))
    return visit.page("forgetting.html", "Forget", view)


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
