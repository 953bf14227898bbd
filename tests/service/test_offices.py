"""An office whose own tests fail is not served, unless somebody says so on record; the one in force is."""

import re
import shutil
from pathlib import Path

import pytest

from bootstrap.installation import Installation
from contracts.office import Problem, version_of
from service import offices
from service.offices import FIRST_START, STARTED_ANYWAY, NoSuchOffice, OfficeRefused, apply, folder_of, take
from tests.service.shop import FAILING, Shop

TESTS = "policies/tests/returns.toml"


def test_the_first_start_puts_the_folder_in_force_and_a_second_one_finds_it_there(
    shop: Shop,
) -> None:
    first = take(shop.kontor, by="root")

    assert (first.number, first.note, first.anyway) == (1, FIRST_START, False)
    assert first.version == version_of(shop.folder)
    assert take(shop.kontor, by="somebody else") == first


def test_a_start_serves_what_is_in_force_whatever_has_become_of_the_folder(shop: Shop) -> None:
    first = take(shop.kontor, by="root")
    shop.break_tests()

    assert take(shop.kontor, by="root") == first
    shutil.rmtree(shop.folder)
    assert take(shop.kontor, by="root") == first, "a worker needs no folder once an office is in force"
    assert version_of(shop.kontor.office) == first.version
    assert shop.kontor.office_version == first.version


def test_an_installation_works_with_the_office_in_force_and_one_on_the_folder_with_the_folder(
    shop: Shop,
) -> None:
    with Installation(shop.kontor.settings) as before:
        assert before.office == shop.folder, "nothing is in force yet"
    take(shop.kontor, by="root")
    shop.edit("office.toml", "Europe/Berlin", "Europe/Paris")
    text = shop.folder / "texts/en/returns/withdrawn.txt"
    text.with_name("draft.txt").write_text(text.read_text())

    with Installation(shop.kontor.settings) as after:
        assert after.calendar.file.time_zone == "Europe/Berlin"
        assert "en/returns/draft" not in after.texts.names
    with Installation(shop.kontor.settings, office=shop.folder) as draft:
        assert draft.calendar.file.time_zone == "Europe/Paris"
        assert "en/returns/draft" in draft.texts.names


def test_a_first_start_on_an_office_whose_tests_fail_is_refused_with_the_tests_named(
    shop: Shop,
) -> None:
    shop.break_tests()

    with pytest.raises(OfficeRefused) as refused:
        take(shop.kontor, by="root")

    assert re.search(rf"{TESTS}:\d+: {FAILING}", str(refused.value))
    assert "--anyway" in str(refused.value)
    assert shop.kontor.offices.in_force() is None


def test_anyway_starts_it_is_on_record_and_the_next_start_need_not_say_it_again(shop: Shop) -> None:
    shop.break_tests()
    served = take(shop.kontor, by="ben", anyway=True)

    assert (served.anyway, served.by) == (True, "ben")
    assert any(FAILING in problem for problem in served.problems)
    [episode] = shop.kontor.episodes.of_case("office")
    assert (episode.data["anyway"], episode.data["by"]) == (True, "ben")
    assert episode.data["problems"] == [*served.problems]
    assert take(shop.kontor, by="systemd") == served


def test_an_office_in_force_in_which_a_later_kontor_finds_a_problem_is_refused_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = take(shop.kontor, by="root")
    found = Problem(file="staff.toml", line=3, what="a rule of a later version")
    monkeypatch.setattr(offices, "check_office", lambda _office: [found])

    with pytest.raises(OfficeRefused, match=r"staff.toml:3: a rule of a later version"):
        take(shop.kontor, by="root")
    anyway = take(shop.kontor, by="root", anyway=True)

    assert (anyway.number, anyway.version, anyway.note) == (2, first.version, STARTED_ANYWAY)


def test_applying_puts_an_edit_in_force_and_a_failing_one_is_refused(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.edit("office.toml", 'name = "Kontor Shop"', 'name = "Shop"')
    second = apply(shop.kontor, shop.folder, by="anna", note="a new name")
    assert (second.number, second.changes.words()) == (2, "changed office.toml")

    shop.break_tests()
    with pytest.raises(OfficeRefused):
        apply(shop.kontor, shop.folder, by="anna")
    assert shop.kontor.offices.in_force() == second
    third = apply(shop.kontor, shop.folder, by="anna", anyway=True)
    assert (third.number, third.anyway) == (3, True)


def test_an_office_that_no_worker_could_start_with_is_refused_even_anyway(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.edit("policies/returns.cedar", "context.amount_cents > 100000", "context.colour > 1")

    with pytest.raises(OfficeRefused, match="no worker can start with it"):
        apply(shop.kontor, shop.folder, by="anna", anyway=True)


def test_an_earlier_version_is_named_by_its_beginning_and_put_in_force_again(shop: Shop) -> None:
    first = take(shop.kontor, by="root")
    shop.edit("office.toml", 'name = "Kontor Shop"', 'name = "Shop"')
    apply(shop.kontor, shop.folder, by="anna")

    back = apply(shop.kontor, folder_of(shop.kontor, first.version[:6]), by="ben", note="back")

    assert (back.number, back.version) == (3, first.version)
    with pytest.raises(NoSuchOffice, match="no folder, and no version"):
        folder_of(shop.kontor, "nowhere")


def test_an_office_that_somebody_writes_into_while_it_is_checked_is_not_put_in_force(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checked_slowly(folder: Path) -> list[Problem]:
        (folder / "office.toml").write_text("half a fi")
        return []

    monkeypatch.setattr(offices, "check_office", checked_slowly)
    with pytest.raises(OfficeRefused, match="it changed while it was checked"):
        apply(shop.kontor, shop.folder, by="anna")
    assert shop.kontor.offices.in_force() is None
