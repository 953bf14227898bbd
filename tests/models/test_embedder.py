"""The real model, checked before it is believed."""

import asyncio
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from bootstrap.installation import Installation
from models.local.embedder import SentenceEmbedder
from models.local.encoder import Vectors
from models.local.weights import PACKAGED_SHA256, Weights, WeightsRefused, locate
from settings import Settings


async def test_vectors_are_unit_length_and_near_for_texts_that_mean_the_same(
    embedder: SentenceEmbedder,
) -> None:
    shoes, boots, invoice = await embedder.embed(
        ["These shoes are too small.", "The boots I got don't fit, too tight.", "Where is my invoice?"]
    )
    assert len(shoes) == embedder.identity.dimension == 384
    assert math.isclose(sum(x * x for x in shoes), 1.0, rel_tol=1e-5)
    assert _dot(shoes, boots) > _dot(shoes, invoice) + 0.2


async def test_a_text_has_the_same_vector_alone_and_in_company(embedder: SentenceEmbedder) -> None:
    text = "The parcel never came."
    [alone] = await embedder.embed([text])
    crowd = await asyncio.gather(*(embedder.embed([text, "x " * n]) for n in range(1, 40)))
    assert all(_dot(alone, vectors[0]) > 0.9995 for vectors in crowd)


async def test_the_vectors_are_sentence_transformers_own(embedder: SentenceEmbedder) -> None:
    texts = ["I want my money back", "Ich möchte das zurückgeben 👟", "", "word " * 600]
    ours = await embedder.embed(texts)
    theirs = reference(embedder).encode(texts, normalize_embeddings=True)
    assert all(_dot(a, b) > 0.9995 for a, b in zip(ours, theirs.tolist(), strict=True))


class CountingEncoder:
    """Counts what it is asked; a text's vector is its length."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        return np.array([[float(len(text))] for text in texts], dtype=np.float32)


async def test_a_text_asked_again_soon_costs_no_second_pass_and_one_long_ago_does() -> None:
    encoder = CountingEncoder()
    embedder = SentenceEmbedder(recent=2, load=lambda _weights: encoder)
    assert await embedder.embed(["one", "three"]) == [[3.0], [5.0]]
    assert await embedder.embed(["seven", "three"]) == [[5.0], [5.0]]
    assert await embedder.embed(["one"]) == [[3.0]]
    assert encoder.seen == ["one", "three", "seven", "one"]
    embedder.close()


async def test_nothing_to_embed_is_no_vectors(embedder: SentenceEmbedder) -> None:
    assert await embedder.embed([]) == []


def test_tokens_are_counted_beyond_the_models_own_window(embedder: SentenceEmbedder) -> None:
    assert embedder.count_tokens("return the shoes") == 3
    assert embedder.count_tokens("shoes " * 700) == 700


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    real = locate("minilm")
    shutil.copytree(real.folder, tmp_path / "model")
    with (tmp_path / "model" / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        weights.write(b"\x01")
    altered = Weights(real.name, tmp_path / "model", real.expected_sha256)
    with pytest.raises(WeightsRefused, match="SHA-256"):
        altered.verify()


def test_a_local_folder_is_an_embedder_of_its_own_with_its_own_identity(tmp_path: Path) -> None:
    shutil.copytree(locate("minilm").folder, tmp_path / "ours")
    identity = SentenceEmbedder(str(tmp_path / "ours")).identity
    assert (identity.name, identity.weights_hash, identity.dimension) == ("ours", PACKAGED_SHA256, 384)


def test_a_name_on_the_hub_is_fetched_by_that_name_and_is_an_embedder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, asked = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", []
    shutil.copytree(locate("minilm").folder, tmp_path / "cached")

    def snapshot(repository: str, **_: object) -> str:
        asked.append(repository)
        return str(tmp_path / "cached")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    found = Settings(embedder=name)
    with Installation(found) as installation:
        assert installation.embedder.identity.name == name
    assert asked == [name]


def test_a_model_that_is_nowhere_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(repository: str, **_: object) -> str:
        raise OSError("offline")

    monkeypatch.setattr("huggingface_hub.snapshot_download", nothing)
    with pytest.raises(WeightsRefused, match="a/multilingual-one is neither a folder nor"):
        _ = SentenceEmbedder("a/multilingual-one").identity


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsRefused, match="only safetensors"):
        _ = SentenceEmbedder(str(tmp_path)).identity


def reference(embedder: SentenceEmbedder) -> SentenceTransformer:
    return SentenceTransformer(str(embedder.weights.folder), device="cpu", local_files_only=True)


def _dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
