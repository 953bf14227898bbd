"""What a passkey signs of a decision, and what is kept of it, so that anybody can verify it later."""

from contracts.approvals.proof import answered
from contracts.approvals.request import Answer, ApprovalRequest
from contracts.base import content_hash
from contracts.proof import said_hash


def challenge_of(request: ApprovalRequest, answer: Answer) -> bytes:
    """Return what a passkey signs: the hash of who says what to which request, as they saw it."""
    said = answered(request, answer)
    decision = {
        "person": answer.person,
        "request": said.about,
        "arguments_hash": said.arguments_hash,
        "said": said_hash(said.words),
    }
    return bytes.fromhex(content_hash(decision))
