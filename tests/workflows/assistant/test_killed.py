"""Worker and server killed with -9 while customers talk, reconnect and send twice."""

import asyncio
import random
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from bootstrap.installation import Installation
from cli.stack.processes import Children
from contracts.conversation import Message, Turn
from service.case_updates import NotTaken
from service.conversations import conversation_id, say
from service.temporal import ServerAway, connect
from tests.workflows.returns.conftest import settings_for

pytestmark = pytest.mark.slow

CONVERSATIONS, TURNS, KILLS = 12, 5, 4
QUESTIONS = (
    "How do I wash wool?",
    "How do I find my size?",
    "Do you have a shop in town?",
    "Who painted the Mona Lisa?",
    "Can underwear be returned?",
)
LONGEST_SECONDS = 240


async def insist(client: Client, kontor: Installation, message: Message) -> Turn:
    """Send a message until it is answered, as a client does that loses its connection."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            try:
                return await say(client, kontor, message)
            except (NotTaken, RPCError, ServerAway):
                await asyncio.sleep(0.3)


async def talk(client: Client, kontor: Installation, number: int) -> list[Turn]:
    """Hold one conversation, sending each message twice at once."""
    case_id = conversation_id("terminal", f"killed-{number}")
    turns = []
    for place, text in enumerate(QUESTIONS[:TURNS]):
        message = Message(conversation=case_id, id=f"m-{place}", text=text, customer=f"c-{number}")
        one, other = await asyncio.gather(*(insist(client, kontor, message) for _ in range(2)))
        assert one == other
        turns.append(one)
        await asyncio.sleep(random.Random(number).uniform(0.1, 1.0))
    return turns


async def kill_often(children: Children) -> None:
    for number in range(KILLS):
        await asyncio.sleep(random.Random(number).uniform(0.5, 2.0))
        name = ("worker", "temporal")[number % 2]
        children.running[name].kill()
        children.running[name].wait()
        await asyncio.to_thread(children.watch)


async def watch(children: Children) -> None:
    while True:
        await asyncio.sleep(0.5)
        await asyncio.to_thread(children.watch)


async def test_no_turn_is_lost_doubled_or_in_another_conversation_whatever_is_killed(tmp_path: Path) -> None:
    children = Children(settings_for(tmp_path))
    try:
        children.start_all()
        client = await connect(children.settings)
        async with Installation(children.settings) as kontor:
            talks = [asyncio.create_task(talk(client, kontor, number)) for number in range(CONVERSATIONS)]
            await kill_often(children)
            watching = asyncio.create_task(watch(children))
            said = await asyncio.gather(*talks)
            watching.cancel()
            for number, turns in enumerate(said):
                kept = kontor.conversations.turns(conversation_id("terminal", f"killed-{number}"))
                assert list(kept) == turns
                assert [turn.said for turn in kept] == list(QUESTIONS[:TURNS])
                assert [turn.number for turn in kept] == [1, 2, 3, 4, 5]
    finally:
        children.stop()
