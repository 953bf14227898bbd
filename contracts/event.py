"""Something that happened outside, as a source tells it: kept with its id for ever, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from contracts.base import Frozen
from contracts.bounds import Name, PlainId
from contracts.ids import as_text


class EventStanding(StrEnum):
    """Where an event stands. All but `waiting` are ends; `kontor events replay` makes any wait again.

    `started`: its case began, or began again. `joined`: its case was under way and looks at its facts
    again. `told`: the cases that it is about look at their facts again. `nobody`: no case is about it
    yet; one that begins later reads the facts itself. `too_late`: its case has ended. `passed`: the
    office says that nothing is to be done. `quarantined`: kept aside with its reason, for a person.
    """

    WAITING = "waiting"
    STARTED = "started"
    JOINED = "joined"
    TOLD = "told"
    NOBODY = "nobody"
    TOO_LATE = "too_late"
    PASSED = "passed"
    QUARANTINED = "quarantined"


EventId = Annotated[PlainId, BeforeValidator(as_text)]
"""A source's own id of an event; some count theirs with integers."""


class Event(Frozen):
    """One event as it came in, before anything was done about it.

    Attributes:
        source: a file of the office's `sources/`.
        id: the source's own; with the source it is known for ever.
        type: the source's word for what happened.
        key: what it is about; events of one key are taken up in their order, and one without any alone.
        structured: the body is the whole CloudEvent, and its data a member of it.
        occurred_at: when it happened, by the source's word.
        digest: SHA-256 of the body as 64 hex digits.
        replayable: the signature covers neither time nor id: the same bytes under another id are a copy.
        fetched: it did not come, it was fetched where it is listed: its bytes are written another way there,
            so that the id alone says whether it is known.
    """

    source: str
    id: EventId
    type: Name
    key: Name = ""
    structured: bool = False
    occurred_at: datetime | None = None
    digest: str
    body: bytes
    replayable: bool = False
    fetched: bool = False


class EventRecord(Frozen):
    """An event in the books.

    Attributes:
        position: in which order it came in.
        contested: another event came with this id and other bytes: this one stands aside.
        case_id: the case that it started, joined or told.
        attempts: how often it was tried in vain.
        why: the reason for its standing, in words.
        rests_until: it is not tried before.
        fetched: its source's word of it did not come, or not yet: it was fetched where it is listed.
    """

    position: int
    source: str
    id: str
    type: str
    key: str
    structured: bool
    occurred_at: datetime | None
    received_at: datetime
    digest: str
    body: bytes
    contested: bool = False
    standing: EventStanding = EventStanding.WAITING
    case_id: str = ""
    attempts: int = 0
    why: str = ""
    rests_until: datetime | None = None
    fetched: bool = False


class EventHandled(Frozen):
    """What became of an event.

    Attributes:
        cases: the cases that it started, joined or told; the first is the event's own.
    """

    standing: EventStanding
    why: str = ""
    cases: tuple[str, ...] = ()


class EventReception(StrEnum):
    """What the books say to an event that comes in.

    `new` and `known`: it is kept, now or since before. `contested`: its id is known with other bytes; it
    is kept aside. `full`: too many wait already, and nothing was kept.
    """

    NEW = "new"
    KNOWN = "known"
    CONTESTED = "contested"
    FULL = "full"


class EventsPage(Frozen):
    """What one step of a source's dispatcher did.

    Attributes:
        handled: events that came to an end.
        more: others wait already.
        rest_seconds: when the first event that could not be taken up is tried again; 0 if there is none.
    """

    handled: int = 0
    more: bool = False
    rest_seconds: float = 0.0


class EventBacklog(Frozen):
    """How much waits of a source, and how much stands aside."""

    source: str
    waiting: int
    quarantined: int
    oldest_at: datetime | None = None
    newest_at: datetime | None = None


class SilenceLook(Frozen):
    """What a look at a source showed that may say nothing for so long only.

    Attributes:
        silent: whether it is silent.
        channel: the connector to fetch what was missed from; empty if it lists nothing.
        since: from when on to ask for what it told of; None if it never said anything.
        again_seconds: when to look again.
    """

    silent: bool = False
    channel: str = ""
    since: datetime | None = None
    again_seconds: float = 0.0


class MissedQuery(Frozen):
    """A page of what a source lists; `cursor` is empty for the first."""

    source: str
    since: datetime | None = None
    cursor: str = ""


class MissedPage(Frozen):
    """What was fetched.

    Attributes:
        kept: events that were missed.
        known: events that had come.
        refused: those that cannot be kept, each with the reason.
        next_cursor: where to go on; empty at the end, or if too much waits already.
    """

    kept: int = 0
    known: int = 0
    refused: tuple[str, ...] = ()
    next_cursor: str = ""
