"""What doors do in conversations: a customer's message, a person's word, and how fast turns were."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Frozen
from contracts.conversation import CONVERSATION_ACT, Message, MessageDiffers, PersonWord, Turn, same_words
from contracts.ids import CONTROL_QUEUE, require_impersonal, workflow_id
from contracts.proof import Said
from service.answers import PATIENCE, refusal
from service.case_updates import NotTaken
from workflows.assistant.assistant_check import DESK
from workflows.assistant.assistant_file import AssistantFile, assistant_of
from workflows.assistant.workflow import Begun, ConversationWorkflow

if TYPE_CHECKING:
    from bootstrap.installation import Installation

ENDING = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED)
"""What the server says when a run ends as a word comes: the next try begins the next run."""
TRIES = 5
BETWEEN_SECONDS = 0.2


class PathTimes(Frozen):
    """How long turns of one path took at the worker, in ms."""

    path: str
    turns: int
    p50_ms: float
    p99_ms: float


class NoAssistant(RuntimeError):
    """The office has no assistant; the message says how it gets one."""


def conversation_id(channel: str, name: str) -> str:
    """Return the case id of a conversation.

    Raises:
        ValueError: the channel or the name cannot stand in one.
    """
    require_impersonal(name)
    return workflow_id(DESK, channel, name)


async def say(client: Client, kontor: "Installation", message: Message) -> Turn:
    """Hand a customer's message in and return its turn; the same message again returns the same turn.

    Raises:
        NoAssistant: the office has none.
        OfficeInvalid: its `assistant.toml` cannot be used.
        NotTaken: its id came before with other words, or no worker took it in time.
    """
    turn = await _tell(client, kontor, message)
    try:
        # The server itself answers an update's id of the newest run, whatever came with it now.
        return same_words(turn, message)
    except MessageDiffers as other:
        raise NotTaken(str(other)) from None


async def speak(client: Client, kontor: "Installation", word: PersonWord) -> Turn:
    """Hand a person's word in; raises as `say`, and NotTaken where it is not theirs."""
    return await _tell(client, kontor, word)


def said_by(word: PersonWord) -> Said:
    """Return what a proof of a person's word is bound to."""
    words = {"kind": word.kind.value, "text": word.text, "id": word.id}
    return Said(act=CONVERSATION_ACT, about=word.conversation, words=dict(words))


def times(kontor: "Installation", days: float, now: datetime | None = None) -> list[PathTimes]:
    """Return how long turns took in the last days, by path."""
    since = (now or datetime.now(UTC)) - timedelta(days=days)
    found = kontor.conversations.took(since)
    return [
        PathTimes(path=path, turns=len(took), p50_ms=_nearest(took, 0.5), p99_ms=_nearest(took, 0.99))
        for path, took in sorted(found.items())
    ]


def assistant_in_force(kontor: "Installation") -> AssistantFile:
    """Return the office's assistant; raises NoAssistant, OfficeInvalid."""
    file = assistant_of(kontor.office)
    if file is None:
        raise NoAssistant(f"{kontor.office} has no assistant.toml: docs/assistant.md shows one")
    return file


async def _tell(client: Client, kontor: "Installation", word: Message | PersonWord) -> Turn:
    """Tell a conversation something, beginning its workflow if none runs."""
    file = await asyncio.to_thread(assistant_in_force, kontor)
    begun = Begun(idle_seconds=file.idle_hours * 3600)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await _told(client, begun, word)
    except WorkflowUpdateFailedError as refused:
        raise NotTaken(refusal(refused)) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        again = f"no worker took it for {word.conversation}: send it again, with the same id"
        raise NotTaken(again) from None


async def _told(client: Client, begun: Begun, word: Message | PersonWord) -> Turn:
    update, id_ = ("say", word.id) if isinstance(word, Message) else ("person", f"person-{word.id}")
    for left in reversed(range(TRIES)):
        start = WithStartWorkflowOperation(
            ConversationWorkflow.run,
            begun,
            id=word.conversation,
            task_queue=CONTROL_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"conversation {word.conversation.partition('/')[2]}",
        )
        try:
            turn: Turn = await client.execute_update_with_start_workflow(
                update, word, start_workflow_operation=start, id=id_, result_type=Turn
            )
        except BaseException as failed:
            await _heard(start)
            if not left or not isinstance(failed, RPCError) or failed.status not in ENDING:
                raise
            await asyncio.sleep(BETWEEN_SECONDS)
        else:
            return turn
    raise AssertionError("the last try returns or raises")


async def _heard(start: WithStartWorkflowOperation[ConversationWorkflow, int]) -> None:
    """Take note of a failed beginning: the SDK tells it a second time, and complains where nobody listens."""
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await asyncio.gather(start.workflow_handle(), return_exceptions=True)


def _nearest(values: list[float], share: float) -> float:
    """Return a quantile by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
