"""Decisions that a passkey signed, verified again from what the books keep: no browser, no network."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webauthn import verify_authentication_response
from webauthn.helpers import base64url_to_bytes

from contracts.approvals.request import Answer, ApprovalRecord, DecisionSignature, StoredAnswer
from contracts.approvals.signature import challenge_of
from contracts.base import Frozen
from service.passkeys import MALFORMED

if TYPE_CHECKING:
    from memory.authoritative.approvals.approvals import SqlApprovals
    from memory.authoritative.passkeys import SqlPasskeys


class SignatureFinding(Frozen):
    """A signature that does not bear the decision that it stands beside."""

    request_id: str
    case_id: str
    person: str
    at: datetime
    what: str


class SignatureReport(Frozen):
    """What verifying all signed decisions found."""

    checked: int = 0
    findings: tuple[SignatureFinding, ...] = ()


def verify_decisions(
    requests: Iterable[str], approvals: "SqlApprovals", passkeys: "SqlPasskeys"
) -> SignatureReport:
    """Verify every decision of these requests that a passkey signed."""
    checked, findings = 0, list[SignatureFinding]()
    for request_id in requests:
        record = approvals.find(request_id)
        assert record is not None, "its answers name it"
        for kept in record.answers:
            if kept.answer.signature is not None:
                checked += 1
                findings += _findings(record, kept, passkeys)
    return SignatureReport(checked=checked, findings=tuple(findings))


def _findings(
    record: ApprovalRecord, kept: StoredAnswer, passkeys: "SqlPasskeys"
) -> Iterator[SignatureFinding]:
    signature = kept.answer.signature
    assert signature is not None
    enrolled = passkeys.enrolled(signature.credential)
    whose = kept.answer.person
    wrong = _unsigned(record, kept.answer, signature)
    if not wrong and enrolled != (whose, signature.public_key_hash):
        wrong = f"the log knows no such passkey of {whose}'s"
    if wrong:
        request = record.request
        yield SignatureFinding(
            request_id=request.id, case_id=request.case_id, person=whose, at=kept.at, what=wrong
        )


def _unsigned(record: ApprovalRecord, answer: Answer, signature: DecisionSignature) -> str:
    """Say why a signature is not this answer's; empty if it is."""
    try:
        verify_authentication_response(
            credential=signature.credential_json(),
            expected_challenge=challenge_of(record.request, answer),
            expected_rp_id=urlsplit(signature.origin).hostname or "",
            expected_origin=signature.origin,
            credential_public_key=base64url_to_bytes(signature.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except MALFORMED as refused:
        return f"the passkey did not sign this decision: {refused}"
    return ""
