"""Putting an office in force: its files, its version, its release and the episode, in one commit."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from contracts.case import Episode
from contracts.office import Changes, Release, changes, office_version
from memory.authoritative.offices import release_of
from memory.database import insert_into
from memory.episodic.journal import Journal, read_head
from memory.tables.offices import OfficeFileRow, OfficeReleaseRow, OfficeVersionRow

OF_OFFICE = "office"
"""What stands in an episode of the office for the case: it belongs to none."""


class SqlReleases:
    """Puts offices in force."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def put_in_force(
        self,
        files: Mapping[str, bytes],
        *,
        by: str,
        at: datetime,
        note: str = "",
        problems: Sequence[str] = (),
        first: bool = False,
    ) -> Release:
        """Put an office in force and return its release; one that is in force already stays as it is.

        Args:
            files: the office's files by path.
            by: who does it.
            at: when.
            note: why, in their words.
            problems: what `kontor check` found; with any, the office is put in force anyway.
            first: only if none is in force yet; else the one that is, is returned.
        """
        with self._journal.writing("an office is put in force", at) as session:
            read_head(session, lock=True)  # who puts offices in force stands in a row, on PostgreSQL, too
            newest = select(OfficeReleaseRow).order_by(col(OfficeReleaseRow.number).desc()).limit(1)
            current = session.exec(newest).first()
            version = office_version(files)
            if current is not None and (first or _stands(current, version, problems)):
                return release_of(current)
            _keep_files(session, version, files)
            row = OfficeReleaseRow(
                number=current.number + 1 if current else 1,
                version=version,
                by=by,
                at=at,
                changes=_changes(session, current, version).model_dump(mode="json"),
                note=note,
                anyway=bool(problems),
                problems=[*problems],
            )
            session.add(row)
            session.flush()
            release = release_of(row)
            session.tell([_episode(release)])
        return release


def _stands(current: OfficeReleaseRow, version: str, problems: Sequence[str]) -> bool:
    """Say whether this version is in force, with all that is wrong with it on record."""
    return current.version == version and set(problems) <= set(current.problems)


def _keep_files(session: Session, version: str, files: Mapping[str, bytes]) -> None:
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    for path, digest in digests.items():
        insert = insert_into(session, OfficeFileRow).values(digest=digest, content=files[path])
        session.execute(insert.on_conflict_do_nothing(index_elements=["digest"]))
    insert = insert_into(session, OfficeVersionRow).values(version=version, files=digests)
    session.execute(insert.on_conflict_do_nothing(index_elements=["version"]))


def _changes(session: Session, current: OfficeReleaseRow | None, version: str) -> Changes:
    before = session.get_one(OfficeVersionRow, current.version).files if current else {}
    return changes(before, session.get_one(OfficeVersionRow, version).files)


def _episode(release: Release) -> Episode:
    return Episode(
        id=f"{OF_OFFICE}#release-{release.number}",
        case_id=OF_OFFICE,
        kind="office_in_force",
        at=release.at,
        data={
            "number": release.number,
            "version": release.version,
            "by": release.by,
            "note": release.note,
            "changes": release.changes.words(),
            "anyway": release.anyway,
            "problems": [*release.problems],
        },
    )
