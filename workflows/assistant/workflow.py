"""A conversation: it takes turns one at a time, and ends when nobody has said anything for long."""

import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from contracts.conversation import CONVERSATION_ACT, Message, PersonWord, Turn
    from contracts.ids import MEMORY_QUEUE
    from contracts.proof import Said
    from workflows.assistant.activities import ConversationActivities
    from workflows.kernel import options
    from workflows.kernel.placement import Step, beside
    from workflows.kernel.proving import Proving

Given = TypeVar("Given", Message, PersonWord)
MOST_TURNS = 500
"""Of one run: about 3,000 events; a run takes 2,000 updates, and 51,200 events."""


class Begun(Frozen):
    """What a conversation begins with.

    Attributes:
        idle_seconds: how long it waits for a word before it ends.
        most_turns: after which it goes on in another run.
    """

    idle_seconds: float
    most_turns: int = MOST_TURNS


@workflow.defn(name="ConversationWorkflow")
class ConversationWorkflow:
    """Which messages were answered, and who has the conversation, stands in SQL and outlives every run."""

    @workflow.init
    def __init__(self, begun: Begun) -> None:
        """Begin with nothing said."""
        self._begun = begun
        self._turn = asyncio.Lock()
        self._taken = 0
        self._proving = Proving()

    @workflow.run
    async def run(self, begun: Begun) -> int:
        """Stay for as long as something is said; return how many turns the last run took."""
        while not await self._is_over():
            if self._is_full():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(begun)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._taken

    @workflow.update(name="say")
    async def say(self, message: Message) -> Turn:
        """Take a customer's message; return the turn with its answer."""
        async with self._turn:
            self._taken += 1
            return await _step(ConversationActivities.take_turn, message, "answer a message")

    @workflow.update(name="person")
    async def person(self, word: PersonWord) -> Turn:
        """Let a person take the conversation, speak in it, or give it back."""
        words = {"kind": word.kind.value, "text": word.text, "id": word.id}
        said = Said(act=CONVERSATION_ACT, about=workflow.info().workflow_id, words=dict(words))
        async with self._turn:
            self._taken += 1
            await self._proving.demand(said, word.person, word.proof)
            return await _step(ConversationActivities.person, word, f"{word.kind} by {word.person}")

    async def _is_over(self) -> bool:
        """Wait until something is said; True if nothing was for too long."""
        before = self._taken
        idle = timedelta(seconds=self._begun.idle_seconds)
        try:
            await workflow.wait_condition(lambda: self._taken > before or self._is_full(), timeout=idle)
        except TimeoutError:
            return not self._turn.locked()
        return False

    def _is_full(self) -> bool:
        return self._taken >= self._begun.most_turns or workflow.info().is_continue_as_new_suggested()


async def _step(step: Step[Given, Turn], given: Given, what: str) -> Turn:
    """Run one step; what it refuses, whoever sent the word is told."""
    try:
        return await beside(step, given, options.with_summary(options.DATABASE, what, MEMORY_QUEUE))
    except ActivityError as failed:
        cause = failed.cause
        if isinstance(cause, ApplicationError):
            raise ApplicationError(cause.message, type=cause.type, non_retryable=True) from failed
        raise
