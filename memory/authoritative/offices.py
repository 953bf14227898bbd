"""Offices by their content, and which of them is in force."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from sqlalchemy import Engine
from sqlmodel import col, select

from contracts.office import Changes, Release, office_version, version_of
from memory.database import reading
from memory.tables.offices import OfficeFileRow, OfficeReleaseRow, OfficeVersionRow


class SqlOffices:
    """The versions of the office that were ever put in force, on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def in_force(self) -> Release | None:
        """Return the release that workers serve; None before the first."""
        return next(iter(self.history(1)), None)

    def history(self, limit: int) -> tuple[Release, ...]:
        """Return the releases, the newest first."""
        query = select(OfficeReleaseRow).order_by(col(OfficeReleaseRow.number).desc()).limit(limit)
        with reading(self._engine) as session:
            return tuple(release_of(row) for row in session.exec(query))

    def named(self, beginning: str) -> tuple[str, ...]:
        """Return the versions whose name begins so."""
        version = col(OfficeVersionRow.version)
        query = select(OfficeVersionRow.version).where(version.startswith(beginning, autoescape=True))
        with reading(self._engine) as session:
            return tuple(session.exec(query.order_by(version)))

    def files(self, version: str) -> dict[str, bytes]:
        """Return a version's files by path; raises KeyError if there is no such version."""
        with reading(self._engine) as session:
            row = session.get(OfficeVersionRow, version)
            if row is None:
                raise KeyError(f"no office of version {version} was ever put in force")
            query = select(OfficeFileRow).where(col(OfficeFileRow.digest).in_(set(row.files.values())))
            content = {one.digest: one.content for one in session.exec(query)}
        return {path: content[digest] for path, digest in row.files.items()}

    def unpacked(self, version: str, below: Path, *, again: bool = False) -> Path:
        """Return the folder of a version, below a folder of this machine; it is written when it is missing.

        Args:
            version: one that was put in force.
            below: where versions are unpacked.
            again: also write it anew if somebody changed a file of it.

        Raises:
            KeyError: there is no such version.
            ValueError: what the database holds is not the version that it says it is.
        """
        folder = below / version
        if again and folder.is_dir() and version_of(folder) != version:
            shutil.rmtree(folder)
        if not folder.is_dir():
            files = self.files(version)
            if office_version(files) != version:
                raise ValueError(
                    f"the files that the database holds for office {version} are not that version"
                )
            _write(files, folder)
        return folder


def release_of(row: OfficeReleaseRow) -> Release:
    """Return a row as the release it stands for."""
    return Release(
        **row.model_dump(exclude={"changes", "problems"}),
        changes=Changes.model_validate(row.changes),
        problems=tuple(row.problems),
    )


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a folder so that nobody ever sees it half written; who is second leaves the first one's."""
    aside = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    for path, content in files.items():
        parts = PurePosixPath(path).parts
        if ".." in parts or PurePosixPath(path).is_absolute():
            raise ValueError(f"{path} leads out of the office's folder")
        file = aside.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    try:
        aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(aside)
