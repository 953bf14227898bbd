"""The context assembler: what fits, most useful first, nothing cut."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hashing_embedder import HashingEmbedder
from contracts.evidence import Evidence
from contracts.memory import ContextRequest, Memory
from memory.semantic.context import assemble, cost, render
from memory.semantic.service import SemanticMemory

COUNT = HashingEmbedder().count_tokens


def fact(text: str, source: str = "order:webshop/W-1") -> Evidence:
    return Evidence(source=source, text=text)


def passage(text: str, score: float, source: str = "policy:returns") -> Evidence:
    return Evidence(source=source, text=text, kind="passage", score=score)


def turn(text: str) -> Evidence:
    return Evidence(source="turn", text=text, kind="turn")


def request(
    budget: int, facts: tuple[Evidence, ...] = (), turns: tuple[Evidence, ...] = ()
) -> ContextRequest:
    return ContextRequest(
        case_id="returns/webshop/1", question="?", token_budget=budget, facts=facts, turns=turns
    )


def test_facts_come_first_then_turns_and_passages_by_score() -> None:
    asked = request(500, (fact("Paid 40.00."),), (turn("Hello."), turn("My boots are too small.")))
    context = assemble(
        asked, [passage("Thirty days.", 0.4), passage("Too small: free exchange.", 0.95)], COUNT
    )
    assert [piece.text for piece in context.evidence] == [
        "Paid 40.00.",
        "Too small: free exchange.",
        "My boots are too small.",
        "Hello.",
        "Thirty days.",
    ]
    assert all(piece.score is not None for piece in context.evidence[1:])


def test_what_repeats_is_left_out_and_different_amounts_are_no_repetition() -> None:
    asked = request(500, (fact("Paid 40.00 for the boots."), fact("Paid 400.00 for the boots.")))
    context = assemble(
        asked,
        [
            passage("Boots that were not worn may be returned within 30 days of delivery", 0.9),
            passage("boots that were not worn may be returned within 30 days of delivery.", 0.8, "post:1"),
            passage("Boots that were not worn may be returned within 14 days of delivery", 0.7),
            passage("Paid 40.00 for the boots", 0.6),
        ],
        COUNT,
    )
    assert [piece.score for piece in context.evidence] == [None, None, 0.9, 0.7]
    assert context.dropped == 0


def test_what_does_not_fit_is_left_out_whole_and_counted() -> None:
    small, large = fact("Paid."), fact("A very long fact " * 20)
    asked = request(cost(small, COUNT) + 3, (large, small))
    context = assemble(asked, [passage("Thirty days after delivery, not later.", 0.9)], COUNT)
    assert (context.evidence, context.dropped) == ((small,), 2)


@given(
    budget=st.integers(0, 60),
    facts=st.lists(st.text(min_size=1, max_size=60), max_size=5),
    turns=st.lists(st.text(min_size=1, max_size=60), max_size=5),
    passages=st.lists(st.tuples(st.text(min_size=1, max_size=60), st.floats(0, 1)), max_size=8),
)
def test_the_budget_is_never_exceeded_and_nothing_is_ever_cut(
    budget: int, facts: list[str], turns: list[str], passages: list[tuple[str, float]]
) -> None:
    offered = [passage(text, score) for text, score in passages]
    asked = request(budget, tuple(map(fact, facts)), tuple(map(turn, turns)))
    context = assemble(asked, offered, COUNT)
    assert context.tokens == sum(cost(piece, COUNT) for piece in context.evidence) <= budget
    assert COUNT("".join(map(render, context.evidence))) <= budget
    whole = {*facts, *turns, *(text for text, _ in passages)}
    assert {piece.text for piece in context.evidence} <= whole


async def test_recalled_passages_carry_source_and_score_and_fit_the_real_tokenizer(
    understanding: SemanticMemory,
) -> None:
    await understanding.remember(
        [
            Memory(
                text=f"Rule {n}: boots may be returned within {n} days.", kind="policy", source=f"policy:{n}"
            )
            for n in range(1, 30)
        ]
    )
    asked = ContextRequest(case_id="x", question="Until when may I return boots?", token_budget=100)
    context = await understanding.assemble(asked)
    assert 60 < context.tokens <= 100
    count = understanding.embedders.own.count_tokens
    assert count("".join(map(render, context.evidence))) <= 100
    assert all(piece.source.startswith("policy:") and piece.score for piece in context.evidence)
    assert context.dropped > 0


async def test_a_customers_context_holds_their_own_and_nobodys_memories_but_no_other_customers(
    understanding: SemanticMemory,
) -> None:
    await understanding.remember(
        [
            Memory(text="Boots may be returned.", kind="policy", source="policy:1"),
            Memory(text="Returned boots in May.", kind="case", source="case:1", customer="c-1"),
            Memory(text="Returned boots in June.", kind="case", source="case:2", customer="c-2"),
        ]
    )
    asked = ContextRequest(case_id="x", question="boots", customer="c-1")
    context = await understanding.assemble(asked)
    assert {piece.source for piece in context.evidence} == {"policy:1", "case:1"}
