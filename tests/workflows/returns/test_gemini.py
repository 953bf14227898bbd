"""What local models leave open: a person's without Gemini, settled with it; and what it did cost."""

from collections.abc import Iterator

import pytest

from benchmarks.environment import free_port
from cli.stack.processes import Children
from contracts.case import CaseStatus
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.orders import asked, asking, given_order, waiting
from tests.workflows.returns.shop import Shop, opened

pytestmark = pytest.mark.slow

IN_GERMAN = "Guten Tag, das Hemd möchte ich gern zurückgeben, an der Naht ist ein Loch."


@pytest.fixture(scope="module")
def with_gemini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    """Server, sandbox, Gemini's sandbox and worker, as `kontor demo --gemini sandbox` runs them."""
    found = settings_for(tmp_path_factory.mktemp("gemini"))
    found = found.model_copy(update={"gemini_base_url": f"http://127.0.0.1:{free_port()}"})
    children = Children(found, gemini_sandbox=True)
    try:
        children.start_all()
        yield children
    finally:
        children.stop()


async def test_without_gemini_a_letter_in_another_language_is_read_back_to_its_customer(shop: Shop) -> None:
    request = asking(given_order(shop), IN_GERMAN)
    await asked(shop, request, "for the customer: whether")
    [intent] = [each for each in shop.timeline(request).decisions.values() if each.task == "returns.intent"]
    assert (intent.outcome, intent.foreign) == ("unsure", "de")
    assert intent.provenance.route[-1].why == "it is not set up in this installation"


async def test_with_gemini_it_is_settled_and_the_cost_is_on_record(with_gemini: Children) -> None:
    async with opened(with_gemini) as shop:
        request = asking(given_order(shop), IN_GERMAN)

        result = await shop.run(request)

        assert (result.status, result.by_person) == (CaseStatus.SETTLED, False)
        decisions = shop.timeline(request).decisions
        [intent] = [each for each in decisions.values() if each.task == "returns.intent"]
        assert (intent.provenance.by, intent.outcome) == ("gemini", "answered")
        assert intent.provenance.prompt_hash is not None
        [letter] = [each for each in decisions.values() if each.task == "returns.wishes"]
        assert (letter.provenance.by, letter.outcome) == ("gemini", "answered")
        assert (letter.earlier or {})["reading"]["signs"]["foreign"] == 1.0  # type: ignore[index,call-overload]  # JSON
        cost = sum(each.provenance.cost_microusd for each in decisions.values())
        assert shop.installation.decisions.cost_microusd() == cost > 0
        assert {each.by for each in shop.installation.decisions.deciders()} >= {"gemini"}


async def test_what_asks_for_nothing_stays_so_whatever_gemini_reads(with_gemini: Children) -> None:
    async with opened(with_gemini) as shop:
        request = asking(given_order(shop), "Meine Frau fragt: kann ich das Hemd später noch zurückgeben?")
        await shop.submit(request)
        await waiting(shop, request)

        decisions = shop.timeline(request).decisions.values()
        [letter] = [each for each in decisions if each.task == "returns.wishes"]
        assert (letter.provenance.by, letter.outcome) == ("gemini", "answered")
        assert shop.entries("webshop", "refund", request.order) == []
