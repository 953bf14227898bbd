"""Who is at the console: sessions, and the invitations and passkeys that begin them."""

from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Literal

from contracts.base import Frozen, text_hash

Means = Literal["link", "passkey", "oidc", "password"]
"""How somebody showed who they are: by a link that was made for them once, by a passkey of theirs, to the
office's OpenID provider, or by a password."""


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


class Subject(Frozen):
    """Somebody as an OpenID provider knows them.

    Attributes:
        issuer: the provider.
        id: theirs at that provider, for ever; a mail address may be somebody else's tomorrow.
        mail: theirs, if the provider says that it verified it; else empty.
        shown_at: when they last showed the provider who they are; None if it does not say.
    """

    issuer: str
    id: str
    mail: str = ""
    shown_at: datetime | None = None

    @property
    def credential(self) -> str:
        """As it is bound to a person."""
        return f"{self.issuer}#{self.id}"


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
