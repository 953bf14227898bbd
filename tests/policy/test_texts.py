"""What the office says to customers: every outcome has its text, and nothing in it is left open."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.office import Problem
from contracts.wording import TextFailed, Wording
from policy.calendar import OfficeCalendar, Waiting
from policy.texts import OfficeTexts, check_wordings
from tests.conftest import ROOT
from workflows.registry import DESKS, told_besides

SHOP = OfficeCalendar.from_office(ROOT / "office").file.model_copy(update={"name": "Shop"})
NEEDED = {**{name: desk.texts for name, desk in DESKS.items()}, **told_besides(ROOT / "office")}


@pytest.fixture
def copied(office: Path, tmp_path: Path) -> Path:
    """The example office's texts, to be spoilt."""
    shutil.copytree(office / "texts", tmp_path / "texts")
    return tmp_path


def problems(folder: Path) -> Iterator[Problem]:
    return check_wordings(folder, OfficeTexts.from_office(folder, SHOP), NEEDED)


def test_the_example_office_has_a_text_for_every_outcome_in_each_of_its_languages(office: Path) -> None:
    texts = OfficeTexts.from_office(office, SHOP)
    assert texts.languages == ("de", "en")
    assert list(check_wordings(office, texts, NEEDED)) == []


def test_an_outcome_without_a_text_is_named_with_its_file_and_what_it_may_say(copied: Path) -> None:
    (copied / "texts/de/returns/cancelled.txt").unlink()
    [found] = problems(copied)
    assert str(found) == "texts/de/returns/cancelled.txt: missing (it may say: order, amount, office)"


def test_a_text_that_names_what_is_not_there_is_found_before_a_customer_reads_it(copied: Path) -> None:
    file = copied / "texts/en/returns/expired.txt"
    file.write_text("Your order\n\nDear {{ customer }}, we were too slow.\n")
    [found] = problems(copied)
    assert (found.file, "'customer' is undefined" in found.what) == ("texts/en/returns/expired.txt", True)


@pytest.mark.parametrize(
    "text", ["Only one line\n", "Subject\nand no empty line\n", "Subject\n\n \n", "{% if %}"]
)
def test_a_text_without_subject_and_words_is_found(copied: Path, text: str) -> None:
    (copied / "texts/en/returns/expired.txt").write_text(text)
    assert [found.file for found in problems(copied)] == ["texts/en/returns/expired.txt"]


def test_a_text_that_no_outcome_needs_is_found(copied: Path) -> None:
    (copied / "texts/en/returns/refnded.txt").write_text("Subject\n\nText\n")
    [found] = problems(copied)
    assert (found.file, found.what) == ("texts/en/returns/refnded.txt", "no outcome needs it")


@pytest.mark.parametrize(
    ("language", "begins"), [("de", "Ihre"), ("en", "Your"), ("ja", "Your"), ("", "Your")]
)
def test_a_customer_is_told_in_their_language_else_in_the_offices(
    office: Path, language: str, begins: str
) -> None:
    texts = OfficeTexts.from_office(office, SHOP)
    told = texts.write("returns", Wording(name="expired", language=language, values={"order": "W-1"}))
    assert told.subject.startswith(begins)


def test_a_text_cannot_reach_beyond_its_values(office: Path) -> None:
    texts = OfficeTexts({"en/returns/expired": "S\n\n{{ order.__class__.__mro__ }}"}, SHOP)
    with pytest.raises(TextFailed, match="unsafe"):
        texts.write("returns", Wording(name="expired", values={"order": "W-1"}))


def test_a_text_that_includes_itself_is_refused_by_its_name(office: Path) -> None:
    texts = OfficeTexts({"en/returns/expired": "S\n\n{% include 'en/returns/expired' %}"}, SHOP)
    with pytest.raises(TextFailed, match=r"expired\.txt: it includes itself"):
        texts.write("returns", Wording(name="expired", values={}))


@pytest.mark.parametrize(("language", "says"), [("en", "within 21 days"), ("de", "innerhalb von 21 Tagen")])
@pytest.mark.parametrize("name", ["send_back", "sent_ahead"])
def test_how_long_goods_may_take_is_what_the_office_says(
    office: Path, name: str, language: str, says: str
) -> None:
    waits = {"goods": Waiting(end_after_days=21)}
    texts = OfficeTexts.from_office(office, SHOP.model_copy(update={"waits": waits}))
    values = dict(NEEDED["returns"][name])
    assert says in texts.write("returns", Wording(name=name, language=language, values=values)).text


@pytest.mark.parametrize(
    ("status", "outcome", "says"),
    [
        ("settled", "returned", "Order W-1: returned, 4.00 EUR go back to you."),
        ("denied", "returns.too-late", "Order W-1: we could not do it; we have written to you why."),
        ("denied", "duplicate_request", "Order W-1: you had asked for the same before"),
        ("rejected", "rejected", "Order W-1: a colleague has looked at it and declined it."),
        ("expired", "expired", "Order W-1: we could not decide on it in time"),
        ("expired", "goods_never_came", "Order W-1: the goods have not come"),
        ("withdrawn", "withdrawn", "Order W-1: it is no longer open"),
        ("failed", "refund_failed", "Order W-1: it was not done; a colleague takes over."),
        ("undone", "refund_failed", "Order W-1: it was not done; a colleague takes over."),
    ],
)
def test_of_several_orders_each_end_is_told_in_its_own_words(
    office: Path, status: str, outcome: str, says: str
) -> None:
    one = {"order": "W-1", "status": status, "outcome": outcome, "amount": "4.00 EUR"}
    told = Wording(name="all_orders", language="en", values={"order": "W-1", "orders": [one]})
    assert says in OfficeTexts.from_office(office, SHOP).write("returns", told).text
