"""The heads kept outside, held against the log and against one another."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice

from contracts.base import Frozen
from memory.episodic.anchor import APPENDS, AnchorSink
from memory.episodic.chain import ChainHead, signed_by
from memory.episodic.chain_check import ChainCheck, signature_words

Positions = Callable[[Collection[int]], dict[int, str]]
"""Reads the stored hashes at positions: position → hash, for those that are there."""

_ANCHORS_AT_ONCE = 500
LONGEST_LAG = 2 * APPENDS
"""More episodes than this never have no head outside, not even where a process died before it kept one."""


class PlaceReport(Frozen):
    """One place outside the database that keeps heads.

    Attributes:
        heads: how many of its heads were compared with the log.
        count: how many episodes its newest head counts; 0 if it has none.
        at: the moment of the last episode that head counts.
    """

    name: str
    heads: int
    count: int = 0
    at: str = ""


@dataclass
class _Place:
    """What was seen of one place.

    Attributes:
        newest: its head with the highest count.
        before: the highest count of its other heads: its newest one may just be under way elsewhere.
        gone: its newest head that counts more episodes than there are.
    """

    name: str
    heads: int = 0
    newest: ChainHead | None = None
    before: int = 0
    gone: ChainHead | None = None

    @property
    def count(self) -> int:
        return self.newest.count if self.newest else 0

    def saw(self, head: ChainHead) -> None:
        self.heads += 1
        if head.count > self.count:
            self.newest, self.before = head, self.count


def check_places(
    check: ChainCheck, places: Mapping[str, AnchorSink], public_key: str, stored_at: Positions
) -> tuple[PlaceReport, ...]:
    """Compare the heads of every place with the log, and the places with one another.

    Each head must still be a prefix of the log, whichever place kept it. Places get the same heads, so
    one that ends earlier than another was set back, or could not be written; so was one that ends
    far before the log does.

    Args:
        check: takes the findings; it has read the log.
        places: by the names that people know them by.
        public_key: whose signature the heads must carry.
        stored_at: must see every link that was committed before it is called.
    """
    seen = [_read(check, name, sink, public_key, stored_at) for name, sink in places.items()]
    furthest = max(seen, key=lambda place: place.count, default=None)
    for place in seen:
        if place.newest is None and (check.links or (furthest is not None and furthest.newest)):
            what = "no head of this log is kept there; if it never was, `kontor audit anchor` keeps one"
            check.note("anchor", 0, what, place.name)
        elif furthest is not None and place.count < furthest.before:
            what = (
                f"its newest head counts {place.count} episodes, that of {furthest.name} {furthest.count}: "
                "one of them was set back, or could not be written since"
            )
            check.note("anchor", place.count, what, place.name)
        elif check.links - place.count > LONGEST_LAG:
            what = (
                f"its newest head counts {place.count} of {check.links} episodes, and one is kept with every "
                f"{APPENDS}th: it was set back, or could not be written since"
            )
            check.note("anchor", place.count, what, place.name)
    return tuple(
        PlaceReport(
            name=place.name, heads=place.heads, count=place.count, at=place.newest.at if place.newest else ""
        )
        for place in seen
    )


def _read(check: ChainCheck, name: str, sink: AnchorSink, public_key: str, stored_at: Positions) -> _Place:
    place = _Place(name)
    iterator = iter(sink.heads())
    try:
        while batch := list(islice(iterator, _ANCHORS_AT_ONCE)):
            heads = _trusted(check, batch, public_key, name)
            _compare(check, place, heads, stored_at({head.count for head in heads}))
    except OSError as error:
        check.note("anchor", 0, f"it cannot be read: {error.strerror}", name)
    if place.gone is not None:
        count, at = place.gone.count, place.gone.at
        check.note(
            "cut tail",
            count,
            f"the head kept outside at {at} counted {count} episodes; that one is gone",
            name,
        )
    return place


def _compare(check: ChainCheck, place: _Place, heads: list[ChainHead], stored: dict[int, str]) -> None:
    for head in heads:
        place.saw(head)
        if head.count not in stored:
            place.gone = place.newest
        elif stored[head.count] != head.hash:
            what = f"the head kept outside at {head.at} names another hash"
            check.note("changed", head.count, what, place.name)


def _trusted(check: ChainCheck, batch: list[ChainHead | str], public_key: str, place: str) -> list[ChainHead]:
    """Return the heads that carry the key's signature; the others are noted."""
    heads: list[ChainHead] = []
    for anchor in batch:
        if isinstance(anchor, str):
            check.note("anchor", 0, f"a line of the file is no head: {anchor[:60]!r}", place)
        elif not signed_by(anchor, public_key):
            check.note("anchor", anchor.count, signature_words(anchor, public_key), place)
        else:
            heads.append(anchor)
    return heads
