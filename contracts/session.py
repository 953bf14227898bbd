"""Who is at the console: sessions, and the invitations and passkeys that begin them."""

from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Literal

from contracts.base import Frozen, text_hash

Means = Literal["link", "passkey"]
"""How somebody showed who they are: by a link that was made for them once, or by a passkey of theirs."""


class Session(Frozen):
    """A person at a browser.

    Attributes:
        id: names it in lists; what the browser holds is a secret, kept nowhere.
        how: how the person came in.
        device: what the browser calls itself.
        seen_at: when it was last used, to the minute.
        proved_at: when the person last showed who they are.
    """

    id: str
    person: str
    how: Means
    device: str
    started_at: datetime
    seen_at: datetime
    proved_at: datetime


class Invitation(Frozen):
    """A link that lets one person in, once.

    Attributes:
        made_by: who made it: the account of the operating system.
    """

    person: str
    made_by: str
    made_at: datetime
    expires_at: datetime


class Passkey(Frozen):
    """A passkey that a person enrolled.

    Attributes:
        id: the credential's own id, as base64url.
        public_key: what verifies it, in COSE.
        sign_count: how often it was used, where it counts.
        device: what the browser called itself when it was enrolled.
    """

    id: str
    person: str
    public_key: bytes
    sign_count: int
    device: str
    made_at: datetime
    used_at: datetime | None = None

    @property
    def public_key_hash(self) -> str:
        """Of the key as base64url without padding: by this the log knows it."""
        return text_hash(urlsafe_b64encode(self.public_key).decode().rstrip("="))
