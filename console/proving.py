"""The proof that somebody who is in said something: how they came in, and when they showed who they are."""

from collections.abc import Mapping

from console.visit import Visit
from contracts.proof import How, Proof, Said
from contracts.session import Means

HOW: Mapping[Means, How] = {"link": "session", "passkey": "passkey", "oidc": "oidc", "password": "session"}
"""What a session proves, by how its person came in: a link in is no signed link to one answer."""


def proved(visit: Visit, said: Said, *, now: bool = False) -> Proof:
    """Write the proof that the person who is in said this; the data plane uses it up.

    Args:
        visit: theirs.
        said: what they said.
        now: they touched their passkey for just this.
    """
    session = visit.visitor.session
    return visit.kontor.proofs.issue(
        visit.person,
        "passkey" if now else HOW[session.how],
        "console",
        said,
        visit.now,
        proved_at=visit.now if now else session.proved_at,
    )
