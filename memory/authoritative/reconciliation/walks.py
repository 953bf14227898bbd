"""How far a listing has been read, and where the next page is: for both ways a listing can run.

Where the oldest comes first, a walk goes on behind the last page that was read. Where the newest comes
first it begins at the top each time, and goes down to what an earlier walk has covered; until it is there,
nothing in between counts as read. Where no order shows, it reads everything.
"""

from datetime import datetime

from contracts.listing import OutsidePage, Runs, Trail, runs
from contracts.reconciliation.messages import Walk
from memory.tables.divergences import ListingCursorRow

_BEGAN = " began "


class WrongOrder(ValueError):
    """A listing does not run as its manifest says."""


def place(row: ListingCursorRow, walk: Walk, declared: Runs) -> str | None:
    """Return the cursor of the page to read now; None is the listing's beginning.

    Args:
        row: how far it has been read.
        walk: the run's.
        declared: the order that the manifest declares. Without one each walk first looks at the top, for
            a cursor means nothing once the listing runs the other way.
    """
    if row.walk and row.walk.partition(_BEGAN)[0] == walk.run:
        return row.cursor
    if walk.trail is None and not declared:
        return None
    return row.cursor if (declared or row.direction) == "oldest-first" else None


def advance(
    row: ListingCursorRow, walk: Walk, page: OutsidePage, asked: str | None, declared: Runs
) -> str | None:
    """Move the row behind a page; return the cursor of the page that follows, None if the walk is over.

    Where the newest comes first, a full page whose cursor stays is followed by itself: a circle, and no end.

    Raises:
        WrongOrder: the page contradicts the manifest.
    """
    if asked is None:
        _learn(row, page, declared)
    if row.direction == "oldest-first":
        return _onward(row, page, asked)
    return _down(row, walk, page, asked)


def start_over(row: ListingCursorRow) -> None:
    """Forget a place that leads nowhere: the next walk begins at the top."""
    row.cursor, row.walk = None, ""


def _learn(row: ListingCursorRow, page: OutsidePage, declared: Runs) -> None:
    seen = runs(page.entries)
    if declared and seen not in ("", declared):
        raise WrongOrder(f"its first page runs {seen}, and its manifest says order = {declared!r}")
    found = declared or seen or row.direction
    if found != row.direction:
        if row.direction:
            start_over(row)
        row.direction, row.covered_until = found, None


def _onward(row: ListingCursorRow, page: OutsidePage, asked: str | None) -> str | None:
    if asked is None and row.cursor is not None:
        # Only a look at the top: what comes behind the stored cursor was not read yet.
        return None if page.is_last else row.cursor
    following = page.next_cursor
    if following is not None:
        row.cursor = following
    return None if page.is_last or following == asked else following


def _down(row: ListingCursorRow, walk: Walk, page: OutsidePage, asked: str | None) -> str | None:
    if asked is None:
        row.walk = f"{walk.run}{_BEGAN}{walk.began_at.isoformat()}"
    if not ((walk.trail or Trail()).ends_at(page, asked) or _known_below(row, page)):
        row.cursor = page.next_cursor
        return page.next_cursor
    began_at = row.walk.partition(_BEGAN)[2]
    row.covered_until = datetime.fromisoformat(began_at) if began_at else walk.began_at
    start_over(row)
    return None


def _known_below(row: ListingCursorRow, page: OutsidePage) -> bool:
    """Say whether everything behind a page was read before, or is older than anything of ours."""
    floor = row.covered_until or row.first_at
    return row.direction == "newest-first" and page.lies_behind(row.direction, floor, floor)
