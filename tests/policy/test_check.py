import shutil
from pathlib import Path

import pytest

from policy.check import check_calendar, check_policies
from policy.policy_set import read_policy_set
from tests.conftest import ROOT
from tests.policy.offices import FACTS, PAINT, STAFF, office
from workflows.registry import fact_types

RULE = """

@id("studio.red") @reason("No red.")
forbid (principal, action == studio::Action::"do", resource)
when { context.colour == "red" };
"""
BEGINS = len(PAINT.splitlines()) + 3


def said(folder: Path) -> list[str]:
    return [str(problem) for problem in check_policies(folder, *read_policy_set(folder, fact_types()))]


@pytest.mark.parametrize(
    "folder", ["office", "examples/eu_withdrawal", "examples/tau_retail", "examples/abcd"]
)
def test_the_offices_we_ship_are_sound_and_their_tests_pass(folder: str) -> None:
    assert said(ROOT / folder) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("context.colour", "context.color", "color"),
        ('studio::Action::"do"', 'studio::Action::"did"', "did"),
        ('studio::Action::"do"', 'studo::Action::"do"', "studo"),
        ("context.colour == ", "context.litres > ", "String"),
        ('"red"', '"rde"', "colour is never 'rde'"),
        ('context.colour == "red"', '["red", "rde"].contains(context.colour)', "colour is never 'rde'"),
        ("resource)", 'resource == Operation::"pant")', "pant"),
        ('@id("studio.red")', "", "without @id"),
        ('@id("studio.red")', '@id("studio.paint")', "taken"),
        ('@id("studio.red")', '@id("Red rule")', "small letters"),
        ('@reason("No red.")', "", "without @reason"),
        ('@reason("No red.")', '@reason("  ")', "without @reason"),
        ('@reason("No red.")', '@reason("No red.") @roles("boss")', "boss"),
        ('@reason("No red.")', '@reason("No red.") @needed("two")', "number of people"),
        ('@reason("No red.")', '@reason("No red.") @bulk("never")', "@bulk"),
        ('@reason("No red.")', '@reason("No red.") @role("master")', "unknown annotation @role"),
        ('action == studio::Action::"do"', "action", "which question"),
        ("principal,", "principal == ?principal,", "template"),
        ("forbid (", "forbit (", "not a Cedar policy"),
        ('"red" };', '"red" }', "not a Cedar policy"),
    ],
)
def test_a_mistake_in_a_policy_is_told_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in RULE
    problems = said(office(tmp_path, PAINT + RULE.replace(old, new, 1)))
    assert any(f"policies/studio.cedar:{BEGINS}: " in told and words in told for told in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('roles = ["painter"]', 'roles = ["boss"]', 6, "boss"),
        ('roles = ["painter"]', 'role = ["painter"]', 6, "roles"),
        ("Europe/Berlin", "Europe/Berlim", 2, "Berlim"),
        ('name = "Kim"', 'name = "Kim', 7, "not TOML"),
        ('name = "Kim"', 'name = "Kim"\nlimit_cents = -1', 6, "below zero"),
        (
            'roles = ["painter"]',
            'roles = ["painter"]\n[[people.kim.absent]]\nfirst = 2026-12-24\nlast = 2026-12-20',
            6,
            "before it begins",
        ),
        (
            'roles = ["painter"]',
            'roles = ["painter"]\n'
            '[[people.kim.absent]]\nfirst = 2026-12-24\nlast = 2026-12-26\nstand_in = "kim"',
            6,
            "stand in",
        ),
    ],
)
def test_a_mistake_in_the_staff_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in STAFF
    problems = said(office(tmp_path, staff=STAFF.replace(old, new, 1)))
    assert any(told.startswith(f"staff.toml:{line}: ") and words in told for told in problems), problems


