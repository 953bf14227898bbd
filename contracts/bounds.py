"""How large one item may be, and what no record of ours can hold: the same at every door.

What people hand in and what outside systems answer goes through here before a workflow sees it: texts are
cleaned, everything else is taken or refused with the name of its field. A value that passes can be written
by every writer behind the doors: both databases, the history, search attributes, policies.
"""

import json
import math
import re
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

MOST_CENTS = 10**15
"""The largest amount, in minor units, and the most that the lines of one order may come to."""
MOST_LINES = 5_000
"""Lines of an order, variants of what it holds, lines that a request names."""
MOST_QUANTITY = 1_000_000
LONGEST_REQUEST_BYTES = 1_000_000
"""One line of `kontor submit`, in UTF-8."""
LONGEST_ANSWER_BYTES = 1_000_000
"""What is taken from one answer of an outside system, as JSON in UTF-8."""
LONGEST_PLAN_BYTES = 1_000_000
"""Everything that a desk proposes for one case; half of what Temporal takes as one payload."""
LONGEST_INQUIRY_BYTES = 1_500_000
"""All questions of one step to the models, with their evidence."""
LONGEST_NAME_CHARS = 500
"""The name of a thing, a person, a policy."""
LONGEST_NOTE_CHARS = 10_000
"""What a person adds to an answer, and the token of a signed link."""
LONGEST_REFERENCE_CHARS = 1_000
"""An outside system's own id of something."""
DEEPEST = 60
"""Lists and objects inside one another."""
INT64 = range(-(2**63), 2**63)
"""The whole numbers that databases, search attributes and policies have room for."""

REPLACED = "\ufffd"
"""Unicode's own sign for a character that was lost."""
_TOO_DEEP = f"holds lists and objects more than {DEEPEST} deep"
_UNFIT = re.compile("[\0\ud800-\udfff]")

Json = TypeVar("Json", bound=JsonValue)


class OutOfBounds(ValueError):
    """A value that no record of ours can hold; the message names its place and the bound."""


def clean(text: str) -> str:
    """Return a text without NUL and half characters: a cut emoji loses nobody their refund."""
    return _UNFIT.sub(REPLACED, text)


def cleaned(value: Any, place: str = "") -> Any:
    """Return a JSON value with every text cleaned, the keys of objects too.

    Args:
        value: what `json.loads` makes; other values are left to their own types.
        place: where it stands, for the message: `lines.3.sku`.

    Raises:
        OutOfBounds: a whole number beyond 64 bits, a number that is none, or too much nesting.
    """
    return _cleaned(value, place, DEEPEST)


def cleaned_texts(value: Any) -> Any:
    """Return a JSON value of any size with every text cleaned, and nothing refused."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): cleaned_texts(each) for name, each in value.items()}
    return [cleaned_texts(each) for each in value] if isinstance(value, list) else value


def _cleaned(value: Any, place: str, depth: int) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int) and value not in INT64:
        _refuse(place, "is a whole number beyond 64 bits")
    if isinstance(value, float) and not math.isfinite(value):
        _refuse(place, "is no number")
    if isinstance(value, dict | list | tuple) and not depth:
        _refuse(place[:LONGEST_NAME_CHARS], _TOO_DEEP)
    inside = f"{place}." if place else ""
    if isinstance(value, dict):
        return {
            clean(str(name)): _cleaned(each, f"{inside}{clean(str(name))[:LONGEST_NAME_CHARS]}", depth - 1)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_cleaned(each, f"{inside}{at}", depth - 1) for at, each in enumerate(value)]
    return value


def _refuse(place: str, why: str) -> NoReturn:
    raise OutOfBounds(f"{place}: {why}" if place else f"it {why}")


def read_json(text: str | bytes, *, once: bool = False) -> JsonValue:
    """Return the JSON document that a stranger wrote, cleaned.

    Args:
        text: the document.
        once: refuse an object that says one name twice: of two orders in one request, which is meant?

    Raises:
        ValueError: it is no JSON, or says a name twice.
        OutOfBounds: it is JSON that no record of ours can hold.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once if once else None)
    except RecursionError:
        raise OutOfBounds(f"it {_TOO_DEEP}") from None
    document: JsonValue = cleaned(found)
    return document


class _SaidTwice(ValueError):
    """An object names something twice; the message says what."""


def twice_said(text: str) -> str:
    """Return in words which name a JSON document says twice in one object; nothing if none, or no JSON."""
    try:
        json.loads(text, object_pairs_hook=_once)
    except _SaidTwice as twice:
        return str(twice)
    except (ValueError, RecursionError):
        pass
    return ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _SaidTwice(f"{clean(twice)[:LONGEST_NAME_CHARS]}: stands there twice")
    return found


def size(value: JsonValue) -> int:
    """Return how long a value is as JSON in UTF-8, in bytes."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def _plain(text: str) -> str:
    if not text.isprintable() or REPLACED in text:
        raise ValueError("it holds a control character or half a character, which no id does")
    return text


def _counts(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("is true or false, and a whole number is meant")
    return value


def _in_minor_units(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError(
            "is text, and no whole number: cents(PATH) or minor(PATH, CURRENCY), "
            "or to_number(PATH) where the text says minor units"
        )
    return _counts(value)


Text = Annotated[str, AfterValidator(clean)]
"""A text from outside, cleaned on its way in."""
PlainId = Annotated[str, Field(max_length=128), AfterValidator(_plain)]
"""An id that a channel gives to something: short, and every character of it can be seen."""
Name = Annotated[str, Field(max_length=LONGEST_NAME_CHARS), AfterValidator(clean)]
"""The name of a thing."""
Cents = Annotated[int, BeforeValidator(_in_minor_units), Field(ge=-MOST_CENTS, le=MOST_CENTS)]
"""An amount in minor units of its currency."""
Quantity = Annotated[int, BeforeValidator(_counts), Field(ge=0, le=MOST_QUANTITY)]
"""How many of a thing."""
