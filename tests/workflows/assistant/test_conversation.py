"""Conversations with customers: a message is one turn, and what answers it is on record."""

import asyncio
from datetime import UTC, datetime

import pytest
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from contracts.conversation import Message, Reply, Turn, TurnPath, WordKind
from contracts.ids import CONTROL_QUEUE
from contracts.memory import Memory
from service.case_updates import NotTaken
from tests.workflows.assistant.conftest import Chat
from workflows.assistant.workflow import Begun, ConversationWorkflow

WASHING = "How do I wash wool?"
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_a_document_answers_is_said_word_for_word_with_its_place(
    chat: Chat,
) -> None:
    turn = await chat.say("What are your jackets filled with?")
    assert turn.path is TurnPath.SPAN
    assert turn.answer == "Our jackets are filled with recycled polyester. We use no down and no fur."
    assert turn.source == "documents#articles.md#what-are-your-jackets-filled-with"
    [passage] = await chat.kontor.memory.history(turn.memory_id)
    assert turn.answer in passage.text


async def test_a_message_sent_again_is_the_same_turn_in_this_run_and_the_next(chat: Chat) -> None:
    first = await chat.say(WASHING, "m")
    both = await asyncio.gather(*(chat.say("How do I find my size?", "n") for _ in range(2)))
    await chat.client.get_workflow_handle(chat.id).terminate("a run ends")
    again = await chat.say(WASHING, "m")
    assert again == first
    assert both[0] == both[1]
    assert [turn.number for turn in chat.kontor.conversations.turns(chat.id)] == [1, 2]


async def test_an_id_that_came_with_other_words_is_refused_and_answers_nothing(chat: Chat) -> None:
    await chat.say(WASHING, "m")
    await chat.client.get_workflow_handle(chat.id).terminate("a run ends")
    with pytest.raises(NotTaken, match="came before with other words"):
        await chat.say("May I tumble-dry wool?", "m")
    assert len(chat.kontor.conversations.turns(chat.id)) == 1


async def test_the_exact_question_again_is_answered_from_the_cache_until_a_source_changes(chat: Chat) -> None:
    asked = "Where are your articles made?"
    first, again = await chat.say(asked), await chat.say("  where are your ARTICLES made ")
    assert (again.path, again.answer, again.source) == (TurnPath.CACHE, first.answer, first.source)
    note = Memory(text="Silk: How do I wash silk? Silk is dry-cleaned.", kind="document", source="silk")
    await chat.kontor.memory.remember([note])
    assert (first.path, (await chat.say(asked)).path) == (TurnPath.SPAN, TurnPath.SPAN)


async def test_what_is_about_money_is_looked_up_each_time(chat: Chat) -> None:
    for _ in range(2):
        turn = await chat.say("What does shipping cost?")
        assert (turn.path, turn.source) == (TurnPath.SPAN, "documents#delivery.md#what-does-shipping-cost")


async def test_what_no_document_answers_goes_to_a_person_and_says_so(chat: Chat) -> None:
    turn = await chat.say("Who won the football world cup in 1990?")
    assert turn.path is TurnPath.UNKNOWN
    assert "asked a colleague" in turn.answer
    waiting = {each.id: each.question for each in chat.kontor.conversations.waiting()}
    assert waiting[chat.id] == turn.said


async def test_who_asks_for_a_person_is_passed_on_in_that_turn(chat: Chat) -> None:
    turn = await chat.say("Can I talk to a real person, please?")
    assert turn.path is TurnPath.ASKED
    assert "passed you on" in turn.answer
    assert chat.id in [each.id for each in chat.kontor.conversations.waiting()]


