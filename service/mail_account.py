"""Is every mail of a mailbox accounted for? Held against the mailbox itself, number by number."""

from typing import TYPE_CHECKING

from connectors.mailboxes.imap import ImapFolder
from contracts.base import Frozen
from contracts.mailbox import Mailbox
from mail.arrival import Fate, Transport
from service.mail_watch import open_folder
from service.post import take_in

if TYPE_CHECKING:
    from bootstrap.installation import Installation


class MailboxAccount(Frozen):
    """What became of the mails that lie in a mailbox.

    Attributes:
        validity: its UIDVALIDITY.
        lie: how many lie there now.
        fates: what became of those, by fate.
        missing: the numbers of those that are not in the books.
        taken: the numbers of those that were taken in now.
        aside: how many stand aside for a person.
        waiting: how many were not taken up yet.
    """

    mailbox: str
    validity: int
    lie: int
    fates: dict[Fate, int]
    missing: tuple[int, ...] = ()
    taken: tuple[int, ...] = ()
    aside: int = 0
    waiting: int = 0


def account_for(kontor: "Installation", box: Mailbox, *, take: bool) -> MailboxAccount:
    """Hold a mailbox against the books; raises what `open_folder` does, and MailboxFull.

    Args:
        kontor: whose books.
        box: a mailbox with `[NAME.imap]`.
        take: take in what is missing.
    """
    with open_folder(kontor, box) as folder:
        lie = set(folder.numbers())
        known = kontor.mail_lists.uids(box.name, folder.validity)
        missing = sorted(lie - known)
        taken = [number for number in missing if take and _take(kontor, box, folder, number)]
        fates, aside, waiting = kontor.mail_lists.account(box.name, folder.validity, lie)
    return MailboxAccount(
        mailbox=box.name,
        validity=folder.validity,
        lie=len(lie),
        fates=fates,
        missing=tuple(each for each in missing if each not in taken),
        taken=tuple(taken),
        aside=aside,
        waiting=waiting,
    )


def _take(kontor: "Installation", box: Mailbox, folder: ImapFolder, number: int) -> bool:
    raw = folder.mail(number)
    if raw is None:  # it was deleted since it was listed
        return False
    take_in(kontor, box, raw, Transport(validity=folder.validity, uid=number))
    return True
