"""Fact types as Cedar types: the schema knows what the desks' activities collect, and nothing else."""

import types
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

FactTypes = Mapping[str, type[BaseModel]]
"""By desk: the type of what its policies may read."""

EFFECT = {
    "step": "String",
    "connector": "String",
    "operation": "String",
    "amount_cents": "Long",
    "currency": "String",
    "arguments_hash": "String",
}
"""What every policy may read of the proposed effect, as `context.effect`."""

ANSWER = {
    "desk": "String",
    "amount_cents": "Long",
    "currency": "String",
    "operations": "Set<String>",
    "asked": "Set<Role>",
    "asked_by": "String",
    "at": "String",
    "how": "String",
    "age_seconds": "Long",
}
"""What a policy on answering may read of the request, as `context`."""

PERSON = {
    "name": "String",
    "limit_cents": "Long",
    "limit_currency": "String",
    "absent": "Bool",
    "stands_in_for": "Set<String>",
}
"""What a policy on answering may read of the person, as `principal`."""

_SCALARS: dict[type, str] = {bool: "Bool", int: "Long", str: "String"}


def cedar_types(model: type[BaseModel]) -> dict[str, str]:
    """Return the Cedar type of each field; an optional field's name ends with `?`.

    Raises:
        TypeError: a field has no Cedar counterpart (Cedar has no floats: use integer cents or days).
    """
    fields = {}
    for name, field in model.model_fields.items():
        annotation, optional = _without_none(field.annotation)
        fields[f"{name}?" if optional else name] = _cedar_type(annotation, f"{model.__name__}.{name}")
    return fields


def cedar_words(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return the words that each field with a closed list of them may hold."""
    found = {}
    for name, field in model.model_fields.items():
        annotation, _ = _without_none(field.annotation)
        if get_origin(annotation) is Literal:
            found[name] = tuple(str(word) for word in get_args(annotation))
        elif isinstance(annotation, type) and issubclass(annotation, StrEnum):
            found[name] = tuple(member.value for member in annotation)
    return found


def fact_defaults(model: type[BaseModel]) -> dict[str, JsonValue]:
    """Return what each field is where nobody says it; a field that must be said is left out."""
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
        if not field.is_required() and field.get_default(call_default_factory=True) is not None
    }


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    return (kinds[0] if len(kinds) == 1 else annotation), len(kinds) < len(get_args(annotation))


def _cedar_type(annotation: Any, where: str) -> str:
    if get_origin(annotation) is Literal and all(isinstance(word, str) for word in get_args(annotation)):
        return "String"
    if get_origin(annotation) in (tuple, list, set, frozenset):
        return f"Set<{_cedar_type(get_args(annotation)[0], where)}>"
    if isinstance(annotation, type):
        if issubclass(annotation, StrEnum):
            return "String"
        if annotation in _SCALARS:
            return _SCALARS[annotation]
        if issubclass(annotation, BaseModel):
            return record(cedar_types(annotation))
    raise TypeError(
        f"{where}: {annotation} has no Cedar type; use str, int, bool, or sets and records of them"
    )


def record(fields: dict[str, str]) -> str:
    """Return a Cedar record type."""
    return "{" + ", ".join(f"{name}: {kind}" for name, kind in fields.items()) + "}"
