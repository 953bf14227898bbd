"""Asking the customer back where the worker is killed, and where the office does not let them be asked."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cli.stack.processes import Children
from tests.conftest import ROOT
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.orders import asked, asking
from tests.workflows.returns.shop import Shop, opened
from tests.workflows.returns.test_asking_back import (
    WHICH,
    a_question_to_people,
    told,
    two_things,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    """A Kontor of its own, whose office does not let customers of the marketplace be asked."""
    folder: Path = tmp_path_factory.mktemp("asking")
    shutil.copytree(ROOT / "office", folder / "office")
    policies = folder / "office" / "policies" / "returns.cedar"
    rule = 'when { ["order", "lines", "variant", "confirm", "remedy"].contains(context.question)'
    text = policies.read_text()
    assert rule in text
    policies.write_text(text.replace(rule, f'{rule} && context.channel != "marketplace"'))
    found = Children(settings_for(folder / "state").model_copy(update={"office": folder / "office"}))
    try:
        found.start_all()
        yield found
    finally:
        found.stop()


@pytest.fixture
async def own(children: Children) -> AsyncIterator[Shop]:
    async with opened(children) as shop:
        yield shop


async def test_where_no_rule_lets_the_customer_be_asked_a_person_is_instead(own: Shop) -> None:
    order = two_things(own, "marketplace")
    request = asking(order, WHICH, "marketplace")
    await own.submit(request)

    question = await a_question_to_people(own, request)

    doubts = [piece.text for piece in question.request.evidence if piece.source == "desk:doubts"]
    assert doubts[-1] == "the office's policies do not let the customer be asked"
    assert told(own, order, "marketplace") == []


async def test_a_worker_killed_while_the_customer_thinks_hears_the_answer_when_it_is_back(own: Shop) -> None:
    order = two_things(own)
    request = asking(order, WHICH, "store")
    await asked(own, request)

    own.children.running["worker"].kill()
    own.children.running["worker"].wait()
    await own.handle(request).signal("replied", {"text": "2"})
    await asyncio.to_thread(own.children.watch)
    async with asyncio.timeout(300):
        result = await own.handle(request).result()

    assert (result.outcome, result.amount_cents) == ("returned", 3000)
    assert len(told(own, order)) == 2, "one question, one end"
