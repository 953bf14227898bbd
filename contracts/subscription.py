"""What the office tells others of: which episodes go to which URL, or begin which desk's case."""

from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.base import Frozen
from contracts.case import Episode
from contracts.source import EventRule

SOURCE_PREFIX = "office:"
"""Before a subscription's name: the source of the events by which a desk hears of another one."""


class FollowingRule(EventRule):
    """What a desk does when another one's episode is told: `EventRule`, over the event's data and `case`.

    Attributes:
        channel: the connector that the request, or the cases, are about.
    """

    channel: str


class Subscription(Frozen):
    """One table of `subscriptions.toml`; its name is the table's.

    Attributes:
        name: the table's, filled in when it is read.
        note: for people.
        episodes: the kinds that are told, `*` for any run of characters.
        desks: whose cases they must be of; empty means all, and what belongs to no case.
        url: where they are sent.
        secrets: the names of the secrets that sign: one, or two while they are changed.
        full: whether the episode's own data go with it; else only what happened to which case.
        allow: hosts that may stand at a private address, and be told without TLS.
        case: what begins at a desk, or is told to its cases, instead of a URL.
    """

    name: str = ""
    note: str = ""
    episodes: tuple[str, ...] = Field(min_length=1)
    desks: tuple[str, ...] = ()
    url: str = ""
    secrets: tuple[str, ...] = Field(default=(), max_length=2)
    full: bool = False
    allow: tuple[str, ...] = ()
    case: FollowingRule | None = None

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if bool(self.url) == (self.case is not None):
            raise ValueError("say one of: url = 'https://…', or a table case = {…}")
        if bool(self.url) != bool(self.secrets):
            raise ValueError("secrets: a url needs the name of the secret that signs, and nothing else does")
        if self.case is not None and (not self.desks or self.case.nothing):
            raise ValueError("desks: say whose cases another desk hears of, and in case = {…} what it does")
        return self

    @property
    def source(self) -> str:
        """The source of the events that a desk hears of."""
        return f"{SOURCE_PREFIX}{self.name}"

    def wants(self, episode: Episode) -> bool:
        """Say whether an episode is told."""
        if self.desks and desk_of(episode) not in self.desks:
            return False
        return any(fnmatchcase(episode.kind, pattern) for pattern in self.episodes)


def desk_of(episode: Episode) -> str:
    """Return the desk of an episode's case, or what else the log names there, such as `staff`."""
    return episode.case_id.partition("/")[0]


class AnnouncementStanding(StrEnum):
    """Where an announcement stands: it waits for its next try, was taken, or was tried in vain to the end."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Announcement(Frozen):
    """An episode on its way to one subscription.

    Attributes:
        position: the episode's, in the log.
        attempts: how often it was tried.
        first_at: when it was tried first.
        why: how the last try ended, if it was in vain.
    """

    subscription: str
    position: int
    episode: Episode
    standing: AnnouncementStanding
    attempts: int = 0
    first_at: datetime | None = None
    next_at: datetime
    why: str = ""


class AnnouncementTry(Frozen):
    """How one try ended.

    Attributes:
        result: `taken`; `refused` and to be tried again; `ended`: nothing more is wanted there.
        retry_seconds: how long the receiver asks us to wait; 0 if it does not say.
    """

    result: Literal["taken", "refused", "ended"]
    why: str = ""
    retry_seconds: float = 0.0


class SubscriptionStanding(Frozen):
    """Where a subscription stands.

    Attributes:
        position: how far the log was read for it.
        delivered_at: when something was taken last.
        ended_at: since when nothing is told any more; None while it is.
        why: the reason for that, or how the last try in vain ended.
    """

    name: str
    position: int
    waiting: int = 0
    failed: int = 0
    delivered: int = 0
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    why: str = ""


class AnnouncedPage(Frozen):
    """What one step of telling a subscription did.

    Attributes:
        tried: announcements that were tried.
        more: others are due already.
        rest_seconds: when the next one is due; 0 if none waits.
    """

    tried: int = 0
    more: bool = False
    rest_seconds: float = 0.0
