"""A forgotten customer's mails: their words go, and it stays known that they came."""

from collections.abc import Collection

from sqlalchemy import delete, func, update
from sqlmodel import and_, col, or_, select

from contracts.mailbox import SOURCE_PREFIX
from memory.episodic.journal import Books
from memory.tables.events import EventRow
from memory.tables.mails import MailRow, MailWordRow

PERSONAL = ("person", "writer")


def empty_mails(session: Books, customer: str, case_ids: Collection[str]) -> None:
    """Take the words out of mails; their digests stay, so that none of them counts again.

    Args:
        session: the transaction.
        customer: who is forgotten; where it is a mail address, what begins no case goes by it.
        case_ids: their cases that have ended; those of the others keep their words.
    """
    conversations = select(EventRow.key).where(
        col(EventRow.case_id).in_(case_ids), col(EventRow.source).startswith(SOURCE_PREFIX)
    )
    placed = select(MailRow.digest).where(col(MailRow.conversation).in_(conversations))
    theirs = func.lower(col(MailRow.sender)) == customer.lower()
    wanted = or_(
        col(MailRow.conversation).in_(conversations),
        col(MailRow.same_as).in_(placed),
        and_(theirs, col(MailRow.conversation) == "", col(MailRow.same_as) == ""),
    )
    digests = list(session.exec(select(MailRow.digest).where(wanted)))
    session.execute(
        delete(MailWordRow).where(col(MailWordRow.digest).in_(digests), col(MailWordRow.kind).in_(PERSONAL))
    )
    gone = {"raw": None, "sender": "", "subject": "", "stem": ""}
    session.execute(update(MailRow).where(col(MailRow.digest).in_(digests)).values(gone))
