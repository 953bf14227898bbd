"""The policy's answer to a proposed effect."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from contracts.base import Frozen, text_hash
from contracts.case import CaseStatus
from contracts.effect import ProposedEffect
from contracts.shares import PieceClaim, Subject
from contracts.wording import Written

Outcome = Literal["allow", "ask", "deny"]
"""May it be done, and may it be done unattended: no; yes and no; yes and yes."""


EVERY_FACT = frozenset({"*"})
"""Stands for all facts of a plan, where what is unsure is named."""


class PolicyReason(Frozen):
    """One policy that determined a verdict: its `@id`, its `@reason`, and which question it answered.

    Attributes:
        reads: the facts that its conditions name; `*` stands for all.
        bulk: whether what it asks may be answered together with other questions.
    """

    id: str
    reason: str
    effect: Literal["permit", "forbid"]
    question: Literal["do", "unattended"]
    reads: tuple[str, ...] = ()
    bulk: bool = True

    def rests_on(self, facts: Collection[str]) -> bool:
        """Say whether it decided by one of these facts."""
        if not facts:
            return False
        return facts == EVERY_FACT or "*" in self.reads or not set(facts).isdisjoint(self.reads)


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


def forbids(verdicts: Iterable[Verdict]) -> tuple[PolicyReason, ...]:
    """Return the policies by which these verdicts deny, each once, in the order of the effects."""
    denied = (verdict for verdict in verdicts if verdict.outcome == "deny")
    found = (reason for verdict in denied for reason in verdict.reasons if reason.effect == "forbid")
    return tuple(dict.fromkeys(found))


def why_denied(verdicts: Iterable[Verdict]) -> str:
    """Return why these verdicts deny, for a colleague: what went wrong, then the policies' sentences.

    Empty if nothing forbids it; then nothing permits it either. A customer is told the sentences of
    `forbids` alone: an error may name what is none of theirs.
    """
    kept = tuple(verdicts)
    errors = [error for verdict in kept if verdict.outcome == "deny" for error in verdict.errors]
    sentences = " ".join(dict.fromkeys(reason.reason for reason in forbids(kept)))
    return "; ".join(dict.fromkeys([*errors, *([sentences] if sentences else [])]))


class Reservation(Frozen):
    """A case's place in a limit over several cases, as it was counted when the plan was judged.

    Attributes:
        fact: the name of the fact that the policies read.
        holder: whose cases are counted, an opaque reference.
        status: what a case came to that counts.
        since: how far back it counts.
        counted: how many cases came before this one.
    """

    fact: str
    desk: str
    holder: str
    status: CaseStatus
    since: datetime
    counted: int = 0

    @property
    def scope(self) -> str:
        """The row of cases that the place is in, without the holder's name."""
        return text_hash(f"{self.desk}\n{self.fact}\n{self.holder}")


class CountMoved(Exception):
    """Between judging and writing, another case of the same holder took a place: judge again."""


class Plan(Frozen):
    """All effects a desk proposes for one case, judged together before the first is done.

    Attributes:
        claims: what no other open case may work on.
        pieces: what other open cases may work on as far as pieces are left.
        accounts: the accounts that the plan was made from; `contracts.shares`.
        versions: how often each of them had been booked on then; one that never had is left out.
        subject: what the accounts belong to, as its system told it.
    """

    case_id: str
    desk: str
    summary: str
    facts: dict[str, JsonValue]
    effects: tuple[ProposedEffect, ...]
    claims: tuple[str, ...] = ()
    pieces: tuple[PieceClaim, ...] = ()
    accounts: tuple[str, ...] = ()
    versions: dict[str, int] = {}
    subject: Subject | None = None

    def does_what(self, other: "Plan") -> bool:
        """Say whether two plans do the same, whichever version made them."""
        if len(self.effects) != len(other.effects):
            return False
        return all(mine.does_what(theirs) for mine, theirs in zip(self.effects, other.effects, strict=True))

    def in_outline(self) -> "Plan":
        """Return what policies read of the plan: its facts, and of each effect all but its arguments."""
        bare: dict[str, object] = {"arguments": {}, "shares": (), "wording": None}
        effects = tuple(effect.model_copy(update=bare) for effect in self.effects)
        return self.model_copy(update={"effects": effects}).without_claims()

    def without_claims(self) -> "Plan":
        """Return the plan as one that claims and books nothing."""
        nothing: dict[str, object] = {"claims": (), "pieces": (), "accounts": (), "versions": {}}
        return self.model_copy(update={**nothing, "subject": None})

    def left_to_a_person(self, why: str) -> "Plan":
        """Return the plan without effects and claims; its summary says why."""
        return self.model_copy(
            update={"effects": (), "claims": (), "pieces": (), "summary": f"{self.summary}; {why}"}
        )

    def written(self, words: Mapping[str, Written]) -> "Plan":
        """Return the plan with the office's words for its messages, by step."""
        effects = tuple(
            effect.written(words[effect.step]) if effect.step in words else effect for effect in self.effects
        )
        return self.model_copy(update={"effects": effects})


