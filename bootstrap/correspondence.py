"""Who writes to the office of one installation, and who is told of it."""

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from bootstrap.door_records import DoorRecords

if TYPE_CHECKING:
    from contracts.mailbox import Mailbox
    from contracts.source import Source
    from contracts.subscription import Subscription
    from memory.authoritative.mails.keeping import MailKeeper
    from memory.authoritative.mails.moving import MailMoves


class Correspondence(DoorRecords):
    """What the office's files say of sources, mailboxes and subscriptions, and the mails that came."""

    @cached_property
    def event_sources(self) -> "dict[str, Source]":
        """Who sends the office events, by name; raises OfficeInvalid."""
        from connectors.sources.files import sound_sources

        return sound_sources(self.office)

    @cached_property
    def mailboxes(self) -> "dict[str, Mailbox]":
        """Where mail comes in, by name; raises OfficeInvalid."""
        from connectors.mailboxes.files import sound_mailboxes

        return sound_mailboxes(self.office)

    @property
    def own_addresses(self) -> frozenset[str]:
        """The addresses of all our mailboxes."""
        return frozenset[str]().union(*(box.own for box in self.mailboxes.values()))

    @cached_property
    def subscriptions(self) -> "dict[str, Subscription]":
        """Who is told what, by name; raises OfficeInvalid."""
        from connectors.subscriptions.files import sound_subscriptions

        return sound_subscriptions(self.office)

    def takes_up(self, source: str) -> bool:
        """Say whether the office knows a source: a file of `sources/`, a mailbox, a desk that is heard of."""
        boxes = {box.source for box in self.mailboxes.values()}
        heard_of = {each.source for each in self.subscriptions.values() if each.case}
        return source in self.event_sources or source in boxes | heard_of

    @cached_property
    def mails(self) -> "MailKeeper":
        """What keeps mails."""
        from memory.authoritative.mails.keeping import MailKeeper

        return MailKeeper(self.journal, self.own_addresses, self._mail_reply_key)

    def _mail_reply_key(self) -> bytes:
        """Return the key of our reply addresses; local secrets make it, without one there are none."""
        from mail.reply_address import KEY_NAME

        try:
            return self._made_keys(KEY_NAME).read(KEY_NAME).encode()
        except KeyError as missing:
            logging.warning("mails get no reply address: %s", missing)
            return b""

    @cached_property
    def mail_moves(self) -> "MailMoves":
        """What people say about mails."""
        from memory.authoritative.mails.moving import MailMoves

        return MailMoves(self.journal)
