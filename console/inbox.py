"""What waits for the person who is in: the queue, and one request with everything they need to answer it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.responses import Response

from console.cases import path_of
from console.effects import EffectLine, effect_line
from console.visit import Refused, Visit
from contracts.approvals.clarification import MachineQuestion
from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import ApprovalRecord, ApprovalRequest
from contracts.approvals.rules import AGREES
from contracts.authorization import PolicyReason
from contracts.evidence import Evidence
from contracts.money import money_text
from service.approvals import authority_words, listed, may_answer
from service.customer_words import customer_words
from service.words import age, fields_in_words, in_words

MOST = 50
"""Requests on a page: the oldest first, so what is on it is what is next."""
MOST_EVIDENCE = 6
LOOKS_FOR = timedelta(minutes=15)
"""Who opened a request longer ago, and turned to nothing else since, is not looking at it any more."""
SOON, AT_ONCE = timedelta(hours=8), timedelta(hours=2)
HEARS = ("approvals", "approval_answers")
DOUBTS = "desk:doubts"
NOT_EVIDENCE = ("turn",)
"""What the customer wrote stands by itself."""


@dataclass(frozen=True)
class TimeLeft:
    """How long a request still waits.

    Attributes:
        words: `2h 10m left`, or that it is over.
        tone: `bad` below two hours, `warn` below eight.
    """

    words: str
    tone: str
    deadline: datetime


@dataclass(frozen=True)
class WaitingLine:
    """A request in the queue.

    Attributes:
        ticks: what says that it is among several that are answered at once, as it is listed; empty for what
            is answered by itself.
        looked_at: by whom else, and since when.
    """

    id: str
    path: str
    what: str
    money: str
    why: str
    left: TimeLeft
    here: bool
    ticks: str
    looked_at: str


@dataclass(frozen=True)
class Why:
    """A policy that has a say in it."""

    id: str
    sentence: str


@dataclass(frozen=True)
class AnswerLine:
    """An answer that was given, and what became of it."""

    at: datetime
    person: str
    said: str
    standing: str
    why: str
    note: str


@dataclass(frozen=True)
class RequestView:
    """A request.

    Attributes:
        stops: the policies that want a person; `permits`: those that let it be done at all.
        steps: what happens on a yes, in order.
        facts: what the policies read.
        understood: how the request was read, task by task.
        questions: what the desk did not understand; who says it lets the case go on.
        doubts: why the desk did not settle it.
        evidence: what else it stands on, with its source.
        roles: who is asked, first to last.
        mine: whether the person who is in may answer it.
        looked_at: by whom else, and since when.
        whose: who may, and up to how much.
    """

    id: str
    what: str
    money: str
    case_id: str
    case_path: str
    asked_at: datetime
    left: TimeLeft
    status: str
    words: Sequence[str]
    stops: Sequence[Why]
    permits: Sequence[Why]
    steps: Sequence[EffectLine]
    facts: Sequence[tuple[str, str]]
    understood: Sequence[tuple[str, str]]
    questions: Sequence[MachineQuestion]
    doubts: Sequence[str]
    evidence: Sequence[Evidence]
    answers: Sequence[AnswerLine]
    roles: str
    needed: int
    agreed: int
    mine: bool
    looked_at: str
    whose: str
    arguments_hash: str
    currency: str
    colleagues: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class BecameView:
    """What became of the request that was answered last; `undo` is where it can be undone, if it can be."""

    what: str
    words: str
    path: str
    undo: str


@dataclass(frozen=True)
class InboxView:
    """The queue, and the request that is open; None if none is.

    Attributes:
        more: whether further ones stand behind those listed.
        waiting: how many wait for anybody.
        became: what became of the one that was answered last; None if none was.
    """

    lines: Sequence[WaitingLine]
    more: bool
    waiting: int
    request: RequestView | None
    became: BecameView | None


def show(visit: Visit) -> Response:
    """Show the queue."""
    return visit.page("inbox.html", "Inbox", _queue(visit, None), hears=HEARS)


def show_request(visit: Visit) -> Response:
    """Show a request beside the queue; it counts as seen."""
    record = found(visit)
    visit.kontor.attention.shown(record.request.id, visit.person, visit.now)
    wanted = ApprovalFilter(status="", limit=1, ids=(record.request.id,))
    queue = visit.kontor.approval_queue
    queue.show_to(visit.person, queue.entries(wanted), visit.now)
    view = _queue(visit, request_view(visit, record))
    return visit.page("inbox.html", record.request.what, view, hears=HEARS)


def found(visit: Visit) -> ApprovalRecord:
    """Return the request that the address names.

    Raises:
        Refused: there is none.
    """
    record = visit.kontor.approvals.find(visit.request.path_params["request_id"])
    if record is None:
        raise Refused(HTTPStatus.NOT_FOUND, "There is no such request", "Perhaps its address was cut.")
    return record


def _queue(visit: Visit, request: RequestView | None) -> InboxView:
    wanted = ApprovalFilter(limit=MOST + 1)
    entries = listed(visit.kontor, wanted, visit.person, MOST + 1, visit.now)
    reasons = {policy.id: policy.reason for policy in visit.kontor.policy_engine.policies.values()}
    looks = visit.kontor.attention.looking(visit.now - LOOKS_FOR)
    shown = entries[:MOST]
    return InboxView(
        lines=tuple(
            _line(visit, each, reasons, request, _looked_at(visit, looks.get(each.id, ()))) for each in shown
        ),
        more=len(entries) > MOST,
        waiting=visit.kontor.approval_queue.counts().get("waiting", 0),
        request=request,
        became=_became(visit),
    )


def _looked_at(visit: Visit, looks: Sequence[tuple[str, datetime]]) -> str:
    """Say who else is looking: that keeps nobody from answering."""
    people = visit.kontor.policy_engine.book.staff.people
    others = [
        (people[person].name, since) for person, since in looks if person in people and person != visit.person
    ]
    pages = visit.console.pages
    return ", ".join(f"{name} is looking at this since {pages.time(since)}" for name, since in others)


def _became(visit: Visit) -> BecameView | None:
    answered = visit.asked("answered")
    record = visit.kontor.approvals.find(answered) if answered else None
    if record is None:
        return None
    end, request = record.approval, record.request
    agreed = len({kept.answer.person for kept in record.counted if kept.answer.choice in AGREES})
    waits = f"{agreed} of {request.needed} agreed" if agreed else "your answer is on its way"
    path = path_of(request.case_id)
    undo = f"{path}#undo" if end is not None and end.granted and request.plan.effects else ""
    return BecameView(request.what, end.outcome.value if end else waits, path, undo)


def _line(
    visit: Visit,
    entry: ApprovalEntry,
    reasons: dict[str, str],
    request: RequestView | None,
    looked_at: str,
) -> WaitingLine:
    known = visit.kontor.policy_engine.policies
    many = bool(entry.policies) and all(known[each].bulk for each in entry.policies if each in known)
    stops = [
        reasons[policy] for policy in entry.policies if policy in reasons and known[policy].effect == "forbid"
    ]
    return WaitingLine(
        id=entry.id,
        path=f"/inbox/{entry.id}",
        what=entry.what,
        money=money_text(entry.amount_cents, entry.currency) if entry.amount_cents else "",
        why=stops[0] if stops else "A person is to handle it.",
        left=time_left(entry.deadline, visit.now),
        here=request is not None and request.id == entry.id,
        ticks=f"{entry.id} {entry.arguments_hash}" if many else "",
        looked_at=looked_at,
    )


def request_view(visit: Visit, record: ApprovalRecord) -> RequestView:
    """Return a request as the person who is in reads it."""
    request = record.request
    case = visit.kontor.cases.find(request.case_id)
    entry = visit.kontor.approval_queue.entries(ApprovalFilter(status="", limit=1, ids=(request.id,)))[0]
    stops = [reason for reason in request.why if _stops(reason)]
    return RequestView(
        id=request.id,
        what=request.what,
        money=money_text(request.amount_cents, request.currency) if request.amount_cents else "",
        case_id=request.case_id,
        case_path=path_of(request.case_id),
        asked_at=request.requested_at,
        left=time_left(request.deadline, visit.now),
        status=record.approval.outcome.value if record.approval else "waiting",
        words=customer_words(case) if case else (),
        stops=tuple(Why(reason.id, reason.reason) for reason in stops),
        permits=tuple(Why(reason.id, reason.reason) for reason in request.why if not _stops(reason)),
        steps=tuple(effect_line(effect) for effect in request.plan.effects),
        facts=tuple(fields_in_words(request.plan.facts, request.currency)),
        understood=tuple(_understood(visit, request)),
        questions=request.questions,
        doubts=tuple(dict.fromkeys(request.doubts)),
        evidence=tuple(_evidence(request)),
        answers=tuple(_answers(record, request.currency)),
        roles=", then ".join(request.roles),
        needed=request.needed,
        agreed=entry.agreed,
        mine=may_answer(visit.kontor, visit.person, entry, visit.now),
        looked_at=_looked_at(
            visit, visit.kontor.attention.looking(visit.now - LOOKS_FOR).get(request.id, ())
        ),
        whose=authority_words(visit.kontor, visit.person, request, visit.now),
        arguments_hash=request.arguments_hash,
        currency=request.currency,
        colleagues=tuple(
            (name, member.name)
            for name, member in visit.kontor.policy_engine.book.staff.people.items()
            if name not in (visit.person, request.asked_by)
        ),
    )


def _stops(reason: PolicyReason) -> bool:
    return reason.effect == "forbid"


def _understood(visit: Visit, request: ApprovalRequest) -> list[tuple[str, str]]:
    """Return how each task was answered; what a desk keeps for itself, its signs, stays in the case."""
    found = []
    for decision in visit.kontor.decisions.of_case(request.case_id).values():
        answer = decision.answer or {}
        said = in_words(answer["label"]) if "label" in answer else in_words(answer)
        sure = decision.provenance.confidence
        share = f", {min(sure, 0.99):.0%} sure" if sure is not None else ""
        unsure = "" if decision.outcome == "answered" else f" ({decision.outcome})"
        task = decision.task.partition(".")[2] or decision.task
        found.append((task.replace("_", " "), f"{said}{unsure}{share}"))
    return found


def _evidence(request: ApprovalRequest) -> list[Evidence]:
    """Return what is evidence for this question: facts first, then like cases; never the policies again."""
    pieces = [
        piece
        for piece in request.evidence
        if piece.kind not in NOT_EVIDENCE
        and not piece.source.startswith("policy")
        and not (request.doubts and piece.source == DOUBTS)
    ]
    return sorted(pieces, key=lambda piece: piece.kind != "fact")[:MOST_EVIDENCE]


def _answers(record: ApprovalRecord, currency: str) -> list[AnswerLine]:
    said = {
        "approve": "yes",
        "reject": "no",
        "edit": "lower it",
        "delegate": "hand it on",
        "clarify": "what is meant",
    }
    lines = []
    for kept in record.answers:
        meant = [
            f"{question.text} {question.words(kept.answer.picked[question.id])}"
            for question in record.request.questions
            if question.id in kept.answer.picked
        ]
        cents, to = kept.answer.amount_cents, kept.answer.delegate_to
        more = f" to {money_text(cents, currency)}" if cents is not None else f" to {to}" if to else ""
        words = "; ".join([f"{said[kept.answer.choice]}{more}", *meant])
        lines.append(
            AnswerLine(kept.at, kept.answer.person, words, kept.standing.value, kept.why, kept.answer.note)
        )
    return lines


def time_left(deadline: datetime, now: datetime) -> TimeLeft:
    """Return how long is left until a deadline, in words and with its urgency."""
    left = deadline - now
    if left <= timedelta(0):
        return TimeLeft("time is over", "bad", deadline)
    tone = "bad" if left < AT_ONCE else "warn" if left < SOON else ""
    return TimeLeft(f"{age(deadline, now)} left", tone, deadline)
