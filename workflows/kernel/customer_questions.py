"""Asking the customer back: one line in a desk's story writes to them, waits for days, and always ends.

`answered = await self.customer.ask(question, message)`. A question is a message like any other: policy must
let it go by a rule that speaks of questions, and it goes through the ledger. What comes back counts only
where it plainly chooses among the question's choices; everything else ends with a person.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import JsonValue
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.waits import WaitActivities
    from contracts.authorization import Plan
    from contracts.base import content_hash
    from contracts.carry import WaitsIn
    from contracts.decision import Inquiry, Question
    from contracts.evidence import Evidence
    from contracts.photo import Photo
    from contracts.proof import Said
    from contracts.reply import (
        NO_QUESTION,
        QUESTION,
        REPLIED,
        STEP,
        CustomerQuestion,
        Heard,
        OpenQuestion,
        QuestionsCarry,
        Reply,
        ReplyEnd,
        ReplyTaken,
        Standing,
        question_id,
        read_reply,
    )
    from contracts.waits import WaitAsked
    from workflows.kernel.awaiting import TakenBack, Waited, until
    from workflows.kernel.case import CaseRun
    from workflows.kernel.telling import told

Message = Callable[[str, str, dict[str, JsonValue]], Plan]
"""Makes a plan that only tells, of the name of the office's text, the step, and what the text may say."""

NO_REPLY = "NoReply"
"""The error type of an update `replied` that can never be an answer."""
NOT_LET = "the office's policies do not let the customer be asked"
"""Why a question was not put that no policy speaks of."""
SILENT = "the customer did not answer in time"
"""Why a question that was put is a person's."""
WHAT = "reply"
_WHY: dict[Standing, str] = {
    "heard": "it is read",
    "doubled": "it came before; it is recorded",
    "late": "its question is closed; it is recorded, and changes nothing",
    "foreign": "it answers another case's question; it is recorded, and changes nothing",
    "unasked": "the case has asked nothing; it is recorded, and changes nothing",
}


