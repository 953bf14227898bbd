"""An embedder that needs no model: words hashed into a unit vector. For work where quality is no matter."""

import hashlib
import math
import re
from collections.abc import Sequence

from contracts.embedding import EmbedderIdentity


class HashingEmbedder:
    """Satisfies `contracts.embedding.Embedder`; the same text gives the same vector everywhere."""

    def __init__(self, dimension: int = 32, name: str = "hashing") -> None:
        """Choose the length of the vectors and the name."""
        self.identity = EmbedderIdentity(name=name, weights_hash="0" * 64, dimension=dimension)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector for each text."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.identity.dimension
        for word in re.findall(r"\w+", text.lower()) or [""]:
            digest = hashlib.sha256(word.encode()).digest()
            vector[int.from_bytes(digest[:4], "big") % len(vector)] += 1.0 if digest[4] % 2 else -1.0
        vector[0] += 1e-6  # opposite words may cancel out; a vector of length 0 has no direction
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector]

    def count_tokens(self, text: str) -> int:
        """Count words and marks."""
        return len(re.findall(r"\w+|[^\w\s]", text))
