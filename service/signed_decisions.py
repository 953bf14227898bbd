"""Decisions that a passkey signed, verified again from what the books keep: no browser, no network."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webauthn import verify_authentication_response
from webauthn.helpers import base64url_to_bytes

from contracts.approvals.request import Answer, AnswerStatus, ApprovalRecord, DecisionSignature, StoredAnswer
from contracts.approvals.signature import challenge_of
from contracts.authorization import why_denied
from contracts.base import Frozen
from contracts.office import OfficeInvalid
from contracts.proof import AT_BEST, MERELY_IN
from policy.engine import CedarEngine
from service.passkeys import MALFORMED
from workflows import registry

if TYPE_CHECKING:
    from bootstrap.installation import Installation
    from memory.authoritative.approvals.approvals import SqlApprovals
    from memory.authoritative.passkeys import SqlPasskeys


MOST_RELEASES = 100_000
"""All of them: an office that is put in force every hour has as many in eleven years."""


class SignatureFinding(Frozen):
    """A signature that does not bear the decision that it stands beside, or is not there."""

    request_id: str
    case_id: str
    person: str
    at: datetime
    what: str


class SignatureReport(Frozen):
    """What verifying all signed decisions found."""

    checked: int = 0
    findings: tuple[SignatureFinding, ...] = ()


class WantedSignatures:
    """Says which decisions policy wanted a passkey touched for, by the office that was in force then."""

    def __init__(self, kontor: "Installation") -> None:
        """Take whose office it is."""
        self._kontor = kontor
        self._releases = kontor.offices.history(MOST_RELEASES)
        self._engines: dict[str, CedarEngine] = {}

    def why(self, record: ApprovalRecord, kept: StoredAnswer) -> str:
        """Say why a decision should have been signed; empty if policy let it without."""
        person = kept.on_behalf_of or kept.answer.person
        engine = self._engine(kept.at)
        merely_in = engine.may_answer(person, record.request, kept.at, MERELY_IN)
        if merely_in.outcome == "allow":
            return ""
        at_best = engine.may_answer(person, record.request, kept.at, AT_BEST)
        return why_denied([merely_in]) if at_best.outcome == "allow" else ""

    def _engine(self, at: datetime) -> CedarEngine:
        # The newest stands first. Before the first one, or without any, there is the folder alone.
        version = next((release.version for release in self._releases if release.at <= at), "")
        if version not in self._engines:
            kontor = self._kontor
            office = kontor.unpacked(version) if version else kontor.settings.office
            try:
                self._engines[version] = CedarEngine.from_office(office, registry.fact_types())
            except OfficeInvalid:
                # This Kontor cannot read what an earlier one could: the policies of now speak for it.
                self._engines[version] = kontor.policy_engine
        return self._engines[version]


def verify_decisions(
    requests: Iterable[str], approvals: "SqlApprovals", passkeys: "SqlPasskeys", wanted: WantedSignatures
) -> SignatureReport:
    """Verify every decision of these requests that a passkey signed, and that none lacks a signature."""
    checked, findings = 0, list[SignatureFinding]()
    for request_id in requests:
        record = approvals.find(request_id)
        assert record is not None, "its answers name it"
        for kept in record.answers:
            if kept.answer.signature is not None:
                checked += 1
                findings += _findings(record, kept, passkeys)
            elif kept.standing == AnswerStatus.VALID and (why := wanted.why(record, kept)):
                findings.append(_finding(record, kept, f"no passkey signed this decision: {why}"))
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
        yield _finding(record, kept, wrong)


def _finding(record: ApprovalRecord, kept: StoredAnswer, what: str) -> SignatureFinding:
    request = record.request
    return SignatureFinding(
        request_id=request.id, case_id=request.case_id, person=kept.answer.person, at=kept.at, what=what
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
