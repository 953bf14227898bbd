"""The forward pass: texts in, unit vectors out, on one thread."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.weights import Weights

Vectors = NDArray[np.float32]
"""One row for each text, each of length 1."""


class Encoder(Protocol):
    """A loaded model. Called from one thread at a time."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the L2-normalised vectors of `texts`, shape (len(texts), dimension)."""


class SentenceTransformerEncoder:
    """sentence-transformers on the CPU, from a local folder, never over the network."""

    def __init__(self, weights: Weights) -> None:
        """Load the model; takes seconds, mostly imports.

        Raises:
            WeightsRefused: the weights file is not the expected one.
        """
        weights.verify()
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - six seconds of imports
        from transformers.utils import logging  # noqa: PLC0415 - the same

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers types half of itself
        self._model: Any = SentenceTransformer(str(weights.folder), device="cpu", local_files_only=True)
        self._model.eval()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the L2-normalised vectors of `texts`."""
        vectors: Vectors = self._model.encode(
            list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors
