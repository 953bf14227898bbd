"""`kontor content calendar`: what is planned, by the office's clock, from the books alone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli import content
from contracts.case import CaseRecord, CaseStatus, Episode
from settings import Settings
from tests.conftest import ROOT

RUN = CliRunner()
OPENED = datetime(2027, 2, 1, 12, tzinfo=UTC)


def record(slug: str, at: str, **more: Any) -> CaseRecord:
    """The row of an article."""
    request = {"editorial_plan": "spring", "title": slug, "channels": ["blog"], "publish_at": at}
    given = {"status": CaseStatus.RUNNING, "opened_at": OPENED, "updated_at": OPENED, **more}
    return CaseRecord(
        id=f"content/spring/{slug}", desk="content", channel="blog", summary=slug, request=request, **given
    )


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An office in Berlin with three articles, one of which a person moved."""
    with Installation(Settings(office=ROOT / "office", state=tmp_path / "state")) as here:
        settled = {"status": CaseStatus.SETTLED, "outcome": "published"}
        for row in (
            record("late-evening", "2027-02-28T23:30:00+00:00"),
            record("size-guide", "2027-03-05T09:00:00+01:00", **settled),
            record("moved", "2027-03-06T09:00:00+01:00"),
        ):
            here.case_writer.record(row, ())
        here.episodes.append([moved("2027-04-02T10:00:00+02:00")])
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        yield here


def moved(at: str) -> Episode:
    case_id = "content/spring/moved"
    return Episode(id=f"{case_id}#1", case_id=case_id, kind="scheduled", at=OPENED, data={"at": at})


def run(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(content.app, ["calendar", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.usefixtures("office")
def test_articles_stand_in_their_order_where_people_moved_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PAGE", 1)
    shown = json.loads(run("--json"))
    assert [each["title"] for each in shown] == ["late-evening", "size-guide", "moved"]
    assert shown[1]["outcome"] == "published"
    assert shown[2]["at"] == "2027-04-02T10:00:00+02:00"


@pytest.mark.usefixtures("office")
def test_a_month_is_that_of_the_offices_clock() -> None:
    march = json.loads(run("--month", "2027-03", "--json"))
    assert [each["title"] for each in march] == ["late-evening", "size-guide"]
    sheet = run("--month", "2027-03")
    assert "March 2027" in sheet
    assert "31" in sheet
    assert json.loads(run("--plan", "autumn", "--json")) == []


@pytest.mark.usefixtures("office")
def test_a_month_that_is_none_is_refused_with_how_to_write_it() -> None:
    assert "write 2027-03" in run("--month", "March", code=2)
