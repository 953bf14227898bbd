"""One definition a number: page, dashboard, metrics and command line say the same."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from typer.testing import CliRunner

from benchmarks.year import BEGIN, END, Generator
from bootstrap.installation import Installation
from cli.app import app
from health.number_figures import AGAIN_SECONDS, NumberFigures
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Reading, Scope
from service import number_pages
from service.number_pages import DASHBOARD, PAGE, dashboard, page
from settings import Settings

NAME = re.compile(r"kontor_[a-z_]+")
ANEW = "write it anew: python -m service.number_pages"


def test_names_follow_prometheus_and_meanings_are_sentences() -> None:
    names = [number.name for number in NUMBERS]
    assert len(set(names)) == len(names)
    endings = {"share": "_ratio", "cents": "_cents", "seconds": "_seconds", "usd": "_usd", "count": ""}
    for number in NUMBERS:
        assert NAME.fullmatch(number.name)
        assert number.name.endswith(endings[number.unit])
        assert number.meaning.endswith(".")
        assert number.link.endswith(number.name)


def test_the_page_and_the_dashboard_are_made_from_the_definitions() -> None:
    assert page(PAGE.read_text()) == PAGE.read_text(), ANEW
    assert json.loads(DASHBOARD.read_text()) == dashboard(), ANEW


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers: begin"):
        page("# Numbers\n")


def readings() -> list[Reading]:
    """A reading of each number, as sure as it can be."""
    return [
        Reading(
            number.name,
            labels=dict.fromkeys(number.labels, "x"),
            value=0.5,
            n=40,
            low=0.4,
            high=0.6,
            open=2,
            statistic=statistic,
            target=1.0,
        )
        for number in NUMBERS
        for statistic in number.statistics or ("",)
    ]


def shown(figures: NumberFigures) -> str:
    registry = CollectorRegistry()
    registry.register(figures)
    return generate_latest(registry).decode()


def test_the_dashboard_asks_for_nothing_that_a_worker_does_not_show() -> None:
    figures = NumberFigures(readings)
    figures.refresh()
    known = set(NAME.findall(shown(figures)))
    asked = {
        name
        for panel in dashboard()["panels"]
        for target in panel["targets"]
        for name in NAME.findall(target["expr"])
    }
    assert {number.name for number in NUMBERS} <= asked <= known


def test_a_number_stands_with_its_interval_its_count_and_its_budget() -> None:
    figures = NumberFigures(readings)
    figures.refresh()
    text = shown(figures)
    for line in (
        'kontor_edit_ratio{desk="x"} 0.5',
        'kontor_edit_ratio_low{desk="x"} 0.4',
        'kontor_edit_ratio_n{desk="x"} 40.0',
        'kontor_edit_ratio_open{desk="x"} 2.0',
        'kontor_case_cost_usd_target{desk="x",statistic="p95"} 1.0',
    ):
        assert line in text.splitlines()


def test_no_scrape_waits_and_what_was_read_stays_while_it_cannot_be_read_anew() -> None:
    now, asked = [0.0], []

    def read() -> list[Reading]:
        asked.append(now[0])
        if len(asked) > 1:
            raise ConnectionError("the database is away")
        return readings()

    figures = NumberFigures(read, clock=lambda: now[0])
    figures.refresh()
    now[0] += AGAIN_SECONDS
    figures.refresh()
    assert "kontor_edit_ratio" in shown(figures)


@pytest.fixture
def kontor(tmp_path: Path, office: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An office with a year behind it, as it stood at its end."""
    here = Installation(Settings(office=office, state=tmp_path / "state"))
    Generator(11).year(150).write(here.database)

    def as_of_then(_installation: object, now: datetime, window: timedelta, undo: timedelta) -> Scope:
        assert now.tzinfo is UTC
        return Scope(BEGIN, END, END, undo)

    monkeypatch.setattr("service.numbers.scope_of", as_of_then)
    return here


def said(kontor: Installation, *words: str) -> str:
    result = CliRunner().invoke(app, ["stats", *words], obj=kontor)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_line_shows_every_number_and_counts_where_there_are_few(kontor: Installation) -> None:
    told = json.loads(said(kontor, "--json"))
    assert {each["name"] for each in told} == {number.name for number in NUMBERS} - {
        "kontor_decision_in_budget_ratio"
    }
    few = [each for each in told if each["few"]]
    assert few
    text = said(kontor)
    for each in few:
        assert f"{each['hits']} of {each['n']}" in text


def test_the_command_line_lists_the_cases_behind_a_number(kontor: Installation) -> None:
    behind = json.loads(said(kontor, "--cases", "kontor_rejection_ratio", "--json"))
    told = json.loads(said(kontor, "--json"))
    hits = sum(each["hits"] for each in told if each["name"] == "kontor_rejection_ratio")
    assert [each["value"] for each in behind][: hits + 1] == [1.0] * hits + [0.0]
    assert behind[0]["case_id"] in said(kontor, "--cases", "kontor_rejection_ratio")


def test_a_number_that_is_none_is_named_with_those_that_are(kontor: Installation) -> None:
    result = CliRunner().invoke(app, ["stats", "--cases", "kontor_luck"], obj=kontor)
    assert result.exit_code == 2
    assert "kontor_luck" in result.output
    assert "kontor_automation_ratio" in result.output


def test_what_writes_the_pages_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy, board = tmp_path / "numbers.md", tmp_path / "grafana" / "kontor.json"
    copy.write_text(PAGE.read_text().replace("Wilson", "somebody"))
    monkeypatch.setattr(number_pages, "PAGE", copy)
    monkeypatch.setattr(number_pages, "DASHBOARD", board)
    number_pages.main()
    assert "somebody's" in copy.read_text()  # the prose is people's
    assert "| Wilson |" in copy.read_text()
    assert json.loads(board.read_text()) == dashboard()
