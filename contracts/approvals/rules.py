"""How answers are judged and counted: pure functions, the same for the books and for tests.

The books run them inside the transaction that writes the answer, so two answers that arrive at
once are judged one after the other, and a request has one outcome.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from contracts.approvals.clarification import mispicked, oversized
from contracts.approvals.request import (
    Answer,
    AnswerStatus,
    Approval,
    ApprovalOutcome,
    ApprovalRecord,
    ApprovalRequest,
    StoredAnswer,
)
from contracts.authorization import Plan
from contracts.base import Arguments, Frozen
from contracts.bounds import LONGEST_NAME_CHARS, LONGEST_NOTE_CHARS, MOST_CENTS
from contracts.effect import ProposedEffect
from contracts.money import apportioned, money_text, number_text

AGREES = ("approve", "edit")
SAME = ("person", "choice", "amount_cents", "picked")
"""In what two answers agree that say the same."""
LONGEST = {
    "person": LONGEST_NAME_CHARS,
    "delegate_to": LONGEST_NAME_CHARS,
    "note": LONGEST_NOTE_CHARS,
    "request_id": LONGEST_NAME_CHARS,
    "arguments_hash": LONGEST_NAME_CHARS,
    "token": LONGEST_NOTE_CHARS,
    "proof": LONGEST_NAME_CHARS,
}
"""How many characters each text of an answer may have."""


class Authority(Frozen):
    """What policy and token say about the person behind an answer.

    Attributes:
        on_behalf_of: whose right to answer is used; the person's own unless it was delegated.
        token_id: the signed link that was presented and is good, if any.
        proof_id: the proof of a door that bears the answer, if any.
    """

    allowed: bool
    why: str = ""
    on_behalf_of: str = ""
    verdict_id: str = ""
    token_id: str | None = None
    proof_id: str | None = None


def flaw(answer: Answer) -> str | None:
    """Say what makes an answer meaningless whatever it is asked about, or None."""
    if problem := oversize(answer):
        return problem
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
        (choice == "clarify" and not answer.picked, "to clarify takes picked: what is meant, by question"),
        (choice != "clarify" and bool(answer.picked), f"picked has no place in {choice}"),
    )
    return next((problem for wrong, problem in checks if wrong), None)


def oversize(answer: Answer) -> str | None:
    """Say which field of an answer is larger than any record of ours takes, or None."""
    for name, longest in LONGEST.items():
        if len(getattr(answer, name) or "") > longest:
            return f"{name} is longer than {longest} characters"
    if abs(answer.amount_cents or 0) > MOST_CENTS:
        return f"amount_cents is larger than {MOST_CENTS}"
    return oversized(answer.picked) or None


def widening(request: ApprovalRequest, answer: Answer) -> str | None:
    """Say why an edit is not an edit of this request, or None."""
    if answer.choice != "edit" or answer.amount_cents is None:
        return None
    if answer.amount_cents == request.amount_cents:
        return f"{money_text(answer.amount_cents, request.currency)} is what was asked: approve it"
    try:
        narrowed(request.plan, answer.amount_cents)
    except WiderThanAsked as problem:
        return str(problem)
    return None


def unasked(request: ApprovalRequest, answer: Answer) -> str | None:
    """Say why an answer clarifies nothing that this request asks, or None."""
    if answer.choice != "clarify":
        return None
    return mispicked(request.questions, answer.picked) or None


def unfit(request: ApprovalRequest, answer: Answer) -> str | None:
    """Say why an answer cannot be one of this request, or None."""
    return widening(request, answer) or unasked(request, answer) or mismatch(request, answer)


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
        if kept.standing == AnswerStatus.DELEGATED and kept.answer.delegate_to == person
    ]
    return tuple(dict.fromkeys(reversed(given)))


def judge(
    record: ApprovalRecord, answer: Answer, authority: Authority, at: datetime
) -> tuple[AnswerStatus, str]:
    """Return how an answer stands that arrives at `at`, and why in words for a person."""
    request = record.request
    if problem := flaw(answer) or widening(request, answer) or unasked(request, answer):
        return AnswerStatus.MALFORMED, problem
    if problem := mismatch(request, answer):
        return AnswerStatus.FOREIGN, problem
    if not authority.allowed:
        return AnswerStatus.FOREIGN, authority.why
    if record.approval is not None:
        return _after_the_end(record, record.approval, answer)
    if at >= request.deadline:
        return AnswerStatus.LATE, f"the deadline was {request.deadline.isoformat(timespec='minutes')}"
    return _while_open(record, answer, authority)


def _after_the_end(record: ApprovalRecord, approval: Approval, answer: Answer) -> tuple[AnswerStatus, str]:
    ended = f"the request was {approval.outcome.value} already"
    if any(_same(kept.answer, answer) for kept in record.counted):
        return AnswerStatus.DUPLICATE, ended
    agreed = approval.outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)
    decided = agreed or approval.outcome == ApprovalOutcome.REJECTED
    if decided and answer.choice != "delegate" and (answer.choice in AGREES) != agreed:
        return AnswerStatus.CONFLICTING, ended
    return AnswerStatus.LATE, ended


def _while_open(record: ApprovalRecord, answer: Answer, authority: Authority) -> tuple[AnswerStatus, str]:
    earlier = [
        kept
        for kept in record.counted
        if kept.answer.person == answer.person or kept.on_behalf_of == authority.on_behalf_of
    ]
    if not earlier:
        return (AnswerStatus.DELEGATED if answer.choice == "delegate" else AnswerStatus.VALID), authority.why
    first = earlier[0]
    if first.answer.choice == answer.choice and first.answer.amount_cents == answer.amount_cents:
        return AnswerStatus.DUPLICATE, f"{first.answer.person} answered so already"
    if answer.choice == "reject":
        return AnswerStatus.VALID, "a veto counts as long as the request is open"
    return AnswerStatus.CONFLICTING, f"{first.answer.person} answered {first.answer.choice} already"


def _same(one: Answer, other: Answer) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in SAME)


def decided(request: ApprovalRequest, answers: Sequence[StoredAnswer]) -> Approval | None:
    """Return the end that the valid answers bring, or None while more are needed.

    One rejection rejects; one person who says what is meant is enough, for nothing is done on that: the
    desk judges anew. Otherwise `request.needed` distinct people, each on a right of their own,
    must agree; the lowest amount any of them set is what they all agreed to.
    """
    counted = [kept for kept in answers if kept.standing == AnswerStatus.VALID]
    said = tuple(kept.answer for kept in counted)
    if veto := next((answer for answer in said if answer.choice == "reject"), None):
        return Approval(request_id=request.id, outcome=ApprovalOutcome.REJECTED, answers=said, note=veto.note)
    if meant := next((answer for answer in said if answer.choice == "clarify"), None):
        outcome = ApprovalOutcome.CLARIFIED
        return Approval(request_id=request.id, outcome=outcome, answers=said, note=meant.note)
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


class WiderThanAsked(ValueError):
    """An edit may only lower what a plan pays: one sum, however many methods it goes to."""


def narrowed(plan: Plan, amount_cents: int, money_argument: str = "amount_cents") -> Plan:
    """Return the plan with what it pays lowered to `amount_cents` in all.

    Several payments of one operation are one sum over several methods, and keep their proportion; one
    that comes to nothing is left out. The payments' money arguments and shares, the fact `amount_cents`
    and any text that names the old sum (`40.00`) follow, so that no customer reads another sum than
    they get.

    Raises:
        WiderThanAsked: the amount is not lower and above zero, or the plan does not move one sum.
    """
    payments = [effect for effect in plan.effects if effect.amount_cents]
    ways = {(effect.connector, effect.operation, effect.currency) for effect in payments}
    if len(ways) != 1:
        raise WiderThanAsked(f"{len(payments)} effects move money: an edit needs exactly one sum")
    old_cents = sum(effect.amount_cents for effect in payments)
    currency = payments[0].currency
    if not 0 < amount_cents <= old_cents:
        given, asked = (money_text(cents, currency) for cents in (amount_cents, old_cents))
        raise WiderThanAsked(
            f"{given} is not between {money_text(1, currency)} and the {asked} that were asked"
        )
    if not currency:
        raise WiderThanAsked("the payment names no currency: no text could say its new amount")
    old, new = _named(old_cents, currency), number_text(amount_cents, currency)
    parts = iter(apportioned(amount_cents, [effect.amount_cents for effect in payments]))
    effects = [
        _pays(effect, next(parts), money_argument) if effect.amount_cents else _says(effect, old, new)
        for effect in plan.effects
    ]
    kept = tuple(after for before, after in zip(plan.effects, effects, strict=True) if _stands(before, after))
    facts = plan.facts | ({"amount_cents": amount_cents} if "amount_cents" in plan.facts else {})
    return plan.model_copy(update={"effects": kept, "facts": facts})


def _named(amount_cents: int, currency: str) -> re.Pattern[str]:
    """Return what finds an amount in a text; one without a decimal point only beside its currency."""
    number = number_text(amount_cents, currency)
    beside = r"(?!\d)" if "." in number else rf"(?= ?{re.escape(currency)}\b)"
    return re.compile(rf"(?<![\d.])(?<!\d,){re.escape(number)}{beside}")


def _stands(before: ProposedEffect, after: ProposedEffect) -> bool:
    """Say whether an effect is still worth doing: a payment of nothing is not."""
    return bool(after.amount_cents) or not before.amount_cents


def _pays(effect: ProposedEffect, cents: int, money_argument: str) -> ProposedEffect:
    paid: Arguments = effect.arguments | {money_argument: cents}
    amounts = [share.amount_cents for share in effect.shares]
    parts = apportioned(cents, amounts) if sum(amounts) else amounts
    shares = tuple(
        share.model_copy(update={"amount_cents": part})
        for share, part in zip(effect.shares, parts, strict=True)
    )
    return effect.model_copy(update={"arguments": paid, "amount_cents": cents, "shares": shares})


def _says(effect: ProposedEffect, old: re.Pattern[str], new: str) -> ProposedEffect:
    told: Arguments = {
        name: old.sub(new, value) if isinstance(value, str) else value
        for name, value in effect.arguments.items()
    }
    return effect.model_copy(update={"arguments": told})
