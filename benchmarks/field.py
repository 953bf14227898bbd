"""A generated shop of orders as shops have them, returned from at random, through the whole stack.

Worker, Temporal server and sandbox run as processes. What each way of paying got back is taken from the
sandbox's own database, and compared with `benchmarks.field_reckoning`. Sizes: `KONTOR_FIELD_ORDERS` (default
2,000), `KONTOR_FIELD_SEED`.
"""

import asyncio
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError

from benchmarks.answering import by_passkey
from benchmarks.environment import own_settings
from benchmarks.field_reckoning import Account, Bought, can_be_reckoned
from benchmarks.field_shop import CHANNELS, Shop, Wish, generated
from benchmarks.rows import Row
from bootstrap.installation import Installation
from cli.stack.processes import Children
from contracts.approvals.messages import AnswerReply
from contracts.case import CaseRecord, CaseStatus
from contracts.reply import REPLIED, Reply
from service.intake import start_all
from service.temporal import connect
from workflows.registry import DESKS
from workflows.returns.types import ReturnRequest, ReturnResult

ORDERS = int(os.environ.get("KONTOR_FIELD_ORDERS", "2000"))
SEED = int(os.environ.get("KONTOR_FIELD_SEED", "20261129"))
AT_ONCE = 20
"""Requests under way together: more, and a busy machine's workflow tasks time out."""
LOADED_AT_ONCE = 200
ROUND_SECONDS = 3_600.0
LOOK_SECONDS = 0.3
DESK = DESKS["returns"]
OWNER = "anna"
ASKED_BACK = "for the customer: "
_WHAT = re.compile(r"whether they wish: \w+, (?P<things>.+?) \(1 yes; 2 no\)")

Refunds = Counter[tuple[str, str]]
"""Minor units by order and method."""


@dataclass
class Played:
    """How the requests ended, each with its result."""

    shop: Shop
    results: dict[str, ReturnResult] = field(default_factory=dict)

    def settled(self, wish: Wish) -> bool:
        """Say whether money went back for it."""
        return self.results[wish.id].status is CaseStatus.SETTLED


@dataclass
class Compared:
    """What is wrong with the money of an order, in words; and how far all of it is off."""

    wrong: dict[str, str] = field(default_factory=dict)
    over_paid: int = 0
    off_cents: int = 0


async def rows() -> list[Row]:
    """Measure; what is wrong is printed, too."""
    played, paid_back = await measured(generated(ORDERS, SEED))
    found = compared(played, paid_back)
    for words in found.wrong.values():
        print(words, flush=True)  # noqa: T201 # what a bench found is for whoever ran it
    return rows_of(played, found)


async def measured(shop: Shop) -> tuple[Played, Refunds]:
    """Play a shop's requests through a stack of its own; return how they ended, and what went back."""
    with tempfile.TemporaryDirectory() as folder:
        children = Children(own_settings(Path(folder)))
        try:
            children.start_all()
            admin = f"http://127.0.0.1:{children.settings.sandbox_port}/admin"
            load(admin, shop)
            async with Installation(children.settings) as installation:
                played = await play(await connect(children.settings), installation, shop)
            return played, refunds(admin)
        finally:
            children.stop()


def load(admin: str, shop: Shop) -> None:
    """Put the orders into the sandbox."""
    orders = [_as_loaded(bought) for bought in shop.orders.values()]
    for at in range(0, len(orders), LOADED_AT_ONCE):
        body = {"orders": orders[at : at + LOADED_AT_ONCE]}
        httpx.post(f"{admin}/load", json=body, timeout=60.0).raise_for_status()


def _as_loaded(bought: Bought) -> dict[str, object]:
    earlier = bought.earlier
    payments = [
        {"method": method, "paid_cents": cents, "refunded_cents": earlier.by_method.get(method, 0)}
        for method, cents in bought.paid.items()
    ]
    return {
        "id": bought.id,
        "channel": bought.channel,
        "customer": f"customer of {bought.id}",
        "status": "delivered",
        "currency": bought.currency,
        "delivered_days_ago": 5,
        "paid_cents": sum(bought.paid.values()),
        "refunded_cents": earlier.cents,
        "payment_method": next(iter(bought.paid)),
        "payments": payments if len(payments) > 1 else [],
        "discount_cents": bought.discount_cents,
        "tax_cents": bought.tax_cents,
        "shipping_cents": bought.shipping_cents,
        "lines": [
            {
                "id": line.id,
                "sku": f"{bought.id}-{line.id}",
                "product": f"P-{bought.id}-{line.id}",
                "name": line.name.capitalize(),
                "unit_price_cents": line.price_cents,
                "quantity": line.quantity,
                "returned_quantity": earlier.pieces.get(line.id, 0),
                "discount_cents": line.discount_cents,
                "tax_cents": line.tax_cents,
            }
            for line in bought.lines
        ],
    }


async def play(client: Client, installation: Installation, shop: Shop) -> Played:
    """Hand the requests in, round by round, and answer what people are asked, until all have ended."""
    played = Played(shop)
    for number in sorted({wish.round for wish in shop.wishes}):
        wishes = [wish for wish in shop.wishes if wish.round == number]
        for at in range(0, len(wishes), AT_ONCE):
            await _play_some(client, installation, played, wishes[at : at + AT_ONCE])
    return played


