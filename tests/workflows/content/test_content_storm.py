"""Many articles while every eighth call goes wrong: each stands on each channel once, as it was approved."""

import asyncio

import pytest

from sandbox.faults import Fault, FaultPlan
from tests.workflows.content.articles import FACT, Newsroom

pytestmark = pytest.mark.slow
ARTICLES = 20
RATES = {
    Fault.RATE_LIMITED: 0.04,
    Fault.CUT_AFTER: 0.03,
    Fault.ERROR_AFTER: 0.03,
    Fault.LATE_COMMIT: 0.03,
}


async def test_no_article_is_lost_or_stands_twice_while_every_eighth_call_goes_wrong(
    newsroom: Newsroom,
) -> None:
    shop = newsroom.shop
    await asyncio.to_thread(shop.faults, FaultPlan(seed=14, rates={"*": RATES}))
    try:
        articles = [newsroom.article() for _ in range(ARTICLES)]
        await asyncio.gather(*(newsroom.submit(each) for each in articles))
        results = await asyncio.gather(*(newsroom.ended(each) for each in articles))
    finally:
        await asyncio.to_thread(shop.faults, FaultPlan())

    assert {each.outcome for each in results} == {"published"}
    for article, result in zip(articles, results, strict=True):
        [page], [post] = newsroom.posts("blog", article), newsroom.posts("social", article)
        assert page["text"] == FACT
        assert post["text"] == f"{article.title} {result.pages['blog']}"
