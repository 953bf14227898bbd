"""Forgetting a person: the words go, what the office must account for stays, the log still verifies."""

from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, select

from benchmarks.hashing_embedder import HashingEmbedder
from contracts.base import Frozen
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance
from contracts.evidence import Evidence
from contracts.memory import Memory
from memory.authoritative.cases import SqlCases
from memory.authoritative.decisions import SqlDecisions
from memory.authoritative.erasure import FORGOTTEN, CustomerTextEraser
from memory.authoritative.response_cache import SqlAnswers
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge
from memory.tables.decisions import DecisionRow
from tests.memory.audit_helpers import Log, happened, journal, keep_case
from tests.memory.semantic.conftest import NOON

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
    keep_case(engine, case(1, CaseStatus.SETTLED))
    keep_case(engine, case(2, CaseStatus.WAITING))
    keep_case(engine, case(3, CaseStatus.SETTLED, customer="c-2"))
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
    decisions.keep_all("returns/webshop/1", {"read": decision})
    answers.keep("key", Reply(text=WORDS), NOON)
    eraser = CustomerTextEraser(journal(engine), {"returns": frozenset({"id"})})
    memory = SemanticMemory(engine, edge, hashing, caches=[eraser], clock=lambda: NOON)
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


async def test_words_in_nested_fields_and_those_of_a_desk_that_is_gone_are_forgotten_too(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    cases, decisions = SqlCases(engine), SqlDecisions(engine)
    mail = {"id": "1", "channel": "post", "subject": "boots", "turns": [{"n": 1, "said": WORDS}, {"n": 2}]}
    for desk in ("mail", "gone"):
        record = case(1, CaseStatus.SETTLED).model_copy(
            update={"id": f"{desk}/post/1", "desk": desk, "request": mail}
        )
        keep_case(engine, record)
        evidence = (Evidence(source="turn", text=f"They wrote: {WORDS}"), Evidence(source="s", text="boots"))
        provenance = Provenance(by="rule", name="r", version="1", inputs_hash="0", evidence=evidence)
        decision = Decision(task=f"{desk}.kind", outcome="unsure", answer=None, provenance=provenance)
        decisions.keep_all(record.id, {"read": decision})
    eraser = CustomerTextEraser(journal(engine), {"mail": frozenset({"id", "channel", "subject"})})
    memory = SemanticMemory(engine, edge, hashing, caches=[eraser], clock=lambda: NOON)

    await memory.forget("c-1")

    turns = [{"n": 1, "said": FORGOTTEN}, {"n": 2}]
    kept = {"id": "1", "channel": "post", "subject": "boots", "turns": turns}
    found = {desk: cases.find(f"{desk}/post/1") for desk in ("mail", "gone")}
    assert {desk: record and record.request for desk, record in found.items()} == {
        "mail": kept,
        "gone": kept | {"subject": FORGOTTEN},
    }
    left = {desk: decisions.of_case(f"{desk}/post/1")["read"].provenance.evidence for desk in found}
    assert [piece.text for piece in left["mail"]] == [f"They wrote: {FORGOTTEN}", "boots"]
    assert [piece.text for piece in left["gone"]] == [f"They wrote: {FORGOTTEN}", FORGOTTEN]


async def test_a_customer_who_wrote_next_to_nothing_does_not_cost_the_records_their_times_and_names(
    engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder
) -> None:
    decisions = SqlDecisions(engine)
    keep_case(
        engine, case(1, CaseStatus.SETTLED).model_copy(update={"request": {"id": "1", "message": "2026"}})
    )
    evidence = tuple(
        Evidence(source="s", text=text) for text in ("2026-03-02T09:00:00Z", "X2026", "in 2026.")
    )
    provenance = Provenance(by="rule", name="r", version="1", inputs_hash="0", evidence=evidence)
    decisions.keep_all(
        "returns/webshop/1",
        {"read": Decision(task="returns.intent", outcome="unsure", answer=None, provenance=provenance)},
    )
    eraser = CustomerTextEraser(journal(engine), {"returns": frozenset({"id"})})
    await SemanticMemory(engine, edge, hashing, caches=[eraser], clock=lambda: NOON).forget("c-1")

    left = decisions.of_case("returns/webshop/1")["read"].provenance.evidence
    assert [piece.text for piece in left] == ["2026-03-02T09:00:00Z", "X2026", f"in {FORGOTTEN}."]
