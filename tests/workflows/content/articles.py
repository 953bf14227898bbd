"""Articles as a test hands them in, and what became of them outside."""

import asyncio
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx

from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import Answer
from contracts.case import Episode
from service.intake import Started, start
from tests.workflows.returns.shop import Shop
from workflows.content.types import ContentRequest, ContentResult, GivenSource
from workflows.registry import DESKS

CONTENT = DESKS["content"]
SECONDS = 90
FACT = "The team measured 12 shirts in March 2026."
MINUTES = GivenSource(name="minutes.md", content=FACT)
_numbers = itertools.count(1)


@dataclass
class Newsroom:
    """A running Kontor with its outlets."""

    shop: Shop

    def article(self, text: str = FACT, **more: Any) -> ContentRequest:
        """Return an article of a slug of its own, borne out by its source."""
        slug = more.pop("slug", f"size-guide-{next(_numbers)}")
        given: dict[str, Any] = {"channels": ("blog", "social"), "given_sources": (MINUTES,), **more}
        return ContentRequest(
            id=slug, channel="blog", editorial_plan="spring", title=f"About {slug}", article=text, **given
        )

    async def submit(self, article: ContentRequest) -> Started:
        return await start(self.shop.client, self.shop.installation.admissions, CONTENT, article)

    async def ended(self, article: ContentRequest) -> ContentResult:
        """Return how an article ended, once it has."""
        handle = self.shop.client.get_workflow_handle(CONTENT.case_id(article), result_type=ContentResult)
        async with asyncio.timeout(SECONDS):
            result: ContentResult = await handle.result()
            return result

    async def question(self, article: ContentRequest) -> ApprovalEntry:
        """Return what a person is asked about an article, once somebody is."""
        async with asyncio.timeout(SECONDS):
            while True:
                pages = self.shop.installation.approval_queue.pages(ApprovalFilter(desk=CONTENT.name))
                for entry in itertools.chain.from_iterable(pages):
                    if entry.case_id == CONTENT.case_id(article):
                        return entry
                await asyncio.sleep(0.05)

    async def answer(self, article: ContentRequest, choice: Any) -> None:
        handle = self.shop.client.get_workflow_handle(CONTENT.case_id(article))
        await handle.execute_update("decide", Answer(person="anna", choice=choice))

    async def until_waits(self, article: ContentRequest) -> str:
        """Return what the article waits for, once it waits for its moment."""
        async with asyncio.timeout(SECONDS):
            while True:
                record = self.shop.installation.cases.find(CONTENT.case_id(article))
                if record is not None and record.waits_for:
                    return record.waits_for
                await asyncio.sleep(0.05)

    async def say(self, article: ContentRequest, **words: Any) -> str:
        """Let a person say when it appears."""
        handle = self.shop.client.get_workflow_handle(CONTENT.case_id(article))
        said: str = await handle.execute_update("scheduled", {"person": "ben", **words}, result_type=str)
        return said

    def log(self, article: ContentRequest) -> list[Episode]:
        return list(self.shop.installation.episodes.of_case(CONTENT.case_id(article)))

    def posts(self, outlet: str, article: ContentRequest) -> list[dict[str, Any]]:
        """What the outlet's own books hold of an article, and was not taken back."""
        books = httpx.get(f"{self.shop.admin}/books", params={"channel": outlet, "kind": "post"}).json()
        mine = {f"About {article.slug}", article.title}
        return [
            each
            for each in books[outlet].get("post", [])
            if not each["undone_by"]
            and (each.get("title") in mine or f"/p/{article.slug} " in f"{each.get('text', '')} ")
        ]


def soon(seconds: float) -> datetime:
    """Return a moment, told by the clock of a place where it is about noon."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.astimezone(timezone(timedelta(hours=12 - moment.hour)))
