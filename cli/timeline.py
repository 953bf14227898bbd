"""The timeline of a case, put together from the books."""

from dataclasses import dataclass

import bootstrap
from contracts.approval import ApprovalRecord
from contracts.case import CaseRecord
from contracts.decision import Decision
from contracts.episode import Episode
from contracts.ledger import LedgerEntry
from contracts.verdict import Verdict
from settings import Settings


@dataclass(frozen=True)
class Timeline:
    """Everything the books know of a case."""

    record: CaseRecord
    decisions: dict[str, Decision]
    verdicts: tuple[Verdict, ...]
    approvals: tuple[ApprovalRecord, ...]
    effects: tuple[LedgerEntry, ...]
    episodes: list[Episode]

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
        }


def timeline(settings: Settings, case_id: str) -> Timeline | None:
    """Read a case's timeline, or None if the books know no such case."""
    record = bootstrap.cases(settings).find(case_id)
    if record is None:
        return None
    return Timeline(
        record=record,
        decisions=bootstrap.decisions(settings).of_case(case_id),
        verdicts=bootstrap.verdicts(settings).of_case(case_id),
        approvals=bootstrap.approvals(settings).of_case(case_id),
        effects=bootstrap.ledger(settings).of_case(case_id),
        episodes=bootstrap.episodes(settings).of_case(case_id),
    )
