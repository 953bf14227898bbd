"""Which case is meant by what a person types."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bootstrap.records import Records


class NoSuchCase(LookupError):
    """No case has that name; the message says so."""


class AmbiguousCase(LookupError):
    """Several cases could be meant; the message names them."""


def meant(records: "Records", name: str) -> str:
    """Return the id of the case that is meant.

    Args:
        records: whose cases.
        name: a case id, its last part (`RMA-1007`), or the beginning of that.

    Raises:
        NoSuchCase: there is none.
        AmbiguousCase: there are several.
    """
    found = records.cases.locate(name.strip())
    if not found:
        raise NoSuchCase(f"no case {name}; `kontor cases` lists them")
    if len(found) > 1:
        raise AmbiguousCase(f"{name} could be {', '.join(found)}: say more of it")
    return found[0]
