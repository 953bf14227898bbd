"""A mailbox over IMAP: its mails by their numbers, and waiting for the next one.

Read only: nothing is marked, moved or deleted there. Nothing is tried again here; who asks does that.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any, Self

from imapclient import IMAPClient, SocketTimeout

from contracts.mailbox import Imap
from mail.reading import LONGEST_MAIL_BYTES

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0
ASK_SECONDS = 10.0
WINDOW = 20_000
"""Numbers asked about at once: the library takes no answer of more than a million bytes."""
AWAY = (IMAPClient.Error, OSError, ssl.SSLError)
"""What is raised while the server is away, does not let us in, or breaks off."""


class ImapFolder:
    """One folder, open; used in one thread.

    Attributes:
        validity: UIDVALIDITY: with another one, all numbers are new.
    """

    def __init__(self, access: Imap, password: str) -> None:
        """Connect, log in and open the folder.

        Raises:
            AWAY: the server cannot be reached, or does not let us in.
        """
        timeout: Any = SocketTimeout(CONNECT_SECONDS, READ_SECONDS)
        own = access.security == "tls"
        context = ssl.create_default_context(cafile=access.certificate or None)
        self._since = access.since
        self._client = IMAPClient(
            access.host, access.port, ssl=own, ssl_context=context if own else None, timeout=timeout
        )
        try:
            if access.security == "starttls":
                self._client.starttls(context)
            self._client.login(access.user, password)
            opened = self._client.select_folder(access.folder, readonly=True)
        except BaseException:
            self.close()
            raise
        self.validity = int(opened[b"UIDVALIDITY"])
        self._next = int(opened.get(b"UIDNEXT", 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection, whatever its state."""
        with suppress(*AWAY):
            self._client.shutdown()

    def numbers(self, after: int = 0) -> Iterator[int]:
        """Yield the numbers of the mails above one, in order; those from before `since` are left out."""
        first = after + 1
        while first < self._next:
            last = min(first + WINDOW, self._next) - 1
            yield from self._search(f"{first}:{last}")
            first = last + 1
        yield from (each for each in self._search(f"{first}:*") if each >= first)

    def _search(self, numbers: str) -> list[int]:
        since: list[str | date] = ["SINCE", self._since] if self._since else []
        return sorted(self._client.search(["UID", numbers, *since]))

    def mail(self, number: int) -> bytes | None:
        """Return a mail's bytes; of one that is too long its beginning, None if it is not there any more."""
        sized = self._client.fetch([number], ["RFC822.SIZE"]).get(number)
        if sized is None:
            return None
        part = f"<0.{LONGEST_MAIL_BYTES + 1}>" if sized[b"RFC822.SIZE"] > LONGEST_MAIL_BYTES else ""
        found = self._client.fetch([number], [f"BODY.PEEK[]{part}"]).get(number, {})
        raw = next((value for name, value in found.items() if name.startswith(b"BODY[]")), None)
        return bytes(raw) if raw is not None else None

    def wait(self, seconds: float) -> None:
        """Return when something happens in the folder, or after a while (IDLE, RFC 2177).

        A server without IDLE says nothing by itself: then this returns soon, to ask again.
        """
        if not self._client.has_capability("IDLE"):
            time.sleep(min(seconds, ASK_SECONDS))
            self._client.noop()
            return
        self._client.idle()
        try:
            self._client.idle_check(timeout=seconds)
        finally:
            self._client.idle_done()
