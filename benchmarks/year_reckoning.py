"""The office's numbers, reckoned anew from a generated year, case by case and without a database."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from benchmarks.year import Row, Year
from memory.authoritative.numbers.number import Scope
from memory.tables.approvals import AnswerRow, ApprovalRow, AttentionRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectCallRow, EffectRow, PermitRow
from memory.tables.verdicts import VerdictRow

Labels = tuple[str, ...]
Items = Iterator[tuple[Labels, float | None]]
ANSWERED = ("approved", "edited", "rejected")


class Reckoned(NamedTuple):
    """What a number must be: its value, of how many, and how many are open."""

    value: float | None
    n: int
    open: int = 0


class Reckoning:
    """Goes through the rows with plain loops."""

    def __init__(self, year: Year, scope: Scope) -> None:
        """Sort the rows by what they belong to."""
        self._rows, self._scope = year.rows, scope
        self._cases = {row["id"]: row for row in self._rows[CaseRow]}
        self._bases: dict[str, Row] = {row["id"]: row for row in self._rows[VerdictRow]}
        self._requests = {row["id"]: row for row in self._rows[ApprovalRow]}
        self._permits = {row["id"]: row for row in self._rows[PermitRow]}
        self._effects = {row["key"]: row for row in self._rows[EffectRow]}
        self._asked = {row["case_id"] for row in self._rows[ApprovalRow] if _because(row) is None}
        self._taken_back = set(self._undone_by_people())
        self._alone = self._ran_alone()

    def of(self, name: str, statistic: str = "") -> dict[Labels, Reckoned]:
        """Return what a number must be, by its labels."""
        groups: dict[Labels, list[float | None]] = defaultdict(list)
        how, items = ITEMS[name]
        for labels, value in items(self):
            groups[labels].append(value)
        return {labels: HOW[statistic or how](values) for labels, values in groups.items()}

    def _in_window(self, moment: datetime) -> bool:
        return self._scope.since <= moment < self._scope.until

    def _opened(self) -> Iterable[Row]:
        return (row for row in self._cases.values() if self._counts(row))

    def _counts(self, case: Row) -> bool:
        return self._in_window(case["opened_at"]) and case["desk"] != "books"

    def _undone_by_people(self) -> Iterator[str]:
        for undo in self._rows[EffectRow]:
            if undo["compensates"] is None or undo["state"] != "applied":
                continue
            done = self._effects[undo["compensates"]]
            basis = self._permits[undo["permit_id"]]["basis"]
            judged = self._bases.get(basis)
            because = judged["body"]["facts"].get("because") if judged else _because(self._requests[basis])
            late = undo["intended_at"] - (done["sent_at"] or done["intended_at"]) > self._scope.undo_within
            if because == "person" and not late:
                yield undo["case_id"]

    def _ran_alone(self) -> dict[str, datetime]:
        first: dict[str, datetime] = {}
        for effect in self._rows[EffectRow]:
            by_policy = self._permits[effect["permit_id"]]["basis"] in self._bases
            case_id, at = effect["case_id"], effect["intended_at"]
            alone = effect["compensates"] is None and by_policy and case_id not in self._asked
            if alone and self._counts(self._cases[case_id]):
                first[case_id] = min(first.get(case_id, at), at)
        return first

    def automated(self) -> Items:
        """Yield cases, and whether nobody had to do with them."""
        for case in self._opened():
            alone = case["id"] not in self._asked and not case["by_person"]
            yield (case["desk"],), float(alone and case["status"] in ("settled", "denied"))

    def accurate(self) -> Items:
        """Yield cases that ran alone, and whether they were right."""
        standing = ("open", "case", "closed")
        wrong = self._taken_back | {
            row["effect_case"] for row in self._rows[DivergenceRow] if row["standing"] in standing
        }
        for case_id, at in self._alone.items():
            case = self._cases[case_id]
            mature = at <= self._scope.now - self._scope.undo_within or case_id in wrong
            sure = mature and case["status"] not in ("running", "waiting")
            yield (case["desk"],), float(case_id not in wrong) if sure else None

    def reversals(self) -> Items:
        """Yield cases that ran alone, and whether people took them back."""
        for case_id in self._alone:
            yield (self._cases[case_id]["desk"],), float(case_id in self._taken_back)

    def requests(self) -> Iterable[Row]:
        """Return what was asked in the window, undoing left out."""
        rows = self._rows[ApprovalRow]
        return (row for row in rows if self._in_window(row["requested_at"]) and _because(row) is None)

    def ended_as(self, outcome: str, among: tuple[str, ...]) -> Items:
        """Yield requests with one of these ends, and whether it is this one."""
        for row in self.requests():
            if row["status"] == "waiting":
                yield (row["desk"],), None
            elif row["status"] in among:
                yield (row["desk"],), float(row["status"] == outcome)

    def disagreements(self) -> Items:
        """Yield what was proposed, and whether people thought otherwise."""
        yield from self.reversals()
        for row in self.requests():
            if row["status"] in ANSWERED:
                yield (row["desk"],), float(row["status"] != "approved" or row["case_id"] in self._taken_back)

    def cuts(self) -> Items:
        """Yield narrowed requests, and by how much."""
        for row in self.requests():
            if row["status"] == "edited":
                yield (row["desk"], row["currency"]), row["amount_cents"] - row["agreed_cents"]

    def open_differences(self, *labels: str, value: Callable[[Row], float]) -> Items:
        """Yield open divergences."""
        for row in self._rows[DivergenceRow]:
            if row["standing"] in ("open", "case"):
                yield tuple(row[label] for label in labels), value(row)

    def age(self, row: Row) -> float:
        """Return how long ago a divergence was found."""
        return _seconds(self._scope.now - row["found_at"])

    def doubts(self) -> Items:
        """Yield effects in doubt."""
        for row in self._rows[EffectRow]:
            silent = row["state"] == "sent" and row["sent_at"] <= self._scope.now - timedelta(minutes=5)
            if row["state"] == "unknown" or silent:
                yield (row["connector"], row["operation"]), 1

    def failures(self) -> Items:
        """Yield failures of every layer."""
        for call in self._rows[EffectCallRow]:
            effect = self._effects[call["effect_key"]]
            if self._in_window(call["started_at"]) and call["outcome"] != "applied":
                mode = call["outcome"] + (f"/{call['settled_by']}" if call["settled_by"] else "")
                yield ("connector", f"{effect['connector']}.{effect['operation']}", mode), 1
        for made in self._rows[DecisionRow]:
            if self._in_window(self._moment(made)) and made["outcome"] != "answered":
                yield ("model", made["name"], made["outcome"]), 1
        for verdict in self._rows[VerdictRow]:
            if self._in_window(self._moment(verdict)) and verdict["outcome"] != "allow":
                mode = verdict["outcome"] + ("/conflict" if verdict["conflict"] else "")
                yield (
                    (
                        "policy",
                        verdict["policy_version"][:12],
                        "error" if verdict["body"]["errors"] else mode,
                    ),
                    1,
                )
        for request in self.requests():
            if request["status"] in ("expired", "withdrawn"):
                yield ("people", request["desk"], request["status"]), 1
        for answer in self._rows[AnswerRow]:
            if self._in_window(answer["at"]) and answer["standing"] in ("foreign", "conflicting"):
                yield ("people", self._requests[answer["request_id"]]["desk"], answer["standing"]), 1
        for case in self._opened():
            if case["status"] in ("failed", "undone"):
                yield ("case", case["desk"], case["status"]), 1

    def _moment(self, row: Row) -> datetime:
        moment: datetime = row["at"] or self._cases[row["case_id"]]["opened_at"]
        return moment

    def leads(self) -> Items:
        """Yield ended cases, and how long each took."""
        for case in self._opened():
            if case["ended_at"] and case["status"] not in ("running", "waiting"):
                yield (case["desk"],), _seconds(case["ended_at"] - case["opened_at"])

    def waits(self) -> Items:
        """Yield answered requests, and how long each waited."""
        for row in self.requests():
            if row["status"] in ANSWERED:
                yield (row["desk"],), _seconds(row["closed_at"] - row["requested_at"])

    def handling(self) -> Items:
        """Yield cases, and how long people worked on each."""
        answers: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        for answer in self._rows[AnswerRow]:
            answers[answer["request_id"], answer["person"]].append(answer["at"])
        worked: dict[str, float] = defaultdict(float)
        for look in self._rows[AttentionRow]:
            said = [at for at in answers[look["request_id"], look["person"]] if at >= look["shown_at"]]
            end = look["left_at"] or min(said, default=look["shown_at"])
            seconds = look["visible_seconds"] or _seconds(end - look["shown_at"])
            worked[self._requests[look["request_id"]]["case_id"]] += min(300.0, seconds)
        for case in self._opened():
            yield (case["desk"],), worked[case["id"]]

    def costs(self) -> Items:
        """Yield ended cases, and what models cost for each."""
        spent: dict[str, float] = defaultdict(float)
        for made in self._rows[DecisionRow]:
            spent[made["case_id"]] += made["cost_microusd"] / 1e6
        for case in self._opened():
            if case["status"] not in ("running", "waiting"):
                yield (case["desk"],), spent[case["id"]]

    def _measured(self) -> Iterable[Row]:
        return (
            row
            for row in self._rows[DecisionRow]
            if row["decided_by"] in ("local", "gemini") and row["latency_ms"] is not None
            if "@batch" not in row["step"] and self._in_window(self._moment(row))
        )

    def latencies(self) -> Items:
        """Yield decisions of models, and how long each took."""
        for row in self._measured():
            yield (row["task"],), row["latency_ms"] / 1000

    def in_time(self) -> Items:
        """Yield decisions of tasks with a budget, and whether they kept it."""
        budgets = self._scope.latency_budgets_ms
        for row in self._measured():
            if row["task"] in budgets:
                yield (row["task"],), float(row["latency_ms"] <= budgets[row["task"]])


def _because(request: Row) -> str | None:
    because: str | None = request["request"]["plan"]["facts"].get("because")
    return because


def _seconds(length: timedelta) -> float:
    return length / timedelta(seconds=1)


def _share(values: list[float | None]) -> Reckoned:
    known = [value for value in values if value is not None]
    return Reckoned(sum(known) / len(known) if known else None, len(known), len(values) - len(known))


def _sum(values: list[Any]) -> Reckoned:
    return Reckoned(float(sum(values)), len(values))


def _most(values: list[Any]) -> Reckoned:
    return Reckoned(max(values), len(values))


def _mean(values: list[Any]) -> Reckoned:
    return Reckoned(sum(values) / len(values), len(values))


def _quantile(share: float) -> Callable[[list[Any]], Reckoned]:
    return lambda values: Reckoned(sorted(values)[ceil(share * len(values)) - 1], len(values))


HOW: Mapping[str, Callable[[list[Any]], Reckoned]] = {
    "share": _share, "sum": _sum, "most": _most, "mean": _mean, "p50": _quantile(0.5), "p95": _quantile(0.95),
}  # fmt: skip
ENDS = (*ANSWERED, "expired", "withdrawn")
ITEMS: Mapping[str, tuple[str, Callable[[Reckoning], Items]]] = {
    "kontor_automation_ratio": ("share", Reckoning.automated),
    "kontor_automation_accuracy_ratio": ("share", Reckoning.accurate),
    "kontor_reversal_ratio": ("share", Reckoning.reversals),
    "kontor_edit_ratio": ("share", lambda own: own.ended_as("edited", ANSWERED)),
    "kontor_rejection_ratio": ("share", lambda own: own.ended_as("rejected", ANSWERED)),
    "kontor_disagreement_ratio": ("share", Reckoning.disagreements),
    "kontor_lapse_ratio": ("share", lambda own: own.ended_as("expired", ENDS)),
    "kontor_moot_ratio": ("share", lambda own: own.ended_as("withdrawn", ENDS)),
    "kontor_edits_cut_cents": ("sum", Reckoning.cuts),
    "kontor_divergences": (
        "sum",
        lambda own: own.open_differences("connector", "kind", value=lambda _row: 1),
    ),
    "kontor_divergence_stake_cents": (
        "sum",
        lambda own: own.open_differences("connector", "currency", value=lambda row: row["at_stake_cents"]),
    ),
    "kontor_divergence_oldest_seconds": (
        "most",
        lambda own: own.open_differences("connector", value=own.age),
    ),
    "kontor_effects_in_doubt": ("sum", Reckoning.doubts),
    "kontor_failures": ("sum", Reckoning.failures),
    "kontor_case_lead_seconds": ("p50", Reckoning.leads),
    "kontor_approval_wait_seconds": ("p50", Reckoning.waits),
    "kontor_case_handling_seconds": ("mean", Reckoning.handling),
    "kontor_case_cost_usd": ("mean", Reckoning.costs),
    "kontor_decision_latency_seconds": ("p50", Reckoning.latencies),
    "kontor_decision_in_budget_ratio": ("share", Reckoning.in_time),
}
