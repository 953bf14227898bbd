"""Decisions that a person signs with their passkey, where policy wants more than that they are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from console.visit import Refused, Visit
from contracts.approvals.request import Answer, ApprovalRecord, ApprovalRequest, DecisionSignature
from contracts.approvals.rules import delegators
from contracts.approvals.signature import challenge_of
from contracts.authorization import why_denied
from contracts.money import money_text
from contracts.proof import AT_BEST, MERELY_IN
from service.passkeys import PasskeyRefused

PICK = "pick-"
"""With what the names of fields begin that answer the machine's questions."""
FIELDS = ("arguments_hash", "choice", "note", "amount", "delegate_to")
WORDS = {
    "approve": "you say yes",
    "reject": "you say no",
    "edit": "you say yes to {}",
    "delegate": "you hand it on to {}",
    "clarify": "you say what is meant",
}


@dataclass(frozen=True)
class SigningView:
    """The page that has a passkey touched.

    Attributes:
        words: the decision.
        why: what policy says to somebody who is merely in.
        options: what the browser's authenticator is asked, as JSON.
        fields: of the form that is sent with the signature.
        keys: whether they have a passkey.
    """

    what: str
    money: str
    words: str
    why: str
    path: str
    options: str
    fields: Sequence[tuple[str, str]]
    keys: bool


def why_signed(visit: Visit, record: ApprovalRecord) -> str:
    """Say why policy wants a passkey touched for an answer of this person; empty if it does not."""
    engine, request = visit.kontor.policy_engine, record.request
    for person in (visit.person, *delegators(record, visit.person)):
        merely_in = engine.may_answer(person, request, visit.now, MERELY_IN)
        if (
            merely_in.outcome != "allow"
            and engine.may_answer(person, request, visit.now, AT_BEST).outcome == "allow"
        ):
            return why_denied([merely_in])
    return ""


def ask(visit: Visit, request: ApprovalRequest, said: Answer, why: str) -> Response:
    """Show the decision once more, with what is to be signed: its hash is the passkey's challenge."""
    challenge = challenge_of(request, said)
    keys = bool(visit.console.passkeys.of(visit.person))
    money = money_text(request.amount_cents, request.currency) if request.amount_cents else ""
    lowered = money_text(said.amount_cents, request.currency) if said.amount_cents is not None else ""
    view = SigningView(
        what=request.what,
        money=money,
        words=WORDS[said.choice].format(lowered or said.delegate_to),
        why=why,
        path=f"/inbox/{request.id}",
        options=visit.console.passkeys.decision(visit.person, challenge, visit.now) if keys else "",
        fields=(
            *((name, visit.field(name)) for name in FIELDS if visit.field(name)),
            *((f"{PICK}{name}", each) for name, ids in said.picked.items() for each in ids),
        ),
        keys=keys,
    )
    return visit.page("signing.html", "Sign it", view, status=HTTPStatus.PRECONDITION_REQUIRED)


def signature(visit: Visit, request: ApprovalRequest, said: Answer) -> DecisionSignature:
    """Return what the passkey signed, if it is this decision.

    Raises:
        Refused: it is not, or not theirs.
    """
    challenge = challenge_of(request, said)
    try:
        return visit.console.passkeys.signed(visit.person, visit.field("signature"), challenge, visit.now)
    except PasskeyRefused as refused:
        raise Refused(HTTPStatus.FORBIDDEN, "Your answer was not taken", str(refused)) from None
