"""The embedder that belongs to a collection, or a clear no."""

from collections.abc import Callable

from contracts.embedding import Embedder
from memory.aliases import Collection
from memory.vectors import EmbedderMismatch


class Embedders:
    """Finds the embedder of a collection by identity: name, weights and dimension must agree."""

    def __init__(self, own: Embedder, load: Callable[[str], Embedder] | None = None) -> None:
        """Take this process's embedder, and how another is loaded by name."""
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
