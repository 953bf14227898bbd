"""Taking a case back from its page: what would be undone, until when policy lets it, and saying so."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response
from temporalio.service import RPCError

from console.cases import path_of
from console.effects import EffectLine, effect_line, in_title
from console.proving import proved
from console.visit import Refused, Visit
from contracts.approvals.messages import Withdrawal
from contracts.authorization import Plan, why_denied
from contracts.base import content_hash
from contracts.case import CaseRecord, CaseStatus
from contracts.proof import Said
from contracts.undo import Compensation, UndoCase, UndoFacts, UndoPlan
from service.case_updates import NotTaken
from service.ownership import NotOurs, join
from service.temporal import ServerAway
from service.undo import StillRunning, plan_undo, taking_back, undo_case

WAIT_SECONDS = 10.0
"""How long the page waits for the end; what takes longer is told by the case's own page, as it happens."""
MOST_DAYS = 400
"""What policy lets be undone after so long, it is taken to let be undone for ever."""


@dataclass(frozen=True)
class UndoView:
    """What an undo of a case would do.

    Attributes:
        lines: what is done, the first first.
        stays: what is not undone, and why.
        until: when policy lets it no more; None where it sets no end.
        seen: the hash of all that, which an undo is bound to.
    """

    lines: Sequence[EffectLine]
    stays: Sequence[str]
    until: datetime | None
    seen: str


async def undo_view(visit: Visit, record: CaseRecord) -> UndoView | None:
    """Return what an undo would do; None of a case that cannot be undone now, or did nothing."""
    if record.status is CaseStatus.UNDONE or not (record.status.ended or record.waits_for):
        return None
    plan = await plan_undo(visit.kontor, record.id, ())
    return await asyncio.to_thread(_view, visit, record, plan) if plan.compensations else None


def _view(visit: Visit, record: CaseRecord, plan: UndoPlan) -> UndoView | None:
    lines: list[EffectLine] = []
    ends: list[datetime | None] = []
    stays = [f"{in_title(left.step or left.key)}: {left.why}" for left in plan.impossible]
    for each in plan.compensations:
        if why := _denied(visit, record, each, _days(each, visit.now)):
            stays.append(f"{in_title(each.operation)}: {why}")
            continue
        lines.append(effect_line(each.effect))
        ends.append(_until(visit, record, each))
    if not lines:
        return None
    seen = content_hash([each.model_dump(mode="json") for each in plan.compensations])
    return UndoView(lines, stays, min((end for end in ends if end), default=None), seen)


def _denied(visit: Visit, record: CaseRecord, compensation: Compensation, days: int) -> str:
    """Say why policy does not let something be undone so many days after it was done; empty if it does."""
    effect = compensation.effect
    facts = UndoFacts(
        desk=record.desk,
        undoes=compensation.operation,
        because="person",
        asked_by=visit.person,
        amount_cents=compensation.sum_cents or effect.amount_cents,
        days_since_applied=days,
    )
    plan = Plan(
        case_id=record.id,
        desk=record.desk,
        summary="undo",
        facts=facts.model_dump(mode="json"),
        effects=(effect,),
    )
    verdicts = visit.kontor.policy_engine.judge(plan)
    if all(verdict.outcome != "deny" for verdict in verdicts):
        return ""
    return why_denied(verdicts) or "no policy permits it"


def _days(compensation: Compensation, now: datetime) -> int:
    return max(0, (now - compensation.applied_at).days)


def _until(visit: Visit, record: CaseRecord, compensation: Compensation) -> datetime | None:
    """Return when policy does not let it be undone any more: what it forbids on a day, it forbids later."""
    days = range(_days(compensation, visit.now), MOST_DAYS)
    first = bisect_left(days, 1, key=lambda day: bool(_denied(visit, record, compensation, day)))
    return compensation.applied_at + timedelta(days=days[first]) if first < len(days) else None


def _proved(visit: Visit, asked: UndoCase) -> Withdrawal | None:
    """Write the proofs of what they say; return that by which a case that waits is taken back first."""
    proved(visit, Said(act="undo", about=asked.record.id, words={"keys": []}))
    if asked.record.status.ended:
        return None
    said = taking_back(asked)
    return said.model_copy(update={"proof": proved(visit, said.said(asked.record.id)).id})


async def undo(visit: Visit) -> Response:
    """Undo a case as its page showed it; what policy wants a second person for, waits for one."""
    case_id = visit.request.path_params["case_id"]
    record = await asyncio.to_thread(visit.kontor.cases.find, case_id)
    if record is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"There is no case {case_id}")
    view = await undo_view(visit, record)
    if view is None or visit.field("seen") != view.seen:
        why = "What it did is otherwise than on the page that you answered. Look at it again."
        raise Refused(HTTPStatus.CONFLICT, "Nothing was undone", why)
    asked = UndoCase(record=record, person=visit.person, note=visit.field("note").strip())
    try:
        client = await join(visit.kontor)
        withdrawal = await asyncio.to_thread(_proved, visit, asked)
        await undo_case(visit.kontor, client, asked, WAIT_SECONDS, withdrawal)
    except (StillRunning, NotTaken) as running:
        raise Refused(HTTPStatus.CONFLICT, "Nothing was undone", f"{running}.") from None
    except (ServerAway, NotOurs, RPCError) as away:
        why = "Try again in a while; whoever runs Kontor here sees why in its log."
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "It could not be undone", why) from away
    return RedirectResponse(path_of(record.id), HTTPStatus.SEE_OTHER)
