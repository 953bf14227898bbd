"""Headers of a mail, read within bounds: what the standard library stumbles over is taken as plain words."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from itertools import islice
from typing import Any

from contracts.bounds import clean
from mail.message import Address, MailId

LONGEST_HEADER_CHARS = 4_000
"""More of one header is not read; the library's grammar takes time that grows with the square of it."""
LONGEST_PARAMETERS_CHARS = 600
"""The same for what is read several times of each part."""
LONGEST_LINE_CHARS = 500
"""What is kept of a subject, a name, a type."""
LONGEST_IDS_CHARS = 40_000
MOST_ADDRESSES = 100
MOST_IDS = 100
"""Of the References: the newest, which stand last, and the thread's first."""

_STEERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MAIL_ID = re.compile(r"<\s*([^<>\s]{1,300})\s*>")
_BARE_ID = re.compile(r"[^<>\s]{1,300}")
_PARAMETERS = ("content-type", "content-disposition", "content-transfer-encoding")


class BoundedPolicy(EmailPolicy):
    """The library's modern reading of headers, cut to a length, and never raising."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return a header as the library reads it; where it cannot, its words."""
        longest = LONGEST_PARAMETERS_CHARS if name.lower() in _PARAMETERS else LONGEST_HEADER_CHARS
        cut = value[:longest]
        try:
            found = super().header_fetch_parse(name, cut)
            str(found)
        except (
            Exception
        ):  # IndexError, AttributeError, RecursionError: its grammar was not made for strangers
            return one_line(cut)
        return found


POLICY = BoundedPolicy()


def one_line(text: str, longest: int = LONGEST_LINE_CHARS) -> str:
    """Return a text as one line of what can be seen: a header that holds another one is no header."""
    return clean(_STEERS.sub(" ", text)).strip()[:longest]


def words_of(message: Message, name: str, longest: int = LONGEST_LINE_CHARS) -> str:
    """Return the words of a header, of several the topmost, encoded ones decoded; empty if there is none."""
    found = message.get(name)
    return "" if found is None else one_line(str(found), longest)


def every(message: Message, name: str) -> list[str]:
    """Return each header of a name as it stands there, not decoded, the first of very many."""
    wanted = name.lower()
    raw = (str(value) for known, value in message.raw_items() if known.lower() == wanted)
    return list(islice(raw, MOST_ADDRESSES))


def addresses(message: EmailMessage, *names: str) -> tuple[Address, ...]:
    """Return whom headers name, each address once, the first hundred."""
    found: dict[str, Address] = {}
    for name in names:
        for header in islice(message.get_all(name, ()), MOST_ADDRESSES):
            for each in _addresses_of(header):
                found.setdefault(each.address, each)
                if len(found) >= MOST_ADDRESSES:
                    return tuple(found.values())
    return tuple(found.values())


def _addresses_of(header: Any) -> Iterator[Address]:
    try:
        given = [(each.addr_spec, each.display_name) for each in getattr(header, "addresses", ())]
    except Exception:  # the same grammar, read late
        given = []
    if not any("@" in spec for spec, _ in given):
        # What the grammar does not know as an address is one to people: `<a@b>, broken (`
        given += [(spec, "") for spec in re.findall(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+", str(header))]
    for spec, name in given:
        if "@" in (spec or ""):
            yield Address(address=one_line(spec).lower(), name=one_line(name or ""))


def count_addresses(message: Message, *names: str) -> int:
    """Return how many addresses headers hold, however many those are."""
    return sum(value.count("@") for name in names for value in every(message, name))


def ids(message: Message, name: str) -> tuple[MailId, ...]:
    """Return the Message-IDs that a header holds, each once, in its order."""
    text = " ".join(every(message, name))
    # Of a chain that is too long its newest links count, and they stand last.
    found = list(dict.fromkeys(one_line(each) for each in _MAIL_ID.findall(text[-LONGEST_IDS_CHARS:])))
    if not found and _BARE_ID.fullmatch(text.strip()):
        found = [one_line(text)]
    kept = found if len(found) <= MOST_IDS else [found[0], *found[1 - MOST_IDS :]]
    return tuple(each for each in kept if each)


def moment(message: EmailMessage, name: str = "date") -> datetime | None:
    """Return when a header says, in UTC; None if it says no moment."""
    try:
        found = message[name].datetime
        if found is None:
            return None
        aware: datetime = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (AttributeError, ValueError, OverflowError, TypeError):
        return None


def parameter(message: Message, name: str) -> str:
    """Return a parameter of the content type in small letters; empty if there is none that can be read."""
    try:
        found = message.get_param(name, "")
    except Exception:  # as above
        return ""
    return one_line(found[2] if isinstance(found, tuple) else str(found)).lower()


def signs_of(message: Message, names: Iterable[str]) -> dict[str, str]:
    """Return the headers of these names that are there, in small letters, each with its words."""
    there = (name for name in names if message.get(name) is not None)
    return {name: words_of(message, name, LONGEST_HEADER_CHARS) for name in there}
