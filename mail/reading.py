"""Bytes become a mail, whatever they are: within bounds, and with no error that stops those behind it."""

import hashlib
from email.message import EmailMessage
from email.parser import BytesParser, HeaderParser
from itertools import islice
from typing import Any

from contracts.base import content_hash
from mail.headers import (
    LONGEST_IDS_CHARS,
    POLICY,
    addresses,
    count_addresses,
    every,
    ids,
    moment,
    one_line,
    parameter,
    signs_of,
    words_of,
)
from mail.message import Address, Mail, MailId, Unreadable
from mail.parts import Body
from mail.signs import SIGNS

LONGEST_MAIL_BYTES = 80_000_000
"""Attachments of 50 MB, and the third that base64 adds."""
MOST_PARTS = 250
MOST_MULTIPARTS = 50
"""One inside the other, each costs another look at every line."""


class _TooMuch(Exception):
    """A mail of more parts than are read; says so."""


def read_mail(raw: bytes) -> Mail | Unreadable:
    """Read a mail; what is none, or more than is read, comes back with its reason.

    Args:
        raw: as it came over the wire or out of a mailbox.
    """
    digest = hashlib.sha256(raw).hexdigest()
    if len(raw) > LONGEST_MAIL_BYTES:
        return Unreadable(digest=digest, why=f"it is longer than {LONGEST_MAIL_BYTES // 1_000_000} MB")
    try:
        message = _parsed(raw)
    except _TooMuch as too_much:
        return Unreadable(digest=digest, why=str(too_much))
    except Exception as error:  # the library's parser promises none, and has raised IndexError and others
        return Unreadable(digest=digest, why=f"it is no mail that can be taken apart: {type(error).__name__}")
    if not message.keys():
        return Unreadable(digest=digest, why="it has no headers: it is no mail")
    return _mail(message, digest)


def _parsed(raw: bytes) -> EmailMessage:
    """Take a mail apart; stop in the middle of one that has too many parts."""
    parts, multiparts = 0, 0

    class Counted(EmailMessage):
        def __init__(self, policy: Any = POLICY) -> None:
            nonlocal parts
            parts += 1
            if parts > MOST_PARTS:
                raise _TooMuch(f"it has more than {MOST_PARTS} parts")
            super().__init__(policy)

        def get_boundary(self, failobj: Any = None) -> Any:  # asked once when a multipart is entered
            nonlocal multiparts
            multiparts += 1
            if multiparts > MOST_MULTIPARTS:
                raise _TooMuch(f"more than {MOST_MULTIPARTS} of its parts hold others")
            return super().get_boundary(failobj)

    found = BytesParser(Counted, policy=POLICY).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    return found


def _mail(message: EmailMessage, digest: str) -> Mail:
    body = Body(message)
    senders = addresses(message, "from") or addresses(message, "sender")
    sender = senders[0] if senders else Address(address="")
    count = count_addresses(message, "to", "cc")
    recipients = addresses(message, "to", "cc")
    left_out = list(dict.fromkeys(body.left_out))
    if count > len(recipients) and count > 1:
        left_out.append(f"names of {count - len(recipients)} of {count} recipients")
    date, subject = moment(message), words_of(message, "subject")
    made = {
        "sender": sender.address,
        "date": date.isoformat() if date else "",
        "subject": subject,
        "text": body.text,
        "attachments": [each.digest for each in body.attachments],
    }
    return Mail(
        digest=digest,
        content=content_hash(made),
        message_id=next(iter(ids(message, "message-id")), ""),
        date=date,
        sender=sender,
        reply_to=addresses(message, "reply-to"),
        recipients=recipients,
        recipient_count=count,
        delivered_to=_delivered_to(message),
        in_reply_to=ids(message, "in-reply-to"),
        references=_references(message),
        subject=subject,
        text=body.text,
        attachments=tuple(body.attachments),
        signs=signs_of(message, SIGNS),
        type=message.get_content_type(),
        report=parameter(message, "report-type"),
        left_out=tuple(left_out),
    )


def _references(message: EmailMessage) -> tuple[MailId, ...]:
    """Return the mails of its thread; of a report the ones that it is about, which stand within it."""
    found = list(ids(message, "references"))
    if message.get_content_type() == "multipart/report":
        for part in islice(message.walk(), 1, MOST_PARTS):
            found += ids(part, "message-id")
            if part.get_content_type() == "text/rfc822-headers":
                headers = HeaderParser(policy=POLICY).parsestr(str(part.get_payload())[:LONGEST_IDS_CHARS])
                found += ids(headers, "message-id")
    return tuple(dict.fromkeys(found))


def _delivered_to(message: EmailMessage) -> tuple[str, ...]:
    found = [each for name in ("delivered-to", "x-original-to") for each in every(message, name)]
    return tuple(dict.fromkeys(one_line(each).strip("<>").lower() for each in found))
