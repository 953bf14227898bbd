"""What a person of a benchmark says, with the proof that the example office wants for much money."""

from datetime import UTC, datetime
from typing import Literal

from bootstrap.installation import Installation
from contracts.approvals.proof import answered
from contracts.approvals.request import Answer, ApprovalRequest


def by_passkey(
    kontor: Installation, asked: ApprovalRequest, person: str, choice: Literal["approve", "reject"]
) -> Answer:
    """Return an answer bound to what is asked, of somebody whose passkey was just touched."""
    said = Answer(person=person, choice=choice, request_id=asked.id, arguments_hash=asked.arguments_hash)
    proof = kontor.proofs.issue(person, "passkey", "console", answered(asked, said), datetime.now(UTC))
    return said.model_copy(update={"proof": proof.id})