async def _play_some(
    client: Client, installation: Installation, played: Played, wishes: Sequence[Wish]
) -> None:
    asked = {wish.id: wish.request(played.shop.orders[wish.order].channel) for wish in wishes}
    requests = [ReturnRequest.model_validate(line) for line in asked.values()]
    await start_all(client, installation.admissions, DESK, requests)
    cases = {DESK.case_id(request): request.id for request in requests}
    ended = asyncio.gather(
        *(client.get_workflow_handle_for(DESK.workflow().run, case_id).result() for case_id in cases)
    )
    async with asyncio.timeout(ROUND_SECONDS):
        while not ended.done():
            await _answer(client, installation, cases)
            await _reply(client, installation, played.shop, {case: wishes[n] for n, case in enumerate(cases)})
            await asyncio.wait([ended], timeout=LOOK_SECONDS)
        played.results |= dict(zip(cases.values(), await ended, strict=True))


async def _answer(client: Client, installation: Installation, cases: Iterable[str]) -> None:
    """Answer what waits: the owner agrees to what was understood, and takes nothing else over."""
    records = [await asyncio.to_thread(installation.cases.find, case_id) for case_id in cases]
    waiting = [one for one in records if one is not None and one.status is CaseStatus.WAITING]
    await asyncio.gather(*(_answer_one(client, installation, record) for record in waiting))


async def _reply(client: Client, installation: Installation, shop: Shop, cases: Mapping[str, Wish]) -> None:
    """Answer as the customers do who are asked back: yes to what they wish and nothing else, else no."""
    for case_id, wish in cases.items():
        record = await asyncio.to_thread(installation.cases.find, case_id)
        if record is None or record.status.ended or not record.waits_for.startswith(ASKED_BACK):
            continue
        names = {line.name for line in shop.orders[wish.order].lines if line.id in wish.pieces}
        meant = _WHAT.search(record.waits_for)
        wished = meant is not None and set(meant["things"].split(", ")) == names
        # The same id again is the same reply: it is heard once.
        reply = Reply(choice=1 if wished else 2, id=f"{record.id}/{record.waits_for}"[-200:])
        with suppress(RPCError):  # it has ended meanwhile
            await client.get_workflow_handle(case_id).signal(REPLIED, reply)


async def _answer_one(client: Client, installation: Installation, record: CaseRecord) -> None:
    questions = await asyncio.to_thread(installation.approvals.of_case, record.id)
    for question in questions:
        if question.approval is None:
            choice: Literal["approve", "reject"] = "reject" if question.request.alone else "approve"
            answer = await asyncio.to_thread(by_passkey, installation, question.request, OWNER, choice)
            try:
                await client.get_workflow_handle(record.id).execute_update(
                    "decide", answer, result_type=AnswerReply
                )
            except (WorkflowUpdateFailedError, RPCError):
                return  # it is not asked any more, or not heard now: the next look finds what waits


def refunds(admin: str) -> Refunds:
    """Return what went back by each method, from the sandbox's own database."""
    found: Refunds = Counter()
    for channel in CHANNELS:
        query = {"channel": channel, "kind": "refund"}
        books = httpx.get(f"{admin}/books", params=query, timeout=60.0).json()
        for entry in books[channel].get("refund", []):
            if entry["undone_by"] is None:
                found[entry["order"], entry["payment_method"]] += entry["amount_cents"]
    return found


def compared(played: Played, paid_back: Refunds) -> Compared:
    """Compare what went back with what the rules say, order by order and method by method."""
    found = Compared()
    for bought in played.shop.orders.values():
        wishes = [wish for wish in played.shop.wishes if wish.order == bought.id and played.settled(wish)]
        due = _due(bought, wishes)
        for method, paid in bought.paid.items():
            back, left = paid_back[bought.id, method], paid - bought.earlier.by_method.get(method, 0)
            found.over_paid += back > left
            if back != due[method]:
                found.off_cents += abs(back - due[method])
                found.wrong[bought.id] = f"{bought} {method}: {back} went back, {due[method]} were due"
    return found


def _due(bought: Bought, wishes: Sequence[Wish]) -> Counter[str]:
    """Return what the rules give back by each method; nothing where they say that nobody can reckon it."""
    due: Counter[str] = Counter()
    if not can_be_reckoned(bought):
        return due
    account = Account(bought)
    for wish in sorted(wishes, key=lambda wish: wish.round):
        due.update(account.take_back(wish.pieces))
    return due


def rows_of(played: Played, found: Compared) -> list[Row]:
    """Return the rows; `unattended` is the share of all requests that were settled without a person."""
    wishes = played.shop.wishes
    alone = [w for w in wishes if played.settled(w) and not played.results[w.id].by_person]
    at_home = [w for w in wishes if played.shop.orders[w.order].currency == "EUR"]
    alone_at_home = [w for w in alone if played.shop.orders[w.order].currency == "EUR"]
    return [
        Row("field.orders", len(played.shop.orders), "count"),
        Row("field.requests", len(wishes), "count"),
        Row("field.settled", sum(map(played.settled, wishes)) / len(wishes), "share"),
        Row("field.money_wrong", len(found.wrong), "count"),
        Row("field.over_paid", found.over_paid, "count"),
        Row("field.off_cents", found.off_cents, "cents"),
        Row("field.unattended", len(alone) / len(wishes), "share"),
        Row("field.unattended_in_own_currency", len(alone_at_home) / len(at_home), "share"),
    ]
