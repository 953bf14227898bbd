"""What an outside system itself says happened: how it is paged through, and one page of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from contracts.base import Frozen

CLOCK_DIFFERENCE = timedelta(minutes=1)
"""How far an outside clock may be off ours."""
Runs = Literal["", "oldest-first", "newest-first"]
"""Which end a listing begins with; empty if it is not known, or it is in no order of time."""


class Listing(Frozen):
    """How the reconciler pages through what the system itself says happened.

    Attributes:
        operation: a read operation that takes `cursor` and `limit`.
        order: which end it begins with; without it the times on its first page show it, at every walk.
        items, next_cursor: JMESPath into its answer.
        reference, key, amount_cents, at, subject, matches: JMESPath in one item, except that `matches`
            names the write operation the items correspond to. `subject` is what an item is for, by the
            id that its system shows (an order): the reconciler looks at that, too.
    """

    operation: str
    order: Runs = ""
    items: str
    next_cursor: str
    reference: str
    amount_cents: str
    at: str
    key: str = ""
    subject: str = ""
    matches: str = "refund"


class OutsideEntry(Frozen):
    """One thing the outside system lists.

    Attributes:
        operation: the write operation of the manifest that it corresponds to.
        key: our effect's key, where the system keeps it.
        amount_cents: always positive, as the ledger writes it.
        subject: what it is for, by its system's own id; empty if the listing does not say.
    """

    connector: str
    operation: str
    reference: str
    key: str | None = None
    amount_cents: int
    at: datetime
    subject: str = ""


class OutsidePage(Frozen):
    """One page; `next_cursor` is the place to go on from. Without entries, or with None, it is the end."""

    entries: tuple[OutsideEntry, ...]
    next_cursor: str | None = None

    @property
    def is_last(self) -> bool:
        """True if the listing itself says that nothing comes behind it."""
        return not self.entries or self.next_cursor is None

    def lies_behind(self, direction: str, earliest: datetime, latest: datetime) -> bool:
        """Say whether the whole page lies behind what happened at some time.

        Args:
            direction: which way the listing runs that was read up to this page without a gap.
            earliest: when it may have happened first.
            latest: when it may have happened last.
        """
        times = [entry.at for entry in self.entries]
        if not times or not direction:
            return False
        if direction == "oldest-first":
            return min(times) > latest + CLOCK_DIFFERENCE
        return max(times) < earliest - CLOCK_DIFFERENCE


def runs(entries: Sequence[OutsideEntry]) -> Runs:
    """Return which way the times on a page run; empty if they do not, or not all of them."""
    times = [entry.at for entry in entries]
    pairs = list(pairwise(times))
    if not pairs or times[0] == times[-1]:
        return ""
    if all(before <= after for before, after in pairs):
        return "oldest-first"
    return "newest-first" if all(before >= after for before, after in pairs) else ""


class Trail(Frozen):
    """Where a walk from page to page has been, so that it notices a cursor that comes again (Brent).

    Attributes:
        mark: a cursor that was followed.
        steps: how many were followed since.
        limit: after so many the newest becomes the mark, and twice as many may follow.
        longest: how many entries the longest page held. A system that has no further page names its last one
            again: a shorter page whose cursor stays is that one, for else no end could be told from a circle.
    """

    mark: str | None = None
    steps: int = 0
    limit: int = 1
    longest: int = 0

    def onto(self, cursor: str, entries: int = 0) -> "Trail | None":
        """Return the trail with one more cursor followed; None if it was followed before.

        Args:
            cursor: where to go on from.
            entries: how many the page held that named it.
        """
        if cursor == self.mark:
            return None
        longest = max(self.longest, entries)
        if self.steps + 1 >= self.limit:
            return Trail(mark=cursor, limit=2 * self.limit, longest=longest)
        return self.model_copy(update={"steps": self.steps + 1, "longest": longest})

    def ends_at(self, page: OutsidePage, asked: str | None) -> bool:
        """Say whether a page is the listing's end: it says so, or it names itself and is a short one."""
        stays = page.next_cursor == asked
        return page.is_last or (stays and len(page.entries) < self.longest)
