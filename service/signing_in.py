"""How people come in: by a link for them, their passkey or the OpenID provider; and who is in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.session import Session, Subject
from memory.authoritative.people import SqlPeople
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

    def __init__(self, sessions: SqlSessions, people: SqlPeople, staff: StaffInForce, origin: str) -> None:
        """Take the books.

        Args:
            sessions: who is signed in.
            people: what accounts are bound to whom.
            staff: who works here.
            origin: scheme, host and port of the console.
        """
        self._sessions = sessions
        self._people = people
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

    def by_password(self, person: str, device: str, now: datetime) -> str | None:
        """Begin the session of somebody whose password was verified; None if they do not work here now."""
        if person not in self._staff.now().people:
            return None
        return self._sessions.begin(person, "password", device, now)

    def by_oidc(self, subject: Subject, device: str, now: datetime) -> str | None:
        """Begin the session of somebody whom the OpenID provider vouches for; None if they are nobody here.

        The first time they are known by their mail, if the provider verified it and it is one person's
        alone; from then on by their id at the provider and nothing else.
        """
        bound = self._people.bound_to("oidc", subject.credential)
        person = bound[0].person if bound else self._by_mail(subject.mail)
        if person not in self._staff.now().people:
            return None
        if not bound and not self._sessions.bind(person, subject, now):
            return None
        return self._sessions.begin(person, "oidc", device, now, subject.shown_at)

    def _by_mail(self, mail: str) -> str:
        """Return whose mail it is; empty if it is nobody's, or several people's."""
        wanted = mail.casefold()
        people = self._staff.now().people.items()
        found = [name for name, member in people if wanted and member.mail.casefold() == wanted]
        return found[0] if len(found) == 1 else ""

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
