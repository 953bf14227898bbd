"""What happens to a conversation, as far as its clock is concerned, and what is promised about it."""

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Frozen

Happening = Literal[
    "asked", "answered", "paused", "resumed", "resolved", "reopened", "terms", "claimed", "acted", "released"
]
"""Of a clock's event:

- `asked`: whoever writes wrote; an answer is owed unless one is already. It reopens what was resolved.
- `answered`: a person, a text or the desk's end answered; an acknowledgement is no answer.
- `paused`, `resumed`: we wait for something that is not ours to hasten. Only the resolution and the owner's
  silence stop for it: whoever writes while we wait is owed an answer all the same.
- `resolved`, `reopened`: the conversation is closed, or taken up again without a new mail.
- `terms`: another topic or level, and so other promises. What was used stays used.
- `claimed`, `acted`, `released`: a person has it, does something about it, gives it back.
"""

TimerName = Literal["first_answer", "next_answer", "resolution", "owner"]


class Terms(Frozen):
    """What is promised, in working time; None is no promise.

    Attributes:
        first_answer: from the first mail to the first answer.
        next_answer: from a later mail that is not answered yet to the answer.
        resolution: from the first mail until it is resolved, without pauses.
        owner: how long whoever claimed it may do nothing before they lose it.
        warn_share: of a promise that is used when people are warned.
    """

    first_answer: timedelta | None = Field(default=None, gt=timedelta(0))
    next_answer: timedelta | None = Field(default=None, gt=timedelta(0))
    resolution: timedelta | None = Field(default=None, gt=timedelta(0))
    owner: timedelta | None = Field(default=None, gt=timedelta(0))
    warn_share: float = Field(default=0.75, gt=0, lt=1)


class ClockEvent(Frozen):
    """One thing that happened; `terms` are those in force from then on, of that kind only."""

    at: AwareDatetime
    kind: Happening
    terms: Terms | None = None

    @model_validator(mode="after")
    def _has_its_terms(self) -> "ClockEvent":
        if (self.kind == "terms") != (self.terms is not None):
            raise ValueError("an event of the kind 'terms' has terms, and no other has")
        return self


class Timer(Frozen):
    """One promise as it stands at a moment.

    Attributes:
        began: when it was first owed.
        used: working time that counts against it.
        limit: what is promised by the terms in force, or those in force when it ended.
        running: whether time counts against it now; a pause stops it.
        ended: when it was kept or broken for good; None while it is owed.
        warns: when its `warn_share` is used; None where it will not be, as things stand.
        due: when the limit is used up; None where it will not be, as things stand.
        late: more than the limit is used.
    """

    name: TimerName
    began: AwareDatetime
    used: timedelta
    limit: timedelta | None
    running: bool
    ended: AwareDatetime | None
    warns: AwareDatetime | None
    due: AwareDatetime | None
    late: bool


class ClockReading(Frozen):
    """All promises to a conversation, in the order in which they were first owed."""

    at: AwareDatetime
    timers: tuple[Timer, ...]

    @property
    def owed(self) -> tuple[Timer, ...]:
        """The promises that are still to be kept."""
        return tuple(timer for timer in self.timers if timer.ended is None)

    @property
    def late(self) -> tuple[TimerName, ...]:
        """The names of the promises that are or were not kept; an owner's silence is no promise."""
        return tuple(timer.name for timer in self.timers if timer.late and timer.name != "owner")

    @property
    def next_moment(self) -> AwareDatetime | None:
        """When something is next to be done about it, if nothing happens: a warning, a limit."""
        ahead = [
            moment
            for timer in self.owed
            for moment in (timer.warns, timer.due)
            if moment is not None and moment > self.at
        ]
        return min(ahead, default=None)
