"""What is done about a mail: it begins its conversation's case, or that case hears of it."""

import asyncio
from typing import TYPE_CHECKING

from temporalio.client import Client

from connectors.sources.reading import data_of
from contracts.event import EventHandled, EventRecord
from contracts.mailbox import SOURCE_PREFIX
from memory.authoritative.mails.keeping import JOINED
from service.event_cases import Poisoned, begin, picked
from service.later_mail import heard
from workflows.registry import DESKS

if TYPE_CHECKING:
    from bootstrap.installation import Installation


class NotYet(Exception):
    """What a mail joins waits itself: it is tried again."""


async def handle_mail(client: Client, kontor: "Installation", event: EventRecord) -> EventHandled:
    """Do what the office says about a mail; the same again finds it done.

    Raises:
        Poisoned: it stands aside for a person, and why.
        NotYet: its conversation has no case yet, and will have one.
        RPCError: the Temporal server did not take it.
    """
    box = kontor.mailboxes.get(event.source.removeprefix(SOURCE_PREFIX))
    if box is None:
        raise Poisoned(f"mailboxes.toml has no [{event.source.removeprefix(SOURCE_PREFIX)}] any more")
    if event.type == JOINED:
        return await _join(client, kontor, event)
    mail = await asyncio.to_thread(kontor.mail_lists.of_digest, event.id.partition(".")[0])
    if mail is None or not (mail.proof or box.unproved == "take"):
        number = mail.number if mail else "NUMBER"
        raise Poisoned(
            f"nothing proves its sender; `kontor mail accept {number}` lets it be taken all the same"
        )
    desk = DESKS.get(box.desk)
    if desk is None:
        raise Poisoned(f"there is no desk {box.desk!r}")
    try:
        data = data_of(event)
    except ValueError as unfit:
        raise Poisoned(f"its body cannot be read: {unfit}") from None
    return await begin(client, kontor, desk, box.channel, picked(box.request, data))


async def _join(client: Client, kontor: "Installation", event: EventRecord) -> EventHandled:
    case_id, waits = await asyncio.to_thread(kontor.mail_lists.case_of, event.key)
    if case_id:
        return await heard(client, kontor, event, case_id)
    if waits:
        raise NotYet("what its conversation begins with was not taken up yet")
    raise Poisoned("its conversation has no case: what it begins with stands aside")
