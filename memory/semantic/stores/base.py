"""What semantic memory needs of a vector store; one implementation a file stands beside this one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.embedding import EmbedderIdentity

FOREVER = 1e12
"""A `valid_until` in epoch seconds that no clock reaches: the memory does not expire."""
KEYWORDS = ("kind", "case", "customer")
"""The fields of a point's payload that are matched whole."""
NUMBERS = ("at", "until")
"""The fields of a point's payload that are compared, in epoch seconds."""


class EmbedderMismatch(Exception):
    """A collection's vectors and this process's embedder are not of one kind; nothing is mixed."""

    def __init__(self, collection: str, holds: EmbedderIdentity, offered: EmbedderIdentity) -> None:
        super().__init__(
            f"collection {collection} holds vectors of {describe(holds)}, not of {describe(offered)}: "
            "set KONTOR_EMBEDDER back, or run `kontor memory rebuild --embedder NAME`"
        )
        self.collection = collection


class FolderBusy(Exception):
    """Another process owns the embedded engine's folder."""


def describe(identity: EmbedderIdentity) -> str:
    """Return an embedder's name with what tells two of the same name apart."""
    return f"{identity.name} (weights {identity.weights_hash[:8]}, {identity.dimension} dimensions)"


@dataclass(frozen=True, slots=True)
class Point:
    """One memory as a vector store keeps it: no text, only what is searched and filtered by.

    Attributes:
        id: the memory's id, a UUID.
        vector: unit length, of the collection's dimension.
        text: what the lexical side indexes; it is turned into term weights, never stored.
        at: epoch seconds.
        valid_until: epoch seconds, `FOREVER` for none.
    """

    id: str
    vector: Sequence[float]
    text: str
    kind: str
    case_id: str
    customer: str
    at: float
    valid_until: float = FOREVER

    @property
    def payload(self) -> dict[str, str | float]:
        """What a Qdrant keeps beside the vectors, by the names of `KEYWORDS` and `NUMBERS`."""
        return {
            "kind": self.kind,
            "case": self.case_id,
            "customer": self.customer,
            "at": self.at,
            "until": self.valid_until,
        }


@dataclass(frozen=True, slots=True)
class Filter:
    """Which memories count; empty fields narrow nothing.

    Attributes:
        customers: any of these; the empty string stands for memories of nobody.
        valid_at: leaves out what had expired by then.
    """

    kinds: tuple[str, ...] = ()
    case_id: str = ""
    customers: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    valid_at: datetime | None = None

    def conditions(self) -> list["Condition"]:
        """Return what must hold of a point's payload, all of it."""
        found = []
        if self.kinds:
            found.append(Condition("kind", any_of=self.kinds))
        if self.case_id:
            found.append(Condition("case", any_of=(self.case_id,)))
        if self.customers:
            found.append(Condition("customer", any_of=self.customers))
        if self.since or self.until:
            since = self.since.timestamp() if self.since else None
            found.append(Condition("at", since=since, before=self.until.timestamp() if self.until else None))
        if self.valid_at:
            found.append(Condition("until", after=self.valid_at.timestamp()))
        return found


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one field of a payload.

    Attributes:
        any_of: for a field of `KEYWORDS`.
        since, after, before: for a field of `NUMBERS`: at least, more than, less than.
    """

    field: str
    any_of: tuple[str, ...] = ()
    since: float | None = None
    after: float | None = None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory that was found: cosine similarity on the dense side, BM25 on the lexical side."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """Both rankings, best first; a side that was not asked is empty."""

    dense: Sequence[Hit] = ()
    lexical: Sequence[Hit] = ()


class VectorStore(Protocol):
    """Collections of points, searched by vector and by words. Methods block; all are idempotent."""

    def create(self, collection: str, identity: EmbedderIdentity) -> None:
        """Make the collection if it is not there.

        Raises:
            EmbedderMismatch: it is there and belongs to another embedder.
        """

    def identity(self, collection: str) -> EmbedderIdentity | None:
        """Return whose vectors the collection holds, None if there is no such collection."""

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Write points; durable against the death of this process when it returns."""

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove points; ids that are not there are passed over."""

    def search(
        self, collection: str, vector: Sequence[float] | None, words: str | None, narrow: Filter, limit: int
    ) -> Found:
        """Return the nearest points to `vector` and the best matches of `words`, each up to `limit`."""

    def ids(self, collection: str) -> Iterator[str]:
        """Yield the id of every point, a page at a time."""

    def count(self, collection: str) -> int:
        """Return how many points there are."""

    def lags(self, collection: str) -> bool:
        """Say whether the index lags so far behind that `optimize` has something to do; quick."""

    def optimize(self, collection: str, *, force: bool = False) -> bool:
        """Bring the index up to date if it lags, or at all with `force`.

        It may take minutes. Search goes on meanwhile, writers of this collection wait. Returns
        whether anything was done.
        """

    def drop(self, collection: str) -> None:
        """Remove the collection and all its points."""

    def close(self) -> None:
        """Give up files, locks and connections."""
