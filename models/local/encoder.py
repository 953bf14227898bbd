"""The forward pass: texts in, unit vectors out, on one thread."""

import os
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models.local.weights import Weights

Vectors = NDArray[np.float32]
"""One row for each text, each of length 1."""

Precision = Literal["auto", "f32", "bf16"]
"""What the transformer computes in; `auto` is bf16 where the CPU multiplies it in hardware (AMX)."""


SLICE = 32
"""Texts of one pass through the model: more pad the short ones to the longest, fewer waste its matrices."""
CROWD = 24
"""Fewer texts than this go through the model on one thread: more cost them more than they bring."""


class Encoder(Protocol):
    """A loaded model. Called from one thread at a time."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the L2-normalised vectors of `texts`, shape (len(texts), dimension)."""


class SentenceTransformerEncoder:
    """sentence-transformers on the CPU, from a local folder, never over the network.

    Its modules are called directly: `encode` adds about 1.5 ms of its own to a single text. The
    transformer runs in bfloat16 where the CPU has AMX, pooling and normalising always in float32;
    measurements and the backends that were turned down: `docs/decisions/0003-embedding-backend.md`.
    """

    def __init__(self, weights: Weights, *, precision: Precision = "auto") -> None:
        """Load the model; takes seconds, mostly imports.

        Raises:
            WeightsRefused: the weights file is not the expected one.
        """
        weights.verify()
        # OpenMP's threads wait by spinning, which keeps the one they wait for off a busy core: beside a
        # Temporal server on two cores one text took 240 ms instead of 14. Read when torch is imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import torch  # noqa: PLC0415 - seconds of imports that only who embeds should pay
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - the same
        from transformers.utils import logging  # noqa: PLC0415 - the same

        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers types half of itself
        self._torch: Any = torch
        self._model: Any = SentenceTransformer(str(weights.folder), device="cpu", local_files_only=True)
        self._model.eval()
        self._threads = int(torch.get_num_threads())
        self._dimension = weights.identity().dimension
        if precision == "auto":
            precision = "bf16" if torch.cpu.get_capabilities().get("amx_bf16") else "f32"
        self.precision = precision
        if precision == "bf16":
            self._model[0].to(torch.bfloat16)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the L2-normalised vectors of `texts`, computed in slices of about equal length."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        slices = [order[start : start + SLICE] for start in range(0, len(order), SLICE)]
        vectors: Vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        for indexes in slices:
            vectors[indexes] = self._forward([texts[index] for index in indexes])
        return vectors

    def _forward(self, texts: list[str]) -> Vectors:
        self._torch.set_num_threads(self._threads if len(texts) >= CROWD else 1)
        try:
            return self._pass(texts)
        finally:
            self._torch.set_num_threads(self._threads)  # others may use torch in this process

    def _pass(self, texts: list[str]) -> Vectors:
        with self._torch.inference_mode():
            features = self._model.preprocess(texts)
            for module in self._model:
                features = module(features)
                if "sentence_embedding" not in features:
                    features["token_embeddings"] = features["token_embeddings"].float()
            vectors = self._torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=1)
            result: Vectors = vectors.numpy()
            return result
