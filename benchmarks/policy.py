"""What a verdict costs in process, with the office's own policies and with 500."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.rows import Row
from contracts.authorization import Plan
from contracts.effect import ProposedEffect
from policy.engine import CedarEngine
from policy.policy_set import PolicySet, policies_version, read_policy_set
from policy.source import Policy, read_policies
from workflows.registry import fact_types
from workflows.returns.facts import ReturnFacts
from workflows.returns.types import DESK

OFFICE = Path(__file__).parent.parent / "office"
POLICIES = 500
ROUNDS = int(os.environ.get("KONTOR_BENCH_VERDICTS", "5000"))
BAR_MS = 2.0
"""The 99th percentile at 500 policies."""


async def rows() -> list[Row]:
    """Return verdict times; one verdict is both questions about one effect."""
    book, _ = read_policy_set(OFFICE, fact_types())
    engine, large = CedarEngine(book), CedarEngine(enlarged(book, POLICIES))
    started = time.perf_counter()
    CedarEngine.from_office(OFFICE, fact_types())
    load_ms = (time.perf_counter() - started) * 1000
    asked = plan()
    office_ms, _ = timed(lambda: engine.judge(asked))
    large_ms, large_cpu_ms = timed(lambda: large.judge(asked))
    return [
        Row("policy.verdict_p50_ms_office", percentile(office_ms, 50), "ms"),
        Row("policy.verdict_p99_ms_office", percentile(office_ms, 99), "ms"),
        Row("policy.verdict_p50_ms_500", percentile(large_ms, 50), "ms"),
        Row("policy.verdict_p99_ms_500", percentile(large_ms, 99), "ms", BAR_MS),
        Row("policy.verdict_p99_cpu_ms_500", percentile(large_cpu_ms, 99), "ms", BAR_MS),
        Row("policy.office_load_ms", load_ms, "ms"),
    ]


def plan() -> Plan:
    """Return a small refund: the plan every desk judges most."""
    facts = ReturnFacts(
        intent="return",
        reason="size",
        understood=True,
        order_status="delivered",
        amount_cents=4000,
        paid_cents=9000,
        remaining_cents=9000,
        days_since_delivery=10,
        member_level="silver",
        earlier_returns=1,
        already_returned=False,
        channel="webshop",
    )
    effect = ProposedEffect(
        step="refund",
        connector="webshop",
        operation="refund",
        arguments={"order": "W-1", "amount_cents": 4000},
        amount_cents=4000,
        currency="EUR",
    )
    return Plan(
        case_id="returns/webshop/RMA-1",
        desk=DESK,
        summary="bench",
        facts=facts.model_dump(mode="json"),
        effects=(effect,),
    )


def enlarged(book: PolicySet, size: int) -> PolicySet:
    """Return the book with made-up rules up to `size`, half about each question, all about the refund."""
    rules = [_rule(number) for number in range(size - len(book.policies))]
    extra, problems = read_policies("\n".join(rules), "bench.cedar")
    assert not problems, problems
    policies: tuple[Policy, ...] = (*book.policies, *extra)
    return PolicySet(policies, book.staff, book.words, policies_version(policies))


def _rule(number: int) -> str:
    question = ("do", "unattended")[number % 2]
    return (
        f'@id("bench.rule-{number}") @reason("Rule {number}.") '
        f'forbid (principal == Desk::"returns", action == returns::Action::"{question}", '
        f'resource == Operation::"refund") '
        f'when {{ context.channel == "shop-{number}" && context.effect.amount_cents > {number} && '
        f'["bronze", "silver"].contains(context.member_level) && '
        f"context.days_since_delivery > {number % 90} }};"
    )


def timed(judge: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each call, sorted, after a warm-up: by the clock, and of this thread.

    The thread's own time leaves out what others on the machine took meanwhile.
    """
    for _ in range(50):
        judge()
    clock, thread = [], []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.thread_time()
        judge()
        thread.append((time.thread_time() - worked) * 1000)
        clock.append((time.perf_counter() - began) * 1000)
    return sorted(clock), sorted(thread)


def percentile(times: list[float], share: int) -> float:
    """Return a percentile of sorted times."""
    return times[min(len(times) - 1, len(times) * share // 100)]
