"""How answers are judged and counted: pure functions, the same for the books and for tests.

The books run them inside the transaction that writes the answer, so two answers that arrive at
once are judged one after the other, and a request has one outcome.
"""

from collections.abc import Sequence
from datetime import datetime

from contracts.approval import (
    Answer,
    Approval,
    ApprovalOutcome,
    ApprovalRecord,
    ApprovalRequest,
    Standing,
    StoredAnswer,
)
from contracts.frozen import Frozen
from contracts.narrowing import WiderThanAsked, narrowed

AGREES = ("approve", "edit")


class Authority(Frozen):
    """What policy and token say about the person behind an answer.

    Attributes:
        on_behalf_of: whose right to answer is used; the person's own unless it was delegated.
        token_id: the signed link that was presented and is good, if any.
    """

    allowed: bool
    why: str = ""
    on_behalf_of: str = ""
    verdict_id: str = ""
    token_id: str | None = None


def flaw(answer: Answer) -> str | None:
    """Say what makes an answer meaningless whatever it is asked about, or None."""
    choice, target = answer.choice, (answer.delegate_to or "").strip()
    checks = (
        (not answer.person.strip(), "an answer needs the name of a person"),
        (choice == "edit" and answer.amount_cents is None, "an edit needs amount_cents"),
        (choice == "edit" and (answer.amount_cents or 1) < 1, "an edit needs an amount above zero"),
        (choice == "edit" and answer.amount_cents == 0, "an edit to nothing is a rejection"),
        (choice != "edit" and answer.amount_cents is not None, f"amount_cents has no place in {choice}"),
        (choice == "delegate" and not target, "a delegation needs delegate_to"),
        (choice == "delegate" and target == answer.person, "nobody delegates to themselves"),
        (choice != "delegate" and bool(target), f"delegate_to has no place in {choice}"),
    )
    return next((problem for wrong, problem in checks if wrong), None)


def widening(request: ApprovalRequest, answer: Answer) -> str | None:
    """Say why an edit is not an edit of this request, or None."""
    if answer.choice != "edit" or answer.amount_cents is None:
        return None
    if answer.amount_cents == request.amount_cents:
        return f"{answer.amount_cents} cents is what was asked: approve it"
    try:
        narrowed(request.plan, answer.amount_cents)
    except WiderThanAsked as problem:
        return str(problem)
    return None


def mismatch(request: ApprovalRequest, answer: Answer) -> str | None:
    """Say why an answer belongs to something else, or None; what it leaves empty cannot differ."""
    if answer.request_id and answer.request_id != request.id:
        return f"the answer is for request {answer.request_id}"
    if answer.arguments_hash and answer.arguments_hash != request.arguments_hash:
        return "the answer is for other arguments than those that are asked now"
    return None


def delegators(record: ApprovalRecord, person: str) -> tuple[str, ...]:
    """Return whose right to answer was handed to this person, the latest first."""
    given = [
        kept.on_behalf_of
        for kept in record.answers
        if kept.standing == Standing.DELEGATED and kept.answer.delegate_to == person
    ]
    return tuple(dict.fromkeys(reversed(given)))


def judge(record: ApprovalRecord, answer: Answer, authority: Authority, at: datetime) -> tuple[Standing, str]:
    """Return how an answer stands that arrives at `at`, and why in words for a person."""
    request = record.request
    if problem := flaw(answer) or widening(request, answer):
        return Standing.MALFORMED, problem
    if problem := mismatch(request, answer):
        return Standing.FOREIGN, problem
    if not authority.allowed:
        return Standing.FOREIGN, authority.why
    if record.approval is not None:
        return _after_the_end(record, record.approval, answer)
    if at >= request.deadline:
        return Standing.LATE, f"the deadline was {request.deadline.isoformat(timespec='minutes')}"
    return _while_open(record, answer, authority)


def _after_the_end(record: ApprovalRecord, approval: Approval, answer: Answer) -> tuple[Standing, str]:
    ended = f"the request was {approval.outcome.value} already"
    if any(_same(kept.answer, answer) for kept in record.counted):
        return Standing.DUPLICATE, ended
    agreed = approval.outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)
    decided = agreed or approval.outcome == ApprovalOutcome.REJECTED
    if decided and answer.choice != "delegate" and (answer.choice in AGREES) != agreed:
        return Standing.CONFLICTING, ended
    return Standing.LATE, ended


def _while_open(record: ApprovalRecord, answer: Answer, authority: Authority) -> tuple[Standing, str]:
    earlier = [
        kept
        for kept in record.counted
        if kept.answer.person == answer.person or kept.on_behalf_of == authority.on_behalf_of
    ]
    if not earlier:
        return (Standing.DELEGATED if answer.choice == "delegate" else Standing.VALID), authority.why
    first = earlier[0]
    if first.answer.choice == answer.choice and first.answer.amount_cents == answer.amount_cents:
        return Standing.DUPLICATE, f"{first.answer.person} answered so already"
    if answer.choice == "reject":
        return Standing.VALID, "a veto counts as long as the request is open"
    return Standing.CONFLICTING, f"{first.answer.person} answered {first.answer.choice} already"


def _same(one: Answer, other: Answer) -> bool:
    return (one.person, one.choice, one.amount_cents) == (other.person, other.choice, other.amount_cents)


def decided(request: ApprovalRequest, answers: Sequence[StoredAnswer]) -> Approval | None:
    """Return the end that the valid answers bring, or None while more are needed.

    One rejection rejects. Otherwise `request.needed` distinct people, each on a right of their own,
    must agree; the lowest amount any of them set is what they all agreed to.
    """
    counted = [kept for kept in answers if kept.standing == Standing.VALID]
    said = tuple(kept.answer for kept in counted)
    if veto := next((answer for answer in said if answer.choice == "reject"), None):
        return Approval(request_id=request.id, outcome=ApprovalOutcome.REJECTED, answers=said, note=veto.note)
    people = {kept.answer.person for kept in counted}
    rights = {kept.on_behalf_of for kept in counted}
    if min(len(people), len(rights)) < max(1, request.needed):
        return None
    edits = [answer.amount_cents for answer in said if answer.amount_cents is not None]
    return Approval(
        request_id=request.id,
        outcome=ApprovalOutcome.EDITED if edits else ApprovalOutcome.APPROVED,
        answers=said,
        amount_cents=min(edits) if edits else request.amount_cents,
        note="; ".join(answer.note for answer in said if answer.note),
    )
