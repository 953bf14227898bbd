"""Whether a proof bears an answer: by whom, about which request, as they saw it, and word for word."""

from datetime import datetime

from contracts.approvals.request import Answer, ApprovalRequest
from contracts.proof import Proof, Said, unborne

WORDS = ("choice", "note", "amount_cents", "delegate_to", "picked")


def answered(request: ApprovalRequest, answer: Answer) -> Said:
    """Return what a person says who answers a request as it stands now."""
    return Said(
        act="answer",
        about=request.id,
        arguments_hash=request.arguments_hash,
        words=answer.model_dump(mode="json", include=set(WORDS)),
    )


def unproved(proof: Proof | None, request: ApprovalRequest, answer: Answer, now: datetime) -> str:
    """Say why a proof does not bear an answer; empty if it does. Whether it was used, its redemption says."""
    if proof is None:
        return f"nobody proved to be {answer.person}: `kontor proof` or the console makes the proof"
    return unborne(proof, answer.person, answered(request, answer)) or (
        "" if now < proof.expires_at else "the proof has expired"
    )
