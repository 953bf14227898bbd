"""Every number of the office; board, command line, metrics, dashboard and docs are made from this list."""

from collections.abc import Mapping

from memory.authoritative.numbers import automation, backlog, costs, failures, people
from memory.authoritative.numbers.number import Number, Scope


def _case_budget(scope: Scope, _labels: Mapping[str, str]) -> float | None:
    return scope.case_budget_usd


def _latency_budget(scope: Scope, labels: Mapping[str, str]) -> float | None:
    budget = scope.latency_budgets_ms.get(labels["task"])
    return budget / 1000 if budget is not None else None


NUMBERS = (
    Number(
        "kontor_automation_ratio",
        "Automation rate",
        "share",
        "Cases that ended settled or denied with nobody ever asked and nobody handling them, of all cases"
        " opened in the window, those under way included.",
        ("desk",),
        automation.automated,
        "share",
        first="low",
    ),
    Number(
        "kontor_automation_accuracy_ratio",
        "Automation accuracy",
        "share",
        "Mature cases that did something on the policy's word alone and were neither taken back by a person"
        " nor found to differ from the outside world, of all such cases.",
        ("desk",),
        automation.accurate,
        "share",
        first="low",
    ),
    Number(
        "kontor_reversal_ratio",
        "Overrides",
        "share",
        "Cases that did something on the policy's word alone and that a person took back in time, of all such"
        " cases.",
        ("desk",),
        automation.reversals,
        "share",
    ),
    Number(
        "kontor_edit_ratio",
        "Edits",
        "share",
        "Requests that people narrowed, of those that they approved, narrowed or rejected.",
        ("desk",),
        people.edits,
        "share",
    ),
    Number(
        "kontor_rejection_ratio",
        "Rejections",
        "share",
        "Requests that people rejected, of those that they approved, narrowed or rejected.",
        ("desk",),
        people.rejections,
        "share",
    ),
    Number(
        "kontor_disagreement_ratio",
        "Disagreement",
        "share",
        "What people narrowed, rejected or took back, of all that was proposed to them and answered or was"
        " done without them.",
        ("desk",),
        automation.disagreements,
        "share",
    ),
    Number(
        "kontor_lapse_ratio",
        "Lapses",
        "share",
        "Requests that nobody answered in time, of all that were asked and have ended.",
        ("desk",),
        people.lapses,
        "share",
    ),
    Number(
        "kontor_moot_ratio",
        "Moot requests",
        "share",
        "Requests that were withdrawn before anybody answered, of all that were asked and have ended.",
        ("desk",),
        people.withdrawals,
        "share",
    ),
    Number(
        "kontor_edits_cut_cents",
        "Cut by edits",
        "cents",
        "By how much people lowered what was asked, in smallest units of the currency.",
        ("desk", "currency"),
        people.cuts,
        "total",
    ),
    Number(
        "kontor_divergences",
        "Open differences",
        "count",
        "Differences between our books and the outside world that are neither healed nor closed.",
        ("connector", "kind"),
        backlog.differences,
        "total",
    ),
    Number(
        "kontor_divergence_stake_cents",
        "Money in open differences",
        "cents",
        "Money that the open differences are about, in smallest units of the currency.",
        ("connector", "currency"),
        backlog.stakes,
        "total",
    ),
    Number(
        "kontor_divergence_oldest_seconds",
        "Oldest open difference",
        "seconds",
        "How long ago the oldest open difference was found.",
        ("connector",),
        backlog.ages,
        "oldest",
    ),
    Number(
        "kontor_effects_in_doubt",
        "Effects in doubt",
        "count",
        "Effects whose end nobody knows, or that were sent more than five minutes ago without an answer.",
        ("connector", "operation"),
        backlog.doubts,
        "total",
    ),
    Number(
        "kontor_failures",
        "Failure modes",
        "count",
        "What went wrong in the window: calls of connectors, questions to models, verdicts other than allow,"
        " requests and answers that came to nothing, cases that failed or were undone.",
        ("layer", "place", "mode"),
        failures.failures,
        "total",
    ),
    Number(
        "kontor_case_lead_seconds",
        "Lead time",
        "seconds",
        "From a case's opening to its first end, for cases opened in the window that have ended.",
        ("desk",),
        costs.leads,
        "spread",
        ("p50", "p95"),
    ),
    Number(
        "kontor_approval_wait_seconds",
        "Waiting for people",
        "seconds",
        "From asking to the answer, for requests that people approved, narrowed or rejected.",
        ("desk",),
        people.waits,
        "spread",
        ("p50", "p95"),
    ),
    Number(
        "kontor_case_handling_seconds",
        "Handling time",
        "seconds",
        "How long people looked at a case's requests, at most five minutes a look, over all cases opened in"
        " the window.",
        ("desk",),
        people.handling,
        "spread",
        ("mean",),
    ),
    Number(
        "kontor_case_cost_usd",
        "Cost of models per case",
        "usd",
        "What models cost for a case that was opened in the window and has ended, against the budget of one"
        " case.",
        ("desk",),
        costs.costs,
        "spread",
        ("mean", "p95"),
        target=_case_budget,
    ),
    Number(
        "kontor_decision_latency_seconds",
        "Latency of decisions",
        "seconds",
        "How long a model took to decide, batch jobs left out, against the task's budget.",
        ("task",),
        costs.latencies,
        "spread",
        ("p50", "p95"),
        target=_latency_budget,
    ),
    Number(
        "kontor_decision_in_budget_ratio",
        "Decisions within their latency budget",
        "share",
        "Decisions by models that took no longer than their task may, of all such decisions, batch jobs left"
        " out.",
        ("task",),
        costs.in_time,
        "share",
        first="low",
    ),
)
"""In the order in which a person reads them."""
