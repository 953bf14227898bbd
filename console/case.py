"""A case: what was asked, how it stands, what keeps it, what is done, and everything that happened to it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import Response

from console.cases import TONES
from console.effects import DoneLine, done_line
from console.trail import TrailLine, trail, waits_for
from console.undoing import UndoView, undo_view
from console.visit import Refused, Visit
from contracts.money import money_text
from service.customer_words import customer_words, other_fields
from service.live import live
from service.timeline import Timeline, timeline
from service.words import fields_in_words

HEARS = ("cases", "effects", "approvals", "approval_answers")


@dataclass(frozen=True)
class CaseView:
    """The page.

    Attributes:
        words: what the customer wrote.
        facts: what else the request says.
        waits: what keeps it from going on.
        temporal: the address of its workflow in the Temporal Web UI.
        undo: what an undo would do; None where there is nothing to undo now.
    """

    id: str
    what: str
    status: str
    tone: str
    outcome: str
    money: str
    opened_at: datetime
    updated_at: datetime
    office_version: str
    words: Sequence[str]
    facts: Sequence[tuple[str, str]]
    waits: Sequence[str]
    done: Sequence[DoneLine]
    trail: Sequence[TrailLine]
    temporal: str
    undo: UndoView | None


async def show(visit: Visit) -> Response:
    """Show it; of an open case the Temporal server is asked, too, if it answers at once."""
    case_id = visit.request.path_params["case_id"]
    found = await asyncio.to_thread(timeline, visit.kontor, case_id)
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"There is no case {case_id}")
    if not found.record.status.ended:
        found = replace(found, at_server=await live(visit.kontor, case_id))
    view = _view(found, _temporal(visit, case_id), await undo_view(visit, found.record))
    return await asyncio.to_thread(visit.page, "case.html", case_id, view, hears=HEARS)


def _view(found: Timeline, temporal: str, undo: UndoView | None) -> CaseView:
    record = found.record
    return CaseView(
        id=record.id,
        what=record.summary,
        status=record.status.value,
        tone=TONES.get(record.status, ""),
        outcome=record.outcome.replace("_", " ") if record.status.ended else "",
        money=money_text(record.amount_cents, record.currency) if record.amount_cents else "",
        opened_at=record.opened_at,
        updated_at=record.updated_at,
        office_version=record.office_version,
        words=customer_words(record),
        facts=tuple(fields_in_words(other_fields(record), record.currency)),
        waits=tuple(waits_for(found)),
        done=tuple(done_line(entry) for entry in found.effects),
        trail=trail(found),
        temporal=temporal,
        undo=undo,
    )


def _temporal(visit: Visit, case_id: str) -> str:
    own = visit.kontor.settings
    namespace, workflow = (quote(each, safe="") for each in (own.temporal_namespace, case_id))
    return f"{own.web_ui}/namespaces/{namespace}/workflows/{workflow}"
