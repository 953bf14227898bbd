"""How people come in: by a link that was made for them once, later by their passkey; and who is in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.session import Session
from memory.authoritative.sessions import SqlSessions
from policy.staff import Member
from service.staff import StaffInForce

INVITED_FOR = timedelta(hours=24)
"""How long an invitation is good, unless it is said otherwise."""


class NotOnStaff(LookupError):
    """Nobody of that name works here; the message says who does."""


@dataclass(frozen=True)
class Visitor:
    """Who is in: a person who works here at this moment."""

    session: Session
    member: Member


class Entrance:
    """Lets people in. Each time it is asked, it asks anew who is on the staff."""

    def __init__(self, sessions: SqlSessions, staff: StaffInForce, origin: str) -> None:
        """Take the books.

        Args:
            sessions: who is signed in.
            staff: who works here.
            origin: scheme, host and port of the console.
        """
        self._sessions = sessions
        self._staff = staff
        self._origin = origin

    def invite(self, person: str, by: str, now: datetime, good_for: timedelta = INVITED_FOR) -> str:
        """Return a link that lets a person in once; it is a secret, and kept nowhere.

        Raises:
            NotOnStaff: nobody of that name works here.
        """
        people = self._staff.now().people
        if person not in people:
            raise NotOnStaff(f"nobody named {person!r} is on the staff; there is: {', '.join(people) or '-'}")
        return f"{self._origin}/enter/{self._sessions.invite(person, by, now, good_for)}"

    def invited(self, secret: str, now: datetime) -> Member | None:
        """Return whom a link lets in; None if it lets nobody in (any more). Nothing is used up."""
        invitation = self._sessions.invitation(secret, now)
        return self._staff.now().people.get(invitation.person) if invitation else None

    def accept(self, secret: str, device: str, now: datetime) -> str | None:
        """Use a link up; returns the secret of the session that begins, None if it lets nobody in."""
        if self.invited(secret, now) is None:
            return None
        return self._sessions.accept(secret, device, now)

    def by_passkey(self, person: str, device: str, now: datetime) -> str | None:
        """Begin the session of somebody whose passkey was verified; None if they do not work here now."""
        if person not in self._staff.now().people:
            return None
        return self._sessions.begin(person, "passkey", device, now)

    def visitor(self, secret: str, now: datetime) -> Visitor | None:
        """Return who holds the secret of a session; None if it has ended, or they do not work here now."""
        session = self._sessions.find(secret, now)
        if session is None:
            return None
        member = self._staff.now().people.get(session.person)
        if member is None:
            self._sessions.end(session.person, "")
            return None
        return Visitor(session, member)
