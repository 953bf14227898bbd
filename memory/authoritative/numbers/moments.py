"""Seconds between two moments, on both engines."""

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class seconds_between(FunctionElement[float]):  # noqa: N801 - it stands in queries among SQL's own functions
    """Return the seconds from the first moment to the second."""

    type = Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in element.clauses)
    # Whole seconds and their fractions apart: SQLite's own functions round a moment to milliseconds.
    whole = f"(strftime('%s', substr({end}, 1, 19)) - strftime('%s', substr({start}, 1, 19)))"
    fraction = f"(cast('0' || substr({end}, 20, 7) as real) - cast('0' || substr({start}, 20, 7) as real))"
    return f"({whole} + {fraction})"


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in element.clauses)
    return f"cast(extract(epoch from ({end} - {start})) as double precision)"
