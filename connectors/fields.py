"""Typed arguments before anything is sent, typed results before anything is believed."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import regex
from pydantic import JsonValue

from connectors.extraction import Extraction, ExtractionFailed
from contracts.base import Arguments
from contracts.bounds import MOST_CENTS, OutOfBounds, cleaned
from contracts.connector import Field, FieldType, Operation
from contracts.failure import OUT_OF_BOUNDS, CallFailed
from contracts.notation import Misread, Times, whole


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


FITS: Mapping[FieldType, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "cents": lambda value: _is_integer(value) and value >= 0,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "datetime": _is_moment,
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}
"""Whether a JSON value is of a field type; money is never negative, moments are ISO 8601."""

_GRAPHEME = regex.compile(r"\X")
_FIXES: Mapping[FieldType, str] = {
    "string": "to_string(PATH) turns a number into text",
    "cents": "cents(PATH) or minor(PATH, CURRENCY) reads a decimal amount",
    "number": "to_number(PATH) reads a text",
    "integer": "to_number(PATH) reads a text",
}


def check_arguments(operation: Operation, arguments: Arguments) -> dict[str, JsonValue]:
    """Return the arguments with every optional one that is missing as None.

    Raises:
        CallFailed: code `arguments`, not sent: one is missing, unknown, or of the wrong type. The
            message names the argument and its type, never its value.
    """
    wrong = [f"{name} is not an argument" for name in arguments if name not in operation.arguments]
    for name, field in operation.arguments.items():
        value = arguments.get(name)
        if value is None:
            if field.required:
                wrong.append(f"{name} is missing")
        elif complaint := _complaint(field, value):
            wrong.append(f"{name} {complaint}")
        else:
            wrong += [f"{name} needs {other}" for other in field.needs if value and not arguments.get(other)]
    if wrong:
        raise CallFailed("; ".join(wrong), code="arguments", sent=False)
    return {name: arguments.get(name) for name in operation.arguments}


def read_result(
    fields: Mapping[str, tuple[Field, Extraction]], answer: object, times: Times | None = None
) -> dict[str, JsonValue]:
    """Return the declared fields of an answer; an optional one that is missing is left out.

    Args:
        fields: what is declared, with the compiled path to it.
        answer: what came back.
        times: how the system writes times; a `datetime` field comes out as ISO 8601 in UTC.

    Raises:
        CallFailed: code `malformed`: the answer is not what the manifest declares; code `out-of-bounds`:
            it holds what no record of ours can.
    """
    result: dict[str, JsonValue] = {}
    for name, (field, extraction) in fields.items():
        try:
            value = _told(field, extraction.find(answer), times or Times())
        except ExtractionFailed as failed:
            raise CallFailed(f"the answer's {_place(name, str(failed))}", code="malformed") from None
        except Misread as misread:
            raise CallFailed(f"the answer's {name} {misread}", code="malformed") from None
        if value is None and not field.required:
            continue
        if complaint := _complaint(field, value):
            fix = _FIXES.get(field.type, "") if value is not None else ""
            words = f"{complaint} ({fix})" if fix else complaint
            raise CallFailed(f"the answer's {name} {words}", code="malformed")
        if field.type == "cents" and value > MOST_CENTS:
            raise CallFailed(f"the answer's {name} is larger than {MOST_CENTS}", code=OUT_OF_BOUNDS)
        result[name] = held(name, value)
    return result


def held(name: str, value: object) -> JsonValue:
    """Return a value of an answer as our records hold it; raises CallFailed if none can."""
    try:
        found: JsonValue = cleaned(value, name)
    except OutOfBounds as beyond:
        raise CallFailed(f"the answer's {beyond}", code=OUT_OF_BOUNDS) from None
    return found


def _told(field: Field, value: Any, times: Times) -> Any:
    """Return a value as its type writes it: whole numbers without the noise of a fraction, times in UTC."""
    if field.type == "datetime":
        moment = times.read(value)
        return moment.isoformat() if moment else None
    if field.type in ("integer", "cents") and isinstance(value, float) and math.isfinite(value):
        return whole(Decimal(repr(value)), f"has a fraction ({_FIXES['cents']})")
    return value


def _place(name: str, words: str) -> str:
    """Return where a path failed: the field, or the member of it that the words begin with."""
    member, colon, _ = words.partition(": ")
    return f"{name}.{words}" if colon and " " not in member else f"{name} {words}"


def _complaint(field: Field, value: object) -> str | None:
    if value is None:
        return "is missing"
    if not FITS[field.type](value):
        return f"is {_kind(value)}, not {field.type}"
    if field.values and value not in field.values:
        return f"is none of {', '.join(field.values)}"
    if field.longest is not None and (long := graphemes(value)) > field.longest:
        return f"has {long} characters, and at most {field.longest} are taken"
    return None


def graphemes(text: object) -> int:
    """Return how many characters a text has, as people count them."""
    return len(_GRAPHEME.findall(str(text)))


def _kind(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value < 0:
        return "negative"
    names = {bool: "boolean", int: "integer", float: "number", str: "text", list: "list", dict: "object"}
    return names.get(type(value), type(value).__name__)