def test_a_limit_without_a_currency_is_told_of_policies_and_of_people(tmp_path: Path) -> None:
    limited = RULE.replace('context.colour == "red"', "context.paid_cents > 15000")
    facts = FACTS.replace("litres", 'paid_cents = "Long"\ncurrency = "String"\nlitres')
    unnamed = said(office(tmp_path / "a", PAINT + limited, facts=facts))
    assert any("studio.red: a limit on paid_cents names no currency" in told for told in unnamed), unnamed
    named = limited.replace("context.paid", 'context.currency == "EUR" && context.paid')
    assert said(office(tmp_path / "b", PAINT + named, facts=facts)) == []
    wrong = named.replace('"EUR"', '"EURO"')
    assert "'EURO' is not a currency code" in said(office(tmp_path / "c", PAINT + wrong, facts=facts))[0]
    people = said(
        office(tmp_path / "d", staff=STAFF.replace('name = "Kim"', 'name = "Kim"\nlimit_cents = 5'))
    )
    assert any("kim: a limit without a currency" in told for told in people), people


def test_facts_that_make_no_schema_are_told(tmp_path: Path) -> None:
    assert "Lng" in said(office(tmp_path, facts=FACTS.replace('"Long"', '"Lng"')))[0]
    assert "not TOML" in said(office(tmp_path, facts="[desks"))[0]


def test_an_office_without_policies_is_not_sound(tmp_path: Path) -> None:
    assert "no policies" in said(tmp_path)[0]


def test_a_policy_test_that_fails_is_told_with_its_line_and_who_decided_instead(tmp_path: Path) -> None:
    tests = """
    [defaults]
    desk = "studio"
    facts = { colour = "red", litres = 1 }
    effect = { operation = "paint" }
    [[test]]
    name = "red is fine"
    expect = "allow"
    [[test]]
    name = "red asks the master"
    expect = "ask"
    policies = ["studio.red"]
    """
    problems = said(office(tmp_path, tests=tests))
    assert problems == [
        "policies/tests/studio.toml:9: red asks the master: expected ask, got allow by studio.paint, "
        "studio.alone; studio.red did not decide; studio.paint, studio.alone did"
    ]


def test_a_policy_test_whose_facts_do_not_fit_fails_though_it_expects_a_denial(tmp_path: Path) -> None:
    tests = """
    [[test]]
    name = "nothing is allowed"
    desk = "studio"
    facts = { colour = 7, litres = 1 }
    effect = { operation = "paint" }
    expect = "deny"
    """
    assert "error:" in said(office(tmp_path, tests=tests))[0]


def test_semicolons_and_policies_in_strings_and_comments_do_not_mislead_the_line(tmp_path: Path) -> None:
    tricky = """
    // permit (principal, action, resource);
    @id("studio.tricky") @reason("Semicolons; in \\"text\\"; are // text.")
    permit (principal, action == studio::Action::"do", resource)
    when { context.colour == "red;" && context.hue == 1 };
    """
    problems = said(office(tmp_path, PAINT + tricky))
    assert [told.split(": ")[0] for told in problems] == [
        f"policies/studio.cedar:{len(PAINT.splitlines()) + 3}"
    ]


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ('"Europe/Berlin"', '"Europe/Berlim"', "office.toml:time_zone", "time_zone"),
        ('"Europe/Berlin"', '"Asia/Tokyo"', "staff.toml:time_zone", "absences are in Europe/Berlin"),
        ("[approvals.returns]", "[approvals.retuns]", "office.toml:[approvals.retuns]", "no desk 'retuns'"),
        ('["lead", "owner"]', '["boss"]', "office.toml:[approvals.default]", "asks 'boss'"),
    ],
)
def test_when_an_office_works_and_whom_it_asks_must_fit_its_staff_and_desks(
    tmp_path: Path, old: str, new: str, at: str, words: str
) -> None:
    folder = tmp_path / "office"
    shutil.copytree(ROOT / "office", folder)
    book, _ = read_policy_set(folder, fact_types())
    assert check_calendar(folder, book) == []
    office_file = folder / "office.toml"
    office_file.write_text(office_file.read_text().replace(old, new, 1))
    told = [str(problem) for problem in check_calendar(folder, read_policy_set(folder, fact_types())[0])]
    file, line = at.split(":")
    where = f"{file}:{begins_with(folder / file, line)}: "
    assert any(one.startswith(where) and words in one for one in told), (where, told)


def begins_with(file: Path, words: str) -> int:
    """Return the number of the first line that begins so."""
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.startswith(words))
