"""How a command proves who sits at it."""

from bootstrap.installation import Installation
from cli.terminal import EXIT_USAGE, fail
from contracts.proof import Said
from service.identity import NotBound, prove, proved_as


def proof_or_leave(kontor: Installation, person: str, said: Said) -> str:
    """Return the id of the proof that a person says this here, or leave saying why nobody does."""
    try:
        return prove(kontor, person, said).id
    except NotBound as unknown:
        fail(str(unknown), EXIT_USAGE)


def speaker_or_leave(kontor: Installation, person: str) -> str:
    """Return who speaks here: the person named, or the only one whom the account proves to be."""
    try:
        return proved_as(kontor, person)
    except NotBound as unknown:
        fail(str(unknown), EXIT_USAGE)
