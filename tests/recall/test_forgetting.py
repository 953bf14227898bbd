"""Forgetting a person: the words go, what the office must account for stays, the log still verifies."""

from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, select

from benchmarks.hashing_embedder import HashingEmbedder
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance
from contracts.evidence import Evidence
from contracts.frozen import Frozen
from contracts.memory import Memory
from memory.answers import SqlAnswers
from memory.cases import SqlCases
from memory.decisions import SqlDecisions
from memory.forgetting import FORGOTTEN, CustomersWords
from memory.qdrant_edge import QdrantEdge
from memory.semantic import SemanticMemory
from memory.tables.decisions import DecisionRow
from tests.memory.ink import Log, happened
from tests.recall.conftest import NOON

WORDS = "My boots hurt, I am Zanzibar Meier."


class Reply(Frozen):
    text: str


def case(number: int, status: CaseStatus, customer: str = "c-1") -> CaseRecord:
    return CaseRecord(
        id=f"returns/webshop/{number}",
        desk="returns",
        channel="webshop",
        status=status,
        summary=f"request {number}",
        amount_cents=4000,
        opened_at=NOON,
        updated_at=NOON,
        request={"id": str(number), "message": WORDS},
        customer=customer,
    )


async def test_a_customers_words_go_everywhere_and_the_audit_log_still_verifies(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder, tmp_path: Path
) -> None:
    log = Log(engine, tmp_path)
    log.episodes.append(happened(5))
    cases, decisions, answers = SqlCases(engine), SqlDecisions(engine), SqlAnswers(engine, Reply)
    cases.save(case(1, CaseStatus.SETTLED))
    cases.save(case(2, CaseStatus.WAITING))
    cases.save(case(3, CaseStatus.SETTLED, customer="c-2"))
    provenance = Provenance(
        by="rule",
        name="r",
        version="1",
        inputs_hash="0",
        evidence=(Evidence(source="request:webshop/1", text=WORDS), Evidence(source="order", text="Boots")),
    )
    decision = Decision(
        task="returns.intent", outcome="answered", answer={"label": "return"}, provenance=provenance
    )
    decisions.keep("returns/webshop/1", "read", decision)
    answers.keep("key", Reply(text=WORDS), NOON)
    memory = SemanticMemory(engine, edge, hashing, caches=[CustomersWords(engine)], clock=lambda: NOON)
    await memory.remember([Memory(text="Wanted boots.", kind="case", source="case:1", customer="c-1")])

    gone = await memory.forget("c-1")

    assert (gone.memories, gone.vectors, gone.cached) == (1, 1, 2)
    found = {number: cases.find(f"returns/webshop/{number}") for number in (1, 2, 3)}
    messages = {number: record and record.request["message"] for number, record in found.items()}
    assert messages == {1: FORGOTTEN, 2: WORDS, 3: WORDS}
    assert found[1] is not None
    assert (found[1].amount_cents, found[1].status) == (4000, CaseStatus.SETTLED)
    with Session(engine) as session:
        (kept,) = session.exec(select(DecisionRow)).all()
    assert [piece["text"] for piece in kept.body["provenance"]["evidence"]] == [FORGOTTEN, "Boots"]
    assert kept.body["answer"] == {"label": "return"}
    assert answers.find("key", NOON) is None
    assert log.verify().whole
