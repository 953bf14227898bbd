"""An edit by a person who approves: less money, everything else as it was asked."""

import re

from contracts.canonical import Arguments
from contracts.effect import ProposedEffect
from contracts.verdict import Plan


class WiderThanAsked(ValueError):
    """An edit may only lower the amount of the one effect that moves money."""


def narrowed(plan: Plan, amount_cents: int, money_argument: str = "amount_cents") -> Plan:
    """Return the plan with its one payment lowered to `amount_cents`.

    The payment's money argument, the fact `amount_cents` and any text that names the old amount
    (`40.00`) follow, so that no customer reads another sum than they get.

    Raises:
        WiderThanAsked: the amount is not lower and above zero, or the plan does not move money in
            exactly one effect.
    """
    payments = [effect for effect in plan.effects if effect.amount_cents]
    if len(payments) != 1:
        raise WiderThanAsked(f"{len(payments)} effects move money: an edit needs exactly one")
    old_cents = payments[0].amount_cents
    if not 0 < amount_cents <= old_cents:
        raise WiderThanAsked(f"{amount_cents} is not between 1 and the {old_cents} cents that were asked")
    effects = tuple(_narrow(effect, old_cents, amount_cents, money_argument) for effect in plan.effects)
    facts = plan.facts | ({"amount_cents": amount_cents} if "amount_cents" in plan.facts else {})
    return plan.model_copy(update={"effects": effects, "facts": facts})


def _narrow(effect: ProposedEffect, old_cents: int, new_cents: int, money_argument: str) -> ProposedEffect:
    old = re.compile(rf"(?<![\d.]){old_cents // 100}\.{old_cents % 100:02d}(?!\d)")
    new = f"{new_cents // 100}.{new_cents % 100:02d}"
    if effect.amount_cents:
        paid: Arguments = effect.arguments | {money_argument: new_cents}
        return effect.model_copy(update={"arguments": paid, "amount_cents": new_cents})
    told: Arguments = {
        name: old.sub(new, value) if isinstance(value, str) else value
        for name, value in effect.arguments.items()
    }
    return effect.model_copy(update={"arguments": told})
