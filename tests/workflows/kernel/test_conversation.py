"""The conversation buffer: bounded, whole turns, carried over continue-as-new."""

from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import Client
from temporalio.worker import Worker

from tests.workflows.kernel.talking import BufferWorkflow, Talk
from workflows.kernel.conversation import Buffer, about

QUEUE = "buffer-test"


def test_the_newest_turns_stay_whole_and_of_the_oldest_a_line_is_kept() -> None:
    buffer = Buffer(budget=60)
    for number in range(6):
        buffer = buffer.add("customer", f"This is the turn with the number {number}.")
    assert [turn.text for turn in buffer.turns] == [
        f"This is the turn with the number {number}." for number in (3, 4, 5)[-len(buffer.turns) :]
    ]
    assert buffer.summary
    assert buffer.evidence()[0].source == "turns:earlier"
    assert buffer.evidence()[-1].source == "turn:6:customer"


@given(budget=st.integers(0, 200), texts=st.lists(st.text(min_size=0, max_size=300), min_size=1, max_size=20))
def test_the_budget_holds_after_every_turn(budget: int, texts: list[str]) -> None:
    buffer = Buffer(budget=budget)
    for text in texts:
        buffer = buffer.add("customer", text)
        assert buffer.tokens <= budget
    assert buffer.seen == len(texts)
    assert [turn.text for turn in buffer.turns] == texts[len(texts) - len(buffer.turns) :]


def test_given_counts_are_used_and_estimates_are_no_less_than_words() -> None:
    assert Buffer(budget=10).add("model", "a b c", tokens=10).turns
    assert not Buffer(budget=10).add("model", "a b c", tokens=11).turns
    assert about("a b c d e f") >= 6


async def test_the_buffer_survives_continue_as_new(temporal: Client) -> None:
    async with Worker(temporal, task_queue=QUEUE, workflows=[BufferWorkflow]):
        told = await temporal.execute_workflow(
            BufferWorkflow.run,
            Talk(buffer=Buffer(budget=80), left=2),
            id="buffer-test",
            task_queue=QUEUE,
        )
    expected = Buffer(budget=80)
    for _ in range(3):
        for number in range(10):
            expected = expected.add("customer", f"turn {expected.seen} {'x' * number}")
    assert told.runs == 3
    assert told.buffer == expected
    assert told.buffer.seen == 30
