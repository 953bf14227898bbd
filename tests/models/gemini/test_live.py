"""The same cases against Google's own API: `make test-gemini`, with KONTOR_SECRET_GEMINI_API_KEY set.

They cost well under a cent. What a provider does not do on demand (429, 503, a stall, a safety block) is
shown over the socket only, in test_socket.py.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from memory.authoritative.budgets import SqlBudgets
from models.gemini.candidate import GeminiCandidate
from models.gemini.client import GeminiDoor
from models.gemini.prompts import load_prompts
from models.routing.candidate import CandidateFailed
from models.routing.catalogue import load_catalogue
from tests.models.gemini.conftest import PLENTY, Asking, Counts, GivenSecrets

KEY = os.environ.get("KONTOR_SECRET_GEMINI_API_KEY", "")
pytestmark = [
    pytest.mark.gemini,
    pytest.mark.skipif(not KEY, reason="set KONTOR_SECRET_GEMINI_API_KEY to a key of yours"),
]


@pytest.fixture
async def live(office: Path, books: Engine) -> AsyncIterator[Asking]:
    catalogue = load_catalogue(office)
    counts, secrets, door = Counts(), GivenSecrets(gemini_api_key=KEY), GeminiDoor()
    budgets = SqlBudgets(books, PLENTY)
    candidate = GeminiCandidate(
        "gemini-flash",
        catalogue.models["gemini-flash"],
        load_prompts(office, catalogue),
        door,
        secrets,
        budgets=budgets,
        meter=counts.meter,
    )
    yield Asking(catalogue, candidate, counts, budgets, secrets, catalogue.tasks["returns.intent"])
    await door.close()


async def test_a_clear_message_is_answered_in_the_contract_and_paid(live: Asking) -> None:
    reply = await live.ask(left_seconds=30)
    assert (reply.outcome, reply.answer) == ("answered", {"label": "return"})
    assert reply.cost_microusd > 0


async def test_items_are_picked_by_number(live: Asking) -> None:
    reply = await live.ask(
        task="returns.items", text="The scarf goes back.", choices=("Tshirt", "Scarf"), left_seconds=30
    )
    assert (reply.outcome, reply.answer) == ("answered", {"picked": [1]})


async def test_an_answer_that_may_not_be_as_long_as_it_must_is_truncated(live: Asking) -> None:
    live.candidate._spec = live.candidate._spec.model_copy(update={"most_output_tokens": 3})
    assert (await live.ask(left_seconds=30)).outcome == "truncated"


async def test_no_time_is_a_timeout(live: Asking) -> None:
    with pytest.raises(CandidateFailed) as failed:
        await live.ask(left_seconds=0.01)
    assert failed.value.mode == "timeout"


async def test_a_wrong_key_is_refused(live: Asking) -> None:
    live.secrets.values["gemini_api_key"] = "wrong"
    with pytest.raises(CandidateFailed) as failed:
        await live.ask(left_seconds=30)
    assert failed.value.mode == "refused"