class Authorization(Frozen):
    """The answer to a plan.

    Attributes:
        outcome: the strictest of the verdicts.
        verdicts: one for each effect, in order.
        permits: permit ids by step; only when the outcome is `allow`.
        claimed_by: the open case that already works on one of the plan's claims, if any.
        outdated: our books have moved since the plan was made; nothing was written, make it anew.
        refused: why an approval does not cover the plan, in words for a person; empty if it does.
        plan: what the permits cover when a person lowered the amount; None means the plan as asked.
        words: the office's words for its messages, by step.
        impossible: the plan was refused for what it is, before any policy: a person has to do it.
        asks_anew: who agreed does not suffice by today's policies and staff: people are asked once more.
    """

    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    permits: dict[str, str] = {}
    office_version: str = ""
    claimed_by: str | None = None
    outdated: bool = False
    refused: str = ""
    plan: Plan | None = None
    words: dict[str, Written] = {}
    impossible: bool = False
    asks_anew: bool = False

    def covers(self, plan: Plan) -> Plan:
        """Return what was judged when `plan` was proposed: with its words, or lowered by a person."""
        return self.plan or plan.written(self.words)

    @property
    def forbidden_by(self) -> str:
        """The id of the first policy that forbids the plan; `not_permitted` if none does."""
        return next((reason.id for reason in forbids(self.verdicts)), "not_permitted")

    def denies_surely(self, unsure: Collection[str]) -> bool:
        """Say whether it is a denial that stands without the facts that are unsure.

        Some policy that forbids it must read none of them. A denial that names no policy, because
        nothing permits the plan, stands only if every fact is sure; one because the plan cannot be done
        by its channel, or said in the office's words, never does.
        """
        if self.impossible:
            return False
        forbidding = forbids(self.verdicts)
        if not forbidding:
            return self.outcome == "deny" and not unsure
        return any(not reason.rests_on(unsure) for reason in forbidding)


class Alternatives(Frozen):
    """Several plans for one wish in outline, the one that is best for the customer first.

    Attributes:
        fact: of which a policy that permits a plan must speak, or it does not count, unless it is the
            last: what policies are silent about is not given away.
    """

    plans: tuple[Plan, ...]
    fact: str


class Choice(Frozen):
    """Which of several plans policy lets pass; the last if it lets none.

    Attributes:
        policies: ids of the policies that let it pass.
    """

    place: int
    policies: tuple[str, ...] = ()


class Approved(Frozen):
    """Which approval is to be used. It names the request and nothing more: the books hold the rest.

    Attributes:
        request_id: the request for approval; what was asked and answered is read from the books.
        case_id: the case that wants to use it; it must be the one that asked.
        facts: what changed since it was asked, laid over the plan's facts; judged again with them.
        versions: how often the plan's accounts, and maybe others, had been booked on when these facts were
            read; None leaves the plan's own.
    """

    request_id: str
    case_id: str
    facts: dict[str, JsonValue] = {}
    versions: dict[str, int] | None = None
