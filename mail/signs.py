"""Did a machine write this mail? What its headers say may keep Kontor from answering, and earns no trust.

RFC 3834 (automatic responses), RFC 3464 (delivery reports), RFC 2369 and 2919 (lists), and what is not in
them and seen every day: `Precedence`, a sender called no-reply, our own address.
"""

import re
from collections.abc import Callable, Collection
from enum import StrEnum

from contracts.base import Frozen
from mail.message import Mail

SIGNS = (
    "auto-submitted", "return-path", "precedence", "list-id", "list-post", "list-unsubscribe", "list-help",
    "x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from",
    "x-failed-recipients", "x-loop", "authentication-results",
)  # fmt: skip
"""The headers that say so, and the one in which our server says whether the sender is proved."""
_NOBODY = re.compile(
    r"(?:do[-_.]?not|don?t|no)[-_.]?reply|bounces?|null|auto[-_.]?(?:reply|responder)|noreply\d*"
)
_AWAY = re.compile(
    r"(?:automatic reply|auto[- ]?reply|out of (?:the )?office|automatische antwort|abwesenheitsnotiz"
    r"|abwesend|r[ée]ponse automatique|absence du bureau|respuesta autom[áa]tica|fuera de la oficina)"
    r"\s*(?:[:(]|$)",
    re.I,
)
_DAEMONS = re.compile(r"mailer[-_.]?daemon|postmaster")
_BULK = {"bulk", "junk", "list", "auto_reply"}
_AUTOREPLY = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from")
_LISTS = ("list-id", "list-post", "list-unsubscribe", "list-help")


class Machine(StrEnum):
    """What wrote a mail that nobody wrote by hand; the first that fits.

    `delivery_report`: a server says what became of a mail. `own`: it is from one of our own addresses.
    `automatic`: an answer or notice that a program made. `list`: a list or a newsletter sent it on.
    `unattended`: its sender's name or its subject says that nobody reads answers. That is the least sure: a
    shop's contact form writes so for people.
    """

    DELIVERY_REPORT = "delivery_report"
    OWN = "own"
    AUTOMATIC = "automatic"
    LIST = "list"
    UNATTENDED = "unattended"


class Written(Frozen):
    """Who or what wrote a mail.

    Attributes:
        machine: None for a person, as far as the mail says.
        why: the sign, in words.
    """

    machine: Machine | None = None
    why: str = ""


def written_by(mail: Mail, own: Collection[str] = ()) -> Written:
    """Say whether a machine wrote a mail.

    Args:
        mail: as it was read.
        own: our own addresses, in small letters.
    """
    for machine, found in _FINDERS:
        if why := found(mail, own):
            return Written(machine=machine, why=why)
    return Written()


def _delivery_report(mail: Mail, _own: Collection[str]) -> str:
    # Before `Auto-Submitted`: real delivery reports carry that, too.
    if mail.type == "multipart/report":
        return f"it is a report ({mail.report or 'of no kind that it names'})"
    if "x-failed-recipients" in mail.signs:
        return "X-Failed-Recipients"
    name = mail.sender.address.partition("@")[0]
    return f"it is from {name}" if _DAEMONS.fullmatch(name) else ""


def _own(mail: Mail, own: Collection[str]) -> str:
    if without_tag(mail.sender.address) in own:
        return "it is from an address of ours"
    loop = mail.signs.get("x-loop", "").lower()
    return "X-Loop names an address of ours" if any(address in loop for address in own) else ""


def _automatic(mail: Mail, _own: Collection[str]) -> str:
    said = mail.signs.get("auto-submitted", "").partition(";")[0].strip().lower()
    if said and said != "no":
        return f"Auto-Submitted: {said}"
    for name in _AUTOREPLY:
        if name in mail.signs:
            return f"it has {name}"
    suppressed = mail.signs.get("x-auto-response-suppress", "").lower()
    if re.search(r"\b(?:all|oof|autoreply)\b", suppressed):
        return f"X-Auto-Response-Suppress: {suppressed}"
    if "return-path" in mail.signs and not mail.signs["return-path"].strip("<> "):
        return "its return path is empty"
    return ""


def _list(mail: Mail, _own: Collection[str]) -> str:
    precedence = mail.signs.get("precedence", "").lower()
    if precedence in _BULK:
        return f"Precedence: {precedence}"
    return next((f"it has {name}" for name in _LISTS if name in mail.signs), "")


def _unattended(mail: Mail, _own: Collection[str]) -> str:
    if not mail.sender.address:
        return "it names no sender"
    name = mail.sender.address.partition("@")[0]
    if _NOBODY.fullmatch(name):
        return f"it is from {name}"
    return "its subject is an automatic answer's" if _AWAY.match(mail.subject) else ""


_FINDERS: tuple[tuple[Machine, Callable[[Mail, Collection[str]], str]], ...] = (
    (Machine.DELIVERY_REPORT, _delivery_report),
    (Machine.OWN, _own),
    (Machine.AUTOMATIC, _automatic),
    (Machine.LIST, _list),
    (Machine.UNATTENDED, _unattended),
)


def without_tag(address: str) -> str:
    """Return an address without what stands behind a plus: `a+b@c` reaches whoever has `a@c`."""
    name, at, domain = address.partition("@")
    return f"{name.partition('+')[0]}{at}{domain}"
