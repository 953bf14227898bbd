"""A message to a customer, before the office's own words are put to it."""

from pydantic import JsonValue

from contracts.base import Arguments, Frozen

SUBJECT = "subject"
TEXT = "text"
"""The arguments of an operation that tells a customer something."""


class Wording(Frozen):
    """Which of the office's texts a message is, and what it says of the case.

    The words themselves are the office's (`office/texts/LANGUAGE/DESK/NAME.txt`). They are put in when the
    message is judged, so that people, policies and permits see what the customer will read.

    Attributes:
        name: the outcome that is told, for instance `returned`.
        language: the customer's, two letters; empty, or one the office has no texts in, means the office's.
        values: what the text may name; a text that names anything else is an error.
    """

    name: str
    language: str = ""
    values: dict[str, JsonValue] = {}


class TextFailed(ValueError):
    """The office has no such text, or it names what is not there; the message says which and what."""


class Written(Frozen):
    """A message as a customer reads it."""

    subject: str
    text: str

    @property
    def arguments(self) -> Arguments:
        """The arguments of the operation that tells it."""
        return {SUBJECT: self.subject, TEXT: self.text}
