"""What is known when a mail comes in: the mails and conversations that it may have to do with, frozen."""

from datetime import datetime

from contracts.base import Frozen
from mail.message import MailId

TAG_CHARS = 10


def tag_of(conversation: str) -> str:
    """Return what stands in square brackets in the subject of our answers."""
    return f"#{conversation[:TAG_CHARS]}"


class KnownMail(Frozen):
    """A mail that came before.

    Attributes:
        thread: the digest of the mail that its thread began with.
        conversation: the digest of the mail that its conversation began with.
    """

    digest: str
    content: str
    message_id: MailId
    date: datetime | None
    thread: str
    conversation: str


class Conversation(Frozen):
    """Mails about one thing: what one case is about.

    Attributes:
        id: the digest of the mail that it began with.
        people: the addresses, without tags, that wrote in it or were written to; none of ours. Anybody
            may have been named by a stranger.
        writers: those that wrote in it.
        subjects: their stems.
        keys: what was stated in it, such as an order's number.
        is_open: whether its case is under way.
    """

    id: str
    people: frozenset[str]
    writers: frozenset[str]
    subjects: frozenset[str]
    keys: frozenset[str]
    is_open: bool = True

    @property
    def tag(self) -> str:
        """What stands in square brackets in the subject of our answers."""
        return tag_of(self.id)


class Known(Frozen):
    """The mails that share an id, a content or a reference with one that came in, and what they belong to.

    Attributes:
        mails: with its Message-ID or its content, and those that it refers to.
        conversations: those of the mails, of its tags, of what it states, and of its sender.
        tokens: of our reply addresses, by what stands behind the plus: the conversation.
    """

    mails: tuple[KnownMail, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    tokens: dict[str, str] = {}

    def conversation(self, identity: str) -> Conversation | None:
        """Return a conversation that is known here."""
        return next((each for each in self.conversations if each.id == identity), None)
