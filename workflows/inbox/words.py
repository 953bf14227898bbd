"""What a person of a team says about a conversation, and what becomes of it."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Frozen
from contracts.bounds import LONGEST_NOTE_CHARS, Name, Text
from contracts.proof import Said

HANDLE = "handle"
"""The update by which a case hears what a person does about it."""
STANDING = "standing"
"""The query by which it says who has it, and at which version."""
HANDLED = "handled"
"""The kind of the episode of what somebody did."""
Deed = Literal["claim", "release", "hand_on", "snooze", "answer"]


class Word(Frozen):
    """What a person does about a conversation.

    Attributes:
        deed: `claim` it, `release` it again, `hand_on` to another team or topic, `snooze` until a moment,
            `answer` its writer.
        version: of the conversation as the person saw it; at another nothing is done.
        team, topic: to whom it is handed on: a team, or whoever has the topic.
        until: when it comes back.
        text: the answer's own words.
        why: the person's reason.
        proof: the id of the proof that a door wrote for this word.
    """

    deed: Deed
    version: int = Field(ge=0)
    team: Name = ""
    topic: Name = ""
    until: AwareDatetime | None = None
    text: Text = Field(default="", max_length=LONGEST_NOTE_CHARS)
    why: Text = ""
    person: Name
    proof: Text = Field(default="", exclude_if=lambda given: not given)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.deed == "hand_on" and bool(self.team) == bool(self.topic):
            raise ValueError("it is handed on to a team, or to whoever has a topic: say one of them")
        if (self.deed == "snooze") != (self.until is not None):
            raise ValueError("until when belongs to a snooze, and to nothing else")
        if (self.deed == "answer") != bool(self.text.strip()):
            raise ValueError("an answer has words, and nothing else has")
        return self

    def said(self, case_id: str) -> Said:
        """Return what the person says with it, to a case."""
        words = self.model_dump(mode="json", exclude={"person", "proof"})
        return Said(act="handled", about=case_id, words=words)


class Standing(Frozen):
    """Who has a conversation.

    Attributes:
        version: changes with each word that counts, with each mail that comes, and where it comes back by
            itself: from rest, or from an owner who was silent.
        open: people are asked about it now.
        owner: who claimed it; empty for nobody.
        changed: what changed it last, in words.
        later: how many mails came after the first that no question asked for.
    """

    version: int
    open: bool = False
    team: str = ""
    topic: str = ""
    owner: str = ""
    snoozed_until: AwareDatetime | None = None
    later: int = 0
    changed: str = ""


class WordTaken(Frozen):
    """What became of a word: it is done, it came at another version (`stale`), or it cannot be done."""

    became: Literal["done", "stale", "refused"]
    why: str = ""
    standing: Standing


class WordQuery(Frozen):
    """Whether a person may do something about what these roles are asked."""

    person: str
    roles: tuple[str, ...]
