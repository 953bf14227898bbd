"""How a verdict is shown: the outcome, who decided it, why, and on which facts."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue
from rich.markup import escape

from cli.terminal import OUT
from cli.views.outcome import coloured
from contracts.authorization import PolicyReason, Verdict
from contracts.money import money_text
from policy.source import Policy

QUESTIONS = {"do": "may it be done?", "unattended": "may it be done unattended?"}


def explained(verdict: Verdict, policies: Mapping[str, Policy]) -> dict[str, Any]:
    """Return a verdict with, for each policy that decided, the facts it read and where it stands now."""
    return {
        "id": verdict.id,
        "step": verdict.step,
        "outcome": verdict.outcome,
        "effect": verdict.facts.get("effect"),
        "decided_by": [_decided(reason, verdict, policies) for reason in verdict.reasons],
        "beaten": [reason.id for reason in verdict.beaten],
        "conflict": verdict.conflict,
        "asks": {"roles": verdict.ask_roles, "people": verdict.needed} if verdict.outcome == "ask" else None,
        "errors": verdict.errors,
        "policy_version": verdict.policy_version,
        "facts": verdict.facts,
    }


def compared(entry: dict[str, Any], then: Verdict, now: Verdict) -> dict[str, Any]:
    """Return an explained verdict with what today's policies say of the same facts."""
    same = (then.outcome, [r.id for r in then.reasons]) == (now.outcome, [r.id for r in now.reasons])
    today = {"outcome": now.outcome, "policies": [reason.id for reason in now.reasons], "same": same}
    return {**entry, "today": today}


def show_explained(case: str, entries: list[dict[str, Any]]) -> None:
    """Print all verdicts of a case."""
    OUT.print(f"[bold]{escape(case)}[/]", highlight=False)
    for entry in entries:
        show_verdict(entry)


def show_verdict(entry: dict[str, Any]) -> None:
    """Print one verdict: the outcome first, then each policy with its reason and its facts."""
    OUT.print(f"\n[bold]{escape(entry['step'])}[/] {coloured(entry['outcome'])}  {_effect(entry)}")
    for reason in entry["decided_by"]:
        mark = "[green]yes[/]" if reason["effect"] == "permit" else "[red]no[/] "
        where = f"  [dim]{reason['where']}[/]" if reason["where"] else ""
        OUT.print(f"  {QUESTIONS[reason['question']]} {mark} [bold]{reason['id']}[/]{where}", soft_wrap=True)
        OUT.print(f"      {escape(reason['reason'])}", highlight=False)
        if reason["facts"]:
            facts = ", ".join(
                f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in reason["facts"].items()
            )
            OUT.print(f"      on {escape(facts)}", highlight=False)
    if entry["beaten"]:
        OUT.print(f"  [dim]this beat {', '.join(entry['beaten'])}[/]")
    if entry["asks"]:
        OUT.print(
            f"  asks {entry['asks']['people']} of {' → '.join(entry['asks']['roles'])}", highlight=False
        )
    for error in entry["errors"]:
        OUT.print(f"  [red]error:[/] {escape(error)}")
    if today := entry.get("today"):
        words = "the same" if today["same"] else f"{today['outcome']} by {', '.join(today['policies'])}"
        OUT.print(f"  today's policies say: {words}", highlight=False)


def _effect(entry: dict[str, Any]) -> str:
    effect = entry["effect"]
    if not isinstance(effect, dict):
        return ""
    money = effect.get("amount_cents") or 0
    amount = f" {money_text(money, effect.get('currency', ''))}" if money else ""
    return escape(f"{effect.get('connector', '')}.{effect.get('operation', '')}{amount}")


def _decided(reason: PolicyReason, verdict: Verdict, policies: Mapping[str, Policy]) -> dict[str, Any]:
    policy = policies.get(reason.id)
    return {
        **reason.model_dump(mode="json"),
        "facts": {path: _at(verdict.facts, path) for path in policy.facts_read} if policy else {},
        "where": f"{policy.file}:{policy.line}" if policy else "",
    }


def _at(facts: Mapping[str, JsonValue], path: str) -> JsonValue:
    value: JsonValue = dict(facts)
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
