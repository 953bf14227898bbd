"""What comes later in a conversation: the clock hears of it, and so do the people who have it."""

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.evidence import Evidence
    from contracts.reply import REPLIED, Reply, ReplyTaken, read_reply
    from workflows.inbox.clock_watch import ClockWatch
    from workflows.kernel.case import CaseRun

HEARD = ReplyTaken(standing="heard", why="whoever has the conversation reads it")
DOUBLED = ReplyTaken(standing="doubled", why="it came before; it is recorded")
ELSEWHERE = ReplyTaken(standing="heard", why="it answers a question of the case that this one began")


class LaterMail:
    """The later mails of one conversation. Make it in `@workflow.init`, so that none is lost.

    It registers the signal and the update `replied`.

    Attributes:
        count: of all that came and were heard.
        unread: what no question of a case that this one began has asked for, in order, as evidence.
    """

    def __init__(self, case: CaseRun, clock: ClockWatch) -> None:
        """Begin with none."""
        self.count = 0
        self.unread: list[Evidence] = []
        self._case = case
        self._clock = clock
        self._seen: set[str] = set()
        self._turn = asyncio.Lock()
        workflow.set_signal_handler(REPLIED, self._on_signal)
        workflow.set_update_handler(REPLIED, self._on_update)

    async def _on_signal(self, *said: Any) -> None:
        """Take a mail from whoever does not wait for what becomes of it."""
        reply = read_reply(said[0] if said else None)
        if isinstance(reply, str):
            self._case.file.happened(REPLIED, by="customer", standing="malformed", why=reply)
            return
        async with self._turn:
            said_here = reply.said(self._case.file.case_id)
            if not await self._case.gate.proving.why_not(said_here, reply.person, reply.proof):
                self._take(reply)

    async def _on_update(self, reply: Reply) -> ReplyTaken:
        """Take a mail, and say what became of it."""
        async with self._turn:
            said = reply.said(self._case.file.case_id)
            await self._case.gate.proving.demand(said, reply.person, reply.proof)
            return self._take(reply)

    def _take(self, reply: Reply) -> ReplyTaken:
        taken = self._standing(reply)
        self._case.file.happened(REPLIED, by="customer", standing=taken.standing, question=reply.question)
        if taken is DOUBLED:
            return taken
        self.count += 1
        self._clock.happened("asked")
        if taken is HEARD:
            number = len(self.unread) + 1
            self.unread.append(Evidence(source=f"mail:later-{number}", text=reply.words, kind="turn"))
            self._case.gate.looks.wanted = True
        return taken

    def _standing(self, reply: Reply) -> ReplyTaken:
        if reply.id and reply.id in self._seen:
            return DOUBLED
        self._seen.add(reply.id)
        return ELSEWHERE if reply.question else HEARD
