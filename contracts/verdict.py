"""The policy's answer to a proposed effect."""

from typing import Literal

from pydantic import JsonValue

from contracts.effect import ProposedEffect
from contracts.frozen import Frozen

Outcome = Literal["allow", "ask", "deny"]
"""May it be done, and may it be done unattended: no; yes and no; yes and yes."""


class PolicyReason(Frozen):
    """One policy that determined a verdict: its `@id`, its `@reason`, and which question it answered."""

    id: str
    reason: str
    effect: Literal["permit", "forbid"]
    question: Literal["do", "unattended"]


class Verdict(Frozen):
    """The verdict on one proposed effect, with enough recorded to compute it again.

    Attributes:
        id: content hash of the case, facts, effect and policy version.
        facts: what the policies read.
        conflict: a `forbid` beat a `permit`; the permits it beat are in `beaten`.
        errors: evaluation errors; any makes the outcome `deny`.
        ask_roles: who may answer an `ask`, then after each escalation: a chain of role names.
        needed: how many distinct people must answer an `ask`.
    """

    id: str
    outcome: Outcome
    step: str
    reasons: tuple[PolicyReason, ...]
    facts: dict[str, JsonValue]
    policy_version: str
    conflict: bool = False
    errors: tuple[str, ...] = ()
    ask_roles: tuple[str, ...] = ()
    needed: int = 1
    beaten: tuple[PolicyReason, ...] = ()


class Plan(Frozen):
    """All effects a desk proposes for one case, judged together before the first is done."""

    case_id: str
    desk: str
    summary: str
    facts: dict[str, JsonValue]
    effects: tuple[ProposedEffect, ...]
    claims: tuple[str, ...] = ()


class Authorization(Frozen):
    """The answer to a plan.

    Attributes:
        outcome: the strictest of the verdicts.
        verdicts: one for each effect, in order.
        permits: permit ids by step; only when the outcome is `allow`.
        claimed_by: the open case that already works on one of the plan's claims, if any.
        refused: why an approval does not cover the plan, in words for a person; empty if it does.
        plan: what the permits cover when a person lowered the amount; None means the plan as asked.
    """

    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    permits: dict[str, str] = {}
    office_version: str = ""
    claimed_by: str | None = None
    refused: str = ""
    plan: Plan | None = None
