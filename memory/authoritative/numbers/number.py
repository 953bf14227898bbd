"""One number of the office: what it means, what it is counted over, and how sure it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select

FEW = 30
"""Of fewer cases a share is said as counts: a percentage of them would look surer than it is."""
Kind = Literal["share", "total", "oldest", "spread"]
Statistic = Literal["mean", "p50", "p95"]


@dataclass(frozen=True)
class Scope:
    """What numbers are read for.

    Attributes:
        since: the set that most numbers count over: what was opened, asked or decided from here on,
        until: and before this moment.
        now: the moment that ages are told of.
        undo_within: how long after an effect its undoing by a person counts against it; a case is mature
            once that has passed.
        latency_budgets_ms: what each task may take.
        case_budget_usd: what models may cost for one case; None where there is no office.
    """

    since: datetime
    until: datetime
    now: datetime
    undo_within: timedelta = timedelta(days=30)
    latency_budgets_ms: Mapping[str, float] = field(default_factory=dict)
    case_budget_usd: float | None = None


@dataclass(frozen=True)
class Number:
    """The definition that everything which shows the number is made from.

    Attributes:
        name: in Prometheus' style, with the base unit at its end.
        unit: `share`, `count`, `cents`, `seconds` or `usd`.
        meaning: one sentence: what is counted, over which set.
        labels: what it is told apart by.
        items: the query: labels, `case_id` and `value` of each thing that counts. For a share the value is
            1 or 0, and null for what is still open. The number and the cases behind it are both read
            from here.
        kind: how the items become a number: a share of them, their sum, the largest of them, or how they
            are spread.
        statistics: for a spread, which of it.
        first: which values a person wants to see first among the cases behind it.
        target: what it is held against, by labels; None where nothing is declared.
    """

    name: str
    title: str
    unit: str
    meaning: str
    labels: tuple[str, ...]
    items: Callable[[Scope], Select[Any]]
    kind: Kind
    statistics: tuple[Statistic, ...] = ()
    first: Literal["low", "high"] = "high"
    target: Callable[[Scope, Mapping[str, str]], float | None] = lambda _scope, _labels: None

    @property
    def interval(self) -> str:
        """How sure it is said to be."""
        if self.kind == "share":
            return "Wilson"
        if self.kind == "spread":
            means = ["Student's t"] if "mean" in self.statistics else []
            return " and ".join([*means, *(["order statistics"] if set(self.statistics) - {"mean"} else [])])
        return "none: all are counted"

    @property
    def link(self) -> str:
        """Where the console shows the cases behind it; labels follow as parameters."""
        return f"/cases?number={self.name}"


@dataclass(frozen=True)
class Reading:
    """A number at one moment, for one set of labels.

    Attributes:
        value: the number; None if there is nothing to count.
        n: of how many.
        low, high: its 95 % interval; None where there is none.
        hits: for a share, how many of the n.
        open: for a share, how many may still come to count.
        statistic: for a spread, which of it.
        target: what it is held against.
    """

    name: str
    labels: Mapping[str, str]
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    hits: int | None = None
    open: int = 0
    statistic: str = ""
    target: float | None = None

    @property
    def few(self) -> bool:
        """Whether a share is to be said as counts."""
        return self.hits is not None and self.n < FEW
