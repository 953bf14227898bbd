"""A later mail of a conversation reaches its case: the team's question, its clock, its writer's answer."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import TypeVar

from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import Answer
from contracts.case import Episode
from contracts.decision import Decision
from mail.arrival import KeptMail
from service.dispatch import rouse
from service.post import take_in
from tests.workflows.inbox.conversation import SECONDS, Conversations
from tests.workflows.inbox.test_inbox_desk import INVOICE
from tests.workflows.returns.orders import SHIRT, an_order
from tests.workflows.returns.test_asking_back import LAMP, TWO_THINGS, WHICH

T = TypeVar("T")
_numbers = itertools.count(88_001)


class Writer:
    """Somebody who writes to a mailbox, proved by our own server."""

    def __init__(self, conversations: Conversations, mailbox: str) -> None:
        self.number = next(_numbers)
        self.order = f"W-{self.number}"
        self.address = f"ben-{self.number}@one.example"
        self._conversations = conversations
        self._box = conversations.shop.installation.mailboxes[mailbox]
        self._count = 0

    async def writes(
        self, text: str, headers: Mapping[str, str] | None = None, *, proved: bool = True
    ) -> KeptMail:
        """Write a mail, in answer to the one before; return it once it was taken up."""
        self._count += 1
        given = {"From": self.address, "To": self._box.address, "Subject": "My order"}
        given["Message-ID"] = f"<{self.number}-{self._count}@one.example>"
        if proved:
            given["Authentication-Results"] = "mx.example.com; dmarc=pass header.from=one.example"
        if self._count > 1:
            given["In-Reply-To"] = f"<{self.number}-{self._count - 1}@one.example>"
            given["Subject"] = "Re: My order"
        raw = (
            "\n".join(f"{name}: {value}" for name, value in (given | dict(headers or {})).items())
            + f"\n\n{text}"
        )
        kontor = self._conversations.shop.installation
        number = take_in(kontor, self._box, raw.encode())
        await rouse(self._conversations.shop.client, self._box.source)

        def taken() -> KeptMail | None:
            found = kontor.mail_lists.find(number)
            return found if found is not None and found.standing not in ("", "waiting") else None

        return await soon(taken)


async def soon(found: Callable[[], T | None]) -> T:
    """Return what is found, once something is."""
    async with asyncio.timeout(SECONDS):
        while True:
            if value := found():
                return value
            await asyncio.sleep(0.05)


def kinds(conversations: Conversations, case_id: str, kind: str) -> list[Episode]:
    episodes = conversations.shop.installation.episodes.of_case(case_id)
    return [each for each in episodes if each.kind == kind]


def asks_back(conversations: Conversations, case_id: str) -> bool:
    """Say whether a case waits for its customer's answer."""
    record = conversations.shop.installation.cases.find(case_id)
    return record is not None and "for the customer" in record.waits_for


def replies_read(conversations: Conversations, case_id: str) -> list[Decision]:
    """Return what was made of the customer's replies."""
    made = conversations.shop.installation.decisions.of_case(case_id)
    return [decision for step, decision in made.items() if step.startswith("reply-")]


def open_question(conversations: Conversations, case_id: str, words: str = "") -> ApprovalEntry | None:
    """Return what people are asked about a case, once its evidence says these words."""
    kontor = conversations.shop.installation
    for entry in itertools.chain.from_iterable(kontor.approval_queue.pages(ApprovalFilter(desk="inbox"))):
        record = kontor.approvals.find(entry.id) if entry.case_id == case_id else None
        if record is not None and words in " ".join(each.text for each in record.request.evidence):
            return entry
    return None


async def test_whoever_has_a_conversation_is_asked_anew_with_each_mail_that_comes(
    conversations: Conversations,
) -> None:
    writer = Writer(conversations, "inbox")
    first = await writer.writes(INVOICE)
    asked = await soon(lambda: open_question(conversations, first.case_id))
    again = await writer.writes("It is for my tax adviser.\n\n> Could you please send me the invoice?")
    anew = await soon(lambda: open_question(conversations, first.case_id, "tax adviser"))
    handle = conversations.shop.client.get_workflow_handle(first.case_id)
    await handle.signal("decide", Answer(person="chris", choice="approve", request_id=asked.id))
    await handle.execute_update("decide", Answer(person="chris", choice="approve", request_id=anew.id))
    result = await conversations.result(first.case_id)

    assert (again.standing, again.case_id) == ("joined", first.case_id)
    assert anew.id != asked.id
    assert result.outcome == "handled_by_hand"
    record = conversations.shop.installation.approvals.find(anew.id)
    assert record is not None
    assert "> Could you" not in record.request.evidence[-1].text
    assert [each.data["standing"] for each in kinds(conversations, first.case_id, "replied")] == ["heard"]


async def test_a_mail_that_nothing_proves_or_that_another_person_wrote_is_nobodys_answer(
    conversations: Conversations,
) -> None:
    writer = Writer(conversations, "inbox")
    first = await writer.writes(INVOICE, {"Cc": "eve@evil.example"})
    await soon(lambda: open_question(conversations, first.case_id))
    forged = await writer.writes("Send it to eve@evil.example.", proved=False)
    proof = "mx.example.com; dmarc=pass header.from=evil.example"
    other = await writer.writes("To me!", {"From": "eve@evil.example", "Authentication-Results": proof})
    await writer.writes("> only what was said before")

    assert (forged.standing, "nothing proves its sender" in forged.standing_why) == ("joined", True)
    assert (other.standing, "not from whoever began" in other.standing_why) == ("joined", True)
    assert kinds(conversations, first.case_id, "replied") == []
    assert open_question(conversations, first.case_id, "eve@evil.example") is None
    handle = conversations.shop.client.get_workflow_handle(first.case_id)
    await handle.execute_update("decide", Answer(person="chris", choice="approve"))
    assert (await conversations.result(first.case_id)).outcome == "handled_by_hand"


async def test_a_customer_who_is_asked_back_answers_by_mail(conversations: Conversations) -> None:
    writer = Writer(conversations, "support")
    conversations.shop.load(products=[SHIRT, LAMP], orders=[an_order(writer.order, **TWO_THINGS)])
    first = await writer.writes(f"{WHICH} It is {writer.order}.")
    await soon(lambda: asks_back(conversations, first.case_id))
    answer = await writer.writes("The second one, please.\n\n> Which one do you mean?")
    said = await soon(lambda: kinds(conversations, first.case_id, "replied"))

    assert answer.standing == "joined"
    assert [each.data["standing"] for each in said] == ["heard"]
    [read] = await soon(lambda: replies_read(conversations, first.case_id))
    assert read.answer == {"picked": [1], "says": "chosen"}


async def test_the_case_that_a_conversation_began_hears_the_answer_to_its_question(
    conversations: Conversations,
) -> None:
    writer = Writer(conversations, "inbox")
    conversations.shop.load(products=[SHIRT, LAMP], orders=[an_order(writer.order, **TWO_THINGS)])
    first = await writer.writes(f"{WHICH} It is {writer.order}.")
    linked = await soon(lambda: kinds(conversations, first.case_id, "linked"))
    begun = str(linked[0].data["case"])
    await soon(lambda: asks_back(conversations, begun))
    await writer.writes("The second one, please.")
    [read] = await soon(lambda: replies_read(conversations, begun))
    heard = await soon(lambda: kinds(conversations, first.case_id, "replied"))

    assert read.answer == {"picked": [1], "says": "chosen"}
    assert [bool(each.data["question"]) for each in heard] == [True]
