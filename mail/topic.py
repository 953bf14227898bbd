"""What a mail is about, as far as its subject and its writer's own words state it."""

import re
import unicodedata

from mail.cleaning import clean
from mail.message import Mail

_ANSWERS = re.compile(
    r"(?:\s*(?:re|aw|antw|sv|vs|fwd?|wg|tr|rv|rép|resp|enc|i)\s*(?:\[\d+\])?\s*:)+\s*", re.I
)
"""What mail programs put before a subject when they answer or forward."""
_BRACKETS = re.compile(r"\[[^\]]{1,40}\]")
_TAG = re.compile(r"\[(#[0-9a-f]{10})\]", re.I)
SHORTEST_SHARED_CHARS = 12
"""So much of a longer subject in another one is no chance: programs cut subjects and people add to them."""


def stem(subject: str) -> str:
    """Return a subject without what programs put before and into it, to be compared."""
    plain = unicodedata.normalize("NFKC", subject)
    previous = None
    while plain != previous:
        previous = plain
        plain = _ANSWERS.sub("", plain, count=1) if _ANSWERS.match(plain) else plain
        plain = _BRACKETS.sub(" ", plain).strip()
    return " ".join(plain.casefold().split())


def alike(one: str, other: str) -> bool:
    """Say whether two stems are one subject: the same, or one of them within the other."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= SHORTEST_SHARED_CHARS and short in long)


def tags(subject: str) -> frozenset[str]:
    """Return the tags of ours that stand in a subject, without their brackets."""
    return frozenset(tag.lower() for tag in _TAG.findall(subject))


def stated(mail: Mail, pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the keys that a mail states: in its subject, or in what its writer wrote now and did not quote.

    Args:
        mail: as it was read.
        pattern: what a key looks like to the office, such as the number of an order.
    """
    words = f"{mail.subject}\n{clean(mail.text).text}"
    return frozenset(match.group(0) for match in pattern.finditer(words))
