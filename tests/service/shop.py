"""A shop with an office folder of its own, and cases that were judged on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bootstrap.installation import Installation
from contracts.approvals.request import ApprovalRequest
from contracts.case import CaseRecord, CaseStatus
from policy.engine import CedarEngine
from policy.trials import run_trials
from settings import Settings
from tests.policy.plans import plan, refund
from workflows.registry import fact_types

NINE = datetime(2026, 11, 30, 8, tzinfo=UTC)
"""A Monday, nine o'clock in Berlin."""


FAILING = "exactly 150.00 still runs unattended: expected allow, got ask"
"""One of the tests that `Shop.break_tests` breaks."""


@dataclass
class Shop:
    kontor: Installation

    @property
    def folder(self) -> Path:
        return self.kontor.settings.office

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert old in text
        (self.folder / file).write_text(text.replace(old, new))

    def break_tests(self) -> None:
        """Ask two people about refunds that the office's own tests let run."""
        self.edit("policies/returns.cedar", "amount_cents > 100000", "amount_cents > 5000")

    @property
    def tests(self) -> tuple[int, int]:
        """How many of the folder's policy tests there are, and how many fail."""
        tried = run_trials(self.folder, CedarEngine.from_office(self.folder, fact_types()))
        return len(tried), sum(1 for each in tried if each.failures)

    def judged(self, number: int, cents: int, *, by: str = "") -> str:
        """A case whose refund was judged, and whose question a person may have answered."""
        case_id = f"returns/webshop/RMA-{number}"
        proposed = plan(refund(cents)).model_copy(update={"case_id": case_id})
        engine, at = self.kontor.policy_engine, NINE + timedelta(minutes=number)
        verdicts = [*engine.judge(proposed)]
        if by:
            asked = ApprovalRequest(
                id=f"ask-{number}", case_id=case_id, desk="returns", step="refund", what="a refund",
                plan=proposed, arguments_hash="", roles=("clerk", "lead"), asked_by="desk",
                office_version="", requested_at=at, deadline=at + timedelta(days=1),
            )  # fmt: skip
            verdicts.append(engine.may_answer(by, asked, at))
        self.kontor.authorizations.keep(case_id, (), verdicts, (), at)
        self.kontor.case_writer.record(
            CaseRecord(
                id=case_id, desk="returns", channel="webshop", status=CaseStatus.SETTLED, summary="",
                opened_at=at, updated_at=at,
            ),
            (),
        )  # fmt: skip
        return case_id


@contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    with Installation(Settings(office=folder / "office", state=folder / "state")) as installation:
        yield Shop(installation)
