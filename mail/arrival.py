"""What became of a mail that came in, as the books keep it."""

from datetime import datetime
from enum import StrEnum

from contracts.base import Frozen
from mail.message import Mail
from mail.place import Join, Place
from mail.signs import Written


class Fate(StrEnum):
    """What became of a mail; every one has exactly one fate, with its reason.

    `begins`: a conversation, and so a case. `joins`: a conversation that was there. `copy`: it is another
    delivery of a mail that is kept. `machine`: a machine wrote it: it is kept, begins nothing and is never
    answered. `unreadable`: it is no mail that is read.
    """

    BEGINS = "begins"
    JOINS = "joins"
    COPY = "copy"
    MACHINE = "machine"
    UNREADABLE = "unreadable"


class Transport(Frozen):
    """Where in a mailbox a mail lies: by IMAP's word the same for ever.

    Attributes:
        validity: UIDVALIDITY; with another one, all numbers are new.
        uid: the mail's number.
    """

    validity: int
    uid: int


class Arrival(Frozen):
    """A mail as it comes in, read.

    Attributes:
        mailbox: the mailbox's name.
        raw: its bytes.
        mail: what was read; None where it could not be, and `why` says so.
        written: who or what wrote it.
        keys: what it states.
        proof: what proves its sender; empty if nothing does.
    """

    mailbox: str
    raw: bytes
    digest: str
    mail: Mail | None = None
    written: Written = Written()
    keys: frozenset[str] = frozenset()
    proof: str = ""
    why: str = ""


class KeptMail(Frozen):
    """A mail in the books.

    Attributes:
        number: in which order it came in; people name it so.
        same_as: for a copy the digest of the mail that it is a copy of.
        join: why it is in its conversation.
        linked: conversations that it may have to do with.
        machine: what wrote it, if a machine did.
        case_id: the case of its conversation.
        standing: of its event, where it has one.
        has_raw: whether its bytes are still kept.
        moved: who took it out of another conversation, when and why, in words.
    """

    number: int
    digest: str
    mailbox: str
    fate: Fate
    why: str
    arrived_at: datetime
    sender: str = ""
    subject: str = ""
    sent_at: datetime | None = None
    size: int = 0
    same_as: str = ""
    thread: str = ""
    conversation: str = ""
    join: Join | None = None
    linked: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    contested: bool = False
    machine: str = ""
    proof: str = ""
    case_id: str = ""
    standing: str = ""
    standing_why: str = ""
    has_raw: bool = True
    moved: str = ""


def fate_of(arrival: Arrival, placed: Place | None) -> tuple[Fate, str]:
    """Return what becomes of a mail, and why, in words.

    Args:
        arrival: the mail.
        placed: where it belongs; None for what belongs nowhere.
    """
    if arrival.mail is None:
        return Fate.UNREADABLE, arrival.why
    if arrival.written.machine is not None:
        return Fate.MACHINE, f"a machine wrote it ({arrival.written.machine.value}): {arrival.written.why}"
    assert placed is not None
    if placed.same_as:
        return Fate.COPY, placed.why
    return (Fate.JOINS if placed.join else Fate.BEGINS), placed.why


def case_number(conversation: str) -> str:
    """Return the id of the request that a conversation makes: of letters, so that it is nobody's number."""
    letters = conversation[:24].translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"mail-{letters}"
