"""People at the desk: who has a conversation, and what they do about it, one word after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from contracts.decision import RELABELLED
    from workflows.inbox.activities import InboxActivities
    from workflows.inbox.clock_watch import ClockWatch
    from workflows.inbox.later_mail import LaterMail
    from workflows.inbox.types import TOPIC, Route, RouteQuery
    from workflows.inbox.words import HANDLE, HANDLED, STANDING, Standing, Word, WordQuery, WordTaken
    from workflows.kernel.case import CaseRun

Answering = Callable[[str], Awaitable[str]]
"""Answers in the thread with a person's words; returns why it could not, empty if it did."""
NOBODY_ASKED = "nobody is asked about it now: it is being worked on, or has ended"
MOST_HANDED_ON = 8
"""With the mails that people are asked anew about, fewer than the changes that one question outlives."""


class Handling:
    """The words of people about one conversation. Make it in `@workflow.init`, so that none is lost.

    It registers the update `handle` and the query `standing`. A word counts only at the version that its
    speaker saw: of two people who act at once, the second is told what the first did.

    Attributes:
        route: whose it is; None until people are asked.
        open: people are asked about it now.
    """

    def __init__(self, case: CaseRun, clock: ClockWatch, later: LaterMail, answering: Answering) -> None:
        """Begin with nobody who has it."""
        self.route: Route | None = None
        self.open = False
        self._case = case
        self._clock = clock
        self._later = later
        self._answering = answering
        self._owner = ""
        self._until: datetime | None = None
        self._words = 0
        self._changed = ""
        self._mails = self._handed_on = 0
        self._turn = asyncio.Lock()
        clock.when_silent = self._lost
        workflow.set_update_handler(HANDLE, self._on_update)
        workflow.set_query_handler(STANDING, self.standing)

    def standing(self) -> Standing:
        """Return who has it, and at which version."""
        return Standing(
            version=self._words + self._later.count,
            open=self.open,
            team=self.route.team if self.route else "",
            topic=self.route.topic if self.route else "",
            owner=self._owner,
            snoozed_until=self._until,
            later=len(self._later.unread),
            changed=self._changed if self._later.count == self._mails else "another mail came",
        )

    async def wake(self) -> None:
        """Bring back what was snoozed, at its moment or with the next mail; runs until it is cancelled."""
        while True:
            await workflow.wait_condition(lambda: self._until is not None)
            assert self._until is not None
            until, came = self._until, self._later.count
            left = until - workflow.now()
            try:
                if left.total_seconds() > 0:
                    await workflow.wait_condition(
                        lambda until=until, came=came: self._until != until or self._later.count > came,  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
                        timeout=left,
                        timeout_summary="snoozed",
                    )
            except TimeoutError:
                pass
            if self._until == until:
                self._until = None
                self._clock.happened("resumed")
                self._words += 1
                self._change("woken", "")
                await self._case.file.note(self._case.file.status)

    async def _on_update(self, word: Word) -> WordTaken:
        """Take a word, and say what became of it."""
        async with self._turn:
            said = word.said(self._case.file.case_id)
            await self._case.gate.proving.demand(said, word.person, word.proof)
            if word.version != self.standing().version:
                why = f"it has changed since: {self.standing().changed}"
                return WordTaken(became="stale", why=why, standing=self.standing())
            if why := await self._why_not(word):
                return WordTaken(became="refused", why=why, standing=self.standing())
            if why := await self._do(word):
                return WordTaken(became="refused", why=why, standing=self.standing())
            await self._case.file.note(self._case.file.status)
            return WordTaken(became="done", standing=self.standing())

    async def _why_not(self, word: Word) -> str:
        """Say why a person may not do that; empty if they may."""
        if self.route is None or not self.open:
            return NOBODY_ASKED
        if self._owner not in ("", word.person):
            return f"{self._owner} has it, until they release it, hand it on, or are silent for too long"
        if word.until is not None and word.until <= workflow.now():
            return "the moment until which it shall rest is over"
        may = WordQuery(person=word.person, roles=self.route.roles)
        return await self._case.file.placement.record(InboxActivities.may, may, f"may they {word.deed}?")

    async def _do(self, word: Word) -> str:
        """Do it; return why it could not be done."""
        match word.deed:
            case "claim":
                self._owner = word.person
                self._clock.happened("claimed")
            case "release":
                self._owner = ""
                self._clock.happened("released")
            case "snooze":
                self._until = word.until
                self._clock.happened("paused")
            case "answer":
                if why := await self._answering(word.text):
                    return why
                self._clock.happened("answered")
            case "hand_on":
                if why := await self._hand_on(word):
                    return why
        if self._owner and word.deed != "claim":
            self._clock.happened("acted")
        self._words += 1
        self._change(word.deed, word.person, topic=word.topic, team=word.team, why=word.why)
        return ""

    async def _hand_on(self, word: Word) -> str:
        assert self.route is not None
        if self._handed_on == MOST_HANDED_ON:
            return f"it was handed on {MOST_HANDED_ON} times: whoever has it answers or closes it"
        query = RouteQuery(
            topic=word.topic or self.route.topic, sender=self._case.file.customer, team=word.team
        )
        spoken = self.route.language
        route = await self._case.file.placement.record(InboxActivities.route, query, "inbox.toml")
        if (word.topic and route.topic != word.topic) or (word.team and route.team != word.team):
            return f"inbox.toml has no {'topic' if word.topic else 'team'} {word.topic or word.team!r}"
        if self._owner:
            self._owner = ""
            self._clock.happened("released")
        if word.topic:
            # What a person says it is about is an example, once it was reviewed: `kontor models learn`.
            self._case.file.happened(RELABELLED, task=TOPIC, label=word.topic, person=word.person)
        self.route, self._handed_on = route.model_copy(update={"language": spoken}), self._handed_on + 1
        self._clock.happened("terms", route.terms)
        self._case.gate.looks.wanted = True
        return ""

    def _lost(self) -> None:
        """Take it from whoever claimed it and was silent for as long as the office lets them."""
        person, self._owner = self._owner, ""
        self._words += 1
        self._change("lost", person)

    def _change(self, deed: str, person: str, **more: JsonValue) -> None:
        said = {name: value for name, value in more.items() if value}
        self._mails = self._later.count
        self._changed = f"{person}: {deed}" if person else deed
        version = self._words + self._later.count
        self._case.file.happened(HANDLED, deed=deed, person=person, version=version, **said)
