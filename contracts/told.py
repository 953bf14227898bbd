"""What outside systems tell: the base of a desk's contracts for it, read by the rules of a manifest."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, BeforeValidator, ValidationError, ValidationInfo, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from contracts.base import Frozen
from contracts.bounds import Name
from contracts.ids import ExternalId, as_text
from contracts.notation import Misread, Times

_TIMES = "times"
_LATER = Times(zone="UTC")
"""How a time is read that was told before: an earlier version of Kontor let some pass without a zone."""
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no field that is asked for",
    "string_type": "is no text",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_from_float": "has a fraction, and a whole number is meant",
    "tuple_type": "is no list",
    "dict_type": "is no object",
    "model_type": "is no object",
    "finite_number": "is no finite number",
}


_AMOUNT = "_cents"
_FRACTION = "has a fraction, and whole minor units are meant: cents(PATH) or minor(PATH, CURRENCY)"
_TOO_MUCH = frozenset({"less_than_equal", "string_too_long", "too_long", "too_much"})
FEW = 10
"""Of what does not fit, so much is said."""


class NotTold(ValueError):
    """What a system told does not fit; the message names each field and what to write, and no value.

    Attributes:
        too_much: it is larger than anything the office works on; asking again brings the same.
    """

    def __init__(self, words: str, *, too_much: bool) -> None:
        super().__init__(words)
        self.too_much = too_much


def too_much(words: str) -> PydanticCustomError:
    """Return what a contract's validator raises of something larger than anything the office works on."""
    return PydanticCustomError("too_much", "{words}", {"words": words})


def _moment(value: object, info: ValidationInfo) -> object:
    times = (info.context or {}).get(_TIMES, _LATER)
    try:
        return times.read(value)
    except Misread as misread:
        raise PydanticCustomError("misread", "{words}", {"words": str(misread)}) from None


def _texts(value: object) -> object:
    """Read numbers as texts, and leave out what is null."""
    if not isinstance(value, dict):
        return value
    plain = {name: one for name, one in value.items() if one is not None}
    numbers = (int, float)
    return {
        name: str(one) if isinstance(one, numbers) and not isinstance(one, bool) else one
        for name, one in plain.items()
    }


ToldId = ExternalId
"""A system's own id of what the office acts on: text, or an integer that becomes text."""
ToldName = Annotated[Name, BeforeValidator(as_text)]
"""A system's own name for something that the office only repeats; the same."""
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A time, aware, by the manifest's `[times]`; what means no time there is None."""
MaybeMoment = Annotated[datetime | None, BeforeValidator(_moment)]
"""The same where there may be none."""
Texts = Annotated[dict[Name, Name], BeforeValidator(_texts)]
"""Names with texts; numbers become texts."""


class Told(Frozen):
    """Something a system tells. A field with a default takes it where the system says null.

    Attributes:
        FILLED_IN: the fields that the office adds; no system is believed about them.
    """

    FILLED_IN: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: value for name, value in given.items() if value is not None or name not in optional}

    def flaws(self) -> Iterable[tuple[str, str]]:
        """Return each field that cannot be right beside the others, with why; a contract says its own."""
        return ()

    @classmethod
    def told_fields(cls) -> dict[str, FieldInfo]:
        """Return the fields that a system tells: all but those that the office fills in."""
        return {name: field for name, field in cls.model_fields.items() if name not in cls.FILLED_IN}

    @classmethod
    def of(cls, value: object, times: Times, *, with_flaws: bool = False) -> Self:
        """Return what a system told.

        Args:
            value: as the manifest's paths found it.
            times: how the system writes times.
            with_flaws: believe what contradicts itself, too: for who looks for that.

        Raises:
            NotTold: it does not fit, or contradicts itself.
        """
        try:
            told = cls.model_validate(value, context={_TIMES: times})
            words = "; ".join(f"{field}: {why}" for field, why in islice(told.flaws(), FEW))
            if with_flaws or not words:
                return told
            beyond = False
        except ValidationError as invalid:
            words = "; ".join(islice(dict.fromkeys(_misfits(invalid)), FEW))
            beyond = any(error["type"] in _TOO_MUCH for error in invalid.errors(include_input=False))
        raise NotTold(words, too_much=beyond)


def _misfits(invalid: ValidationError) -> Iterator[str]:
    """Yield each field that does not fit, with why; pydantic's own message would repeat the value."""
    for error in invalid.errors(include_url=False):
        place = ".".join(map(str, error["loc"]))
        kind = error["type"]
        if kind in ("misread", "too_much"):
            words = error["msg"]
        elif kind == "value_error":
            words = error["msg"].removeprefix("Value error, ")
        elif kind == "int_from_float" and place.endswith(_AMOUNT):
            words = _FRACTION
        elif error["input"] is None:
            words = "is null"
        elif kind == "literal_error":
            allowed = error["ctx"]["expected"]
            words = f"is none of {allowed}: get({{THEIRS: 'ours'}}, WORD) translates"
        else:
            words = _WORDS.get(kind) or f"does not fit: {error['msg']}"
        yield f"{place}: {words}" if place else words
