"""`kontor cases` and `kontor case`: found by what a person knows of them, shown as people read."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bootstrap.installation import Installation
from cli.app import app
from contracts.case import CaseRecord, CaseStatus
from service.words import in_words
from settings import Settings

Kontor = Callable[..., Result]
NOON = datetime(2026, 7, 5, 12, tzinfo=UTC)


@pytest.fixture
def found(tmp_path: Path, office: Path) -> Iterator[Installation]:
    with Installation(Settings(office=office, state=tmp_path / "state")) as here:
        yield here


@pytest.fixture
def kontor(found: Installation) -> Kontor:
    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), obj=found)

    return run


def given_case(found: Installation, number: str, **changes: object) -> str:
    case_id = f"returns/webshop/{number}"
    record = CaseRecord(
        id=case_id,
        desk="returns",
        channel="webshop",
        status=CaseStatus.SETTLED,
        summary=f"request {number} for order W-1",
        opened_at=NOON,
        updated_at=NOON,
    )
    found.case_writer.record(record.model_copy(update=changes), ())
    return case_id


def listed(kontor: Kontor, *words: str) -> list[str]:
    result = kontor("cases", "--json", *words)
    assert result.exit_code == 0, result.output
    return [case["id"] for case in json.loads(result.stdout)]


def test_cases_are_found_by_order_customer_and_text(kontor: Kontor, found: Installation) -> None:
    ours = given_case(
        found,
        "RMA-1",
        customer="cust-7",
        summary="return of one lamp",
        request={"order": "W-9001", "message": "Die Lampe ist für mich zu groß."},
    )
    given_case(found, "RMA-2", customer="cust-8", request={"order": "W-9002", "message": "100% wool_"})

    assert listed(kontor, "--order", "w-9001") == [ours]
    assert listed(kontor, "--customer", "cust-7") == [ours]
    assert listed(kontor, "--text", "für mich") == [ours]
    assert listed(kontor, "--text", "lamp") == [ours]
    assert listed(kontor, "--order", "W-9001", "--text", "wool") == []
    assert listed(kontor, "--text", "%l") == []


def test_a_case_is_named_by_the_last_part_of_its_id_or_its_beginning(
    kontor: Kontor, found: Installation
) -> None:
    given_case(found, "RMA-1007")
    given_case(found, "RMA-10")

    for name in ("RMA-1007", "RMA-100", "returns/webshop/RMA-1007"):
        assert "returns/webshop/RMA-1007" in kontor("case", name).output
    assert "returns/webshop/RMA-10 " in kontor("case", "RMA-10").output


def test_a_name_that_could_be_several_cases_is_answered_with_them(
    kontor: Kontor, found: Installation
) -> None:
    first, second = given_case(found, "RMA-11"), given_case(found, "RMA-12")

    several = kontor("case", "RMA-1")

    assert several.exit_code == 2
    assert f"{first}, {second}" in several.stderr


def test_ids_stand_whole_on_a_narrow_terminal(
    kontor: Kontor, found: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = "RMA-" + "7" * 40
    monkeypatch.setattr("cli.cases.OUT.width", 80)
    given_case(found, number, summary="a long story " * 10)

    assert f"returns/webshop/{number}" in kontor("cases").output


def test_times_are_the_offices_and_say_whose(kontor: Kontor, found: Installation) -> None:
    given_case(found, "RMA-1")

    assert "07-05 14:00 CEST" in kontor("cases").output
    assert "opened 2026-07-05 14:00:00 CEST" in kontor("case", "RMA-1").output


@pytest.mark.parametrize(
    ("currency", "said"), [("EUR", "40.00 EUR"), ("JPY", "4000 JPY"), ("KWD", "4.000 KWD")]
)
def test_what_the_log_says_was_written_is_in_the_currencys_own_digits(
    kontor: Kontor, found: Installation, currency: str, said: str
) -> None:
    given_case(found, "RMA-1", amount_cents=4000, currency=currency)

    [written] = [line for line in kontor("case", "RMA-1", "--log").output.splitlines() if "written" in line]
    assert said in written


@pytest.mark.parametrize("command", ["received", "inspected"])
def test_more_pieces_than_any_order_has_are_a_wrong_call(
    kontor: Kontor, found: Installation, command: str
) -> None:
    given_case(found, "RMA-1", status=CaseStatus.WAITING)

    refused = kontor(command, "RMA-1", "--items", "L1=9999999", "--as", "anna")

    assert refused.exit_code == 2, refused.output
    assert "--items L1: " in refused.stderr


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("approvals", "list", "--older-than"), "90m"),
        (("cases", "--hours"), "30s"),
        (("cases", "--hours"), "1.5"),
    ],
)
def test_a_length_of_time_is_said_with_its_unit_or_in_the_options_own(
    kontor: Kontor, words: tuple[str, ...], least: str
) -> None:
    assert kontor(*words, least).exit_code == 0
    assert "DURATION" in kontor(*words[:-1], "--help").output


def test_values_are_words_and_never_python() -> None:
    said = in_words({"label": "return", "items": ["L1", "L2"], "sure": True, "why": None, "lines": []})

    assert said == "label return, items L1, L2, sure yes, why -, lines none"
    assert in_words({"amount_cents": 4000, "currency": "EUR"}) == "amount 40.00 EUR, currency EUR"
    assert in_words([{"paid_cents": 4000}], "JPY") == "paid 4000 JPY"


STEERING = ("\x1b[2J", "\x1b]0;", "\x07", "\x9b31m", "\u202e", "\u2066", "\x7f")


@pytest.mark.parametrize(
    "words", [("cases",), ("case", "RMA-1"), ("cases", "--json"), ("case", "RMA-1", "--json")]
)
def test_what_strangers_wrote_steers_no_terminal(
    kontor: Kontor, found: Installation, words: tuple[str, ...]
) -> None:
    hidden = "".join(f"lamp{each}" for each in STEERING)
    given_case(found, "RMA-1", summary=hidden, waits_for=hidden, request={"message": hidden, "order": hidden})

    result = kontor(*words)

    assert result.exit_code == 0
    assert "lamp" in result.output
    assert not [each for each in STEERING if each in result.output]
    if "--json" in words:
        assert json.dumps(hidden) in json.dumps(json.loads(result.stdout)), "a script reads what was said"


def test_a_refusal_that_quotes_a_stranger_steers_no_terminal(kontor: Kontor) -> None:
    refused = kontor("case", "RMA-\x1b[2J\u202e1")

    assert refused.exit_code == 1
    assert "\x1b" not in refused.output
    assert "\u202e" not in refused.output


@pytest.mark.parametrize("given", ["nan", "inf", "-3", "0", "1e99", "soon"])
@pytest.mark.parametrize(
    "words",
    [
        ("cases", "--hours"),
        ("effects", "list", "--hours"),
        ("approvals", "stats", "--days"),
        ("approvals", "stats", "--undo-days"),
        ("approvals", "token", "ask-1", "--for", "ben", "--hours"),
        ("undo", "RMA-1", "--as", "ben", "--wait"),
    ],
)
def test_a_length_of_time_that_is_none_is_a_wrong_call(
    kontor: Kontor, words: tuple[str, ...], given: str
) -> None:
    if (words[-1], given) == ("--wait", "0"):
        pytest.skip("not to wait is a fine wish")

    refused = kontor(*words, given)

    assert refused.exit_code == 2, refused.output
    assert "is no duration: write 30s, 5m, 2h or 3d, or a number of" in " ".join(
        refused.output.replace("│", " ").split()
    )


@pytest.mark.parametrize("given", ["soon", "-3h", "nanh", "0d", "99999999999999999d"])
def test_an_age_that_is_none_is_a_wrong_call(kontor: Kontor, given: str) -> None:
    assert kontor("approvals", "list", "--older-than", given).exit_code == 2
    assert kontor("approvals", "list", "--due-within", given).exit_code == 2


def test_a_limit_that_no_database_can_count_to_is_a_wrong_call(kontor: Kontor) -> None:
    for words in (("cases",), ("effects", "list"), ("approvals", "list"), ("office", "history")):
        assert kontor(*words, "--limit", "9" * 30).exit_code == 2
