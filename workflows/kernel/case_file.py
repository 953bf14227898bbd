"""What a case writes about itself: its row and episodes in the books, its page in the Web UI."""

from datetime import datetime
from typing import Any

from pydantic import JsonValue
from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.cases import CaseActivities, CaseNote
    from contracts.authorization import Authorization
    from contracts.bounds import MOST_CENTS
    from contracts.carry import FileCarry
    from contracts.case import WAITS, CaseRecord, CaseStatus, Episode
    from contracts.decision import Decision
    from workflows.kernel import search_attributes
    from workflows.kernel.placement import PATCH, Placement


class CaseFile:
    """The file of the running workflow's case.

    Attributes:
        placement: where the case's steps run; every part of a case holds its file.
        done: the steps whose effects are applied, in their order.
        opened_at: when the case began, in its first run.
        part_of: the case whose request this one's is a part of; empty for most.

    Episodes are buffered as workflow state, which is durable by itself, and written with the next
    note: few commits, nothing lost.
    """

    def __init__(
        self, desk: str, channel: str, request: dict[str, JsonValue], carried: FileCarry | None = None
    ) -> None:
        """Open a file for the running workflow: an empty one, or as an earlier run of the case left it."""
        info = workflow.info()
        self.case_id = info.workflow_id
        self.desk = desk
        self.status = CaseStatus.RUNNING
        self.summary = ""
        self.amount_cents = 0
        self.currency = ""
        self.office_version = ""
        self.by_person = False
        self.customer = ""
        self.waits_for = ""
        self.part_of = ""
        self.done: list[str] = []
        self._channel = channel
        self._request = request
        self.opened_at: datetime = info.workflow_start_time
        # A run's id begins with the time: two runs within a minute differ only at its end.
        self._run = info.run_id[-8:]
        self.placement = Placement()
        # No run before this one can have come so far: each record took longer than a microsecond.
        self._event = int(self.opened_at.timestamp() * 1_000_000)
        self._count = 0
        self._buffer: list[Episode] = []
        if carried is not None:
            self._take_up(carried)

    def _take_up(self, carried: FileCarry) -> None:
        self.status, self.summary, self.customer = carried.status, carried.summary, carried.customer
        self.amount_cents, self.currency = carried.amount_cents, carried.currency
        self.office_version, self.by_person = carried.office_version, carried.by_person
        self.waits_for = carried.waits_for
        self.done, self.opened_at = list(carried.done), carried.opened_at
        self.placement = Placement(carried.served)
        self._event = max(self._event, carried.event)
        self._buffer = list(carried.episodes)

    def carry(self) -> FileCarry:
        """Return what the next run needs after a continue-as-new."""
        return FileCarry(
            status=self.status,
            summary=self.summary,
            amount_cents=self.amount_cents,
            currency=self.currency,
            office_version=self.office_version,
            by_person=self.by_person,
            customer=self.customer,
            waits_for=self.waits_for,
            opened_at=self.opened_at,
            event=self._event,
            done=tuple(self.done),
            episodes=tuple(self._buffer),
            served=self.placement.served,
        )

    @classmethod
    def of(cls, record: CaseRecord, carried: FileCarry | None = None) -> "CaseFile":
        """Open the file of an ended case once more; the running workflow has the case's id."""
        file = cls(record.desk, record.channel, record.request, carried)
        if carried is not None:
            return file
        file.summary, file.customer = record.summary, record.customer
        file.amount_cents, file.currency = record.amount_cents, record.currency
        file.office_version, file.by_person = record.office_version, record.by_person
        file.opened_at = record.opened_at
        file._event = max(file._event, record.event)
        return file

    def happened(self, kind: str, **data: JsonValue) -> None:
        """Add an episode; it is written with the next note. Never personal data, never a secret."""
        self._count += 1
        self._buffer.append(
            Episode(
                id=f"{self.case_id}#{self._run}-{self._count}",
                case_id=self.case_id,
                kind=kind,
                at=workflow.now(),
                data=data,
            )
        )

    def decided(self, decision: Decision) -> None:
        """Add a decision, with who made it and how sure they were."""
        made = decision.provenance
        self.happened(
            "decided",
            task=decision.task,
            outcome=decision.outcome,
            answer=decision.answer,
            by=f"{made.by}:{made.name}@{made.version[:12]}",
            confidence=made.confidence,
        )

    def judged(self, authorization: Authorization) -> None:
        """Add a verdict, with the policies that decided it."""
        self.office_version = authorization.office_version or self.office_version
        policies = {reason.id for verdict in authorization.verdicts for reason in verdict.reasons}
        self.happened(
            "verdict",
            outcome=authorization.outcome,
            policies=[*sorted(policies)],
            claimed_by=authorization.claimed_by,
            refused=authorization.refused,
        )

    async def open(self) -> None:
        """Write the first note, and learn where the case's steps run.

        Whoever starts a case sets its search attributes; they are set here for a case begun without.
        """
        if not workflow.patched(PATCH):
            await self.note(CaseStatus.RUNNING)
            return
        if workflow.info().typed_search_attributes.get(search_attributes.STATUS) is None:
            workflow.upsert_search_attributes(self._shown(CaseStatus.RUNNING))
        await self.placement.open(self._taken(CaseStatus.RUNNING, ""))

    async def note(self, status: CaseStatus, outcome: str = "", config: ActivityConfig | None = None) -> None:
        """Write where the case stands, and all that happened, into the books and the Web UI.

        Raises:
            ActivityError: the books did not take it; what happened is written with the next note.
        """
        self.status = status
        workflow.upsert_search_attributes(self._shown(status))
        what = f"note: {status.value} {outcome}".rstrip()
        taken = self._taken(status, outcome)
        try:
            await self.placement.record(CaseActivities.note, taken, what, config)
        except ActivityError:
            self._buffer[:0] = taken.episodes
            raise

    async def waits(self, why: str) -> None:
        """Let the books and the Web UI say what the case waits for; empty once it goes on.

        Args:
            why: words for a person; what is said already is not said again.
        """
        if why == self.waits_for:
            return
        self.waits_for = why
        self.happened(WAITS, why=why) if why else self.happened("goes_on")
        self.details(f"### waiting\n{why}" if why else "")
        await self.note(CaseStatus.RUNNING)

    def _shown(self, status: CaseStatus) -> list[SearchAttributeUpdate[Any]]:
        return [
            search_attributes.STATUS.value_set(status.value),
            search_attributes.AMOUNT_CENTS.value_set(self._amount()),
        ]

    def _amount(self) -> int:
        """Return the amount, or the largest that there is: a larger one would stop the case's every task."""
        return max(-MOST_CENTS, min(self.amount_cents, MOST_CENTS))

    def _taken(self, status: CaseStatus, outcome: str) -> CaseNote:
        """Take what happened since the last note out of the buffer."""
        episodes, self._buffer = tuple(self._buffer), []
        return CaseNote(record=self.record(status, outcome), episodes=episodes, part_of=self.part_of)

    def record(self, status: CaseStatus, outcome: str) -> CaseRecord:
        """Return the case's row as it stands now, later than every one before it."""
        self._event += 1
        return CaseRecord(
            id=self.case_id,
            desk=self.desk,
            channel=self._channel,
            status=status,
            summary=self.summary,
            outcome=outcome,
            amount_cents=self._amount(),
            currency=self.currency,
            office_version=self.office_version,
            opened_at=self.opened_at,
            updated_at=workflow.now(),
            request=self._request,
            by_person=self.by_person,
            customer=self.customer,
            event=self._event,
            waits_for=self.waits_for,
        )

    def details(self, markdown: str) -> None:
        """Show in the Web UI what the case is doing now."""
        workflow.set_current_details(markdown)
