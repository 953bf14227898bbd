"""Has the office folder changed? Cheap to ask again and again: names, sizes and times are looked at first."""

from pathlib import Path

from contracts.office import version_of

Stamp = frozenset[tuple[str, int, int]]


class OfficeWatch:
    """Looks at a folder from time to time, and tells each new version of it once."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not be there."""
        self._folder = folder
        self._stamp: Stamp | None = None
        self._version: str | None = None
        self._told = ""

    def news(self, in_force: str) -> str:
        """Return the folder's version if it is neither in force nor told already; else nothing.

        A folder that changed since the last look is not told yet: somebody is still writing.
        """
        stamp, before = self._look(), self._stamp
        self._stamp = stamp
        if stamp != before:
            self._version = None
            return ""
        if self._version is None:
            self._version = self._read() if stamp else ""
        if self._version == in_force:
            self._told = ""
        if self._version in ("", in_force, self._told):
            return ""
        self._told = self._version
        return self._version

    def _read(self) -> str:
        try:
            return version_of(self._folder)
        except OSError:  # a file went, or nobody may read it: the next look tells
            self._stamp = None
            return ""

    def _look(self) -> Stamp:
        try:
            found = [(path, path.stat()) for path in self._folder.rglob("*") if path.is_file()]
        except OSError:  # a file went between two looks
            return frozenset()
        return frozenset((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)
