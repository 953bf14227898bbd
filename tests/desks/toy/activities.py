"""What the toy desk reads of a board."""

from temporalio import activity

from activities.ports import Reads
from tests.desks.toy.types import Board


class BoardActivities:
    def __init__(self, outside: Reads) -> None:
        self._outside = outside

    @activity.defn(name="toy.count")
    async def count(self, board: Board) -> int:
        found = await self._outside.read(board.name, "list_notes", {})
        rows = found["rows"]
        return len(rows) if isinstance(rows, list) else 0
