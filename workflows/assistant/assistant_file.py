"""`office/assistant.toml`: what the assistant answers from, when it is silent, when a person is called."""

from pathlib import Path

from pydantic import Field, field_validator

from contracts.base import Frozen
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import TomlLines, read_toml

FILE = "assistant.toml"
FIELDS = "see the fields in docs/assistant.md"


class Answers(Frozen):
    """`[answers]`.

    Attributes:
        kinds: of memories that customers may read; nothing else is quoted to them.
        least_score: a passage that is less near to the question (0 to 1) is not quoted.
        most_chars: of one answer; a longer passage is cut to its nearest sentences.
    """

    kinds: tuple[str, ...] = Field(default=("document",), min_length=1)
    least_score: float = Field(gt=0, le=1)
    most_chars: int = Field(default=600, ge=80, le=4000)


class Cache(Frozen):
    """`[cache]`.

    Attributes:
        never: words that a question or an answer must not hold to be kept: what is about money.
    """

    never: tuple[str, ...] = ()

    @field_validator("never")
    @classmethod
    def _words(cls, never: tuple[str, ...]) -> tuple[str, ...]:
        return _not_empty(never)


class People(Frozen):
    """`[people]`.

    Attributes:
        asked_by: words by which a customer asks for a person.
    """

    asked_by: tuple[str, ...] = Field(min_length=1)

    @field_validator("asked_by")
    @classmethod
    def _words(cls, asked_by: tuple[str, ...]) -> tuple[str, ...]:
        return _not_empty(asked_by)


class AssistantFile(Frozen):
    """The content of `assistant.toml`.

    Attributes:
        idle_hours: after so long without a word a conversation's workflow ends; a later word goes on with it.
    """

    idle_hours: float = Field(default=72, gt=0, le=24 * 365)
    answers: Answers
    cache: Cache = Cache()
    people: People


class AssistantOfOffice:
    """The file as it was read, with its places, so that others find fault with it by line."""

    def __init__(self, office: Path) -> None:
        """Read the file; an office without one has no assistant."""
        path = office / FILE
        self.file: AssistantFile | None = None
        self.problems: list[Problem] = []
        text = read_text(path) if path.exists() else ""
        self._lines = TomlLines(text)
        if not path.exists():
            return
        try:
            self.file = read_toml(text, AssistantFile, FILE, FIELDS)
        except OfficeInvalid as invalid:
            self.problems = invalid.problems

    def line(self, *at: str) -> int:
        """Return where a table or field stands."""
        return self._lines.line(at)


def assistant_of(office: Path) -> AssistantFile | None:
    """Return the office's assistant; None if it has none.

    Raises:
        OfficeInvalid: its file cannot be used.
    """
    read = AssistantOfOffice(office)
    if read.problems:
        raise OfficeInvalid(read.problems)
    return read.file


def _not_empty(words: tuple[str, ...]) -> tuple[str, ...]:
    if any(not word.strip() for word in words):
        raise ValueError("an empty word would be found in everything: take it away")
    return words
