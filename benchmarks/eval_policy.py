"""Do the policies of two published shops decide as those shops do?"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from benchmarks.data import DataMissing, data_folder
from benchmarks.rows import Row
from benchmarks.tau_shop import Action, Shop, load_actions, load_shop, replayed
from contracts.authorization import Plan, Verdict
from contracts.effect import ProposedEffect
from policy.engine import CedarEngine
from workflows.registry import fact_types

EXAMPLES = Path(__file__).parent.parent / "examples"
SIX_MONTHS_DAYS = 180
"""How `examples/abcd` reads "6 months"; days 181 to 184 depend on the calendar and are left out."""

Facts = dict[str, JsonValue]


async def rows() -> list[Row]:
    """Return the shares of decisions that agree with the shops, and of traps that are caught."""
    try:
        return [*tau_rows(data_folder("tau_retail")), abcd_row(data_folder("policies") / "abcd")]
    except DataMissing as missing:
        print(f"policy: {missing}")  # noqa: T201 — an evaluation tells whoever started it
        return []


def judge(engine: CedarEngine, desk: str, operation: str, facts: Facts) -> Verdict:
    """Return the verdict on one operation."""
    effect = ProposedEffect(step=operation, connector="shop", operation=operation, arguments={})
    plan = Plan(case_id="eval", desk=desk, summary=operation, facts=facts, effects=(effect,))
    return engine.judge(plan)[0]


def tau_rows(folder: Path) -> list[Row]:
    """Measure tau retail: accepted and refused actions, and the traps its rules name."""
    engine = CedarEngine.from_office(EXAMPLES / "tau_retail", fact_types())
    accepted: list[bool] = []
    refused: list[bool] = []
    traps: list[bool] = []
    asked = 0
    for action, shop in replayed(load_shop(folder), load_actions(folder)):
        if shop.orders[action.order]["status"] != action.status_before:
            raise ValueError(f"{action.task}: the replay is not where the record is")
        facts = shop.facts(action)
        verdict = judge(engine, "retail", action.operation, facts)
        agrees = (verdict.outcome != "deny") == action.accepted and not verdict.errors
        (accepted if action.accepted else refused).append(agrees)
        asked += verdict.outcome == "ask"
        if action.accepted:
            traps += [
                judge(engine, "retail", action.operation, trapped).outcome in caught
                for _, trapped, caught in trapped_facts(action, shop, facts)
            ]
    return [
        Row("policy.tau.accepted_ok", _share(accepted), "share", 1.0),
        Row("policy.tau.refused_ok", _share(refused), "share", 1.0),
        Row("policy.tau.traps_ok", _share(traps), "share", 1.0),
        Row("policy.tau.actions", len(accepted) + len(refused), "count"),
        Row("policy.tau.traps", len(traps), "count"),
        Row("policy.tau.asked", asked, "count"),
    ]


def trapped_facts(action: Action, shop: Shop, facts: Facts) -> Iterator[tuple[str, Facts, tuple[str, ...]]]:
    """Yield, for an action the shop accepts, each way to break a rule of `policy_rules.csv` by it.

    A trap is a rule's name, the facts of the broken action, and the outcomes that catch it.
    """
    deny = ("deny",)
    for rule, change in _changed_facts(action.operation).items():
        yield rule, {**facts, **change}, deny
    for rule, broken in _broken_actions(action, shop).items():
        caught = ("deny", "ask") if rule == "EXC-2 same variant" else deny
        yield rule, shop.facts(broken), caught
    if action.operation not in ("modify_address", "modify_payment"):
        after = shop.changing(action)
        after.apply(action)
        yield "ONCE-1/MOD-4/RET-4/EXC-4 again", after.facts(action), deny


def _changed_facts(operation: str) -> dict[str, Facts]:
    """Return what no database shows: who speaks, whether they agreed, and other statuses."""
    changes: dict[str, Facts] = {
        "AUTH-1": {"identified": False},
        "AUTH-2": {"own_order": False},
        "CONF-1": {"confirmed": False},
        "SCOPE-2": {"order_status": "processed"},
        "SCOPE-2 cancelled": {"order_status": "cancelled"},
        "MOD-4": {"order_status": "pending (item modified)"},
        "ONCE-1": {"order_status": "exchange requested"},
        "RET-4": {"order_status": "return requested"},
    }
    delivered = operation in ("return_items", "exchange_items")
    changes["CAN-1/MOD-1/RET-1/EXC-1"] = {"order_status": "pending" if delivered else "delivered"}
    if operation == "cancel_order":
        changes |= {"CAN-2": {"reason": "found it cheaper"}, "CAN-3": {"whole_order": False}}
    if operation == "modify_payment":
        changes |= {"PAY-1 paid twice": {"payments": 2}, "PAY-2": _short_card("total_cents")}
    if operation in ("modify_items", "exchange_items"):
        changes |= {"MOD-3/EXC-3": _short_card("price_difference_cents")}
    if operation == "return_items":
        changes |= {"RET-2": {"method_is_original": False, "method_source": "credit_card"}}
    return changes


def _short_card(owed: str) -> Facts:
    """Return a gift card that is one cent short of what is owed."""
    return {"method_source": "gift_card", "gift_card_cents": 4999, owed: 5000}


def _broken_actions(action: Action, shop: Shop) -> dict[str, Action]:
    """Return the action with another method, other items, or other counts, as a customer may ask it."""
    broken: dict[str, Action] = {}
    if action.method:
        broken["RET-2/EXC-3 not theirs"] = replace(action, method="gift_card_0000000")
    if action.operation == "modify_payment":
        paid_with = shop.orders[action.order]["payment_history"][0]["payment_method_id"]
        broken["PAY-1 same method"] = replace(action, method=paid_with)
    if action.items:
        broken["RET-3 not in the order"] = replace(action, items=("0000000000", *action.items[1:]))
        many = action.items + action.items[:1] * 20
        broken["RET-3 more than bought"] = replace(action, items=many)
    if action.new_items:
        broken["EXC-2 counts"] = replace(action, new_items=action.new_items + action.new_items[:1])
        broken["EXC-2 same variant"] = replace(action, new_items=action.items)
        product = shop.variants[action.items[0]][0]
        other = next(item for item, (owner, _) in shop.variants.items() if owner != product)
        broken["EXC-2/MOD-2 other product"] = replace(action, new_items=(other, *action.new_items[1:]))
        gone = _unavailable(shop, product)
        if gone:
            broken["EXC-2/MOD-2 not available"] = replace(action, new_items=(gone, *action.new_items[1:]))
    return broken


def _unavailable(shop: Shop, product: str) -> str | None:
    variants = shop.products[product]["variants"].items()
    return next((item for item, variant in variants if not variant["available"]), None)


def abcd_row(folder: Path) -> Row:
    """Measure ABCD's return windows: every level, day, receipt and packaging against its own table."""
    engine = CedarEngine.from_office(EXAMPLES / "abcd", fact_types())
    with (folder / "return_policy.csv").open() as lines:
        table = {row["member_level"]: _rule(row) for row in csv.DictReader(lines)}
    agrees = []
    for level, may_return in table.items():
        for days in (0, 1, 29, 30, 31, 60, 89, 90, 91, 120, 179, 180, 185, 365, 3650):
            for receipt in (False, True):
                for packaging in (False, True):
                    facts: Facts = {
                        "member_level": level,
                        "purchase_valid": True,
                        "days_since_purchase": days,
                        "has_receipt": receipt,
                        "original_packaging": packaging,
                        "days_waiting": 0,
                    }
                    verdict = judge(engine, "abcd", "return_item", facts)
                    expected = may_return(days, receipt, packaging)
                    agrees.append((verdict.outcome != "deny") == expected and not verdict.errors)
    return Row("policy.abcd.ok", _share(agrees), "share", 1.0)


def _rule(row: dict[str, str]) -> Callable[[int, bool, bool], bool]:
    """Return a line of ABCD's table as a function of days, receipt and packaging."""
    limit = row["days_limit"]
    days = {"unlimited": 10**9, "6 months": SIX_MONTHS_DAYS}.get(limit)
    within = days if days is not None else int(limit)
    receipt_helps, packaging_helps = row["or_has_receipt"] == "True", row["or_original_packaging"] == "True"
    return lambda age, receipt, packaging: (
        age <= within or (receipt_helps and receipt) or (packaging_helps and packaging)
    )


def _share(agrees: list[bool]) -> float:
    return sum(agrees) / len(agrees)
