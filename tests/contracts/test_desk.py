"""No desk can forget to be forgotten: every field of a request that may hold text is accounted for."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import ConfigDict, Field, JsonValue, computed_field

from contracts.base import Frozen
from contracts.desk import Desk, Request, may_hold_text, texts, to_forget


class Colour(StrEnum):
    RED = "red"


class Turn(Frozen):
    at: datetime
    said: str


class Counted(Frozen):
    at: datetime
    pieces: int


class Mail(Request):
    subject: str
    turns: tuple[Turn, ...] = ()
    colour: Colour = Colour.RED
    pieces: int = 0


class Story:
    """Stands for a workflow."""


def story() -> type[Story]:
    return Story


def desk(**words: Any) -> Desk[Mail]:
    return Desk(name="mail", request=Mail, facts=Counted, workflow=story, **words)


def test_a_desk_whose_request_has_text_that_nobody_declared_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="desk mail: subject, turns may hold a customer's words"):
        desk()
    with pytest.raises(TypeError, match="desk mail: turns may hold a customer's words"):
        desk(customer_text=("subject",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"customer_text": ("subject", "turns", "body")}, "no field body"),
        ({"customer_text": ("subject", "turns"), "other_text": ("turns",)}, "turns cannot be both"),
    ],
)
def test_a_declaration_that_cannot_be_true_is_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        desk(**words)


def test_a_desk_whose_text_is_accounted_for_can_be_made() -> None:
    assert desk(customer_text=("turns",), other_text=("subject",)).customer_text == ("turns",)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (str, True),
        (str | None, True),
        (Annotated[str, Field(max_length=3)], True),
        (tuple[Turn, ...], True),
        (dict[str, int], True),
        (JsonValue, True),
        (Any, True),
        (object, True),
        (bytes, True),
        (int | None, False),
        (tuple[Counted, ...], False),
        (Literal["a", "b"], False),
        (Colour, False),
        (dict[Colour, datetime], False),
    ],
)
def test_what_is_not_known_to_be_free_of_text_may_hold_some(annotation: Any, text: bool) -> None:
    assert may_hold_text(annotation) is text


def test_a_field_that_is_computed_or_of_any_name_is_seen_too() -> None:
    class Signed(Request):
        pieces: int = 1

        @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
        @property
        def signature(self) -> str:
            return "yours"

    class Loose(Request):
        model_config = ConfigDict(extra="allow")

    with pytest.raises(TypeError, match="signature may hold"):
        Desk(name="signed", request=Signed, facts=Counted, workflow=story)
    with pytest.raises(TypeError, match="fields of any name"):
        Desk(name="loose", request=Loose, facts=Counted, workflow=story)


def test_what_is_not_known_to_stay_is_forgotten() -> None:
    turns: JsonValue = [{"at": "2026-03-02", "said": "Hello."}, {"at": "2026-03-03", "said": ""}]
    request: dict[str, JsonValue] = {"id": "M-1", "channel": "post", "subject": "Re: 4711", "turns": turns}
    declared = desk(customer_text=("turns",), other_text=("subject",))
    kept = {"mail": declared.kept_fields}

    assert declared.kept_fields == {"id", "channel", "received_at", "subject", "colour", "pieces"}
    assert to_forget("mail", request, kept) == {"turns": turns}
    theirs = desk(belongings=("turns",), other_text=("subject",))
    assert to_forget("mail", request, {"mail": theirs.kept_fields}) == {"turns": turns}
    assert theirs.customer_text == ()
    assert texts(turns) == ["2026-03-02", "Hello.", "2026-03-03"]
    assert set(to_forget("mail", {**request, "phone": "030 1234"}, kept)) == {"turns", "phone"}
    assert set(to_forget("fax", request, kept)) == {"subject", "turns"}
