"""How a case ends: the words for it."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.request import Approval, ApprovalOutcome
    from contracts.case import CaseStatus

UNREADABLE = "unreadable"
"""The word for a case whose outside system does not say what the case needs."""
LONGEST_WHY_CHARS = 300

End = tuple[CaseStatus, str]
"""How a case ends: its status, and the word for it."""

NOT_GRANTED = {
    ApprovalOutcome.REJECTED: CaseStatus.REJECTED,
    ApprovalOutcome.EXPIRED: CaseStatus.EXPIRED,
    ApprovalOutcome.WITHDRAWN: CaseStatus.WITHDRAWN,
}
"""What becomes of a case that people did not let pass."""


def handled(approval: Approval) -> End:
    """Return how a case ends that a person was to handle by hand."""
    if approval.granted:
        return CaseStatus.SETTLED, "handled_by_hand"
    return NOT_GRANTED[approval.outcome], approval.outcome.value
