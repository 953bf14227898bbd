"""The records of one installation that are about its doors: who comes in, and what is let in."""

from functools import cached_property
from typing import TYPE_CHECKING

from bootstrap.records import Records

if TYPE_CHECKING:
    from memory.authoritative.admissions import SqlAdmissions
    from memory.authoritative.announcements import SqlAnnouncements
    from memory.authoritative.conversations import SqlConversations
    from memory.authoritative.events import SqlEvents
    from memory.authoritative.mails.lists import MailLists
    from memory.authoritative.passkeys import SqlPasskeys
    from memory.authoritative.people import SqlPeople
    from memory.authoritative.proofs import SqlProofs
    from memory.authoritative.sessions import SqlSessions
    from service.passwords import Passwords


class DoorRecords(Records):
    """The stores on the database that doors write: people, their proofs, cases let in, events, mails."""

    @cached_property
    def admissions(self) -> "SqlAdmissions":
        """The cases that doors let in."""
        from memory.authoritative.admissions import SqlAdmissions

        return SqlAdmissions(self.database)

    @cached_property
    def proofs(self) -> "SqlProofs":
        """What people said through which door."""
        from memory.authoritative.proofs import SqlProofs

        return SqlProofs(self.database)

    @cached_property
    def people(self) -> "SqlPeople":
        """Who may prove to be whom by what."""
        from memory.authoritative.people import SqlPeople

        return SqlPeople(self.database)

    @cached_property
    def events(self) -> "SqlEvents":
        """What came in from outside."""
        from memory.authoritative.events import SqlEvents

        return SqlEvents(self.journal)

    @cached_property
    def announcements(self) -> "SqlAnnouncements":
        """What of the log is told to whom."""
        from memory.authoritative.announcements import SqlAnnouncements

        return SqlAnnouncements(self.journal)

    @cached_property
    def sessions(self) -> "SqlSessions":
        """Who is signed in at the console, and who is invited."""
        from memory.authoritative.sessions import SqlSessions

        return SqlSessions(self.journal)

    @cached_property
    def passkeys(self) -> "SqlPasskeys":
        """The passkeys of the staff."""
        from memory.authoritative.passkeys import SqlPasskeys

        return SqlPasskeys(self.journal)

    @cached_property
    def passwords(self) -> "Passwords | None":
        """The passwords of the staff; None where nobody signs in by one."""
        from memory.authoritative.passwords import SqlPasswords
        from service.passwords import Passwords

        return Passwords(SqlPasswords(self.journal)) if self.settings.passwords else None

    @cached_property
    def mail_lists(self) -> "MailLists":
        """The mails that are kept."""
        from memory.authoritative.mails.lists import MailLists

        return MailLists(self.database)

    @cached_property
    def conversations(self) -> "SqlConversations":
        """What is said with customers, turn by turn."""
        from memory.authoritative.conversations import SqlConversations

        return SqlConversations(self.journal)
