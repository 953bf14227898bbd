"""Which collections there are, whose vectors they hold, and which one recall reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, select
from sqlmodel import Session, col

from contracts.embedding import Embedder, EmbedderIdentity
from memory.database import insert_into, reading, writing
from memory.semantic.outbox import mark_all
from memory.semantic.stores.base import EmbedderMismatch
from memory.tables.semantic import MemoryAlias, MemoryCollection, MemoryMark

CURRENT = "current"
READ_NOW = (
    select(MemoryCollection)
    .join(MemoryAlias, col(MemoryAlias.collection) == col(MemoryCollection.name))
    .where(col(MemoryAlias.alias) == CURRENT)
)


class NothingToSwitchTo(Exception):
    """There is no earlier collection to go back to, or the named one is not complete."""


@dataclass(frozen=True)
class Collection:
    """One set of vectors."""

    name: str
    identity: EmbedderIdentity
    state: str
    loaded_as: str


class Collections:
    """The register of collections. A switch is one transaction: recall sees the old or the new."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self) -> Collection | None:
        """Return the collection that recall reads; None before the first is opened."""
        with reading(self._engine) as session:
            return _collection(session.scalars(READ_NOW).one_or_none())

    def previous(self) -> Collection | None:
        """Return the collection that recall read before the last switch, if it is still there."""
        with reading(self._engine) as session:
            alias = session.get(MemoryAlias, CURRENT)
            row = session.get(MemoryCollection, alias.previous) if alias and alias.previous else None
            return _collection(row) if row and row.state != "dropped" else None

    def all(self) -> list[Collection]:
        """Return every collection that has not been dropped, oldest first."""
        with reading(self._engine) as session:
            rows = session.scalars(
                select(MemoryCollection)
                .where(col(MemoryCollection.state) != "dropped")
                .order_by(col(MemoryCollection.created_at), col(MemoryCollection.name))
            )
            return [found for row in rows if (found := _collection(row))]

    def find(self, name: str) -> Collection | None:
        """Return a collection by name."""
        with reading(self._engine) as session:
            return _collection(session.get(MemoryCollection, name))

    def open(self, identity: EmbedderIdentity, now: datetime) -> Collection:
        """Return the current collection, making the first one if there is none yet."""
        with writing(self._engine) as session:
            alias = session.get(MemoryAlias, CURRENT)
            if alias is None:
                made = _begin(session, identity, identity.name, now, "ready")
                statement = insert_into(session, MemoryAlias).values(
                    alias=CURRENT, collection=made.name, previous=None, switched_at=now
                )
                session.execute(statement.on_conflict_do_nothing())
                return made
            found = _collection(session.get(MemoryCollection, alias.collection))
            assert found is not None  # a switch only ever names a row that exists
            return found

    def begin(self, identity: EmbedderIdentity, loaded_as: str, now: datetime) -> Collection:
        """Start a further collection with everything in it still to be done; or find one begun.

        A collection of the same embedder that is being built already is returned, so that a
        repeated call goes on with it.
        """
        with writing(self._engine) as session:
            building = session.scalars(
                select(MemoryCollection).where(
                    col(MemoryCollection.state) == "building",
                    col(MemoryCollection.embedder) == identity.name,
                    col(MemoryCollection.weights_hash) == identity.weights_hash,
                    col(MemoryCollection.dimension) == identity.dimension,
                )
            ).first()
            return _collection(building) or _begin(session, identity, loaded_as, now, "building")

    def switch(self, name: str, now: datetime) -> None:
        """Let recall read `name` from now on; switching to the current one changes nothing.

        Raises:
            NothingToSwitchTo: there is no such collection, or its vectors are not complete.
        """
        with writing(self._engine) as session:
            row = session.get(MemoryCollection, name)
            alias = session.get(MemoryAlias, CURRENT)
            if row is None or row.state == "dropped" or alias is None:
                raise NothingToSwitchTo(f"there is no collection {name}")
            if alias.collection == name:
                return
            left = session.execute(
                select(func.count()).select_from(MemoryMark).where(col(MemoryMark.collection) == name)
            ).scalar_one()
            if left:
                raise NothingToSwitchTo(f"{left} vectors of {name} are not written yet")
            alias.previous, alias.collection, alias.switched_at = alias.collection, name, now
            row.state = "ready"

    def drop(self, name: str) -> None:
        """Note that a collection's vectors are gone; the current one cannot be dropped."""
        with writing(self._engine) as session:
            alias = session.get(MemoryAlias, CURRENT)
            if alias and alias.collection == name:
                raise NothingToSwitchTo(f"{name} is what recall reads")
            row = session.get(MemoryCollection, name)
            if row:
                row.state = "dropped"
            session.execute(delete(MemoryMark).where(col(MemoryMark.collection) == name))


def _begin(
    session: Session, identity: EmbedderIdentity, loaded_as: str, now: datetime, state: str
) -> Collection:
    earlier = session.execute(
        select(func.count())
        .select_from(MemoryCollection)
        .where(col(MemoryCollection.name).startswith(f"{identity.slug}-", autoescape=True))
    ).scalar_one()
    row = MemoryCollection(
        name=f"{identity.slug}-{earlier + 1}",
        embedder=identity.name,
        loaded_as=loaded_as,
        weights_hash=identity.weights_hash,
        dimension=identity.dimension,
        state=state,
        created_at=now,
    )
    session.add(row)
    session.flush()
    mark_all(session, row.name)
    return Collection(row.name, identity, state, loaded_as)


def _collection(row: MemoryCollection | None) -> Collection | None:
    if row is None:
        return None
    identity = EmbedderIdentity(name=row.embedder, weights_hash=row.weights_hash, dimension=row.dimension)
    return Collection(row.name, identity, row.state, row.loaded_as)


class Embedders:
    """Finds the embedder of a collection by identity: name, weights and dimension must agree."""

    def __init__(self, own: Embedder, load: Callable[[str], Embedder] | None = None) -> None:
        self.own = own
        self._load = load
        self._loaded: dict[str, Embedder] = {}

    def named(self, name: str) -> Embedder:
        """Load an embedder by name, once.

        Raises:
            LookupError: this process cannot load others.
        """
        if name == self.own.identity.name:
            return self.own
        if self._load is None:
            raise LookupError(f"this process has only the embedder {self.own.identity.name}")
        if name not in self._loaded:
            found = self._load(name)
            self._loaded[name] = self.own if found.identity == self.own.identity else found
        return self._loaded[name]

    def of(self, collection: Collection) -> Embedder:
        """Return the embedder that made a collection's vectors.

        Raises:
            EmbedderMismatch: neither this process's nor the one loaded by that name is it.
        """
        if self.own.identity == collection.identity:
            return self.own
        for known in self._loaded.values():
            if known.identity == collection.identity:
                return known
        try:
            found = self.named(collection.loaded_as)
        except Exception as missing:
            raise EmbedderMismatch(collection.name, collection.identity, self.own.identity) from missing
        if found.identity != collection.identity:
            raise EmbedderMismatch(collection.name, collection.identity, found.identity)
        return found