class CustomerQuestions:
    """The questions of one case to its customer. Make it in `@workflow.init`, so that no reply is lost.

    It registers the signal and the update `replied`.
    """

    def __init__(self, case: CaseRun, carried: QuestionsCarry | None = None) -> None:
        """Ask nothing yet, or take up what an earlier run of the case has asked."""
        carried = carried or QuestionsCarry()
        self._case = case
        self._asked, self._most = carried.asked, carried.most
        self._open = carried.open
        self._inbox = list(carried.inbox)
        self._seen = list(carried.seen)
        self._turn = asyncio.Lock()
        workflow.set_signal_handler(REPLIED, self._on_signal)
        workflow.set_update_handler(REPLIED, self._on_update, validator=self._refuse)

    @property
    def open(self) -> CustomerQuestion | None:
        """The question that waits, or that an earlier run of the case left waiting."""
        return self._open.question if self._open else None

    def carry(self) -> QuestionsCarry:
        """Return what the next run needs."""
        return QuestionsCarry(
            asked=self._asked,
            most=self._most,
            open=self._open,
            inbox=tuple(self._inbox),
            seen=tuple(self._seen),
        )

    async def ask(self, question: CustomerQuestion, message: Message) -> ReplyEnd:
        """Ask, remind once, ask once more what was not understood, and return how it ended.

        Args:
            question: what is missing; where an earlier run of the case has it open, it is taken up.
            message: makes what the customer is told; its plan's facts say `question`.

        Raises:
            TakenBack: nobody wants the case any more.
        """
        said: tuple[str, ...] = self._open.said if self._open else ()
        photos: tuple[Photo, ...] = self._open.photos if self._open else ()
        first = self._open.first if self._open else self._asked + 1
        while True:
            if self._open is None and (why_not := await self._put(question, message, first, said, photos)):
                return ReplyEnd(said=said, photos=photos, why_not=why_not)
            reply = await self._reply(message)
            if reply is None:
                return ReplyEnd(said=said, photos=photos, why_not=SILENT)
            said = (*said, reply.words) if reply.words else said
            photos = (*photos, *reply.photos)
            heard = await self._read(question, reply)
            if heard.says == "chosen":
                return ReplyEnd(picked=heard.picked, said=said, photos=photos)
            if heard.says == "otherwise":
                why_not = "the customer answered something else"
                return ReplyEnd(said=said, photos=photos, why_not=why_not, otherwise=True)

    async def _put(
        self,
        question: CustomerQuestion,
        message: Message,
        first: int,
        said: tuple[str, ...],
        photos: tuple[Photo, ...],
    ) -> str:
        """Put a question to the customer; return why it was not, in words for a person."""
        if self._asked and self._asked >= self._most:
            return "the customer was asked as often as the office asks, and more would have to be known"
        opened = OpenQuestion(
            question=question, first=first, number=self._asked + 1, said=said, photos=photos
        )
        asking = _message(opened, message, again=bool(said))
        silent = asking.model_copy(update={"effects": (), "facts": {**asking.facts, QUESTION: NO_QUESTION}})
        if await self._case.choose([asking, silent], QUESTION):
            return NOT_LET
        # Before it is sent: an answer may come before the channel has said that the message is out.
        self._open, self._asked = opened, opened.number
        if why_not := await told(self._case.file, asking):
            self._open = None
            return f"the customer could not be asked: {why_not}"
        begun = WaitAsked(what=WHAT, begins_at=workflow.now())
        terms = await self._case.file.placement.record(WaitActivities.question, begun, "how long to wait")
        self._most = terms.most
        self._open = opened.model_copy(update={"wait": terms.wait})
        return ""

    async def _reply(self, message: Message) -> Reply | None:
        """Wait for a reply to the open question; None if none came in time."""
        asked = self._open
        assert asked is not None
        assert asked.wait is not None, "a question is out before it is waited for"
        until_when = f"{asked.wait.ends_at:%Y-%m-%d %H:%M} UTC"
        await self._case.file.waits(
            f"for the customer: {asked.question.what} until {until_when}; kontor reply says what they answer"
        )
        try:
            waited = await until(
                self._case,
                lambda: bool(self._inbox),
                asked.wait,
                look=None,
                remind=None if asked.reminded else lambda: self._remind(message),
                waits_in=WaitsIn.CUSTOMER,
            )
        except TakenBack:
            self._open = None
            await self._case.file.waits("")
            raise
        await self._case.file.waits("")
        # The last word counts: what came before it was not read yet.
        reply = self._inbox[-1] if waited is Waited.HAPPENED else None
        self._open, self._inbox = None, []
        return reply

    async def _remind(self, message: Message) -> None:
        """Remind the customer, once; whether it can be told changes nothing."""
        assert self._open is not None
        self._open = self._open.model_copy(update={"reminded": True})
        if why_not := await told(self._case.file, _message(self._open, message, reminds=True)):
            self._case.file.happened("not_told", why=why_not)

    async def _read(self, question: CustomerQuestion, reply: Reply) -> Heard:
        """Read a reply against the choices; without any, the words are the answer."""
        if not question.choices:
            return Heard(says="chosen")
        if not reply.words:
            return Heard(says="unclear")
        file = self._case.file
        asked = Question(
            task=f"{file.desk}.{WHAT}",
            text=reply.words,
            case_id=file.case_id,
            desk=file.desk,
            choices=tuple(choice.text for choice in question.choices),
            evidence=(
                Evidence(source=f"question:{question.kind}", text=question.about),
                Evidence(source=f"reply:{self._asked}", text=reply.words, kind="turn"),
            ),
        )
        # By its words, too: after a reset another reply may come to the same question.
        step = f"{WHAT}-{self._asked}-{content_hash([reply.words])[:8]}"
        [decision] = await self._case.decide(Inquiry(case_id=file.case_id, step=step, questions=(asked,)))
        return _heard(decision.outcome, decision.answer or {}, len(question.choices))

    def _take(self, reply: Reply) -> ReplyTaken:
        """Keep a reply for whoever waits for it, and record what became of it; the words are no record."""
        standing = self._standing(reply)
        if standing == "heard":
            assert self._open is not None
            self._seen.append(self._open.key(reply))
            self._inbox.append(reply)
        number = self._open.number if self._open else self._asked
        self._case.file.happened(
            REPLIED, by="customer", standing=standing, question=number, choice=reply.choice
        )
        asked = question_id(self._case.file.case_id, number) if number else ""
        return ReplyTaken(standing=standing, why=_WHY[standing], question=asked)

    def _standing(self, reply: Reply) -> Standing:
        case_id = self._case.file.case_id
        ours = {question_id(case_id, number) for number in range(1, self._asked + 1)}
        if reply.question and reply.question not in ours:
            return "foreign"
        if self._open is None:
            return "late" if self._asked else "unasked"
        if reply.question and reply.question != question_id(case_id, self._open.number):
            return "late"
        return "doubled" if self._open.key(reply) in self._seen else "heard"

    async def _on_signal(self, *said: Any) -> None:
        """Take a reply from a channel that does not wait for what becomes of it, or sent by hand."""
        reply = read_reply(said[0] if said else None)
        flaw = reply if isinstance(reply, str) else self._flaw(reply)
        if isinstance(reply, str) or flaw:
            self._case.file.happened(REPLIED, by="customer", standing="malformed", why=flaw)
            return
        async with self._turn:
            if not await self._case.gate.proving.why_not(*self._told(reply)):
                self._take(reply)

    async def _on_update(self, reply: Reply) -> ReplyTaken:
        """Take a reply, and say what became of it."""
        async with self._turn:
            await self._case.gate.proving.demand(*self._told(reply))
            return self._take(reply)

    def _told(self, reply: Reply) -> tuple[Said, str, str]:
        return reply.said(self._case.file.case_id), reply.person, reply.proof

    def _refuse(self, reply: Reply) -> None:
        """Refuse, before anything is written into the history, what names a choice that there is not."""
        if flaw := self._flaw(reply):
            raise ApplicationError(flaw, type=NO_REPLY, non_retryable=True)

    def _flaw(self, reply: Reply) -> str:
        choices = self._open.question.choices if self._open else ()
        if reply.choice is None or self._open is None or reply.choice <= len(choices):
            return ""
        numbered = "; ".join(f"{number} {choice.text}" for number, choice in enumerate(choices, start=1))
        return f"there is no choice {reply.choice}; these are: {numbered or 'none, it takes words'}"


def _message(opened: OpenQuestion, message: Message, *, again: bool = False, reminds: bool = False) -> Plan:
    """Return the plan that asks, asks again, or reminds."""
    question, reminder = opened.question, "-reminder" if reminds else ""
    choices: list[JsonValue] = [
        {"number": number, "text": choice.text} for number, choice in enumerate(question.choices, start=1)
    ]
    says: dict[str, JsonValue] = {"choices": choices, "again": again, "reminder": reminds}
    plan = message(question.text, f"{STEP}{opened.number}{reminder}", says)
    return plan.model_copy(update={"facts": {**plan.facts, QUESTION: question.kind}})


def _heard(outcome: str, answer: dict[str, JsonValue], size: int) -> Heard:
    """Return what a decision makes of a reply; one that is not sure is unclear."""
    if outcome != "answered":
        return Heard(says="unclear")
    said = answer.get("picked")
    places = (
        [place for place in said if isinstance(place, int) and 0 <= place < size]
        if isinstance(said, list)
        else []
    )
    if answer.get("says") == "otherwise" or not places:
        return Heard(says="otherwise")
    return Heard(says="chosen", picked=tuple(dict.fromkeys(places)))
