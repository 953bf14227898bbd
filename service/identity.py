"""Who sits at this command line: by the operating system's account, never by what they type."""

import os
import platform
import pwd
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contracts.approvals.proof import answered
from contracts.approvals.request import Answer, ApprovalRequest
from contracts.proof import Enrolment, How, Proof, Said

if TYPE_CHECKING:
    from bootstrap.installation import Installation

ACCOUNT: How = "os-account"


class NotBound(PermissionError):
    """The account that runs this process is not bound to the person; the message says how it can be."""


def account(kontor: "Installation") -> str:
    """Return the account that runs this process, as the system knows it, whatever the environment says.

    Where several machines share one database, its machine is named, too.
    """
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user needs no name
        name = "user"
    return f"{name}#{uid}@{platform.node()}" if kontor.settings.database_url else f"{name}#{uid}"


def bind(kontor: "Installation", person: str, to: str = "") -> Enrolment:
    """Let an account, by default this process's own, prove to be a person of the staff."""
    own = account(kontor)
    found = Enrolment(person=person, how=ACCOUNT, credential=to or own, by=own, at=datetime.now(UTC))
    kontor.people.enrol(found)
    return found


def unbind(kontor: "Installation", person: str, to: str = "") -> bool:
    """Let an account, here or at the OpenID provider, prove to be a person no more; False if it did not."""
    credential = to or account(kontor)
    known = [found.how for found in kontor.people.of(person) if found.credential == credential]
    gone = [kontor.people.dismiss(person, how, credential) for how in known]
    return any(gone)


def bound(kontor: "Installation") -> tuple[str, ...]:
    """Return the people whom this process's account proves to be."""
    return tuple(found.person for found in kontor.people.bound_to(ACCOUNT, account(kontor)))


def prove(kontor: "Installation", person: str, said: Said) -> Proof:
    """Write the proof that a person said something at this command line.

    While nobody is enrolled, nobody's word can be told from another's, and it is believed.

    Raises:
        NotBound: somebody is, and this account is not bound to the person.
    """
    if person not in bound(kontor) and kontor.people.anybody():
        raise NotBound(
            f"the account {account(kontor)} is not bound to {person}: whoever runs this Kontor binds it "
            f"with `kontor people bind {person}`"
        )
    return kontor.proofs.issue(person, ACCOUNT, "cli", said, datetime.now(UTC))


def proved_as(kontor: "Installation", person: str) -> str:
    """Return who speaks at this command line: the person named, or the only one whom its account proves.

    Empty while nobody is enrolled, and nobody is named: then no word needs a proof.

    Raises:
        NotBound: the account proves nobody, or several people of whom none is named.
    """
    if person or not kontor.people.anybody():
        return person
    known = bound(kontor)
    if len(known) == 1:
        return known[0]
    who = f"is any of {', '.join(known)}" if known else "is bound to nobody"
    raise NotBound(f"the account {account(kontor)} {who}: say who says it with --as")


def prove_answer(kontor: "Installation", request: ApprovalRequest, answer: Answer) -> Answer:
    """Return an answer with its proof, bound to the request as it stands now; raises NotBound."""
    seen = answer.model_copy(update={"request_id": request.id, "arguments_hash": request.arguments_hash})
    return seen.model_copy(update={"proof": prove(kontor, answer.person, answered(request, seen)).id})
