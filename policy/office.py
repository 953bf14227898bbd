"""An office's files, as its version sees them."""

from pathlib import Path

from contracts.office import office_version


def office_files(office: Path) -> dict[str, bytes]:
    """Return every file of an office by its path with forward slashes; hidden files and caches stay out.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not office.is_dir():
        raise FileNotFoundError(f"no office at {office}: name it with KONTOR_OFFICE or --office")
    found = {}
    for path in sorted(office.rglob("*")):
        parts = path.relative_to(office).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            found["/".join(parts)] = path.read_bytes()
    return found


def version_of(office: Path) -> str:
    """Return the office version of a folder: the content hash of everything in it."""
    return office_version(office_files(office))
