"""A storm of mail with the truth about each: who wrote it, about what, whether a machine did, what it copies.

Seeded. What customers do is drawn from the shares below; they are written down, not measured, but for
`SECOND_MAILS` (27 % of conversations begin while another one is open: fazer-ai/chatwoot issue 664).
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from mail.known import tag_of
from mail.reply_address import reply_address, token_of

OWN = "service@example.com"
ALSO_OURS = "shop@example.com"
KEY = b"the storm's own key"
MACHINE_SHARE = 500 / 3000
COPY_SHARE = 0.10
SECOND_MAILS = 0.27
STATES_ORDER = 0.90
"""Of second mails without a thread: those that name the order again."""
STOLEN_SHARE = 0.02
"""Of answers: a stranger's, who has a mail's headers or an order's number from somebody else."""
OTHER_ADDRESS = 0.01
NO_ID, NO_DATE, ONE_ID_FOR_ALL = 0.05, 0.03, 0.02
THINGS = ("kettle", "mat", "lamp", "chair", "toaster", "blanket", "mixer", "shelf", "radio", "kennel")
WISHES = ("leaks", "is the wrong colour", "never came", "came twice", "smells", "is broken", "is too small")
TOPICS = ("Invoice for my company", "Opening hours over Christmas", "Gift card", "A job at your shop")
ANSWERS = ("Re: ", "RE: ", "AW: ", "Re: Re: ", "Antw: ", "")


@dataclass(frozen=True)
class StormMail:
    """One mail with the truth about it.

    Attributes:
        raw: as it travels, its lines ended by CR and LF.
        person: who wrote it; empty for a machine.
        about: the number of its conversation; -1 for a machine.
        kind: what it is, in a word.
        copy_of: the place of the mail that it is another delivery of; -1 if it is none.
    """

    raw: bytes
    person: str
    about: int
    kind: str
    copy_of: int = -1

    @property
    def is_machine(self) -> bool:
        """Whether a machine wrote it: it must never be answered."""
        return self.about < 0


@dataclass
class _Talk:
    """A conversation under way."""

    number: int
    person: str
    subject: str
    order: str
    ids: list[str] = field(default_factory=list)
    digest: str = ""


