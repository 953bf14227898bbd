"""The timeline of a case, put together from the books."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from contracts.approvals.request import ApprovalRecord
from contracts.authorization import Verdict
from contracts.case import CaseRecord, Episode
from contracts.decision import Decision
from contracts.ledger import LedgerEntry
from contracts.reconciliation.trouble import CaseTrouble

if TYPE_CHECKING:
    from activities.executions import Execution
    from bootstrap.installation import Installation


@dataclass(frozen=True)
class Timeline:
    """Everything the books know of a case.

    Attributes:
        at_server: what the server says of it now; None if it was not asked, or did not answer.
    """

    record: CaseRecord
    decisions: dict[str, Decision]
    verdicts: tuple[Verdict, ...]
    approvals: tuple[ApprovalRecord, ...]
    effects: tuple[LedgerEntry, ...]
    episodes: list[Episode]
    troubles: tuple[CaseTrouble, ...] = ()
    at_server: "Execution | None" = None

    def as_json(self) -> dict[str, object]:
        """Return it whole, for scripts."""
        return {
            "case": self.record.model_dump(mode="json"),
            "decisions": {
                step: decision.model_dump(mode="json") for step, decision in self.decisions.items()
            },
            "verdicts": [verdict.model_dump(mode="json") for verdict in self.verdicts],
            "approvals": [approval.model_dump(mode="json") for approval in self.approvals],
            "effects": [entry.model_dump(mode="json") for entry in self.effects],
            "episodes": [episode.model_dump(mode="json") for episode in self.episodes],
            "troubles": [trouble.model_dump(mode="json") for trouble in self.troubles],
            "at_server": asdict(self.at_server) if self.at_server else None,
        }


def timeline(installation: "Installation", case_id: str) -> Timeline | None:
    """Read a case's timeline, or None if the books know no such case."""
    record = installation.cases.find(case_id)
    if record is None:
        return None
    return Timeline(
        record=record,
        decisions=installation.decisions.of_case(case_id),
        verdicts=installation.verdicts.of_case(case_id),
        approvals=installation.approvals.of_case(case_id),
        effects=installation.ledger.of_case(case_id),
        episodes=installation.episodes.of_case(case_id),
        troubles=installation.stuck_cases.troubles((case_id,)),
    )
