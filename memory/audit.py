"""Proof that the episode log is whole: nothing changed, missing, moved, or cut off its end."""

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Literal

from contracts.frozen import Frozen
from memory.chain import GENESIS, Head, Link, key_id, signed_by

Wrong = Literal["changed", "missing", "reordered", "cut tail", "beyond head", "head", "anchor"]
Finder = Callable[[Collection[str]], dict[str, int]]
"""Finds hashes in the log again: hash → position, for those that are there."""
Positions = Callable[[Collection[int]], dict[int, str]]
"""Reads the stored hashes at positions: position → hash, for those that are there."""

FINDINGS_KEPT = 100
_ANCHORS_AT_ONCE = 500


class Finding(Frozen):
    """One thing that is wrong, and where.

    Attributes:
        position: the link it was seen at; for `missing` and `cut tail` the first one that is gone;
            0 for an anchor that cannot be read.
    """

    wrong: Wrong
    position: int
    what: str


class Report(Frozen):
    """What a verification found.

    Attributes:
        links: how many were read.
        anchors: how many heads kept outside were compared; None if that was not asked.
        findings: the first `FINDINGS_KEPT`; `found` counts all of them.
        notes: what a reader should know besides.
    """

    links: int
    head: Head
    anchors: int | None = None
    findings: tuple[Finding, ...] = ()
    found: int = 0
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """True if nothing is wrong."""
        return self.found == 0


class _Break(Frozen):
    """A link that does not follow the one before it; what that means is known only at the end."""

    position: int
    before: int
    names: str


class ChainCheck:
    """Reads links one by one, in the order they are stored, in bounded memory."""

    def __init__(self) -> None:
        self.links = 0
        self.found = 0
        self.findings: list[Finding] = []
        self._breaks: list[_Break] = []
        self._position = 0
        self._hash: str | None = GENESIS
        self._acceptable = {GENESIS}

    def note(self, wrong: Wrong, position: int, what: str) -> None:
        """Count a finding, and keep it if there is room."""
        self.found += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(Finding(wrong=wrong, position=position, what=what))

    def read(self, link: Link) -> None:
        """Take the next link."""
        computed = link.computed_hash()
        follows = link.position == self._position + 1
        if computed != link.hash:
            self.note("changed", link.position, f"the content of {link.id!r} does not fit its hash")
        # After a link that was changed the next one may name either of its hashes, after one that
        # cannot be read any: one fault is named once.
        named = link.previous in self._acceptable or not self._acceptable or computed != link.hash
        if not (follows and named):
            self._broken(_Break(position=link.position, before=self._position, names=link.previous))
        self._pass(link.position, link.hash, {link.hash, computed})

    def unreadable(self, position: int, why: str) -> None:
        """Take note of a link that the database cannot even give back."""
        self.note("changed", position, f"it cannot be read: {why}")
        self._pass(position, None, set())

    def _pass(self, position: int, stored: str | None, acceptable: set[str]) -> None:
        self.links += 1
        self._position = position
        self._hash = stored
        self._acceptable = acceptable

    def _broken(self, broken: _Break) -> None:
        if len(self._breaks) < FINDINGS_KEPT:
            self._breaks.append(broken)
        else:
            self.found += 1

    def finish(self, head: Head, public_key: str, find: Finder) -> None:
        """Explain the breaks, and compare the end with the signed head."""
        elsewhere = find({broken.names for broken in self._breaks}) if self._breaks else {}
        elsewhere[GENESIS] = 0
        for broken in self._breaks:
            self._explain(broken, elsewhere.get(broken.names), head)
        self._check_end(head)
        if (head.count or self.links) and not signed_by(head, public_key):
            self.note("head", head.count, _signature_words(head, public_key))

    def _explain(self, broken: _Break, after: int | None, head: Head) -> None:
        gone = broken.position - broken.before - 1
        if after is not None and after != broken.before:
            what = f"it stands behind {broken.before} and was appended behind {after}"
            self.note("reordered", broken.position, what)
        elif after is not None:
            self.note("reordered", broken.position, f"it was moved here from {broken.before + 1}")
        elif gone > 0:
            self.note("missing", broken.before + 1, f"{_counted(gone)} gone before {broken.position}")
        elif self.links < head.count:
            self.note("missing", broken.position, f"an episode behind {broken.before} is gone")
        else:
            self.note("changed", broken.before, "it was written anew: the next one names another hash")

    def _check_end(self, head: Head) -> None:
        if self._position > head.count:
            what = f"{_counted(self._position - head.count)} behind the signed head"
            self.note("beyond head", head.count + 1, what)
        elif self._hash in (head.hash, None):
            return
        elif self._position < head.count:
            what = f"{_counted(head.count - self._position)} gone at the end: the head counts {head.count}"
            self.note("cut tail", self._position + 1, what)
        else:
            self.note("head", head.count, "the signed head names another hash than the last episode's")


def check_anchors(
    check: ChainCheck, anchors: Iterable[Head | str], public_key: str, stored_at: Positions
) -> tuple[int, Head | None]:
    """Compare the heads kept outside with the log: each must still be one of its prefixes.

    Args:
        check: takes the findings.
        anchors: oldest first; a string is a line that could not be read.
        public_key: whose signature they must carry.
        stored_at: must see every link that was committed before it is called.

    Returns:
        How many were compared, and the one with the highest count.
    """
    compared = 0
    newest: Head | None = None
    gone: Head | None = None
    iterator = iter(anchors)
    while batch := list(islice(iterator, _ANCHORS_AT_ONCE)):
        heads = _trusted(check, batch, public_key)
        stored = stored_at({head.count for head in heads})
        compared += len(heads)
        for head in heads:
            newest = head if newest is None or head.count > newest.count else newest
            if head.count not in stored:
                gone = newest
            elif stored[head.count] != head.hash:
                check.note("changed", head.count, f"the head kept outside at {head.at} names another hash")
    if gone is not None:
        what = f"the head kept outside at {gone.at} counted {gone.count} episodes; that one is gone"
        check.note("cut tail", gone.count, what)
    return compared, newest


def _trusted(check: ChainCheck, batch: list[Head | str], public_key: str) -> list[Head]:
    """Return the heads that carry the key's signature; the others are noted."""
    heads: list[Head] = []
    for anchor in batch:
        if isinstance(anchor, str):
            check.note("anchor", 0, f"a line of the file is no head: {anchor[:60]!r}")
        elif not signed_by(anchor, public_key):
            check.note("anchor", anchor.count, _signature_words(anchor, public_key))
        else:
            heads.append(anchor)
    return heads


def _signature_words(head: Head, public_key: str) -> str:
    if head.key_id != key_id(public_key):
        return f"the head is signed by the key {head.key_id or '(none)'}, not by {key_id(public_key)}"
    return "the signature does not fit: count, hash or time of the head was changed"


def _counted(count: int) -> str:
    return "1 episode" if count == 1 else f"{count} episodes"
