"""Which office is served: the first start and `kontor office apply` decide; a failing one is refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.counted import counted
from contracts.office import Problem, Release, office_files, office_version, version_of
from service.soundness import check_office, unservable

if TYPE_CHECKING:
    from bootstrap.installation import Installation

MOST_BYTES = 64 * 2**20
"""An office is reviewed text and small trained heads; what is larger is no office."""
FIRST_START = "the first start"
STARTED_ANYWAY = "started anyway"


class OfficeRefused(Exception):
    """An office is not served: its own tests fail, or it is not sound; the message names every problem."""

    def __init__(self, office: Path, problems: Sequence[Problem], *, hopeless: bool) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        fix = "no worker can start with it: mend it" if hopeless else "mend it, or say --anyway, on record"
        super().__init__(
            f"the office {office} is not served, it has {counted(len(problems), 'problem')}:\n{lines}\n{fix}"
        )


class NoSuchOffice(LookupError):
    """Neither a folder nor a version of the history; the message says so."""


def take(kontor: "Installation", *, by: str, anyway: bool = False) -> Release:
    """Return the release that a worker which starts now serves.

    While no office was ever put in force, the settings' folder is. The one in force is checked once
    more: a later version of Kontor may find in it what the one before did not know.

    Args:
        kontor: whose office.
        by: who starts.
        anyway: serve it with its problems, on record.

    Raises:
        OfficeRefused: it has problems that are not on record, and `anyway` was not said.
        OfficeMissing: nothing is in force, and there is no folder.
    """
    release = kontor.offices.in_force()
    folder = kontor.unpacked(release.version, again=True) if release else kontor.settings.office
    files, problems = _checked(folder)
    if release and {str(problem) for problem in problems} <= set(release.problems):
        return release
    _admit(folder, problems, anyway=anyway)
    served = kontor.releases.put_in_force(
        files,
        by=by,
        at=datetime.now(UTC),
        note=STARTED_ANYWAY if release else FIRST_START,
        problems=[str(problem) for problem in problems],
        first=release is None,
    )
    # Somebody else's first start may have been earlier, with another folder.
    return served if served.version == version_of(folder) else take(kontor, by=by, anyway=anyway)


def apply(kontor: "Installation", folder: Path, *, by: str, note: str = "", anyway: bool = False) -> Release:
    """Put an office in force for all workers, which start again on it within seconds.

    Returns:
        Its release; the one before if just this is in force already.

    Raises:
        OfficeRefused: it has problems, and `anyway` was not said, or no worker could start with it.
        OfficeMissing: there is no such folder.
    """
    files, problems = _checked(folder)
    _admit(folder, problems, anyway=anyway)
    return kontor.releases.put_in_force(
        files, by=by, at=datetime.now(UTC), note=note, problems=[str(problem) for problem in problems]
    )


def folder_of(kontor: "Installation", name: str) -> Path:
    """Return the folder that is meant by a path, by a version that was in force, or by its beginning.

    Without a name it is the settings' folder.

    Raises:
        NoSuchOffice: there is none, or more than one could be meant.
    """
    folder = Path(name) if name else kontor.settings.office
    if folder.is_dir():
        return folder
    versions = kontor.offices.named(name) if name else ()
    if len(versions) == 1:
        return kontor.unpacked(versions[0], again=True)
    if versions:
        raise NoSuchOffice(f"{name} could be {', '.join(versions)}: say more of it")
    raise NoSuchOffice(f"{folder} is no folder, and no version that `kontor office history` lists")


def _checked(folder: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """Return an office's files and its problems; what was checked is what is put in force.

    Raises:
        OfficeRefused: somebody wrote into the folder meanwhile.
    """
    files = _files(folder)
    problems = check_office(folder)
    if version_of(folder) != office_version(files):
        written = Problem(file=folder.name, line=0, what="it changed while it was checked", fix="try again")
        raise OfficeRefused(folder, [written], hopeless=True)
    return files, problems


def _files(folder: Path) -> dict[str, bytes]:
    files = office_files(folder)
    size = sum(len(content) for content in files.values())
    if size > MOST_BYTES:
        large = max(files, key=lambda path: len(files[path]))
        problem = Problem(file=large, line=0, what=f"the office has {size} bytes, at most {MOST_BYTES} fit")
        raise OfficeRefused(folder, [problem], hopeless=True)
    return files


def _admit(folder: Path, problems: Sequence[Problem], *, anyway: bool) -> None:
    """Raise OfficeRefused unless an office with these problems may be served."""
    if not problems:
        return
    if hopeless := unservable(folder):
        raise OfficeRefused(folder, hopeless, hopeless=True)
    if not anyway:
        raise OfficeRefused(folder, problems, hopeless=False)
