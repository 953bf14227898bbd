"""How long the office waits for things that happen outside."""

from typing import TYPE_CHECKING

from temporalio import activity

from contracts.reply import QuestionTerms
from contracts.waits import Wait, WaitAsked

if TYPE_CHECKING:
    from policy.calendar import OfficeCalendar


class WaitActivities:
    """Turns the office's days and working hours into moments."""

    def __init__(self, calendar: "OfficeCalendar") -> None:
        """Keep the office's own file."""
        self._calendar = calendar

    @activity.defn(name="office.wait")
    async def moments(self, asked: WaitAsked) -> Wait:
        """Return the moments of a wait, by `[waits.WHAT]` of `office.toml`."""
        return self._calendar.wait(asked.what, asked.begins_at)

    @activity.defn(name="office.question")
    async def question(self, asked: WaitAsked) -> QuestionTerms:
        """Return how long a customer has for a reply, and how often they are asked, by `[questions]`."""
        return self._calendar.question(asked.begins_at)
