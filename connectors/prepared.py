"""Operations with every template and path compiled once, when the office is loaded."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from connectors.extraction import Extraction, ExtractionFailed
from connectors.templates import Expression, Text, Value
from contracts.connector import Absence, Field, Lookup, Manifest, Operation, Request
from contracts.listing import Listing
from contracts.notation import Numbers


@dataclass(frozen=True)
class Response:
    """What an executor brought back.

    Attributes:
        body: what the manifest's paths are read over.
        reference: the executor's own reference (Message-ID, file name), used if the manifest
            declares no path to one.
        size_bytes: how long the answer was on the wire, 0 if it never was.
    """

    body: Any
    reference: str | None = None
    size_bytes: int = 0


class PreparedRequest:
    """A compiled request template."""

    def __init__(self, request: Request) -> None:
        """Compile; raises TemplateInvalid."""
        self.method = request.method.upper()
        self.path = Text(request.path, path=True)
        self.query = {name: Value(value) for name, value in request.query.items()}
        self.headers = {name: Text(value) for name, value in request.headers.items()}
        self.body = Value(request.body) if request.body is not None else None
        self.encoding = request.encoding
        self.document = request.document
        self.text = Text(request.text)

    @property
    def names(self) -> frozenset[str]:
        """Every name that the templates need."""
        parts: list[Text | Value] = [self.path, self.text, *self.query.values(), *self.headers.values()]
        if self.body is not None:
            parts.append(self.body)
        return frozenset().union(*(part.names for part in parts))


class PreparedLookup:
    """A compiled look-up: which operation to ask, and which of its candidates is ours."""

    def __init__(self, operation: str, lookup: Lookup, numbers: Numbers) -> None:
        """Compile; raises TemplateInvalid or ExtractionInvalid."""
        self.operation = operation
        self.items = Extraction(lookup.items)
        self.match = Expression(lookup.match) if lookup.match else None
        self.reference = Extraction(lookup.reference)
        self.arguments = {name: Value(value) for name, value in lookup.arguments.items()}
        self.next_cursor = Extraction(lookup.next_cursor) if lookup.next_cursor else None
        self.result = {name: Extraction(path, numbers) for name, path in lookup.result.items()}


class PreparedListing:
    """A compiled listing."""

    def __init__(self, listing: Listing, numbers: Numbers) -> None:
        """Compile; raises ExtractionInvalid."""
        self.operation = listing.operation
        self.matches = listing.matches
        self.items = Extraction(listing.items)
        self.next_cursor = Extraction(listing.next_cursor)
        self.reference = Extraction(listing.reference)
        self.amount_cents = Extraction(listing.amount_cents, numbers)
        self.at = Extraction(listing.at)
        self.key = Extraction(listing.key) if listing.key else None
        self.subject = Extraction(listing.subject) if listing.subject else None


class PreparedAbsence:
    """A compiled proof that something does not exist."""

    def __init__(self, absence: Absence) -> None:
        """Compile; raises ExtractionInvalid."""
        self._status = absence.status
        self._codes = absence.code
        self._when = Extraction(absence.when) if absence.when else None

    def proved_by(self, answer: object) -> bool:
        """Say whether an answer of success says so."""
        return not self._status and not self._codes and self._holds(answer)

    def proved_by_failure(self, status: int, code: str | None, answer: object) -> bool:
        """Say whether an answer of failure says so, by its status, its error code and what it holds."""
        return (
            (not self._status or status in self._status)
            and (not self._codes or any(fnmatchcase(code or "", each) for each in self._codes))
            and (self._when is None or self._holds(answer))
        )

    def _holds(self, answer: object) -> bool:
        try:
            return self._when is not None and self._when.find(answer) is True
        except ExtractionFailed:
            return False


class Prepared:
    """A compiled operation."""

    def __init__(self, connector: str, name: str, operation: Operation, numbers: Numbers) -> None:
        """Compile; raises TemplateInvalid or ExtractionInvalid."""
        self.title = f"{connector}.{name}"
        self.operation = operation
        self.request = PreparedRequest(operation.request)
        self.reference = Extraction(operation.reference) if operation.reference else None
        self.errors = Extraction(operation.errors) if operation.errors else None
        self.result: dict[str, tuple[Field, Extraction]] = {
            field_name: (field, Extraction(field.path or f'"{field_name}"', numbers))
            for field_name, field in operation.result.items()
        }
        self.absent = tuple(PreparedAbsence(absence) for absence in operation.absent)
        address = operation.idempotency.address if operation.idempotency else ""
        self.address = Text(address) if address else None
        by, lookup = operation.idempotency.lookup if operation.idempotency else None, operation.lookup
        self.lookup = PreparedLookup(by, lookup, numbers) if by and lookup else None

    @property
    def reads_answer(self) -> bool:
        """True if the manifest takes anything from the answer; else any answer will do."""
        return bool(self.result or self.reference or self.errors)


def prepare(manifest: Manifest) -> dict[str, Prepared]:
    """Compile all operations of a manifest; raises TemplateInvalid or ExtractionInvalid."""
    return {
        name: Prepared(manifest.name, name, operation, manifest.numbers)
        for name, operation in manifest.operations.items()
    }