class _Writer:
    """Writes the mails of one storm."""

    def __init__(self, seed: int, count: int) -> None:
        self.draw = random.Random(seed)
        self.count = count
        self.now = datetime(2026, 11, 2, 8, tzinfo=UTC)
        self.mails: list[StormMail] = []
        self.talks: list[_Talk] = []

    def write(self) -> list[StormMail]:
        while len(self.mails) < self.count:
            self.now += timedelta(seconds=self.draw.expovariate(1 / 90))
            chance = self.draw.random()
            if chance < MACHINE_SHARE:
                self._machine()
            elif chance < MACHINE_SHARE + COPY_SHARE and self.mails:
                self._copy()
            elif chance < 0.55 or not self.talks:
                self._begin()
            else:
                self._go_on()
        return self.mails

    def _begin(self) -> None:
        """Begin a conversation; now and then by somebody who has another one open."""
        others = [talk.person for talk in self.talks[-60:]]
        second = bool(others) and self.draw.random() < SECOND_MAILS
        person = (
            self.draw.choice(others)
            if second
            else f"person{len(self.talks)}@mail{len(self.talks) % 7}.example"
        )
        order = str(10_000 + len(self.talks)) if self.draw.random() < 0.85 else ""
        subject = (
            f"My {self.draw.choice(THINGS)} {self.draw.choice(WISHES)}" if order else self.draw.choice(TOPICS)
        )
        talk = _Talk(len(self.talks), person, subject, order)
        made = self._letter(talk, subject, f"Hello, {subject.lower()}. {self._order_words(order)}")
        talk.digest = sha256(self._keep(made, talk, "first")).hexdigest()
        self.talks.append(talk)

    def _go_on(self) -> None:
        talk = self.draw.choice(self.talks[-80:])
        chance = self.draw.random()
        if chance < STOLEN_SHARE:
            self._stranger(talk)
        elif chance < STOLEN_SHARE + OTHER_ADDRESS:
            made = self._letter(
                talk, f"Re: {talk.subject}", f"From my other address. {self._order_words(talk.order)}"
            )
            made.replace_header("From", f"other.{talk.person}")
            self._keep(made, talk, "other_address")
        elif chance < 0.10:
            self._new_topic(talk)
        elif chance < 0.10 + SECOND_MAILS and talk.order:
            names = self.draw.random() < STATES_ORDER
            words = self._order_words(talk.order) if names else "You know which one."
            made = self._letter(
                talk, self.draw.choice(("Question", "Still waiting", "Any news?")), f"Hello again. {words}"
            )
            self._keep(made, talk, "second_mail" if names else "second_mail_unnamed")
        elif chance < 0.42:
            self._forward(talk)
        else:
            self._answer(talk)

    def _answer(self, talk: _Talk) -> None:
        """Answer in the thread, in one of the ways in which mail programs do."""
        subject = f"{self.draw.choice(ANSWERS)}{talk.subject}"
        way = self.draw.choices(("references", "only_ours", "token", "tag"), (70, 5, 12, 13))[0]
        if way == "tag":
            subject = f"Re: [{tag_of(talk.digest)}] {talk.subject}"
        made = self._letter(talk, subject, f"{self.draw.choice(('Yes', 'No', 'Thanks'))}, as I wrote.")
        ours = f"{sha256(str(talk.ids).encode()).hexdigest()[:12]}@example.com"
        if way in ("references", "token"):
            made["In-Reply-To"] = f"<{ours}>"
        if way == "references":
            made["References"] = " ".join(f"<{each}>" for each in [*talk.ids, ours])
        if way == "only_ours":
            made["In-Reply-To"] = f"<{talk.ids[-1]}>" if talk.ids else f"<{ours}>"
        if way == "token":
            made.replace_header("To", reply_address(OWN, token_of(talk.digest, KEY)))
        self._keep(made, talk, f"answer_{way}")

    def _new_topic(self, talk: _Talk) -> None:
        """Answer an old mail to write about something else."""
        subject = self.draw.choice(TOPICS)
        order = str(10_000 + len(self.talks))
        fresh = _Talk(len(self.talks), talk.person, subject, order)
        made = self._letter(
            fresh, f"Re: {subject}", f"Something else: {subject.lower()}. {self._order_words(order)}"
        )
        if talk.ids:
            made["References"] = f"<{talk.ids[0]}>"
        if subject == talk.subject:
            return
        fresh.digest = sha256(self._keep(made, fresh, "new_topic")).hexdigest()
        self.talks.append(fresh)

    def _forward(self, talk: _Talk) -> None:
        """Forward what a shop wrote to the customer: another beginning, with an old mail below."""
        order = str(10_000 + len(self.talks))
        fresh = _Talk(len(self.talks), talk.person, f"Your order {order}", order)
        below = (
            f"---------- Forwarded message ---------\nFrom: {ALSO_OURS}\nSubject: Your order {talk.order}\n"
        )
        made = self._letter(
            fresh, f"Fwd: Your order {order}", f"Please see below, it is order {order}.\n\n{below}"
        )
        fresh.digest = sha256(self._keep(made, fresh, "forward")).hexdigest()
        self.talks.append(fresh)

    def _stranger(self, talk: _Talk) -> None:
        """Write as somebody who knows a mail's headers, a tag or an order's number from somebody else."""
        fresh = _Talk(len(self.talks), f"stranger{len(self.talks)}@elsewhere.example", talk.subject, "")
        made = self._letter(
            fresh, f"Re: [{tag_of(talk.digest)}] {talk.subject}", self._order_words(talk.order)
        )
        if talk.ids:
            made["References"] = f"<{talk.ids[0]}>"
            made["Cc"] = talk.person
        fresh.digest = sha256(self._keep(made, fresh, "stranger")).hexdigest()
        self.talks.append(fresh)

    def _copy(self) -> None:
        """Deliver a mail once more: on another way, to another of our addresses, or with another id."""
        place = self.draw.randrange(max(0, len(self.mails) - 200), len(self.mails))
        first = self.mails[place]
        if first.copy_of >= 0 or (b"\nDate:" not in first.raw and b"\nMessage-ID:" not in first.raw):
            return
        added = (
            f"Received: by mx{self.draw.randrange(9)}; {self.now}\r\nDelivered-To: {ALSO_OURS}\r\n".encode()
        )
        self.mails.append(StormMail(added + first.raw, first.person, first.about, "copy", place))

    def _letter(self, talk: _Talk, subject: str, text: str) -> EmailMessage:
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = talk.person, OWN, subject
        if self.draw.random() >= NO_DATE:
            made["Date"] = format_datetime(self.now)
        chance = self.draw.random()
        if chance < ONE_ID_FOR_ALL:
            made["Message-ID"] = "<1@localhost>"
        elif chance >= ONE_ID_FOR_ALL + NO_ID:
            made["Message-ID"] = f"<m{len(self.mails)}@{talk.person.partition('@')[2]}>"
        made.set_content(f"{text}\n\nRegards {len(self.mails)}\n")
        return made

    def _keep(self, made: EmailMessage, talk: _Talk, kind: str) -> bytes:
        raw = made.as_bytes(policy=SMTP)
        known = str(made.get("Message-ID", "")).strip("<>")
        if known:
            talk.ids.append(known)
        self.mails.append(StormMail(raw, talk.person, talk.number, kind))
        return raw

    def _order_words(self, order: str) -> str:
        return f"It is about order {order}." if order else ""

    def _machine(self) -> None:
        kind = self.draw.choice(tuple(MACHINES))
        made = EmailMessage()
        made["To"], made["Date"] = OWN, format_datetime(self.now)
        made["Message-ID"] = f"<machine{len(self.mails)}@mx.example>"
        if self.talks:
            talk = self.draw.choice(self.talks[-80:])
            made["References"] = " ".join(f"<{each}>" for each in talk.ids)
        for name, value in MACHINES[kind].items():
            made[name] = value
        made.set_content(f"This was sent by itself, number {len(self.mails)}.\n")
        self.mails.append(StormMail(made.as_bytes(policy=SMTP), "", -1, kind))


