"""The log read link by link: what follows from a link that does not fit the one before it."""

from collections.abc import Callable, Collection
from typing import Literal

from contracts.base import Frozen
from contracts.counted import counted
from memory.episodic.chain import GENESIS, ChainHead, Link, key_id, signed_by

Wrong = Literal["changed", "missing", "reordered", "cut tail", "beyond head", "head", "anchor", "boundary"]
Finder = Callable[[Collection[str]], dict[str, int]]
"""Finds hashes in the log again: hash → position, for those that are there."""
FINDINGS_KEPT = 100


class LogFinding(Frozen):
    """One thing that is wrong, and where.

    Attributes:
        position: the link it was seen at; for `missing` and `cut tail` the first one that is gone;
            0 for an anchor that cannot be read.
        place: which place outside says so; empty where the log itself does.
    """

    wrong: Wrong
    position: int
    what: str
    place: str = ""


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
        self.findings: list[LogFinding] = []
        self._breaks: list[_Break] = []
        self._position = 0
        self._hash: str | None = GENESIS
        self._acceptable = {GENESIS}

    def note(self, wrong: Wrong, position: int, what: str, place: str = "") -> None:
        """Count a finding, and keep it if there is room."""
        self.found += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(LogFinding(wrong=wrong, position=position, what=what, place=place))

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

    def finish(self, head: ChainHead | None, public_key: str, find: Finder) -> None:
        """Explain the breaks, and compare the end with the signed head; None if there is none to read."""
        elsewhere = find({broken.names for broken in self._breaks}) if self._breaks else {}
        elsewhere[GENESIS] = 0
        for broken in self._breaks:
            self._explain(broken, elsewhere.get(broken.names), head.count if head else self.links)
        if head is None:
            self.note("head", 0, "the signed head is gone, is not the only one, or cannot be read")
            return
        self._check_end(head)
        if (head.count or self.links) and not signed_by(head, public_key):
            self.note("head", head.count, signature_words(head, public_key))

    def _explain(self, broken: _Break, after: int | None, count: int) -> None:
        gone = broken.position - broken.before - 1
        if after is not None and after != broken.before:
            what = f"it stands behind {broken.before} and was appended behind {after}"
            self.note("reordered", broken.position, what)
        elif after is not None:
            self.note("reordered", broken.position, f"it was moved here from {broken.before + 1}")
        elif gone > 0:
            self.note(
                "missing", broken.before + 1, f"{counted(gone, 'episode')} gone before {broken.position}"
            )
        elif self.links < count:
            self.note("missing", broken.position, f"an episode behind {broken.before} is gone")
        else:
            self.note("changed", broken.before, "it was written anew: the next one names another hash")

    def _check_end(self, head: ChainHead) -> None:
        if self._position > head.count:
            what = f"{counted(self._position - head.count, 'episode')} behind the signed head"
            self.note("beyond head", head.count + 1, what)
        elif self._hash in (head.hash, None):
            return
        elif self._position < head.count:
            gone = counted(head.count - self._position, "episode")
            what = f"{gone} gone at the end: the head counts {head.count}"
            self.note("cut tail", self._position + 1, what)
        else:
            self.note("head", head.count, "the signed head names another hash than the last episode's")


def signature_words(head: ChainHead, public_key: str) -> str:
    """Return what is wrong with a head's signature, which is not that key's."""
    if head.key_id != key_id(public_key):
        return f"the head is signed by the key {head.key_id or '(none)'}, not by {key_id(public_key)}"
    return "the signature does not fit: count, hash or time of the head was changed"
