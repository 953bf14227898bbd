"""A later mail of a conversation: its case hears of it, and so does the case that this one began."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from connectors.sources.reading import data_of
from contracts.bounds import LONGEST_NOTE_CHARS
from contracts.effect import EffectState
from contracts.event import EventHandled, EventRecord, EventStanding
from contracts.mailbox import SOURCE_PREFIX
from contracts.reply import REPLIED, Reply, ReplyTaken
from mail.cleaning import clean
from service.case_updates import CaseOver, NobodyTook, tell_case
from service.event_cases import hint
from workflows.registry import DESKS

if TYPE_CHECKING:
    from bootstrap.installation import Installation

NOT_HEARD = "its words are nobody's answer: "


async def heard(client: Client, kontor: "Installation", event: EventRecord, case_id: str) -> EventHandled:
    """Tell a case of a later mail: its facts may have changed, and its customer wrote.

    The case that it began hears first: what answers a question of that one's is nobody's work here.

    Raises:
        RPCError: the Temporal server did not take it.
    """
    begun = await asyncio.to_thread(_begun_by, kontor, case_id)
    handled = await hint(client, [case_id, *begun], EventStanding.JOINED)
    if handled.standing is not EventStanding.JOINED:
        return handled
    reply = await asyncio.to_thread(_reply, kontor, event)
    if isinstance(reply, str):
        return handled.model_copy(update={"why": f"{NOT_HEARD}{reply}"})
    for each in begun:
        taken = await _say(client, kontor, each, reply)
        if taken is not None and taken.standing in ("heard", "doubled"):
            reply = reply.model_copy(update={"question": taken.question})
    await _say(client, kontor, case_id, reply)
    return handled


def _begun_by(kontor: "Installation", case_id: str) -> list[str]:
    """Return the cases that a case began by its effects."""
    found = []
    for entry in kontor.ledger.of_case(case_id):
        manifest = kontor.manifests.get(entry.order.effect.connector)
        begins = manifest is not None and manifest.transport == "desk"
        if begins and entry.receipt.state is EffectState.APPLIED and entry.receipt.outside_reference:
            found.append(entry.receipt.outside_reference)
    return found


def _reply(kontor: "Installation", event: EventRecord) -> Reply | str:
    """Return what the customer wrote, without what they quote; or why it is no answer of theirs."""
    mail = kontor.mail_lists.of_digest(event.id.partition(".")[0])
    first = kontor.mail_lists.of_digest(event.key)
    box = kontor.mailboxes.get(event.source.removeprefix(SOURCE_PREFIX))
    if mail is None or first is None or box is None:
        return "the mail, or the one that it joins, is not kept any more"
    if not mail.proof and box.unproved != "take":
        return "nothing proves its sender"
    if mail.sender.lower() != first.sender.lower():
        return "it is not from whoever began the conversation"
    data = data_of(event)
    words = clean(str(data.get("text") or "")).text.strip() if isinstance(data, dict) else ""
    if not words:
        return "there are none but what it quotes"
    if len(words) > LONGEST_NOTE_CHARS:
        return f"they are longer than {LONGEST_NOTE_CHARS} characters"
    return Reply(text=words, id=mail.digest)


async def _say(client: Client, kontor: "Installation", case_id: str, reply: Reply) -> ReplyTaken | None:
    """Tell a case what its customer wrote; None where it has ended, or says later what it makes of it."""
    desk = DESKS.get(case_id.partition("/")[0])
    if desk is None or not desk.hears:
        return None
    try:
        return await tell_case(
            client,
            case_id,
            REPLIED,
            await _proved(kontor, case_id, reply),
            result_type=ReplyTaken,
            update_id=f"mail-{reply.id}",
        )
    except CaseOver:
        return None
    except NobodyTook:
        # A signal waits for a worker, however long; the case knows a mail that it has heard.
        await _signal(client, kontor, case_id, reply)
        return None


async def _signal(client: Client, kontor: "Installation", case_id: str, reply: Reply) -> None:
    try:
        await client.get_workflow_handle(case_id).signal(REPLIED, await _proved(kontor, case_id, reply))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _proved(kontor: "Installation", case_id: str, reply: Reply) -> Reply:
    """Return the reply with the proof that it came by mail, from whom our books say."""
    said, now = reply.said(case_id), datetime.now(UTC)
    proof = await asyncio.to_thread(kontor.proofs.issue, "", "mail", "mail", said, now)
    return reply.model_copy(update={"proof": proof.id})
