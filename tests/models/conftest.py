"""The real embedder, loaded once."""

from collections.abc import Iterator

import pytest

from models.embedder import SentenceEmbedder


@pytest.fixture(scope="session")
def embedder() -> Iterator[SentenceEmbedder]:
    embedder = SentenceEmbedder()
    yield embedder
    embedder.close()
