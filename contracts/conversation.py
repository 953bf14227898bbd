"""What is said in a conversation with a customer, turn by turn, and who answered each of them."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from contracts.base import Frozen
from contracts.bounds import LONGEST_NOTE_CHARS, PlainId, Text

LONGEST_MESSAGE_CHARS = 4_000
CONVERSATION_ACT = "conversed"
"""What a person's proof is of who speaks in a conversation."""


class TurnPath(StrEnum):
    """Who or what answered a turn."""

    CACHE = "cache"
    SPAN = "span"
    UNKNOWN = "unknown"
    ASKED = "asked"
    HELD = "held"
    PERSON = "person"


class Message(Frozen):
    """What a customer says.

    Attributes:
        conversation: the case id.
        id: the client's own; the same again is the same turn.
        customer: an opaque reference; empty for somebody unknown.
    """

    conversation: str
    id: PlainId = Field(min_length=1)
    text: Text = Field(min_length=1, max_length=LONGEST_MESSAGE_CHARS)
    customer: Text = ""


class WordKind(StrEnum):
    """What a person does in a conversation."""

    TAKE = "take"
    REPLY = "reply"
    GIVE_BACK = "give_back"


class PersonWord(Frozen):
    """What a person of the staff does or says in a conversation.

    Attributes:
        conversation: the case id.
        id: their client's own; the same again changes nothing.
        text: what the customer is told; empty for who only takes it or gives it back.
        proof: the id of the proof that it is their word.
    """

    conversation: str
    id: PlainId = Field(min_length=1)
    kind: WordKind
    person: str = Field(min_length=1)
    text: Text = Field(default="", max_length=LONGEST_NOTE_CHARS)
    proof: str = ""


class Reply(Frozen):
    """An answer before it is sent.

    Attributes:
        text: what the customer reads; empty where nothing is said.
        source: where it stands, for instance `documents#delivery.md#how-long`; empty if it is no quotation.
        memory_id: the passage's.
        score: how near the passage is to the question, 0 to 1.
    """

    path: TurnPath
    text: str
    source: str = ""
    memory_id: str = ""
    score: float = 0.0


class Turn(Frozen):
    """One turn as it is kept.

    Attributes:
        message_id: whose turn it is; of a person's word, their client's id.
        said: the customer's words; empty for a person's own.
        by: the person who answered; empty for the office's machine.
        took_ms: from the words' arrival at the worker to the answer in SQL.
    """

    conversation: str
    number: int
    message_id: str
    said: str
    answer: str
    path: TurnPath
    source: str = ""
    memory_id: str = ""
    score: float = 0.0
    by: str = ""
    took_ms: float = 0.0
    at: datetime


class ConversationRecord(Frozen):
    """How a conversation stands.

    Attributes:
        owner: the person who has it; while there is one, the machine is silent.
        waits_since: since when a person is waited for; None if nobody is.
        question: the last thing that the customer said.
    """

    id: str
    customer: str
    owner: str
    waits_since: datetime | None
    turns: int
    begun_at: datetime
    updated_at: datetime
    question: str = ""


FORGOTTEN_WORDS = "[forgotten]"
"""What stands in place of a forgotten customer's words."""


class ConversationRefused(Exception):
    """A person cannot do this in a conversation; the message says why."""


class MessageDiffers(Exception):
    """A message's id came before, with other words."""


def same_words(turn: Turn, message: Message) -> Turn:
    """Return the turn that was kept for a message.

    Raises:
        MessageDiffers: the message says something else than the turn.
    """
    if turn.said not in (message.text, FORGOTTEN_WORDS):
        raise MessageDiffers(
            f"the message {message.id} came before with other words: give this one its own id"
        )
    return turn
