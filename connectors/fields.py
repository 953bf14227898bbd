"""Typed arguments before anything is sent, typed results before anything is believed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from connectors.extraction import Extraction, ExtractionFailed
from contracts.canonical import Arguments
from contracts.failure import CallFailed
from contracts.manifest import Field, FieldType, Operation


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
    if wrong:
        raise CallFailed("; ".join(wrong), code="arguments", sent=False)
    return {name: arguments.get(name) for name in operation.arguments}


def read_result(fields: Mapping[str, tuple[Field, Extraction]], answer: object) -> dict[str, JsonValue]:
    """Return the declared fields of an answer; an optional one that is missing is left out.

    Raises:
        CallFailed: code `malformed`: the answer is not what the manifest declares.
    """
    result: dict[str, JsonValue] = {}
    for name, (field, extraction) in fields.items():
        try:
            value = extraction.find(answer)
        except ExtractionFailed as failed:
            complaint: str | None = str(failed)
        else:
            if value is None and not field.required:
                continue
            complaint = _complaint(field, value)
            result[name] = value
        if complaint:
            raise CallFailed(f"the answer's {name} {complaint}", code="malformed")
    return result


def _complaint(field: Field, value: object) -> str | None:
    if value is None:
        return "is missing"
    if not FITS[field.type](value):
        return f"is {_kind(value)}, not {field.type}"
    if field.values and value not in field.values:
        return f"is none of {', '.join(field.values)}"
    return None


def _kind(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value < 0:
        return "negative"
    names = {bool: "boolean", int: "integer", float: "number", str: "text", list: "list", dict: "object"}
    return names.get(type(value), type(value).__name__)
