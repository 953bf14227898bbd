"""What is found for a claim: by meaning and by words, with its place, in given sources and own texts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memory.semantic.stores.qdrant_edge import QdrantEdge
from models.local.embedder import SentenceEmbedder
from workflows.content.checking.verdict import Origin
from workflows.content.evidence import Evidence, SourceText
from workflows.content.prose import read

MINUTES = """# Minutes

The committee met on a rainy day. It moved 12 agencies to a new host. Nobody had expected that.

Lunch was served at noon.
"""
POST = "Our cat sleeps all day.\n\nThe tariff of form QX-77 went up."


@pytest.fixture
def vectors(tmp_path: Path) -> Iterator[QdrantEdge]:
    store = QdrantEdge(tmp_path / "vectors")
    yield store
    store.close()


@pytest.fixture
async def evidence(vectors: QdrantEdge, embedder: SentenceEmbedder) -> Evidence:
    made = Evidence(embedder, vectors)
    await made.add([SourceText("minutes", read(MINUTES)), SourceText("post", read(POST), Origin.ARCHIVE)])
    return made


async def test_a_claim_in_other_words_finds_the_sentence_with_its_neighbours_and_its_line(
    evidence: Evidence,
) -> None:
    [[best, *_]] = await evidence.find(["A dozen public bodies changed their provider."])
    assert "moved 12 agencies" in best.text
    assert best.text.startswith("The committee met")
    assert best.text.endswith("expected that.")
    assert (best.source, best.line, best.origin) == ("minutes", 3, Origin.SOURCE)


async def test_a_rare_word_is_found_where_meaning_alone_says_little(evidence: Evidence) -> None:
    [[best, *_]] = await evidence.find(["QX-77"])
    assert (best.source, best.origin) == ("post", Origin.ARCHIVE)


async def test_a_passage_ends_where_its_block_ends(evidence: Evidence) -> None:
    [[best, *_]] = await evidence.find(["We ate at noon."])
    assert best.text == "Lunch was served at noon."


async def test_headings_are_no_evidence_and_at_most_so_many_passages_are_given(evidence: Evidence) -> None:
    [found] = await evidence.find(["Minutes"], limit=3)
    assert len(found) == 3
    assert all(passage.text != "Minutes" for passage in found)
    assert evidence.searched == 2
