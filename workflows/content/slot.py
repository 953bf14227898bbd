"""When an article appears: the moment that is waited for, and what people say of it meanwhile."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.content.types import SlotWord
    from workflows.kernel.case import CaseRun

NOT_WAITED_FOR = "NotWaitedFor"
"""The error type of a word about a moment that is over, or about nothing."""


class Slot:
    """The moment of one article. Make it in `@workflow.init`: it registers the update `scheduled`.

    Attributes:
        due: the moment; None for as soon as it may be.
        paused: nothing appears until somebody says otherwise.
    """

    def __init__(self, case: CaseRun, due: datetime | None) -> None:
        """Begin with the brief's moment."""
        self._case = case
        self.due = due
        self.paused = False
        self._over = False
        self._said = 0
        workflow.set_update_handler("scheduled", self._scheduled, validator=self._refuse)

    @property
    def late(self) -> timedelta:
        """How long its moment is over."""
        late = workflow.now() - self.due if self.due else timedelta(0)
        return max(late, timedelta(0))

    async def come(self) -> bool:
        """Wait for the moment, wherever it is moved to; False if somebody took the case back."""
        gate = self._case.gate
        while not gate.withdrawn:
            left = self.due - workflow.now() if self.due else timedelta(0)
            if left <= timedelta(0) and not self.paused:
                self._over = True
                await self._case.file.waits("")
                return True
            await self._case.file.waits(self._words())
            said = self._said
            try:
                await workflow.wait_condition(
                    lambda said=said: self._said > said or gate.withdrawn,  # type: ignore[misc]
                    timeout=None if self.paused else left,
                    timeout_summary="when it appears",
                )
            except TimeoutError:
                continue
        return False

    def _words(self) -> str:
        when = f"for {self.due.isoformat()}" if self.due else "for leave to appear"
        return "until somebody resumes it" if self.paused else when

    async def _scheduled(self, word: SlotWord) -> str:
        """Take a person's word on when it appears."""
        await self._case.gate.proving.demand(word.said(self._case.file.case_id), word.person, word.proof)
        self._refuse(word)
        self.due = word.publish_at or self.due
        self.paused = self.paused if word.paused is None else word.paused
        at = self.due.isoformat() if self.due else None
        self._case.file.happened("scheduled", person=word.person, at=at, paused=self.paused)
        self._said += 1
        return f"waits {self._words()}"

    def _refuse(self, word: SlotWord) -> None:
        """Refuse what says nothing, and what comes too late."""
        flaw = "it is published already, or about to be" if self._over else ""
        if word.publish_at is None and word.paused is None:
            flaw = "say when, or whether it is paused"
        if flaw:
            raise ApplicationError(flaw, type=NOT_WAITED_FOR, non_retryable=True)
