"""Mailboxes are followed: what lies there and is not in the books is taken in, now and as it comes."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from connectors.mailboxes.imap import AWAY, ImapFolder
from connectors.secrets import SecretsUnavailable
from contracts.mailbox import Mailbox
from logs import is_expected
from mail.arrival import Transport
from memory.authoritative.mails.keeping import MailboxFull
from service.post import take_in

if TYPE_CHECKING:
    from bootstrap.installation import Installation

LOGGER = logging.getLogger(__name__)
IDLE_SECONDS = 60.0
"""After this long without news it is looked all the same, and a connection that died is found."""
FIRST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 60.0


class MailboxWatch:
    """Follows one mailbox, in a thread of its own, until it is told to stop.

    It has no memory: what is in the books is read from there, under the mailbox's present UIDVALIDITY.
    Several of them on one mailbox do no harm.
    """

    def __init__(self, kontor: "Installation", box: Mailbox, told: Callable[[str], None]) -> None:
        """Take what is followed.

        Args:
            kontor: whose books.
            box: a mailbox with `[NAME.imap]`.
            told: is called with the source of its events after something was kept.
        """
        self._kontor = kontor
        self._box = box
        self._told = told
        self.stop = threading.Event()

    def follow(self) -> None:
        """Take in what is there and what comes; what is away is tried again, later each time."""
        rest = FIRST_REST_SECONDS
        while not self.stop.is_set():
            try:
                with open_folder(self._kontor, self._box) as folder:
                    LOGGER.info("follows the mailbox %s", self._box.name)
                    rest = FIRST_REST_SECONDS
                    self._follow(folder)
            except Exception as error:
                if not (
                    isinstance(error, (*AWAY, MailboxFull, SecretsUnavailable, KeyError))
                    or is_expected(error)
                ):
                    LOGGER.exception("the mailbox %s cannot be followed", self._box.name)
                else:
                    why = f"{type(error).__name__}: {error}"[:300]
                    LOGGER.warning("the mailbox %s cannot be followed now: %s", self._box.name, why)
                self.stop.wait(rest)
                rest = min(2 * rest, LONGEST_REST_SECONDS)

    def _follow(self, folder: ImapFolder) -> None:
        known = self._kontor.mail_lists.uids(self._box.name, folder.validity)
        after = 0
        while not self.stop.is_set():
            for number in list(folder.numbers(after)):
                after = max(after, number)
                if number not in known:
                    self._take(folder, number)
                if self.stop.is_set():
                    return
            folder.wait(IDLE_SECONDS)

    def _take(self, folder: ImapFolder, number: int) -> None:
        raw = folder.mail(number)
        if raw is not None:
            take_in(self._kontor, self._box, raw, Transport(validity=folder.validity, uid=number))
            self._told(self._box.source)


def open_folder(kontor: "Installation", box: Mailbox) -> ImapFolder:
    """Open a mailbox's folder.

    Raises:
        AWAY: its server cannot be reached, or does not let us in.
        KeyError: its password is not there.
        SecretsUnavailable: nor is the place that it stands in.
    """
    assert box.imap is not None
    return ImapFolder(box.imap, kontor.secrets.read(box.imap.secret))
