"""The goods of one return: what is expected, what came, and how it was found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from contracts.parcel import Condition, Inspection, Parcel
    from workflows.returns.types import Found
    from workflows.returns.way.told import FoundTold, GoodsTold

WORST_LAST: tuple[Found, ...] = ("unseen", *get_args(Condition))


class ReturnedGoods(Frozen):
    """The goods of one return; what a channel tells and what people say are kept apart.

    Where both speak of one parcel it is one: of a line the larger number counts, and of how it was found,
    the person's word. No more of a line comes back than was expected.

    Attributes:
        expected: how many pieces of each line are to come.
        told: what the channel said last.
        came: how many pieces of each line people say are there.
        seen: how people found them, in their order.
    """

    expected: dict[str, int] = {}
    told: GoodsTold = GoodsTold()
    came: dict[str, int] = {}
    seen: tuple[FoundTold, ...] = ()

    # An order may have thousands of lines, and a workflow has a moment: each count goes over them once.

    def received(self) -> dict[str, int]:
        """Return how many pieces of each line are there."""
        told: dict[str, int] = {}
        for one in self.told.received:
            told[one.line] = told.get(one.line, 0) + one.quantity
        found = self.found()
        there = {
            line: max(told.get(line, 0), self.came.get(line, 0), sum(found[line].values()))
            for line in self.expected
        }
        return {line: min(count, self.expected[line]) for line, count in there.items()}

    def found(self) -> dict[str, dict[Condition, int]]:
        """Return how many pieces of each line were found in which condition."""
        mine, told = _by_line(self.seen), _by_line(self.told.inspected)
        counted = {}
        for line, left in self.expected.items():
            counted[line] = _counted(mine.get(line) or told.get(line, []), left)
        return counted

    @property
    def any_here(self) -> bool:
        """Whether any piece is there."""
        return any(self.received().values())

    @property
    def all_seen(self) -> bool:
        """Whether every expected piece is there and was looked at."""
        return all(sum(found.values()) >= self.expected[line] for line, found in self.found().items())

    @property
    def any_seen(self) -> bool:
        """Whether any piece was looked at."""
        return any(self.found().values())

    @property
    def worst(self) -> Found:
        """The worst condition that was found; `unseen` if nothing was looked at."""
        found: set[Found] = {condition for counts in self.found().values() for condition in counts}
        return max(found, key=WORST_LAST.index, default="unseen")

    def in_condition(self, condition: Condition) -> dict[str, int]:
        """Return how many pieces of each line were found so."""
        found = self.found()
        return {line: counts[condition] for line, counts in found.items() if condition in counts}

    @property
    def ours(self) -> dict[str, int]:
        """How many pieces of each line came back that are what was sold: what is refunded at most."""
        counts = {
            line: sum(count for condition, count in found.items() if condition != "wrong_item")
            for line, found in self.found().items()
        }
        return {line: count for line, count in counts.items() if count}

    def shared_out(self, parts: Sequence[Mapping[str, int]]) -> "list[ReturnedGoods]":
        """Return the goods of each part of what is expected; what came is the first part's first."""
        here, found = self.received(), self.found()
        shared = []
        for part in parts:
            came = {line: min(count, here[line]) for line, count in part.items()}
            seen = []
            for line, count in came.items():
                here[line] -= count
                seen += [
                    FoundTold(line=line, quantity=n, condition=how) for how, n in _taken(found[line], count)
                ]
            shared.append(ReturnedGoods(expected={**part}, came=came, seen=tuple(seen)))
        return shared

    def with_parcel(self, parcel: Parcel) -> "ReturnedGoods":
        """Return the goods after a person said that some came."""
        here = self.received()
        missing = {line: count - here[line] for line, count in self.expected.items()}
        came = {line: here[line] + count for line, count in (parcel.pieces or missing).items() if count}
        return self.model_copy(update={"came": {**self.came, **came}})

    def with_inspection(self, inspection: Inspection) -> "ReturnedGoods":
        """Return the goods after a person looked at some; with nothing there yet, all have come with it."""
        pieces = inspection.pieces or self._unseen() or self.expected
        seen = tuple(
            FoundTold(line=line, quantity=count, condition=inspection.condition)
            for line, count in pieces.items()
        )
        return self.model_copy(update={"seen": (*self.seen, *seen)})

    def flaw(self, parcel: Parcel) -> str:
        """Say what is wrong with the pieces that a person names as come or looked at, or nothing."""
        for line, count in parcel.pieces.items():
            if line not in self.expected:
                return f"no line {line} is expected; these are: {', '.join(self.expected)}"
            if not 1 <= count <= self.expected[line]:
                return f"{count} of line {line} cannot have come: {self.expected[line]} are expected"
        return self._unseen_flaw(parcel) if isinstance(parcel, Inspection) else self._missing_flaw(parcel)

    def _missing_flaw(self, parcel: Parcel) -> str:
        here = self.received()
        for line, count in parcel.pieces.items():
            missing = self.expected[line] - here[line]
            if count > missing:
                return f"{count} of line {line} cannot have come: {missing} are still expected"
        return ""

    def _unseen_flaw(self, inspection: Inspection) -> str:
        here, mine = self.received(), _by_line(self.seen)
        for line, count in inspection.pieces.items():
            seen = sum(one.quantity for one in mine.get(line, ()))
            # With nothing left that is here, what was looked at has come with this word.
            left = max(here[line] - seen, 0) or self.expected[line] - seen
            if count > left:
                return (
                    f"{count} of line {line} cannot be looked at: {left} are left; kontor received adds more"
                )
        return ""

    def _unseen(self) -> dict[str, int]:
        found = self.found()
        left = {line: count - sum(found[line].values()) for line, count in self.received().items()}
        return {line: count for line, count in left.items() if count > 0}


def _by_line(pieces: Iterable[FoundTold]) -> dict[str, list[FoundTold]]:
    found: dict[str, list[FoundTold]] = {}
    for one in pieces:
        found.setdefault(one.line, []).append(one)
    return found


def _counted(pieces: Iterable[FoundTold], most: int) -> dict[Condition, int]:
    """Return how many pieces were found in which condition, the first ones first, no more than `most`."""
    counted: dict[Condition, int] = {}
    for one in pieces:
        count = min(most, one.quantity)
        counted[one.condition] = counted.get(one.condition, 0) + count
        most -= count
    return {condition: count for condition, count in counted.items() if count}


def _taken(found: dict[Condition, int], count: int) -> list[tuple[Condition, int]]:
    """Take so many pieces out of what was found, and return how they were found."""
    taken = []
    for condition, there in found.items():
        part = min(there, count)
        count -= part
        found[condition] = there - part
        if part:
            taken.append((condition, part))
    return taken
