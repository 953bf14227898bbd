"""Text as vectors: a real sentence-transformers model, loaded late, off the event loop, shared."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property

from tokenizers import Tokenizer

from contracts.embedding import EmbedderIdentity
from models.local.batching import BatchLimits, MicroBatcher
from models.local.encoder import Encoder, SentenceTransformerEncoder
from models.local.weights import PACKAGED, Weights, WeightsRefused, locate


class SentenceEmbedder:
    """Satisfies `contracts.embedding.Embedder`; concurrent callers share a forward pass.

    Nothing is read when it is made. The first text loads the model on the batcher's thread (some
    seconds), so that the event loop never waits for it.
    """

    def __init__(
        self,
        model: str = PACKAGED,
        *,
        limits: BatchLimits | None = None,
        recent: int = 0,
        load: Callable[[Weights], Encoder] = SentenceTransformerEncoder,
    ) -> None:
        """Name the model.

        Args:
            model: `minilm` (the packaged all-MiniLM-L6-v2), a local folder, or a hub name.
            limits: how callers are batched.
            recent: how many texts' vectors are kept at hand, by the texts' hashes: a case asks about one
                message more than once.
            load: how its forward pass is made.
        """
        self._named = model
        self._load = load
        self._limits = limits or BatchLimits()
        self._recent: OrderedDict[bytes, list[float]] = OrderedDict()
        self._most_recent = recent
        self._encoder: Encoder | None = None
        self._loading = threading.Lock()
        self._batcher: MicroBatcher[str, list[float]] = MicroBatcher(
            self._forward, self._limits, name="embedder"
        )

    @cached_property
    def weights(self) -> Weights:
        """Where the model's files are; raises WeightsRefused when there are none."""
        return locate(self._named)

    @cached_property
    def identity(self) -> EmbedderIdentity:
        """Name, weights' hash, dimension."""
        return self.weights.identity()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        file = self.weights.folder / "tokenizer.json"
        if not file.is_file():
            raise WeightsRefused(f"{self.weights.name} has no tokenizer.json")
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the model's tokenizer makes of the text, its two marks not counted."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector for each text, in order.

        Many texts go in slices of one run each, shortest first (less padding), so that another
        caller's single text waits for one slice and not for all of them.
        """
        vectors = [self._recall(text) for text in texts]
        order = sorted((at for at, vector in enumerate(vectors) if not vector), key=lambda at: len(texts[at]))
        for start in range(0, len(order), self._limits.items):
            slice_ = order[start : start + self._limits.items]
            made = await self._batcher.submit([texts[index] for index in slice_])
            for index, vector in zip(slice_, made, strict=True):
                vectors[index] = vector
                self._keep(texts[index], vector)
        return vectors

    def _recall(self, text: str) -> list[float]:
        """Return a text's vector if it is at hand, else an empty one."""
        key = _hash(text) if self._most_recent else b""
        if key not in self._recent:
            return []
        self._recent.move_to_end(key)
        return self._recent[key]

    def _keep(self, text: str, vector: list[float]) -> None:
        if self._most_recent:
            self._recent[_hash(text)] = vector
            if len(self._recent) > self._most_recent:
                self._recent.popitem(last=False)

    def load(self) -> Encoder:
        """Return the loaded model, loading it first if nobody has; blocks, safe in any thread.

        Raises:
            WeightsRefused: the weights are missing or not the expected ones.
        """
        with self._loading:
            if self._encoder is None:
                self._encoder = self._load(self.weights)
            return self._encoder

    async def warm(self) -> None:
        """Load the model now, so that the first caller need not wait."""
        await self.embed(["warm"])

    def close(self) -> None:
        """End the thread that runs the model."""
        self._batcher.close()

    def _forward(self, texts: list[str]) -> list[list[float]]:
        """Run the model once over the different texts: one case asks several things of one message."""
        different = list(dict.fromkeys(texts))
        vectors = dict(zip(different, self.load().encode(different).tolist(), strict=True))
        return [vectors[text] for text in texts]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
