"""What does not fit a type of ours, in words for who wrote it: none is Python's, none repeats the value."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

FEW = 10
"""Of what is wrong with one document, so much is said in one line."""
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "no such field",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be an object, {…}",
    "model_type": "must be an object, {…}",
    "model_attributes_type": "must be an object, {…}",
    "datetime_type": "must be a time, as 2026-11-30T09:00:00+01:00",
    "datetime_parsing": "must be a time, as 2026-11-30T09:00:00+01:00",
    "datetime_from_date_parsing": "must be a time, as 2026-11-30T09:00:00+01:00",
    "timezone_aware": "must name its zone, as 2026-11-30T09:00:00+01:00",
    "date_type": "must be a date, as 2026-11-30",
    "date_parsing": "must be a date, as 2026-11-30",
    "date_from_datetime_parsing": "must be a date, as 2026-11-30",
}

_WITH_LIMIT = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has more than {max_length} entries",
    "too_short": "has fewer than {min_length} entries",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
}


class FieldError(NamedTuple):
    """One thing that does not fit: the field, from the outside in, and why."""

    at: tuple[str | int, ...]
    kind: str
    words: str

    def __str__(self) -> str:
        """Return both in one line: `items.3: must be text`."""
        place = ".".join(str(part) for part in self.at)
        return f"{place}: {self.words}" if place else self.words


def field_errors(invalid: ValidationError) -> Iterator[FieldError]:
    """Yield everything that does not fit; `kind` is pydantic's name of it."""
    for error in invalid.errors(include_url=False, include_input=False):
        at = tuple(part for part in error["loc"] if part != "[key]")
        yield FieldError(at, error["type"], _words(error))


def field_errors_text(invalid: ValidationError) -> str:
    """Return the first few things that do not fit, in one line."""
    return "; ".join(str(error) for error in islice(field_errors(invalid), FEW))


def _words(error: ErrorDetails) -> str:
    if found := _WORDS.get(error["type"]):
        return found
    if found := _WITH_LIMIT.get(error["type"]):
        return found.format(**error.get("ctx", {}))
    return error["msg"].removeprefix("Value error, ")
