"""Something wrong in a manifest, by the path of the table or field where it stands."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One finding; the file turns the path into a line."""

    at: tuple[str | int, ...]
    what: str
    fix: str = ""
