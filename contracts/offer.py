"""What a channel must offer for a desk: the operations asked of it, and what people do without them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from contracts.base import Frozen
from contracts.connector import FieldType, Manifest
from contracts.money import Direction
from contracts.told import Told

A_PERSONS = "requests that need it are a person's"


class Read(NamedTuple):
    """What a desk believes of a read operation.

    Attributes:
        field: the result field.
        contract: what it is read as.
        also: what else it is asked with, besides the one that all operations are about.
        about: what it is asked with instead of that one.
        without: what becomes of a request where a channel lacks it; empty where that is told elsewhere.
    """

    field: str
    contract: type[Told]
    also: tuple[str, ...] = ()
    about: str = ""
    without: str = ""


class Offer(Frozen):
    """One operation that a desk asks of a channel.

    Attributes:
        operation: its name in a manifest.
        arguments: what the desk gives it, each with its type.
        what: what it does, in the words of a manifest's author.
        things: what it makes, in the plural, as in `undo of refunds`.
        undo: the operation that a manifest usually names as its compensation; empty where none makes sense.
        money: the argument that moves; empty where none does.
        direction: of that money.
        without: what becomes of a request where a channel lacks it.
    """

    operation: str
    arguments: dict[str, FieldType]
    what: str
    things: str = ""
    undo: str = ""
    money: str = ""
    direction: Direction = "out"
    without: str = A_PERSONS


def lacks(manifest: Manifest, offers: Sequence[Offer], reads: Mapping[str, Read]) -> Iterator[str]:
    """Yield what a channel cannot do for a desk, each with what is left to people."""
    missing: dict[str, list[str]] = {}
    for operation, read in reads.items():
        if read.without and operation not in manifest.operations:
            missing.setdefault(read.without, []).append(operation)
    for offer in offers:
        if offer.operation not in manifest.operations:
            missing.setdefault(offer.without, []).append(offer.operation)
    for without, operations in missing.items():
        yield f"{manifest.name} lacks {', '.join(operations)}: {without}"
    for offer in offers:
        declared = manifest.operations.get(offer.operation)
        if declared is None:
            continue
        if offer.undo and declared.compensation is None:
            yield f"{manifest.name}: without {offer.undo}, undo of {offer.things} is by hand"
        if untaken := [name for name in offer.arguments if name not in declared.arguments]:
            yield f"{manifest.name}.{offer.operation} does not take {', '.join(untaken)}: it cannot be called"
        wanting = [
            name
            for name, field in declared.arguments.items()
            if field.required and name not in offer.arguments
        ]
        if wanting:
            yield f"{manifest.name}.{offer.operation} wants {', '.join(wanting)}: the desk does not give it"
