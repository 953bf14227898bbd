"""An article is checked, approved, waited for and published once on every channel, whatever they answer."""

import asyncio
from datetime import datetime

import httpx
import pytest

from contracts.case import CaseStatus
from contracts.proof import Said
from contracts.undo import UndoCase
from service.identity import prove
from service.undo import undo_case
from tests.workflows.content.articles import CONTENT, FACT, Newsroom, soon

pytestmark = pytest.mark.slow
OPEN = "Our shirts are worn by 40 orchestras in Finland."
WRONG = "The team measured 15 shirts in March 2026."


async def test_what_its_sources_bear_out_is_published_once_on_every_channel_the_site_first(
    newsroom: Newsroom,
) -> None:
    article = newsroom.article()
    await newsroom.submit(article)
    result = await newsroom.ended(article)
    [post], [page] = newsroom.posts("social", article), newsroom.posts("blog", article)

    assert CONTENT.case_id(article) == f"content/spring/{article.slug}"
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "published"), newsroom.log(article)
    assert result.pages["blog"] in post["text"]
    assert page["made_at"] < post["made_at"]
    assert await asyncio.gather(*(_status(page) for page in result.pages.values())) == [200, 200]


@pytest.mark.parametrize(
    ("outlet", "operation", "fault"),
    [
        ("blog", "publish", "cut_after"),
        ("blog", "publish", "late_commit"),
        ("blog", "publish", "rate_limited"),
        ("social", "post", "cut_after"),
        ("social", "post", "late_commit"),
        ("social", "post", "rate_limited"),
    ],
)
async def test_an_article_whose_channel_answers_badly_stands_there_once(
    newsroom: Newsroom, outlet: str, operation: str, fault: str
) -> None:
    article = newsroom.article()
    newsroom.shop.strike(outlet, operation, fault)
    await newsroom.submit(article)
    result = await newsroom.ended(article)

    assert result.outcome == "published", newsroom.log(article)
    assert len(newsroom.posts("blog", article)) == 1
    assert len(newsroom.posts("social", article)) == 1


async def test_a_claim_without_evidence_is_asked_about_with_its_verdict_beside_it(newsroom: Newsroom) -> None:
    article = newsroom.article(f"{FACT} {OPEN}")
    await newsroom.submit(article)
    await newsroom.question(article)
    [asked] = newsroom.shop.installation.approvals.of_case(CONTENT.case_id(article))
    assert newsroom.posts("blog", article) == []
    await newsroom.answer(article, "approve")
    result = await newsroom.ended(article)

    shown = {each.source: each.text for each in asked.request.evidence}
    assert any("no evidence found in 1 sources searched" in source for source in shown), shown
    assert asked.request.plan.effects[0].arguments["text"] == article.article
    assert result.outcome == "published"


async def test_what_people_reject_is_never_published(newsroom: Newsroom) -> None:
    article = newsroom.article(OPEN)
    await newsroom.submit(article)
    await newsroom.question(article)
    await newsroom.answer(article, "reject")
    result = await newsroom.ended(article)

    assert (result.status, newsroom.posts("blog", article)) == (CaseStatus.REJECTED, [])


async def test_what_a_source_contradicts_is_blocked_and_the_corrected_version_is_another_case(
    newsroom: Newsroom,
) -> None:
    article = newsroom.article(WRONG)
    await newsroom.submit(article)
    question = await newsroom.question(article)
    await newsroom.answer(article, "reject")
    blocked = await newsroom.ended(article)
    corrected = newsroom.article(slug=f"{article.slug}.2")
    await newsroom.submit(corrected)
    result = await newsroom.ended(corrected)

    assert "A source says otherwise" in question.what
    assert blocked.status is CaseStatus.REJECTED
    assert result.outcome == "published"
    [page] = newsroom.posts("blog", corrected)
    assert page["text"] == FACT


async def test_an_address_that_is_taken_by_another_text_is_a_persons_and_nothing_is_posted(
    newsroom: Newsroom,
) -> None:
    first = newsroom.article()
    await newsroom.submit(first)
    await newsroom.ended(first)
    other = newsroom.article(f"{FACT} It was cold.", slug=f"{first.slug}.2")
    await newsroom.submit(other)
    question = await newsroom.question(other)
    await newsroom.answer(other, "approve")
    await newsroom.ended(other)

    assert "blog: unknown" in question.what
    assert "social: not sent" in question.what
    assert len(newsroom.posts("blog", first)) == 1


async def test_an_article_that_a_channel_would_refuse_is_a_persons_before_anything_is_sent(
    newsroom: Newsroom,
) -> None:
    article = newsroom.article(wordings={"social": "word " * 80})
    await newsroom.submit(article)
    question = await newsroom.question(article)
    await newsroom.answer(article, "reject")
    await newsroom.ended(article)

    assert "social: text has 399 characters, and at most 300 are taken" in question.what
    assert newsroom.posts("blog", article) == []


async def test_nothing_appears_before_its_moment_and_a_person_may_move_it(newsroom: Newsroom) -> None:
    article = newsroom.article(publish_at=soon(3600))
    await newsroom.submit(article)
    waits = await newsroom.until_waits(article)
    paused = await newsroom.say(article, paused=True)
    assert newsroom.posts("blog", article) == []
    moment = soon(1.5)
    await newsroom.say(article, publish_at=moment.isoformat(), paused=False)
    result = await newsroom.ended(article)
    [page] = newsroom.posts("blog", article)

    assert "for 20" in waits
    assert paused == "waits until somebody resumes it"
    assert result.outcome == "published"
    assert datetime.fromisoformat(page["made_at"]) >= moment
    said = [each.data for each in newsroom.log(article) if each.kind == "scheduled"]
    assert [(each["person"], each["paused"]) for each in said] == [("ben", True), ("ben", False)]


async def test_hours_after_its_moment_it_is_a_persons(newsroom: Newsroom) -> None:
    article = newsroom.article(publish_at=soon(-3 * 3600))
    await newsroom.submit(article)
    question = await newsroom.question(article)
    await newsroom.answer(article, "reject")
    await newsroom.ended(article)

    assert "More than two hours after its time" in question.what
    assert newsroom.posts("blog", article) == []


async def test_an_undo_takes_it_away_from_every_channel(newsroom: Newsroom) -> None:
    article = newsroom.article()
    await newsroom.submit(article)
    result = await newsroom.ended(article)
    shop = newsroom.shop
    record = shop.installation.cases.find(CONTENT.case_id(article))
    assert record is not None
    asked = UndoCase(record=record, person="anna", note="wrong product")
    said = Said(act="undo", about=record.id, words={"keys": []})
    prove(shop.installation, asked.person, said)
    report = await undo_case(shop.installation, shop.client, asked, 60)
    assert report is not None
    assert report.complete, report.words()

    assert newsroom.posts("blog", article) == newsroom.posts("social", article) == []
    gone = await asyncio.gather(*(_status(page) for page in result.pages.values()))
    assert gone == [404, 404]


async def _status(page: str) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(page)).status_code
