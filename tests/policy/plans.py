"""Plans to judge: a small refund of a delivered order, and what a test changes of it."""

from pydantic import JsonValue

from contracts.authorization import Plan
from contracts.effect import ProposedEffect
from workflows.returns.facts import ReturnFacts

CASE = "returns/webshop/RMA-1"


def facts(**changes: JsonValue) -> dict[str, JsonValue]:
    usual = ReturnFacts(
        intent="return",
        reason="size",
        understood=True,
        order_status="delivered",
        amount_cents=4000,
        paid_cents=200_000,
        remaining_cents=200_000,
        days_since_delivery=10,
        member_level="guest",
        earlier_returns=0,
        already_returned=False,
        channel="webshop",
    )
    return {**usual.model_dump(mode="json"), **changes}


def refund(cents: int = 4000, connector: str = "webshop") -> ProposedEffect:
    return ProposedEffect(
        step="refund",
        connector=connector,
        operation="refund",
        arguments={
            "order": "W-1",
            "payment_method": "card",
            "amount_cents": cents,
            "currency": "EUR",
            "reason": "size",
            "lines": [],
        },
        amount_cents=cents,
        currency="EUR",
    )


def notify(text: str = "We have refunded 40.00 EUR.") -> ProposedEffect:
    return ProposedEffect(
        step="notify",
        connector="webshop",
        operation="notify",
        arguments={"order": "W-1", "subject": "Your return", "text": text},
    )


def plan(*effects: ProposedEffect, claims: tuple[str, ...] = (), **changes: JsonValue) -> Plan:
    proposed = effects or (refund(),)
    money = {"amount_cents": max(effect.amount_cents for effect in proposed)}
    return Plan(
        case_id=CASE,
        desk="returns",
        summary="a return",
        facts=facts(**{**money, **changes}),
        effects=proposed,
        claims=claims,
    )
