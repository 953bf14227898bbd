"""What belongs to the person who is in: their passkeys, and where else they are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from starlette.responses import JSONResponse, RedirectResponse, Response

from console.visit import Refused, Visit, device
from contracts.session import Passkey, Session
from service.passkeys import PasskeyRefused

Named = TypeVar("Named", Passkey, Session)
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
"""What stands in a browser's own name, the more special one first: most also call themselves another."""
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class AccountView:
    """The page.

    Attributes:
        new: whether they have just come in by a link.
        password: `set` or `unset`; empty where nobody signs in by one.
        here: the id of this browser's session.
    """

    person: str
    name: str
    roles: Sequence[str]
    passkeys: Sequence[Passkey]
    sessions: Sequence[Session]
    here: str
    new: bool
    password: str


def browser_words(told: str) -> str:
    """Return what a browser calls itself in two words: `Firefox on Linux`; cut, if it is none we know."""
    named = next((name for sign, name in BROWSERS if sign in told), "")
    system = next((name for sign, name in SYSTEMS if sign in told), "")
    return f"{named} on {system}" if named and system else told[:60]


def show(visit: Visit) -> Response:
    """Show it."""
    member, passwords = visit.visitor.member, visit.kontor.passwords
    view = AccountView(
        person=visit.person,
        name=member.name,
        roles=member.roles,
        passkeys=tuple(_named(key) for key in visit.console.passkeys.of(visit.person)),
        sessions=tuple(_named(each) for each in visit.kontor.sessions.of(visit.person, visit.now)),
        here=visit.visitor.session.id,
        new=bool(visit.asked("new")),
        password=("set" if passwords.has(visit.person) else "unset") if passwords else "",
    )
    return visit.page("account.html", "You", view)


def _named(thing: Named) -> Named:
    return thing.model_copy(update={"device": browser_words(thing.device)})


def enrolment(visit: Visit) -> Response:
    """Ask the browser to make a passkey."""
    return Response(visit.console.passkeys.enrolment(visit.person, visit.now), media_type="application/json")


def enrol(visit: Visit) -> Response:
    """Keep the passkey that the browser made."""
    try:
        visit.console.passkeys.enrol(visit.person, visit.field("answered"), device(visit.request), visit.now)
    except PasskeyRefused as refused:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The passkey was not kept", str(refused)) from None
    return JSONResponse({})


def remove_passkey(visit: Visit) -> Response:
    """Let a passkey of theirs open nothing any more."""
    visit.console.passkeys.remove(visit.person, visit.field("passkey"), visit.now)
    return RedirectResponse("/me", HTTPStatus.SEE_OTHER)


def end_session(visit: Visit) -> Response:
    """Sign them out at another browser, or everywhere."""
    which = visit.field("session")
    if which:
        visit.kontor.sessions.end(visit.person, "" if which == "all" else which)
    return RedirectResponse("/me", HTTPStatus.SEE_OTHER)