MACHINES: dict[str, dict[str, str]] = {
    "bounce": {
        "From": "MAILER-DAEMON@mx.example",
        "Subject": "Undelivered Mail",
        "Auto-Submitted": "auto-replied",
    },
    "null_path": {"From": "mta@mx.example", "Return-Path": "<>", "Subject": "Delayed"},
    "away": {"From": "person1@mail1.example", "Subject": "Away", "Auto-Submitted": "auto-replied"},
    "away_by_subject": {"From": "person2@mail2.example", "Subject": "Automatic reply: your question"},
    "away_abroad": {"From": "person3@mail3.example", "Subject": "Abwesenheitsnotiz", "X-Autoreply": "yes"},
    "list": {"From": "talk@list.example", "Subject": "[talk] Hello", "List-Id": "<talk.list.example>"},
    "newsletter": {
        "From": "news@shop.example",
        "Subject": "News",
        "List-Unsubscribe": "<https://shop.example>",
    },
    "bulk": {"From": "offers@shop.example", "Subject": "Offers", "Precedence": "bulk"},
    "no_reply": {"From": "no-reply@bank.example", "Subject": "Your statement"},
    "own": {"From": f"Kontor <{OWN}>", "Subject": "Your return"},
    "own_loop": {"From": "robot@other.example", "Subject": "Ticket", "X-Loop": OWN},
    "notice": {"From": "cron@host.example", "Subject": "Backup", "Auto-Submitted": "auto-generated"},
}
"""What machines send, by kind: the headers that say so."""


def storm(seed: int = 13, count: int = 3000) -> list[StormMail]:
    """Return a storm of mails, in the order in which they come in."""
    return _Writer(seed, count).write()
