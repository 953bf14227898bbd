"""Text as vectors: the one thing that models and memory share, so its Protocol stands here."""

from collections.abc import Sequence
from typing import Protocol

from contracts.base import Frozen


class EmbedderIdentity(Frozen):
    """Which embedder made a vector; vectors of different identities never mix.

    Attributes:
        weights_hash: SHA-256 of the weights file.
    """

    name: str
    weights_hash: str
    dimension: int

    @property
    def slug(self) -> str:
        """A name fit for a collection: `all-MiniLM-L6-v2-53aa5117`."""
        return f"{self.name.rsplit('/', 1)[-1]}-{self.weights_hash[:8]}"


class Embedder(Protocol):
    """Turns texts into unit vectors; concurrent callers share a forward pass."""

    @property
    def identity(self) -> EmbedderIdentity:
        """Name, weights' hash, dimension."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one L2-normalised vector of `identity.dimension` floats for each text."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the embedder's own tokenizer makes of the text."""
