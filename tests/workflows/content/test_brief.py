"""A brief says where a text goes and when; what is wrong with it is said with the field and the fix."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workflows.content.brief import BriefInvalid, from_file, publish_at
from workflows.content.types import ContentRequest

CHANNELS = ("blog", "social")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BRIEF = """---
plan: spring
slug: size-guide
title: How our sizes run
channels: [blog, social]
publish_at: 2099-03-01 09:00
zone: Europe/Berlin
sources: [minutes.md]
wordings:
  social: "Sizes, measured: {link}"
---
The team measured 12 shirts.
"""


def brief(folder: Path, text: str = BRIEF) -> Path:
    (folder / "minutes.md").write_text("---\ndate: 2026-02-01\n---\nThe team measured 12 shirts.\n")
    file = folder / "brief.md"
    file.write_text(text)
    return file


def test_a_brief_becomes_a_request_with_its_sources_and_its_moment(tmp_path: Path) -> None:
    request = ContentRequest.model_validate(from_file(brief(tmp_path), CHANNELS))
    assert (request.editorial_plan, request.slug, request.channel) == ("spring", "size-guide", "blog")
    assert request.publish_at is not None
    assert request.publish_at.isoformat() == "2099-03-01T09:00:00+01:00"
    [source] = request.given_sources
    assert (source.name, str(source.at)) == ("minutes.md", "2026-02-01")
    assert "12 shirts" in source.content


def test_a_second_version_of_a_brief_is_another_case_at_the_same_address(tmp_path: Path) -> None:
    again = BRIEF.replace("title:", "version: 2\ntitle:")
    request = ContentRequest.model_validate(from_file(brief(tmp_path, again), CHANNELS))
    assert (request.id, request.slug) == ("size-guide.2", "size-guide")


@pytest.mark.parametrize(
    ("said", "zone", "complaint"),
    [
        ("2027-03-28 02:30", "Europe/Berlin", "shows 2027-03-28 02:30 never; the clocks go forward"),
        ("2026-10-25 02:30", "Europe/Berlin", r"twice; say which: .*\+02:00 or .*\+01:00"),
        ("2025-06-01 09:00", "Europe/Berlin", "is over"),
        ("2027-06-01 09:00", None, "zone: missing"),
        ("2027-06-01 09:00", "Europe/Atlantis", "is no time zone"),
        ("tomorrow", "Europe/Berlin", "is no time"),
    ],
)
def test_a_moment_that_no_clock_or_two_clocks_show_is_refused(
    said: str, zone: str | None, complaint: str
) -> None:
    with pytest.raises(BriefInvalid, match=complaint):
        publish_at(said, zone, NOW)


def test_of_an_hour_that_comes_twice_the_one_that_is_said_is_taken() -> None:
    moment = publish_at("2026-10-25T02:30:00+01:00", "Europe/Berlin", NOW)
    assert moment == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ("slug: size-guide\n", "", "slug: missing"),
        ("plan: spring", "plan: spring\nplann: x", "plann: no such field"),
        ("[blog, social]", "[blog, radio]", "radio publishes nothing here"),
        ("[blog, social]", "blog", "write a list"),
        ("minutes.md", "notes.md", "no file notes.md beside the brief"),
    ],
)
def test_what_is_wrong_is_named_with_its_fix(tmp_path: Path, was: str, becomes: str, complaint: str) -> None:
    with pytest.raises(BriefInvalid, match=complaint):
        from_file(brief(tmp_path, BRIEF.replace(was, becomes, 1)), CHANNELS)
