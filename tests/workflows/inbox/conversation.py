"""Conversations by mail as a test begins them, and what came back."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import Answer
from contracts.case import Episode
from service.intake import Started, start
from tests.workflows.returns.shop import Shop
from workflows.inbox.types import InboxRequest, InboxResult
from workflows.registry import DESKS

INBOX = DESKS["inbox"]
SECONDS = 60
_numbers = itertools.count(1)


@dataclass
class Conversations:
    """A running Kontor with its mail server."""

    shop: Shop
    sent: Callable[[], list[EmailMessage]]

    def mail(self, text: str, **more: Any) -> InboxRequest:
        """Return a mail of somebody who wrote never before."""
        number = next(_numbers)
        given = {"customer": f"anna{number}@one.example", "message_id": f"{number}@one.example", **more}
        return InboxRequest(id=f"mail-{number:04}", channel="mail", message=text, **given)

    async def submit(self, mail: InboxRequest) -> Started:
        return await start(self.shop.client, self.shop.installation.admissions, INBOX, mail)

    async def case_of(self, number: int) -> str:
        """Return the case of a mail that was taken in, once it has one."""
        async with asyncio.timeout(SECONDS):
            while True:
                found = self.shop.installation.mail_lists.find(number)
                if found is not None and found.standing == "started":
                    return found.case_id
                await asyncio.sleep(0.05)

    async def ended(self, mail: InboxRequest) -> InboxResult:
        return await self.result(INBOX.case_id(mail))

    async def result(self, case_id: str) -> InboxResult:
        """Return how a conversation ended, once it has."""
        handle = self.shop.client.get_workflow_handle(case_id, result_type=InboxResult)
        async with asyncio.timeout(SECONDS):
            result: InboxResult = await handle.result()
            return result

    async def question(self, mail: InboxRequest) -> ApprovalEntry:
        """Return what a person is asked about a mail, once somebody is."""
        case_id = INBOX.case_id(mail)
        async with asyncio.timeout(SECONDS):
            while True:
                pages = self.shop.installation.approval_queue.pages(ApprovalFilter(desk=INBOX.name))
                for entry in itertools.chain.from_iterable(pages):
                    if entry.case_id == case_id:
                        return entry
                await asyncio.sleep(0.05)

    def told(self, mail: InboxRequest) -> list[EmailMessage]:
        """Return what its sender was sent, in order."""
        return [each for each in self.sent() if each["To"] == mail.customer]

    def log(self, mail: InboxRequest) -> list[Episode]:
        return list(self.shop.installation.episodes.of_case(INBOX.case_id(mail)))

    async def approve(self, mail: InboxRequest, person: str) -> None:
        """Let a person say that they answered a mail."""
        handle = self.shop.client.get_workflow_handle(INBOX.case_id(mail))
        await handle.execute_update("decide", Answer(person=person, choice="approve"))
