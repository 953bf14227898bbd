"""What comes in: JMESPath, compiled once, with three functions that outside systems make necessary."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import exceptions, functions


class ExtractionInvalid(ValueError):
    """A JMESPath expression cannot be compiled."""


class ExtractionFailed(ValueError):
    """A JMESPath expression met an answer that it cannot read; the message holds no value of it."""


class _Functions(functions.Functions):
    @functions.signature({"types": ["string", "number", "null"]})
    def _func_cents(self, amount: str | float | None) -> int | None:
        """`cents('12.34')` is 1234; more than two decimals are refused, not rounded."""
        if amount is None:
            return None
        cents = Decimal(str(amount)).scaleb(2)
        if cents != cents.to_integral_value():
            raise InvalidOperation("not a whole number of cents")
        return int(cents)

    @functions.signature({"types": ["string", "number"]}, {"types": ["number"]})
    def _func_plus(self, value: str | float, step: float) -> float:
        """`plus(offset, `100`)`: the next offset, for systems that page by number."""
        return int(value) + int(step)

    @functions.signature({"types": ["object"]}, {"types": ["string"]})
    def _func_get(self, table: dict[str, Any], name: str) -> Any:
        """`get({a: 'x'}, status)`: translate the system's words into ours."""
        return table.get(name)


_OPTIONS = jmespath.Options(custom_functions=_Functions())
_MISREAD = (exceptions.JMESPathError, ArithmeticError, ValueError, TypeError, AttributeError, KeyError)


class Extraction:
    """A compiled JMESPath expression."""

    def __init__(self, path: str) -> None:
        """Compile; raises ExtractionInvalid."""
        try:
            self._compiled = jmespath.compile(path)
        except exceptions.JMESPathError as error:
            raise ExtractionInvalid(f"{path!r} is not JMESPath: {str(error).splitlines()[0]}") from None

    @staticmethod
    @lru_cache(maxsize=1024)
    def cached(path: str) -> "Extraction":
        """Compile, or return what was compiled before."""
        return Extraction(path)

    def find(self, answer: object) -> Any:
        """Return what the path finds, None if nothing; raises ExtractionFailed."""
        try:
            return self._compiled.search(answer, options=_OPTIONS)
        except _MISREAD as error:
            reason = type(error).__name__
        raise ExtractionFailed(f"the answer does not fit the path ({reason})")
