"""How systems page: what is listed, the cursor asked with, and how much a page holds."""

from collections.abc import Callable

from tests.activities.effects.fake_channel import Made

Page = tuple[list[Made], str | None]
Paging = Callable[[list[Made], str | None, int], Page]


def oldest_first(made: list[Made], cursor: str | None, size: int) -> Page:
    """On behind a number; always a place to go on from, and an empty page is the end."""
    start = int(cursor or 0)
    page = made[start : start + size]
    return page, str(start + len(page))


def newest_first(made: list[Made], cursor: str | None, size: int) -> Page:
    """As Stripe, Shopify and WooCommerce list: on behind the entry that the cursor names."""
    shown = made[::-1]
    places = [at + 1 for at, one in enumerate(shown) if one.reference == cursor]
    start = 0 if cursor is None else (places or [len(shown)])[0]
    page = shown[start : start + size]
    return page, page[-1].reference if start + size < len(shown) else None


def by_page_number(made: list[Made], cursor: str | None, size: int) -> Page:
    """Newest first by page number: what is made meanwhile pushes everything down."""
    shown, number = made[::-1], int(cursor or 0)
    return shown[number * size : (number + 1) * size], str(number + 1)


def in_no_order(made: list[Made], cursor: str | None, size: int) -> Page:
    """By the end of the reference: the time says nothing."""
    shown = sorted(made, key=lambda one: one.reference[::-1])
    start = int(cursor or 0)
    return shown[start : start + size], str(start + size)


def the_same_cursor(made: list[Made], cursor: str | None, size: int) -> Page:
    """The first page again and again."""
    del cursor
    return made[:size], "same"


def the_same_cursor_from_the_newest(made: list[Made], cursor: str | None, size: int) -> Page:
    """The newest page again and again."""
    return the_same_cursor(made[::-1], cursor, size)


def clamped(made: list[Made], cursor: str | None, size: int) -> Page:
    """Newest first by page number; the last page, shorter than the others, names itself."""
    shown, number = made[::-1], int(cursor or 0)
    last = (len(shown) - 1) // size
    return shown[number * size : (number + 1) * size], str(min(number + 1, last))


def alternating(made: list[Made], cursor: str | None, size: int) -> Page:
    """The first two pages in turn, for ever."""
    return (made[size : 2 * size], "a") if cursor == "b" else (made[:size], "b")
