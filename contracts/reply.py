"""Asking the customer back: a question with its choices, their reply, and what was made of it."""

from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from contracts.base import Frozen, content_hash
from contracts.bounds import LONGEST_NOTE_CHARS, Name, Text, clean
from contracts.photo import MOST_PHOTOS, Photo
from contracts.proof import Said
from contracts.waits import Wait

QUESTION = "question"
"""The fact by which policies tell that a message asks the customer back, and what about."""
NO_QUESTION = "none"
"""Its value in every plan that asks nothing back."""
REPLIED = "replied"
"""The signal, and the update, by which a case hears what its customer replied."""
STEP = "ask-"
"""With what the steps of messages begin that ask back; they do nothing that could be undone."""

Standing = Literal["heard", "doubled", "late", "foreign", "unasked"]
"""What becomes of a reply.

`heard`: it is read. `doubled`: it came before. `late`: its question is closed. `foreign`: it answers another
case's question. `unasked`: nothing was asked. Only what is heard is ever acted on.
"""


class ReplyChoice(Frozen):
    """One thing that a customer may choose.

    Attributes:
        id: what stands for it in the case: an order line, a SKU.
        text: as the customer reads it.
    """

    id: str
    text: str


class CustomerQuestion(Frozen):
    """What a desk wants to know of its customer.

    Attributes:
        kind: which fact is missing, for policies: `lines`, `variant`.
        text: the office's text that asks it.
        what: the question in a line for the office, without personal data.
        choices: what can be answered; empty where the reply is words that the desk reads itself.
        about: what it is about, for whoever reads the reply: a thing as it was bought.
        language: the customer's, two letters; empty if nobody said.
    """

    kind: Name
    text: str
    what: str
    choices: tuple[ReplyChoice, ...] = ()
    about: str = ""
    language: str = ""


class Reply(Frozen):
    """What a customer replied: words, the number of a choice, photos, or several of them.

    Attributes:
        text: their words.
        choice: the number that a choice had in the message, from 1.
        question: the id of the question that it answers, where the channel knows; empty for the one that is
            open.
        photos: by reference.
        id: the channel's own id of the reply, by which one that is delivered twice is known.
        person: who of the staff says so.
        proof: the id of the proof that a door wrote for this word.
    """

    text: Text = Field(default="", max_length=LONGEST_NOTE_CHARS)
    choice: int | None = Field(default=None, ge=1)
    question: Name = ""
    id: Name = ""
    photos: tuple[Photo, ...] = Field(default=(), max_length=MOST_PHOTOS)
    person: Name = Field(default="", exclude_if=lambda given: not given)
    proof: Text = Field(default="", exclude_if=lambda given: not given)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip() and self.choice is None and not self.photos:
            raise ValueError("a reply has a text, the number of a choice, or photos")
        return self

    @property
    def words(self) -> str:
        """The whole of it as words: a number that was named apart stands first."""
        named = f"{self.choice}" if self.choice is not None else ""
        return ". ".join(part for part in (named, self.text.strip()) if part)

    def said(self, case_id: str) -> Said:
        """Return what the person says with it, to a case."""
        words = self.model_dump(mode="json", exclude={"person", "proof"})
        return Said(act="replied", about=case_id, words=words)


class ReplyTaken(Frozen):
    """What became of a reply."""

    standing: Standing
    why: str
    question: str = ""


class Heard(Frozen):
    """What a reply says to a question's choices.

    Attributes:
        says: `chosen` of them, `otherwise` where it plainly says something else, or `unclear`.
        picked: the places of the choices, from 0.
        why: by which rule.
    """

    says: Literal["chosen", "otherwise", "unclear"]
    picked: tuple[int, ...] = ()
    why: str = ""


class ReplyEnd(Frozen):
    """How a question to the customer ended.

    Attributes:
        picked: the places of what was chosen; empty where a person has to take it, or there are no choices.
        said: the customer's words, in order.
        photos: that they sent, to this question or while it was open.
        why_not: why there is no answer, in words for a person; empty if there is one.
        otherwise: they plainly said something else: what the desk had in mind is not what they wish.
    """

    picked: tuple[int, ...] = ()
    said: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    why_not: str = ""
    otherwise: bool = False


class OpenQuestion(Frozen):
    """A question that was put to the customer.

    Attributes:
        first: the number of the message that asked it first, in its case.
        number: of the message that asks it now.
        wait: how long the reply is waited for; None until the message is out.
        reminded: the customer was reminded.
        said, photos: what they replied so far.
    """

    question: CustomerQuestion
    first: int
    number: int
    wait: Wait | None = None
    reminded: bool = False
    said: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()

    def key(self, reply: Reply) -> str:
        """Return by what a reply that came before is known: its id, or its words to this question."""
        photos = [photo.told for photo in reply.photos]
        return content_hash([reply.id] if reply.id else [self.first, reply.text, reply.choice, *photos])


class QuestionsCarry(Frozen):
    """What the next run of a case needs to know of its questions.

    Attributes:
        asked: how many messages have asked something.
        most: how many the office allows, as it said when the last went out.
        open: the question that waits.
        inbox: replies that are not read yet.
        seen: by what the replies that were heard are known.
    """

    asked: int = 0
    most: int = 1
    open: OpenQuestion | None = None
    inbox: tuple[Reply, ...] = ()
    seen: tuple[str, ...] = ()


class QuestionTerms(Frozen):
    """How the office asks its customers back: how long, and how often in one case."""

    wait: Wait
    most: int


def question_id(case_id: str, number: int) -> str:
    """Return the id by which a channel names a question."""
    return f"{case_id}#{STEP}{number}"


def read_reply(said: object) -> Reply | str:
    """Return the reply in a signal's payload, or why it is none.

    Signals are typed by hand: JSON inside a JSON string is understood, and bare words are a reply.
    """
    if isinstance(said, str) and not said.lstrip().startswith("{"):
        said = {"text": clean(said)}
    try:
        return Reply.model_validate_json(said) if isinstance(said, str) else Reply.model_validate(said)
    except ValidationError as invalid:
        return f"it is no reply: {invalid.errors()[0]['msg']}"
