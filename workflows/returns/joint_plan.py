"""Several wishes for one order, as one plan: what may fail first, then money, then goods."""

from collections import Counter
from collections.abc import Collection, Sequence

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.effect import ProposedEffect
    from contracts.money import money_text
    from contracts.shares import PieceClaim
    from workflows.returns.facts import ReturnFacts
    from workflows.returns.types import AUTHORISE, FAULTY, Order

REFUND = "refund"
OF_A_WISH = (
    "intent", "reason", "ground", "remedy", "item_state", "price_difference_cents", "shipping_cents",
    "remaining_cents",
)  # fmt: skip
"""The facts that differ from wish to wish, and what is left by those before; all others are the order's."""
OF_ITS_WAY = ("goods", "condition", "return_postage", "pieces_missing", "share_percent")
"""The facts that an effect carries only where its wish goes another way than the case."""
TURN = {
    "reserve": 0, "cancel_order": 0, "change_address": 0, "change_payment": 0, "change_items": 0,
    AUTHORISE: 0, "charge": 1, REFUND: 2,
}  # fmt: skip
"""When an operation's turn is; what stands in none comes last, in its own order."""
LAST = 3


def joined(
    order: Order, plans: Sequence[Plan], way: dict[str, JsonValue], done: Collection[str] = ()
) -> Plan:
    """Return the plans for one order's wishes as one; without effects if one of them has none.

    Each effect carries the facts of its own wish, and a step's name is kept by the first that has it, so
    that the plan of a single wish is the plan it always was.

    Args:
        order: the order.
        plans: one for each wish.
        way: what policies read of the case's way.
        done: the steps that the case did before: no other effect has their names.
    """
    if len(plans) == 1 and not done:
        return plans[0]
    first = plans[0]
    whole = {**joined_facts([_facts(plan) for plan in plans]).model_dump(mode="json"), **way}
    return first.model_copy(
        update={
            "summary": _summary(order, plans, whole),
            "facts": {**first.facts, **whole},
            "effects": _effects(plans, whole, done) if all(plan.effects for plan in plans) else (),
            "claims": tuple(dict.fromkeys(claim for plan in plans for claim in plan.claims)),
            "pieces": _pieces_claimed(plans),
            "accounts": tuple(dict.fromkeys(account for plan in plans for account in plan.accounts)),
            "versions": {name: seen for plan in plans for name, seen in plan.versions.items()},
        }
    )


def joined_facts(facts: Sequence[ReturnFacts]) -> ReturnFacts:
    """Return the facts of several wishes as one: the first's, with all that the request moves."""
    return facts[0].model_copy(
        update={
            "amount_cents": sum(each.amount_cents for each in facts),
            "already_returned": any(each.already_returned for each in facts),
            "understood": all(each.understood for each in facts),
        }
    )


def paid_back(plans: Sequence[Plan]) -> dict[str, int]:
    """Return what plans pay back to each way the order was paid."""
    paid: Counter[str] = Counter()
    for effect in (effect for plan in plans for effect in plan.effects if effect.operation == REFUND):
        paid[str(effect.arguments["payment_method"])] += effect.amount_cents
    return dict(paid)


def paid_for(plans: Sequence[Plan]) -> dict[str, int]:
    """Return what plans pay back for each account that their refunds fall on."""
    paid: Counter[str] = Counter()
    for effect in (effect for plan in plans for effect in plan.effects if effect.operation == REFUND):
        for share in effect.shares:
            paid[share.account] += share.amount_cents
    return dict(paid)


def _pieces_claimed(plans: Sequence[Plan]) -> tuple[PieceClaim, ...]:
    """Return how many pieces of each account all plans ask for together."""
    asked: dict[str, PieceClaim] = {}
    for one in (one for plan in plans for one in plan.pieces):
        before = asked.get(one.account)
        count = one.count + (before.count if before else 0)
        asked[one.account] = one.model_copy(update={"count": count})
    return tuple(asked.values())


def _facts(plan: Plan) -> ReturnFacts:
    """Return what policies read of a plan: all but who the customer is."""
    known = {name: value for name, value in plan.facts.items() if name in ReturnFacts.model_fields}
    return ReturnFacts.model_validate(known)


def _summary(order: Order, plans: Sequence[Plan], facts: dict[str, JsonValue]) -> str:
    moved = money_text(int(str(facts["amount_cents"])), order.currency)
    return f"{'; '.join(plan.summary for plan in plans)}; {moved} in all"


def _effects(
    plans: Sequence[Plan], whole: dict[str, JsonValue], done: Collection[str]
) -> tuple[ProposedEffect, ...]:
    every = []
    for plan in plans:
        own = {name: plan.facts[name] for name in OF_A_WISH}
        own |= {name: plan.facts[name] for name in OF_ITS_WAY if plan.facts[name] != whole[name]}
        every += [effect.model_copy(update={"facts": own}) for effect in plan.effects]
    taken, made = set(done), []
    for effect in _as_one_parcel(every):
        step, number = effect.step, 1
        while step in taken:
            number += 1
            step = f"{effect.step}-again-{number}"
        taken.add(step)
        made.append(effect.model_copy(update={"step": step}))
    return tuple(sorted(made, key=lambda effect: TURN.get(effect.operation, LAST)))


def _as_one_parcel(effects: Sequence[ProposedEffect]) -> list[ProposedEffect]:
    """Return the effects with one return authorised for all wishes: there is one number and one label.

    It is judged by the facts of the wish whose goods are faulty, if one's are: then the way back is ours.
    """
    parcels = [effect for effect in effects if effect.operation == AUTHORISE]
    if len(parcels) <= 1:
        return list(effects)
    first = min(parcels, key=lambda effect: effect.facts["reason"] not in FAULTY)
    pieces: dict[str, dict[str, JsonValue]] = {}
    for line in (line for effect in parcels for line in _lines(effect)):
        known = pieces.setdefault(str(line["line"]), {**line, "quantity": 0})
        known["quantity"] = int(str(known["quantity"])) + int(str(line["quantity"]))
    whole = first.model_copy(update={"arguments": {**first.arguments, "lines": [*pieces.values()]}})
    place = effects.index(parcels[0])
    rest = [effect for effect in effects[place:] if effect.operation != AUTHORISE]
    return [*effects[:place], whole, *rest]


def _lines(effect: ProposedEffect) -> list[dict[str, JsonValue]]:
    lines = effect.arguments["lines"]
    assert isinstance(lines, list)
    return [line for line in lines if isinstance(line, dict)]
