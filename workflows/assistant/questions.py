"""A customer's words compared with words: what is the same question, and what a question is plainly about."""

import hashlib
import unicodedata
from collections.abc import Iterable

from contracts.base import canonical_json

_END = " .?!"
"""What ends a question says nothing else than the question; everything within it does."""


def plain(text: str) -> str:
    """Return a text in small letters, plain characters and single spaces, without what ends it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(_END)


def question_key(text: str, scope: str, version: str) -> str:
    """Return the key of a question's answer: the same only for the same words, scope and sources.

    Args:
        text: the customer's words.
        scope: whose answer it is: `public`, or a customer.
        version: of everything that answers are made from.
    """
    said = canonical_json([plain(text), scope, version])
    return "chat-" + hashlib.sha256(said.encode()).hexdigest()


def names_one(text: str, words: Iterable[str]) -> bool:
    """Say whether one of these words, or runs of words, stands in a text as a whole."""
    spaced = f" {_only_words(text)} "
    return any(f" {_only_words(word)} " in spaced for word in words)


def _only_words(text: str) -> str:
    kept = "".join(c if c.isalnum() or c in "€$£'" else " " for c in plain(text).replace("\u2019", "'"))
    return " ".join(kept.split())
