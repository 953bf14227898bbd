"""What `inbox.toml` says, and what is said about it where it cannot be so."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from service.soundness import check_office
from tests.conftest import ROOT
from workflows.inbox.inbox_file import InboxFile, InboxOfOffice

OFFICE = ROOT / "office"


def file_of(office: Path) -> InboxFile:
    file = InboxOfOffice(office).file
    assert file is not None
    return file


@pytest.fixture
def office(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OFFICE, tmp_path / "office"))


def complaints(office: Path, before: str, after: str) -> list[str]:
    file = office / "inbox.toml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    return [str(problem) for problem in check_office(office) if problem.file == "inbox.toml"]


def test_the_example_office_has_a_dozen_topics_the_returns_desks_among_them() -> None:
    file = file_of(OFFICE)
    assert len(file.topics) >= 12
    assert file.topics["returns"].desk == "returns"


def test_a_level_of_customers_is_promised_more_and_else_the_same() -> None:
    file = file_of(OFFICE)
    level = file.level_of("Ada@BigClient.example")
    assert level == "priority"
    assert file.terms("returns", level).first_answer == timedelta(hours=2)
    assert file.terms("returns", level).owner == file.terms("returns", "").owner == timedelta(hours=6)


def test_an_address_that_only_ends_like_a_customers_is_nobodys() -> None:
    assert file_of(OFFICE).level_of("ada@notbigclient.example") == ""


def test_what_is_of_no_topic_has_a_team_and_a_clock_all_the_same() -> None:
    file = file_of(OFFICE)
    assert file.team_of("weather") == "front"
    assert file.terms("weather", "").first_answer == timedelta(hours=8)


def test_an_office_without_the_file_has_no_inbox_and_no_fault(tmp_path: Path) -> None:
    read = InboxOfOffice(tmp_path)
    assert (read.file, read.problems) == (None, [])


def test_a_mailbox_of_the_desk_needs_the_file(office: Path) -> None:
    (office / "inbox.toml").unlink()
    [found] = [str(problem) for problem in check_office(office)]
    assert found.startswith("mailboxes.toml:")
    assert "[inbox] desk: the desk inbox routes by inbox.toml, which is missing" in found


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('unsure = "front"', 'unsure = "back"', "there is no team 'back' (teams are: accounts, advice"),
        ('unsure_clock = "usual"', 'unsure_clock = "slow"', "there is no clock 'slow' (clocks are: calm,"),
        ('team = "accounts"', 'team = "acounts"', "[topics.invoice] team: there is no team 'acounts'"),
        (
            'desk = "returns"',
            'desk = "refunds"',
            "there is no desk 'refunds' (desks are: content, inbox, returns",
        ),
        ('clock = "calm"', 'clock = "never"', "there is no clock 'never'"),
        ('role = "lead"', 'role = "boss"', "staff.toml has no role 'boss' (roles are: clerk, lead, owner)"),
        ("[levels.priority]", "[levels.gold]", "there is no level 'priority' (levels are: gold)"),
        ('["@bigclient.example"]', '["bigclient"]', "write a mail address, or @domain"),
        ("first_answer_hours = 8", "first_answer_hours = 0", "must be more than 0.0"),
        ("silent_hours = 6", "silent_hour = 6", "see the fields in docs/inbox.md"),
        (
            'begins = "desks.begin_return"',
            'begins = "desks.begin"',
            "'desks.begin' begins no case of the desk",
        ),
        ('begins = "desks.begin_return"\n', "", "desk and begins belong together"),
        (
            'escalates_to = ["owner"]',
            'escalates_to = ["boss"]',
            "[teams.lead] escalates_to: staff.toml has no",
        ),
        ("[topics.jobs]", "[topics.work]", "has no 'work' (labels are: account"),
        ("[topics.jobs]", "[topics.work]", "may answer 'jobs', which is no topic"),
        ('team = "lead"\nclock', "clock", "it goes nowhere: say desk or team"),
    ],
)
def test_what_cannot_be_so_is_named_with_its_line_and_what_could_be(
    office: Path, before: str, after: str, words: str
) -> None:
    found = complaints(office, before, after)
    assert any(words in each for each in found), found


def test_a_complaint_names_the_line(office: Path) -> None:
    line = (office / "inbox.toml").read_text().split("\n").index('role = "lead"') + 1
    [found] = complaints(office, 'role = "lead"', 'role = "boss"')
    assert found.startswith(f"inbox.toml:{line}: [teams.lead] role:")
