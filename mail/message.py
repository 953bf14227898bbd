"""A mail as it was read: what stands in it, within bounds, and nothing that it does."""

from datetime import datetime

from contracts.base import Frozen

MailId = str
"""A Message-ID without its angle brackets. Senders make it: it may be missing, or stand on several mails."""


class Address(Frozen):
    """Whom a header names.

    Attributes:
        address: in small letters; empty where a header names somebody without one.
    """

    address: str
    name: str = ""


class Attachment(Frozen):
    """A part of a mail that is not its text.

    Attributes:
        name: as the sender calls it, one line; no path and no promise of what it is.
        type: as the sender calls it, such as `application/pdf`.
        size: in bytes, decoded.
        digest: SHA-256 of those bytes, as 64 hex digits.
    """

    name: str
    type: str
    size: int
    digest: str


class Mail(Frozen):
    """One mail.

    Attributes:
        digest: SHA-256 of the bytes as they came, as 64 hex digits; another delivery has another one.
        content: SHA-256 of what the sender made: from whom, when, subject, text and attachments.
            Deliveries of one mail share it.
        message_id: empty where the mail has none.
        date: when it was sent, by its sender's word; None where that is none.
        sender: whom it says that it is from.
        reply_to: whom it wants answered instead.
        recipients: whom it names as receiving it, To before Cc; not all of thousands.
        recipient_count: how many it names.
        delivered_to: to which addresses the servers on its way say that they delivered it.
        in_reply_to: the mails that it answers.
        references: the mails of its thread, the oldest first.
        subject: one line.
        text: what its reader sees, HTML as text.
        attachments: the rest.
        signs: by header, in small letters: those that say whether a machine wrote it.
        type: of the whole mail, such as `multipart/report`; `report` says of what.
        left_out: what was not read, in words.
    """

    digest: str
    content: str
    message_id: MailId = ""
    date: datetime | None = None
    sender: Address = Address(address="")
    reply_to: tuple[Address, ...] = ()
    recipients: tuple[Address, ...] = ()
    recipient_count: int = 0
    delivered_to: tuple[str, ...] = ()
    in_reply_to: tuple[MailId, ...] = ()
    references: tuple[MailId, ...] = ()
    subject: str = ""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    signs: dict[str, str] = {}
    type: str = "text/plain"
    report: str = ""
    left_out: tuple[str, ...] = ()


class Unreadable(Frozen):
    """Bytes that are no mail we read, and why."""

    digest: str
    why: str
