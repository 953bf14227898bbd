"""What an attacker knows who reaches the Temporal server, and what each attempt must leave behind."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, select
from temporalio.client import Client
from temporalio.common import RetryPolicy

from contracts.authorization import Plan
from contracts.case import CaseStatus
from contracts.effect import EffectOrder, ProposedEffect
from contracts.ids import CONTROL_QUEUE, effect_key
from contracts.undo import UndoFacts
from memory.database import reading
from memory.tables.episodes import EpisodeRow
from service.intake import Started
from tests.workflows.returns.orders import RETURN, a_waiting_return, asking, given_order
from tests.workflows.returns.shop import Shop
from workflows.returns.facts import ReturnFacts
from workflows.returns.types import ReturnRequest

SECONDS = timedelta(seconds=20)
ONCE = RetryPolicy(maximum_attempts=1)


@dataclass
class Prey:
    """What an attacker knows: a return that was paid, and one that waits for a person."""

    shop: Shop
    settled: ReturnRequest
    waiting: ReturnRequest
    other_order: str

    @property
    def client(self) -> Client:
        return self.shop.client

    def paid(self) -> dict[str, list[str]]:
        """What the channel has done for all three orders."""
        orders = (self.settled.order, self.waiting.order, self.other_order)
        kinds = ("refund", "charge", "restock", "mark", "message")
        return {
            f"{order} {kind}": [*map(str, found)]
            for order in orders
            for kind in kinds
            if (found := self.shop.entries("webshop", kind, order))
        }

    def refusals(self) -> set[str]:
        """What the log says of attempts, of whatever case."""
        with reading(self.shop.installation.database) as session:
            attempts = select(EpisodeRow.id).where(col(EpisodeRow.kind).in_(["refused", "attempt"]))
            return set(session.exec(attempts))


def refund(order: str, step: str = "refund", method: str = "card-1", cents: int = 4000) -> ProposedEffect:
    said = {"order": order, "payment_method": method, "amount_cents": cents, "currency": "EUR"}
    return ProposedEffect(
        step=step,
        connector="webshop",
        operation="refund",
        arguments={**said, "reason": "damaged", "lines": []},
        amount_cents=cents,
        currency="EUR",
    )


def invented(case_id: str, effect: ProposedEffect, **facts: Any) -> Plan:
    """A plan that policy would let run by what it says."""
    said = ReturnFacts(
        intent="return", reason="damaged", understood=True, order_status="delivered", amount_cents=4000,
        paid_cents=4000, remaining_cents=4000, days_since_delivery=5, member_level="guest", earlier_returns=0,
        already_returned=False, channel="webshop", currency="EUR", goods="handed_over",
    )  # fmt: skip
    return Plan(
        case_id=case_id,
        desk="returns",
        summary="a return",
        facts={**said.model_dump(mode="json"), **facts},
        effects=(effect,),
    )


def unpaid(case_id: str, request: ReturnRequest, because: str, person: str = "") -> Plan:
    """A plan that takes the refund of a case back."""
    facts = UndoFacts(desk="returns", undoes="refund", because=because, asked_by=person, amount_cents=4000)
    effect = ProposedEffect(
        step="undo-refund",
        connector="webshop",
        operation="void_refund",
        arguments={"refund": "1", "order": request.order},
        amount_cents=4000,
        currency="EUR",
    )
    return Plan(
        case_id=case_id, desk="returns", summary="", facts=facts.model_dump(mode="json"), effects=(effect,)
    )


def ordered(plan: Plan, effect: ProposedEffect, permit_id: str) -> EffectOrder:
    key = effect_key(plan.case_id, effect.step)
    return EffectOrder(case_id=plan.case_id, key=key, effect=effect, permit_id=permit_id)


async def by_activity(prey: Prey, name: str, given: Any, queue: str = CONTROL_QUEUE) -> Any:
    """Run one activity by hand, as `temporal activity execute` does."""
    with contextlib.suppress(Exception):
        return await prey.client.execute_activity(
            name, given, id=uuid.uuid4().hex, task_queue=queue,
            schedule_to_close_timeout=SECONDS, retry_policy=ONCE,
        )  # fmt: skip
    return None


def nobodys() -> str:
    return f"returns/webshop/EVIL-{uuid.uuid4().hex[:6]}"


Attempt = Callable[[Prey], Awaitable[None]]


async def pays_nobody(shop: Shop, attempt: Attempt) -> None:
    """Prove that an attempt moves nothing at the channel, and that the log names it."""
    settled = asking(given_order(shop), RETURN)
    assert await shop.submit(settled) is Started.NEW
    shop.parcels("webshop", settled.order, ("L1", 1, "sellable"))
    assert (await shop.handle(settled).result()).status is CaseStatus.SETTLED
    _, waiting = await a_waiting_return(shop)
    prey = Prey(shop, settled, waiting, given_order(shop))
    done, before = prey.paid(), prey.refusals()

    async with asyncio.timeout(60):
        await attempt(prey)

    assert prey.paid() == done
    assert prey.refusals() - before, "the log says nothing of it"
