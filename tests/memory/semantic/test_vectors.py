"""What every vector store does alike: Qdrant's engine, Qdrant's client, pgvector."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.hashing_embedder import HashingEmbedder
from contracts.embedding import EmbedderIdentity
from memory.semantic.stores.base import EmbedderMismatch, Filter, FolderBusy, Point, VectorStore
from memory.semantic.stores.qdrant_edge import QdrantEdge

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

MINE = HashingEmbedder()
TEXTS = ("boots may be returned within thirty days", "a refund goes to the card", "the parcel is late")


async def points(*texts: str, **fields: object) -> list[Point]:
    vectors = await MINE.embed(texts)
    given = {"kind": "policy", "case_id": "", "customer": "", "at": 1000.0} | fields
    return [
        Point(id=str(uuid.uuid5(uuid.NAMESPACE_OID, text)), vector=vector, text=text, **given)  # type: ignore[arg-type]  # a shorthand of this test
        for text, vector in zip(texts, vectors, strict=True)
    ]


async def test_what_was_written_is_found_by_meaning_and_by_words(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    written = await points(*TEXTS)
    store.upsert("notes", written)
    (vector,) = await MINE.embed([TEXTS[1]])
    found = store.search("notes", vector, "refund card", Filter(), 2)
    assert [len(found.dense), found.dense[0].id] == [2, written[1].id]
    assert found.dense[0].score == pytest.approx(1.0, abs=1e-3)
    assert [hit.id for hit in found.lexical] == [written[1].id]


async def test_words_are_compared_by_their_stems_and_rare_ones_count_more(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    written = await points("returning parcels", "the parcel, the parcel", "a parcel with a snowboard")
    store.upsert("notes", written)
    ranked = store.search("notes", None, "parcels snowboards", Filter(), 5).lexical
    assert ranked[0].id == written[2].id
    assert {hit.id for hit in ranked} == {point.id for point in written}


async def test_writing_twice_keeps_one_and_deleting_twice_harms_nothing(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    written = await points(*TEXTS)
    store.upsert("notes", written)
    store.upsert("notes", written)
    assert store.count("notes") == 3
    store.delete("notes", [written[0].id])
    store.delete("notes", [written[0].id])
    assert sorted(store.ids("notes")) == sorted(point.id for point in written[1:])
    found = store.search("notes", written[0].vector, "boots", Filter(), 5)
    assert written[0].id not in {hit.id for hit in (*found.dense, *found.lexical)}


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        (Filter(kinds=("case", "note")), {"old"}),
        (Filter(case_id="returns/webshop/7"), {"old"}),
        (Filter(customers=("c-1",)), {"old"}),
        (Filter(customers=("c-1", "")), {"old", "new"}),
        (Filter(since=datetime(2026, 1, 1, tzinfo=UTC)), {"new"}),
        (Filter(until=datetime(2026, 1, 1, tzinfo=UTC)), {"old"}),
        (Filter(valid_at=datetime(2026, 1, 1, tzinfo=UTC)), {"new"}),
        (Filter(kinds=("case",), customers=("c-2",)), set()),
    ],
)
async def test_each_filter_narrows_both_sides(store: VectorStore, narrow: Filter, expected: set[str]) -> None:
    store.create("notes", MINE.identity)
    old = datetime(2025, 6, 1, tzinfo=UTC).timestamp()
    until = datetime(2025, 7, 1, tzinfo=UTC).timestamp()
    case = {"kind": "case", "case_id": "returns/webshop/7", "customer": "c-1"}
    (first,) = await points("the old parcel", at=old, valid_until=until, **case)
    (second,) = await points("the new parcel", at=datetime(2026, 6, 1, tzinfo=UTC).timestamp())
    store.upsert("notes", [first, second])
    found = store.search("notes", first.vector, "parcel", narrow, 5)
    names = {first.id: "old", second.id: "new"}
    assert {names[hit.id] for hit in found.dense} == expected
    assert {names[hit.id] for hit in found.lexical} == expected


async def test_a_collection_refuses_another_embedder_by_name(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    store.create("notes", MINE.identity)
    other = EmbedderIdentity(name="hashing", weights_hash="1" * 64, dimension=32)
    with pytest.raises(EmbedderMismatch, match=r"hashing \(weights 00000000.*hashing \(weights 11111111"):
        store.create("notes", other)
    assert store.identity("notes") == MINE.identity
    assert store.identity("others") is None


async def test_a_dropped_collection_is_gone_and_others_stay(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    store.create("notes-2", HashingEmbedder(16).identity)
    store.upsert("notes", await points(*TEXTS))
    store.drop("notes-2")
    assert store.identity("notes-2") is None
    assert store.count("notes") == 3
    store.create("notes-2", HashingEmbedder(8).identity)
    assert store.count("notes-2") == 0


async def test_a_question_of_stop_words_only_finds_nothing_by_words(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    store.upsert("notes", await points(*TEXTS))
    assert not store.search("notes", None, "the and of", Filter(), 5).lexical


async def test_the_index_is_built_on_demand_and_finds_the_same(store: VectorStore) -> None:
    store.create("notes", MINE.identity)
    written = await points(*(f"note number {number} on parcel {number * 7}" for number in range(400)))
    store.upsert("notes", written)
    before = store.search("notes", written[123].vector, "123", Filter(), 1)
    store.optimize("notes", force=True)
    after = store.search("notes", written[123].vector, "123", Filter(), 1)
    assert before.dense[0].score == pytest.approx(after.dense[0].score, abs=1e-4)
    assert before.lexical[0].id == after.lexical[0].id == written[123].id
    assert store.count("notes") == 400


async def test_the_embedded_folder_has_one_owner_and_keeps_what_was_written(tmp_path: Path) -> None:
    first = QdrantEdge(tmp_path / "vectors")
    first.create("notes", MINE.identity)
    first.upsert("notes", await points(*TEXTS))
    with pytest.raises(FolderBusy, match="in use by process"):
        QdrantEdge(tmp_path / "vectors")
    first.close()
    second = QdrantEdge(tmp_path / "vectors")
    assert second.count("notes") == 3
    assert second.identity("notes") == MINE.identity
    second.close()


async def test_an_index_that_was_built_but_not_put_in_place_is_taken_on_the_next_start(
    tmp_path: Path,
) -> None:
    store = QdrantEdge(tmp_path / "vectors")
    store.create("notes", MINE.identity)
    store.upsert("notes", await points(*TEXTS))
    store.close()
    place = tmp_path / "vectors" / "notes"
    (place / "shard").rename(place / "next")
    (place / "next.draft").mkdir()
    again = QdrantEdge(tmp_path / "vectors")
    assert again.count("notes") == 3
    assert not (place / "next.draft").exists()
    again.close()
