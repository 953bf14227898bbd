"""What comes in: JMESPath, compiled once, with four functions that outside systems make necessary."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import exceptions, functions, visitor

from contracts.money import minor_digits
from contracts.notation import Misread, Numbers, whole


class ExtractionInvalid(ValueError):
    """A JMESPath expression cannot be compiled."""


class ExtractionFailed(ValueError):
    """A JMESPath expression met an answer that it cannot read; the message holds no value of it."""


class _Functions(functions.Functions):
    """The functions of one notation of numbers."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    @functions.signature({"types": ["string", "number", "null"]})
    def _func_cents(self, amount: str | float | None) -> int | None:
        """`cents('12.34')` is 1234, for currencies of two decimals; more are refused, not rounded."""
        if amount is None:
            return None
        cents = self._numbers.read(amount).scaleb(2)
        return whole(cents, "has a part smaller than a hundredth: minor(AMOUNT, CURRENCY) knows the decimals")

    @functions.signature({"types": ["string", "number", "null"]}, {"types": ["string"]})
    def _func_minor(self, amount: str | float | None, currency: str) -> int | None:
        """`minor('1200', 'JPY')` is 1200, `minor('1.200', 'KWD')` too; nothing is rounded."""
        if amount is None:
            return None
        try:
            digits = minor_digits(currency)
        except ValueError:
            raise Misread("is in a currency that ISO 4217 does not know") from None
        minor: Decimal = self._numbers.read(amount).scaleb(digits)
        return whole(minor, f"has a part smaller than its currency's smallest, which has {digits} decimals")

    @functions.signature({"types": ["string", "number"]}, {"types": ["number"]})
    def _func_plus(self, value: str | float, step: float) -> float:
        """`plus(offset, `100`)`: the next offset, for systems that page by number."""
        return int(value) + int(step)

    @functions.signature({"types": ["object"]}, {"types": ["string"]})
    def _func_get(self, table: dict[str, Any], name: str) -> Any:
        """`get({a: 'x'}, status)`: translate the system's words into ours."""
        return table.get(name)


class _Reader(visitor.TreeInterpreter):
    """Evaluates a path and keeps the name of the member that it stands at."""

    def __init__(self, options: jmespath.Options) -> None:
        super().__init__(options)
        self.names: list[str] = []

    def visit_key_val_pair(self, node: Any, value: Any) -> Any:
        """Evaluate one member; its name stays where it fails."""
        self.names.append(node["value"])
        found = super().visit_key_val_pair(node, value)
        self.names.pop()
        return found


_MISREAD = (exceptions.JMESPathError, ArithmeticError, ValueError, TypeError, AttributeError, KeyError)


class Extraction:
    """A compiled JMESPath expression."""

    def __init__(self, path: str, numbers: Numbers | None = None) -> None:
        """Compile.

        Args:
            path: JMESPath.
            numbers: how the system writes amounts; by default with a decimal point.

        Raises:
            ExtractionInvalid: it is no JMESPath.
        """
        try:
            self._parsed = jmespath.compile(path).parsed
        except exceptions.JMESPathError as error:
            raise ExtractionInvalid(f"{path!r} is not JMESPath: {str(error).splitlines()[0]}") from None
        self._options = _options(numbers or Numbers())

    @staticmethod
    @lru_cache(maxsize=1024)
    def cached(path: str) -> "Extraction":
        """Compile, or return what was compiled before."""
        return Extraction(path)

    def find(self, answer: object) -> Any:
        """Return what the path finds, None if nothing; raises ExtractionFailed."""
        reader = _Reader(self._options)
        try:
            return reader.visit(self._parsed, answer)
        except RecursionError:
            words = "is nested too deeply"
        except _MISREAD as error:
            words = _words(error)
        place = ".".join(reader.names)
        raise ExtractionFailed(f"{place}: {words}" if place else words)


@lru_cache(maxsize=64)
def _options(numbers: Numbers) -> jmespath.Options:
    return jmespath.Options(custom_functions=_Functions(numbers))


def _words(error: Exception) -> str:
    """Say what does not fit; of a library's own message nothing, for it quotes the answer."""
    if isinstance(error, Misread):
        return str(error)
    if isinstance(error, exceptions.JMESPathTypeError):
        wanted = " or ".join(dict.fromkeys(error.expected_types))
        return f"{error.function_name}() finds {error.actual_type} there, and takes {wanted}"
    return f"the answer does not fit the path ({type(error).__name__})"
