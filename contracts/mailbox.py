"""Where mail comes in: whose addresses a mailbox has, and what a mail in it asks for."""

import re
from datetime import date
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.base import Frozen
from contracts.source import EventRule

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SOURCE_PREFIX = "mail:"
"""Before a mailbox's name: the source of its mails' events. No file of `sources/` can be called so."""


class Imap(Frozen):
    """Where a mailbox lies: `[NAME.imap]`.

    Attributes:
        host: the server.
        port: 993 for `tls`, 143 for `starttls` as a rule.
        security: `none` only where the server is this machine.
        certificate: a file with the certificate that signs the server's; empty trusts those that this
            machine trusts.
        user: whose mailbox it is.
        secret: the name of the secret that is their password.
        folder: as the server calls it.
        since: what came there before this day is left.
    """

    host: str
    port: int = Field(default=993, ge=1, le=65_535)
    security: Literal["tls", "starttls", "none"] = "tls"
    certificate: str = ""
    user: str
    secret: str
    folder: str = "INBOX"
    since: date | None = None

    @model_validator(mode="after")
    def _is_secured(self) -> Self:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError(
                "security: 'none' sends the password in the clear: only to 127.0.0.1, ::1, localhost"
            )
        return self


class Mailbox(Frozen):
    """One table of `mailboxes.toml`; its name is the table's.

    Attributes:
        name: the table's, filled in when it is read.
        note: for people.
        address: the address that customers write to.
        also: further addresses of ours; what is from one of them is our own.
        channel: the connector that its requests are about.
        desk: whose case a mail begins.
        key: a regular expression of what a case is about, such as an order's number; empty if nothing is.
        request: by field of the desk's request: JMESPath over what was read in the mail.
        authserv: how our own mail server calls itself in `Authentication-Results`; it proves senders.
        unproved: what is done about a mail whose sender is not proved: it stands `aside` for a person, or is
            taken (`take`) like any other.
        kept_days: how long a mail's bytes are kept; what was read of it stays with its case.
        most_waiting: with so many of its mails waiting, no more are taken in.
        imap: where it lies; None where its mail is only handed in.
    """

    name: str = ""
    note: str = ""
    address: str = Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")
    also: tuple[str, ...] = ()
    channel: str
    desk: str
    key: str = ""
    request: dict[str, str] = Field(min_length=1)
    authserv: str = ""
    unproved: Literal["aside", "take"] = "aside"
    kept_days: int = Field(default=90, ge=0)
    most_waiting: int = Field(default=10_000, ge=1, le=1_000_000)
    imap: Imap | None = None

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        try:
            re.compile(self.key)
        except re.error as wrong:
            raise ValueError(f"key: it is no regular expression: {wrong}") from None
        return self

    @cached_property
    def own(self) -> frozenset[str]:
        """Its addresses, in small letters."""
        return frozenset(address.lower() for address in (self.address, *self.also))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What its key looks like; without one nothing does."""
        return re.compile(self.key or r"(?!)")

    @property
    def source(self) -> str:
        """The source of the events that its mails are."""
        return f"{SOURCE_PREFIX}{self.name}"

    @property
    def rule(self) -> EventRule:
        """What a mail that begins something asks for."""
        return EventRule(desk=self.desk, request=self.request)
