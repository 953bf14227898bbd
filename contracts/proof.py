"""Who said it: a row that a door writes for a person who came through it, used up by what they said."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from contracts.base import Frozen, content_hash

How = Literal["os-account", "session", "passkey", "oidc", "mail"]
"""How a person showed who they are; by `mail` a customer, whom our mail server or a colleague proved."""
ShownHow = Literal["os-account", "session", "passkey", "oidc", "mail", "link", "name"]
"""The same, as policy reads it."""
Door = Literal["cli", "console", "mail"]
Act = Literal[
    "answer", "undo", "withdraw", "received", "inspected", "replied", "conversed", "handled", "scheduled"
]
"""What a proof lets somebody do; `answer` is every answer to a request for approval."""
LASTS = timedelta(hours=1)
"""How long what was said may be on its way, for instance while no worker runs."""


class Proof(Frozen):
    """That a person said something, through a door that knows them; good once.

    Attributes:
        id: unguessable; all of it that a signal or an update carries.
        door: which wrote it.
        act: what kind of thing was said.
        about: the request for approval; for an undo or a withdrawal the case.
        arguments_hash: of what the person saw, where they answered a request.
        said: `said_hash` of what they said.
        proved_at: when they last showed who they are.
    """

    id: str
    person: str
    how: How
    door: Door
    act: Act
    about: str
    arguments_hash: str = ""
    said: str
    proved_at: datetime
    issued_at: datetime
    expires_at: datetime


class Shown(Frozen):
    """How somebody who answers showed who they are, as policy reads it.

    Attributes:
        how: as in `Proof`; `link` for a signed link, `name` for a word that was believed.
        age_seconds: how long before they answered.
    """

    how: ShownHow
    age_seconds: int = 0


BY_NAME = Shown(how="name")
BY_LINK = Shown(how="link")
MERELY_IN = Shown(how="session")
"""Somebody at the console who shows nothing more."""
AT_BEST = Shown(how="passkey")
"""Somebody who has just touched their passkey: whether they may answer at all."""


def shown_by(proof: Proof) -> Shown:
    """Return how the person of a proof showed who they are, as of when they spoke."""
    age = (proof.issued_at - proof.proved_at).total_seconds()
    return Shown(how=proof.how, age_seconds=max(0, int(age)))


class Said(Frozen):
    """What a person says.

    Attributes:
        about: as in `Proof`.
        arguments_hash: of what they saw, where they answer a request.
        words: the choice, the amount and so on; what is left out and what is empty are the same.
    """

    act: Act
    about: str
    arguments_hash: str = ""
    words: dict[str, JsonValue] = {}


class Claim(Frozen):
    """What came to a case in a person's name, with what is to prove it.

    Attributes:
        said: what they are said to have said.
        person: who; empty if it does not say.
        proof: the id of the proof; empty if there is none.
        use: by which the same claim is known when it is judged anew; a second one has another.
    """

    said: Said
    person: str = ""
    proof: str = ""
    use: str


class Enrolment(Frozen):
    """What shows that somebody is a person of the staff.

    Attributes:
        credential: the account, or the key's id.
        by: who bound it.
    """

    person: str
    how: How
    credential: str
    by: str
    at: datetime


class ProofRefused(Exception):
    """A proof does not bear what was said; the message is for a person."""


def unborne(proof: Proof | None, person: str, said: Said) -> str:
    """Say why a proof does not bear what somebody said; empty if it does, used or expired as it may be."""
    if proof is None:
        return f"nobody proved to be {person or 'anybody'}: `kontor proof` or the console makes the proof"
    checks = (
        (proof.person == person, f"the proof is not {person or 'anybody'}'s"),
        (proof.act == said.act, f"the proof is of something else: {proof.act}, not {said.act}"),
        (proof.about == said.about, "the proof is about something else"),
        (proof.arguments_hash == said.arguments_hash, "the proof is for other arguments than are asked now"),
        (proof.said == said_hash(said.words), "the proof is of other words"),
    )
    return next((why for holds, why in checks if not holds), "")


def said_hash(said: Mapping[str, object]) -> str:
    """Return the hash of what somebody said; what was left out and what is empty are the same."""
    return content_hash({name: value for name, value in said.items() if value not in (None, "", [], ())})
