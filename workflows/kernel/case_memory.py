"""What a case asks of memory and leaves there; memory that is down holds no case up."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.recall import RecallActivities
    from contracts.case import CaseStatus
    from contracts.memory import Context, ContextRequest, Memory, Remember
    from workflows.kernel.case_file import CaseFile


async def recall(file: CaseFile, question: str, kinds: tuple[str, ...], token_budget: int) -> Context:
    """Ask memory what it knows; without memory, go on without."""
    request = ContextRequest(case_id=file.case_id, question=question, token_budget=token_budget, kinds=kinds)
    try:
        return await file.placement.memory(
            RecallActivities.assemble, request, "recall similar cases and policies"
        )
    except ActivityError:
        workflow.logger.warning("memory did not answer; the case goes on without it")
        return Context(evidence=(), tokens=0)


async def remember(file: CaseFile, status: CaseStatus, outcome: str) -> None:
    """Leave the case's summary for later cases; memory that is down loses nothing but this."""
    memory = Memory(
        text=f"{file.summary}: {status.value}, {outcome}",
        kind="case",
        source=f"case:{file.case_id}",
        case_id=file.case_id,
        customer=file.customer or None,
        at=workflow.now(),
    )
    request = Remember(memories=(memory,), at_once=False)
    try:
        await file.placement.memory(RecallActivities.remember, request, "remember the case")
    except ActivityError:
        workflow.logger.warning("the case's summary did not reach memory")
