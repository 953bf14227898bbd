"""Mail is taken in: read, asked who wrote it and whether that is proved, and kept."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from contracts.mailbox import Mailbox
from mail.arrival import Arrival, Transport
from mail.message import Unreadable
from mail.proof import proved_domain
from mail.reading import read_mail
from mail.signs import written_by
from mail.topic import stated

if TYPE_CHECKING:
    from bootstrap.installation import Installation


def arrival_of(box: Mailbox, raw: bytes, own: frozenset[str]) -> Arrival:
    """Read a mail as it comes in.

    Args:
        box: its mailbox.
        raw: its bytes.
        own: the addresses of all our mailboxes.
    """
    mail = read_mail(raw)
    if isinstance(mail, Unreadable):
        return Arrival(mailbox=box.name, raw=raw, digest=mail.digest, why=mail.why)
    domain = proved_domain(mail, box.authserv)
    return Arrival(
        mailbox=box.name,
        raw=raw,
        digest=hashlib.sha256(raw).hexdigest(),
        mail=mail,
        written=written_by(mail, own),
        keys=stated(mail, box.pattern),
        proof=f"dmarc:{domain}" if domain else "",
    )


def take_in(kontor: "Installation", box: Mailbox, raw: bytes, lies: Transport | None = None) -> int:
    """Take a mail in; when this returns, it is in the books, with its number. The same again finds it.

    Args:
        kontor: whose books.
        box: its mailbox.
        raw: its bytes.
        lies: where it lies in its mailbox; None where it was handed in.

    Raises:
        MailboxFull: too many of its mails wait; nothing of it was kept.
    """
    return kontor.mails.keep(
        arrival_of(box, raw, kontor.own_addresses),
        lies,
        kept_for=timedelta(days=box.kept_days),
        most_waiting=box.most_waiting,
        now=datetime.now(UTC),
    )
