"""The steps of a turn: each writes at most once, however often it is run."""

import asyncio
import time
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clock import utc_now
from contracts.conversation import ConversationRefused, Message, MessageDiffers, PersonWord, Turn, same_words

if TYPE_CHECKING:
    from memory.authoritative.conversations import SqlConversations
    from workflows.assistant.answering import Answerer

DIFFERS, REFUSED, NO_ASSISTANT = "MessageDiffers", "ConversationRefused", "NoAssistant"


class ConversationActivities:
    """Beside the workflow where memory is served, else on memory's queue."""

    def __init__(self, books: "SqlConversations", answerer: "Answerer | None") -> None:
        """Take where turns are kept, and who answers them; None at an office without an assistant."""
        self._books = books
        self._answerer = answerer

    @activity.defn(name="conversation.take_turn")
    async def take_turn(self, message: Message) -> Turn:
        """Answer a message and keep the turn; a message that was answered has its answer.

        Raises:
            ApplicationError: `MessageDiffers`, `NoAssistant`, never retried.
        """
        _only_from(message.conversation)
        started = time.perf_counter()
        try:
            if known := await asyncio.to_thread(self._books.find, message.conversation, message.id):
                return same_words(known, message)
            if self._answerer is None:
                raise ApplicationError(
                    "the office has no assistant.toml", type=NO_ASSISTANT, non_retryable=True
                )
            reply = await self._answerer.answer(message.text)
            took_ms = (time.perf_counter() - started) * 1000
            return await asyncio.to_thread(self._books.keep, message, reply, utc_now(), took_ms)
        except MessageDiffers as other:
            raise ApplicationError(str(other), type=DIFFERS, non_retryable=True) from other

    @activity.defn(name="conversation.person")
    async def person(self, word: PersonWord) -> Turn:
        """Keep what a person does or says; the same word again is the turn it was.

        Raises:
            ApplicationError: `ConversationRefused`, never retried.
        """
        _only_from(word.conversation)
        try:
            return await asyncio.to_thread(self._books.person, word, utc_now())
        except ConversationRefused as refused:
            raise ApplicationError(str(refused), type=REFUSED, non_retryable=True) from refused


def _only_from(conversation: str) -> None:
    """Turn away whoever starts the step for another conversation than its workflow's."""
    if activity.in_activity() and activity.info().workflow_id != conversation:
        raise ApplicationError(
            f"{activity.info().workflow_id or 'nobody'} called, which is not {conversation}",
            type="NotOnRecord",
            non_retryable=True,
        )
