"""What a person reads of a case that the desk does not settle: why, and how the goods were found."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import ApprovalDraft
    from contracts.authorization import EVERY_FACT, Authorization, Plan, forbids, why_denied
    from contracts.evidence import Evidence
    from workflows.returns.plan import Known, evidence_for_people
    from workflows.returns.sums import named
    from workflows.returns.types import Order
    from workflows.returns.way.state import Way


def by_hand(known: Known, plan: Plan, office_version: str, way: Way, why: str = "") -> ApprovalDraft:
    """Return what people are asked where the desk has nothing to propose, and why it has not.

    Args:
        known: what the desk knows of the request.
        plan: what it would do, if anything.
        office_version: the office's.
        way: where the goods are, and how they were found.
        why: why a person has to take it; left out, what the desk did not understand, and what came back.
    """
    came = came_back(known.order, way)
    found = (Evidence(source="desk:goods", text=came),) if came else ()
    doubts = (why,) if why else (*known.doubts, *([came] if came else [])) or ("the desk has no step for it",)
    return ApprovalDraft(
        plan=plan,
        what=f"Handle by hand ({'; '.join(doubts)}): {plan.summary}",
        doubts=doubts,
        step="by-hand",
        asked_by=known.order.customer,
        evidence=(*found, *evidence_for_people(known)),
        office_version=office_version,
        by_model=known.reading.proposed_by,
    )


def why_not_surely(authorization: Authorization, known: Known) -> str:
    """Return why policy denies a plan, and what that denial rests on that is not certain, for a person."""
    said = authorization.refused or why_denied(authorization.verdicts) or "no policy permits it"
    if authorization.impossible:
        return said
    read = {fact for reason in forbids(authorization.verdicts) for fact in reason.reads}
    unsure = known.unsure_facts - EVERY_FACT
    facts = ", ".join(name.replace("_", " ") for name in sorted(unsure & read or unsure))
    again = ["whether it is what came for it that is faulty now"] if known.perhaps_again else []
    doubts = [*known.doubts, *([facts] if facts else []), *again] or ["which of several wishes that is about"]
    return f"policy denies it: {said.rstrip('.')}; not certain: {'; '.join(doubts)}"


def came_back(order: Order, way: Way) -> str:
    """Return how goods were found that came back, line by line; empty before anybody looked at them."""
    if not way.back.any_seen:
        return ""
    names = {line.id: line.name for line in order.lines}
    found = [
        f"{count} {names.get(line, line)} ({condition.replace('_', ' ')})"
        for line, counts in way.back.found().items()
        for condition, count in counts.items()
    ]
    return f"came back: {named(found)}"
