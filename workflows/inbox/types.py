"""The inbox desk's words: a mail, where it goes, the facts its policies read, a result."""

from typing import Literal

from contracts.base import Frozen
from contracts.bounds import Name, Text
from contracts.case import CaseStatus
from contracts.desk import Request
from workflows.inbox.clock.events import ClockEvent, Terms

DESK = "inbox"
TOPIC = "inbox.topic"
"""The task: what a mail is about."""
ANSWER = "answer"
"""The operation that answers a mail in its thread; a connector that has it is where mail goes out."""
Message = Literal["none", "acknowledged", "answered", "ended"]
"""What a mail of ours says; `none` where nothing is said."""


class InboxRequest(Request):
    """A mail that begins a conversation; its customer is its sender.

    Attributes:
        channel: the connector by which it is answered.
        subject: its subject.
        message: its text.
        order: what it states to be about; empty if nothing, or several things.
        message_id: its own, which an answer names.
    """

    subject: Text = ""
    message: Text = ""
    order: Name = ""
    message_id: Name = ""


class RouteQuery(Frozen):
    """What the office is asked for a mail's way.

    Attributes:
        topic: empty where nobody is sure.
        team: to whom a person handed it on, whatever the topic says; empty if nobody did.
        text: what was written.
    """

    topic: str
    sender: str
    team: str = ""
    text: str = ""


class Route(Frozen):
    """Where a mail goes, by the office's `inbox.toml`.

    Attributes:
        topic: empty where nobody is sure of it.
        desk: whose case it starts; empty for none.
        begins: by which connector's operation, each a word.
        team: who has it, or what no desk does.
        roles: who of them is asked, then at each escalation.
        level: of the customer.
        language: of what was written, two letters; empty where it cannot be told.
        terms: what is promised.
    """

    topic: str
    desk: str = ""
    begins: tuple[str, ...] = ()
    team: str
    roles: tuple[str, ...]
    level: str = ""
    language: str = ""
    terms: Terms


class ClockQuery(Frozen):
    """What happened so far."""

    events: tuple[ClockEvent, ...]


class BegunCase(Frozen):
    """Where the case stands that a mail began; without a `case` before it is in the books."""

    case: str = ""
    ended: bool = False
    status: str = ""
    outcome: str = ""


class InboxFacts(Frozen):
    """What the inbox desk's policies may read.

    Attributes:
        topic: of the mail; empty where nobody is sure.
        understood: the topic passed its calibrated threshold.
        desk: whose case it would start; empty for none.
        has_order: it states one thing that it is about.
        level: of the customer; empty for most.
        message: what a mail of ours says.
        mails_today: this sender's other conversations of the last day.
    """

    topic: str
    understood: bool
    desk: str = ""
    has_order: bool = False
    level: str = ""
    message: Message = "none"
    mails_today: int = 0
    channel: str


class InboxResult(Frozen):
    """How a conversation ended.

    Attributes:
        outcome: the word for it.
        topic: empty where nobody was sure.
        begun: the case that it started; empty for none.
    """

    case_id: str
    status: CaseStatus
    outcome: str
    topic: str = ""
    begun: str = ""
