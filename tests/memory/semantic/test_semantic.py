"""Writing, correcting, finding and forgetting, on both SQL engines."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from benchmarks.hashing_embedder import HashingEmbedder
from contracts.memory import Document, Memory, Search
from memory.semantic.collections import Collection
from memory.semantic.rows import UnknownMemory
from memory.semantic.service import FOLLOW_SECONDS, FOLLOW_TOGETHER, SemanticMemory
from memory.semantic.stores.base import EmbedderMismatch, Filter, Point
from memory.semantic.stores.qdrant_edge import QdrantEdge
from models.local.embedder import SentenceEmbedder
from tests.memory.semantic.conftest import NOON


def policy(text: str, source: str = "policy:returns", **fields: object) -> Memory:
    return Memory(text=text, kind="policy", source=source, **fields)


async def texts(memory: SemanticMemory, question: str, **fields: object) -> list[str]:
    search = Search(question=question, **fields)
    return [each.text for each in await memory.search(search)]


async def test_the_same_source_and_text_is_the_same_memory(remembering: SemanticMemory) -> None:
    first = await remembering.remember([policy("Boots may be returned."), policy("Socks may not.")])
    second = await remembering.remember([policy("Boots may be returned.")])
    other = await remembering.remember([policy("Boots may be returned.", source="policy:boots")])
    assert second == first[:1]
    assert other != second
    stats = await remembering.stats()
    assert (stats.live, stats.collections[0].vectors, stats.collections[0].marked) == (3, 3, 0)


async def test_a_correction_is_found_and_what_it_corrects_stays_on_record(
    remembering: SemanticMemory,
) -> None:
    (old,) = await remembering.remember([policy("Boots may be returned within 30 days.")])
    (new,) = await remembering.remember(
        [policy("Boots may be returned within 14 days.", source="policy:returns#2", supersedes=old)]
    )
    assert await texts(remembering, "boots returned days") == ["Boots may be returned within 14 days."]
    history = await remembering.history(old)
    assert [(each.id, each.superseded_by, each.retired_at) for each in history] == [
        (old, new, NOON),
        (new, None, None),
    ]
    assert [each.id for each in await remembering.history(new)] == [old, new]


async def test_of_two_corrections_of_one_memory_the_later_one_is_live(remembering: SemanticMemory) -> None:
    (old,) = await remembering.remember([policy("Thirty days.")])
    await remembering.remember([policy("Twenty days.", supersedes=old)])
    await remembering.remember([policy("Fourteen days.", supersedes=old)])
    assert await texts(remembering, "days") == ["Fourteen days."]
    assert [each.text for each in await remembering.history(old)] == [
        "Thirty days.",
        "Twenty days.",
        "Fourteen days.",
    ]


async def test_a_correction_of_nothing_is_refused_and_nothing_is_written(
    remembering: SemanticMemory,
) -> None:
    with pytest.raises(UnknownMemory):
        await remembering.remember([policy("A."), policy("B.", supersedes="no-such-id")])
    assert (await remembering.stats()).live == 0


async def test_what_has_expired_is_not_recalled(remembering: SemanticMemory) -> None:
    await remembering.remember(
        [
            policy("The sale ended yesterday.", valid_until=NOON - timedelta(days=1)),
            policy("The sale ends tomorrow.", valid_until=NOON + timedelta(days=1)),
        ]
    )
    assert await texts(remembering, "sale") == ["The sale ends tomorrow."]


async def test_importing_a_changed_document_supersedes_retires_and_revives(
    remembering: SemanticMemory,
) -> None:
    def document(*passages: str) -> Document:
        made = tuple(
            Memory(text=text, kind="post", source=f"post:a#{number}") for number, text in enumerate(passages)
        )
        return Document(source="post:a", passages=made)

    neighbour = Document(source="post:ab", passages=(Memory(text="Other.", kind="post", source="post:ab#0"),))
    first = await remembering.take_in([document("One.", "Two.", "Three."), neighbour])
    again = await remembering.take_in([document("One.", "Two.", "Three."), neighbour])
    changed = await remembering.take_in([document("One.", "Two, corrected.")])
    back = await remembering.take_in([document("One.", "Two.", "Three.")])
    assert [(each.fresh, each.retired) for each in (first, again, changed, back)] == [
        (4, 0),
        (0, 0),
        (1, 2),
        (2, 1),
    ]
    stats = await remembering.stats()
    assert (stats.live, stats.retired, stats.collections[0].vectors) == (4, 1, 4)


async def test_forgetting_a_customer_reaches_sql_vectors_and_caches(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    asked: list[tuple[str, list[str]]] = []

    class Answers:
        def forget(self, customer: str, case_ids: list[str]) -> int:
            asked.append((customer, case_ids))
            return 2

    memory = SemanticMemory(engine, edge, hashing, caches=[Answers()], clock=lambda: NOON)  # type: ignore[list-item]  # a list is a Sequence
    (first,) = await memory.remember(
        [
            Memory(
                text="Wanted boots.",
                kind="case",
                source="case:1",
                customer="c-1",
                case_id="returns/webshop/1",
            )
        ]
    )
    await memory.remember(
        [
            Memory(text="Wanted red boots.", kind="case", source="case:1", customer="c-1", supersedes=first),
            Memory(text="Wanted socks.", kind="case", source="case:2", customer="c-2"),
        ]
    )
    gone = await memory.forget("c-1")
    assert (gone.memories, gone.cached) == (2, 2)
    assert asked == [("c-1", ["returns/webshop/1"])]
    assert await texts(memory, "wanted boots socks") == ["Wanted socks."]
    assert [each.disagreements for each in await memory.agreement()] == [0]
    assert await memory.history(first) == ()


async def test_forgotten_text_is_not_left_in_the_database_file(
    sqlite_engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder, tmp_path: Path
) -> None:
    memory = SemanticMemory(sqlite_engine, edge, hashing)
    await memory.remember([Memory(text="Zanzibar boots.", kind="case", source="case:1", customer="c-1")])
    assert _files_with(tmp_path, b"Zanzibar")
    await memory.forget("c-1")
    assert _files_with(tmp_path, b"Zanzibar") == []


def _files_with(folder: Path, word: bytes) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and word in file.read_bytes()]


async def test_an_email_address_as_customer_is_kept_only_as_a_hash_and_can_be_forgotten(
    remembering: SemanticMemory,
) -> None:
    note = Memory(text="Likes boots.", kind="note", source="desk", customer="Anna@example.com")
    await remembering.remember([note])
    (found,) = await remembering.search(Search(question="boots", customer="anna@example.com"))
    assert "@" not in found.customer
    assert (await remembering.forget("anna@example.com")).memories == 1


async def test_a_crash_between_sql_and_vectors_is_mended_on_the_next_start(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    before = SemanticMemory(engine, edge, hashing)
    (gone, kept) = await before.remember([policy("Old."), policy("Kept.")])
    # What a process leaves that dies after each SQL commit and before the vector store.
    before.memories.write([policy("New."), policy("Newer.", supersedes=gone)], NOON)
    assert (await before.stats()).collections[0].marked == 3
    after = SemanticMemory(engine, edge, hashing)
    await after.start()
    assert (await after.stats()).collections[0].marked == 0
    assert set(edge.ids(after.aliases.all()[0].name)) == set(after.memories.live_ids())
    assert kept in after.memories.live_ids()


async def test_what_need_not_be_found_at_once_is_safe_in_sql_and_found_soon(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    memory = SemanticMemory(engine, edge, hashing)
    many = [memory.remember([policy(f"Rule {number}.")], at_once=False) for number in range(20)]
    ids = [id_ for (id_,) in await asyncio.gather(*many)]
    assert set(memory.memories.live_ids()) == set(ids)
    await memory.settled()
    assert set(edge.ids(memory.aliases.all()[0].name)) == set(ids)


class CountingEmbedder(HashingEmbedder):
    """Keeps how many texts each run was given."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[int] = []
        self.ran = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.runs.append(len(texts))
        self.ran.set()
        return await super().embed(texts)


