"""Reads that are kept on record: what a permit stands on is what a system told, not what a caller says."""

from typing import TYPE_CHECKING, Any

from activities.ports import Reads
from contracts.base import Arguments
from contracts.connector import Manifest

if TYPE_CHECKING:
    from memory.authoritative.outside_reads import SqlOutsideReads


class ReadsOnRecord:
    """The office's connectors, for the activities of desks; satisfies `activities.ports.Reads`."""

    def __init__(self, outside: Reads, books: "SqlOutsideReads") -> None:
        """Keep who is asked, and where the answers are kept."""
        self._outside = outside
        self._books = books

    def manifest(self, connector: str) -> Manifest:
        """Return a connector's manifest; raises KeyError for one the office does not have."""
        return self._outside.manifest(connector)

    async def read(self, connector: str, operation: str, arguments: Arguments) -> dict[str, Any]:
        """Call a read operation and return its declared fields; raises CallFailed."""
        return await self._outside.read(connector, operation, arguments)

    def keep(self, connector: str, operation: str, arguments: Arguments, told: dict[str, Any] | None) -> None:
        """Keep what a system told, by a desk's contract; None if there is no such thing."""
        self._books.keep(connector, operation, arguments, told)