async def test_the_machine_is_silent_while_a_person_has_the_conversation(chat: Chat) -> None:
    await chat.say("I want to talk to a human")
    await chat.person(WordKind.TAKE)
    held = await chat.say(WASHING)
    told = await chat.person(WordKind.REPLY, text="By hand, please.")
    still = await chat.say("How do I find my size?")
    await chat.person(WordKind.GIVE_BACK)
    after = await chat.say("How do I find my size?")
    assert [(turn.path, turn.answer) for turn in (held, still)] == [(TurnPath.HELD, "")] * 2
    assert (told.by, told.path) == ("kim", TurnPath.PERSON)
    assert after.answer.startswith("Each article's page has a table of sizes.")
    assert chat.id not in [each.id for each in chat.kontor.conversations.waiting()]


async def test_an_answer_that_was_thought_of_before_a_person_took_over_is_not_sent(chat: Chat) -> None:
    await chat.say(WASHING)
    await chat.person(WordKind.TAKE)
    thought = Reply(path=TurnPath.SPAN, text="Wool is washed by hand.")
    message = Message(conversation=chat.id, id="late", text=WASHING)
    kept = chat.kontor.conversations.keep(message, thought, datetime.now(UTC))
    assert (kept.path, kept.answer) == (TurnPath.HELD, "")


async def test_only_who_has_a_conversation_speaks_in_it_and_a_word_sent_twice_counts_once(
    chat: Chat,
) -> None:
    await chat.say("I want to talk to a human")
    once = await chat.person(WordKind.REPLY, text="Kim here.", id_="w")
    await chat.client.get_workflow_handle(chat.id).terminate("a run ends")
    assert await chat.person(WordKind.REPLY, text="Kim here.", id_="w") == once
    with pytest.raises(NotTaken, match="kim has"):
        await chat.person(WordKind.REPLY, person="ada", text="Ada here.")


async def test_a_conversation_goes_on_in_another_run_before_its_history_grows_long(chat: Chat) -> None:
    start = WithStartWorkflowOperation(
        ConversationWorkflow.run,
        Begun(idle_seconds=600, most_turns=2),
        id=chat.id,
        task_queue=CONTROL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    message = Message(conversation=chat.id, id="m-0", text=WASHING)
    first: Turn = await chat.client.execute_update_with_start_workflow(
        "say", message, start_workflow_operation=start, id="m-0", result_type=Turn
    )
    before = (await chat.client.get_workflow_handle(chat.id).describe()).run_id
    for number in range(1, 6):
        await chat.say("How do I find my size?", f"m-{number}")
    after = (await chat.client.get_workflow_handle(chat.id).describe()).run_id
    assert after != before
    assert await chat.say(WASHING, "m-0") == first
    assert [turn.number for turn in chat.kontor.conversations.turns(chat.id)] == [1, 2, 3, 4, 5, 6]


async def test_a_silent_conversation_ends_and_a_later_word_goes_on_with_it(chat: Chat) -> None:
    start = WithStartWorkflowOperation(
        ConversationWorkflow.run,
        Begun(idle_seconds=0.2),
        id=chat.id,
        task_queue=CONTROL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    message = Message(conversation=chat.id, id="m-0", text=WASHING)
    await chat.client.execute_update_with_start_workflow(
        "say", message, start_workflow_operation=start, id="m-0", result_type=Turn
    )
    assert await chat.client.get_workflow_handle(chat.id, result_type=int).result() == 1
    assert (await chat.say("How do I find my size?")).number == 2


async def test_a_forgotten_customers_words_go_and_the_same_message_still_counts_once(chat: Chat) -> None:
    message = Message(conversation=chat.id, id="m", text=WASHING, customer="c-7")
    books = chat.kontor.conversations
    reply = Reply(path=TurnPath.SPAN, text="By hand.", source="s")
    books.keep(message, reply, datetime.now(UTC))
    await chat.person(WordKind.REPLY, text="Dear Ms Weber")
    await chat.kontor.memory.forget("c-7")
    turns = books.turns(chat.id)
    assert [(turn.said, turn.answer) for turn in turns] == [("[forgotten]", "By hand."), ("", "[forgotten]")]
    assert books.keep(message, reply, datetime.now(UTC)).number == 1
