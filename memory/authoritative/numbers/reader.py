"""Numbers, read from the books."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, Float, Select, cast, func, literal, select
from sqlmodel import Session

from memory.authoritative.numbers import intervals
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Number, Reading, Scope, Statistic
from memory.database import reading

SHARES: dict[Statistic, float] = {"p50": 0.50, "p95": 0.95}


@dataclass(frozen=True)
class Behind:
    """A case behind a number.

    Attributes:
        value: what it adds: 1 or 0 for a share, None while that is open.
    """

    labels: Mapping[str, str]
    case_id: str
    value: float | None


class SqlNumbers:
    """Reads every number, and the cases behind it, by its one definition."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, scope: Scope, numbers: Sequence[Number] = NUMBERS) -> list[Reading]:
        """Return numbers as they stand, one reading for each set of labels; none where nothing counts."""
        with reading(self._engine) as session:
            return [found for number in numbers for found in _readings(session, number, scope)]

    def cases(
        self, number: Number, scope: Scope, labels: Mapping[str, str] | None = None, limit: int = 50
    ) -> list[Behind]:
        """Return the cases behind a number, those first that a person wants to see.

        Args:
            number: its definition.
            scope: as it was read for.
            labels: only those with these labels; all, if they are left out.
            limit: at most so many.
        """
        items = number.items(scope).subquery("items")
        order = items.c.value.asc() if number.first == "low" else items.c.value.desc()
        query = select(items).order_by(items.c.value.is_(None), order, items.c.case_id).limit(limit)
        for name, value in (labels or {}).items():
            query = query.where(items.c[name] == value)
        with reading(self._engine) as session:
            return [
                Behind(
                    labels={name: str(row[name]) for name in number.labels},
                    case_id=row["case_id"],
                    value=None if row["value"] is None else float(row["value"]),
                )
                for row in session.execute(query).mappings()
            ]


def _readings(session: Session, number: Number, scope: Scope) -> Iterator[Reading]:
    # Materialized, so that what an item's value costs is paid once, not once for each sum over it.
    items = number.items(scope).cte("items").prefix_with("MATERIALIZED")
    groups = session.execute(_counted(number, items)).mappings().all()
    placed = _placed(session, number, items, [row["n"] for row in groups]) if number.kind == "spread" else {}
    for row in groups:
        key = tuple(str(row[name]) for name in number.labels)
        named = dict(zip(number.labels, key, strict=True))
        target = number.target(scope, named)
        if number.kind == "share":
            yield _share(number, named, row, target)
        elif number.kind == "spread":
            values = placed.get(key, {})
            yield from (
                replace(_spread(number, named, row, each, values), target=target)
                for each in number.statistics
            )
        else:
            value_ = row["most"] if number.kind == "oldest" else row["total"]
            yield Reading(number.name, named, float(value_), row["n"], target=target)


def _counted(number: Number, items: Any) -> Select[Any]:
    """Return the query of a number's groups: how many count, their sum, the largest."""
    labels = [items.c[name] for name in number.labels]
    value = items.c.value
    squares = func.sum(cast(value, Float) * cast(value, Float)) if number.kind == "spread" else literal(None)
    counted = select(
        *labels,
        func.count(value).label("n"),
        func.count().label("all_"),
        func.sum(value).label("total"),
        func.max(value).label("most"),
        squares.label("squares"),
    )
    return counted.group_by(*labels).order_by(*labels)


def _share(number: Number, labels: Mapping[str, str], row: Any, target: float | None) -> Reading:
    n, hits = row["n"], int(row["total"] or 0)
    low, high = intervals.of_share(hits, n)
    return Reading(
        number.name, labels, hits / n if n else None, n, low, high, hits, row["all_"] - n, target=target
    )


def _spread(
    number: Number,
    labels: Mapping[str, str],
    row: Any,
    statistic: Statistic,
    placed: Mapping[int, float],
) -> Reading:
    n, total = row["n"], float(row["total"] or 0)
    if statistic == "mean":
        low, high = intervals.of_mean(n, total, float(row["squares"] or 0))
        value: float | None = total / n if n else None
    else:
        ranks = intervals.ranks(SHARES[statistic], n)
        value, low, high = (placed.get(rank) for rank in ranks)
    return Reading(number.name, labels, value, n, low, high, statistic=statistic)


def _placed(
    session: Session, number: Number, items: Any, counts: Sequence[int]
) -> dict[tuple[str, ...], dict[int, float]]:
    """Return the values at the places that quantiles of groups of these sizes need, by labels and place."""
    shares = [SHARES[statistic] for statistic in number.statistics if statistic in SHARES]
    wanted = sorted({rank for n in counts if n for share in shares for rank in intervals.ranks(share, n)})
    if not wanted:
        return {}
    labels = [items.c[name] for name in number.labels]
    place = func.row_number().over(partition_by=labels, order_by=items.c.value).label("place")
    ranked = select(*labels, items.c.value, place).where(items.c.value.is_not(None)).subquery("ranked")
    found: dict[tuple[str, ...], dict[int, float]] = {}
    query = select(ranked).where(ranked.c.place.in_(wanted))
    for row in session.execute(query).mappings():
        key = tuple(str(row[name]) for name in number.labels)
        found.setdefault(key, {})[row["place"]] = float(row["value"])
    return found