async def test_what_is_remembered_one_after_the_other_goes_through_the_embedder_together(
    engine: Engine, edge: QdrantEdge
) -> None:
    embedder = CountingEmbedder()
    memory = SemanticMemory(engine, edge, embedder)
    for number in range(5):
        await memory.remember([policy(f"Rule {number}.")], at_once=False)
    assert embedder.runs == []
    await memory.settled()
    assert embedder.runs == [5]


async def test_as_many_as_fill_a_run_of_the_embedder_wait_for_no_more(
    engine: Engine, edge: QdrantEdge
) -> None:
    embedder = CountingEmbedder()
    memory = SemanticMemory(engine, edge, embedder)
    many = [policy(f"Rule {number}.") for number in range(FOLLOW_TOGETHER)]
    async with asyncio.timeout(FOLLOW_SECONDS):
        await memory.remember(many, at_once=False)
        await embedder.ran.wait()
    assert embedder.runs == [FOLLOW_TOGETHER]


async def test_whoever_searches_finds_what_was_remembered_a_moment_ago(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    memory = SemanticMemory(engine, edge, hashing)
    await memory.remember([policy("Boots may be returned.")], at_once=False)
    assert await texts(memory, "boots") == ["Boots may be returned."]


async def test_a_vector_that_was_still_to_come_when_its_process_died_comes_with_the_next(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_collection: Collection) -> int:
        raise OSError("the disk is gone")

    before = SemanticMemory(engine, edge, hashing)
    await before.start()
    monkeypatch.setattr(before.indexer, "settle", gone)
    await before.remember([policy("Late.")], at_once=False)
    await before.settled()
    assert await texts(before, "late") == []
    assert await texts(SemanticMemory(engine, edge, hashing), "late") == ["Late."]


async def test_lost_and_stray_vectors_are_found_without_any_mark(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    memory = SemanticMemory(engine, edge, hashing)
    ids = await memory.remember([policy("One."), policy("Two.")])
    name = memory.aliases.all()[0].name
    edge.delete(name, [ids[0]])
    stray = "00000000-0000-0000-0000-000000000001"
    edge.upsert(name, [Point(stray, (await hashing.embed(["x"]))[0], "x", "note", "", "", 0.0)])
    (found,) = await memory.agreement()
    assert (found.missing, found.surplus) == (1, 1)
    await memory.mend()
    assert set(edge.ids(name)) == set(ids)


async def test_vectors_can_be_lost_altogether(
    engine: Engine, hashing: HashingEmbedder, tmp_path: Path
) -> None:
    first = QdrantEdge(tmp_path / "lost")
    memory = SemanticMemory(engine, first, hashing)
    await memory.remember([policy("One."), policy("Two.")])
    memory.close()
    second = QdrantEdge(tmp_path / "fresh")
    again = SemanticMemory(engine, second, hashing)
    assert sorted(await texts(again, "one two")) == ["One.", "Two."]
    again.close()


async def test_vectors_of_another_embedder_are_refused_by_name(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    await SemanticMemory(engine, edge, hashing).remember([policy("One.")])
    other = SemanticMemory(engine, edge, HashingEmbedder(16, name="other"))
    with pytest.raises(EmbedderMismatch, match=r"holds vectors of hashing .* not of other .*rebuild"):
        await other.start()


async def test_a_row_retired_a_moment_ago_is_not_recalled_from_its_old_vector(
    remembering: SemanticMemory,
) -> None:
    (old,) = await remembering.remember([policy("Old boots.")])
    remembering.memories.write([policy("New boots.", supersedes=old)], NOON)
    assert await texts(remembering, "boots") == []


async def test_meaning_finds_what_shares_no_word_and_words_find_a_number(
    understanding: SemanticMemory,
) -> None:
    await understanding.remember(
        [
            policy("Footwear can be sent back within a month."),
            policy("Order W-1001 was delivered late."),
            policy("Order W-1002 was delivered late."),
            policy("The office is closed on Sundays."),
        ]
    )
    assert (await texts(understanding, "may I return my shoes?", mode="dense"))[0].startswith("Footwear")
    assert (await texts(understanding, "W-1002", mode="lexical"))[0] == "Order W-1002 was delivered late."
    assert (await texts(understanding, "what about W-1002?"))[0] == "Order W-1002 was delivered late."


async def test_secrets_and_personal_data_never_reach_the_table(
    understanding: SemanticMemory, embedder: SentenceEmbedder
) -> None:
    await understanding.remember(
        [
            Memory(
                text="Mail anna@example.com, her key is AKIAIOSFODNN7EXAMPLQ",
                kind="note",
                source="mail:anna@example.com",
            )
        ]
    )
    (row,) = understanding.memories.live()
    assert row.text == "Mail [email], her key is [secret]"
    assert row.source == "mail:[email]"
    found = await understanding.find("anna@example.com", Filter(), 5, "lexical")
    assert all("anna" not in each.text for each in found)


async def test_the_offices_own_sentences_are_taken_in_at_every_start_and_follow_their_changes(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    def office(*sentences: str) -> Document:
        passages = (policy(text, source=f"policy#{number}") for number, text in enumerate(sentences))
        return Document(source="policy", passages=tuple(passages))

    for standing in (office("Thirty days.", "No socks."), office("Fourteen days.")):
        memory = SemanticMemory(engine, edge, hashing, standing=[standing])
        await memory.start()
    assert await texts(memory, "days socks") == ["Fourteen days."]


async def test_writing_does_not_wait_for_an_index_that_is_being_built_and_nothing_is_left_behind(
    sqlite_engine: Engine, tmp_path: Path, hashing: HashingEmbedder
) -> None:
    edge = QdrantEdge(tmp_path / "small", unindexed_limit=200)
    memory = SemanticMemory(sqlite_engine, edge, hashing)
    await memory.remember([policy(f"Rule {number}.") for number in range(250)])
    name = memory.aliases.all()[0].name
    assert edge.lags(name)
    (late,) = await memory.remember([policy("Written while the index was built.")])
    assert memory.marks.marked(name) == {late}
    assert await texts(memory, "rule 7", mode="lexical", limit=1) == ["Rule 7."]
    await memory.settled()
    assert not edge.lags(name)
    assert memory.marks.marked(name) == set()
    assert await texts(memory, "written while index built", limit=1) == ["Written while the index was built."]
    memory.close()
