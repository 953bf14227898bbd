"""Verdicts: may it be done, and may it be done unattended?"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import cedarpy
from pydantic import JsonValue

from contracts.approvals.request import ApprovalRequest
from contracts.authorization import Outcome, Plan, PolicyReason, Verdict
from contracts.base import content_hash
from contracts.effect import ProposedEffect
from contracts.proof import AT_BEST, Shown
from contracts.undo import NAMESPACE as UNDO
from contracts.undo import is_undo
from policy.answering import ANSWER, UNSAID, asked_at, asked_roles, entity, person_of, question_of
from policy.facts import FactTypes
from policy.policy_set import PolicySet, read_policy_set, require_sound
from policy.ruling import NOBODY, PolicyIndex, Ruling, reasons
from policy.schema import APPROVALS, schema_text
from policy.source import Policy
from policy.validation import validate

Question = Literal["do", "unattended"]

DEFAULT_DENY = PolicyReason(
    id="default-deny", reason="No policy permits this.", effect="forbid", question="do", reads=("*",)
)
DEFAULT_ASK = PolicyReason(
    id="default-ask",
    reason="No policy lets this run unattended.",
    effect="forbid",
    question="unattended",
)


class CedarEngine:
    """Verdicts by Cedar; policies are parsed once, here.

    Thread-safe: everything it keeps is immutable but a cache whose entries never change.
    """

    def __init__(self, book: PolicySet) -> None:
        """Parse the book's policies and schema.

        Raises:
            OfficeInvalid: a policy does not fit the schema.
        """
        require_sound(validate(book))
        self.book = book
        self.policies: Mapping[str, Policy] = {policy.id: policy for policy in book.policies}
        self._schema = cedarpy.Schema.from_str(schema_text(book.words))
        self._slices = PolicyIndex(book.policies)

    @classmethod
    def from_office(cls, office: Path, fact_types: FactTypes) -> "CedarEngine":
        """Read an office folder; raises OfficeInvalid with every problem found."""
        book, problems = read_policy_set(office, fact_types)
        require_sound(problems)
        return cls(book)

    @property
    def version(self) -> str:
        """The hash of all policies."""
        return self.book.version

    def judge(self, plan: Plan) -> tuple[Verdict, ...]:
        """Return a verdict for each effect of the plan, in order. Never raises: an error denies."""
        return tuple(self._verdict(plan, effect) for effect in plan.effects)

    def judge_again(self, case_id: str, verdict: Verdict) -> Verdict:
        """Compute a kept verdict from its own record: the same facts, this office's policies and staff."""
        facts = verdict.facts
        if verdict.step == ANSWER:
            return self._answering(case_id, facts)
        namespace = UNDO if is_undo(facts) else str(facts.get("desk", ""))
        return self._ruled(case_id, verdict.step, namespace, facts)

    def may_answer(
        self, person: str, request: ApprovalRequest, at: datetime, shown: Shown = AT_BEST
    ) -> Verdict:
        """Say whether this person may answer this request now; never raises, an error denies.

        Args:
            person: of the staff.
            request: what is asked.
            at: the moment.
            shown: how they showed who they are; left out, whether they may answer at all.
        """
        return self._answering(request.case_id, question_of(person, request, at, shown))

    def on_staff(self, person: str) -> bool:
        """Say whether anybody of that name works here."""
        return person in self.book.staff.people

    def _answering(self, case_id: str, question: Mapping[str, JsonValue]) -> Verdict:
        """Judge whether a person may answer, by what `policy.answering.question_of` recorded of it."""
        facts = {**UNSAID, **question}
        person = person_of(question)
        try:
            standing = self.book.staff.standing(
                person,
                asked_at(question),
                asked_by=str(question["asked_by"]),
                currency=str(question.get("currency", "")),
            )
            facts["person"] = standing.model_dump(mode="json")
            context = {name: facts[name] for name in facts if name != "person"}
            context["asked"] = [
                {"__entity": {"type": "Role", "id": role}}
                for role in asked_roles(question)
                if role in self.book.staff.roles
            ]
            ruling = self._ask(
                ("Person", person),
                (f"{APPROVALS}::Action", "answer"),
                ("Desk", str(question["desk"])),
                context,
                entities=cedarpy.Entities.from_json_str(json.dumps([entity(standing)]), self._schema),
            )
        except KeyError:
            ruling = Ruling(allowed=False, errors=(f"nobody named {person!r} is on the staff",))
        except Exception as error:  # the port promises a denial, whatever went wrong
            ruling = Ruling(allowed=False, errors=(f"the policy could not be evaluated: {error}",))
        outcome: Outcome = "allow" if ruling.allowed and not ruling.errors else "deny"
        why = reasons(self.policies, ruling.reasons, "do")
        return Verdict(
            id=self._id(case_id, facts, outcome),
            outcome=outcome,
            step=ANSWER,
            reasons=why or (() if ruling.allowed else (DEFAULT_DENY,)),
            facts=facts,
            policy_version=self.version,
            conflict=bool(ruling.beaten),
            errors=ruling.errors,
            beaten=reasons(self.policies, ruling.beaten, "do"),
        )

    def _verdict(self, plan: Plan, effect: ProposedEffect) -> Verdict:
        said = {**plan.facts, **effect.facts}
        facts: dict[str, JsonValue] = {name: value for name, value in said.items() if value is not None}
        facts["desk"] = plan.desk
        facts["effect"] = {
            "step": effect.step,
            "connector": effect.connector,
            "operation": effect.operation,
            "amount_cents": effect.amount_cents,
            "currency": effect.currency,
            "arguments_hash": effect.arguments_hash,
        }
        namespace = UNDO if is_undo(facts) else plan.desk
        return self._ruled(plan.case_id, effect.step, namespace, facts)

    def _ruled(self, case_id: str, step: str, namespace: str, said: Mapping[str, JsonValue]) -> Verdict:
        facts = {**self.book.words.defaults.get(namespace, {}), **said}
        do = self._question(namespace, "do", facts)
        if problem := _money_without_currency(facts):
            do = Ruling(allowed=False, errors=(problem,))
        ruled = do.allowed and not do.errors
        unattended = self._question(namespace, "unattended", facts) if ruled else Ruling(allowed=False)
        errors = (*do.errors, *unattended.errors)
        outcome: Outcome = "deny" if errors or not do.allowed else "allow" if unattended.allowed else "ask"
        why = reasons(self.policies, do.reasons, "do") or (() if errors else (DEFAULT_DENY,))
        if ruled:
            asked = reasons(self.policies, unattended.reasons, "unattended")
            why += asked or (() if errors else (DEFAULT_ASK,))
        asking = [self.policies[id] for id in unattended.reasons] if outcome == "ask" else []
        return Verdict(
            id=self._id(case_id, dict(facts), outcome),
            outcome=outcome,
            step=step,
            reasons=why,
            facts=dict(facts),
            policy_version=self.version,
            conflict=bool(do.beaten or unattended.beaten),
            errors=errors,
            beaten=(
                *reasons(self.policies, do.beaten, "do"),
                *reasons(self.policies, unattended.beaten, "unattended"),
            ),
            ask_roles=self._chain(asking) if outcome == "ask" else (),
            needed=max((policy.needed for policy in asking), default=1),
        )

    def _question(self, namespace: str, question: Question, facts: Mapping[str, JsonValue]) -> Ruling:
        """Ask Cedar one question about one effect; never raises, an error denies."""
        effect = facts.get("effect")
        operation = str(effect.get("operation", "")) if isinstance(effect, dict) else ""
        try:
            return self._ask(
                ("Desk", str(facts.get("desk", ""))),
                (f"{namespace}::Action", question),
                ("Operation", operation),
                facts,
            )
        except Exception as error:  # the port promises a denial, whatever went wrong
            return Ruling(allowed=False, errors=(f"the policy could not be evaluated: {error}",))

    def _ask(
        self,
        principal: tuple[str, str],
        action: tuple[str, str],
        resource: tuple[str, str],
        context: Mapping[str, object],
        entities: cedarpy.Entities = NOBODY,
    ) -> Ruling:
        request = {
            "principal": {"type": principal[0], "id": principal[1]},
            "action": {"type": action[0], "id": action[1]},
            "resource": {"type": resource[0], "id": resource[1]},
            "context": context,
        }
        return self._slices.rule(request, action, resource, entities, self._schema)

    def _chain(self, asking: Iterable[Policy]) -> tuple[str, ...]:
        """Return who is asked, in the staff's order of roles: those whom every asking policy names.

        A policy without `@roles` leaves it to all. When two policies share no role, the last role of
        the staff decides.
        """
        chain = tuple(self.book.staff.roles)
        for policy in asking:
            if policy.roles:
                chain = tuple(role for role in chain if role in policy.roles)
        return chain or tuple(self.book.staff.roles)[-1:]

    def _id(self, case_id: str, facts: dict[str, JsonValue], outcome: str) -> str:
        whole = {"case": case_id, "facts": facts, "policies": self.version, "outcome": outcome}
        return f"verdict-{content_hash(whole)[:32]}"


def _money_without_currency(facts: Mapping[str, JsonValue]) -> str:
    """Say what is wrong with an effect that moves money and does not say in which currency, or nothing."""
    effect = facts.get("effect")
    if not isinstance(effect, dict) or not effect.get("amount_cents") or effect.get("currency"):
        return ""
    return f"{effect.get('operation', 'the effect')} moves money and names no currency"
