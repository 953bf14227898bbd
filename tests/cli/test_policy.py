"""`kontor policy`, through its command line, on the office's policies and real books."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli.policy import app
from settings import Settings
from tests.conftest import ROOT
from tests.policy.offices import PAINT, office
from tests.policy.plans import CASE, facts, plan, refund

RUN = CliRunner()
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation with an empty state folder, in which one case was judged."""
    found = Settings(office=ROOT / "office", state=tmp_path / "state")
    with Installation(found) as here:
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        given = facts(item_state="damaged", amount_cents=16_000)
        asked = plan(refund(16_000)).model_copy(update={"facts": given})
        here.authorizations.keep(CASE, (), here.policy_engine.judge(asked), (), NOON)
        yield here


def run(*arguments: str, stdin: str = "", code: int = 0) -> str:
    result = RUN.invoke(app, [*arguments], input=stdin)
    assert result.exit_code == code, result.output
    return result.output


def test_explain_names_each_policy_its_reason_and_the_facts_it_read(installed: Installation) -> None:
    words = run("explain", CASE)
    assert "refund ask" in words
    assert "returns.refund-over-150" in words
    assert "Refunds over 150.00 EUR need a person." in words
    assert 'item_state = "damaged", amount_cents = 16000' in words
    assert "policies/returns.cedar:" in words
    assert "asks 1 of clerk → lead → owner" in words


def test_explain_speaks_to_scripts(installed: Installation) -> None:
    told = json.loads(run("explain", CASE, "--json"))
    [verdict] = told["verdicts"]
    assert verdict["outcome"] == "ask"
    assert {each["id"] for each in verdict["decided_by"]} == {
        "returns.refund",
        "returns.refund-over-150",
        "returns.damaged-over-100",
    }
    assert verdict["beaten"] == ["returns.unattended"]


def test_explain_again_says_what_todays_policies_make_of_the_recorded_facts(
    installed: Installation, tmp_path: Path
) -> None:
    assert "today's policies say: the same" in run("explain", CASE, "--again")
    changed = tmp_path / "office"
    (changed / "policies").mkdir(parents=True)
    (changed / "staff.toml").write_text((ROOT / "office/staff.toml").read_text())
    rules = (ROOT / "office/policies/returns.cedar").read_text()
    milder = rules.replace("> 15000", "> 20000").replace("amount_cents > 10000 }", "amount_cents > 20000 }")
    (changed / "policies/returns.cedar").write_text(milder)
    words = run("explain", CASE, "--again", "--office", str(changed))
    assert "today's policies say: allow by returns.refund, returns.unattended" in words


def test_a_case_without_verdicts_is_told(installed: Installation) -> None:
    assert "no verdict on returns/webshop/RMA-404" in run("explain", "returns/webshop/RMA-404", code=1)


def test_try_judges_a_file_and_the_record_of_a_verdict(installed: Installation, tmp_path: Path) -> None:
    document = {"desk": "returns", "facts": facts(), "effect": {"operation": "refund", "amount_cents": 4000}}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(document))
    assert "refund allow" in run("try", str(path))
    recorded = json.loads(run("explain", CASE, "--json"))["verdicts"][0]["facts"]
    tried = json.loads(run("try", "-", "--json", stdin=json.dumps(recorded)))
    assert (tried["outcome"], tried["needed"]) == ("ask", 1)


@pytest.mark.parametrize(
    ("stdin", "code", "words"),
    [
        ("{", 2, "not JSON"),
        ('{"desk": "returns", "facts": {}}', 2, "effect"),
        ('{"desk": "returns", "facts": {}, "effect": {"operation": "refund"}}', 1, "error"),
    ],
)
def test_try_says_what_is_wrong_with_its_input(
    installed: Installation, stdin: str, code: int, words: str
) -> None:
    assert words in run("try", "-", stdin=stdin, code=code)


def test_test_runs_the_offices_tests_and_leaves_with_one_if_one_fails(
    installed: Installation, tmp_path: Path
) -> None:
    assert json.loads(run("test", "--json"))["failed"] == []
    tests = (
        '[[test]]\nname = "blue asks"\ndesk = "studio"\nfacts = { colour = "blue", litres = 1 }\n'
        'effect = { operation = "paint" }\nexpect = "ask"\n'
    )
    folder = office(tmp_path, PAINT, tests=tests)
    words = run("test", "--office", str(folder), code=1)
    assert "failed policies/tests/studio.toml:1 blue asks: expected ask, got allow" in words.replace("\n", "")


@pytest.mark.parametrize("command", ["test", "list", "schema"])
def test_a_folder_that_is_no_office_is_a_wrong_call_that_names_it(
    installed: Installation, tmp_path: Path, command: str
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (tmp_path / "offcie", empty):
        assert str(folder) in run(command, "--office", str(folder), code=2).replace("\n", "")


def test_an_office_without_tests_passes_none(installed: Installation, tmp_path: Path) -> None:
    folder = office(tmp_path, PAINT)
    told = run("test", "--office", str(folder), code=2).replace("\n", "")
    assert f"{folder} has no policy tests" in told


def test_every_policy_of_the_office_decides_in_a_test(installed: Installation) -> None:
    assert json.loads(run("test", "--json"))["unused"] == []


def test_list_conflicts_and_schema(installed: Installation) -> None:
    listed = {each["id"]: each for each in json.loads(run("list", "--json"))}
    assert listed["returns.refund-over-1000"]["needed"] == 2
    assert listed["returns.refund-over-150"]["facts"] == ["effect.currency", "amount_cents"]
    counted = json.loads(run("conflicts", "--json"))
    assert {
        "question": "unattended",
        "forbid": "returns.refund-over-150",
        "permit": "returns.unattended",
        "times": 1,
    } in counted
    assert "namespace returns {" in run("schema")


def test_an_office_that_cannot_be_used_is_told_with_every_problem(
    installed: Installation, tmp_path: Path
) -> None:
    folder = office(tmp_path, PAINT.replace('@reason("We paint.")', ""))
    assert "policies/studio.cedar:2: a policy without @reason" in run("list", "--office", str(folder), code=1)
