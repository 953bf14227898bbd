"""An office with an assistant, its worker in this process, over the real server, embedder and vectors."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

import worker
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from contracts.conversation import Message, PersonWord, Turn, WordKind
from models.local.embedder import SentenceEmbedder
from service.case_updates import NotTaken
from service.conversations import conversation_id, say, speak
from settings import Settings
from tests.conftest import ROOT

_numbers = itertools.count(1)
"""The server is shared: no two tests have the same conversation."""
LONGEST_SECONDS = 60


@dataclass
class Chat:
    """One conversation, from both ends; who is told that no worker took it sends it again."""

    client: Client
    kontor: Installation
    id: str

    async def say(self, text: str, message_id: str = "") -> Turn:
        id_ = message_id or f"m-{next(_numbers)}"
        return await self._insist(Message(conversation=self.id, id=id_, text=text))

    async def person(self, kind: WordKind, person: str = "kim", text: str = "", id_: str = "") -> Turn:
        id_ = id_ or f"w-{next(_numbers)}"
        word = PersonWord(conversation=self.id, id=id_, kind=kind, person=person, text=text)
        return await self._insist(word)

    async def _insist(self, word: Message | PersonWord) -> Turn:
        async with asyncio.timeout(LONGEST_SECONDS):
            while True:
                try:
                    if isinstance(word, Message):
                        return await say(self.client, self.kontor, word)
                    return await speak(self.client, self.kontor, word)
                except NotTaken as refused:
                    if "no worker took it" not in str(refused):
                        raise


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def serving(
    temporal_server: DevServer, embedder: SentenceEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Client, Installation]]:
    """One office for a whole file: taking its documents in takes longer than a test."""
    state = tmp_path_factory.mktemp("assistant")
    own = Settings(office=ROOT / "office", state=state, temporal_address=temporal_server.address)
    client = await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)
    async with Installation(own) as kontor, AsyncExitStack() as stack:
        kontor.__dict__["embedder"] = embedder  # the session's own, which is loaded already
        await kontor.memory.start()
        roles = (worker.Role.CONTROL, worker.Role.MEMORY)
        for role in roles:
            for each in worker.ROLES[role](client, kontor, roles):
                await stack.enter_async_context(each)
        yield client, kontor


@pytest.fixture
def chat(serving: tuple[Client, Installation]) -> Chat:
    client, kontor = serving
    return Chat(client, kontor, conversation_id("terminal", f"c-{next(_numbers)}"))
