"""The demo's morning, handed in once more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bootstrap.installation import Installation
from cli.demo.run import Morning
from contracts.case import CaseRecord, CaseStatus
from settings import Settings
from workflows.returns.desk import DESK
from workflows.returns.types import ReturnRequest

REQUEST = ReturnRequest(id="RMA-1", channel="webshop", order="W-1", message="back, please")
BEFORE = datetime(2026, 11, 30, 9, tzinfo=UTC)


def opened(at: datetime, status: CaseStatus) -> CaseRecord:
    return CaseRecord(
        id=DESK.case_id(REQUEST),
        desk=DESK.name,
        channel=REQUEST.channel,
        status=status,
        summary="",
        opened_at=at,
        updated_at=at,
    )


def test_how_a_case_ended_before_it_began_anew_counts_no_more(tmp_path: Path) -> None:
    with Installation(Settings(state=tmp_path)) as kontor:
        morning = Morning(kontor, [REQUEST])
        kontor.case_writer.record(opened(BEFORE, CaseStatus.DENIED), ())
        assert list(morning.records()) == morning.case_ids()

        morning.began_anew([REQUEST], BEFORE + timedelta(hours=1))
        assert morning.records() == {}

        kontor.case_writer.record(opened(BEFORE + timedelta(hours=2), CaseStatus.RUNNING), ())
        assert list(morning.records()) == morning.case_ids()
