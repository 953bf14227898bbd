"""One settled return as our own records see it: everything that its activities hand to the stores."""

from datetime import datetime, timedelta

from pydantic import JsonValue

from contracts.authorization import PolicyReason, Verdict
from contracts.case import CaseRecord, CaseStatus, Episode
from contracts.connector import Manifest
from contracts.decision import Decision, Provenance, Question, RouteStep, inputs_hash
from contracts.effect import EffectOrder, OutsideResult, Permit, ProposedEffect
from contracts.evidence import Evidence
from contracts.ids import effect_key, permit_id

POLICY_VERSION = "p" * 64
MESSAGE = "Hello, the scarf of my order is too small for me, I would like to send it back. Thank you!"
FACTS: dict[str, JsonValue] = {
    "amount_cents": 4990,
    "days_since_delivery": 6,
    "earlier_returns": 0,
    "payment_method": "card",
    "reason": "size",
    "intent": "return",
    "confidence_permille": 981,
    "channel": "webshop",
    "opened_package": False,
    "categories": ["scarves"],
}


class CaseInput:
    """The values of one case, all made beforehand, so that only the stores are measured."""

    def __init__(self, number: int, manifest: Manifest, now: datetime) -> None:
        """Make the `number`-th case."""
        self.id = f"returns/{manifest.name}/RMA-{number}"
        self.customer = f"customer-{number % 50}"
        self.order = f"W-{number}"
        self.now = now
        self.claims = (f"{manifest.name}:{self.order}:L1",)
        self.summary = (
            f"Scarf, size 2 of order {self.order}, too small, 49.90 EUR: settled, 4990 cents refunded"
        )
        effects = [_effect(manifest, step, self.order, number) for step in _STEPS]
        tasks = ("returns.intent", "returns.reason")
        text = f"{MESSAGE} It is the order {self.order}."
        self.questions = {f"read/{task}": Question(task=task, text=text) for task in tasks}
        self.decisions = {step: _decision(asked) for step, asked in self.questions.items()}
        self.verdicts = [_verdict(self.id, effect) for effect in effects]
        self.permits = [
            _permit(self.id, effect, verdict.id, manifest, now)
            for effect, verdict in zip(effects, self.verdicts, strict=True)
        ]
        self.orders = [
            EffectOrder(case_id=self.id, key=permit.effect_key, effect=effect, permit_id=permit.id)
            for effect, permit in zip(effects, self.permits, strict=True)
        ]
        self.answers = [
            OutsideResult(f"{order.effect.step}-{number}", {"status": "done"}) for order in self.orders
        ]
        self.opened = self._record(CaseStatus.RUNNING, "")
        self.opening = self._episodes(("opened", "recalled"), 0)
        self.settled = self._record(CaseStatus.SETTLED, "refunded")
        kinds = ("decided", "decided", "verdict", *["effect"] * len(effects), "closed")
        self.closing = self._episodes(kinds, len(self.opening))

    def _record(self, status: CaseStatus, outcome: str) -> CaseRecord:
        return CaseRecord(
            id=self.id,
            desk="returns",
            channel=self.id.split("/")[1],
            status=status,
            summary=self.summary,
            outcome=outcome,
            amount_cents=4990,
            office_version="o" * 64,
            opened_at=self.now,
            updated_at=self.now + timedelta(seconds=1 if status.ended else 0),
            request={"message": MESSAGE, "order": self.order, "channel": "webshop"},
            customer=self.customer,
        )

    def _episodes(self, kinds: tuple[str, ...], before: int) -> list[Episode]:
        return [
            Episode(
                id=f"{self.id}#run-{number}",
                case_id=self.id,
                kind=kind,
                at=self.now,
                data={"task": "returns.intent", "outcome": "answered", "policies": ["in-time", "small"]},
            )
            for number, kind in enumerate(kinds, before + 1)
        ]


_STEPS: dict[str, tuple[str, dict[str, JsonValue]]] = {
    "refund": ("refund", {"payment_method": "card", "currency": "EUR", "reason": "size"}),
    "restock": ("restock", {"condition": "new"}),
    "mark": ("mark_order", {"mark": "returned"}),
    "notify": ("notify", {"subject": "Your return", "text": MESSAGE * 3}),
}


def _effect(manifest: Manifest, step: str, order: str, number: int) -> ProposedEffect:
    operation, told = _STEPS[step]
    cents = 4990 if manifest.operations[operation].money else 0
    lines: JsonValue = [{"line": "L1", "sku": "S-1", "quantity": 1}]
    arguments: dict[str, JsonValue] = {"order": order, "lines": lines, **told}
    if cents:
        arguments["amount_cents"] = cents
    return ProposedEffect(
        step=step,
        connector=manifest.name,
        operation=operation,
        arguments=arguments,
        amount_cents=cents,
    )


def _decision(asked: Question) -> Decision:
    evidence = [Evidence(source=f"policy#{n}", text=MESSAGE * 2, kind="passage", score=0.5) for n in range(6)]
    provenance = Provenance(
        by="local",
        name=f"{asked.task}@minilm-l6",
        version="v" * 64,
        inputs_hash=inputs_hash(asked),
        confidence=0.981,
        evidence=tuple(evidence),
        route=(RouteStep(candidate="local", taken=True, why="sure enough"),),
    )
    return Decision(task=asked.task, outcome="answered", answer={"label": "return"}, provenance=provenance)


def _verdict(case_id: str, effect: ProposedEffect) -> Verdict:
    reasons = tuple(
        PolicyReason(id=f"rule-{number}", reason="A small refund in time.", effect="permit", question="do")
        for number in range(2)
    )
    return Verdict(
        id=f"verdict-{effect_key(case_id, effect.step)}",
        outcome="allow",
        step=effect.step,
        reasons=reasons,
        facts=FACTS,
        policy_version=POLICY_VERSION,
    )


def _permit(case_id: str, effect: ProposedEffect, basis: str, manifest: Manifest, now: datetime) -> Permit:
    key = effect_key(case_id, effect.step)
    return Permit(
        id=permit_id(key, effect.arguments_hash, basis),
        effect_key=key,
        case_id=case_id,
        connector=effect.connector,
        operation=effect.operation,
        arguments_hash=effect.arguments_hash,
        amount_cents=effect.amount_cents,
        currency=effect.currency,
        connector_version=manifest.connector_version,
        policy_version=POLICY_VERSION,
        office_version="o" * 64,
        basis=basis,
        expires_at=now + timedelta(days=4),
    )
