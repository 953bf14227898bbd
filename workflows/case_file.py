"""What a case writes about itself: its row and episodes in the books, its page in the Web UI."""

from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.cases import CaseActivities, CaseNote
    from contracts.case import CaseRecord, CaseStatus
    from contracts.decision import Decision
    from contracts.episode import Episode
    from contracts.verdict import Authorization
    from workflows import options, search_attributes


class CaseFile:
    """The file of the running workflow's case.

    Episodes are buffered as workflow state, which is durable by itself, and written with the next
    note: few commits, nothing lost.
    """

    def __init__(self, desk: str, channel: str, request: dict[str, JsonValue]) -> None:
        """Open an empty file for the running workflow."""
        info = workflow.info()
        self.case_id = info.workflow_id
        self.desk = desk
        self.status = CaseStatus.RUNNING
        self.summary = ""
        self.amount_cents = 0
        self.currency = "EUR"
        self.office_version = ""
        self.by_person = False
        self.customer = ""
        self._channel = channel
        self._request = request
        self._opened_at: datetime = info.workflow_start_time
        self._run = info.run_id[:8]
        self._count = 0
        self._buffer: list[Episode] = []

    @classmethod
    def of(cls, record: CaseRecord) -> "CaseFile":
        """Open the file of an ended case once more; the running workflow has the case's id."""
        file = cls(record.desk, record.channel, record.request)
        file.summary, file.customer = record.summary, record.customer
        file.amount_cents, file.currency = record.amount_cents, record.currency
        file.office_version, file.by_person = record.office_version, record.by_person
        file._opened_at = record.opened_at
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

    async def note(self, status: CaseStatus, outcome: str = "") -> None:
        """Write where the case stands, and all that happened, into the books and the Web UI."""
        self.status = status
        workflow.upsert_search_attributes(
            [
                search_attributes.STATUS.value_set(status.value),
                search_attributes.AMOUNT_CENTS.value_set(self.amount_cents),
            ]
        )
        episodes, self._buffer = tuple(self._buffer), []
        await workflow.execute_activity_method(
            CaseActivities.note,
            CaseNote(record=self.record(status, outcome), episodes=episodes),
            **options.told(options.BOOKS, f"note: {status.value} {outcome}".rstrip()),
        )

    def record(self, status: CaseStatus, outcome: str) -> CaseRecord:
        """Return the case's row as it stands now."""
        return CaseRecord(
            id=self.case_id,
            desk=self.desk,
            channel=self._channel,
            status=status,
            summary=self.summary,
            outcome=outcome,
            amount_cents=self.amount_cents,
            currency=self.currency,
            office_version=self.office_version,
            opened_at=self._opened_at,
            updated_at=workflow.now(),
            request=self._request,
            by_person=self.by_person,
            customer=self.customer,
        )

    def details(self, markdown: str) -> None:
        """Show in the Web UI what the case is doing now."""
        workflow.set_current_details(markdown)
