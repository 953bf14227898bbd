"""Addresses to answer to: what comes to one belongs to its conversation, whatever its headers say."""

import hashlib
import hmac

KEY_NAME = "mail_reply_key"
"""The secret that our reply addresses are made with."""
TOKEN_CHARS = 20
"""80 bits: nobody finds one by trying."""


def token_of(conversation: str, key: bytes) -> str:
    """Return what stands behind the plus of a conversation's reply address; only who has the key can make it.

    Args:
        conversation: its id.
        key: the installation's own.
    """
    return hmac.new(key, conversation.encode(), hashlib.sha256).hexdigest()[:TOKEN_CHARS]


def reply_address(address: str, token: str) -> str:
    """Return an address of ours to which the answers of one conversation come."""
    name, at, domain = address.partition("@")
    return f"{name}+{token}{at}{domain}"
