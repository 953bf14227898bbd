"""Is an approval good where it is used? What the books hold is checked again, line by line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contracts.approvals.messages import effects_hash, shared_roles
from contracts.approvals.request import ApprovalOutcome, ApprovalRecord, StoredAnswer
from contracts.approvals.rules import AGREES, WiderThanAsked, decided, delegators, narrowed
from contracts.authorization import Plan, Verdict, why_denied
from contracts.counted import counted

if TYPE_CHECKING:
    from policy.engine import CedarEngine


class Refused(Exception):
    """An approval does not cover what is to be done; the message is for a person."""


class NotEnough(Refused):
    """By today's policies and staff those who agreed are too few, or may not: others have to be asked."""


def agreed_plan(record: ApprovalRecord) -> tuple[Plan, bool]:
    """Return what was agreed to, and whether it is less than was asked.

    Raises:
        Refused: the request was not approved, its answers do not bear its outcome, it was changed
            after it was answered, or an edit does not narrow.
    """
    request, approval = record.request, record.approval
    if approval is None:
        raise Refused("it waits for an answer")
    if not approval.granted:
        raise Refused(f"it was {approval.outcome}")
    if effects_hash(request.plan) != request.arguments_hash:
        raise Refused("its arguments are not those that were asked")
    borne = decided(request, record.answers)
    if borne is None or borne.outcome != approval.outcome or borne.amount_cents != approval.amount_cents:
        raise Refused("the answers in the books do not bear its outcome")
    if approval.outcome == ApprovalOutcome.APPROVED:
        return request.plan, False
    try:
        return narrowed(request.plan, approval.amount_cents or 0), True
    except WiderThanAsked as wider:
        raise Refused(str(wider)) from None


def check_people(
    engine: "CedarEngine", record: ApprovalRecord, verdicts: Sequence[Verdict]
) -> tuple[Verdict, ...]:
    """Return the verdicts by which everybody who agreed may do so, with today's policies and staff.

    Absence and stand-ins count as they were when the answer was given; a role or a limit that was
    taken away since then is gone.

    Raises:
        NotEnough: somebody may not any more, or today's policies want more people than agreed.
        Refused: an answer is not one to this request.
    """
    asking = [verdict for verdict in verdicts if verdict.outcome == "ask"]
    agreed = [kept for kept in record.counted if kept.answer.choice in AGREES]
    needed = max([record.request.needed, *(verdict.needed for verdict in asking)])
    people = {kept.answer.person for kept in agreed}
    rights = {_right(kept) for kept in agreed}
    if min(len(people), len(rights)) < needed:
        raise NotEnough(
            f"{counted(needed, 'person', 'people')} must agree, {min(len(people), len(rights))} did"
        )
    today = shared_roles(asking) or record.request.roles
    roles = tuple(role for role in record.request.roles if role in today) or today
    narrowest = record.model_copy(update={"request": record.request.model_copy(update={"roles": roles})})
    return tuple(_may_answer(engine, narrowest, kept) for kept in agreed)


def _may_answer(engine: "CedarEngine", record: ApprovalRecord, kept: StoredAnswer) -> Verdict:
    request, answer, right = record.request, kept.answer, _right(kept)
    if kept.at >= request.deadline:
        raise Refused(f"{answer.person} answered after the deadline")
    if answer.arguments_hash and answer.arguments_hash != request.arguments_hash:
        raise Refused(f"{answer.person} answered for other arguments")
    if right != answer.person:
        if answer.person == request.asked_by or not engine.on_staff(answer.person):
            raise NotEnough(f"{answer.person} may not answer this, whoever asked them to")
        if right not in delegators(record, answer.person):
            raise Refused(f"{right} did not hand this to {answer.person}")
    verdict = engine.may_answer(right, request, kept.at, kept.shown)
    if verdict.outcome != "allow":
        raise NotEnough(f"{right} may not answer this: {why_denied([verdict])}")
    return verdict


def _right(kept: StoredAnswer) -> str:
    return kept.on_behalf_of or kept.answer.person
